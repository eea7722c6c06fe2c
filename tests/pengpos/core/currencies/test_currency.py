# SPDX-License-Identifier: Apache-2.0
"""The table of currencies: decimals as in ISO 4217, signs that name one currency, cash; and it is the script's."""

from itertools import groupby
from pathlib import Path

import pytest
from babel.core import get_global

from pengpos.core.currencies.currency import DIGITS_MOST, cash_minor, digits, prefix
from pengpos.core.currencies.table import CURRENCIES
from scripts import build_currencies

CLDR_SAYS_OTHERWISE = frozenset({
    "AFN", "ALL", "IQD", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER"
})  # fmt: skip
"""Currencies to which the CLDR gives no decimals: what a browser's own writing reads a hundredfold, or a thousand."""


def test_row_13_decimals_are_those_of_iso_4217() -> None:
    several = {code: row.digits for code, row in CURRENCIES.items() if row.digits != 2}
    by_digits = sorted((count, code) for code, count in several.items())
    assert {count: [code for _, code in codes] for count, codes in groupby(by_digits, lambda pair: pair[0])} == {
        0: ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
            "XOF", "XPF"],
        3: ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"],
        4: ["CLF", "UYW"],
    }  # fmt: skip
    assert len(CURRENCIES) == 165
    assert (digits("HUF"), digits("CLF"), digits("UYW"), digits("UYI"), DIGITS_MOST) == (2, 4, 4, 0, 4)


def test_decimals_differ_from_the_cldrs_where_it_is_known() -> None:
    cldr = get_global("currency_fractions")
    usual = cldr["DEFAULT"]
    assert {code for code, row in CURRENCIES.items() if cldr.get(code, usual)[0] != row.digits} == CLDR_SAYS_OTHERWISE


def test_a_sign_names_one_currency() -> None:
    assert len({row.symbol for row in CURRENCIES.values()}) == len(CURRENCIES)
    assert [code for code, row in CURRENCIES.items() if row.symbol in CURRENCIES and row.symbol != code] == []


@pytest.mark.parametrize(
    ("code", "written"),
    [("CNY", "¥"), ("JPY", "JP¥"), ("HKD", "HK$"), ("EUR", "€"), ("HUF", "HUF\xa0"), ("XAF", "FCFA\xa0"),
     ("XCG", "Cg.\xa0"), ("BGN", "BGN\xa0")],
)  # fmt: skip
def test_letters_stand_apart_from_the_number(code: str, written: str) -> None:
    assert prefix(code) == written


@pytest.mark.parametrize("code", CURRENCIES)
def test_a_currency_is_named_in_each_language(code: str) -> None:
    row = CURRENCIES[code]
    assert all(name.strip() == name != "" for name in (row.zh_hans, row.zh_hant, row.en))


def test_a_currency_that_is_no_more_still_opens_an_old_journal() -> None:
    assert "BGN" not in CURRENCIES
    assert (digits("BGN"), cash_minor(1883, "BGN")) == (2, 1883)


@pytest.mark.parametrize(
    ("minor", "code", "cash"),
    [(1882, "CHF", 1880), (1883, "CHF", 1885), (1880, "CNY", 1880), (188_249, "HUF", 188_000),
     (188_250, "HUF", 188_500), (1850, "SEK", 1900), (24, "DKK", 0), (25, "DKK", 50), (1885, "NZD", 1890),
     (7, "JPY", 7), (0, "CHF", 0)],
)  # fmt: skip
def test_cash_is_paid_in_coins(minor: int, code: str, cash: int) -> None:
    assert cash_minor(minor, code) == cash


def test_program_contract_and_pages_have_the_scripts_table(tmp_path: Path) -> None:
    written = (build_currencies.PROGRAM, build_currencies.CONTRACT, build_currencies.PAGES)
    for path in written:
        (tmp_path / path).parent.mkdir(parents=True)
    build_currencies.main(tmp_path)
    for path in written:
        assert (tmp_path / path).read_text("utf-8") == (build_currencies.ROOT / path).read_text("utf-8")
