# SPDX-License-Identifier: Apache-2.0
"""Amounts read aloud, by the rules of GB/T 15835 for numerals and of 元, 角, 分."""

import pytest

from pengpos.client import Language
from pengpos.core.currencies.table import CURRENCIES
from pengpos.core.money import AMOUNT_LIMIT_MINOR
from pengpos.i18n import LANGUAGES
from ui.i18n.amount_words import aloud


@pytest.mark.parametrize(
    ("minor", "currency", "language", "said"),
    [
        (12_000_00, "CNY", "zh-Hans", "一万二千元整"),
        (12_000_00, "CNY", "zh-Hant", "人民幣一萬二千元整"),
        (12_000_00, "TWD", "zh-Hant", "新台幣一萬二千元整"),
        (10_000_50, "CNY", "zh-Hans", "一万元五角"),
        (10_005_05, "CNY", "zh-Hans", "一万零五元零五分"),
        (100_000_52, "CNY", "zh-Hans", "十万元五角二分"),
        (110_000_00, "CNY", "zh-Hans", "十一万元整"),
        (1_050_000_00, "CNY", "zh-Hans", "一百零五万元整"),
        (10_100_000_00, "CNY", "zh-Hans", "一千零一十万元整"),
        (100_001_000_00, "CNY", "zh-Hans", "一亿零一千元整"),
        (118_877_00, "CNY", "zh-Hans", "十一万八千八百七十七元整"),
        (1_000_000, "JPY", "zh-Hans", "一百万日元"),
        (10_001_250, "KWD", "zh-Hans", "一万零一点二五科威特第纳尔"),
        (12_000_00, "CNY", "en", "12,000.00 Chinese Yuan"),
    ],
)
def test_an_amount_read_aloud(minor: int, currency: str, language: Language, said: str) -> None:
    assert aloud(minor, currency, language) == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_largest_amount_of_every_currency_is_said(language: Language) -> None:
    for currency in CURRENCIES:
        said = aloud(AMOUNT_LIMIT_MINOR, currency, language)
        assert said
        assert "万" not in said or language == "zh-Hans"
