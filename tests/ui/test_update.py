# SPDX-License-Identifier: Apache-2.0
"""What follows from one action, one snapshot, one answer. Whole journeys are in tests/journeys."""

from dataclasses import replace

import msgspec
import pytest

from pengpos.client import LinkView, Status, TerminalView
from ui.actions import Action, AddItem, Do, Key, Press, SawAlarm, ShowRows, ShowSale
from ui.state.calls import AlarmSeen, Call, SaleCall, SendCode, StartSale, Sync, Verb
from ui.state.entry import Entry
from ui.state.local import Daemon, Left, LocalState, Page, Trouble
from ui.state.sales import late_result, left_behind, parked_sales, shown_sale, unknown_sales
from ui.update import on_action, on_answer, on_away, on_status
from workshop.samples.screens import IDLE, ITEMS, SALE_ID, SAMPLES, ago, local, online, sale

TYPED = local(entry=Entry(currency="CNY", typed="18.80"))
CHARGE = StartSale(1880, "CNY", "key-1")


def act(state: LocalState, action: Action, status: Status = IDLE) -> tuple[LocalState, Call | None]:
    return on_action(state, status, action, lambda: "key-1")


@pytest.mark.parametrize(
    ("action", "name", "call"),
    [
        (Do.AGAIN, "declined", SaleCall(SALE_ID, Verb.AGAIN)),
        (Do.AGAIN, "present-refused", SaleCall(SALE_ID, Verb.AGAIN)),
        (Do.CANCEL, "present", SaleCall(SALE_ID, Verb.CANCEL)),
        (Do.OTHER_MONEY, "unknown", SaleCall(SALE_ID, Verb.CANCEL)),
        (Do.PARK, "paying", SaleCall(SALE_ID, Verb.PARK)),
        (Do.ACCEPT_OFFLINE, "unknown", SaleCall(SALE_ID, Verb.ACCEPT_OFFLINE)),
        (Do.SYNC, "queue", Sync()),
        (SawAlarm("1"), "alarms", AlarmSeen("1")),
        (Do.SEND_CODE, "code-full", SendCode(SALE_ID, "40271593")),
        (Do.SEND_CODE, "code-empty", None),
        (Do.NEXT, "approved", None),
        (Do.CANCEL, "amount-empty", None),
    ],
)
def test_actions_become_calls(action: Action, name: str, call: Call | None) -> None:
    status = SAMPLES[name].status
    assert status is not None
    after, made = act(SAMPLES[name].local, action, status)
    assert made == call
    assert after.calling == call


def test_charging_keeps_its_key_until_it_is_answered() -> None:
    after, call = act(TYPED, Do.CHARGE)
    assert call == CHARGE
    assert act(after, Do.CHARGE) == (after, None)
    lost = on_answer(after, CHARGE, Trouble("away", ""))
    assert on_action(lost, IDLE, Do.CHARGE, lambda: "key-2")[1] == CHARGE


def test_another_amount_is_another_sale() -> None:
    lost = on_answer(act(TYPED, Do.CHARGE)[0], CHARGE, Trouble("away", ""))
    changed, _ = act(lost, Press(Key.BACKSPACE))
    assert on_action(changed, IDLE, Do.CHARGE, lambda: "key-2")[1] == StartSale(1880, "CNY", "key-2")


def test_an_answered_charge_clears_the_keypad() -> None:
    after = on_answer(act(TYPED, Do.CHARGE)[0], CHARGE, None)
    assert (after.entry.minor, after.sale_key, after.calling) == (0, "", None)


def test_a_refused_charge_keeps_the_amount_and_says_why_until_the_next_touch() -> None:
    refused = on_answer(act(TYPED, Do.CHARGE)[0], CHARGE, Trouble("busy", "x"))
    assert (refused.entry.minor, refused.trouble) == (1880, Trouble("busy", "x"))
    assert act(refused, Press(Key.D1))[0].trouble is None


def test_nothing_is_charged_for_nothing() -> None:
    assert act(local(), Do.CHARGE)[1] is None


def test_items_add_to_the_bill() -> None:
    state = replace(TYPED, items=ITEMS)
    assert act(state, AddItem(3))[0].entry.minor == 1880 + 340
    assert act(state, AddItem(99))[0] == state


@pytest.mark.parametrize(
    ("size", "pages"), [((800, 480), [0, 4, 0]), ((720, 1280), [0, 3, 0])], ids=["landscape", "upright"]
)
def test_more_items_turn_round(size: tuple[int, int], pages: list[int]) -> None:
    state = replace(TYPED, items=ITEMS, size=size)
    seen = [state.first_row]
    for _ in pages[1:]:
        state, _ = act(state, Do.MORE_ITEMS)
        seen.append(state.first_row)
    assert seen == pages


def test_a_list_is_turned_to_the_row_that_the_screen_names() -> None:
    assert act(TYPED, ShowRows(3))[0].first_row == 3


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ("1234", "1234"),
        ("123456789", "12345678?"),
        ("123456789<", "12345678"),
        ("12<3", "13"),
        ("12C", ""),
    ],
)
def test_the_code_pad_takes_eight_digits(keys: str, code: str) -> None:
    names = {"<": Key.BACKSPACE, "C": Key.CLEAR, "H": Key.D00}
    state = local(page=Page.CODE)
    for key in keys:
        state, _ = act(state, Press(names.get(key) or Key(key)))
    assert state.code == code


def test_a_wrong_code_empties_the_pad_and_shows_no_trouble() -> None:
    state = local(page=Page.CODE, code="12345678", calling=SendCode(SALE_ID, "12345678"))
    after = on_answer(state, SendCode(SALE_ID, "12345678"), Trouble("wrong_code", "4 tries left"))
    assert (after.code, after.trouble, after.calling, after.page) == ("", None, None, Page.CODE)


# --- snapshots


def test_the_first_snapshot_connects_and_takes_the_terminals_currency() -> None:
    assert IDLE.terminal is not None
    yen = msgspec.structs.replace(IDLE, terminal=msgspec.structs.replace(IDLE.terminal, currency="JPY"))
    after = on_status(local(daemon=Daemon.STARTING), None, yen)
    assert (after.daemon, after.entry.currency) == (Daemon.CONNECTED, "JPY")


@pytest.mark.parametrize(
    ("since_s", "state", "is_left"),
    [(4, "approved", False), (500, "approved", True), (500, "presented", False), (500, "unknown", True)],
)
def test_only_a_fresh_result_is_shown_by_a_screen_that_starts(since_s: int, state: str, is_left: bool) -> None:
    assert (left_behind(online(sale(state, since_s=since_s))) is not None) == is_left


@pytest.mark.parametrize(
    ("page", "name", "after"),
    [
        (Page.QUEUE, "present", Page.SALE),
        (Page.WAITING, "confirming", Page.SALE),
        (Page.QUEUE, "approved", Page.QUEUE),
        (Page.CODE, "approved", Page.SALE),
        (Page.CODE, "cancelling", Page.CODE),
        (Page.RECEIPT, "approved", Page.RECEIPT),
        (Page.RECEIPT, "refunded", Page.SALE),
    ],
)
def test_pages_close_when_they_no_longer_hold(page: Page, name: str, after: Page) -> None:
    status = SAMPLES[name].status
    assert status is not None
    assert on_status(local(page=page), IDLE, status).page is after


def test_a_page_stays_while_its_sale_lives_on() -> None:
    presented = SAMPLES["present-offline"].status
    assert presented is not None
    assert on_status(local(page=Page.CODE, code="12"), presented, presented).code == "12"


def test_an_opened_sale_that_is_gone_is_closed() -> None:
    assert on_status(local(focus="gone"), IDLE, IDLE).focus is None


def test_away_keeps_what_was_typed() -> None:
    after = on_away(TYPED)
    assert (after.daemon, after.entry.minor) == (Daemon.AWAY, 1880)
    assert on_status(after, IDLE, IDLE).daemon is Daemon.CONNECTED


# --- which sale

OTHER = sale("unknown", id="other", number="0001-0900")


@pytest.mark.parametrize(
    ("state", "fields", "shown"),
    [
        ("approved", {}, True),
        ("approved", {"left": Left(SALE_ID, "approved")}, False),
        ("unknown", {"left": Left(SALE_ID, "unknown")}, False),
        ("presented", {"left": Left(SALE_ID, "expired")}, True),
        ("approved", {"left": Left("another", "approved")}, True),
    ],
    ids=["a result", "left", "left unknown", "tried again after it was left", "another was left"],
)
def test_a_result_stays_until_it_is_left(state: str, fields: dict[str, object], shown: bool) -> None:
    assert (shown_sale(online(sale(state)), local(**fields)) is not None) == shown


def test_a_waiting_sale_is_looked_at_and_left_again() -> None:
    status = online(sale("approved"), unknown=[OTHER])
    state = local(left=Left(SALE_ID, "approved"))
    state, _ = act(state, ShowSale("other"), status)
    assert shown_sale(status, state) == OTHER
    state, _ = act(state, Do.NEXT, status)
    assert shown_sale(status, state) is None
    assert state.left == Left(SALE_ID, "approved")


def test_a_live_sale_comes_before_one_that_is_looked_at() -> None:
    status = online(sale("presented"), unknown=[OTHER])
    assert shown_sale(status, local(focus="other")) == status.sale


@pytest.mark.parametrize(
    ("left", "now", "shown"),
    [
        ("unknown", "approved", True),
        ("unknown", "unknown", False),
        ("unknown", "reversing", False),
        ("cancelling", "cancelled", True),
        ("approved", "settled", False),
        ("accepted_offline", "approved", False),
    ],
)
def test_a_late_result_is_shown(left: str, now: str, shown: bool) -> None:
    assert (late_result(online(sale(now)), local(left=Left(SALE_ID, left))) is not None) == shown


def test_the_badges_count_the_current_sale() -> None:
    parked = sale("pending", parked=True, id="p")
    assert len(unknown_sales(online(sale("unknown"), unknown=[OTHER]))) == 2
    assert len(unknown_sales(online(OTHER, unknown=[OTHER]))) == 1
    assert parked_sales(online(parked)) == [parked]


def test_a_state_from_the_future_is_shown_as_unknown_never_as_paid() -> None:
    from ui.state.sales import Stage, stage

    assert stage(sale("quantum_approved")) is Stage.UNKNOWN


def test_samples_are_rfc_3339() -> None:
    assert ago(0) == "2026-11-21T06:32:18Z"
    assert isinstance(IDLE.terminal, TerminalView)
    assert IDLE.link == LinkView(online=True, last_heard=ago(2))


def test_a_spoiled_amount_is_not_charged() -> None:
    spoiled = replace(TYPED, entry=replace(TYPED.entry, spoiled=True))
    assert act(spoiled, Do.CHARGE) == (replace(spoiled, refusals=1), None)
    assert act(act(spoiled, Press(Key.CLEAR))[0], Do.CHARGE)[1] is None
