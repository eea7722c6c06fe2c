# SPDX-License-Identifier: Apache-2.0
"""Bounds for connections: programs that say nothing, or half of it, or read nothing, keep nobody from the terminal."""

import asyncio
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pengpos.serving import connections
from pengpos.serving.connections import BoundedH11Protocol, BoundedServer, Bounds
from tests.support.loop_thread import LIMIT_S, LoopThread

MOST = 4
ASK = b"GET /%s HTTP/1.1\r\nhost: terminal\r\n\r\n"
MUCH = 8_000_000


class Narrow(BoundedH11Protocol):
    """A few connections only."""

    bounds = Bounds(connections_most=MOST)


class Served:
    """A small application within the bounds: `/status` answers, `/waits` when it is let, `/much` is long."""

    def __init__(self, listening: socket.socket, loop: LoopThread) -> None:
        self._loop = loop
        self._listening = listening
        self.waits = asyncio.Event()
        self.under_way = 0
        self.much_asked = False
        app = Starlette(
            routes=[
                Route("/status", self._status),
                Route("/waits", self._waits),
                Route("/much", self._much),
                Route("/reads", self._reads, methods=["POST"]),
            ]
        )
        config = uvicorn.Config(
            app, http=Narrow, lifespan="off", log_config=None, access_log=False, timeout_keep_alive=600
        )
        self.server = BoundedServer(config)
        self._task = asyncio.run_coroutine_threadsafe(self.server._serve([self._listening]), loop.loop)
        self.until(lambda: self.server.started)

    def until(self, holds: Callable[[], object]) -> None:
        async def look() -> bool:
            return bool(holds())

        latest_s = time.monotonic() + LIMIT_S
        while not self._loop.run(look()):
            assert time.monotonic() < latest_s

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        one = socket.socket(self._listening.family)
        one.settimeout(LIMIT_S)
        if self._listening.family == socket.AF_INET:
            one.bind((source, 0))
        one.connect(self._listening.getsockname())
        return one

    @property
    def connections(self) -> set[Narrow]:
        return cast("set[Narrow]", self.server.server_state.connections)

    def stop(self) -> None:
        self._loop.loop.call_soon_threadsafe(self.waits.set)
        self.server.should_exit = self.server.force_exit = True
        self._task.result(LIMIT_S)

    async def _status(self, _request: Request) -> Response:
        return PlainTextResponse("well")

    async def _waits(self, _request: Request) -> Response:
        self.under_way += 1
        await self.waits.wait()
        return PlainTextResponse("done")

    async def _reads(self, request: Request) -> Response:
        self.under_way += 1
        return PlainTextResponse(f"{len(await request.body())} bytes")

    async def _much(self, _request: Request) -> Response:
        self.much_asked = True
        return Response(b"m" * MUCH)


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    running = LoopThread()
    yield running
    running.close()
    assert running.broken == []


@pytest.fixture
def served(tmp_path: Path, loop: LoopThread) -> Iterator[Served]:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "socket"))
    running = Served(listening, loop)
    yield running
    running.stop()


@pytest.fixture
def served_on_tcp(loop: LoopThread) -> Iterator[Served]:
    running = Served(socket.create_server(("127.0.0.1", 0)), loop)
    yield running
    running.stop()


@pytest.fixture
def bounds(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    return lambda **given: monkeypatch.setattr(Narrow, "bounds", replace(Narrow.bounds, **given))


def said(one: socket.socket) -> bytes:
    """All until the end of the connection."""
    with one.makefile("rb") as reading:
        return reading.read()


def readable(one: socket.socket, limit_s: float) -> bool:
    return bool(select.select([one], [], [], limit_s)[0])


def heard(one: socket.socket, word: bytes) -> bool:
    """Whether this comes before the connection ends."""
    so_far = b""
    while word not in so_far and (more := one.recv(10_000)):
        so_far += more
    return word in so_far


def answers(one: socket.socket) -> bool:
    one.sendall(ASK % b"status")
    return heard(one, b"well")


def test_an_answers_body_does_not_wait_behind_its_head(served_on_tcp: Served) -> None:
    """asyncio sets this itself only for sockets made with TCP's number, and `create_server` makes others."""
    with served_on_tcp.connect() as one:
        assert answers(one)
        (at_the_server,) = served_on_tcp.connections
        taken: socket.socket = at_the_server.transport.get_extra_info("socket")
        assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


def test_a_new_connection_takes_the_place_of_the_one_silent_for_longest(served: Served) -> None:
    with ExitStack() as open_ones:
        silent = [open_ones.enter_context(served.connect()) for _ in range(MOST)]
        served.until(lambda: len(served.connections) == MOST)
        assert answers(silent[0])  # it is the last that spoke
        silent[2].sendall(b"GET /status HT")  # half a request is none
        for gone in silent[1:3]:
            till = open_ones.enter_context(served.connect())
            assert answers(till)
            assert said(gone) == b""
        assert answers(silent[0])
        assert answers(silent[3])


def test_a_request_under_way_is_never_cut_off_for_a_new_connection(served: Served) -> None:
    with ExitStack() as open_ones:
        busy = [open_ones.enter_context(served.connect()) for _ in range(MOST)]
        for one in busy:
            one.sendall(ASK % b"waits")
        served.until(lambda: served.under_way == MOST)
        for _ in range(3):
            refused = said(open_ones.enter_context(served.connect()))
            assert refused.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
            assert refused.endswith(b"Too many requests are under way")
        served._loop.loop.call_soon_threadsafe(served.waits.set)
        assert all(heard(one, b"done") for one in busy)


def test_half_a_request_makes_room_too(served: Served) -> None:
    """A body that comes slowly is no request under way: its sender may send it again."""
    with ExitStack() as open_ones:
        slow = [open_ones.enter_context(served.connect()) for _ in range(MOST)]
        for one in slow:
            one.sendall(b"POST /reads HTTP/1.1\r\nhost: terminal\r\ncontent-length: 9\r\n\r\nhalf")
        served.until(lambda: served.under_way == MOST)
        till = open_ones.enter_context(served.connect())
        assert answers(till)
        assert said(slow[0]) == b""
        slow[1].sendall(b" more")
        assert heard(slow[1], b"9 bytes")


def test_room_is_made_by_the_peer_that_waits_with_the_most(served_on_tcp: Served) -> None:
    """A till that keeps one connection keeps it, whatever another machine does with dozens."""
    with ExitStack() as open_ones:
        till = open_ones.enter_context(served_on_tcp.connect("127.0.0.2"))
        assert answers(till)
        flood = [open_ones.enter_context(served_on_tcp.connect("127.0.0.3")) for _ in range(3 * MOST)]
        assert [said(one) for one in flood[: 2 * MOST + 1]] == [b""] * (2 * MOST + 1), "the oldest of the flood go"
        assert answers(till)
        assert answers(flood[-1])


@pytest.mark.parametrize(
    "begun",
    [b"", b"GET /status HTTP/1.1\r\nx: ", b"POST /reads HTTP/1.1\r\nhost: t\r\ncontent-length: 9\r\n\r\nhalf"],
    ids=["nothing", "half a head", "half a body"],
)
def test_a_connection_without_a_whole_request_is_let_go(
    served: Served, begun: bytes, bounds: Callable[..., None]
) -> None:
    bounds(silent_s=0.05, body_s=0.05)
    with served.connect() as silent:
        silent.sendall(begun)
        assert said(silent) == b""


def test_a_head_that_drips_after_an_answer_is_let_go(served: Served, bounds: Callable[..., None]) -> None:
    """A connection may be kept for long; a head that has begun may not take as long."""
    bounds(silent_s=0.3, kept_s=600)
    with served.connect() as kept:
        assert answers(kept)
        ended = False
        for _ in range(200):
            with suppress(OSError):  # it is closed, or reset
                kept.sendall(b"G")
            ended = ended or (readable(kept, 0.02) and said(kept) == b"")
        assert ended


def test_a_kept_connection_is_let_go_in_the_end(served: Served, bounds: Callable[..., None]) -> None:
    bounds(kept_s=0.05)
    with served.connect() as kept:
        assert answers(kept)
        assert said(kept) == b""


def test_what_is_no_http_in_the_middle_of_an_answer_ends_it_without_a_word(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """uvicorn would begin a second answer inside the first, and asyncio log a traceback for each."""
    with served.connect() as one:
        one.sendall(b"GET /much HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n")
        served.until(lambda: served.much_asked)
        assert one.recv(12) == b"HTTP/1.1 200"
        one.sendall(b"no chunk\r\n")
        served.until(lambda: not served.connections)
    assert [record.exc_info for record in caplog.records] == [None]


def test_an_answer_that_is_not_read_ends_the_connection(served: Served, bounds: Callable[..., None]) -> None:
    bounds(unread_s=0.05)
    with served.connect() as unread:
        unread.sendall(ASK % b"much")
        served.until(lambda: served.much_asked and not served.connections)
        assert len(said(unread)) < MUCH


def test_an_answer_that_is_read_slowly_is_read_whole(served: Served) -> None:
    with served.connect() as slow:
        slow.sendall(ASK.replace(b"host", b"connection: close\r\nhost") % b"much")
        assert said(slow).endswith(b"m" * MUCH)


def test_what_is_no_http_fills_no_log(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(60):
        with served.connect() as stranger:
            stranger.sendall(b"\x16\x03\x01\r\n\r\n")
            assert said(stranger).startswith(b"HTTP/1.1 400 ")
    assert 0 < len([record for record in caplog.records if record.name == connections.__name__]) <= 20


@pytest.mark.parametrize("ends", [b"\r\n", b""], ids=["whole", "without end"])
def test_ten_thousand_headers_are_no_request(served: Served, ends: bytes) -> None:
    """Also where all of it comes at once: to take it apart would keep others waiting."""
    with served.connect() as one:
        head = b"GET /status HTTP/1.1\r\nhost: t\r\n" + b"".join(b"x%d: y\r\n" % number for number in range(10_000))
        with suppress(BrokenPipeError, ConnectionResetError):
            one.sendall(head + ends)
        assert one.recv(12)[9:12] in {b"400", b"431"}


def test_a_thousand_requests_at_once_are_all_answered(served: Served) -> None:
    with served.connect() as one:
        one.sendall(b"GET /status HTTP/1.1\r\nhost: t\r\n\r\n" * 999)
        one.sendall(b"GET /status HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n")
        assert said(one).count(b"HTTP/1.1 200") == 1_000


TARGETS = {
    "absolute, as to a proxy": b"GET http://terminal/status HTTP/1.1\r\nhost: another\r\n\r\n",
    "its scheme in capitals": b"GET HTTP://terminal/status HTTP/1.1\r\nhost: terminal\r\n\r\n",
    "of HTTP/1.0, without a host": b"GET http://terminal/status HTTP/1.0\r\n\r\n",
    "with a query that has a scheme": b"GET /status?to=http://other/waits HTTP/1.1\r\nhost: terminal\r\n\r\n",
}


@pytest.mark.parametrize("asked", TARGETS.values(), ids=TARGETS.keys())
def test_what_a_proxy_makes_of_a_target_is_the_path(served: Served, asked: bytes) -> None:
    with served.connect() as one:
        one.sendall(asked)
        assert heard(one, b"well")


def test_a_body_whose_length_is_said_in_two_ways_is_no_request(served: Served) -> None:
    with served.connect() as one:
        one.sendall(
            b"POST /status HTTP/1.1\r\nhost: terminal\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n"
            b"0\r\n\r\n" + ASK % b"waits"
        )
        assert said(one).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("blank", [b"\r\n", b"\n", b"\r\n\r\n\r\n"], ids=["one", "without return", "three"])
def test_empty_lines_before_a_request_are_none(served: Served, blank: bytes) -> None:
    """Old clients send one behind a body, in the same piece or in the next."""
    with served.connect() as one:
        one.sendall(blank)
        assert answers(one)
        one.sendall(b"POST /reads HTTP/1.1\r\nhost: terminal\r\ncontent-length: 2\r\n\r\n{}" + blank)
        assert heard(one, b"2 bytes")
        assert answers(one)
        one.sendall(blank[:1])
        one.sendall(blank[1:])
        assert answers(one)


def test_nothing_but_empty_lines_is_let_go(served: Served, bounds: Callable[..., None]) -> None:
    bounds(silent_s=0.05)
    with served.connect() as one, suppress(BrokenPipeError, ConnectionResetError):
        while True:
            one.sendall(b"\r\n" * 1_000)
