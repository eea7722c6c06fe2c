# SPDX-License-Identifier: Apache-2.0
"""Refunds (local API, refunds and row `approved`): whole, part, behind their payment, failed, void, unanswered."""

from collections.abc import Callable
from typing import TypeAlias

import pytest

from pengpos.core.effects import AlarmKind, NotNow, RaiseAlarm, SendRefund, Then
from pengpos.core.events import (
    BackendCall,
    Event,
    NoAnswer,
    RefundAnswered,
    RefundAsked,
    RefundedElsewhere,
    Restarted,
)
from pengpos.core.machine import ALARM_AFTER_ATTEMPTS, Outcome, backoff_s, refundable_minor
from pengpos.core.machine.states import TAKEN_STATES
from pengpos.core.sale import Due, DueState, Refund, RefundState, Sale, SaleState
from workshop.samples.sales import AMOUNT_MINOR, NOON, booking, due, intent, refund, refusal, sale_in, says_approved

Take: TypeAlias = Callable[[Sale, Event], Outcome]

S = SaleState
R = RefundState
SOON = NOON + 90
STORED = [S.ACCEPTED_OFFLINE, S.FORWARDING]
INTENT_ID = sale_in(S.APPROVED).intent.intent_id
FIRST, SECOND = refund(1).refund_id, refund(2).refund_id


def asked(number: int = 1, amount_minor: int | None = None) -> RefundAsked:
    """An order of a refund."""
    return RefundAsked(at=SOON, refund=refund(number, amount_minor=amount_minor))


def answered(state: RefundState, number: int = 1, *, refused: bool = False) -> RefundAnswered:
    """The backend's word on a refund; `refused`: a person's."""
    return RefundAnswered(at=SOON, refund_id=refund(number).refund_id, state=state, refused=refused)


def approved(*refunds: Refund) -> Sale:
    """A booked sale of 18.80 with these refunds."""
    return sale_in(S.APPROVED, refunds=refunds)


# --- asked ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", sorted(TAKEN_STATES))
@pytest.mark.parametrize("amount_minor", [None, 1, AMOUNT_MINOR], ids=["whole", "one fen", "all, as a part"])
def test_of_a_booked_payment_leaves_at_once(take: Take, state: SaleState, amount_minor: int | None) -> None:
    after, effects = take(sale_in(state), asked(amount_minor=amount_minor))
    assert after.state is state
    assert after.refunds == (refund(amount_minor=amount_minor, asked_minor=amount_minor),)
    assert effects == (SendRefund(FIRST),)


@pytest.mark.parametrize("state", STORED)
def test_of_a_payment_not_yet_booked_waits(take: Take, state: SaleState) -> None:
    after, effects = take(sale_in(state), asked())
    assert (after.refunds, effects) == ((refund(),), ())


@pytest.mark.parametrize("state", [state for state in S if state not in {*TAKEN_STATES, *STORED}])
def test_of_anything_else_does_not_fit(take: Take, state: SaleState) -> None:
    sale = sale_in(state)
    assert take(sale, asked()) == (sale, (NotNow(state),))
    assert refundable_minor(sale) == 0


@pytest.mark.parametrize(
    ("earlier", "amount_minor"),
    [
        pytest.param((), AMOUNT_MINOR + 1, id="more than was captured"),
        pytest.param((), 0, id="nothing"),
        pytest.param((), -1, id="less than nothing"),
        pytest.param((refund(2),), 1, id="anything after the whole"),
        pytest.param((refund(2),), None, id="the whole twice"),
        pytest.param((refund(2, amount_minor=1000),), 881, id="more than is left"),
        pytest.param((refund(2, amount_minor=AMOUNT_MINOR, state=R.DONE),), None, id="the whole after all parts"),
    ],
)
def test_never_more_than_was_captured(take: Take, earlier: tuple[Refund, ...], amount_minor: int | None) -> None:
    sale = approved(*earlier)
    assert take(sale, asked(amount_minor=amount_minor)) == (sale, (NotNow(S.APPROVED),))


@pytest.mark.parametrize(
    ("earlier", "left"),
    [
        pytest.param((), 1880, id="none"),
        pytest.param((refund(1, amount_minor=80, state=R.QUEUED),), 1800, id="a part queued"),
        pytest.param((refund(1, amount_minor=80, state=R.SENT),), 1800, id="a part sent"),
        pytest.param((refund(1, amount_minor=80, state=R.DONE),), 1800, id="a part done"),
        pytest.param((refund(1, amount_minor=80, state=R.FAILED),), 1880, id="a part failed"),
        pytest.param((refund(1, state=R.FAILED),), 1880, id="the whole failed"),
        pytest.param((refund(1, amount_minor=80, state=R.VOID),), 1880, id="a part void"),
        pytest.param((refund(1, amount_minor=80), refund(2)), 0, id="a part, then the rest"),
    ],
)
def test_what_may_still_be_given_back(earlier: tuple[Refund, ...], left: int) -> None:
    assert refundable_minor(approved(*earlier)) == left


# --- answered ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sale", "event", "state"),
    [
        pytest.param(approved(refund()), answered(R.DONE), S.REFUNDED, id="the whole done → refunded"),
        pytest.param(approved(refund()), answered(R.SENT), S.APPROVED, id="the whole sent → approved"),
        pytest.param(
            approved(refund(amount_minor=80)), answered(R.DONE), S.PARTLY_REFUNDED, id="a part done → partly_refunded"
        ),
        pytest.param(
            approved(refund(1, amount_minor=80, state=R.DONE), refund(2, amount_minor=1800)),
            answered(R.DONE, 2),
            S.REFUNDED,
            id="the last part done → refunded",
        ),
        pytest.param(
            approved(refund(1, amount_minor=80, state=R.DONE), refund(2)),
            answered(R.DONE, 2),
            S.REFUNDED,
            id="the rest done → refunded",
        ),
        pytest.param(approved(refund()), answered(R.FAILED), S.APPROVED, id="failed → approved"),
        pytest.param(approved(refund()), answered(R.VOID), S.APPROVED, id="void → approved"),
        pytest.param(
            sale_in(S.REFUNDED, refunds=(refund(state=R.DONE),)),
            answered(R.FAILED),
            S.APPROVED,
            id="done, failed later",
        ),
        pytest.param(
            sale_in(S.REFUNDED, settled_on="2027-01-15", refunds=(refund(state=R.DONE),)),
            answered(R.FAILED),
            S.SETTLED,
            id="done after settlement, failed later → settled",
        ),
        pytest.param(
            sale_in(S.SETTLED, refunds=(refund(amount_minor=80),)),
            answered(R.DONE),
            S.PARTLY_REFUNDED,
            id="a part done after settlement → partly_refunded",
        ),
    ],
)
def test_arrow(take: Take, sale: Sale, event: RefundAnswered, state: SaleState) -> None:
    after, effects = take(sale, event)
    assert after.state is state
    assert {known.refund_id: known.state for known in after.refunds}[event.refund_id] is event.state
    assert effects == ((RaiseAlarm(AlarmKind.REFUND_FAILED),) if event.state is R.FAILED else ())
    assert after.settled_on == sale.settled_on
    assert after.intent == sale.intent  # its end is its own, not that of its refunds


@pytest.mark.parametrize("known", R)
@pytest.mark.parametrize("word", R)
def test_answers_and_events_overtake_each_other_and_an_older_word_says_nothing(
    take: Take, known: RefundState, word: RefundState
) -> None:
    newer = {
        R.QUEUED: {R.SENT, R.HELD, R.DONE, R.FAILED, R.VOID},
        R.SENT: {R.HELD, R.DONE, R.FAILED, R.VOID},
        R.HELD: {R.HELD, R.DONE, R.FAILED, R.VOID},
        R.DONE: {R.FAILED},
        R.FAILED: set(),
        R.VOID: set(),
    }
    after, _ = take(sale_in(S.APPROVED, refunds=(refund(state=known, amount_minor=80),)), answered(word))
    assert after.refunds[0].state is (word if word in newer[known] else known)


def test_a_failed_refund_may_be_asked_anew(take: Take) -> None:
    failed, _ = take(approved(refund(1)), answered(R.FAILED))
    after, effects = take(failed, asked(2))
    assert effects == (SendRefund(SECOND),)
    assert refundable_minor(after) == 0


def test_the_whole_asked_for_behind_a_part_is_the_rest_and_is_known_again_by_what_was_asked(take: Take) -> None:
    sale, _ = take(approved(), asked(1, 80))
    sale, effects = take(sale, asked(2))
    assert effects == (SendRefund(SECOND),)
    assert [(known.amount_minor, known.asked_minor) for known in sale.refunds] == [(80, 80), (1800, None)]
    for number in (2, 1):
        sale, _ = take(sale, answered(R.DONE, number))
    assert sale.state is S.REFUNDED
    sale, _ = take(sale, answered(R.FAILED, 1))
    assert (sale.state, refundable_minor(sale)) == (S.PARTLY_REFUNDED, 80)


def test_a_refund_of_another_sale_is_nobodys(take: Take) -> None:
    sale = approved(refund(1))
    assert take(sale, answered(R.DONE, 2)) == (sale, ())


# --- behind their payment ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("queued", "captured_minor", "sent"),
    [
        pytest.param((None,), 1700, [(None, R.QUEUED)], id="the whole: all that is captured"),
        pytest.param((1000,), 1700, [(1000, R.QUEUED)], id="a part within it"),
        pytest.param((1800,), 1700, [(1700, R.QUEUED)], id="a part is cut to it"),
        pytest.param((1000, 800), 1700, [(1000, R.QUEUED), (700, R.QUEUED)], id="the second part is cut"),
        pytest.param((1700, 100), 1700, [(1700, R.QUEUED), (100, R.VOID)], id="nothing left for the second: void"),
        pytest.param((1000, None), 1700, [(1000, R.QUEUED), (700, R.QUEUED)], id="the whole behind a part: the rest"),
        pytest.param((1700, None), 1700, [(1700, R.QUEUED), (None, R.VOID)], id="nothing left for the rest: void"),
    ],
)
def test_is_cut_to_what_was_captured(
    take: Take, queued: tuple[int | None, ...], captured_minor: int, sent: list[tuple[int | None, RefundState]]
) -> None:
    refunds = tuple(refund(number, amount_minor=amount) for number, amount in enumerate(queued, 1))
    stored = sale_in(S.FORWARDING, refunds=refunds)
    after, effects = take(stored, says_approved(BackendCall.FORWARD, booking=booking(total_minor=captured_minor)))
    assert [(known.amount_minor, known.state) for known in after.refunds] == sent
    assert effects == tuple(SendRefund(known.refund_id) for known in after.refunds if known.state is R.QUEUED)


# --- unanswered -------------------------------------------------------------------------------------------------------


def test_without_an_answer_is_sent_again_with_back_off(take: Take) -> None:
    sale = approved(refund(1, state=R.DONE, amount_minor=1), refund(2, state=R.SENT, amount_minor=1))
    after, effects = take(sale, NoAnswer(at=SOON, call=BackendCall.REFUND))
    assert effects == (SendRefund(SECOND, SOON + backoff_s(1, sale.sale_id)),)
    assert after.attempts == 1
    assert after.state is S.APPROVED


def test_one_alarm_after_ten_silences(take: Take) -> None:
    sale, alarms = approved(refund()), []
    for attempt in range(1, 25):
        sale, effects = take(sale, NoAnswer(at=SOON + attempt, call=BackendCall.REFUND))
        assert SendRefund(FIRST, sale.retry_at) in effects
        alarms += [attempt for effect in effects if effect == RaiseAlarm(AlarmKind.DELIVERY_FAILING)]
    assert alarms == [ALARM_AFTER_ATTEMPTS]


@pytest.mark.parametrize("state", S)
def test_a_silence_about_no_refund_changes_nothing(take: Take, state: SaleState) -> None:
    sale = sale_in(state, refunds=(refund(state=R.DONE),))
    assert take(sale, NoAnswer(at=SOON, call=BackendCall.REFUND)) == (sale, ())


def test_held_for_a_person_it_is_asked_about_and_stays_given(take: Take) -> None:
    after, effects = take(approved(refund()), answered(R.HELD))
    assert (after.refunds[0].state, after.state, effects) == (R.HELD, S.APPROVED, (SendRefund(FIRST, SOON + 60),))
    assert refundable_minor(after) == 0
    assert take(after, answered(R.HELD))[1] == (SendRefund(FIRST, SOON + 60),)
    assert take(after, Restarted(at=SOON))[1] == (SendRefund(FIRST),)
    assert take(after, answered(R.DONE))[0].state is S.REFUNDED
    refused, alarm = take(after, answered(R.FAILED))
    assert (refundable_minor(refused), alarm) == (AMOUNT_MINOR, (RaiseAlarm(AlarmKind.REFUND_FAILED),))
    assert take(after, answered(R.FAILED, refused=True)) == (refused, (RaiseAlarm(AlarmKind.REFUND_REFUSED),))


# --- done, and never asked for here -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("earlier", "amount_minor", "state", "left"),
    [
        ((), 8_80, S.PARTLY_REFUNDED, 10_00),
        ((), AMOUNT_MINOR, S.REFUNDED, 0),
        ((refund(2, state=R.DONE, amount_minor=10_00),), 8_80, S.REFUNDED, 0),
    ],
    ids=["a part", "all of it", "the rest"],
)
def test_of_another_place_the_sale_follows_with_an_alarm(
    take: Take, earlier: tuple[Refund, ...], amount_minor: int, state: SaleState, left: int
) -> None:
    event = RefundedElsewhere(at=SOON, intent_id=INTENT_ID, refund_id=FIRST, amount_minor=amount_minor)
    after, effects = take(approved(*earlier), event)
    assert (after.state, refundable_minor(after)) == (state, left)
    assert effects == (RaiseAlarm(AlarmKind.REFUNDED_ELSEWHERE),)
    assert (after.refunds[-1].elsewhere, after.refunds[-1].at) == (True, SOON)
    assert take(after, event) == (after, ())


def test_of_another_place_is_never_sent_and_may_fail_as_any_other(take: Take) -> None:
    after, _ = take(approved(), RefundedElsewhere(at=SOON, intent_id=INTENT_ID, refund_id=FIRST, amount_minor=8_80))
    assert take(after, Restarted(at=SOON))[1] == ()
    failed, effects = take(after, answered(R.FAILED))
    assert (failed.state, effects) == (S.APPROVED, (RaiseAlarm(AlarmKind.REFUND_FAILED),))


@pytest.mark.parametrize(
    ("asked_of_the_shopper", "by_minor", "owed", "left"),
    [
        pytest.param(None, 8_80, 10_00, None, id="the platform owes less"),
        pytest.param(None, AMOUNT_MINOR, 0, None, id="nothing"),
        pytest.param(DueState.OPEN, 8_80, 10_00, due(DueState.OPEN, 10_00), id="the shopper is asked for less"),
        pytest.param(DueState.OPEN, AMOUNT_MINOR, 0, due(DueState.WITHDRAWN, 0), id="for nothing any more"),
    ],
)
def test_of_another_place_it_lessens_what_is_owed_and_rings_once(
    take: Take, asked_of_the_shopper: DueState | None, by_minor: int, owed: int, left: Due | None
) -> None:
    open_due = due(asked_of_the_shopper) if asked_of_the_shopper is not None else None
    sale = sale_in(S.DECLINED_AT_SYNC, refusal=refusal(open_due, guaranteed_minor=AMOUNT_MINOR))
    event = RefundedElsewhere(at=SOON, intent_id=INTENT_ID, refund_id=FIRST, amount_minor=by_minor, lessens=True)
    after, effects = take(sale, event)
    assert after.refusal is not None
    assert (after.state, after.refusal.guaranteed_minor, after.due) == (S.DECLINED_AT_SYNC, owed, left)
    assert effects == (RaiseAlarm(AlarmKind.DECLINED_AT_SYNC), RaiseAlarm(AlarmKind.REFUNDED_ELSEWHERE))
    assert [(one.state, one.elsewhere) for one in after.refunds] == [(R.VOID, True)]
    assert take(after, event) == (after, ())


@pytest.mark.parametrize("known", [R.QUEUED, R.SENT, R.HELD, R.DONE])
def test_one_that_was_asked_for_here_is_no_other_places(take: Take, known: RefundState) -> None:
    sale = approved(refund(1, state=known, amount_minor=8_80))
    assert take(sale, RefundedElsewhere(at=SOON, intent_id=INTENT_ID, refund_id=FIRST, amount_minor=8_80)) == (sale, ())


def test_a_refund_counts_on_the_day_on_which_it_was_done(take: Take) -> None:
    """Ordered before midnight without a line, and done after it."""
    asked_late = approved(refund(1, amount_minor=8_80, at=SOON - 60))
    after, _ = take(asked_late, answered(R.DONE))
    assert after.refunds[0].at == SOON


def test_of_an_earlier_intents_payment_rings_and_changes_no_sum(take: Take) -> None:
    sale = approved()
    event = RefundedElsewhere(at=SOON, intent_id=intent(9).intent_id, refund_id=FIRST, amount_minor=8_80)
    assert take(sale, event) == (sale, (RaiseAlarm(AlarmKind.REFUNDED_ELSEWHERE),))


@pytest.mark.parametrize(
    ("amount_minor", "state"), [(8_80, S.PARTLY_REFUNDED), (AMOUNT_MINOR, S.REFUNDED)], ids=["a part", "all of it"]
)
@pytest.mark.parametrize("before", [S.PRESENTED, S.PENDING, S.UNKNOWN, S.FORWARDING])
def test_heard_before_the_approval_it_counts_once_that_is_heard(
    take: Take, before: SaleState, amount_minor: int, state: SaleState
) -> None:
    event = RefundedElsewhere(at=SOON, intent_id=INTENT_ID, refund_id=FIRST, amount_minor=amount_minor)
    told, _ = take(sale_in(before), event)
    assert told.state is before
    taken, effects = take(told, says_approved())
    [following] = [effect.event for effect in effects if isinstance(effect, Then)]
    after, rung = take(taken, following)
    assert ([step.state for step in after.history[-2:]], after.state) == ([S.APPROVED, state], state)
    assert (rung, take(after, following)) == ((), (after, ()))
    assert [(one.state, one.amount_minor) for one in after.refunds] == [(R.DONE, amount_minor)]


def test_what_is_gone_already_lessens_what_waits_for_the_approval(take: Take) -> None:
    gone = refund(2, state=R.DONE, amount_minor=AMOUNT_MINOR)
    after, effects = take(sale_in(S.FORWARDING, refunds=(refund(1), gone)), says_approved())
    assert [one.state for one in after.refunds] == [R.VOID, R.DONE]
    assert SendRefund(FIRST) not in effects


def test_an_answer_ends_the_count_of_failed_deliveries(take: Take) -> None:
    sale = sale_in(S.APPROVED, refunds=(refund(1, state=R.HELD),), attempts=ALARM_AFTER_ATTEMPTS - 1, retry_at=SOON)
    after, _ = take(sale, answered(R.HELD))
    assert (after.attempts, after.retry_at) == (0, None)
    _, effects = take(after, NoAnswer(at=SOON, call=BackendCall.REFUND))
    assert RaiseAlarm(AlarmKind.DELIVERY_FAILING) not in effects
