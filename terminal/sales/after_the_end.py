# SPDX-License-Identifier: Apache-2.0
"""What says that a sale was paid which is over here is asked about once more, before it rings.

An event, or an answer that was under way, may be from before the money went back: the alarm would be false, and alarms
would be believed less. Source: local API, *Alarms*, `paid_after_cancel`.
"""

from typing import Protocol
from uuid import UUID

from pengpos.core.events import Approved, Event, NoAnswer
from pengpos.core.machine.states import OPEN_STATES, TAKEN_STATES
from pengpos.core.sale import Sale
from terminal.sales.open_sales import OpenSales


class Asks(Protocol):
    """What this asks of the gateway."""

    async def ask(self, sale: Sale) -> Event:
        """GET the intent."""


async def apply_checked(open_sales: OpenSales, backend: Asks, sale_id: UUID, event: Event) -> None:
    """Apply it, or, where it says that a sale or an intent which is over was paid, what the backend says of it now.

    Unanswered it is believed: a person looks. Raises UnknownSaleError, JournalError.
    """
    if await open_sales.apply_if(sale_id, event, lambda sale: not _paid_after_the_end(sale, event)) is not None:
        return
    assert isinstance(event, Approved)
    sale = await open_sales.find(sale_id)
    answer = await backend.ask(sale.as_of(event.intent_id))
    await open_sales.apply(sale_id, event if isinstance(answer, NoAnswer) else answer)


def _paid_after_the_end(sale: Sale, event: Event) -> bool:
    if not isinstance(event, Approved):
        return False
    if event.intent_id != sale.intent.intent_id:
        return True
    return sale.state not in OPEN_STATES | TAKEN_STATES
