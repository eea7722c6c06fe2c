# SPDX-License-Identifier: Apache-2.0
"""From `role_needed` to a PIN and on: the steps, what ends them, and that a PIN is kept nowhere once it is sent."""

from dataclasses import replace

import pytest

from ui.actions import Do, Key, Press, PressPin, SawAlarm
from ui.state.asking import on_time
from ui.state.calls import AlarmSeen, AsOperator, Call, Pin, SaleCall, SendCode, Verb
from ui.state.entry import Entry
from ui.state.local import LocalState, Page, Trouble
from ui.state.pin import PAD_OPEN_S
from ui.update import on_action, on_answer, on_away, on_status
from workshop.samples.screens import IDLE, SALE_ID, SAMPLES, local, offline, online, sale

STORE = SaleCall(SALE_ID, Verb.ACCEPT_OFFLINE)
UNKNOWN = offline(sale("unknown", "cancel", "accept-offline"))
NEEDED = Trouble("role_needed", "a manager signs in", roles=("manager",))
WRONG = Trouble("wrong_pin", "", tries_left=9)


def act(state: LocalState, *actions: Do | PressPin | Press) -> tuple[LocalState, Call | None]:
    call: Call | None = None
    for action in actions:
        state, call = on_action(state, UNKNOWN, action, lambda: "key-1")
    return state, call


def digits(text: str) -> list[PressPin]:
    return [PressPin(Key(digit)) for digit in text]


def asked(page: Page = Page.SALE) -> LocalState:
    """The pad, as the cashier's own touch has opened it."""
    calling, call = act(local(page=page), Do.ACCEPT_OFFLINE)
    assert call == STORE
    return on_answer(calling, STORE, NEEDED)


def sent(text: str = "4711") -> tuple[LocalState, AsOperator]:
    state, call = act(asked(), *digits(text), Do.SEND_PIN)
    assert isinstance(call, AsOperator)
    return state, call


def test_a_role_that_is_needed_opens_the_pad_and_the_pin_goes_with_the_same_call() -> None:
    state = asked()
    assert (state.page, state.calling, state.trouble) == (Page.PIN, None, None)
    state, call = sent()
    assert (call.call, call.pin.digits()) == (STORE, "4711")
    done = on_answer(state, call, None)
    assert (done.page, done.asked, done.calling, done.trouble) == (Page.SALE, None, None, None)


def test_what_was_asked_from_a_list_goes_back_to_it() -> None:
    alarms = SAMPLES["alarms"].status
    assert alarms is not None
    state, call = on_action(local(page=Page.ALARMS), alarms, SawAlarm("2"), lambda: "k")
    assert call == AlarmSeen("2")
    state = on_answer(state, call, Trouble("role_needed", "", roles=("manager", "technician")))
    back, _ = on_action(state, alarms, Do.BACK, lambda: "k")
    assert (back.page, back.asked) == (Page.ALARMS, None)
    for key in digits("83920471"):
        state, _ = on_action(state, alarms, key, lambda: "k")
    state, call = on_action(state, alarms, Do.SEND_PIN, lambda: "k")
    assert call == AsOperator(AlarmSeen("2"), Pin())
    assert on_answer(state, call, None).page is Page.ALARMS


def test_where_no_role_is_enough_no_pin_is_asked_for() -> None:
    calling, _ = act(local(), Do.ACCEPT_OFFLINE)
    refused = on_answer(calling, STORE, Trouble("role_needed", "nobody may"))
    assert (refused.page, refused.asked) == (Page.SALE, None)
    assert refused.trouble is not None


@pytest.mark.parametrize(
    ("trouble", "code"), [(WRONG, "wrong_pin"), (NEEDED, "role_needed"), (Trouble("invalid_pin", ""), "invalid_pin")]
)
def test_a_pin_that_is_not_good_for_it_is_asked_for_again(trouble: Trouble, code: str) -> None:
    state, call = sent()
    state = on_answer(state, call, trouble)
    assert state.page is Page.PIN
    assert state.asked is not None
    assert state.asked.refused is not None
    assert (state.asked.refused.code, state.asked.wrong, len(state.asked.pin)) == (code, 1, 0)
    again, call_again = act(state, *digits("0000"), Do.SEND_PIN)
    assert isinstance(call_again, AsOperator)
    assert (call_again.pin.digits(), again.asked is not None) == ("0000", True)


def test_too_many_tries_are_waited_for() -> None:
    state, call = sent()
    state = on_answer(state, call, Trouble("too_many_tries", "", retry_after_s=287))
    shut, nothing = act(state, *digits("4711"), Do.SEND_PIN)
    assert nothing is None
    assert shut.asked is not None
    assert len(shut.asked.pin) == 0
    assert on_time(replace(shut, up_s=shut.up_s + 286)).page is Page.PIN
    later = replace(state, up_s=state.up_s + 287)
    _, call_again = act(later, *digits("4711"), Do.SEND_PIN)
    assert isinstance(call_again, AsOperator)


@pytest.mark.parametrize("code", ["offline_not_possible", "not_now", "away", "fault", "session_over"])
def test_a_good_pin_and_another_trouble_is_said_where_it_was_asked(code: str) -> None:
    state, call = sent()
    after = on_answer(state, call, Trouble(code, "no"))
    assert (after.page, after.asked, after.trouble) == (Page.SALE, None, Trouble(code, "no"))


def test_an_answer_to_a_pad_that_was_left_opens_nothing() -> None:
    state, call = sent()
    left, _ = act(state, Do.BACK)
    for trouble in (WRONG, NEEDED):
        after = on_answer(left, call, trouble)
        assert (after.page, after.asked, after.calling, after.trouble) == (Page.SALE, None, None, None)


def test_keys_of_the_pin_are_no_keys_of_an_amount_or_a_code() -> None:
    typed = local(entry=Entry(currency="CNY", typed="18.80"), code="4027")
    state = replace(asked(), entry=typed.entry, code=typed.code)
    after, _ = act(state, *digits("471"), PressPin(Key.BACKSPACE), PressPin(Key.D00))
    assert (after.entry, after.code) == (typed.entry, "4027")
    assert after.asked is not None
    assert after.asked.pin.digits() == "4700"
    cleared, _ = act(after, PressPin(Key.CLEAR))
    assert cleared.asked is not None
    assert len(cleared.asked.pin) == 0
    outside, _ = act(local(), PressPin(Key.D1))
    assert outside == replace(local(), refusals=1)


@pytest.mark.parametrize(
    ("keys", "sent"),
    [
        ([*"4711"], "4711"),
        ([*"47", Key.POINT, *"11"], None),
        ([*"47", Key.POINT, Key.CLEAR, *"4711"], "4711"),
        ([*"47", Key.POINT, Key.BACKSPACE, Key.BACKSPACE, *"4711"], "4711"),
        ([*"123456789"], None),
    ],
    ids=["typed", "with a key that is none of a PIN", "cleared", "taken back", "a digit too many"],
)
def test_a_pin_that_lacks_a_key_is_not_sent(keys: list[Key | str], sent: str | None) -> None:
    state, _ = act(asked(), *(PressPin(Key(key)) for key in keys))
    _, call = act(state, Do.SEND_PIN)
    assert (call.pin.digits() if isinstance(call, AsOperator) else None) == sent


def test_no_more_than_a_pin_has_and_not_before_it_is_one() -> None:
    state, _ = act(asked(), *digits("1234567890"))
    assert state.asked is not None
    assert state.asked.pin.digits() == "12345678"
    early, call = act(asked(), *digits("123"), Do.SEND_PIN)
    assert call is None
    assert early.asked is not None
    assert len(early.asked.pin) == 3


def test_nothing_else_is_done_from_the_pad() -> None:
    state, call = act(asked(), Do.OTHER_MONEY)
    assert (state.page, call) == (Page.PIN, None)


def test_once_it_is_sent_no_digit_is_kept_and_none_is_ever_said() -> None:
    typing, _ = act(asked(), *digits("4711"))
    assert "4711" not in repr(typing)
    state, call = sent("4711")
    assert "4711" not in repr(call)
    assert state.calling == call
    assert isinstance(state.calling, AsOperator)
    assert state.asked is not None
    assert (len(state.calling.pin), len(state.asked.pin)) == (0, 0)


def test_a_pad_nobody_touches_is_closed_with_what_was_typed() -> None:
    state, _ = act(asked(), *digits("471"))
    assert on_time(replace(state, up_s=state.up_s + PAD_OPEN_S - 1)).asked is not None
    closed = on_time(replace(state, up_s=state.up_s + PAD_OPEN_S))
    assert (closed.page, closed.asked) == (Page.SALE, None)
    going, _ = sent()
    assert on_time(replace(going, up_s=going.up_s + PAD_OPEN_S)).asked is not None


@pytest.mark.parametrize(
    "status",
    [
        online(sale("approved")),
        online(sale("declined", "again")),
        online(sale("presented", "cancel", id=SALE_ID[:-1] + "9")),
        IDLE,
    ],
    ids=["approved", "declined", "another sale", "gone"],
)
def test_what_cannot_be_done_any_more_is_not_asked_for(status: object) -> None:
    state, _ = act(asked(), *digits("471"))
    after = on_status(state, UNKNOWN, status)  # type: ignore[arg-type]  # a Status
    assert (after.page, after.asked) == (Page.SALE, None)
    assert on_status(state, UNKNOWN, UNKNOWN).asked is not None


def test_a_code_that_needs_a_role_is_sent_after_the_pin() -> None:
    armed = offline(sale("presented", "cancel", "confirmation-code", mode="offline"))
    code = SendCode(SALE_ID, "40271593")
    state = replace(local(page=Page.CODE, code="40271593"), calling=code)
    state = on_answer(state, code, NEEDED)
    assert on_status(state, armed, armed).page is Page.PIN
    state, call = act(state, *digits("4711"), Do.SEND_PIN)
    assert isinstance(call, AsOperator)
    done = on_answer(state, call, None)
    assert (done.page, done.code) == (Page.CODE, "")


def test_a_daemon_that_is_away_does_not_lose_the_question() -> None:
    assert on_away(asked()).asked is not None
