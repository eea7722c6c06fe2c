# SPDX-License-Identifier: Apache-2.0
"""An intent by tag and QR: the URL under which a phone pays it, while it waits for one. Source: tap protocol §3.

Online it is registered with the backend, offline the URL carries the presentation itself. From either a phone may pay
out of our sight, so each is journalled before it leaves or is shown. No tap waits for it: a sale is presented first.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from offline_queue.retries import retry_until_recorded
from pengpos.core.effects import NotNow
from pengpos.core.events import PutLeaving, UrlKnown
from pengpos.core.machine import backoff_s
from pengpos.core.machine.states import WAITING_STATES
from pengpos.core.ports import Clock
from pengpos.core.sale import Intent, Sale, SaleState, Way
from pengpos.wire.encoding.base64url import b64u
from terminal.device.recording import end_tasks, report_if_broken, set_within
from terminal.sales.open_sales import OpenSales

log = logging.getLogger(__name__)

READER_FIRST_S = 0.3  # so long the row that presents a sale may go ahead of ours; no reader, or one that is not empty
JOURNAL_RETRY_S = 5.0
URL_MOST = 700  # a QR of version 20 or less (tap protocol §3)

_BY_URL = frozenset({Way.TAG, Way.QR})


class IntentUrls:
    """Gives each waiting intent its URL. Lives on the loop.

    `register` is the gateway's `put_intent`: the URL, or None if the backend did not say. `origin`: the backend's.
    """

    def __init__(
        self,
        *,
        open_sales: OpenSales,
        register: Callable[[UUID, bytes], Awaitable[str | None]],
        origin: Callable[[], str],
        clock: Clock,
    ) -> None:
        self._open_sales = open_sales
        self._register = register
        self._origin = origin
        self._clock = clock
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._hurry = asyncio.Event()

    def armed(self, sale: Sale) -> None:
        """A sale waits for a phone from now on, or again."""
        intent = sale.intent
        if not _BY_URL & set(sale.open_ways) or intent.url is not None or intent.intent_id in self._tasks:
            return
        work = self._show(sale.sale_id, intent.intent_id)
        task = asyncio.get_running_loop().create_task(work, name=f"showing {sale.number}")
        self._tasks[intent.intent_id] = task
        task.add_done_callback(lambda _done: self._tasks.pop(intent.intent_id, None))
        task.add_done_callback(report_if_broken)

    def hurry(self) -> None:
        """The link is back: do not wait out a back-off that was meant for a dead one."""
        self._hurry.set()
        self._hurry = asyncio.Event()

    async def close(self) -> None:
        """Stop; an intent that still waits after a restart is armed, and shown, again."""
        await end_tasks(self._tasks.values())

    async def _show(self, sale_id: UUID, intent_id: UUID) -> None:
        try:
            async with asyncio.timeout(READER_FIRST_S):
                await self._open_sales.until(sale_id, lambda sale: sale.state is not SaleState.SIGNED)
        except TimeoutError:
            log.info("no field is empty: by tag and QR it may be paid all the same")
        attempts = 0
        while not await retry_until_recorded(
            partial(self._show_once, sale_id, intent_id),
            what=f"the URL of intent {intent_id}",
            every_s=JOURNAL_RETRY_S,
            pause=self._pause,
        ):
            attempts += 1
            await self._pause(backoff_s(attempts, sale_id))

    async def _show_once(self, sale_id: UUID, intent_id: UUID) -> bool:
        """True if there is nothing left to do. Raises JournalTransientError."""
        if (intent := await self._waiting(sale_id, intent_id)) is None:
            return True
        return await (self._by_backend if intent.online else self._by_fragment)(sale_id, intent)

    async def _pause(self, seconds: float) -> None:
        """Wait, unless `hurry` is called."""
        await set_within(self._hurry, seconds)

    async def _waiting(self, sale_id: UUID, intent_id: UUID) -> Intent | None:
        """The intent, if a phone is still wanted for it and it has no URL yet."""
        sale = await self._open_sales.find(sale_id)
        intent = sale.intent
        wanted = sale.state in WAITING_STATES and intent.intent_id == intent_id and intent.url is None
        return intent if wanted and self._clock.now() < intent.expires_at else None

    async def _by_backend(self, sale_id: UUID, intent: Intent) -> bool:
        """True once the URL is known, or none may be any more. Raises JournalTransientError."""
        leaving = PutLeaving(at=self._clock.now(), intent_id=intent.intent_id)
        if not await self._leave_for(sale_id, leaving):
            return True
        url = await self._register(intent.intent_id, intent.presentation)
        if url is None:
            return False
        if not _fits(url):
            log.error("the backend's URL of an intent is none that a tag or a code can carry")
            return False
        await self._open_sales.apply(sale_id, UrlKnown(at=self._clock.now(), intent_id=intent.intent_id, url=url))
        return True

    async def _by_fragment(self, sale_id: UUID, intent: Intent) -> bool:
        """The same without the backend: what is shown next carries the presentation. Raises JournalTransientError."""
        url = f"{self._origin().rstrip('/')}/t#{b64u(intent.presentation)}"
        shown = UrlKnown(at=self._clock.now(), intent_id=intent.intent_id, url=url, fragment=True)
        await self._leave_for(sale_id, shown)
        return True

    async def _leave_for(self, sale_id: UUID, event: PutLeaving | UrlKnown) -> bool:
        """Whether it may leave: journalled, and the sale has not moved on meanwhile. Raises JournalTransientError."""
        _, effects = await self._open_sales.apply(sale_id, event)
        return not any(isinstance(effect, NotNow) for effect in effects)


def _fits(url: str) -> bool:
    """Whether it is a web address of a size that fits on a tag and in a code."""
    return url.startswith(("https://", "http://")) and url.isascii() and url.isprintable() and len(url) <= URL_MOST
