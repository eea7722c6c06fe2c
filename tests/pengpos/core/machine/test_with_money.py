# SPDX-License-Identifier: Apache-2.0
"""The rows `authorised`, `unknown`, `accepted_offline` and `forwarding` of the state table (local API)."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest

from pengpos.core.effects import (
    AlarmKind,
    AskBackend,
    Disarm,
    Effect,
    Forward,
    NotNow,
    RaiseAlarm,
    SendCancel,
    SendRefund,
)
from pengpos.core.events import (
    AgainAsked,
    BackendCall,
    BackendStatus,
    CancelAsked,
    CodeEntered,
    Event,
    FieldEmpty,
    ForwardLeaving,
    LifeOver,
    NoAnswer,
    OfflineAccepted,
    PaidByReceipt,
    ParkAsked,
    RefundAsked,
    ReplyAccepted,
    Restarted,
)
from pengpos.core.machine import ALARM_AFTER_ATTEMPTS, Outcome, backoff_s
from pengpos.core.sale import CancelReason, RefundState, Sale, SaleState
from workshop.samples.sales import (
    AMOUNT_MINOR,
    HEARD_AT,
    LIFE_OVER,
    NOON,
    authorised,
    booking,
    intent,
    refund,
    sale_in,
    says,
    says_approved,
    says_declined,
    says_held,
)

Take: TypeAlias = Callable[[Sale, Event], Outcome]

S = SaleState
B = BackendStatus
PAY, ASK, SEND = BackendCall.PAYMENT, BackendCall.QUESTION, BackendCall.FORWARD
ID = intent().intent_id
SOON = NOON + 30


def asked_before_it_left(status: BackendStatus) -> Event:
    """The late answer to a question put while it was still in the store."""
    return replace(says(status, ASK), steps_when_asked=len(FORWARDING.history) - 1)


def arrow(name: str, sale: Sale, event: Event, state: SaleState, *effects: Effect) -> object:
    """One arrow of the table; with the state before it, `name` reads like the row."""
    return pytest.param(sale, event, state, effects, id=f"{sale.state} + {name}")


AUTHORISED = sale_in(S.AUTHORISED)
UNKNOWN = sale_in(S.UNKNOWN)
STORED = sale_in(S.ACCEPTED_OFFLINE)
FORWARDING = sale_in(S.FORWARDING)
RECEIPT = PaidByReceipt(at=HEARD_AT, intent_id=ID, booking=booking())
AGAIN_IN_S = backoff_s(1, UNKNOWN.sale_id)
BY_CASHIER = OfflineAccepted(at=SOON, by_cashier=True)
BY_POLICY = OfflineAccepted(at=SOON, by_cashier=False)
OFFLINE_AUTHORISED = sale_in(S.AUTHORISED, intent__online=False)
OFFLINE_UNKNOWN = sale_in(S.UNKNOWN, intent__online=False)
FORGOTTEN = LIFE_OVER + 600
CANCEL = CancelAsked(at=SOON, reason=CancelReason.CUSTOMER)
NO_AT_SYNC = S.DECLINED_AT_SYNC
ALARM = RaiseAlarm(AlarmKind.DECLINED_AT_SYNC)
ELSEWHERE = RaiseAlarm(AlarmKind.CANCELLED_ELSEWHERE)
UNPAID, UNASKED, UNSENT = (NoAnswer(at=SOON, call=call) for call in (PAY, ASK, SEND))


@pytest.mark.parametrize(
    ("sale", "event", "state", "effects"),
    [
        arrow("approved, already paid → approved", AUTHORISED, says_approved(PAY), S.APPROVED, Disarm()),
        arrow("the event before the answer → approved", AUTHORISED, RECEIPT, S.APPROVED, Disarm()),
        arrow("declined → declined", AUTHORISED, says_declined(PAY), S.DECLINED, Disarm()),
        arrow("held → pending", AUTHORISED, says_held(PAY), S.PENDING, Disarm(), AskBackend(HEARD_AT + 5)),
        arrow(
            "none in 4 s → unknown",
            AUTHORISED,
            UNPAID,
            S.UNKNOWN,
            Disarm(),
            AskBackend(),
        ),
        arrow("any other answer → unknown", AUTHORISED, says(B.CREATED, PAY), S.UNKNOWN, Disarm(), AskBackend()),
        arrow("an event meanwhile → stays", AUTHORISED, says(B.CLAIMED), S.AUTHORISED),
        arrow("an older question's silence → stays", AUTHORISED, UNASKED, S.AUTHORISED),
        arrow("time → stays", AUTHORISED, LifeOver(at=LIFE_OVER, intent_id=ID), S.AUTHORISED),
        arrow("restart → unknown", AUTHORISED, Restarted(at=SOON), S.UNKNOWN, Disarm(), AskBackend()),
        arrow(
            "restart, offline → unknown",
            OFFLINE_AUTHORISED,
            Restarted(at=SOON),
            S.UNKNOWN,
            Disarm(),
            AskBackend(),
        ),
        arrow(
            "the policy, offline → accepted_offline",
            OFFLINE_AUTHORISED,
            BY_POLICY,
            S.ACCEPTED_OFFLINE,
            Disarm(),
            Forward(),
        ),
        arrow(
            "cashier: accept-offline → accepted_offline",
            AUTHORISED,
            BY_CASHIER,
            S.ACCEPTED_OFFLINE,
            Disarm(),
            Forward(),
        ),
        arrow("approved, already paid → approved", UNKNOWN, says_approved(ASK), S.APPROVED),
        arrow("issuer's receipt → approved", UNKNOWN, RECEIPT, S.APPROVED),
        arrow("declined → declined", UNKNOWN, says_declined(ASK), S.DECLINED),
        arrow("held → pending", UNKNOWN, says_held(ASK), S.PENDING, AskBackend(HEARD_AT + 5)),
        arrow("cancelled → reversed", UNKNOWN, says(B.CANCELLED, ASK), S.REVERSED, ELSEWHERE),
        arrow("expired → expired", UNKNOWN, says(B.EXPIRED, ASK), S.EXPIRED),
        arrow(
            "404 600 s after expiry → cancelling",
            UNKNOWN,
            says(B.NOT_FOUND, ASK, at=FORGOTTEN),
            S.CANCELLING,
            SendCancel(),
        ),
        arrow(
            "404 a second earlier → stays, asked again",
            UNKNOWN,
            says(B.NOT_FOUND, ASK, at=FORGOTTEN - 1),
            S.UNKNOWN,
            AskBackend(FORGOTTEN - 1 + AGAIN_IN_S),
        ),
        arrow(
            "created → stays, asked again",
            UNKNOWN,
            says(B.CREATED, ASK),
            S.UNKNOWN,
            AskBackend(HEARD_AT + AGAIN_IN_S),
        ),
        arrow(
            "no answer to the question → stays, asked again",
            UNKNOWN,
            UNASKED,
            S.UNKNOWN,
            AskBackend(SOON + AGAIN_IN_S),
        ),
        arrow(
            "no answer to the same body → stays, asked again",
            UNKNOWN,
            NoAnswer(at=SOON, call=PAY, retry_after_s=40),
            S.UNKNOWN,
            AskBackend(SOON + 40),
        ),
        arrow("restart → asked", UNKNOWN, Restarted(at=SOON), S.UNKNOWN, AskBackend()),
        arrow("cashier: accept-offline → accepted_offline", UNKNOWN, BY_CASHIER, S.ACCEPTED_OFFLINE, Forward()),
        arrow(
            "cashier: accept-offline, offline and torn by a restart → accepted_offline",
            OFFLINE_UNKNOWN,
            BY_CASHIER,
            S.ACCEPTED_OFFLINE,
            Forward(),
        ),
        arrow("cashier: cancel → reversing", UNKNOWN, CANCEL, S.REVERSING, SendCancel()),
        arrow("the drainer's approval, sent back meanwhile → approved", STORED, says_approved(SEND), S.APPROVED),
        arrow(
            "the drainer's no, sent back meanwhile → declined_at_sync", STORED, says_declined(SEND), NO_AT_SYNC, ALARM
        ),
        arrow("the drainer's silence, sent back meanwhile → stays", STORED, UNSENT, S.ACCEPTED_OFFLINE),
        arrow("drainer → forwarding", STORED, ForwardLeaving(at=SOON), S.FORWARDING),
        arrow("restart → stays", STORED, Restarted(at=SOON), S.ACCEPTED_OFFLINE, Forward()),
        arrow("late declined → stays", STORED, says_declined(PAY), S.ACCEPTED_OFFLINE),
        arrow("late expired → stays", STORED, says(B.EXPIRED, ASK), S.ACCEPTED_OFFLINE),
        arrow("late approved → stays", STORED, says_approved(PAY), S.ACCEPTED_OFFLINE),
        arrow("approved, already paid → approved", FORWARDING, says_approved(SEND), S.APPROVED),
        arrow("approved by an event → approved", FORWARDING, says_approved(), S.APPROVED),
        arrow("declined, too old → declined_at_sync", FORWARDING, says_declined(SEND), NO_AT_SYNC, ALARM),
        arrow("expired → declined_at_sync", FORWARDING, says(B.EXPIRED, SEND), NO_AT_SYNC, ALARM),
        arrow("cancelled → declined_at_sync", FORWARDING, says(B.CANCELLED, SEND), NO_AT_SYNC, ALARM, ELSEWHERE),
        arrow("held → stays, asked with GET", FORWARDING, says_held(SEND), S.FORWARDING, AskBackend(HEARD_AT + 5)),
        arrow("held event → stays, the drainer's answer is on its way", FORWARDING, says_held(), S.FORWARDING),
        arrow(
            "GET: still held → stays, asked again", FORWARDING, says_held(ASK), S.FORWARDING, AskBackend(HEARD_AT + 5)
        ),
        arrow("declined event of before the acceptance → stays", FORWARDING, says_declined(), S.FORWARDING),
        arrow("expired event of before the acceptance → stays", FORWARDING, says(B.EXPIRED), S.FORWARDING),
        arrow(
            "GET: declined → sent again, the drainer's answer counts",
            FORWARDING,
            says_declined(ASK),
            S.ACCEPTED_OFFLINE,
            Forward(),
        ),
        arrow("GET: expired → sent again", FORWARDING, says(B.EXPIRED, ASK), S.ACCEPTED_OFFLINE, Forward()),
        arrow("GET of before it left: 404 → stays", FORWARDING, asked_before_it_left(B.NOT_FOUND), S.FORWARDING),
        arrow("GET of before it left: expired → stays", FORWARDING, asked_before_it_left(B.EXPIRED), S.FORWARDING),
        arrow("GET: 404 → sent again", FORWARDING, says(B.NOT_FOUND, ASK), S.ACCEPTED_OFFLINE, Forward()),
        arrow("no verdict, item error → accepted_offline", FORWARDING, UNSENT, S.ACCEPTED_OFFLINE, Forward()),
        arrow("GET unanswered → stays, asked again", FORWARDING, UNASKED, S.FORWARDING, AskBackend(SOON + AGAIN_IN_S)),
        arrow("the payment's late silence → stays", FORWARDING, UNPAID, S.FORWARDING),
        arrow("restart → accepted_offline", FORWARDING, Restarted(at=SOON), S.ACCEPTED_OFFLINE, Forward()),
    ],
)
def test_arrow(take: Take, sale: Sale, event: Event, state: SaleState, effects: tuple[Effect, ...]) -> None:
    after, follows = take(sale, event)
    assert (after.state, follows) == (state, effects)


@pytest.mark.parametrize("state", [S.AUTHORISED, S.UNKNOWN])
def test_held_parks_the_sale_by_itself(take: Take, state: SaleState) -> None:
    after, _ = take(sale_in(state), says_held(PAY))
    assert after.parked


@pytest.mark.parametrize("sale", [AUTHORISED, UNKNOWN, OFFLINE_UNKNOWN], ids=["authorised", "unknown", "torn"])
def test_nobody_accepts_offline_what_the_wallet_forbids(take: Take, sale: Sale) -> None:
    forbidden = replace(sale, authorised=authorised(offline_allowed=False))
    assert take(forbidden, BY_CASHIER) == (forbidden, (NotNow(sale.state),))


@pytest.mark.parametrize("sale", [AUTHORISED, UNKNOWN, OFFLINE_UNKNOWN], ids=["online", "unknown", "torn by a restart"])
def test_these_are_never_accepted_offline_by_themselves(take: Take, sale: Sale) -> None:
    assert take(sale, BY_POLICY) == (sale, (NotNow(sale.state),))


@pytest.mark.parametrize("state", [S.AUTHORISED, S.UNKNOWN, S.ACCEPTED_OFFLINE, S.FORWARDING])
@pytest.mark.parametrize(
    "second",
    [
        pytest.param(ReplyAccepted(at=SOON, authorised=authorised(wallet_kid=b"another.")), id="a reply"),
        pytest.param(FieldEmpty(at=SOON), id="the field"),
    ],
)
def test_a_phone_that_comes_second_is_dropped(take: Take, state: SaleState, second: Event) -> None:
    sale = sale_in(state)
    assert take(sale, second) == (sale, ())


@pytest.mark.parametrize("state", [S.AUTHORISED, S.UNKNOWN, S.FORWARDING])
def test_another_phones_payment_stands_when_it_was_booked_first(take: Take, state: SaleState) -> None:
    theirs = booking(total_minor=AMOUNT_MINOR, by=None, receipt=b"the other phone's")
    after, _ = take(sale_in(state), says_approved(PAY, booking=theirs))
    assert (after.state, after.booking) == (S.APPROVED, theirs)


# --- the drainer ------------------------------------------------------------------------------------------------------


def test_an_alarm_after_ten_and_never_dropped(take: Take) -> None:
    sale, alarms, at = STORED, [], SOON
    for attempt in range(1, 25):
        sale, _ = take(sale, ForwardLeaving(at=at))
        sale, effects = take(sale, replace(UNSENT, at=at))
        assert (sale.state, sale.attempts) == (S.ACCEPTED_OFFLINE, attempt)
        assert sale.retry_at is not None
        assert sale.retry_at > at
        at = sale.retry_at
        alarms += [attempt for effect in effects if effect == RaiseAlarm(AlarmKind.DELIVERY_FAILING)]
    assert alarms == [ALARM_AFTER_ATTEMPTS]


@pytest.mark.parametrize("setback", [UNSENT, Restarted(at=SOON)], ids=["no verdict", "restart"])
def test_the_history_of_a_payment_sent_in_vain_for_days_stays_short(take: Take, setback: Event) -> None:
    sale = STORED
    for at in range(SOON, SOON + 500):
        sale, _ = take(sale, ForwardLeaving(at=at))
        sale, _ = take(sale, setback)
    expected = [S.ACCEPTED_OFFLINE, S.FORWARDING, S.ACCEPTED_OFFLINE]
    assert [step.state for step in sale.history] == expected
    assert sale.history[0] == STORED.history[0]  # when it was accepted
    assert sale.history[1].at == SOON + 499


def test_what_was_failing_counts_on_across_a_restart(take: Take) -> None:
    failing = sale_in(S.FORWARDING, attempts=7, retry_at=SOON + 20)
    after, _ = take(failing, Restarted(at=SOON))
    assert (after.attempts, after.retry_at) == (7, SOON + 20)


def test_refunds_wait_behind_the_payment_and_leave_with_its_approval(take: Take) -> None:
    sale, effects = take(STORED, RefundAsked(at=SOON, refund=refund()))
    assert effects == ()
    sale, _ = take(sale, ForwardLeaving(at=SOON))
    _, effects = take(sale, says_approved(SEND))
    assert effects == (SendRefund(refund().refund_id),)


def test_refunds_of_a_payment_declined_at_sync_are_void(take: Take) -> None:
    after, _ = take(sale_in(S.FORWARDING, refunds=(refund(),)), says_declined(SEND))
    assert [known.state for known in after.refunds] == [RefundState.VOID]


# --- commands that do not fit -----------------------------------------------------------------------------------------

AGAIN = AgainAsked(at=SOON)
PARK = ParkAsked(at=SOON)
CODE = CodeEntered(at=SOON, right=True)


@pytest.mark.parametrize(
    ("state", "commands"),
    [
        pytest.param(S.AUTHORISED, (AGAIN, PARK, CODE, CANCEL), id="authorised"),
        pytest.param(S.UNKNOWN, (AGAIN, PARK, CODE), id="unknown"),
        pytest.param(S.ACCEPTED_OFFLINE, (AGAIN, PARK, CODE, CANCEL, BY_CASHIER), id="accepted_offline: only refunded"),
        pytest.param(S.FORWARDING, (AGAIN, PARK, CODE, CANCEL, BY_CASHIER), id="forwarding: only refunded"),
    ],
)
def test_not_now(take: Take, state: SaleState, commands: tuple[Event, ...]) -> None:
    sale = sale_in(state)
    for command in commands:
        assert take(sale, command) == (sale, (NotNow(state),))
