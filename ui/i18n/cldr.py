# SPDX-License-Identifier: Apache-2.0
"""How each language writes money and days: from the Unicode CLDR, by scripts/build_cldr.py. Not edited by hand.

Data: Copyright © Unicode, Inc., under the Unicode License v3 (https://www.unicode.org/license.txt); Babel 2.18.0.
"""

from typing import Final, NamedTuple

from pengpos.client import Language


class Conventions(NamedTuple):
    """One language's."""

    decimal: str
    """Between whole and fraction."""
    group: str
    """Between groups of three digits."""
    day: str
    """A day of the year, to be filled with `month`, by its name, and `day`, by its number."""
    months: tuple[str, ...]
    """Their short names, January first."""
    currency_symbols: dict[str, str]
    """By ISO 4217 code; a currency that is not there is written by its code."""


CONVENTIONS: Final[dict[Language, Conventions]] = {
    "zh-Hans": Conventions(
        decimal=".",
        group=",",
        day="{month}{day}日",
        months=("1月", "2月", "3月", "4月", "5月", "6月", "7月", "8月", "9月", "10月", "11月", "12月"),
        currency_symbols={
            "AUD": "AU$",
            "BRL": "R$",
            "CAD": "CA$",
            "CNY": "¥",
            "EUR": "€",
            "GBP": "£",
            "HKD": "HK$",
            "ILR": "ILS",
            "ILS": "₪",
            "INR": "₹",
            "JPY": "JP¥",
            "KRW": "₩",
            "MXN": "MX$",
            "NZD": "NZ$",
            "TWD": "NT$",
            "USD": "US$",
            "VND": "₫",
            "XAF": "FCFA",
            "XCD": "EC$",
            "XCG": "Cg.",
            "XOF": "F\u202fCFA",
            "XPF": "CFPF",
        },
    ),
    "zh-Hant": Conventions(
        decimal=".",
        group=",",
        day="{month}{day}日",
        months=("1月", "2月", "3月", "4月", "5月", "6月", "7月", "8月", "9月", "10月", "11月", "12月"),
        currency_symbols={
            "AUD": "AU$",
            "BRL": "R$",
            "CAD": "CA$",
            "CNY": "CN¥",
            "EUR": "€",
            "GBP": "£",
            "HKD": "HK$",
            "ILS": "₪",
            "INR": "₹",
            "JPY": "¥",
            "KRW": "￦",
            "MXN": "MX$",
            "NZD": "NZ$",
            "TWD": "$",
            "USD": "US$",
            "VND": "₫",
            "XAF": "FCFA",
            "XCD": "EC$",
            "XCG": "Cg.",
            "XOF": "F\u202fCFA",
            "XPF": "CFPF",
        },
    ),
    "en": Conventions(
        decimal=".",
        group=",",
        day="{month} {day}",
        months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        currency_symbols={
            "AUD": "A$",
            "BRL": "R$",
            "CAD": "CA$",
            "CNY": "CN¥",
            "EUR": "€",
            "GBP": "£",
            "HKD": "HK$",
            "ILS": "₪",
            "INR": "₹",
            "JPY": "¥",
            "KRW": "₩",
            "MXN": "MX$",
            "NZD": "NZ$",
            "PHP": "₱",
            "TWD": "NT$",
            "USD": "$",
            "VND": "₫",
            "XAF": "FCFA",
            "XCD": "EC$",
            "XCG": "Cg.",
            "XOF": "F\u202fCFA",
            "XPF": "CFPF",
        },
    ),
}
