# SPDX-License-Identifier: Apache-2.0
"""Wakes the event streams of a terminal as soon as a commit has left something for it, from any thread.

Tests: tests/sandbox/backend/kernel/test_events.py
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sandbox.backend.kernel import limits


@dataclass(slots=True, eq=False)
class Bell:
    """One stream's bell; belongs to the event loop that made it."""

    loop: asyncio.AbstractEventLoop
    rung: asyncio.Event
    after: int
    """The number of the last event that its stream has sent."""
    displaced: bool = False
    """A newer stream of the same terminal has taken its place: it ends."""

    def ring(self) -> None:
        """Wake the stream; from any thread, also after its loop has closed."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.rung.set)

    async def wait(self, timeout_s: float) -> bool:
        """Until rung, at most `timeout_s`; True if it was."""
        try:
            await asyncio.wait_for(self.rung.wait(), timeout_s)
        except TimeoutError:
            return False
        self.rung.clear()
        return True


@dataclass(slots=True)
class Hub:
    """All the bells, by terminal, the oldest first. `closing` is set when the server stops: streams then end."""

    closing: threading.Event = field(default_factory=threading.Event)
    _bells: dict[str, list[Bell]] = field(default_factory=lambda: defaultdict(list))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def listen(self, terminal_id: str, after: int) -> Iterator[Bell]:
        """A bell for one stream that begins behind an event, as long as it lives; called in the stream's event loop.

        One too many of a terminal ends its oldest, which may be one that the terminal has lost. One too many in all is
        displaced itself.
        """
        bell = Bell(asyncio.get_running_loop(), asyncio.Event(), after)
        with self._lock:
            bell.displaced = sum(map(len, self._bells.values())) >= limits.STREAMS.most
            bells = self._bells[terminal_id]
            bells.append(bell)
            oldest = bells[: -limits.STREAMS_OF_TERMINAL.most]
        for one in oldest:
            one.displaced = True
            one.ring()
        try:
            yield bell
        finally:
            with self._lock:
                bells.remove(bell)
                if not bells and self._bells.get(terminal_id) is bells:
                    del self._bells[terminal_id]

    def end_all(self, terminal_id: str) -> None:
        """End the streams that one terminal has open here."""
        with self._lock:
            bells = tuple(self._bells.get(terminal_id, ()))
        for bell in bells:
            bell.displaced = True
            bell.ring()

    def wake(self, terminal_id: str) -> None:
        """Ring all bells of one terminal."""
        with self._lock:
            bells = tuple(self._bells.get(terminal_id, ()))
        for bell in bells:
            bell.ring()

    def heard(self) -> dict[str, int]:
        """The terminals that have streams here, each with the last event that all of its streams have sent."""
        with self._lock:
            return {one: min(bell.after for bell in bells) for one, bells in self._bells.items() if bells}

    def close(self) -> None:
        """Let every stream end."""
        self.closing.set()
        with self._lock:
            bells = [bell for group in self._bells.values() for bell in group]
        for bell in bells:
            bell.ring()
