# SPDX-License-Identifier: Apache-2.0
"""Keeps what the page shows, in parts: the newest of each, for every follower that waits for news.

Parts: ``terminal``, ``phones``, ``switches``, ``journal``, ``ledger``. Any thread may put one up; only the newest
counts, so a slow follower misses what was in between and nothing piles up.
"""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from typing import Any, Final

BEAT_S: Final = 15.0


class Board:
    """The parts as JSON, each with the number of its last change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parts: dict[str, tuple[int, str]] = {}
        self._number = 0
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._is_closed = False

    def put(self, name: str, value: Any) -> None:
        """Put a part up; nothing if it says the same."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        with self._lock:
            if self._parts.get(name, (0, ""))[1] == text:
                return
            self._number += 1
            self._parts[name] = (self._number, text)
            self._wake()

    def read(self, name: str) -> Any:
        """The newest of a part; None before the first."""
        with self._lock:
            found = self._parts.get(name)
        return None if found is None else json.loads(found[1])

    def close(self) -> None:
        """Let every follower end."""
        with self._lock:
            self._is_closed = True
            self._wake()

    async def follow(self) -> AsyncIterator[tuple[str, str]]:
        """Every part as (name, JSON) now and whenever it changes, until `close`; ("", "") as a sign of life."""
        waiting = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._waiting.add(waiting)
        seen = 0
        try:
            while not self._is_closed:
                waiting[1].clear()
                with self._lock:
                    news = sorted((at, name, text) for name, (at, text) in self._parts.items() if at > seen)
                for at, name, text in news:
                    seen = at
                    yield name, text
                if news:
                    continue
                try:
                    await asyncio.wait_for(waiting[1].wait(), BEAT_S)
                except TimeoutError:
                    yield "", ""
        finally:
            with self._lock:
                self._waiting.discard(waiting)

    def _wake(self) -> None:
        for loop, event in self._waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)
