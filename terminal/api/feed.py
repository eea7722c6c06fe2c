# SPDX-License-Identifier: Apache-2.0
"""Who wants to know: what changed, as whole snapshots with rising ids, to every listener of `/v1/events`.

There is the terminal as a whole (`Status`), and each sale that moved (`SaleView`), also one long over.
A listener that reads slowly misses what was overtaken, never the newest of anything; one that comes back goes on from
where it was as far as the history goes, and from a whole snapshot where that is too long ago.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from pengpos.client import SaleView, Status
from pengpos.core.errors import PengposError
from terminal.device.recording import set_within

HEARTBEAT_S = 10.0
LISTENERS_MOST = 32
HISTORY_MOST = 256  # sales whose newest change is kept for who comes back


class TooManyListenersError(PengposError):
    """More programs follow the events than the device will serve."""


@dataclass(slots=True)
class _Changed:
    """The newest change of one sale; rendered only when a listener reads it."""

    event_id: int
    view: Callable[[], SaleView]


class Feed:
    """The newest of everything with its id; `follow` yields it and every later one. Used on the loop only.

    `first_event_id` is above every id of an earlier run, so that a listener that comes back after a restart is not
    taken for one that has seen it all.
    """

    def __init__(self, first_event_id: int = 0) -> None:
        self._event_id = first_event_id
        self._forgotten = first_event_id
        """Up to here events were sent of which nothing is kept."""
        self._status: Status | None = None
        self._status_id = first_event_id
        self._sales: OrderedDict[str, _Changed] = OrderedDict()
        self._changed: set[asyncio.Event] = set()
        self._closed = False

    @property
    def event_id(self) -> int:
        """Number of the newest event; rises by one with each."""
        return self._event_id

    def publish(self, status: Status) -> None:
        """Make `status` the newest and wake every listener."""
        self._event_id += 1
        self._status, self._status_id = status, self._event_id
        self._wake()

    @property
    def newest(self) -> Status | None:
        """The status that was published last."""
        return self._status

    def sale_moved(self, sale_id: str, view: Callable[[], SaleView]) -> None:
        """Tell of one sale as it is from now on."""
        self._event_id += 1
        self._sales[sale_id] = _Changed(self._event_id, view)
        self._sales.move_to_end(sale_id)
        if len(self._sales) > HISTORY_MOST:
            _, oldest = self._sales.popitem(last=False)
            self._forgotten = oldest.event_id
        self._wake()

    def close(self) -> None:
        """Let every listener go."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        for changed in self._changed:
            changed.set()

    def join(self) -> "Listener":
        """A place among the listeners, from now until it is left. Raises TooManyListenersError."""
        if len(self._changed) >= LISTENERS_MOST:
            raise TooManyListenersError
        changed = asyncio.Event()
        self._changed.add(changed)
        return Listener(self, changed)

    def leave(self, changed: asyncio.Event) -> None:
        """Give a place back; again changes nothing."""
        self._changed.discard(changed)

    async def follow(
        self, changed: asyncio.Event, last_event_id: int | None, *, sales: bool
    ) -> AsyncIterator[tuple[int, Status | SaleView] | None]:
        """What `Listener.follow` yields; `changed` is its place."""
        resumes = last_event_id is not None and self._forgotten <= last_event_id <= self._event_id
        seen = last_event_id if resumes else None
        while not self._closed:
            changed.clear()
            if (event := self._next(seen, sales=sales)) is not None:
                seen = event[0]
                yield event
            elif not await set_within(changed, HEARTBEAT_S):
                yield None
        if self._status is not None and (seen is None or seen < self._status_id):
            yield self._status_id, self._status  # where a fault ends it, this says so

    def _next(self, seen: int | None, *, sales: bool) -> tuple[int, Status | SaleView] | None:
        """The oldest that is newer than `seen`; the whole status for one that has seen nothing."""
        status = (self._status_id, self._status) if self._status is not None else None
        if seen is None:
            return status
        listed = self._sales.values() if sales else ()
        moved = next((changed for changed in listed if changed.event_id > seen), None)
        if status is not None and status[0] > seen and (moved is None or status[0] < moved.event_id):
            return status
        return (moved.event_id, moved.view()) if moved is not None else None


@dataclass(frozen=True, slots=True)
class Listener:
    """One listener's place, taken before its first event is drawn up: many that come at once are counted."""

    _feed: Feed
    _changed: asyncio.Event

    def follow(
        self, last_event_id: int | None, *, sales: bool = True
    ) -> AsyncIterator[tuple[int, Status | SaleView] | None]:
        """Yield (id, snapshot) of what changed since `last_event_id`; None as a sign of life; end at `close`,
        with the newest status if it has not been seen.

        Where that is unknown, or longer ago than is kept, the whole status comes first. `sales`: single ones too; a
        screen that shows none of them is spared the thousands of a drain.
        """
        return self._feed.follow(self._changed, last_event_id, sales=sales)

    def leave(self) -> None:
        """Give the place back; again changes nothing."""
        self._feed.leave(self._changed)
