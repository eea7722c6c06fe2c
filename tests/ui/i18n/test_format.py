# SPDX-License-Identifier: Apache-2.0
"""Money, times and durations as each language writes them."""

import pytest

from pengpos.client import Language
from ui.i18n.format import AmountParts, age, amount_parts, duration, money, plain, signed, when
from workshop.samples.screens import NOW


@pytest.mark.parametrize(
    ("minor", "currency", "language", "parts"),
    [
        (1880, "CNY", "zh-Hans", AmountParts("¥", "18", ".80")),
        (1880, "CNY", "en", AmountParts("¥", "18", ".80")),
        (1880, "CNY", "zh-Hant", AmountParts("¥", "18", ".80")),
        (123456789, "HKD", "zh-Hant", AmountParts("HK$", "1,234,567", ".89")),
        (1880, "JPY", "en", AmountParts("JP¥", "1,880", "")),
        (1880, "KWD", "en", AmountParts("KWD\N{NO-BREAK SPACE}", "1", ".880")),
        (188000, "HUF", "zh-Hans", AmountParts("HUF\N{NO-BREAK SPACE}", "1,880", ".00")),
        (188000, "CLF", "en", AmountParts("CLF\N{NO-BREAK SPACE}", "18", ".8000")),
        (5, "CNY", "zh-Hans", AmountParts("¥", "0", ".05")),
    ],
)
def test_amounts(minor: int, currency: str, language: Language, parts: AmountParts) -> None:
    assert amount_parts(minor, currency, language) == parts
    assert money(minor, currency, language) == "".join(parts)


@pytest.mark.parametrize(("minor", "text"), [(-200, "−2.00"), (200, "+2.00"), (0, "+0.00"), (-123456, "−1,234.56")])
def test_what_is_added_or_taken_off(minor: int, text: str) -> None:
    assert signed(minor, "CNY", "zh-Hans") == text


def test_no_amount_is_too_large_for_exactness() -> None:
    assert plain(10**12, "CNY", "en") == "10,000,000,000.00"


@pytest.mark.parametrize(
    ("seconds", "hans", "en"),
    [
        (0, "0秒", "0 s"),
        (-5, "0秒", "0 s"),
        (84, "1分24秒", "1 min 24 s"),
        (3700, "1小时1分", "1 h 1 min"),
        (200_000, "2天7小时", "2 d 7 h"),
    ],
)
def test_durations(seconds: int, hans: str, en: str) -> None:
    assert (duration(seconds, "zh-Hans"), duration(seconds, "en")) == (hans, en)


@pytest.mark.parametrize(("seconds", "hant"), [(4, "不到1分鐘"), (60, "1分鐘"), (3599, "59分鐘"), (3600, "1小時0分")])
def test_ages_have_no_seconds(seconds: int, hant: str) -> None:
    assert age(seconds, "zh-Hant") == hant


@pytest.mark.parametrize(
    ("at", "hans", "en"),
    [
        ("2026-11-21T14:32:00Z", "今天22:32", "22:32 today"),
        ("2026-11-21T16:00:00Z", "明天00:00", "00:00 tomorrow"),
        ("2026-11-20T01:00:00Z", "昨天09:00", "09:00 yesterday"),
        ("2026-11-27T06:32:00Z", "11月27日 14:32", "Nov 27 14:32"),
    ],
)
def test_times_near_now_are_said_by_the_day_of_the_shop(at: str, hans: str, en: str) -> None:
    assert (when(at, NOW, "zh-Hans"), when(at, NOW, "en")) == (hans, en)
