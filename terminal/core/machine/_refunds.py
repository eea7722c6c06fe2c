# SPDX-License-Identifier: Apache-2.0
"""Money on its way back: whole or part, never more than was captured, behind a payment not yet booked."""

from dataclasses import replace

from terminal.core.effects import AlarmKind, NotNow, RaiseAlarm, SendRefund
from terminal.core.events import RefundAnswered, RefundAsked
from terminal.core.machine._common import Outcome, arrow, stay
from terminal.core.sale import TAKEN_STATES, Refund, RefundState, Sale, SaleState

_REFUNDABLE = TAKEN_STATES | {SaleState.ACCEPTED_OFFLINE, SaleState.FORWARDING}
_GIVING = frozenset({RefundState.QUEUED, RefundState.SENT, RefundState.DONE})


def refundable_minor(sale: Sale) -> int:
    """What may still be given back: captured (or authorised) less all refunds that have not failed."""
    if sale.state not in _REFUNDABLE:
        return 0
    given = 0
    for refund in sale.refunds:
        if refund.state in _GIVING:
            given += sale.total.minor if refund.amount_minor is None else refund.amount_minor
    return max(0, sale.total.minor - given)


def queued(sale: Sale) -> tuple[Refund, ...]:
    """The refunds that still have to be sent."""
    return tuple(refund for refund in sale.refunds if refund.state is RefundState.QUEUED)


def void_all(sale: Sale) -> Sale:
    """Nothing was captured in the end: no refund of it can be."""
    return replace(sale, refunds=tuple(replace(refund, state=RefundState.VOID) for refund in sale.refunds))


def refund_asked(sale: Sale, event: RefundAsked) -> Outcome:
    """Queue a refund; refused when nothing is left to give back, or less than asked."""
    left = refundable_minor(sale)
    if left == 0 or (event.refund.amount_minor or 0) > left:
        return sale, (NotNow(sale.state),)
    asked = replace(sale, refunds=(*sale.refunds, event.refund))
    return asked, (SendRefund(event.refund.refund_id),) if sale.state in TAKEN_STATES else ()


def refund_answered(sale: Sale, event: RefundAnswered) -> Outcome:
    """Keep what became of it; a failed one takes its amount back out of what counts as refunded."""
    known = {refund.refund_id: refund for refund in sale.refunds}
    if event.refund_id not in known or known[event.refund_id].state is event.state:
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
