# SPDX-License-Identifier: Apache-2.0
"""Wakes the event streams of a terminal as soon as a commit has left something for it, from whatever thread.

Tests: tests/sandbox/backend/kernel/test_events.py
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Bell:
    """One stream's bell; belongs to the event loop that made it."""

    loop: asyncio.AbstractEventLoop
    rung: asyncio.Event

    def ring(self) -> None:
        """Wake the stream; from any thread, also after its loop has closed."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.rung.set)

    async def wait(self, timeout_s: float) -> None:
        """Until rung, at most `timeout_s`."""
        try:
            await asyncio.wait_for(self.rung.wait(), timeout_s)
        except TimeoutError:
            return
        self.rung.clear()


@dataclass(slots=True)
class Hub:
    """All the bells, by terminal. `closing` is set when the server stops: streams then end by themselves."""

    closing: threading.Event = field(default_factory=threading.Event)
    _bells: dict[str, set[Bell]] = field(default_factory=lambda: defaultdict(set))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def listen(self, terminal_id: str) -> Iterator[Bell]:
        """A bell for one stream, as long as it lives; called in the stream's event loop."""
        bell = Bell(asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._bells[terminal_id].add(bell)
        try:
            yield bell
        finally:
            with self._lock:
                self._bells[terminal_id].discard(bell)

    def wake(self, terminal_id: str) -> None:
        """Ring all bells of one terminal."""
        with self._lock:
            bells = tuple(self._bells.get(terminal_id, ()))
        for bell in bells:
            bell.ring()

    def close(self) -> None:
        """Let every stream end."""
        self.closing.set()
        with self._lock:
            bells = [bell for group in self._bells.values() for bell in group]
        for bell in bells:
            bell.ring()
