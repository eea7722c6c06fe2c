# SPDX-License-Identifier: Apache-2.0
"""One snapshot for all that changed meanwhile: a tap waits for no screen, a drain builds no thousands."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

import msgspec

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

    async def run(self, status: Callable[[], Awaitable[Status]], stale: Callable[[], bool] = lambda: False) -> None:
        """For ever: build a snapshot whenever something changed, and give it to the feed.

        While the last one is `stale` (the journal could not be read for it) look again each `LOOK_AGAIN_S`.
        """
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_S if stale() else None):
                    await self._unpublished.wait()
            self._unpublished.clear()
            self._feed.publish(await status())
            await asyncio.sleep(GAP_S)
