# SPDX-License-Identifier: Apache-2.0
"""Typing an amount: keys in, expression and value out."""

import re
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
        ("18.8H", 1880, ""),
        ("0018", 1800, ""),
        ("1H", 10000, ""),
        ("H", 0, ""),
        (".5", 50, ""),
        ("1.2.3", 120, ""),
        ("12+3.4×2", 1880, "12.00 + 3.40 × 2"),
        ("12+", 1200, "12.00 +"),
        ("12+3", 1500, "12.00 + 3"),
        ("12×", 1200, "12.00 ×"),
        ("12×3×4", 3600, "12.00 × 3"),
        ("12+×3", 3600, "12.00 × 3"),
        ("12++3", 1500, "12.00 + 3"),
        ("+×.", 0, ""),
        ("5×1.5", 500, "5.00 × 1"),
        ("5×1234", 61500, "5.00 × 123"),
        ("123456789", 12345678900, ""),
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
    [("18.5", "JPY", 18), ("120000000", "VND", 120_000_000), ("1.234", "KWD", 1234), ("1.2345", "KWD", 1234)],
    ids=["no point in yen", "as many digits as can be charged", "three places", "not four"],
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


@pytest.mark.parametrize(
    ("keys", "currency", "spoiled"),
    [
        ("18.80", "CNY", False),
        ("18.805", "CNY", True),
        ("18.8H", "CNY", False),
        ("18.80H", "CNY", True),
        ("00", "CNY", False),
        ("0H5", "CNY", False),
        ("+5", "CNY", False),
        ("×5", "CNY", True),
        ("1.2.3", "CNY", True),
        ("12×3×4", "CNY", True),
        ("5×1.5", "CNY", True),
        ("5×1234", "CNY", True),
        ("18.5", "JPY", True),
        ("120000000", "VND", False),
        ("10000000000", "CNY", False),
        ("10000000000.01", "CNY", True),
        ("10000000001", "CNY", True),
        ("6901234567892", "CNY", True),
        ("9999999999×999", "CNY", True),
        ("+".join(["99.99"] * 9), "CNY", True),
    ],
)
def test_what_cannot_be_a_part_of_it_spoils_it(keys: str, currency: str, spoiled: bool) -> None:
    entry = typed(keys, currency)
    assert (entry.spoiled, entry.is_payable) == (spoiled, entry.minor > 0 and not spoiled)


@given(st.lists(st.sampled_from([*Key]), max_size=30), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_what_may_be_charged_is_what_was_pressed(keys: list[Key], currency: str) -> None:
    """Either an amount is of exactly the keys that were pressed since it was last cleared, or it may not be charged."""
    entry, pressed = Entry(currency=currency), ""
    for key in keys:
        entry = entry.press(key)
        match key:
            case Key.CLEAR:
                pressed = ""
            case Key.BACKSPACE:
                pressed = pressed[:-1] if not entry.is_empty else ""
            case _:
                pressed += key.value
        if entry.spoiled:
            pressed = entry.typed
        else:
            assert _same(entry.typed, pressed, digits(currency)), (entry, pressed)
            pressed = entry.typed


def _same(typed: str, pressed: str, places: int) -> bool:
    """But for zeros that lead, an operator in place of another, and the key 00 with room for one."""
    return re.sub(r"[+×.]+(?=[+×])|^\+", "", _plain(pressed)) == _plain(typed) or _plain(pressed) == _plain(typed) + "0"


def _plain(text: str) -> str:
    return re.sub(r"(?<![\d.])0+(?=\d)", "", re.sub(r"(?<!\d)\.", "0.", text))


def test_an_item_that_is_not_known_holds_the_amount_up_until_it_is_taken_back() -> None:
    held = typed("12+").add(340).without_item("6901234567892")
    assert (held.is_payable, held.press(Key.D5)) == (False, held)
    assert held.add(340) == held
    assert held.press(Key.BACKSPACE) == typed("12+").add(340)
    assert held.press(Key.CLEAR).is_empty


def test_quick_items_add_up() -> None:
    entry = typed("12+").add(340).add(340)
    assert (entry.minor, entry.expression) == (1880, "12.00 + 3.40 + 3.40")


ITEM = "i"


@pytest.mark.parametrize(
    ("keys", "currency", "price_minor", "shown", "minor"),
    [
        ("3×i", "CNY", 2600, "26.00 × 3", 7800),
        ("12+3×i", "CNY", 2600, "12.00 + 26.00 × 3", 9000),
        ("i×2", "CNY", 2600, "26.00 × 2", 5200),
        ("i×2+i", "CNY", 2600, "26.00 × 2 + 26.00", 7800),
        ("i+3", "JPY", 500, "500 + 3", 503),
        ("ii", "JPY", 500, "500 + 500", 1000),
        ("i×2", "JPY", 500, "500 × 2", 1000),
        ("3×i", "JPY", 500, "500 × 3", 1500),
        ("i<3", "JPY", 500, "", 503),
        ("3.5×i", "CNY", 2600, None, None),
        ("1000×i", "CNY", 2600, None, None),
        ("3×i×2", "CNY", 2600, None, None),
        ("2×3×i", "CNY", 2600, None, None),
        ("3×i5", "CNY", 2600, None, None),
        ("i3", "CNY", 2600, None, None),
        ("i3", "JPY", 500, None, None),
        ("iH", "JPY", 500, None, None),
        ("3×i3", "VND", 25_000, None, None),
        ("12+i0", "KRW", 4500, None, None),
        ("999×i", "VND", 2_000_000_000, None, None),
    ],
)
def test_an_item_is_as_many_as_were_typed_and_no_digit_goes_on_with_its_price(
    keys: str, currency: str, price_minor: int, shown: str | None, minor: int | None
) -> None:
    """None: it is refused, and nothing can be charged until it is cleared."""
    entry = Entry(currency=currency)
    for key in keys:
        entry = entry.add(price_minor) if key == ITEM else entry.press(NAMES.get(key) or Key(key))
    if minor is None:
        assert (entry.spoiled, entry.is_payable) == (True, False)
    else:
        assert (entry.expression, entry.minor, entry.is_payable) == (shown, minor, True)


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
