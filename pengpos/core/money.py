# SPDX-License-Identifier: Apache-2.0
"""Money: whole minor units beside their currency. There is no way in from a float.

Source: tap protocol §1 (amounts at most 10^12, a currency is three letters A-Z), ISO 4217 for the minor units.
"""

import re
from dataclasses import dataclass

from pengpos.core.currencies.currency import DIGITS_MOST, digits

AMOUNT_LIMIT_MINOR = 10**12

_CURRENCY = re.compile(r"[A-Z]{3}\Z")
_TYPED = re.compile(rf"(\d{{1,13}})(?:\.(\d{{1,{DIGITS_MOST}}}))?", re.ASCII)


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
        return written(self.minor, self.currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """Read what a person typed ("18.8", "18.80", "18"); raises ValueError for anything else."""
        places = digits(currency)
        match = _TYPED.fullmatch(text.strip())
        if not match or len(match[2] or "") > places:
            raise ValueError(f"not an amount of {currency}: {text!r}")
        return cls(int(match[1]) * 10**places + int((match[2] or "").ljust(places, "0") or "0"), currency)


def written(minor: int, currency: str) -> str:
    """Write minor units ≥ 0 as an amount is written. A sum of amounts may be more than one of them can be."""
    places = digits(currency)
    if places == 0:
        return f"{minor} {currency}"
    whole, part = divmod(minor, 10**places)
    return f"{whole}.{part:0{places}} {currency}"
