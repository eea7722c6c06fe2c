# SPDX-License-Identifier: Apache-2.0
"""Who wants to know: fans one newest snapshot out to every listener of `/v1/events`.

A listener that reads slowly misses what was overtaken, never the newest: each event is a whole snapshot.
"""

import asyncio
from collections.abc import AsyncIterator

from terminal.client import Status
from terminal.daemon.durable import set_within

HEARTBEAT_S = 10.0
LISTENERS_MOST = 32


class TooManyListenersError(Exception):
    """More programs follow the events than the device will serve."""


class Feed:
    """The newest status with its id; `follow` yields it and every later one. Used on the loop only.

    `first_event_id` is above every id of an earlier run, so that a listener that comes back after a restart is not
    taken for one that has seen it all.
    """

    def __init__(self, first_event_id: int = 0) -> None:
        self._event_id = first_event_id
        self._status: Status | None = None
        self._changed: set[asyncio.Event] = set()
        self._closed = False

    @property
    def event_id(self) -> int:
        """Number of the newest snapshot; rises by one with each."""
        return self._event_id

    def publish(self, status: Status) -> None:
        """Make `status` the newest and wake every listener."""
        self._event_id += 1
        self._status = status
        self._wake()

    def close(self) -> None:
        """Let every listener go."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        for changed in self._changed:
            changed.set()

    def check_room(self) -> None:
        """Raise TooManyListenersError if one more would be too many."""
        if len(self._changed) >= LISTENERS_MOST:
            raise TooManyListenersError

    async def follow(self, last_event_id: int | None) -> AsyncIterator[tuple[int, Status] | None]:
        """Yield (id, status) from the first one newer than `last_event_id`; None as a sign of life; end at `close`.

        Raises TooManyListenersError.
        """
        self.check_room()
        changed = asyncio.Event()
        self._changed.add(changed)
        seen = last_event_id
        try:
            while not self._closed:
                changed.clear()
                if self._status is not None and self._event_id != seen:
                    seen = self._event_id
                    yield seen, self._status
                if not await set_within(changed, HEARTBEAT_S):
                    yield None
        finally:
            self._changed.discard(changed)
