# SPDX-License-Identifier: Apache-2.0
"""Which calls of the local API fit a sale's state. Source: local API, state table; a test holds it against `step`."""

from typing import Final

from pengpos.core.confirmation import CODE_TRIES
from pengpos.core.machine import refundable_minor
from pengpos.core.machine.states import RETRIABLE_STATES
from pengpos.core.sale import Sale, SaleState

WHILE_SELLING: Final = frozenset({"again", "accept-offline", "confirmation-code", "refunds"})
"""What a terminal that must not sell refuses (local API, `terminal_locked`, `terminal_revoked`)."""

_CODE_STATES: Final = frozenset({
    SaleState.SIGNED, SaleState.PRESENTED, SaleState.PENDING, SaleState.CANCELLING,
})  # fmt: skip


def takes_codes(sale: Sale) -> bool:
    """Whether there can be a confirmation code, and the sale's state takes it, however many were wrong.

    A page shows one only where it was opened from the URL that carries the whole intent, signed offline.
    """
    if not sale.intent.fragment_shown:
        return False
    return sale.state in _CODE_STATES and not (sale.cancel and sale.cancel.sent)


def allowed_calls(sale: Sale, *, may_sell: bool = True) -> list[str]:
    """The calls of the local API that fit the sale's state now, of a terminal that may sell or must not."""
    calls: list[str] = []
    if sale.state in RETRIABLE_STATES or (sale.state is SaleState.PRESENTED and sale.refusal is not None):
        calls.append("again")
    if sale.state is SaleState.PENDING and not sale.parked:
        calls.append("park")
    if sale.state in {SaleState.SIGNED, SaleState.PRESENTED, SaleState.PENDING, SaleState.UNKNOWN}:
        calls.append("cancel")
    if sale.state is SaleState.UNKNOWN and sale.authorised and sale.authorised.offline_allowed:
        calls.append("accept-offline")
    if takes_codes(sale) and sale.wrong_codes < CODE_TRIES:
        calls.append("confirmation-code")
    if refundable_minor(sale) > 0:
        calls.append("refunds")
    return calls if may_sell else [call for call in calls if call not in WHILE_SELLING]
