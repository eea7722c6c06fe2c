# SPDX-License-Identifier: Apache-2.0
"""One snapshot for all that changed meanwhile: a tap waits for no screen, a drain builds no thousands."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from pengpos.client import Status
from pengpos.core.errors import JournalFullError
from terminal.api.feed import Feed

log = logging.getLogger(__name__)

GAP_S = 0.01
LOOK_AGAIN_S = 1.0


class Publisher:
    """Lives on the loop."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._unpublished = asyncio.Event()

    def changed(self) -> None:
        """Something that a screen shows is different."""
        self._unpublished.set()

    async def run(self, status: Callable[[], Awaitable[Status]]) -> None:
        """For ever: build a snapshot whenever something changed, and give it to the feed.

        While the journal cannot be read the last one stands: a screen is no reason to end in the middle of a sale.
        """
        while True:
            await self._unpublished.wait()
            self._unpublished.clear()
            try:
                self._feed.publish(await status())
            except JournalFullError as error:
                log.error("no snapshot: %s", error)
                self._unpublished.set()
                await asyncio.sleep(LOOK_AGAIN_S)
            await asyncio.sleep(GAP_S)
