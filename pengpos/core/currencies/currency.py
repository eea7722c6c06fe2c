# SPDX-License-Identifier: Apache-2.0
"""How money of a currency is written and paid in cash.

Decimals are those of ISO 4217 and never those of the CLDR, which a browser's `Intl` goes by: there a forint may have
none and a Lebanese pound has none, and an amount would read a hundredfold.
"""

from typing import Final, NamedTuple

from pengpos.core.currencies.table import CURRENCIES

DIGITS_MOST: Final = 4
"""Of any currency: CLF, UYW."""
_UNLISTED_DIGITS: Final = 2


def is_listed(code: str) -> bool:
    """Whether amounts can be in this currency: ISO 4217 says how many decimals it has."""
    return code in CURRENCIES


def digits(code: str) -> int:
    """Decimals of a currency's minor unit: 2 for CNY, 0 for JPY, 3 for KWD.

    Of one that ISO 4217 does not list, those of most: no door takes it, but an old journal may name it.
    """
    known = CURRENCIES.get(code)
    return _UNLISTED_DIGITS if known is None else known.digits


def prefix(code: str) -> str:
    """What stands before an amount: the sign, with the space that one of letters needs: ``¥``, ``HK$``, ``KWD ``."""
    known = CURRENCIES.get(code)
    sign = code if known is None else known.symbol
    return f"{sign}\N{NO-BREAK SPACE}" if sign[-1].isalpha() or sign[-1] == "." else sign


class Names(NamedTuple):
    """What a currency is called in each language."""

    zh_hans: str
    zh_hant: str
    en: str


def names(code: str) -> Names:
    """What it is called; its code where ISO 4217 does not list it."""
    known = CURRENCIES.get(code)
    return Names(code, code, code) if known is None else Names(known.zh_hans, known.zh_hant, known.en)


def cash_minor(minor: int, code: str) -> int:
    """Round an amount to what coins can pay: the nearest multiple of the cash step, a half upwards."""
    known = CURRENCIES.get(code)
    step = 1 if known is None else known.cash_step_minor
    return (minor + step // 2) // step * step
