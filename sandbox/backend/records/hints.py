# SPDX-License-Identifier: Apache-2.0
"""Tells other processes on the same PostgreSQL for which terminals events have been left, and hears it from them.

One connection a process, whatever number of streams it has: LISTEN, and one NOTIFY for all that was left in 10 ms, its
payload terminal ids with commas between, or nothing for more than fit. A hint is not the truth, which is in the tables:
it is sent behind the commit, a process may die between the two, and a new connection has missed what was before. So
whoever hears looks itself, now and then at everything.

Tests: tests/sandbox/backend/records/test_hints.py
"""

import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

import psycopg
from sqlalchemy import Engine

from sandbox.backend.records import postgres

CHANNEL: Final = "pengpos_events"
APART_S: Final = 0.010
"""Between one NOTIFY and the next."""
NAMED_MOST: Final = 400
"""Terminals in one: a payload has at most 8,000 bytes, an id 16 of them."""
ROUND_S: Final = 15.0
"""A connection on which nothing has come for so long is asked whether it lives."""
LOOK_AT_ALL_EVERY_S: Final = 15.0


class Hints:
    """`note` may be called from any thread, `round` by one; `nudge` ends the round that is under way."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: psycopg.Connection[Any] | None = None
        self._noted: set[str] = set()
        self._heard: list[str] = []
        self._lock = threading.Lock()
        self._is_nudged = False
        self._waker: tuple[socket.socket, socket.socket] | None = None
        """What is written into the first ends the wait at the second; there while there is a connection."""
        self._told_at_s = self._look_at_s = 0.0

    def note(self, terminal_id: str) -> None:
        """A commit here has left a terminal something."""
        with self._lock:
            is_first = not self._noted
            self._noted.add(terminal_id)
        if is_first:
            self.nudge()

    def nudge(self) -> None:
        """Let the round under way, or the next one, do what there is to do."""
        with self._lock:
            if not self._is_nudged and self._waker is not None:
                self._waker[0].send(b"\0")
            self._is_nudged = True

    @property
    def is_heard(self) -> bool:
        """Whether what others leave is heard now."""
        return self._connection is not None

    def cover(self, now_s: float) -> bool:
        """Whether what is heard makes a look at everything needless for now (`now_s`: monotonic)."""
        if self.is_heard and now_s < self._look_at_s:
            return True
        self._look_at_s = now_s + LOOK_AT_ALL_EVERY_S
        return False

    def round(self, heard: Callable[[Sequence[str]], object], missed: Callable[[], object]) -> None:
        """Wait for something to hear or to tell, at most `ROUND_S`, and hear and tell it.

        `heard`: gets the terminals that others have left something; `missed`: it may be any. Raises the driver's
        errors; then the next round connects anew.
        """
        try:
            if self._connection is None:
                self._connection = self._listen()
                missed()
            hints = self._exchange(self._connection)
        except Exception:
            self.close()
            raise
        if "" in hints:
            missed()
        heard(sorted({one for hint in hints for one in hint.split(",") if one}))

    def close(self) -> None:
        """Hear no more until the next round."""
        connection, self._connection = self._connection, None
        with self._lock:
            waker, self._waker = self._waker, None
        for one in waker or ():
            one.close()
        if connection is not None:
            connection.close()

    def _listen(self) -> psycopg.Connection[Any]:
        pooled = self._engine.raw_connection()
        connection: psycopg.Connection[Any] = pooled.driver_connection  # type: ignore[assignment]  # of this engine
        pooled.detach()
        connection.autocommit = True
        connection.execute(f"LISTEN {CHANNEL}")
        own_pid = connection.info.backend_pid
        self._heard.clear()
        connection.add_notify_handler(lambda hint: self._hear(hint.pid, hint.payload, own_pid))  # of those in an answer
        with self._lock:
            self._waker = socket.socketpair()
        return connection

    def _hear(self, pid: int, hint: str, own_pid: int) -> None:
        if pid != own_pid:
            self._heard.append(hint)

    def _exchange(self, connection: psycopg.Connection[Any]) -> list[str]:
        assert self._waker is not None
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            selector.register(self._waker[1], selectors.EVENT_READ)
            selector.select(0 if self._is_nudged else ROUND_S)
        is_nudged = self._take_nudge()
        with postgres.within(postgres.PING_S):
            self._tell(connection)
            self._take_in(connection)
            if not (self._heard or is_nudged):  # time is over, or what came was the server's goodbye
                connection.execute("SELECT 1")
        hints, self._heard = self._heard, []
        return hints

    def _take_in(self, connection: psycopg.Connection[Any]) -> None:
        connection.pgconn.consume_input()
        while (hint := connection.pgconn.notifies()) is not None:
            self._hear(hint.be_pid, hint.extra.decode(), connection.info.backend_pid)

    def _take_nudge(self) -> bool:
        with self._lock:
            is_nudged, self._is_nudged = self._is_nudged, False
            if is_nudged and self._waker is not None:
                with suppress(BlockingIOError):  # it came before there was a connection
                    self._waker[1].recv(1, socket.MSG_DONTWAIT)
        return is_nudged

    def _tell(self, connection: psycopg.Connection[Any]) -> None:
        if not self._noted:
            return
        time.sleep(max(0.0, min(APART_S, self._told_at_s + APART_S - time.monotonic())))
        with self._lock:
            noted, self._noted = self._noted, set()
        self._told_at_s = time.monotonic()
        payload = ",".join(sorted(noted)) if len(noted) <= NAMED_MOST else ""
        connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))
