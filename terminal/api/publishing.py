# SPDX-License-Identifier: Apache-2.0
"""One snapshot for all that changed meanwhile: a tap waits for no screen, a drain builds no thousands."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from offline_queue.retries import retry_until_read
from pengpos.client import AlarmView, Status
from terminal.api.feed import Feed

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

    def publish_last(self, alarms: Sequence[AlarmView]) -> None:
        """The newest snapshot again with these alarms: where a part broke, no other can be made any more."""
        if (newest := self._feed.newest) is not None:
            self._feed.publish(msgspec.structs.replace(newest, alarms=list(alarms)))

    async def run(self, status: Callable[[], Awaitable[Status]]) -> None:
        """For ever: build a snapshot whenever something changed, and give it to the feed.

        While the journal cannot be read the last one stands: a screen is no reason to end in the middle of a sale.
        """
        while True:
            await self._unpublished.wait()
            self._unpublished.clear()
            self._feed.publish(await retry_until_read(status, what="a snapshot", every_s=LOOK_AGAIN_S))
            await asyncio.sleep(GAP_S)
