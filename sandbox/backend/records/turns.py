# SPDX-License-Identifier: Apache-2.0
"""Lets one writer at a time to a database that has one write lock, in the order in which they came.

SQLite's own waiting is no queue: who waits looks again now and then, and may find another there each time. With 32
writers some waited eight seconds.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sandbox.backend.errors import BackendError


class NoTurnError(BackendError):
    """Those before in the queue have taken too long; nothing was done, and it may be tried again."""


@dataclass(slots=True)
class Turns:
    """A queue for one thing. Not for a thread that has its turn already: it would wait for itself."""

    _waiting: deque[threading.Event] = field(default_factory=deque)
    _is_taken: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def one(self, limit_s: float) -> Iterator[None]:
        """A turn, as long as the context lasts. Raises NoTurnError if it has not come after `limit_s`."""
        mine = threading.Event()
        with self._lock:
            if self._is_taken:
                self._waiting.append(mine)
            else:
                self._is_taken = True
                mine.set()
        if not mine.wait(limit_s):
            self._give_up(mine)
        try:
            yield
        finally:
            with self._lock:
                if self._waiting:
                    self._waiting.popleft().set()
                else:
                    self._is_taken = False

    def _give_up(self, mine: threading.Event) -> None:
        with self._lock:
            if mine.is_set():  # it came at the last moment
                return
            self._waiting.remove(mine)
        raise NoTurnError
