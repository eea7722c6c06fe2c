# SPDX-License-Identifier: Apache-2.0
"""The daemon when many programs come at once, say half of what they want, or ask what takes long."""

import asyncio
import contextlib
import json
import selectors
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import ExitStack, closing
from typing import cast

import httpx
import pytest

from pengpos.client import LocalClient, NewSale
from terminal.api.feed import LISTENERS_MOST
from terminal.api.http import BODY_SIZE_MOST
from terminal.device.recording import set_within
from terminal.serving import CONNECTIONS_MOST, LocalApiProtocol
from tests.support.counter import Counter, until
from tests.support.loop_thread import LIMIT_S, LoopThread
from tests.support.served import Daemon, served


def connected(daemon: Daemon) -> socket.socket:
    """A connection that says nothing yet."""
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(LIMIT_S)
    try:
        one.connect(str(daemon.home.socket))
    except OSError:
        one.close()
        raise
    return one


def readable(one: socket.socket) -> bool:
    """Whether something has come, or the end; any number of descriptors."""
    with selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ)
        return bool(selector.select(0))


def test_of_forty_listeners_at_once_only_so_many_are_served(daemon: Daemon) -> None:
    with ExitStack() as open_ones:
        many = [open_ones.enter_context(closing(connected(daemon))) for _ in range(LISTENERS_MOST + 8)]
        for one in many:
            one.sendall(b"GET /v1/events HTTP/1.1\r\nhost: terminal\r\n\r\n")
        served_ones = [one for one in many if one.recv(12) == b"HTTP/1.1 200"]
        assert len(served_ones) == LISTENERS_MOST
    with daemon.client() as till, till.stream("GET", "/v1/events") as events:  # whoever went made room
        assert events.status_code == 200


def test_connections_that_say_nothing_keep_nobody_from_the_terminal(
    daemon: Daemon, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    with ExitStack() as open_ones:
        silent = [open_ones.enter_context(closing(connected(daemon))) for _ in range(2_000)]
        with daemon.client() as till:
            assert till.get("/v1/status").status_code == 200
        let_go = [one for one in silent if readable(one)]
        assert len(silent) - len(let_go) <= CONNECTIONS_MOST
    assert len(caplog.records) <= 20


def test_one_call_too_many_is_refused_with_a_problem_document() -> None:
    headers, body = LocalApiProtocol.refusal(cast("LocalApiProtocol", None))
    assert dict(headers)[b"content-type"] == b"application/problem+json"
    assert json.loads(body)["code"] == "too_many_calls"


SCREEN_WAITS_S = 5.0
HALF_A_BODY = b"POST /v1/sales HTTP/1.1\r\nhost: t\r\ncontent-length: 99\r\n\r\n{"


@pytest.mark.parametrize(
    ("many", "begun"),
    [(2_000, b""), (2_000, b"GET /v1/status HT"), (3 * CONNECTIONS_MOST, HALF_A_BODY)],
    ids=["silent", "half a head", "half a body"],
)
def test_thousands_of_connections_keep_no_screen_waiting(daemon: Daemon, many: int, begun: bytes) -> None:
    """They all stay silent for longer than the screen waits: it is served beside them, not behind them."""
    assert LocalApiProtocol.bounds.silent_s > SCREEN_WAITS_S
    with ExitStack() as open_ones:
        for _ in range(many):
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it made room already
                open_ones.enter_context(closing(connected(daemon))).sendall(begun)
        with LocalClient(daemon.home.socket, call_limit_s=SCREEN_WAITS_S) as screen:
            assert screen.status().terminal is not None
            screen.cancel(screen.start_sale(NewSale(idempotency_key="a", amount=1_880, currency="CNY")).id)


@pytest.mark.parametrize("length", [BODY_SIZE_MOST + 1, 1 << 63], ids=["a byte too much", "2^63"])
def test_a_body_that_declares_itself_too_long_is_not_waited_for(daemon: Daemon, length: int) -> None:
    """Nothing of it is ever sent, and the answer comes all the same."""
    with closing(connected(daemon)) as one:
        one.sendall(b"POST /v1/sales HTTP/1.1\r\nhost: t\r\ncontent-length: %d\r\n\r\n" % length)
        assert one.recv(12) == b"HTTP/1.1 413"


ASK_THE_DOCTOR = b"GET /v1/diagnosis HTTP/1.1\r\nhost: terminal\r\nconnection: close\r\n\r\n"


def test_a_doctor_that_hangs_keeps_nobody_from_the_terminal(enrolled: Counter, loop: LoopThread) -> None:
    """Six ask it at once: it is asked once, four share what it finds, and status, sale and export wait for none."""
    let_go, asked = threading.Event(), list[str]()

    def diagnose() -> dict[str, object]:
        asked.append(threading.current_thread().name)
        assert let_go.wait(LIMIT_S)
        return {"healthy": True}

    with served(enrolled.surroundings(diagnose=diagnose), loop) as daemon, ExitStack() as open_ones:
        asking = [open_ones.enter_context(closing(connected(daemon))) for _ in range(6)]
        for one in asking:
            one.sendall(ASK_THE_DOCTOR)
        until(lambda: len([one for one in asking if readable(one)]) == 2, "two are refused")
        with LocalClient(daemon.home.socket, call_limit_s=LIMIT_S) as screen, daemon.client() as till:
            assert screen.status().terminal is not None
            sale = screen.start_sale(NewSale(idempotency_key="a", amount=1_880, currency="CNY"))
            screen.cancel(sale.id)
            assert till.get("/v1/queue/export").status_code == 200
        let_go.set()
        said = [one.makefile("rb").read() for one in asking]
    assert sorted(answer[9:12] for answer in said) == [b"200"] * 4 + [b"503"] * 2
    assert all(b"too_many_calls" in answer for answer in said if answer[9:12] == b"503")
    assert asked == ["diagnosis_0"]


def test_a_doctor_that_hangs_for_long_is_said(
    enrolled: Counter, loop: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("terminal.wiring.device.DIAGNOSIS_LIMIT_S", 0.05)
    let_go = threading.Event()

    def diagnose() -> dict[str, object]:
        assert let_go.wait(LIMIT_S)
        return {"healthy": True}

    with served(enrolled.surroundings(diagnose=diagnose), loop) as daemon, daemon.client() as till:
        said = till.get("/v1/diagnosis")
        assert (said.status_code, said.json()["code"]) == (503, "diagnosis_hangs")
        let_go.set()


HOSTS = [b"localhost", b"", b"/run/pengpos/terminal.sock", b"[::1", b"a b", b"x:99999999", b"\xe6\x94\xb6"]


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_says_nothing(blank: Counter, loop: LoopThread, host: bytes) -> None:
    """Over a Unix socket there is none, and old clients send what they like; also before the enrolment."""
    with served(blank.surroundings(), loop) as daemon:
        for path, status in ((b"status", b"200"), (b"day", b"503"), (b"nothing", b"503")):
            with closing(connected(daemon)) as one:
                one.sendall(b"GET /v1/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (path, host))
                assert one.makefile("rb").read()[9:12] == status
        with closing(connected(daemon)) as old:
            old.sendall(b"GET /v1/status HTTP/1.0\r\n\r\n")
            assert old.makefile("rb").read()[9:12] == b"200"


class Drip(httpx.AsyncByteStream):
    """An answer that comes byte by byte and never ends."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await set_within(asyncio.Event(), 0.02)


def test_a_backend_that_drips_keeps_no_screen_waiting(enrolled: Counter, loop: LoopThread) -> None:
    """Every call of ours is answered byte by byte, and none of the screen's waits for one."""

    async def drips(_request: httpx.Request, _forward: object) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": "application/json"}, stream=Drip())

    enrolled.road.put(drips)
    with served(enrolled.surroundings(), loop) as daemon, LocalClient(daemon.home.socket, call_limit_s=1.0) as screen:
        until(lambda: enrolled.road.count("GET", ".*") > 1, "it asks its backend")
        assert screen.status().link.online is False
        sale = screen.start_sale(NewSale(idempotency_key="a", amount=1_880, currency="CNY"))
        assert sale.mode == "offline"
        screen.cancel(sale.id)
