# SPDX-License-Identifier: Apache-2.0
"""Build the table of currencies: `python scripts/build_currencies.py` writes what program, page and contract go by.

Codes and decimals are ISO 4217's list one, below. Names, signs and cash are the Unicode CLDR's, which Babel brings,
but for what is said below. A test holds what was written to this script.
"""

import json
import unicodedata
from pathlib import Path
from typing import Final, NamedTuple

from babel import Locale, __version__, localedata
from babel.core import get_global

ROOT: Final = Path(__file__).resolve().parent.parent
PROGRAM: Final = Path("pengpos/core/currencies/table.py")
CONTRACT: Final = Path("docs/spec/currencies.json")
PAGES: Final = Path("sandbox/pages/static/symbols.js")

LISTED: Final = "2026-01-01"
"""Date of the list: XAD is on it, BGN no more. Codes without a minor unit (gold, XTS and such) are no money here."""
DIGITS: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY"
    " COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS"
    " INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR"
    " MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP"
    " STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
YUAN: Final = "¥"
"""The sign of CNY wherever this product is at home; the yen is JP¥."""
SCREEN_SIGNS: Final = frozenset("£¥€₩₫₱₹$.") | frozenset(map(chr, range(ord("A"), ord("Z") + 1))) | {"g"}
"""What the display face of the screen can draw of the CLDR's signs: a currency with another is written by its code."""
COINS: Final = {"AUD": 5, "HUF": 500, "NZD": 10}
"""Smallest coins, in minor units, of which the CLDR says another or nothing."""
NAMELESS: Final = {
    "UYW": ("乌拉圭票面工资指数单位", "烏拉圭名目工資指數單位", "Uruguayan Nominal Wage Index Unit"),
    "VED": ("委内瑞拉主权币", "委內瑞拉主權幣", "Bolívar Soberano"),
    "XAD": ("阿拉伯记账第纳尔", "阿拉伯記帳第納爾", "Arab Accounting Dinar"),
    "XCG": ("加勒比盾", "加勒比盾", "Caribbean Guilder"),
    "ZWG": ("津巴布韦黄金", "辛巴威黃金", "Zimbabwean Gold"),
}
"""Currencies of which the CLDR lacks a name in one of the languages."""
LINE_MOST: Final = 120
LANGUAGES: Final = ("zh_Hans", "zh_Hant", "en")

HEAD: Final = '''# SPDX-License-Identifier: Apache-2.0
"""The currencies of ISO 4217, list one of {listed}, by scripts/build_currencies.py. Not edited by hand.

Names, signs, cash: Copyright © Unicode, Inc., under the Unicode License v3 (https://www.unicode.org/license.txt),
by Babel {version}.

Tests: tests/pengpos/core/currencies/test_currency.py
"""

from typing import Final, NamedTuple


class Currency(NamedTuple):
    """A currency that amounts can be in."""

    digits: int
    """Decimals of its minor unit."""
    symbol: str
    """Its sign, the same in each language and no other currency's; its code where it has none."""
    cash_step_minor: int
    """Coins pay multiples of this many minor units."""
    zh_hans: str
    zh_hant: str
    en: str
    """What it is called."""


CURRENCIES: Final[dict[str, Currency]] = {{
'''


class Row(NamedTuple):
    """One currency, as the table has it."""

    digits: int
    symbol: str
    cash_step_minor: int
    names: tuple[str, str, str]


def rows() -> dict[str, Row]:
    """Every currency, by its code."""
    listed = {code: digits for digits, codes in DIGITS.items() for code in codes.split()}
    return {
        code: Row(digits, _symbol(code), _cash(code, digits), _names(code)) for code, digits in sorted(listed.items())
    }


def _symbol(code: str) -> str:
    sign = YUAN if code == "CNY" else str(localedata.load("root")["currency_symbols"].get(code, code))
    return sign if set(sign) <= SCREEN_SIGNS else code


def _cash(code: str, digits: int) -> int:
    """The CLDR's cash decimals count where they are fewer than ISO's, its cash rounding in units of those."""
    _, _, cash_digits, cash_rounding = get_global("currency_fractions").get(code, (digits, 0, digits, 0))
    return COINS.get(code) or max(1, cash_rounding) * 10 ** max(0, digits - cash_digits)


def _names(code: str) -> tuple[str, str, str]:
    if code in NAMELESS:
        return NAMELESS[code]
    hans, hant, en = (Locale.parse(language).currencies[code] for language in LANGUAGES)
    return hans, hant, en


def program(table: dict[str, Row]) -> str:
    """The module of `pengpos.core`."""
    body = "".join(f"    {_line(code, row)},\n" for code, row in table.items())
    return f"{HEAD.format(listed=LISTED, version=__version__)}{body}}}\n"


def _line(code: str, row: Row) -> str:
    """Broken as the formatter breaks it: whole, its fields on a line of their own, or each on one."""
    fields = [str(row.digits), _quoted(row.symbol), str(row.cash_step_minor), *map(_quoted, row.names)]
    whole = f"{_quoted(code)}: Currency({', '.join(fields)})"
    if _wide(whole) + 5 <= LINE_MOST:
        return whole
    inner = ", ".join(fields)
    if _wide(inner) + 8 > LINE_MOST:
        inner = "".join(f"{field},\n        " for field in fields).rstrip()
    return f"{_quoted(code)}: Currency(\n        {inner}\n    )"


def _wide(text: str) -> int:
    return len(text) + sum(unicodedata.east_asian_width(character) in "WF" for character in text)


def contract(table: dict[str, Row]) -> str:
    """The file beside the contract pages, for those who write a till, a wallet or a backend."""
    lines = [
        f"    {json.dumps(code)}: "
        + json.dumps(
            {
                "digits": row.digits,
                "symbol": row.symbol,
                "cash_step": row.cash_step_minor,
                "name": dict(zip(("zh-Hans", "zh-Hant", "en"), row.names, strict=True)),
            },
            ensure_ascii=False,
        )
        for code, row in table.items()
    ]
    return f'{{\n  "iso_4217": "{LISTED}",\n  "currencies": {{\n' + ",\n".join(lines) + "\n  }\n}\n"


def pages(table: dict[str, Row]) -> str:
    """The signs for the pages of phones; how many decimals there are comes with each amount."""
    signs = {code: row.symbol for code, row in table.items() if row.symbol != code}
    body = "".join(f'  {code}: "{sign}",\n' for code, sign in signs.items())
    return (
        "// SPDX-License-Identifier: Apache-2.0\n"
        "// Signs of currencies, by scripts/build_currencies.py, not by hand. Any other is written by its code.\n\n"
        f"export const SYMBOLS = {{\n{body}}};\n"
    )


def main(root: Path = ROOT) -> None:
    """Write the three."""
    table = rows()
    for path, text in ((PROGRAM, program(table)), (CONTRACT, contract(table)), (PAGES, pages(table))):
        (root / path).write_text(text, encoding="utf-8")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    main()
