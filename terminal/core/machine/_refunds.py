# SPDX-License-Identifier: Apache-2.0
"""Money on its way back: whole or part, never more than was captured, behind a payment not yet booked."""

from dataclasses import replace

from terminal.core.effects import AlarmKind, Effect, RaiseAlarm, SendRefund
from terminal.core.events import NoAnswer, RefundAnswered, RefundAsked
from terminal.core.machine._common import Outcome, alarm_if_failing, arrow, later, not_now, stay
from terminal.core.sale import TAKEN_STATES, Refund, RefundState, Sale, SaleState

_REFUNDABLE = TAKEN_STATES | {SaleState.ACCEPTED_OFFLINE, SaleState.FORWARDING}
_UNANSWERED = frozenset({RefundState.QUEUED, RefundState.SENT})
_GIVING = _UNANSWERED | {RefundState.DONE}
_FORWARD = {
    RefundState.QUEUED: frozenset(RefundState) - {RefundState.QUEUED},
    RefundState.SENT: frozenset({RefundState.DONE, RefundState.FAILED, RefundState.VOID}),
    RefundState.DONE: frozenset({RefundState.FAILED}),
    RefundState.FAILED: frozenset[RefundState](),
    RefundState.VOID: frozenset[RefundState](),
}
"""Where a refund may go from where it is: answers and events overtake each other, and an older one says nothing."""


def refundable_minor(sale: Sale) -> int:
    """What may still be given back: captured (or authorised) less all refunds that have not failed."""
    if sale.state not in _REFUNDABLE:
        return 0
    given = 0
    for refund in sale.refunds:
        if refund.state in _GIVING:
            given += sale.total.minor if refund.amount_minor is None else refund.amount_minor
    return max(0, sale.total.minor - given)


def send_refunds(sale: Sale, not_before: int | None = None) -> tuple[Effect, ...]:
    """Send every refund the backend has not yet answered for good."""
    return tuple(SendRefund(refund.refund_id, not_before) for refund in sale.refunds if refund.state in _UNANSWERED)


def booked(sale: Sale, effects: tuple[Effect, ...]) -> Outcome:
    """The payment they waited behind is booked: cut each refund to what was captured, and send them."""
    left = sale.total.minor
    refunds = []
    for refund in sale.refunds:
        part_minor = left if refund.amount_minor is None else min(refund.amount_minor, left)
        left -= part_minor
        refunds.append(_cut(refund, part_minor))
    behind = replace(sale, refunds=tuple(refunds))
    return behind, effects + send_refunds(behind)


def _cut(refund: Refund, part_minor: int) -> Refund:
    if part_minor == 0:
        return replace(refund, state=RefundState.VOID)
    return refund if refund.amount_minor is None else replace(refund, amount_minor=part_minor)


def void_all(sale: Sale) -> Sale:
    """Nothing was captured in the end: no refund of it can be."""
    return replace(sale, refunds=tuple(replace(refund, state=RefundState.VOID) for refund in sale.refunds))


def refund_asked(sale: Sale, event: RefundAsked) -> Outcome:
    """Queue a refund; refused when nothing is left to give back, or less than asked."""
    left = refundable_minor(sale)
    amount_minor = left if event.refund.amount_minor is None else event.refund.amount_minor
    if not 0 < amount_minor <= left:
        return not_now(sale)
    asked = replace(sale, refunds=(*sale.refunds, event.refund))
    return asked, (SendRefund(event.refund.refund_id),) if sale.state in TAKEN_STATES else ()


def refund_answered(sale: Sale, event: RefundAnswered) -> Outcome:
    """Keep what became of it; a failed one takes its amount back out of what counts as refunded."""
    known = {refund.refund_id: refund for refund in sale.refunds}
    if event.refund_id not in known or event.state not in _FORWARD[known[event.refund_id].state]:
        return stay(sale)
    refunds = tuple(
        replace(refund, state=event.state) if refund.refund_id == event.refund_id else refund for refund in sale.refunds
    )
    updated = replace(sale, refunds=refunds)
    alarm = (RaiseAlarm(AlarmKind.REFUND_FAILED),) if event.state is RefundState.FAILED else ()
    target = _state_after(updated)
    if target is sale.state:
        return updated, alarm
    return arrow(updated, target, event.at, f"refund {event.state}"), alarm


def refund_unanswered(sale: Sale, event: NoAnswer) -> Outcome:
    """Keep it and send it again, with back-off: a refund is owed to the shopper until the backend has answered."""
    if sale.state not in TAKEN_STATES or not send_refunds(sale):
        return stay(sale)
    waiting, not_before = later(sale, event.at, event.retry_after_s)
    return waiting, (*send_refunds(waiting, not_before), *alarm_if_failing(waiting))


def _state_after(sale: Sale) -> SaleState:
    if sale.state not in TAKEN_STATES:
        return sale.state
    back = 0
    for refund in sale.refunds:
        if refund.state is RefundState.DONE:
            back += sale.total.minor if refund.amount_minor is None else refund.amount_minor
    if back == 0:
        return SaleState.SETTLED if sale.settled_on else SaleState.APPROVED
    return SaleState.REFUNDED if back >= sale.total.minor else SaleState.PARTLY_REFUNDED
