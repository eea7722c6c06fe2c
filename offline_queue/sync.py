# SPDX-License-Identifier: Apache-2.0
"""The one drainer: takes stored payments to the backend in batches and brings verdicts back.

Source: local API, `accepted_offline` and `forwarding`; backend API, `POST /payments/batch`. Each payment goes out at
most `BATCH_MOST` together, oldest first, and those of one wallet key in the order in which they were made. A batch is
two commits: that they leave, and what came of them. Back-off is kept in the rows; a poisoned item waits alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol
from uuid import UUID

from offline_queue.port import JournalPort
from offline_queue.retries import Trouble, retry_until_read, retry_until_recorded
from pengpos.core.events import Event, ForwardLeaving, NoAnswer
from pengpos.core.ports import Clock
from pengpos.core.sale import Sale, SaleState

BATCH_MOST = 200
LOOK_AT_MOST = 5_000
LOOK_EVERY_S = 5.0
JOURNAL_RETRY_S = 2.0
WAIT_MOST_S = 3_600  # a back-off is never longer: a later time was that of a clock that has since been set back
LEASE = "drainer"


class Deliverer(Protocol):
    """The road to the backend."""

    async def forward(self, sales: Sequence[Sale]) -> list[Event]:
        """One event for each payment, in the same order; `NoAnswer` where there was none."""


ApplyAll = Callable[[Sequence[tuple[UUID, Event]]], Awaitable[object]]
"""`OpenSales.apply_all`: all these events in one commit. Raises JournalTransientError."""


class Drainer:
    """Drains while the link is up. `run` holds the lease as long as it lasts; lives on the loop."""

    def __init__(
        self,
        *,
        journal: JournalPort,
        deliverer: Deliverer,
        apply_all: ApplyAll,
        clock: Clock,
        link_up: Callable[[], bool],
        trouble: Trouble = lambda _error: None,
    ) -> None:
        """`trouble` is called with what keeps the queue from being read, and with None once it is read again."""
        self._journal = journal
        self._deliverer = deliverer
        self._apply_all = apply_all
        self._clock = clock
        self._link_up = link_up
        self._trouble = trouble
        self._woken = asyncio.Event()
        self._hurried = False

    def wake(self) -> None:
        """There may be something to send."""
        self._woken.set()

    def hurry(self) -> None:
        """Sync now, or the link is back: back-offs meant for a dead link do not count."""
        self._hurried = True
        self._woken.set()

    async def run(self) -> None:
        """Drain for ever. Raises JournalBusyError if another drainer holds the lease."""
        with self._journal.lease(LEASE):
            while True:
                self._woken.clear()
                await retry_until_recorded(self._drain_if_up, what="payments that leave", every_s=JOURNAL_RETRY_S)
                try:  # not wait_for: before Python 3.12 it swallows a cancellation that meets the event
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self._woken.wait()
                except TimeoutError:
                    continue

    async def _drain_if_up(self) -> None:
        if self._link_up():
            await self.drain()

    async def drain(self) -> None:
        """Batch after batch until nothing is due or the link says no. While the queue cannot be read it looks again.

        Raises JournalTransientError if it cannot be recorded that a batch leaves: what is due stays. Until it is,
        nothing of the batch leaves; from then on its verdicts are kept.
        """
        while batch := await self._read_due():
            self._hurried = False
            leaving: list[tuple[UUID, Event]] = [(sale.sale_id, ForwardLeaving(at=self._clock.now())) for sale in batch]
            await self._apply_all(leaving)
            verdicts = await self._deliverer.forward(batch)
            await self._keep(list(zip((sale.sale_id for sale in batch), verdicts, strict=True)))
            if all(isinstance(verdict, NoAnswer) for verdict in verdicts):
                return

    async def _read_due(self) -> list[Sale]:
        find = partial(asyncio.to_thread, self.due)
        return await retry_until_read(find, what="payments that wait", every_s=JOURNAL_RETRY_S, trouble=self._trouble)

    def due(self) -> list[Sale]:
        """The next batch: oldest first; nothing overtakes an earlier payment of the same wallet key."""
        batch = self._due_of(BATCH_MOST)
        if not batch:  # what is oldest may wait out its back-off; what is younger need not wait with it
            batch = self._due_of(LOOK_AT_MOST)
        return batch[:BATCH_MOST]

    def _due_of(self, oldest: int) -> list[Sale]:
        now = self._clock.now()
        batch: list[Sale] = []
        waiting_keys: set[bytes] = set()
        for entry in self._journal.queue_entries(limit=oldest):
            sale = entry.sale
            kid = sale.authorised.wallet_kid if sale.authorised is not None else b""
            waits = sale.retry_at is not None and now < sale.retry_at <= now + WAIT_MOST_S and not self._hurried
            if sale.state is not SaleState.ACCEPTED_OFFLINE or waits or kid in waiting_keys:
                waiting_keys.add(kid)
            else:
                batch.append(sale)
        return batch

    async def _keep(self, verdicts: Sequence[tuple[UUID, Event]]) -> None:
        """Verdicts are money: while the journal takes nothing they are held and tried again."""
        what = f"verdicts of {len(verdicts)} payments"
        await retry_until_recorded(partial(self._apply_all, verdicts), what=what, every_s=JOURNAL_RETRY_S)
