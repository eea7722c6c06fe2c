# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy before an HTTP server that does to one exchange what networks do: cut, tear, double, delay, falsify.

A shipped test part. What is to befall a request is written into it, in the header `FAULT` (which goes no further), so
that the one who counts requests says so; every other request passes. Real sockets; it never looks at what is paid.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum

FAULT = "x-pengpos-fault"
HEAD_MOST = 65_536
SLOW_S = 3.0
TOO_SLOW_S = 95.0
LATE_S = 9.0
TRICKLE_S = 0.25
DOWN_S = 3.0


class Wire(StrEnum):
    """What befalls one exchange."""

    CUT_BEFORE = "cut before the server acted"
    RESET_BEFORE = "reset before the server acted"
    CUT_AFTER = "cut after the server acted"
    RESET_AFTER = "reset after the server acted"
    HALF_HEAD = "half of the answer's head"
    HALF_BODY = "half of the answer's body"
    ASKED_TWICE = "the request twice, the first answer"
    ASKED_TWICE_SECOND = "the request twice, the second answer"
    ANSWERED_THRICE = "the answer three times"
    SLOW = "the answer slow"
    TOO_SLOW = "the answer too slow"
    TRICKLED = "the answer byte by byte"
    LATE = "the request late, behind the next ones"
    STALE = "an older answer to the same question"
    ANOTHERS = "the answer to another question"
    SIGN_IN_PAGE = "a network's sign-in page"
    REDIRECT = "a redirect to a sign-in page"
    BAD_GATEWAY = "502 after the server acted"
    UNAVAILABLE = "503, come back in 7 s"
    EMPTY_OBJECT = "an empty object"
    GARBAGE = "noise"
    SERVER_DIES_BEFORE = "the server killed before it acted"
    SERVER_DIES_AFTER = "the server killed after it acted"


def _page(status: str, more: str = "", body: bytes = b"<html><h1>Welcome to FreeWiFi</h1></html>") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: text/html\r\n{more}content-length: {len(body)}\r\n\r\n"
    return head.encode() + body


_SAID_BY_OTHERS = {
    Wire.SIGN_IN_PAGE: _page("200 OK"),
    Wire.REDIRECT: _page("302 Found", "location: http://10.0.0.1/login\r\n"),
    Wire.BAD_GATEWAY: _page("502 Bad Gateway"),
    Wire.UNAVAILABLE: _page("503 Service Unavailable", "retry-after: 7\r\n"),
    Wire.EMPTY_OBJECT: b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
    Wire.GARBAGE: bytes(range(1, 255)) * 3,
}
_NOT_FORWARDED = frozenset({
    Wire.CUT_BEFORE, Wire.RESET_BEFORE, Wire.SIGN_IN_PAGE, Wire.REDIRECT, Wire.UNAVAILABLE, Wire.SERVER_DIES_BEFORE,
})  # fmt: skip


@dataclass(slots=True)
class _Request:
    raw: bytes
    target: str
    fault: Wire | None


@dataclass(slots=True)
class _Answer:
    head: bytes
    body: bytes


async def _nothing() -> None:
    """No server to kill."""


@dataclass(slots=True)
class FaultProxy:
    """Listens on `listener`, forwards to `(host, port)` at `upstream`. `kill_server` ends it, to be back by itself."""

    listener: socket.socket
    upstream: tuple[str, int]
    kill_server: Callable[[], Awaitable[None]] = _nothing
    server_is_down: bool = False
    """While it is, every connection is reset, as its kernel would."""
    _last: dict[str, bytes] = field(default_factory=dict)
    _server: asyncio.Server | None = None
    _serving: "set[asyncio.Task[None]]" = field(default_factory=set)

    async def start(self) -> None:
        """Begin to accept."""
        self._server = await asyncio.start_server(self._serve, sock=self.listener.dup(), limit=HEAD_MOST)

    async def stop(self) -> None:
        """Accept no more, and end what is open."""
        if self._server is not None:
            self._server.close()
        for task in list(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        try:
            while (request := await _read_request(reader)) is not None:
                if not await self._exchange(request, reader, writer):
                    break
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # either side went away: so do we
        finally:
            writer.close()

    async def _exchange(self, request: _Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; False if the connection ends with it."""
        fault = request.fault
        if self.server_is_down:
            _reset(writer)
            return False
        if fault is Wire.LATE:
            return await self._late(request, writer)
        if fault is Wire.SERVER_DIES_BEFORE:
            await self.kill_server()
        if fault in _NOT_FORWARDED:
            return self._answer_for_others(fault, writer)
        upstream_reader, upstream_writer = await asyncio.open_connection(*self.upstream, limit=HEAD_MOST)
        try:
            upstream_writer.write(request.raw)
            head = await upstream_reader.readuntil(b"\r\n\r\n")
            if b"text/event-stream" in head and fault is None:
                await _pipe(head, upstream_reader, reader, writer)
                return False
            answer = _Answer(head, b"" if b"text/event-stream" in head else await _read_body(head, upstream_reader))
        finally:
            upstream_writer.close()
        keep = await self._give(request, answer, writer)
        if not int(head.split(b" ", 2)[1]) >= 400:
            self._last[request.target] = answer.head + answer.body
        return keep

    async def _late(self, request: _Request, writer: asyncio.StreamWriter) -> bool:
        """It is on its way for so long that what was sent later arrives earlier; its sender has given up."""
        await asyncio.sleep(LATE_S)
        await self._ask(request)
        _reset(writer)
        return False

    async def _ask(self, request: _Request) -> _Answer:
        reader, writer = await asyncio.open_connection(*self.upstream, limit=HEAD_MOST)
        try:
            writer.write(request.raw)
            head = await reader.readuntil(b"\r\n\r\n")
            return _Answer(head, b"" if b"text/event-stream" in head else await _read_body(head, reader))
        finally:
            writer.close()

    def _answer_for_others(self, fault: Wire, writer: asyncio.StreamWriter) -> bool:
        if fault in _SAID_BY_OTHERS:
            writer.write(_SAID_BY_OTHERS[fault])
        elif fault is Wire.RESET_BEFORE:
            _reset(writer)
        return False

    async def _give(self, request: _Request, answer: _Answer, writer: asyncio.StreamWriter) -> bool:  # noqa: C901 - one arm for each fault
        """Give the server's answer back, or what the fault leaves of it; False if the connection ends with it."""
        whole = answer.head + answer.body
        match request.fault:
            case None:
                writer.write(whole)
                return True
            case Wire.CUT_AFTER:
                pass
            case Wire.RESET_AFTER:
                _reset(writer)
            case Wire.HALF_HEAD:
                writer.write(answer.head[: len(answer.head) // 2])
            case Wire.HALF_BODY:
                writer.write(whole[: len(answer.head) + len(answer.body) // 2])
            case Wire.ASKED_TWICE:
                await self._ask(request)
                writer.write(whole)
                return True
            case Wire.ASKED_TWICE_SECOND:
                second = await self._ask(request)
                writer.write(second.head + second.body)
                return True
            case Wire.ANSWERED_THRICE:
                writer.write(whole * 3)
                return True
            case Wire.SLOW | Wire.TOO_SLOW:
                await asyncio.sleep(SLOW_S if request.fault is Wire.SLOW else TOO_SLOW_S)
                writer.write(whole)
                return True
            case Wire.TRICKLED:
                await _trickle(whole, writer)
            case Wire.STALE:
                writer.write(self._last.get(request.target, _SAID_BY_OTHERS[Wire.EMPTY_OBJECT]))
            case Wire.ANOTHERS:
                others = [said for target, said in self._last.items() if target != request.target]
                writer.write(others[-1] if others else _SAID_BY_OTHERS[Wire.EMPTY_OBJECT])
            case Wire.SERVER_DIES_AFTER:
                await self.kill_server()
            case Wire.BAD_GATEWAY | Wire.EMPTY_OBJECT | Wire.GARBAGE:
                writer.write(_SAID_BY_OTHERS[request.fault])
            case _:
                raise AssertionError(f"{request.fault} is dealt with before")
        return False


async def _read_request(reader: asyncio.StreamReader) -> _Request | None:
    """One whole request; None when the client has ended."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    lines = head.split(b"\r\n")
    fault: Wire | None = None
    size, kept = 0, []
    for line in lines:
        name, _, value = line.partition(b":")
        if name.lower() == FAULT.encode():
            fault = Wire(value.strip().decode())
            continue
        if name.lower() == b"content-length":
            size = int(value)
        kept.append(line)
    target = lines[0].rsplit(b" ", 1)[0].decode("latin-1")
    return _Request(b"\r\n".join(kept) + await reader.readexactly(size), target, fault)


async def _read_body(head: bytes, reader: asyncio.StreamReader) -> bytes:
    """The body as it was framed: by length, by chunks, or by the end of the connection."""
    lowered = head.lower()
    if b"transfer-encoding: chunked" in lowered:
        body = b""
        while True:
            size_line = await reader.readuntil(b"\r\n")
            body += size_line + await reader.readexactly(int(size_line, 16) + 2)
            if int(size_line, 16) == 0:
                return body
    for line in lowered.split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return await reader.readexactly(int(line.split(b":")[1]))
    return await reader.read()


async def _pipe(
    head: bytes, upstream: asyncio.StreamReader, client: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """An endless answer, until either side ends it."""
    writer.write(head)
    gone = asyncio.ensure_future(client.read(1))
    part: asyncio.Future[bytes] | None = None
    try:
        while True:
            part = asyncio.ensure_future(upstream.read(HEAD_MOST))
            await asyncio.wait({part, gone}, return_when=asyncio.FIRST_COMPLETED)
            if gone.done() or not part.result():
                return
            writer.write(part.result())
            await writer.drain()
    finally:
        gone.cancel()
        if part is not None:
            part.cancel()


async def _trickle(whole: bytes, writer: asyncio.StreamWriter) -> None:
    """Until its reader is tired of it."""
    with contextlib.suppress(OSError):
        for at in range(len(whole)):
            writer.write(whole[at : at + 1])
            await writer.drain()
            await asyncio.sleep(TRICKLE_S)


def _reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with RST: a caller that waits for an answer learns at once that none comes."""
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
