# SPDX-License-Identifier: Apache-2.0
"""Lists of sales: read and rendered in short parts away from the loop, so that a tap never waits for a whole page.

Python runs one thread at a time: two hundred sales rendered in one go would keep the loop from a phone for many
milliseconds, in whichever thread. One part is under way at a time, and after each the machine is left to others.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from uuid import UUID

import msgspec

from offline_queue.port import SaleReads
from offline_queue.values import PAGE_LIMIT, SaleQuery
from pengpos.core.currencies.currency import digits
from pengpos.core.sale import Sale
from pengpos.core.times import rfc3339
from terminal.api.views import SaleViews
from terminal.device.executor import BoundedExecutor, TooManyWaitingError

LISTS_MOST = 16
PART = 10
REST_S = 0.001


@dataclass(slots=True, eq=False)
class _Page:
    """A page under way."""

    rendered: dict[UUID, msgspec.Raw] = field(default_factory=dict)
    """By sale, the newest first."""
    moved: dict[UUID, Sale] = field(default_factory=dict)
    """Sales as they have become since; of those rendered, and of any while a part is being read."""

    def add(self, part: dict[UUID, msgspec.Raw]) -> None:
        """Take the next part; what moved and is not on the page will be read as it is then."""
        self.rendered |= part
        self.moved = {sale_id: sale for sale_id, sale in self.moved.items() if sale_id in self.rendered}


class SaleLists:
    """Pages of sales and of stored payments, as JSON. Lives on the loop."""

    def __init__(self, reads: SaleReads, executor: BoundedExecutor, views: SaleViews) -> None:
        self._reads = reads
        self._executor = executor
        self._views = views
        self._turn = asyncio.Lock()
        self._pages: list[_Page] = []

    def moved(self, sale: Sale) -> None:
        """A sale is different from now on: no page says after this what it was before."""
        for page in self._pages:
            page.moved[sale.sale_id] = sale

    async def page(self, query: SaleQuery) -> tuple[Sequence[msgspec.Raw], int | None]:
        """One page of sales, the newest first, and what continues it. Raises TooManyWaitingError, JournalError.

        Parts are read one after the other; a sale that moved meanwhile is shown as it is at the end, or left out if
        its state is no longer asked for.
        """
        if len(self._pages) >= LISTS_MOST:
            raise TooManyWaitingError(f"{LISTS_MOST} lists are being read")
        page = _Page()
        self._pages.append(page)
        try:
            following = await self._read(page, query)
        finally:
            self._pages.remove(page)
        for sale_id, sale in page.moved.items():
            if sale_id not in page.rendered:
                continue  # it moved after the last part: it was not asked for
            if query.states and sale.state not in query.states:
                del page.rendered[sale_id]
            else:
                page.rendered[sale_id] = self._rendered(sale)
        return [*page.rendered.values()], following

    async def _read(self, page: _Page, query: SaleQuery) -> int | None:
        wanted, before = query.limit, query.before
        while True:
            part = replace(query, before=before, limit=min(PART, wanted))
            async with self._turn:
                found, before = await self._executor.run(partial(self._part, part))
                page.add(found)
                await asyncio.sleep(REST_S)
            wanted -= part.limit
            if before is None or not wanted:
                return before

    def _part(self, query: SaleQuery) -> tuple[dict[UUID, msgspec.Raw], int | None]:
        page = self._reads.search(query)
        return {sale.sale_id: self._rendered(sale) for sale in page.sales}, page.next

    def _rendered(self, sale: Sale) -> msgspec.Raw:
        return msgspec.Raw(msgspec.json.encode(self._views.of(sale)))

    async def queue(self) -> list[dict[str, object]]:
        """Stored payments with their state and age, the oldest first, `PAGE_LIMIT` at most. Raises JournalError."""
        return await self._executor.run(self._queue)

    def _queue(self) -> list[dict[str, object]]:
        return [
            {
                "sale_id": str(entry.sale.sale_id),
                "number": entry.sale.number,
                "state": entry.sale.state.value,
                "total": entry.sale.total.minor,
                "currency": entry.sale.amount.currency,
                "currency_digits": digits(entry.sale.amount.currency),
                "accepted_at": rfc3339(entry.accepted_at),
                "attempts": entry.sale.attempts,
                "retry_at": rfc3339(entry.sale.retry_at) if entry.sale.retry_at else None,
            }
            for entry in self._reads.queue_entries(PAGE_LIMIT)
        ]
