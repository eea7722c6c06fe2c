# SPDX-License-Identifier: Apache-2.0
"""What has become of a due: the shopper was asked to pay what was declined at sync, and pays, refuses, or need not.

Ours, beyond the pages. Events overtake answers and each other and come twice, so news only ever leads forward.
"""

from dataclasses import replace

from terminal.core.effects import AlarmKind, RaiseAlarm
from terminal.core.machine._common import Outcome, stay
from terminal.core.sale import Due, DueState, Sale, SaleState

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


def _is_news(known: Due | None, told: Due) -> bool:
    """One that was not known is; of the same state only while it may still be paid, and less: a due never grows."""
    if known is None:
        return True
    if known.state is told.state:
        return bool(_MAY_BECOME[known.state]) and told.amount_minor < known.amount_minor
    return told.state in _MAY_BECOME[known.state]
