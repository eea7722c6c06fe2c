# SPDX-License-Identifier: Apache-2.0
"""The page as a process: the line it prints, where it listens, and that it ends while a browser follows it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn

from pengpos.core.errors import ConfigError
from pengpos.home import Home
from sandbox.simulator import server as module
from sandbox.simulator.server import say, serve
from sandbox.simulator.shop import SimulatedShop

NOWHERE = "http://127.0.0.1:9"  # discard: no backend listens there
LIMIT_S = 30.0
PROGRAM = f"""
import sys
from pathlib import Path
from pengpos.home import Home
from sandbox.simulator.shop import SimulatedShop
from sandbox.simulator.server import serve

with SimulatedShop(Home(Path(sys.argv[1])), backend={NOWHERE!r}, admin_token="none", vpcd_ports=()) as shop:
    serve(shop, port=0, screen_url=None)
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[SimulatedShop]:
    with SimulatedShop(Home(tmp_path), backend=NOWHERE, admin_token="none", vpcd_ports=()) as opened:
        yield opened


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Where a server would have listened that ends at once."""
    addresses: list[tuple[str, int]] = []

    def run(_server: uvicorn.Server, sockets: list[socket.socket]) -> None:
        addresses.extend(listener.getsockname() for listener in sockets)
        for listener in sockets:
            listener.close()

    monkeypatch.setattr(uvicorn.Server, "run", run)
    return addresses


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which another program listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_it_says_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    say(url="http://127.0.0.1:1/x/", name="小林")
    said = capsys.readouterr()
    assert (said.out.count("\n"), said.err) == (1, "")
    assert json.loads(said.out) == {"url": "http://127.0.0.1:1/x/", "name": "小林"}


def test_where_the_usual_port_is_taken_it_listens_at_another(
    shop: SimulatedShop, listening: list[tuple[str, int]], taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "USUAL_PORT", taken)
    serve(shop, port=None, screen_url=None)
    ((host, port),) = listening
    assert host == "127.0.0.1"
    assert port != taken


def test_where_a_chosen_port_is_taken_it_says_so(
    shop: SimulatedShop, listening: list[tuple[str, int]], taken: int
) -> None:
    with pytest.raises(ConfigError, match="Choose another --port"):
        serve(shop, port=taken, screen_url=None)
    assert listening == []


def test_it_ends_when_asked_though_a_browser_follows_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) as page:
        try:
            assert page.stdout is not None  # asked for above
            url = json.loads(page.stdout.readline())["url"]
            assert httpx.get(url, timeout=LIMIT_S).headers["content-type"].startswith("text/html")
            with httpx.stream("GET", f"{url}events", timeout=LIMIT_S) as events:
                lines = events.iter_lines()
                assert next(lines).startswith("event: ")
                os.kill(page.pid, signal.SIGTERM)
                assert all(isinstance(line, str) for line in lines)  # until the stream ends
            assert page.wait(LIMIT_S) in {0, -signal.SIGTERM}
            assert page.stdout.read() == b""
        finally:
            page.kill()
