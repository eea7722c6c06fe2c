# SPDX-License-Identifier: Apache-2.0
"""The row `cancelling`, `reversing` of the state table (local API): sent until answered."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest

from pengpos.core.effects import AlarmKind, AskBackend, Effect, NotNow, RaiseAlarm, SendCancel, SendRefund, SignAgain
from pengpos.core.events import (
    AgainAsked,
    BackendCall,
    BackendStatus,
    CancelAnswered,
    CancelAsked,
    CancelHeld,
    CancelLeaving,
    CodeEntered,
    Event,
    LifeOver,
    NoAnswer,
    OfflineAccepted,
    PaidByReceipt,
    ParkAsked,
    ReplyAccepted,
    Restarted,
)
from pengpos.core.machine import ALARM_AFTER_ATTEMPTS, Outcome, backoff_s, refundable_minor
from pengpos.core.sale import Cancel, CancelReason, Due, DueState, RefundState, Sale, SaleState, Step
from workshop.samples.sales import (
    HEARD_AT,
    LIFE_OVER,
    NOON,
    authorised,
    booking,
    due,
    intent,
    refusal,
    sale_in,
    says,
    says_approved,
    says_declined,
    says_held,
)

Take: TypeAlias = Callable[[Sale, Event], Outcome]

S = SaleState
ID = intent().intent_id
SOON = NOON + 30
BY_CASHIER = Cancel(reason=CancelReason.CUSTOMER)
BY_TIME = Cancel(reason=CancelReason.UNABLE_TO_COMPLETE, by_time=True)
FOR_AGAIN = Cancel(reason=CancelReason.MERCHANT, again=True)
CANCELLED = CancelAnswered(at=SOON, intent_id=ID)
CANCELLED_LATE = CancelAnswered(at=LIFE_OVER, intent_id=ID)
SETTLED = CancelAnswered(at=SOON, intent_id=ID, standing=booking())
HELD = CancelHeld(at=SOON, intent_id=ID)
REFUSED = CancelAnswered(at=SOON, intent_id=ID, standing=booking(), refused=True)


def cancelling(cancel: Cancel = BY_CASHIER, **changes: object) -> Sale:
    """A sale on its way to be cancelled."""
    return sale_in(S.CANCELLING, cancel=cancel, **changes)


SHOWN_BY_CODE = sale_in(S.CANCELLING, intent__fragment_shown=True)
"""Only of such a sale can there be a confirmation code."""


@pytest.mark.parametrize(
    ("sale", "event", "state", "effects"),
    [
        pytest.param(cancelling(), CANCELLED, S.CANCELLED, (), id="cancelling + cancelled → cancelled"),
        pytest.param(cancelling(BY_TIME), CANCELLED, S.EXPIRED, (), id="cancelling by time + cancelled → expired"),
        pytest.param(
            cancelling(FOR_AGAIN),
            CANCELLED,
            S.CANCELLED,
            (SignAgain(),),
            id="cancelling for another try + cancelled → cancelled, sign again",
        ),
        pytest.param(
            cancelling(FOR_AGAIN),
            CANCELLED_LATE,
            S.EXPIRED,
            (),
            id="cancelling for another try + cancelled when its life was over → expired, nothing armed by itself",
        ),
        pytest.param(sale_in(S.REVERSING), CANCELLED, S.REVERSED, (), id="reversing + cancelled → reversed"),
        pytest.param(
            SHOWN_BY_CODE,
            CodeEntered(at=SOON, right=True),
            S.APPROVED,
            (AskBackend(),),
            id="cancelling, cancel not sent + right code → approved",
        ),
        pytest.param(
            cancelling(),
            NoAnswer(at=SOON, call=BackendCall.CANCEL, retry_after_s=50),
            S.CANCELLING,
            (SendCancel(SOON + 50),),
            id="cancelling + no answer → sent again",
        ),
        pytest.param(
            sale_in(S.REVERSING),
            NoAnswer(at=SOON, call=BackendCall.CANCEL),
            S.REVERSING,
            (SendCancel(SOON + backoff_s(1, sale_in(S.REVERSING).sale_id)),),
            id="reversing + no answer → sent again",
        ),
        pytest.param(
            cancelling(), Restarted(at=SOON), S.CANCELLING, (SendCancel(),), id="cancelling + restart → sent again"
        ),
        pytest.param(
            sale_in(S.REVERSING, attempts=2, retry_at=SOON + 9),
            Restarted(at=SOON),
            S.REVERSING,
            (SendCancel(SOON + 9),),
            id="reversing + restart → sent again, back-off kept",
        ),
    ],
)
def test_arrow(take: Take, sale: Sale, event: Event, state: SaleState, effects: tuple[Effect, ...]) -> None:
    after, follows = take(sale, event)
    assert (after.state, follows) == (state, effects)


@pytest.mark.parametrize(
    ("state", "into", "told"),
    [
        (S.CANCELLING, S.CANCELLED, (RaiseAlarm(AlarmKind.GIVEN_BACK),)),
        (S.REVERSING, S.REVERSED, ()),  # other money was taken: that it goes back is what was ordered
    ],
)
def test_what_a_cancel_gave_back_is_in_the_sale_with_who_asked(
    take: Take, state: SaleState, into: SaleState, told: tuple[Effect, ...]
) -> None:
    asked = Step(state, NOON, "cancelled by the cashier", by="m-1")
    sale = sale_in(state, cancel=BY_CASHIER, history=(Step(S.SIGNED, NOON, ""), asked))
    after, effects = take(sale, replace(CANCELLED, given_back_minor=18_80))
    assert (after.state, effects) == (into, told)
    assert after.cancel is not None
    assert after.cancel.given_back_minor == 18_80
    assert after.history[-1].by == "m-1"
    assert "gone back" in after.history[-1].why


ACCEPTED_OFFLINE = (Step(S.ACCEPTED_OFFLINE, NOON, "accepted offline"), Step(S.REVERSING, NOON, "sample"))


@pytest.mark.parametrize("state", [S.CANCELLING, S.REVERSING])
@pytest.mark.parametrize(
    ("history", "left", "end"),
    [
        pytest.param(ACCEPTED_OFFLINE, due(DueState.PAID), S.DECLINED_AT_SYNC, id="its due is paid"),
        pytest.param((), due(DueState.PAID), S.DECLINED_AT_SYNC, id="the same, of what this journal has forgotten"),
        pytest.param(ACCEPTED_OFFLINE, None, S.DECLINED_AT_SYNC, id="nobody was asked"),
        pytest.param((), None, S.DECLINED, id="never accepted offline"),
    ],
)
def test_settled_by_a_decline_ends_it_and_the_money_is_the_dues_matter(
    take: Take, state: SaleState, history: tuple[Step, ...], left: Due | None, end: SaleState
) -> None:
    answer = says_declined(BackendCall.CANCEL, refusal=refusal(left))
    after, effects = take(sale_in(state, history=history, attempts=30, retry_at=SOON), answer)
    assert (after.state, after.refusal, after.intent.end) == (end, refusal(left), end)
    assert (after.refunds, after.attempts, after.retry_at) == ((), 0, None)
    assert refundable_minor(after) == (0 if left is None else left.amount_minor)
    alarms = [effect for effect in effects if effect == RaiseAlarm(AlarmKind.DECLINED_AT_SYNC)]
    assert len(alarms) == (end is S.DECLINED_AT_SYNC)
    assert not any(isinstance(effect, SendRefund | SendCancel) for effect in effects)


@pytest.mark.parametrize(
    "sale",
    [
        pytest.param(cancelling(), id="cancelling"),
        pytest.param(cancelling(BY_TIME), id="cancelling by time"),
        pytest.param(cancelling(FOR_AGAIN), id="cancelling for another try: there is none, somebody has paid"),
        pytest.param(sale_in(S.REVERSING), id="reversing"),
    ],
)
def test_settled_approves_and_gives_all_back_in_one_step(take: Take, sale: Sale) -> None:
    after, effects = take(sale, SETTLED)
    assert (after.state, after.booking) == (S.APPROVED, booking())
    (refund,) = after.refunds
    assert (refund.amount_minor, refund.state, refund.at) == (None, RefundState.QUEUED, SOON)
    assert effects == (SendRefund(refund.refund_id),)


def test_the_refund_of_a_cancelled_sale_has_the_same_id_however_often_it_is_made(take: Take) -> None:
    first, _ = take(cancelling(), SETTLED)
    second, _ = take(cancelling(), SETTLED)
    other, _ = take(
        cancelling(intents=(intent(2),)), CancelAnswered(at=SOON, intent_id=intent(2).intent_id, standing=booking())
    )
    assert first.refunds == second.refunds
    assert first.refunds[0].refund_id != other.refunds[0].refund_id


UNLESS_PAID = {
    "by time": Cancel(reason=CancelReason.UNABLE_TO_COMPLETE, by_time=True, unless_paid=True),
    "a claim given back": Cancel(reason=CancelReason.UNABLE_TO_COMPLETE, unless_paid=True),
    "by the cashier": Cancel(reason=CancelReason.MERCHANT, by_cashier=True, unless_paid=True),
    "for another try": Cancel(reason=CancelReason.MERCHANT, again=True, by_cashier=True, unless_paid=True),
}
AT_ONCE, TOO_LATE = NOON + 10, NOON + 11
BEGUN = (Step(S.CANCELLING, NOON, "sample"),)
FOUND = [
    pytest.param(says_approved(), id="told or asked"),
    pytest.param(PaidByReceipt(at=HEARD_AT, intent_id=ID, booking=booking()), id="a receipt"),
]


@pytest.mark.parametrize("cancel", UNLESS_PAID.values(), ids=UNLESS_PAID)
@pytest.mark.parametrize("found", FOUND)
def test_found_paid_it_is_approved_and_nothing_goes_back(take: Take, cancel: Cancel, found: Event) -> None:
    sale = sale_in(S.CANCELLING, cancel=cancel, history=BEGUN)
    after, effects = take(sale, replace(found, at=AT_ONCE))
    assert (after.state, after.booking, after.refunds, effects) == (S.APPROVED, booking(), (), ())


@pytest.mark.parametrize("cancel", UNLESS_PAID.values(), ids=UNLESS_PAID)
def test_the_backend_that_left_it_says_so(take: Take, cancel: Cancel) -> None:
    sale, _ = take(sale_in(S.CANCELLING, cancel=cancel, history=BEGUN), CancelLeaving(at=AT_ONCE))
    after, effects = take(sale, replace(SETTLED, at=AT_ONCE))
    assert (after.state, after.booking, after.refunds, effects) == (S.APPROVED, booking(), (), ())


@pytest.mark.parametrize("found", FOUND)
@pytest.mark.parametrize("by", ["by time", "a claim given back"])
def test_found_paid_when_all_have_gone_it_stands_and_the_shop_is_told(take: Take, by: str, found: Event) -> None:
    sale = sale_in(S.CANCELLING, cancel=UNLESS_PAID[by], history=BEGUN)
    after, effects = take(sale, replace(found, at=TOO_LATE))
    assert (after.state, after.refunds) == (S.APPROVED, ())
    assert effects == (RaiseAlarm(AlarmKind.PAID_AFTER_CANCEL),)


@pytest.mark.parametrize("by", ["by the cashier", "for another try"])
def test_found_paid_when_the_cashier_has_gone_on_it_goes_back(take: Take, by: str) -> None:
    sale = sale_in(S.CANCELLING, cancel=UNLESS_PAID[by], history=BEGUN)
    late = replace(says_approved(), at=TOO_LATE)
    assert take(sale, late) == (sale, ())  # the cancel decides
    sent, _ = take(sale, CancelLeaving(at=TOO_LATE))
    assert sent.cancel is not None
    assert (sent.cancel.sent, sent.cancel.unless_paid) == (True, False)


@pytest.mark.parametrize(
    ("by", "at", "stays"),
    [
        ("by time", TOO_LATE, True),
        ("a claim given back", TOO_LATE, True),
        ("by the cashier", AT_ONCE, True),
        ("by the cashier", TOO_LATE, False),
    ],
)
def test_unanswered_only_the_cashiers_gives_back_and_only_after_10_s(take: Take, by: str, at: int, stays: bool) -> None:
    sale = sale_in(S.CANCELLING, cancel=UNLESS_PAID[by], history=BEGUN)
    after, _ = take(sale, NoAnswer(at=at, call=BackendCall.CANCEL))
    assert after.cancel is not None
    assert after.cancel.unless_paid is stays


@pytest.mark.parametrize("found", FOUND)
def test_a_cancel_that_is_on_its_way_decides(take: Take, found: Event) -> None:
    sale, _ = take(sale_in(S.CANCELLING, cancel=UNLESS_PAID["by time"], history=BEGUN), CancelLeaving(at=AT_ONCE))
    assert take(sale, found) == (sale, ())


@pytest.mark.parametrize("state", [S.CANCELLING, S.REVERSING])
def test_cancel_sent_is_durable_before_its_first_byte_and_takes_no_code_after(take: Take, state: SaleState) -> None:
    sent, effects = take(sale_in(state), CancelLeaving(at=SOON))
    assert effects == ()
    assert sent.cancel is not None
    assert sent.cancel.sent
    assert take(sent, CancelLeaving(at=SOON + 1)) == (sent, ())  # sent again: nothing new to write
    assert take(sent, CodeEntered(at=SOON, right=True)) == (sent, (NotNow(state),))


def test_reversing_takes_no_code_at_all(take: Take) -> None:
    sale = sale_in(S.REVERSING)
    assert take(sale, CodeEntered(at=SOON, right=True)) == (sale, (NotNow(S.REVERSING),))


def test_a_cancel_is_not_sent_behind_a_sale_that_a_code_has_approved(take: Take) -> None:
    approved, _ = take(SHOWN_BY_CODE, CodeEntered(at=SOON, right=True))
    assert take(approved, CancelLeaving(at=SOON)) == (approved, (NotNow(S.APPROVED),))


@pytest.mark.parametrize("state", [S.CANCELLING, S.REVERSING])
@pytest.mark.parametrize(
    "event",
    [
        pytest.param(says_approved(), id="approved by an event"),
        pytest.param(PaidByReceipt(at=HEARD_AT, intent_id=ID, booking=booking()), id="a receipt"),
        pytest.param(says_declined(), id="declined"),
        pytest.param(says_held(), id="held"),
        pytest.param(says(BackendStatus.CANCELLED), id="cancelled by an event"),
        pytest.param(says(BackendStatus.EXPIRED), id="expired"),
        pytest.param(NoAnswer(at=SOON, call=BackendCall.PAYMENT), id="the payment's silence"),
        pytest.param(NoAnswer(at=SOON, call=BackendCall.QUESTION), id="an older question's silence"),
        pytest.param(LifeOver(at=LIFE_OVER, intent_id=ID), id="time"),
        pytest.param(ReplyAccepted(at=SOON, authorised=authorised()), id="a reply"),
    ],
)
def test_nothing_but_the_answer_to_the_cancel_ends_it(take: Take, state: SaleState, event: Event) -> None:
    sale = sale_in(state)
    assert take(sale, event) == (sale, ())


def test_one_alarm_when_ten_cancels_went_unanswered(take: Take) -> None:
    sale, alarms = cancelling(), []
    for attempt in range(1, 25):
        sale, effects = take(sale, NoAnswer(at=SOON + attempt, call=BackendCall.CANCEL))
        alarms += [attempt for effect in effects if effect == RaiseAlarm(AlarmKind.DELIVERY_FAILING)]
    assert alarms == [ALARM_AFTER_ATTEMPTS]


def test_an_earlier_intents_cancel_does_not_end_the_newer_one(take: Take) -> None:
    sale = cancelling(intents=(intent(1, ended_at=NOON, end=S.CANCELLED), intent(2, put_sent=True)))
    assert take(sale, CANCELLED) == (sale, ())
    assert take(sale, replace(CANCELLED, standing=booking())) == (sale, ())


@pytest.mark.parametrize("state", [S.CANCELLING, S.REVERSING])
@pytest.mark.parametrize(
    "command",
    [
        pytest.param(CancelAsked(at=SOON, reason=CancelReason.CUSTOMER), id="cancel"),
        pytest.param(AgainAsked(at=SOON), id="again"),
        pytest.param(ParkAsked(at=SOON), id="park"),
        pytest.param(OfflineAccepted(at=SOON, by_cashier=True), id="accept-offline"),
    ],
)
def test_not_now(take: Take, state: SaleState, command: Event) -> None:
    sale = sale_in(state)
    assert take(sale, command) == (sale, (NotNow(state),))


# --- held for a person ------------------------------------------------------------------------------------------------

UNDOING = [S.CANCELLING, S.REVERSING]


def held(state: SaleState) -> Sale:
    """A person at the backend decides of its cancel."""
    return sale_in(state, cancel=replace(BY_CASHIER, sent=True, held=True))


@pytest.mark.parametrize("state", UNDOING)
def test_a_held_cancel_is_asked_about_until_it_is_decided(take: Take, state: SaleState) -> None:
    after, effects = take(sale_in(state, cancel=BY_CASHIER, attempts=3, retry_at=SOON + 9), HELD)
    assert (after.state, after.attempts, effects) == (state, 0, (SendCancel(SOON + 60),))
    assert after.cancel is not None
    assert after.cancel.held
    assert take(after, HELD)[1] == (SendCancel(SOON + 60),)
    assert take(after, CANCELLED)[0].state in {S.CANCELLED, S.REVERSED}


@pytest.mark.parametrize("told", [says(BackendStatus.CANCELLED, None), says_approved(None)], ids=["cancelled", "paid"])
@pytest.mark.parametrize("state", UNDOING)
def test_what_the_backend_tells_meanwhile_is_asked_about_at_once(take: Take, state: SaleState, told: Event) -> None:
    assert take(held(state), told) == (held(state), (SendCancel(),))
    not_held = sale_in(state, cancel=replace(BY_CASHIER, sent=True))
    assert take(not_held, told)[0].state is state


@pytest.mark.parametrize("state", UNDOING)
def test_a_refused_cancel_leaves_it_paid_and_gives_nothing_back(take: Take, state: SaleState) -> None:
    after, effects = take(held(state), REFUSED)
    assert (after.state, after.refunds, effects) == (S.APPROVED, (), ())
