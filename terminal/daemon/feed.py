# SPDX-License-Identifier: Apache-2.0
"""Who wants to know: fans one newest snapshot out to every listener of `/v1/events`.

A listener that reads slowly misses what was overtaken, never the newest: each event is a whole snapshot.
"""

import asyncio
from collections.abc import AsyncIterator

from terminal.client import Status

HEARTBEAT_S = 10.0
LISTENERS_MOST = 32


class TooManyListenersError(Exception):
    """More programs follow the events than the device will serve."""


class Feed:
    """The newest status with its id; `follow` yields it and every later one. Used on the loop only."""

    def __init__(self) -> None:
        self._event_id = 0
        self._status: Status | None = None
        self._changed: set[asyncio.Event] = set()

    @property
    def event_id(self) -> int:
        """Number of the newest snapshot; rises by one with each."""
        return self._event_id

    def publish(self, status: Status) -> None:
        """Make `status` the newest and wake every listener."""
        self._event_id += 1
        self._status = status
        for changed in self._changed:
            changed.set()

    async def follow(self, last_event_id: int | None) -> AsyncIterator[tuple[int, Status] | None]:
        """Yield (id, status) from the first one newer than `last_event_id`; None as a sign of life.

        Raises TooManyListenersError.
        """
        if len(self._changed) >= LISTENERS_MOST:
            raise TooManyListenersError
        changed = asyncio.Event()
        self._changed.add(changed)
        seen = last_event_id if last_event_id is not None and last_event_id <= self._event_id else -1
        try:
            while True:
                changed.clear()
                if self._status is not None and self._event_id != seen:
                    seen = self._event_id
                    yield seen, self._status
                try:
                    await asyncio.wait_for(changed.wait(), HEARTBEAT_S)
                except TimeoutError:
                    yield None
        finally:
            self._changed.discard(changed)
