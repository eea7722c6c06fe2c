# SPDX-License-Identifier: Apache-2.0
"""The road to the backend: is it there, and what does it say by itself.

Source: local API ("online = an answer or an event byte from the backend within the last 15 s, else one probe of at
most 300 ms"); backend API, `GET /terminal/events`, `POST /terminal/heartbeat`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Protocol

from pengpos.core.ports import Clock
from pengpos.keys.private_file import replace_private
from terminal.device.recording import set_within

log = logging.getLogger(__name__)

FRESH_S = 15.0
PROBE_AFTER_S = 12.0  # of silence: the stream brings a comment every 10 s, so a link that is well is never probed
HELD_BACK_S = 60.0  # so long calls are answered and no byte of the stream comes: two tries at it have failed by then
UNSIGNED_SHOWN_S = 600.0  # longer than any back-off, so that one call whose answers are changed stays in sight
PROBE_LIMIT_S = 0.3
RECONNECT_FIRST_S = 0.5
RECONNECT_MOST_S = 15.0
_EVENT_ID_MOST = 18


class Link:
    """Knows when the backend was last heard. Lives on the loop; `changed` is called whenever up turns down or back."""

    def __init__(self, clock: Clock, changed: Callable[[], None]) -> None:
        self._clock = clock
        self._changed = changed
        self._last_heard_s: float | None = None
        self._last_heard_at: int | None = None
        self._since: int = clock.now()
        self._shown_up = False
        self._up_since_s = 0.0
        self._events_heard_s = 0.0
        self._shown_held_back = False
        self._unsigned_s: float | None = None
        self._shown_unsigned = False

    @property
    def up(self) -> bool:
        """A byte came within the last 15 s."""
        return self._last_heard_s is not None and self._clock.monotonic_s() - self._last_heard_s <= FRESH_S

    @property
    def silent_s(self) -> float | None:
        """How long the backend has been silent; None: it was never heard, or is lost."""
        return None if self._last_heard_s is None else self._clock.monotonic_s() - self._last_heard_s

    @property
    def events_held_back(self) -> bool:
        """The backend answers, and of its event stream nothing comes: what stands between holds it back."""
        return self.up and self._clock.monotonic_s() - max(self._up_since_s, self._events_heard_s) > HELD_BACK_S

    @property
    def answers_unsigned(self) -> bool:
        """Lately an answer in the backend's name was not signed as its own."""
        return self._unsigned_s is not None and self._clock.monotonic_s() - self._unsigned_s <= UNSIGNED_SHOWN_S

    @property
    def since(self) -> int:
        """When it last turned up or down, Unix seconds."""
        return self._since

    @property
    def last_heard_at(self) -> int | None:
        """When the backend was last heard, Unix seconds."""
        return self._last_heard_at

    def heard(self) -> None:
        """A byte from the backend arrived, in an answer or by the event stream."""
        self._last_heard_s = self._clock.monotonic_s()
        self._last_heard_at = self._clock.now()
        self.check()

    def events_heard(self) -> None:
        """A byte of the event stream arrived."""
        self._events_heard_s = self._clock.monotonic_s()

    def unsigned(self) -> None:
        """An answer in the backend's name came, of which nothing is believed."""
        self._unsigned_s = self._clock.monotonic_s()
        self.check()

    def lost(self) -> None:
        """A connection was refused or cut, or a stranger answered: the last fifteen seconds count no more."""
        self._last_heard_s = None
        self.check()

    def check(self) -> None:
        """Notice a change from up to down or back, also by mere silence, and of what becomes of the events."""
        if self.up != self._shown_up:
            self._shown_up = self.up
            self._since, self._up_since_s = self._clock.now(), self._clock.monotonic_s()
            log.info("link %s", "up" if self._shown_up else "down")
            self._changed()
        if self.events_held_back != self._shown_held_back:
            self._shown_held_back = self.events_held_back
            self._changed()
        if self.answers_unsigned != self._shown_unsigned:
            self._shown_unsigned = self.answers_unsigned
            self._changed()


class EventSource(Protocol):
    """What a follower asks of the gateway."""

    async def healthy(self) -> bool:
        """One unsigned question; false instead of an error."""

    def events(self, last_event_id: str | None) -> AsyncIterator[tuple[str, str, bytes]]:
        """The event stream from after that id: (event id, name, data). Raises ConnectionError when it ends."""


class PlaceInStream:
    """The number of the newest event that was taken in, in a file: what comes while the terminal is off is heard later.

    A journal that only grows would take a row for each. A place that is lost or too old costs nothing: without one the
    stream goes on from now, and an event that comes again changes nothing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._all_taken_in: Callable[[], bool] = lambda: True
        self._kept = self.now = _event_id_in(path)

    def keep_only_while(self, all_taken_in: Callable[[], bool]) -> None:
        """Say, once, what tells that of no event up to here the answer is still to come."""
        self._all_taken_in = all_taken_in

    def move(self, event_id: str) -> None:
        """The event with this id was taken in; what is no number of ours is none, whoever sent it."""
        self.now = _event_id(event_id) or self.now

    async def keep(self) -> None:
        """Write it down, if there is a newer one; a medium that takes no file leaves it to the log."""
        if (now := self.now) is None or now == self._kept or not self._all_taken_in():
            return
        try:
            await asyncio.to_thread(replace_private, self._path, now.encode())
        except OSError as error:
            log.warning("the place in the event stream is not kept: %s", error)
        else:
            self._kept = now


def _event_id_in(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            found = file.read(_EVENT_ID_MOST + 1).decode(errors="replace")
    except OSError:
        return None
    return _event_id(found)


def _event_id(found: str) -> str | None:
    return found if found.isascii() and found.isdigit() and len(found) <= _EVENT_ID_MOST else None


class Follower:
    """Keeps the event stream open as long as the terminal runs, and probes where it is silent. Lives on the loop."""

    def __init__(self, link: Link, source: EventSource, clock: Clock, place: PlaceInStream) -> None:
        self._link = link
        self._source = source
        self._clock = clock
        self._place = place
        self._hurried = asyncio.Event()

    def hurry(self) -> None:
        """The backend is wanted now: do not wait before the next try."""
        self._hurried.set()

    async def online(self) -> bool:
        """Decide the mode of an intent: heard lately, else one short probe."""
        if self._link.up:
            return True
        try:
            async with asyncio.timeout(PROBE_LIMIT_S):
                return await self._source.healthy()
        except TimeoutError:
            return False

    async def follow(self, told: Callable[[str, bytes], Awaitable[None]]) -> None:
        """Follow the backend's events for ever; `told` gets each one's name and data."""
        wait_s = RECONNECT_FIRST_S
        while True:
            opened_s = self._clock.monotonic_s()
            try:
                async for event_id, name, data in self._source.events(self._place.now):
                    if name:
                        await told(name, data)
                    self._place.move(event_id)
            except ConnectionError as error:
                log.info("event stream ended: %s", error)
                if not await self._source.healthy():  # a stream that is held back is no line that is down
                    self._link.lost()
            if self._clock.monotonic_s() - opened_s > RECONNECT_MOST_S:  # it was there, if perhaps silent
                wait_s = RECONNECT_FIRST_S
            await set_within(self._hurried, wait_s)
            self._hurried.clear()
            wait_s = min(RECONNECT_MOST_S, wait_s * 2)
            await self.online()

    async def keep_up(self) -> None:
        """Ask a backend that has gone silent whether it is there, for ever: its stream may be held back."""
        while True:
            silent_s = self._link.silent_s
            if silent_s is not None and silent_s >= PROBE_AFTER_S:
                if not await self._source.healthy():
                    self._link.lost()  # `follow` finds it again
                silent_s = None
            await asyncio.sleep(max(1.0, PROBE_AFTER_S - (silent_s or 0.0)))
