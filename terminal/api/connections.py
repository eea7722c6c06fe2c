# SPDX-License-Identifier: Apache-2.0
"""Bounds for connections to the local API, before any request is read: how many, how silent, how slow.

A till or a screen says its request at once, so a new connection is let in at the cost of the one that has been silent
for longest: programs that connect and say nothing keep nothing from the terminal.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, cast

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from terminal.api.http import problem

CONNECTIONS_MOST = 128
"""All together, those of listeners included."""
ACCEPTED_AT_ONCE_MOST = 64
"""In one turn of the loop, so that room is made before descriptors run out."""
WAITING_MOST = 1_024
"""Not yet accepted; one more is told EAGAIN by the kernel."""
SILENT_S = 10.0
"""How long a connection may take to say a whole head of a request."""
UNREAD_S = 30.0
"""How long an answer may lie unread."""
LINES_MOST = 20
LINES_WITHIN_S = 60.0


class FewLines(logging.Filter):
    """Lets `LINES_MOST` records through in `LINES_WITHIN_S`; the first one after that says how many were left out."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._since_s = -LINES_WITHIN_S
        self._seen = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this one is written."""
        now_s = self._monotonic()
        if now_s >= self._since_s + LINES_WITHIN_S:
            if (left_out := self._seen - LINES_MOST) > 0:
                record.msg = f"{record.getMessage()} ({left_out} lines before this were left out)"
                record.args = None
            self._since_s, self._seen = now_s, 0
        self._seen += 1
        return self._seen <= LINES_MOST


log = logging.getLogger(__name__)
log.addFilter(FewLines())


class BoundedH11Protocol(H11Protocol):
    """uvicorn's HTTP/1.1 within these bounds. A connection is silent while no request of it is under way."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.logger = log
        self.silent_since_s = self.loop.time()
        self._silent_ends: asyncio.TimerHandle | None = None
        self._unread_ends: asyncio.TimerHandle | None = None

    @property
    def silent(self) -> bool:
        """No request is under way; half a head is none."""
        return self.cycle is None or self.cycle.response_complete  # type: ignore[redundant-expr]  # None at first

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Make room for this connection, or refuse it where requests are under way on all the others."""
        super().connection_made(cast("asyncio.Transport", transport))
        self._watch()
        if len(self.connections) > CONNECTIONS_MOST:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        super().connection_lost(exc)
        self._end_silence()
        self.resume_writing()

    def handle_events(self) -> None:
        """Read what has come."""
        super().handle_events()
        self._watch()

    def on_response_complete(self) -> None:
        """From here on it is silent again."""
        super().on_response_complete()
        self.silent_since_s = self.loop.time()
        self._watch()

    def pause_writing(self) -> None:
        """What was written is not read: not for ever."""
        super().pause_writing()
        if self._unread_ends is None:
            self._unread_ends = self.loop.call_later(UNREAD_S, self.transport.abort)

    def resume_writing(self) -> None:
        """It is read."""
        super().resume_writing()
        if self._unread_ends is not None:
            self._unread_ends.cancel()
            self._unread_ends = None

    def _watch(self) -> None:
        if not self.silent:
            self._end_silence()
        elif self._silent_ends is None and not self.transport.is_closing():
            self._silent_ends = self.loop.call_later(SILENT_S, self.transport.close)

    def _end_silence(self) -> None:
        if self._silent_ends is not None:
            self._silent_ends.cancel()
            self._silent_ends = None

    def _make_room(self) -> None:
        others = [one for one in self.connections if one is not self and isinstance(one, BoundedH11Protocol)]
        silent = [one for one in others if one.silent]
        if silent:
            longest = min(silent, key=lambda one: one.silent_since_s)
            self.connections.discard(longest)
            longest.transport.abort()
        else:
            log.warning("%d connections have a request under way: one more was refused", len(others))
            self.connections.discard(self)
            self._refuse()

    def _refuse(self) -> None:
        """Answer before a request was read."""
        detail = "this terminal has as many requests under way as it works on. Ask again in a moment"
        answer = problem(503, "too_many_calls", detail)
        headers = [*answer.raw_headers, (b"connection", b"close")]
        events = (
            h11.Response(status_code=answer.status_code, headers=headers, reason=b"Service Unavailable"),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        )
        for event in events:
            self.transport.write(self.conn.send(event))
        self.transport.close()
