# SPDX-License-Identifier: Apache-2.0
"""What has become of a due: the shopper was asked to pay what was declined at sync, and pays, refuses, or need not.

Source: backend API, *Dues*. Events overtake answers and each other and come twice, so news only ever leads forward.
"""

from dataclasses import replace

from pengpos.core.effects import AlarmKind, AskBackend, RaiseAlarm
from pengpos.core.events import NoAnswer
from pengpos.core.machine._common import Outcome, answered, later, stay
from pengpos.core.sale import Due, DueState, Sale, SaleState

ASKED_MOST = 5
"""How often one question about a due is repeated. Not for ever on a dead link: its opening asks anew."""

_MAY_BECOME = {
    DueState.OPEN: frozenset({DueState.REFUSED, DueState.PAID, DueState.WITHDRAWN}),
    DueState.REFUSED: frozenset({DueState.PAID, DueState.WITHDRAWN}),
    DueState.PAID: frozenset[DueState](),
    DueState.WITHDRAWN: frozenset[DueState](),
}
"""Paid and withdrawn are for good; a refused one may still be paid, and is never asked for anew."""


def due_told(sale: Sale, due: Due) -> Outcome:
    """Keep the due as it is now, where that is news; the alarm of the sale says it in its new words."""
    if sale.state is not SaleState.DECLINED_AT_SYNC or sale.refusal is None or not _is_news(sale.refusal.due, due):
        return stay(sale)
    known = sale.refusal.due
    told = replace(sale, refusal=replace(sale.refusal, due=due))
    if known is not None and known.state is due.state:
        return told, ()
    return told, (RaiseAlarm(AlarmKind.DECLINED_AT_SYNC),)


def due_unanswered(sale: Sale, event: NoAnswer) -> Outcome:
    """Ask again with back-off what has become of a due that may still be paid, so many times."""
    if sale.state is not SaleState.DECLINED_AT_SYNC or sale.due is None or not _MAY_BECOME[sale.due.state]:
        return stay(sale)
    if sale.attempts >= ASKED_MOST:
        return answered(sale), ()
    waiting, not_before = later(sale, event.at, event.retry_after_s)
    return waiting, (AskBackend(not_before),)


def _is_news(known: Due | None, told: Due) -> bool:
    """One that was not known is; of the same state only while it may still be paid, and less: a due never grows."""
    if known is None:
        return True
    if known.state is told.state:
        return bool(_MAY_BECOME[known.state]) and told.amount_minor < known.amount_minor
    return told.state in _MAY_BECOME[known.state]
