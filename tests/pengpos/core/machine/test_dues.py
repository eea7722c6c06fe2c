# SPDX-License-Identifier: Apache-2.0
"""What has become of a due: kept in `declined_at_sync` and nowhere else, only ever forward, and said by the alarm."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import TypeAlias

import pytest

from pengpos.core.effects import AlarmKind, AskBackend, RaiseAlarm, SendRefund
from pengpos.core.events import BackendCall, Event, NoAnswer, RefundAnswered, RefundAsked, Restarted
from pengpos.core.machine import Outcome, backoff_s, durably_different, refundable_minor
from pengpos.core.machine._dues import ASKED_MOST
from pengpos.core.sale import DueState, Refund, RefundState, Sale, SaleState
from workshop.samples.sales import (
    AMOUNT_MINOR,
    HEARD_AT,
    NOON,
    due,
    intent,
    refund,
    refusal,
    sale_in,
    says_declined,
    says_due,
)

Take: TypeAlias = Callable[[Sale, Event], Outcome]

S, D, R = SaleState, DueState, RefundState
SOON = NOON + 90
ALARM = RaiseAlarm(AlarmKind.DECLINED_AT_SYNC)
LESS = AMOUNT_MINOR - 80
UNANSWERED = NoAnswer(at=SOON, call=BackendCall.QUESTION)


def declined(state: DueState | None, amount_minor: int = AMOUNT_MINOR, **changes: object) -> Sale:
    """Declined at sync, with a due in this state, or with none."""
    left = due(state, amount_minor) if state is not None else None
    return sale_in(S.DECLINED_AT_SYNC, refusal=refusal(left), **changes)


MAY_BECOME = {
    None: {D.OPEN, D.REFUSED, D.PAID, D.WITHDRAWN},
    D.OPEN: {D.REFUSED, D.PAID, D.WITHDRAWN},
    D.REFUSED: {D.PAID, D.WITHDRAWN},
    D.PAID: set[DueState](),
    D.WITHDRAWN: set[DueState](),
}


@pytest.mark.parametrize("told", D)
@pytest.mark.parametrize("known", MAY_BECOME)
def test_news_leads_forward_and_rings_and_all_else_says_nothing(
    take: Take, known: DueState | None, told: DueState
) -> None:
    sale = declined(known)
    after, effects = take(sale, says_due(told))
    if told in MAY_BECOME[known]:
        assert after == replace(sale, refusal=refusal(due(told)))
        assert effects == (ALARM,)
        assert durably_different(sale, after)
        assert take(after, says_due(told)) == (after, ())
    else:
        assert (after, effects) == (sale, ())
        assert not durably_different(sale, after)


@pytest.mark.parametrize(
    ("state", "before", "told", "kept"),
    [
        pytest.param(D.OPEN, AMOUNT_MINOR, LESS, LESS, id="a part was given back"),
        pytest.param(D.OPEN, LESS, AMOUNT_MINOR, LESS, id="told late: from before a part was given back"),
        pytest.param(D.REFUSED, AMOUNT_MINOR, LESS, LESS, id="refused, and a part was given back"),
        pytest.param(D.PAID, AMOUNT_MINOR, LESS, AMOUNT_MINOR, id="paid is paid"),
    ],
)
def test_a_due_only_grows_less_and_nobody_is_rung_for_it(
    take: Take, state: DueState, before: int, told: int, kept: int
) -> None:
    after, effects = take(declined(state, before), says_due(state, told))
    assert (after, effects) == (declined(state, kept), ())


@pytest.mark.parametrize(("state", "told"), [*product([s for s in S if s is not S.DECLINED_AT_SYNC], D)])
def test_elsewhere_it_says_nothing(take: Take, state: SaleState, told: DueState) -> None:
    for sale in (sale_in(state), sale_in(state, refusal=refusal())):
        assert take(sale, says_due(told)) == (sale, ())


@pytest.mark.parametrize("told", D)
def test_of_another_intent_it_says_nothing(take: Take, told: DueState) -> None:
    sale = declined(D.OPEN)
    assert take(sale, says_due(told, intent_id=intent(2).intent_id)) == (sale, ())


def test_without_a_refusal_there_is_nothing_to_keep_it_in(take: Take) -> None:
    sale = sale_in(S.DECLINED_AT_SYNC)
    assert take(sale, says_due(D.PAID)) == (sale, ())


@pytest.mark.parametrize("call", [None, BackendCall.QUESTION], ids=["an event", "a question's answer"])
def test_the_intents_own_news_says_it_too(take: Take, call: BackendCall | None) -> None:
    after, effects = take(declined(D.OPEN), says_declined(call, refusal=refusal(due(D.PAID), code="another")))
    assert (after, effects) == (declined(D.PAID), (ALARM,))


# --- the decline that asks for it -------------------------------------------------------------------------------------


def test_the_drainers_no_brings_it_and_what_came_meanwhile_is_asked_for(take: Take) -> None:
    sale = sale_in(S.FORWARDING)
    early, effects = take(sale, says_due(D.PAID))  # the event overtakes the answer of the batch
    assert (early, effects) == (sale, ())
    after, effects = take(early, says_declined(BackendCall.FORWARD, refusal=refusal(due())))
    assert (after.state, after.refusal) == (S.DECLINED_AT_SYNC, refusal(due()))
    assert effects == (ALARM, AskBackend(HEARD_AT + 5))


@pytest.mark.parametrize("state", [D.OPEN, D.REFUSED])
def test_a_question_about_it_that_nobody_answered_is_asked_again_so_many_times(take: Take, state: DueState) -> None:
    sale = declined(state)
    for attempt in range(1, ASKED_MOST + 1):
        sale, effects = take(sale, UNANSWERED)
        assert effects == (AskBackend(SOON + backoff_s(attempt, sale.sale_id)),)
        assert sale.retry_at == SOON + backoff_s(attempt, sale.sale_id)
    assert take(sale, UNANSWERED) == (declined(state), ())  # the link's opening asks anew, and as often


def test_an_answer_ends_the_count_and_whoever_said_to_come_later_is_obeyed(take: Take) -> None:
    waiting, effects = take(declined(D.OPEN), replace(UNANSWERED, retry_after_s=45))
    assert effects == (AskBackend(SOON + 45),)
    assert take(waiting, says_declined(BackendCall.QUESTION, refusal=refusal(due()))) == (declined(D.OPEN), ())
    after, _ = take(waiting, says_declined(BackendCall.QUESTION, refusal=refusal(due(D.PAID))))
    assert after == declined(D.PAID)


@pytest.mark.parametrize("state", [None, D.PAID, D.WITHDRAWN])
def test_what_is_over_is_not_asked_about_again(take: Take, state: DueState | None) -> None:
    assert take(declined(state), UNANSWERED) == (declined(state), ())


# --- refunds of it ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("queued", "sent"),
    [
        pytest.param(refund(), refund(), id="the whole"),
        pytest.param(refund(amount_minor=80), refund(amount_minor=80), id="a part"),
    ],
)
def test_what_was_given_back_before_leaves_and_lessens_it(take: Take, queued: object, sent: object) -> None:
    answer = says_declined(BackendCall.FORWARD, refusal=refusal(due()))
    after, effects = take(sale_in(S.FORWARDING, refunds=(queued,)), answer)
    assert after.refunds == (sent,)
    assert effects == (ALARM, AskBackend(HEARD_AT + 5), SendRefund(refund().refund_id))
    assert take(after, Restarted(at=SOON)) == (after, (SendRefund(refund().refund_id),))
    void, effects = take(after, RefundAnswered(at=SOON, refund_id=refund().refund_id, state=R.VOID))
    assert (void.state, void.refunds[0].state) == (S.DECLINED_AT_SYNC, R.VOID)
    whole = sent == refund()
    assert void.refusal == refusal(due(D.WITHDRAWN, 0) if whole else due(D.OPEN, LESS))
    assert effects == ((ALARM,) if whole else ())


@pytest.mark.parametrize("guaranteed_minor", [AMOUNT_MINOR, LESS])
def test_where_nobody_is_asked_it_lessens_what_the_platform_owes(take: Take, guaranteed_minor: int) -> None:
    borne = refusal(borne_by="platform", guaranteed_minor=guaranteed_minor)
    after, effects = take(sale_in(S.FORWARDING, refunds=(refund(),)), says_declined(BackendCall.FORWARD, refusal=borne))
    assert after.refunds == (refund(amount_minor=None if guaranteed_minor == AMOUNT_MINOR else guaranteed_minor),)
    assert effects == (ALARM, SendRefund(refund().refund_id))
    assert refundable_minor(sale_in(S.DECLINED_AT_SYNC, refusal=borne)) == guaranteed_minor


PART = refund(amount_minor=80)
ANSWERED_VOID = RefundAnswered(at=SOON, refund_id=PART.refund_id, state=R.VOID)
GIVEN_BEFORE = refund(2, amount_minor=1000, state=R.VOID)


@pytest.mark.parametrize(
    ("state", "amount_minor", "earlier", "left"),
    [
        pytest.param(D.OPEN, AMOUNT_MINOR, (), (D.OPEN, LESS), id="open"),
        pytest.param(D.REFUSED, AMOUNT_MINOR, (), (D.REFUSED, LESS), id="refused"),
        pytest.param(D.OPEN, 880, (GIVEN_BEFORE,), (D.OPEN, 800), id="the second part"),
        pytest.param(D.OPEN, LESS, (), (D.OPEN, LESS), id="told so before its answer came: not twice"),
        pytest.param(D.OPEN, 80, (replace(GIVEN_BEFORE, amount_minor=LESS),), (D.WITHDRAWN, 0), id="all that was left"),
        pytest.param(D.PAID, LESS, (), (D.PAID, LESS), id="paid meanwhile: what is left of it"),
        pytest.param(D.WITHDRAWN, LESS, (), (D.WITHDRAWN, LESS), id="withdrawn meanwhile"),
    ],
)
def test_a_void_refund_has_lessened_it_though_nobody_told(
    take: Take, state: DueState, amount_minor: int, earlier: tuple[Refund, ...], left: tuple[DueState, int]
) -> None:
    sale = declined(state, amount_minor, refunds=(*earlier, PART))
    after, effects = take(sale, ANSWERED_VOID)
    assert after.refusal == refusal(due(*left))
    assert effects == ((ALARM,) if left[0] is not state else ())
    assert take(after, ANSWERED_VOID) == (after, ())
    assert take(after, says_due(*left)) == (after, ())


@pytest.mark.parametrize("owed_minor", [AMOUNT_MINOR, 50])
def test_a_void_refund_has_lessened_what_the_platform_owes(take: Take, owed_minor: int) -> None:
    borne = refusal(borne_by="platform", guaranteed_minor=owed_minor)
    after, effects = take(sale_in(S.DECLINED_AT_SYNC, refusal=borne, refunds=(PART,)), ANSWERED_VOID)
    assert effects == ()
    assert after.refusal == replace(borne, guaranteed_minor=max(0, owed_minor - 80))
    assert refundable_minor(after) == max(0, owed_minor - 80)


@pytest.mark.parametrize(
    ("state", "refunds", "left"),
    [
        pytest.param(None, (), 0, id="nobody is asked"),
        pytest.param(D.OPEN, (), AMOUNT_MINOR, id="open: the till may call it off"),
        pytest.param(D.REFUSED, (), AMOUNT_MINOR, id="refused"),
        pytest.param(D.PAID, (), AMOUNT_MINOR, id="paid: it may be given back"),
        pytest.param(D.PAID, (refund(amount_minor=80, state=R.DONE),), LESS, id="a part of it was"),
        pytest.param(D.OPEN, (refund(amount_minor=80, state=R.QUEUED),), LESS, id="a part is on its way"),
        pytest.param(D.WITHDRAWN, (), 0, id="withdrawn"),
    ],
)
def test_what_may_be_given_back(take: Take, state: DueState | None, refunds: tuple[object, ...], left: int) -> None:
    sale = declined(state, refunds=refunds)
    assert refundable_minor(sale) == left
    asked = refund(9, amount_minor=left or 1)
    after, effects = take(sale, RefundAsked(at=SOON, refund=asked))
    if left:
        assert after.refunds[-1] == replace(asked, asked_minor=left)
        assert effects == (SendRefund(asked.refund_id),)
    else:
        assert after == sale
