# SPDX-License-Identifier: Apache-2.0
"""Typing an amount: keys in, expression and value out."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pengpos.core.currencies.currency import digits
from pengpos.core.money import AMOUNT_LIMIT_MINOR
from ui.actions import Key
from ui.state.entry import Entry

NAMES = {"<": Key.BACKSPACE, "C": Key.CLEAR, "H": Key.D00}


def typed(keys: str, currency: str = "CNY") -> Entry:
    entry = Entry(currency=currency)
    for key in keys:
        entry = entry.press(NAMES.get(key) or Key(key))
    return entry


@pytest.mark.parametrize(
    ("keys", "minor", "shown"),
    [
        ("", 0, ""),
        ("18", 1800, ""),
        ("18.8", 1880, ""),
        ("18.80", 1880, ""),
        ("18.805", 1880, ""),
        ("0018", 1800, ""),
        ("1H", 10000, ""),
        ("H", 0, ""),
        (".5", 50, ""),
        ("1.2.3", 123, ""),
        ("12+3.4×2", 1880, "12.00 + 3.40 × 2"),
        ("12+", 1200, "12.00 +"),
        ("12+3", 1500, "12.00 + 3"),
        ("12×", 1200, "12.00 ×"),
        ("12×3×4", 40800, "12.00 × 34"),
        ("12+×3", 3600, "12.00 × 3"),
        ("12++3", 1500, "12.00 + 3"),
        ("+×.", 0, ""),
        ("5×1.5", 7500, "5.00 × 15"),
        ("5×1234", 61500, "5.00 × 123"),
        ("123456789", 1234567800, ""),
        ("12+3<", 1200, "12.00 +"),
        ("12+3C", 0, ""),
        ("<", 0, ""),
        ("99999999.99×999", 9999999999 * 99, "99999999.99 × 99"),
    ],
)
def test_keys_make_an_expression(keys: str, minor: int, shown: str) -> None:
    entry = typed(keys)
    assert (entry.minor, entry.expression) == (minor, shown)


@pytest.mark.parametrize(
    ("keys", "currency", "minor"),
    [("18.5", "JPY", 185), ("1.234", "KWD", 1234), ("1.2345", "KWD", 1234)],
    ids=["no point in yen", "three places", "not four"],
)
def test_each_currency_has_its_own_decimals(keys: str, currency: str, minor: int) -> None:
    assert typed(keys, currency).minor == minor


@pytest.mark.parametrize(("keys", "places"), [("", 2), ("18", 2), ("18.", 2), ("18.8", 1), ("18.80", 0), ("18+2", 0)])
def test_decimals_not_typed_yet_are_known(keys: str, places: int) -> None:
    assert typed(keys).pending_places == places


@pytest.mark.parametrize(
    ("keys", "after"),
    [("5", "18"), ("+", "18"), ("C", ""), ("C5", "5"), ("<", "1"), ("<<", ""), ("<<5", "5"), ("<5", "1")],
)
def test_a_spoiled_entry_takes_nothing_until_it_is_cleared(keys: str, after: str) -> None:
    entry = replace(typed("18"), spoiled=True)
    for key in keys:
        entry = entry.press(NAMES.get(key) or Key(key))
    assert (entry.typed, entry.spoiled) == (after, after in {"18", "1"})
    assert replace(typed("18"), spoiled=True).add(340).typed == "18"


def test_quick_items_add_up() -> None:
    entry = typed("12+").add(340).add(340)
    assert (entry.minor, entry.expression) == (1880, "12.00 + 3.40 + 3.40")


def worth(entry: Entry) -> int:
    """The same value by another road: exact decimals."""
    total = Decimal(0)
    for term in filter(None, entry.typed.split("+")):
        price, _, quantity = term.partition("×")
        total += Decimal(price.rstrip(".") or 0) * Decimal(quantity or 1)
    return int(total.scaleb(digits(entry.currency)))


@given(st.lists(st.sampled_from([*Key, 340, 99_999_999]), max_size=60), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_any_keys_make_a_payable_amount(keys: list[Key | int], currency: str) -> None:
    entry = Entry(currency=currency)
    for key in keys:
        entry = entry.press(key) if isinstance(key, Key) else entry.add(key)
        assert 0 <= entry.minor <= AMOUNT_LIMIT_MINOR
        assert entry.minor == worth(entry)
        assert bool(entry.expression) == entry.is_sum
