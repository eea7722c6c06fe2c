# SPDX-License-Identifier: Apache-2.0
"""Lists of sales: read and rendered in short parts away from the loop, so that a tap never waits for a whole page.

Python runs one thread at a time: two hundred sales rendered in one go would keep the loop from a phone for many
milliseconds, in whichever thread. One part is under way at a time, and after each the machine is left to others.
"""

import asyncio
from dataclasses import replace
from functools import partial

import msgspec

from offline_queue.port import SaleReads
from offline_queue.values import PAGE_LIMIT, SaleQuery
from pengpos.client import Language
from pengpos.core.times import rfc3339
from terminal.api.http import BadRequestError
from terminal.api.views import sale_view
from terminal.device.executor import BoundedExecutor

LISTS_MOST = 16
PART = 10
REST_S = 0.001

Rendered = list[msgspec.Raw]


class SaleLists:
    """Pages of sales and of stored payments, as JSON. Lives on the loop."""

    def __init__(self, reads: SaleReads, executor: BoundedExecutor, language: Language) -> None:
        self._reads = reads
        self._executor = executor
        self._language = language
        self._turn = asyncio.Lock()
        self._under_way = 0

    async def page(self, query: SaleQuery) -> tuple[Rendered, int | None]:
        """One page of sales, the newest first, and what continues it.

        Each part is as the journal has it then. Raises BadRequestError while too many are read, JournalError.
        """
        if self._under_way >= LISTS_MOST:
            raise BadRequestError(503, "busy", f"{LISTS_MOST} lists are being read: ask again in a moment")
        self._under_way += 1
        try:
            return await self._page(query)
        finally:
            self._under_way -= 1

    async def _page(self, query: SaleQuery) -> tuple[Rendered, int | None]:
        sales: Rendered = []
        before = query.before
        while True:
            part = replace(query, before=before, limit=min(PART, query.limit - len(sales)))
            async with self._turn:
                rendered, before = await self._executor.run(partial(self._part, part))
                await asyncio.sleep(REST_S)
            sales += rendered
            if before is None or len(sales) >= query.limit:
                return sales, before

    def _part(self, query: SaleQuery) -> tuple[Rendered, int | None]:
        page = self._reads.search(query)
        return [msgspec.Raw(msgspec.json.encode(sale_view(sale, self._language))) for sale in page.sales], page.next

    async def queue(self) -> Rendered:
        """Stored payments with their state and age, the oldest first, `PAGE_LIMIT` at most. Raises JournalError."""
        return await self._executor.run(self._queue)

    def _queue(self) -> Rendered:
        return [
            msgspec.Raw(
                msgspec.json.encode({
                    "sale_id": str(entry.sale.sale_id),
                    "number": entry.sale.number,
                    "state": entry.sale.state.value,
                    "total": entry.sale.total.minor,
                    "currency": entry.sale.amount.currency,
                    "accepted_at": rfc3339(entry.accepted_at),
                    "attempts": entry.sale.attempts,
                    "retry_at": rfc3339(entry.sale.retry_at) if entry.sale.retry_at else None,
                })
            )
            for entry in self._reads.queue_entries(PAGE_LIMIT)
        ]  # fmt: skip
