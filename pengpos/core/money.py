# SPDX-License-Identifier: Apache-2.0
"""Money: whole minor units beside their currency. There is no way in from a float.

Source: tap protocol §1 (amounts at most 10^12, a currency is three letters A-Z), ISO 4217 for the minor units.
"""

import re
from dataclasses import dataclass

AMOUNT_LIMIT_MINOR = 10**12

# ISO 4217 currencies whose minor unit is not a hundredth.
_EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"), 0),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_CURRENCY = re.compile(r"[A-Z]{3}\Z")


def exponent(currency: str) -> int:
    """Decimals of a currency's minor unit: 2 for CNY, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount ≥ 0 in minor units (分, cents) of an ISO 4217 currency.

    Raises ValueError for a negative amount, one above 10^12, a float or bool, or a malformed currency;
    arithmetic across currencies and below zero raises it too.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int or not 0 <= self.minor <= AMOUNT_LIMIT_MINOR:
            raise ValueError(f"amount must be 0..{AMOUNT_LIMIT_MINOR} minor units, not {self.minor!r}")
        if not _CURRENCY.match(self.currency):
            raise ValueError(f"currency must be three letters A-Z, not {self.currency!r}")

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}")
        return other.minor

    def __str__(self) -> str:
        """Plain ASCII for logs and consoles, e.g. ``18.80 CNY``; screens write it by `ui.i18n.format`."""
        places = exponent(self.currency)
        if places == 0:
            return f"{self.minor} {self.currency}"
        whole, part = divmod(self.minor, 10**places)
        return f"{whole}.{part:0{places}} {self.currency}"

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """Read what a person typed ("18.8", "18.80", "18"); raises ValueError for anything else."""
        places = exponent(currency)
        match = re.fullmatch(r"(\d{1,13})(?:\.(\d{1,3}))?", text.strip(), re.ASCII)
        if not match or len(match[2] or "") > places:
            raise ValueError(f"not an amount of {currency}: {text!r}")
        return cls(int(match[1]) * 10**places + int((match[2] or "").ljust(places, "0") or "0"), currency)
