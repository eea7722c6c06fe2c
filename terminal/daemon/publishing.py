# SPDX-License-Identifier: Apache-2.0
"""One snapshot for all that changed meanwhile: a tap waits for no screen, a drain builds no thousands."""

import asyncio
from collections.abc import Awaitable, Callable

from terminal.client import Status
from terminal.daemon.feed import Feed

GAP_S = 0.01


class Publisher:
    """Lives on the loop."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._unpublished = asyncio.Event()

    def changed(self) -> None:
        """Something that a screen shows is different."""
        self._unpublished.set()

    async def run(self, status: Callable[[], Awaitable[Status]]) -> None:
        """For ever: build a snapshot whenever something changed, and give it to the feed."""
        while True:
            await self._unpublished.wait()
            self._unpublished.clear()
            self._feed.publish(await status())
            await asyncio.sleep(GAP_S)
