# SPDX-License-Identifier: Apache-2.0
"""What the screen writes of amounts and days is what Babel writes, in each language; and the page is the script's."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from babel.dates import format_skeleton
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

import scripts.build_cldr
from pengpos.client import Language
from pengpos.core.currencies.table import CURRENCIES
from ui.i18n import cldr
from ui.i18n.format import plain, when

LANGUAGES: tuple[Language, ...] = get_args(Language)
BABEL = {"zh-Hans": "zh_Hans", "zh-Hant": "zh_Hant", "en": "en"}
AMOUNTS = (0, 1, 9, 10, 99, 100, 999, 1_000, 12_345, 999_999, 1_000_000, 123_456_789, 10**12)


def by_babel(minor: int, currency: str, language: Language) -> str:
    places = CURRENCIES[currency].digits
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return format_decimal(Decimal(minor).scaleb(-places), format=pattern, locale=BABEL[language])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("minor", AMOUNTS)
def test_amounts_of_each_currency(minor: int, language: Language) -> None:
    ours = {currency: plain(minor, currency, language) for currency in CURRENCIES}
    assert ours == {currency: by_babel(minor, currency, language) for currency in CURRENCIES}


@given(
    minor=st.integers(0, 10**12), currency=st.sampled_from(["CNY", "JPY", "KWD"]), language=st.sampled_from(LANGUAGES)
)
def test_any_amount(minor: int, currency: str, language: Language) -> None:
    assert plain(minor, currency, language) == by_babel(minor, currency, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_day_of_a_year(language: Language) -> None:
    now = datetime(2020, 1, 1, tzinfo=UTC)
    for day in range(366):
        at = datetime(2024, 1, 1, 9, 5, tzinfo=UTC) + timedelta(days=day)
        assert when(at.isoformat(), now, language) == f"{format_skeleton('MMMd', at, locale=BABEL[language])} 09:05"


def test_the_page_is_what_the_script_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts.build_cldr, "OUT", tmp_path / "cldr.py")
    scripts.build_cldr.main()
    assert (tmp_path / "cldr.py").read_text(encoding="utf-8") == Path(cldr.__file__).read_text(encoding="utf-8")
