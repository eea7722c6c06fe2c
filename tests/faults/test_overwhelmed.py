# SPDX-License-Identifier: Apache-2.0
"""All at once: connections that say nothing, heads that drip, a backend that drips, and logs without end.

The terminal answers and sells beside them, and neither connections nor logs nor memory grow. Nothing is timed: what is
asked is served while the others stay as they are, for longer than who asks would wait. `make faults` does it for long.
"""

import asyncio
import gc
import logging
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from pengpos.client import Home, LocalClient, NewSale
from pengpos.serving.few_lines import LINE_SIZE_MOST, LINES_MOST, FewLines
from terminal.device.recording import set_within
from terminal.serving import CONNECTIONS_MOST, LocalApiProtocol
from tests.support.counter import Counter, until
from tests.support.loop_thread import LIMIT_S, LoopThread
from tests.support.served import served

IDLE, SLOW, LINES = 2_000, 100, 1_000
ROUNDS, ROUNDS_LONG = 3, 300
HEAD = b"GET /v1/status HTTP/1.1\r\nhost: terminal\r\nx-more: "
SCREEN_WAITS_S = 5.0
GROWTH_MOST_KIB = 24 * 1_024


class Drip(httpx.AsyncByteStream):
    """An answer that comes byte by byte and never ends."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await set_within(asyncio.Event(), 0.02)


async def drips(_request: httpx.Request, _forward: object) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "application/json"}, stream=Drip())


class SlowHead:
    """A head that gets a byte longer each time, begun anew wherever the terminal has let it go."""

    def __init__(self, home: Home) -> None:
        self._path = str(home.socket)
        self._begin()

    def _begin(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(LIMIT_S)
        self._sent = 0
        with suppress(OSError):  # the kernel's queue is full of the others
            self._socket.connect(self._path)

    def drip(self) -> None:
        try:
            self._socket.sendall(HEAD[self._sent : self._sent + 1] or b"x")
            self._sent += 1
        except OSError:
            self.close()
            self._begin()

    def close(self) -> None:
        self._socket.close()


@contextmanager
def logged_into(path: Path) -> Iterator[logging.Logger]:
    """A logger whose lines go there as a program of ours has them; its minute never ends."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.addFilter(FewLines(monotonic=lambda: 0.0))
    own, terminals = logging.getLogger("tests.flood"), logging.getLogger("terminal")
    own.propagate = False
    for one in (own, terminals):
        one.addHandler(handler)
    try:
        yield own
    finally:
        for one in (own, terminals):
            one.removeHandler(handler)
        handler.close()


def connections() -> int:
    return sum(isinstance(one, LocalApiProtocol) for one in gc.get_objects())


def resident_kib() -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])


def test_a_terminal_that_is_beset_from_all_sides_goes_on_selling(
    enrolled: Counter,
    loop: LoopThread,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    *,
    everywhere: bool,
) -> None:
    assert LocalApiProtocol.bounds.silent_s > SCREEN_WAITS_S
    enrolled.road.put(drips)
    log, sizes_kib = tmp_path / "daemon.log", list[int]()
    with logged_into(log) as flood, served(enrolled.surroundings(), loop) as daemon, ExitStack() as open_ones:
        idle = [open_ones.enter_context(closing(socket.socket(socket.AF_UNIX))) for _ in range(IDLE)]
        for one in idle:
            one.settimeout(LIMIT_S)
            one.connect(str(daemon.home.socket))
        slow = [open_ones.enter_context(closing(SlowHead(daemon.home))) for _ in range(SLOW)]
        for number in range(ROUNDS_LONG if everywhere else ROUNDS):
            for head in slow:
                head.drip()
            for line in range(LINES):
                flood.error("the same trouble again: %d %s", line, "x" * 10_000)
            with LocalClient(daemon.home.socket, call_limit_s=SCREEN_WAITS_S) as screen:
                assert screen.status().terminal is not None
                sale = screen.start_sale(NewSale(idempotency_key=str(number), amount=1_880, currency="CNY"))
                screen.cancel(sale.id)
            until(lambda: connections() <= CONNECTIONS_MOST, "no more connections than there may be")
            sizes_kib.append(resident_kib())
        assert enrolled.road.count("GET", ".*") > 0, "its backend dripped"
    lines = log.read_text("utf-8").splitlines()
    assert sum("the same trouble again" in line for line in lines) == LINES_MOST
    assert log.stat().st_size < 20 * LINES_MOST * LINE_SIZE_MOST
    record_property("resident_kib", sizes_kib[::30])
    settled_kib, *_, last_kib = sizes_kib[len(sizes_kib) // 3 :]
    assert last_kib - settled_kib < GROWTH_MOST_KIB


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    yield
    until(lambda: connections() == 0, "all connections are gone")
