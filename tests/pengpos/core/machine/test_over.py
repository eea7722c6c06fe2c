# SPDX-License-Identifier: Apache-2.0
"""The rows `approved`, `declined`, `expired` and the ends of the state table (local API), and approval by code (§3)."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest

from pengpos.core.business_day import counts_at
from pengpos.core.effects import AlarmKind, Arm, AskBackend, NotNow, RaiseAlarm, SendRefund, SignAgain
from pengpos.core.events import (
    AgainAsked,
    BackendCall,
    BackendStatus,
    CancelAnswered,
    CancelAsked,
    CodeEntered,
    Event,
    FieldEmpty,
    LifeOver,
    NoAnswer,
    OfflineAccepted,
    PaidByReceipt,
    ParkAsked,
    PhoneRefused,
    ReplyAccepted,
    Restarted,
    Settled,
    SignedAgain,
    StatusHeard,
)
from pengpos.core.machine import Outcome, backoff_s
from pengpos.core.machine.states import TAKEN_STATES
from pengpos.core.reasons import Reason
from pengpos.core.sale import Cancel, CancelReason, RefundState, Refusal, Sale, SaleState
from workshop.samples.sales import (
    HEARD_AT,
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
ASK = BackendCall.QUESTION
ID = intent().intent_id
SOON = NOON + 30
NOTHING_TAKEN = [S.DECLINED, S.DECLINED_AT_SYNC, S.CANCELLED, S.REVERSED, S.EXPIRED]
FRESH = SignedAgain(at=SOON, fresh=intent(2, issued_at=SOON, online=False))
CODE_WRONG = RaiseAlarm(AlarmKind.CODE_NOT_CONFIRMED)


# --- taken ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (S.APPROVED, S.SETTLED),
        (S.SETTLED, S.SETTLED),
        (S.PARTLY_REFUNDED, S.PARTLY_REFUNDED),
        (S.REFUNDED, S.REFUNDED),
    ],
)
def test_in_a_settlement(take: Take, before: SaleState, after: SaleState) -> None:
    settled, effects = take(sale_in(before), Settled(at=SOON, business_date="2027-01-16"))
    assert (settled.state, settled.settled_on, effects) == (after, "2027-01-16", ())


@pytest.mark.parametrize("state", sorted(TAKEN_STATES))
@pytest.mark.parametrize(
    "late",
    [
        pytest.param(says_approved(), id="approved twice"),
        pytest.param(PaidByReceipt(at=HEARD_AT, intent_id=ID, booking=booking()), id="the receipt again"),
        pytest.param(says_declined(), id="declined"),
        pytest.param(says_held(), id="held"),
        pytest.param(says(B.CLAIMED), id="claimed"),
        pytest.param(says(B.EXPIRED), id="expired"),
        pytest.param(CancelAnswered(at=SOON, intent_id=ID), id="a cancel's answer"),
        pytest.param(NoAnswer(at=SOON, call=BackendCall.PAYMENT), id="the payment's silence"),
        pytest.param(NoAnswer(at=SOON, call=ASK), id="a question's silence"),
        pytest.param(LifeOver(at=SOON, intent_id=ID), id="time"),
        pytest.param(ReplyAccepted(at=SOON, authorised=authorised()), id="a reply"),
        pytest.param(PhoneRefused(at=SOON, refusal=Refusal(reason=Reason.EXPIRED)), id="a phone's no"),
        pytest.param(FieldEmpty(at=SOON), id="the field"),
        pytest.param(Restarted(at=SOON), id="restart"),
    ],
)
def test_nothing_late_moves_what_is_taken(take: Take, state: SaleState, late: Event) -> None:
    sale = sale_in(state)
    assert take(sale, late) == (sale, ())


# --- approved by code -------------------------------------------------------------------------------------------------

BY_CODE = sale_in(S.APPROVED, booking=booking(receipt=None, by=None, confirmed=False))
AGAIN_AT = HEARD_AT + backoff_s(1, BY_CODE.sale_id)


def test_what_was_paid_by_code_counts_when_the_backend_took_it(take: Take) -> None:
    """Paid by the page before midnight, the code keyed after it: one business day, that of the receipt."""
    typed = sale_in(S.APPROVED, booking=booking(receipt=None, by=None, confirmed=False, booked_at=SOON))
    after, _ = take(typed, says_approved(ASK))
    assert after.booking == booking()
    assert counts_at(after) == booking().booked_at != counts_at(typed)


@pytest.mark.parametrize("answer", [says_approved(ASK), says_approved()], ids=["asked", "told"])
def test_the_backend_confirms_a_code(take: Take, answer: Event) -> None:
    failing = replace(BY_CODE, attempts=3, retry_at=SOON)
    after, effects = take(failing, answer)
    assert effects == ()
    assert after.booking is not None
    assert (after.booking.confirmed, after.booking.receipt) == (True, b"receipt")
    assert after.booking.booked_at == booking().booked_at
    assert (after.attempts, after.retry_at) == (0, None)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(says_declined(ASK), id="declined"),
        pytest.param(says_declined(), id="declined, told by an event"),
        pytest.param(says_held(ASK), id="held"),
        pytest.param(says(B.CREATED, ASK), id="created"),
        pytest.param(says(B.CLAIMED, ASK), id="claimed"),
        pytest.param(says(B.CANCELLED, ASK), id="cancelled"),
        pytest.param(says(B.CANCELLED), id="cancelled, told by an event"),
        pytest.param(says(B.EXPIRED, ASK), id="expired"),
        pytest.param(says(B.NOT_FOUND, ASK), id="404"),
    ],
)
def test_any_other_answer_about_a_code_alarms_and_is_asked_about_again(take: Take, answer: Event) -> None:
    after, effects = take(BY_CODE, answer)
    assert after.state is S.APPROVED
    assert effects == (CODE_WRONG, AskBackend(AGAIN_AT))
    _, again = take(after, answer)
    assert [type(effect) for effect in again] == [AskBackend]  # who has seen to it is not called again


@pytest.mark.parametrize("event", [says(B.CLAIMED), says(B.CREATED), says_held()], ids=["claimed", "created", "held"])
def test_events_of_before_the_code_replayed_when_the_link_is_back_alarm_nobody(take: Take, event: Event) -> None:
    assert take(BY_CODE, event) == (BY_CODE, ())


def test_a_code_is_asked_about_until_somebody_answers(take: Take) -> None:
    after, effects = take(BY_CODE, NoAnswer(at=SOON, call=ASK, retry_after_s=20))
    assert effects == (AskBackend(SOON + 20),)
    assert after.retry_at == SOON + 20
    assert take(after, Restarted(at=SOON + 1)) == (after, (AskBackend(SOON + 20),))


def test_a_restart_sends_the_refunds_that_have_no_final_answer(take: Take) -> None:
    states = dict(enumerate(RefundState, 1))
    sale = sale_in(S.APPROVED, refunds=tuple(refund(n, state=state, amount_minor=1) for n, state in states.items()))
    _, effects = take(sale, Restarted(at=SOON))
    open_states = {RefundState.QUEUED, RefundState.SENT, RefundState.HELD}
    unanswered = [n for n, state in states.items() if state in open_states]
    assert effects == tuple(SendRefund(refund(n).refund_id) for n in unanswered)


# --- nothing taken ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [S.DECLINED, S.EXPIRED])
def test_again_signs_a_new_intent_of_the_same_sale(take: Take, state: SaleState) -> None:
    sale = sale_in(state, authorised=authorised(), refusal=Refusal(reason=Reason.DECLINED_BY_BACKEND), wrong_codes=4)
    asked, effects = take(sale, AgainAsked(at=SOON))
    assert (asked, effects) == (sale, (SignAgain(),))
    signed, effects = take(asked, FRESH)
    assert (signed.state, effects) == (S.SIGNED, (Arm(),))
    assert (signed.intents, signed.intent) == ((*sale.intents, FRESH.fresh), FRESH.fresh)
    assert (signed.authorised, signed.refusal, signed.cancel, signed.wrong_codes) == (None, None, None, 0)


def test_again_from_presented_takes_its_second_half_from_cancelled(take: Take) -> None:
    sale = sale_in(S.CANCELLED, cancel=Cancel(reason=CancelReason.MERCHANT, again=True))
    asked, effects = take(sale, AgainAsked(at=SOON))  # pressed again: the first signing came to nothing
    assert (asked, effects) == (sale, (SignAgain(),))
    signed, effects = take(sale, FRESH)
    assert (signed.state, effects) == (S.SIGNED, (Arm(),))
    assert take(signed, FRESH) == (signed, ())  # a second signing changes nothing


@pytest.mark.parametrize("state", [S.DECLINED_AT_SYNC, S.CANCELLED, S.REVERSED])
def test_other_ends_are_for_good(take: Take, state: SaleState) -> None:
    sale = sale_in(state)
    assert take(sale, AgainAsked(at=SOON)) == (sale, (NotNow(state),))
    assert take(sale, FRESH) == (sale, ())


@pytest.mark.parametrize("state", [state for state in S if state not in {*NOTHING_TAKEN}])
def test_a_new_intent_fits_nowhere_else(take: Take, state: SaleState) -> None:
    sale = sale_in(state, refusal=Refusal(reason=Reason.DECLINED_BY_SHOPPER))
    assert take(sale, FRESH) == (sale, ())


@pytest.mark.parametrize("state", NOTHING_TAKEN)
@pytest.mark.parametrize(
    "late",
    [
        pytest.param(says_declined(), id="declined"),
        pytest.param(says_held(), id="held"),
        pytest.param(says(B.CLAIMED), id="claimed"),
        pytest.param(says(B.CANCELLED), id="cancelled"),
        pytest.param(says(B.NOT_FOUND, ASK), id="404"),
        pytest.param(CancelAnswered(at=SOON, intent_id=ID), id="a cancel's answer"),
        pytest.param(CancelAnswered(at=SOON, intent_id=ID, standing=booking()), id="a cancel answered settled"),
        pytest.param(NoAnswer(at=SOON, call=BackendCall.CANCEL), id="a cancel's silence"),
        pytest.param(NoAnswer(at=SOON, call=ASK), id="a question's silence"),
        pytest.param(LifeOver(at=SOON, intent_id=ID), id="time"),
        pytest.param(ReplyAccepted(at=SOON, authorised=authorised()), id="a reply"),
        pytest.param(Settled(at=SOON, business_date="2027-01-16"), id="a settlement"),
        pytest.param(Restarted(at=SOON), id="restart"),
    ],
)
def test_nothing_late_moves_an_end(take: Take, state: SaleState, late: Event) -> None:
    sale = sale_in(state)
    assert take(sale, late) == (sale, ())


@pytest.mark.parametrize("state", NOTHING_TAKEN)
@pytest.mark.parametrize(
    "late",
    [says_approved(), PaidByReceipt(at=HEARD_AT, intent_id=ID, booking=booking())],
    ids=["approved", "a receipt"],
)
def test_money_taken_after_an_end_alarms_and_changes_nothing(take: Take, state: SaleState, late: Event) -> None:
    sale = sale_in(state)
    assert take(sale, late) == (sale, (RaiseAlarm(AlarmKind.PAID_AFTER_CANCEL),))


# --- commands that do not fit -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [*sorted(TAKEN_STATES), *NOTHING_TAKEN])
@pytest.mark.parametrize(
    "command",
    [
        pytest.param(CancelAsked(at=SOON, reason=CancelReason.CUSTOMER), id="cancel"),
        pytest.param(ParkAsked(at=SOON), id="park"),
        pytest.param(OfflineAccepted(at=SOON, by_cashier=True), id="accept-offline"),
        pytest.param(CodeEntered(at=SOON, right=True), id="code"),
    ],
)
def test_not_now(take: Take, state: SaleState, command: Event) -> None:
    sale = sale_in(state)
    assert take(sale, command) == (sale, (NotNow(state),))


@pytest.mark.parametrize("state", sorted(TAKEN_STATES))
def test_what_is_taken_is_not_tried_again(take: Take, state: SaleState) -> None:
    sale = sale_in(state)
    assert take(sale, AgainAsked(at=SOON)) == (sale, (NotNow(state),))


# --- cancelled, and never asked for here ------------------------------------------------------------------------------


@pytest.mark.parametrize("call", [None, ASK], ids=["by an event", "asked"])
@pytest.mark.parametrize("state", [S.APPROVED, S.SETTLED])
def test_a_cancel_of_another_place_reverses_the_sale_with_an_alarm(
    take: Take, state: SaleState, call: BackendCall | None
) -> None:
    after, effects = take(sale_in(state, refunds=(refund(1),)), says(B.CANCELLED, call))
    assert (after.state, effects) == (S.REVERSED, (RaiseAlarm(AlarmKind.CANCELLED_ELSEWHERE),))
    assert after.cancel is not None
    assert after.cancel.elsewhere
    assert [known.state for known in after.refunds] == [RefundState.VOID]
    assert take(after, says(B.CANCELLED, call)) == (after, ())


CANCELLED_BEFORE_IT = says_declined(refusal=Refusal(reason=Reason.EXPIRED, code="cancelled"))


@pytest.mark.parametrize(
    ("state", "heard", "into"),
    [
        (S.SIGNED, says(B.CANCELLED), S.CANCELLED),
        (S.PRESENTED, says(B.CANCELLED), S.CANCELLED),
        (S.PENDING, says(B.CANCELLED), S.CANCELLED),
        (S.UNKNOWN, says(B.CANCELLED, ASK), S.REVERSED),
        (S.AUTHORISED, CANCELLED_BEFORE_IT, S.DECLINED),
        (S.UNKNOWN, CANCELLED_BEFORE_IT, S.DECLINED),
        (S.FORWARDING, says(B.CANCELLED, BackendCall.FORWARD), S.DECLINED_AT_SYNC),
        (S.FORWARDING, replace(CANCELLED_BEFORE_IT, call=BackendCall.FORWARD), S.DECLINED_AT_SYNC),
    ],
)
def test_whatever_a_cancel_of_another_place_ends_says_so_and_rings(
    take: Take, state: SaleState, heard: Event, into: SaleState
) -> None:
    after, effects = take(sale_in(state), heard)
    assert after.state is into
    assert after.cancel is not None
    assert after.cancel.elsewhere
    assert RaiseAlarm(AlarmKind.CANCELLED_ELSEWHERE) in effects


def gave_back(minor: int) -> StatusHeard:
    return StatusHeard(at=SOON, intent_id=ID, call=ASK, status=B.CANCELLED, given_back_minor=minor)


def test_a_card_put_back_learns_that_what_expired_was_paid_and_cancelled_elsewhere(take: Take) -> None:
    after, effects = take(sale_in(S.EXPIRED), gave_back(18_80))
    assert (after.state, effects) == (S.REVERSED, (RaiseAlarm(AlarmKind.CANCELLED_ELSEWHERE),))
    assert after.cancel is not None
    assert after.cancel.elsewhere
    assert take(after, gave_back(18_80)) == (after, ())


@pytest.mark.parametrize(
    ("sale", "heard"),
    [
        pytest.param(sale_in(S.EXPIRED), gave_back(0), id="nothing was taken"),
        pytest.param(sale_in(S.EXPIRED, cancel=Cancel(reason=CancelReason.CUSTOMER)), gave_back(18_80), id="our own"),
        pytest.param(sale_in(S.CANCELLED), gave_back(18_80), id="cancelled"),
        pytest.param(sale_in(S.DECLINED), gave_back(18_80), id="declined"),
    ],
)
def test_any_other_end_stays_what_it_is(take: Take, sale: Sale, heard: Event) -> None:
    assert take(sale, heard) == (sale, ())


def test_the_own_cancel_is_of_no_other_place(take: Take) -> None:
    after, effects = take(sale_in(S.CANCELLING), CancelAnswered(at=SOON, intent_id=ID))
    assert (after.state, effects) == (S.CANCELLED, ())
    assert after.cancel is not None
    assert not after.cancel.elsewhere


@pytest.mark.parametrize("state", sorted(TAKEN_STATES - {S.APPROVED, S.SETTLED}))
def test_what_is_refunded_can_be_cancelled_by_none(take: Take, state: SaleState) -> None:
    sale = sale_in(state)
    assert take(sale, says(B.CANCELLED, None)) == (sale, ())
