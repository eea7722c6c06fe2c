# SPDX-License-Identifier: Apache-2.0
"""Bounds for connections to a server, before any request is read: how many, how silent, how slow.

A program with something to ask says it at once. So a new connection is let in at the cost of one that waits for its own
peer, the one that has waited for longest of the peer that has the most: programs that connect and say nothing, or half
of a request, keep nothing from others.
"""

import asyncio
import logging
import resource
import socket
import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import Any, ClassVar, cast

import h11
import uvicorn
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from pengpos.serving.few_lines import FewLines

ACCEPTED_AT_ONCE_MOST = 64
"""In one turn of the loop, so that room is made before descriptors run out; `uvicorn.Config(backlog=…)`."""
WAITING_MOST = 4_096
"""Not yet accepted; one more is told EAGAIN by the kernel, or not answered."""
FILES_MOST = 8_192
HEAD_MOST_BYTES = 32 * 1_024
"""A request's line and headers, within one piece more."""
_PIECE_BYTES = 8 * 1_024
_LINES_MOST = 20
_PEER_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: unix(7)

log = logging.getLogger(__name__)
log.addFilter(FewLines(_LINES_MOST))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a server gives its connections."""

    connections_most: int
    """All together, those of listeners included."""
    silent_s: float = 10.0
    """How long a connection may take to say a whole head of a request."""
    kept_s: float = 10.0
    """How long one may be silent after an answer."""
    body_s: float = 60.0
    """How long the body of a request may take."""
    unread_s: float = 30.0
    """How long an answer may lie unread."""


class _Waits(Enum):
    """What of its peer's a connection waits for."""

    HEAD = "the head of a request"
    NEXT = "the first byte of the next one"
    BODY = "the rest of a body"


class _Connection(h11.Connection):
    """h11's, which leaves to its user what proxies make of a request's line and of its length.

    Empty lines before a request are none: old clients end a body with one that its length does not count (RFC 9112
    §2.2).
    """

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """The next one. Raises h11.RemoteProtocolError."""
        if self.their_state is h11.IDLE:
            ahead, _ = self.trailing_data
            if blank := len(ahead) - len(ahead.lstrip(b"\r\n")):
                self._receive_buffer.maybe_extract_at_most(blank)
        event = super().next_event()
        return _as_to_an_origin(event) if isinstance(event, h11.Request) else event


def _as_to_an_origin(request: h11.Request) -> h11.Request:
    """The request with a path as its target; its host is that of the target where it names one (RFC 9112 §3.2.2).

    Raises h11.RemoteProtocolError for one whose length is said in two ways: a proxy before us may take the other one
    (§6.1).
    """
    names = {name for name, _ in request.headers}
    if {b"content-length", b"transfer-encoding"} <= names:
        raise h11.RemoteProtocolError("the length of a body is said once")
    scheme, found, rest = request.target.partition(b"://")
    if not found or scheme.lower() not in {b"http", b"https"}:
        return request
    ends = min((at for at in map(rest.find, (b"/", b"?")) if at >= 0), default=len(rest))
    path = rest[ends:] if rest[ends:].startswith(b"/") else b"/" + rest[ends:]
    headers = [(b"host", rest[:ends]), *(one for one in request.headers if one[0] != b"host")]
    return h11.Request(method=request.method, target=path, headers=headers, http_version=request.http_version)


class BoundedH11Protocol(H11Protocol):
    """uvicorn's HTTP/1.1 within `bounds`. A connection waits for its peer while it has no whole request under way."""

    bounds: ClassVar[Bounds]

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn = _Connection(h11.SERVER, max_incomplete_event_size=HEAD_MOST_BYTES)
        self.logger = log
        self.waits_since_s = self.loop.time()
        self.peer = ""
        self._waits_for: _Waits | None = None
        self._ends: asyncio.TimerHandle | None = None
        self._unread_ends: asyncio.TimerHandle | None = None

    def refusal(self) -> tuple[Sequence[tuple[bytes, bytes]], bytes]:
        """Headers and body of the 503 where requests are under way on all connections."""
        return [(b"content-type", b"text/plain; charset=utf-8")], b"Too many requests are under way"

    @property
    def silent(self) -> bool:
        """No request is under way; half a head is none."""
        return self.cycle is None or self.cycle.response_complete  # type: ignore[redundant-expr]  # None at first

    @property
    def waits_for_its_peer(self) -> bool:
        """For a request, or for the rest of one."""
        return self.silent or (self.cycle.more_body and not self.cycle.response_started)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Make room for this connection, or refuse it where requests are under way on all the others."""
        super().connection_made(cast("asyncio.Transport", transport))
        _send_at_once(transport)
        self.peer = _peer_of(transport, self.client)
        self._wait_for(_Waits.HEAD)
        if len(self.connections) > self.bounds.connections_most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        super().connection_lost(exc)
        self._wait_for(None)
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        """Begin to count, with the first byte of a head, how long it takes.

        Piece by piece: h11 bounds a head that has not come whole, and one of 256 KiB may come at once.
        """
        if self._waits_for is _Waits.NEXT:
            self._wait_for(_Waits.HEAD)
        for start in range(0, len(data), _PIECE_BYTES):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + _PIECE_BYTES])

    def handle_events(self) -> None:
        """Read what has come."""
        super().handle_events()
        self._watch()

    def on_response_complete(self) -> None:
        """From here on it is silent again."""
        self._wait_for(_Waits.NEXT)
        super().on_response_complete()  # the next one may have come already
        self._watch()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is answered so; in the middle of an answer there is nothing left to say."""
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            super().send_400_response(msg)
        else:
            self.transport.abort()

    def pause_writing(self) -> None:
        """What was written is not read: not for ever."""
        super().pause_writing()
        if self._unread_ends is None:
            self._unread_ends = self.loop.call_later(self.bounds.unread_s, self.transport.abort)

    def resume_writing(self) -> None:
        """It is read."""
        super().resume_writing()
        if self._unread_ends is not None:
            self._unread_ends.cancel()
            self._unread_ends = None

    def _watch(self) -> None:
        if self.silent:
            if self._waits_for not in {_Waits.HEAD, _Waits.NEXT}:
                self._wait_for(_Waits.HEAD)
        elif not self.waits_for_its_peer:
            self._wait_for(None)
        elif self._waits_for is not _Waits.BODY:
            self._wait_for(_Waits.BODY)

    def _wait_for(self, what: "_Waits | None") -> None:
        """From now on, and not for longer than is due to it; None: for nothing of its peer's."""
        if self._ends is not None:
            self._ends.cancel()
            self._ends = None
        self._waits_for, self.waits_since_s = what, self.loop.time()
        if what is not None and not self.transport.is_closing():
            limits_s = {
                _Waits.HEAD: self.bounds.silent_s, _Waits.NEXT: self.bounds.kept_s, _Waits.BODY: self.bounds.body_s
            }  # fmt: skip
            self._ends = self.loop.call_later(limits_s[what], self.transport.close)

    def _make_room(self) -> None:
        others = [one for one in self.connections if one is not self and isinstance(one, BoundedH11Protocol)]
        waiting = [one for one in others if one.waits_for_its_peer]
        if waiting:
            of_peer = Counter(one.peer for one in waiting)
            given_up = max(waiting, key=lambda one: (of_peer[one.peer], -one.waits_since_s))
            self.connections.discard(given_up)
            given_up.transport.abort()
        else:
            log.warning("%d connections have a request under way: one more was refused", len(others))
            self.connections.discard(self)
            self._refuse()

    def _refuse(self) -> None:
        """Answer before a request was read."""
        status = HTTPStatus.SERVICE_UNAVAILABLE
        headers, body = self.refusal()
        own = [(b"content-length", str(len(body)).encode()), (b"connection", b"close")]
        head = h11.Response(status_code=status, headers=[*headers, *own], reason=status.phrase.encode())
        for event in (head, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event))
        self.transport.close()


class BoundedServer(uvicorn.Server):
    """uvicorn's, with room in its queues and descriptors for its connections."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        _raise_files_most()
        await super().startup(sockets)
        listen_long(sockets or ())


def listen_long(sockets: Iterable[socket.socket]) -> None:
    """Let many wait to be accepted: asyncio takes one number for this and for what it accepts at once."""
    for one in sockets:
        one.listen(WAITING_MOST)


def _raise_files_most() -> None:
    """A process begins with a thousand descriptors, however many it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_MOST if hard == resource.RLIM_INFINITY else min(FILES_MOST, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _send_at_once(transport: asyncio.BaseTransport) -> None:
    """A body waits 40 ms behind its head otherwise: asyncio sees to it for sockets only that were made to be TCP's."""
    ours: socket.socket | None = transport.get_extra_info("socket")
    if ours is not None and ours.family != socket.AF_UNIX:
        ours.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _peer_of(transport: asyncio.BaseTransport, client: tuple[str, int] | None) -> str:
    """Whose connection it is: a process of this machine, an address, of IPv6 the network of 64 bits."""
    ours: socket.socket | None = transport.get_extra_info("socket")
    if ours is not None and ours.family == socket.AF_UNIX:
        said = ours.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER_CREDENTIALS.size)
        return f"process {_PEER_CREDENTIALS.unpack(said)[0]}"
    try:
        address = ip_address(client[0] if client is not None else "")
    except ValueError:
        return ""
    return str(address if address.version == 4 else ip_network((address, 64), strict=False))
