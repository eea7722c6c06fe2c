# SPDX-License-Identifier: Apache-2.0
"""Bounds for connections: programs that say nothing, or half of it, or read nothing, keep nobody from the terminal."""

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from terminal.api import connections
from terminal.api.connections import LINES_MOST, LINES_WITHIN_S, BoundedH11Protocol, FewLines
from tests.support.loop_thread import LIMIT_S, LoopThread

MOST = 4
ASK = b"GET /%s HTTP/1.1\r\nhost: terminal\r\n\r\n"
MUCH = 8_000_000


class Served:
    """A small application within the bounds: `/status` answers, `/waits` when it is let, `/much` is long."""

    def __init__(self, path: Path, loop: LoopThread) -> None:
        self.path = path
        self._loop = loop
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self.waits = asyncio.Event()
        self.under_way = 0
        self.much_asked = False
        app = Starlette(
            routes=[Route("/status", self._status), Route("/waits", self._waits), Route("/much", self._much)]
        )
        config = uvicorn.Config(
            app, http=BoundedH11Protocol, lifespan="off", log_config=None, access_log=False, timeout_keep_alive=600
        )
        self.server = uvicorn.Server(config)
        self._task = asyncio.run_coroutine_threadsafe(self.server._serve([self._listening]), loop.loop)
        self.until(lambda: self.server.started)

    def until(self, holds: Callable[[], object]) -> None:
        async def look() -> bool:
            return bool(holds())

        latest_s = time.monotonic() + LIMIT_S
        while not self._loop.run(look()):
            assert time.monotonic() < latest_s

    def connect(self) -> socket.socket:
        one = socket.socket(socket.AF_UNIX)
        one.settimeout(LIMIT_S)
        one.connect(str(self.path))
        return one

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

    async def _much(self, _request: Request) -> Response:
        self.much_asked = True
        return Response(b"m" * MUCH)


@pytest.fixture
def served(tmp_path: Path, loop: LoopThread, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(connections, "CONNECTIONS_MOST", MOST)
    running = Served(tmp_path / "socket", loop)
    yield running
    running.stop()


def said(one: socket.socket) -> bytes:
    """All until the end of the connection."""
    with one.makefile("rb") as reading:
        return reading.read()


def heard(one: socket.socket, word: bytes) -> bool:
    """Whether this comes before the connection ends."""
    so_far = b""
    while word not in so_far and (more := one.recv(10_000)):
        so_far += more
    return word in so_far


def answers(one: socket.socket) -> bool:
    one.sendall(ASK % b"status")
    return heard(one, b"well")


def test_a_new_connection_takes_the_place_of_the_one_silent_for_longest(served: Served) -> None:
    with ExitStack() as open_ones:
        silent = [open_ones.enter_context(served.connect()) for _ in range(MOST)]
        served.until(lambda: len(served.server.server_state.connections) == MOST)
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
            assert b"application/problem+json" in refused
            assert b'"code":"too_many_calls"' in refused
        served._loop.loop.call_soon_threadsafe(served.waits.set)
        assert all(heard(one, b"done") for one in busy)


@pytest.mark.parametrize("begun", [b"", b"GET /status HTTP/1.1\r\nx: "])
def test_who_says_no_whole_request_is_let_go(served: Served, begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SILENT_S", 0.05)
    with served.connect() as silent:
        silent.sendall(begun)
        assert said(silent) == b""


def test_an_answer_that_is_not_read_ends_the_connection(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "UNREAD_S", 0.05)
    with served.connect() as unread:
        unread.sendall(ASK % b"much")
        served.until(lambda: served.much_asked and not served.server.server_state.connections)
        assert len(said(unread)) < MUCH


def test_an_answer_that_is_read_slowly_is_read_whole(served: Served) -> None:
    with served.connect() as slow:
        slow.sendall(ASK.replace(b"host", b"connection: close\r\nhost") % b"much")
        assert said(slow).endswith(b"m" * MUCH)


def test_what_is_no_http_fills_no_log(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3 * LINES_MOST):
        with served.connect() as stranger:
            stranger.sendall(b"\x16\x03\x01\r\n\r\n")
            assert said(stranger).startswith(b"HTTP/1.1 400 ")
    assert 0 < len([record for record in caplog.records if record.name == connections.__name__]) <= LINES_MOST


def test_few_lines_say_how_many_were_left_out() -> None:
    now_s = time.monotonic()
    few = FewLines(lambda: now_s)
    lines = [logging.makeLogRecord({"msg": "line %d", "args": (number,)}) for number in range(LINES_MOST + 5)]
    assert [few.filter(line) for line in lines] == [True] * LINES_MOST + [False] * 5
    now_s += LINES_WITHIN_S
    assert few.filter(lines[0])
    assert lines[0].getMessage() == "line 0 (5 lines before this were left out)"
    now_s += LINES_WITHIN_S
    assert few.filter(lines[1])
    assert lines[1].getMessage() == "line 1"
