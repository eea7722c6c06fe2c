# SPDX-License-Identifier: Apache-2.0
"""Amounts and codes key by key: what is refused shows, nothing outlives its sale or a minute of rest."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ui.actions import Key, Scanned
from ui.state.calls import StartSale
from ui.state.entry import Entry
from ui.state.local import LocalState, Page, QuickItem
from ui.state.typing import REST_S, at_rest, gtin, refuse_key, scan, type_amount, type_code
from ui.update import on_action, on_answer, on_status
from workshop.samples.screens import IDLE, SAMPLES, local, online, sale

ITEM = QuickItem("矿泉水", 200, ("6901234567892", "WATER-1"))


def typed(keys: str, state: LocalState | None = None) -> LocalState:
    state = state if state is not None else local(items=(ITEM,))
    for key in keys:
        state = type_amount(state, Key(key))
    return state


@pytest.mark.parametrize(("keys", "minor", "refusals"), [("18.80", 1880, 0), ("18.805", 1880, 1), ("1..8", 100, 2)])
def test_each_key_that_is_refused_is_seen_and_heard(keys: str, minor: int, refusals: int) -> None:
    state = typed(keys)
    assert (state.entry.minor, state.refusals, state.entry.is_payable) == (minor, refusals, not refusals)


def test_while_an_amount_is_on_its_way_no_key_is_lost_unseen() -> None:
    sent = replace(typed("18"), calling=StartSale(1800, "CNY", "k"))
    late = typed("5", sent)
    assert (late.entry.minor, late.entry.spoiled, late.refusals) == (1800, True, 1)
    refused = on_answer(late, StartSale(1800, "CNY", "k"), SAMPLES["amount-refused"].local.trouble)
    assert not refused.entry.is_payable
    assert on_answer(late, StartSale(1800, "CNY", "k"), None).entry.is_empty


@pytest.mark.parametrize(("after_s", "minor"), [(REST_S - 1, 45600), (REST_S, 0)], ids=["in time", "a minute"])
def test_after_a_minute_of_rest_a_new_amount_begins_empty(after_s: int, minor: int) -> None:
    state = typed("456")
    assert at_rest(replace(state, up_s=state.up_s + after_s)).entry.minor == minor


@pytest.mark.parametrize(
    "by", [timedelta(days=-400), timedelta(hours=-1), timedelta(minutes=2), timedelta(days=20_000)]
)
def test_a_clock_that_is_put_right_takes_no_amount(by: timedelta) -> None:
    """Of 1880, with the clock put right behind its second key, 80.00 was charged."""
    state = typed("18")
    state = at_rest(replace(state, now=state.now + by, up_s=state.up_s + 0.5))
    assert typed("80", state).entry.minor == 1_880_00


@pytest.mark.parametrize("state", ["presented", "approved", "cancelled"])
def test_after_another_sale_a_new_amount_begins_empty(state: str) -> None:
    """Row 1 of the cases: half an amount survived a till's sale and became a part of the next."""
    after = on_status(typed("456"), IDLE, online(sale(state)))
    assert after.entry.is_empty
    assert typed("18.80", after).entry.minor == 1880


def test_a_snapshot_of_the_same_sale_takes_nothing_away() -> None:
    shown = online(sale("approved"))
    assert on_status(typed("456"), shown, shown).entry.minor == 45600


# --- scanners ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "minor", "is_payable"),
    [("6901234567892", 1900, True), ("WATER-1", 1900, True), ("06901234567892", 1900, True),
     ("4006381333931", 1700, False)],
    ids=["an item", "the shop's own code", "as a GTIN-14", "not sold here"],
)  # fmt: skip
def test_a_scan_is_an_item_or_nothing(code: str, minor: int, is_payable: bool) -> None:
    state = scan(typed("17"), code)
    assert (state.entry.minor, state.entry.is_payable) == (minor, is_payable)
    assert type_amount(state, Key.BACKSPACE).entry.unknown_item == ""


def test_a_scan_leaves_a_result_as_a_digit_does() -> None:
    state, call = on_action(local(items=(ITEM,)), online(sale("approved")), Scanned("WATER-1"), str)
    assert (state.entry.minor, state.left is not None, call) == (200, True, None)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("12345670", "00000012345670", True), ("036000291452", "0036000291452", True), ("0123456", "123456", False)],
)
def test_a_gtin_is_the_same_in_each_of_its_lengths(one: str, other: str, same: bool) -> None:
    assert (gtin(one) == gtin(other)) is same


# --- codes and pads ---------------------------------------------------------------------------------------------------


def test_a_code_shows_where_a_key_was_refused() -> None:
    state = refuse_key(type_code(local(page=Page.CODE), Key.D4))
    assert (type_code(state, Key.D7).code, state.refusals) == ("4?7", 1)


def test_a_key_of_no_pad_spoils_the_next_amount() -> None:
    state = refuse_key(local())
    assert state.entry == Entry(currency="CNY", spoiled=True)
    assert typed("5", state).entry.minor == 0
