# SPDX-License-Identifier: Apache-2.0
"""Money on its way back: whole or part, never more than was captured, behind a payment not yet booked."""

from dataclasses import replace

from pengpos.core.effects import AlarmKind, Effect, RaiseAlarm, SendRefund, Then
from pengpos.core.events import NoAnswer, RefundAnswered, RefundAsked, RefundedElsewhere
from pengpos.core.machine._common import (
    HELD_ASK_EVERY_S,
    Outcome,
    alarm_if_failing,
    answered,
    arrow,
    later,
    not_now,
    stay,
)
from pengpos.core.machine._dues import due_told
from pengpos.core.machine.states import SOLD_STATES, TAKEN_STATES
from pengpos.core.sale import Due, DueState, Refund, RefundState, Sale, SaleState

_JUDGED = TAKEN_STATES | {SaleState.DECLINED_AT_SYNC}
"""The backend knows the payment: a refund need not wait behind it."""
_UNANSWERED = frozenset({RefundState.QUEUED, RefundState.SENT, RefundState.HELD})
_GIVING = _UNANSWERED | {RefundState.DONE}
_MAY_BECOME = {
    RefundState.QUEUED: frozenset(RefundState) - {RefundState.QUEUED},
    RefundState.SENT: frozenset({RefundState.HELD, RefundState.DONE, RefundState.FAILED, RefundState.VOID}),
    RefundState.HELD: frozenset({RefundState.HELD, RefundState.DONE, RefundState.FAILED, RefundState.VOID}),
    RefundState.DONE: frozenset({RefundState.FAILED}),
    RefundState.FAILED: frozenset[RefundState](),
    RefundState.VOID: frozenset[RefundState](),
}
"""Where a refund may go from where it is: answers and events overtake each other, and an older one says nothing."""


def refundable_minor(sale: Sale) -> int:
    """What may still be given back: captured (or authorised, or due) less all refunds that have not failed."""
    return max(0, _at_most_minor(sale) - _sum_minor(sale, _GIVING))


def _sum_minor(sale: Sale, states: frozenset[RefundState]) -> int:
    """What its refunds in these states come to; a whole one is all of it."""
    return sum(_amount_minor(sale, refund) for refund in sale.refunds if refund.state in states)


def _amount_minor(sale: Sale, refund: Refund) -> int:
    return sale.total.minor if refund.amount_minor is None else refund.amount_minor


def _at_most_minor(sale: Sale) -> int:
    """Of a payment declined at sync: its due, which a refund lessens before it is paid and gives back after.

    Where no shopper was asked, what the platform owes for it: a refund lessens that (backend API, refunds).
    """
    if sale.state is SaleState.DECLINED_AT_SYNC:
        refusal = sale.refusal
        if refusal is None or refusal.due is None:
            return refusal.guaranteed_minor if refusal is not None else 0
        return 0 if refusal.due.state is DueState.WITHDRAWN else refusal.due.amount_minor
    return sale.total.minor if sale.state in SOLD_STATES else 0


def send_refunds(sale: Sale, not_before: int | None = None) -> tuple[Effect, ...]:
    """Send every refund the backend has not yet answered for good."""
    return tuple(SendRefund(refund.refund_id, not_before) for refund in sale.refunds if refund.state in _UNANSWERED)


def judged(sale: Sale, effects: tuple[Effect, ...]) -> Outcome:
    """The payment they waited behind is judged: cut each refund to what was captured, or is due, and send them."""
    behind = replace(sale, refunds=())
    for number, refund in enumerate(sale.refunds, 1):
        ahead = tuple(later for later in sale.refunds[number:] if later.state is RefundState.DONE)  # gone already
        cut = _cut(refund, replace(behind, refunds=(*behind.refunds, *ahead)))
        behind = replace(behind, refunds=(*behind.refunds, cut))
    return behind, effects + send_refunds(behind)


def _cut(refund: Refund, sale: Sale) -> Refund:
    """At most what is left. A whole one behind others becomes the rest: it must not matter which arrives first."""
    if refund.state not in _UNANSWERED:
        return refund
    left = refundable_minor(sale)
    if left == 0:
        return replace(refund, state=RefundState.VOID)
    if refund.amount_minor is None:
        return replace(refund, amount_minor=None if left == sale.total.minor else left)
    return replace(refund, amount_minor=min(refund.amount_minor, left))


def void_all(sale: Sale) -> Sale:
    """Nothing was captured in the end: no refund of it can be."""
    return replace(sale, refunds=tuple(replace(refund, state=RefundState.VOID) for refund in sale.refunds))


def refund_asked(sale: Sale, event: RefundAsked) -> Outcome:
    """Queue a refund; refused when nothing is left to give back, or less than asked."""
    left = refundable_minor(sale)
    amount_minor = left if event.refund.amount_minor is None else event.refund.amount_minor
    if not 0 < amount_minor <= left:
        return not_now(sale)
    asked = replace(event.refund, asked_minor=event.refund.amount_minor)
    if sale.state not in _JUDGED:
        return replace(sale, refunds=(*sale.refunds, asked)), ()
    return replace(sale, refunds=(*sale.refunds, _cut(asked, sale))), (SendRefund(asked.refund_id),)


def refund_answered(sale: Sale, event: RefundAnswered) -> Outcome:
    """Keep what became of it; a failed one takes its amount back out of what counts as refunded."""
    known = {refund.refund_id: refund for refund in sale.refunds}.get(event.refund_id)
    if known is None or event.state not in _MAY_BECOME[known.state]:
        return stay(sale)
    at = event.at if event.state is RefundState.DONE else known.at  # it counts on the day on which it was done
    became = replace(known, state=event.state, at=at)
    refunds = tuple(became if refund.refund_id == event.refund_id else refund for refund in sale.refunds)
    updated = answered(replace(sale, refunds=refunds))
    effects: tuple[Effect, ...] = ()
    if event.state is RefundState.HELD:
        effects = (SendRefund(event.refund_id, event.at + HELD_ASK_EVERY_S),)
    if event.state is RefundState.FAILED:
        effects = (RaiseAlarm(AlarmKind.REFUND_REFUSED if event.refused else AlarmKind.REFUND_FAILED),)
    if event.state is RefundState.VOID and sale.state is SaleState.DECLINED_AT_SYNC:
        return _lessened(updated, _amount_minor(sale, known))
    target = _state_after(updated)
    if target is sale.state:
        return updated, effects
    return arrow(updated, target, event.at, f"refund {event.state}"), effects


def refunded_elsewhere(sale: Sale, event: RefundedElsewhere) -> Outcome:
    """Keep a refund that this terminal never asked for, once, with an alarm: what is gone is gone."""
    known = {refund.refund_id: refund for refund in sale.refunds}.get(event.refund_id)
    if known is not None:
        return _following(sale, event.at) if known.elsewhere else stay(sale)
    if event.amount_minor <= 0:
        return stay(sale)
    refund = Refund(
        refund_id=event.refund_id,
        idempotency_key="",  # no caller's: theirs have at least one character
        amount_minor=event.amount_minor,
        reason="not asked for here",
        asked_minor=event.amount_minor,
        state=RefundState.VOID if event.lessens else RefundState.DONE,
        at=event.at,
        elsewhere=True,
    )
    updated = replace(sale, refunds=(*sale.refunds, refund))
    ring = RaiseAlarm(AlarmKind.REFUNDED_ELSEWHERE)
    if event.lessens:
        after, _ = _lessened(updated, event.amount_minor)
        stale = sale.state is SaleState.DECLINED_AT_SYNC  # what stands on the screen of what is owed
        return after, (RaiseAlarm(AlarmKind.DECLINED_AT_SYNC), ring) if stale else (ring,)
    after, _ = _following(updated, event.at)
    return after, (ring,)


def _following(sale: Sale, at: int) -> Outcome:
    target = _state_after(sale)
    return stay(sale) if target is sale.state else (arrow(sale, target, at, "refunded elsewhere"), ())


def _lessened(sale: Sale, by_minor: int) -> Outcome:
    """A void refund took its amount off what the platform owes, and off the due; at nothing that is withdrawn.

    The due is held against what all void ones leave of the payment: the backend may have sent it anew
    before this answer.
    """
    refusal = sale.refusal
    if refusal is None:
        return stay(sale)
    sale = replace(sale, refusal=replace(refusal, guaranteed_minor=max(0, refusal.guaranteed_minor - by_minor)))
    if refusal.due is None:
        return stay(sale)
    left = max(0, sale.total.minor - _sum_minor(sale, frozenset({RefundState.VOID})))
    return due_told(sale, Due(state=refusal.due.state if left else DueState.WITHDRAWN, amount_minor=left))


def refund_unanswered(sale: Sale, event: NoAnswer) -> Outcome:
    """Keep it and send it again, with back-off: a refund is owed to the shopper until the backend has answered."""
    if sale.state not in _JUDGED or not send_refunds(sale):
        return stay(sale)
    waiting, not_before = later(sale, event.at, event.retry_after_s)
    return waiting, (*send_refunds(waiting, not_before), *alarm_if_failing(waiting))


def heard_before_the_approval(sale: Sale, at: int) -> tuple[Effect, ...]:
    """What has a sale just approved follow a refund of another place that was heard of before the approval."""
    gone = next((one for one in sale.refunds if one.elsewhere and one.state is RefundState.DONE), None)
    if gone is None or gone.amount_minor is None or _state_after(sale) is sale.state:
        return ()
    intent_id, amount_minor = sale.intent.intent_id, gone.amount_minor
    heard = RefundedElsewhere(at=at, intent_id=intent_id, refund_id=gone.refund_id, amount_minor=amount_minor)
    return (Then(heard),)


def _state_after(sale: Sale) -> SaleState:
    if sale.state not in TAKEN_STATES:
        return sale.state
    back = _sum_minor(sale, frozenset({RefundState.DONE}))
    if back == 0:
        return SaleState.SETTLED if sale.settled_on else SaleState.APPROVED
    return SaleState.REFUNDED if back >= sale.total.minor else SaleState.PARTLY_REFUNDED
