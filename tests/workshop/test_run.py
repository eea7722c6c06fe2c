# SPDX-License-Identifier: Apache-2.0
"""`pengpos run` as a person uses it: a whole shop of processes, charged from the prompt, gone when it is closed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from pengpos.client import Home, LocalClient
from pengpos.core.errors import ConfigError
from tests.support.counter import until
from tests.support.pids import is_running
from tests.support.running_shop import Shop
from workshop.processes import Program
from workshop.run import _open
from workshop.shop import Shop as OpenedShop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    running = Shop(tmp_path / "home")
    yield running
    running.close()


def diagnosed(shop: Shop) -> dict[str, Any]:
    """What `pengpos doctor --json` prints beside it; it finds no pcscd of its own."""
    environment = {name: value for name, value in os.environ.items() if name != "PCSCLITE_CSOCK_NAME"}
    said = subprocess.run(
        [sys.executable, "-m", "terminal", "doctor", "--json"],
        env={**environment, "PENGPOS_HOME": str(shop.home.root)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    ).stdout
    return cast("dict[str, Any]", json.loads(said))


def test_a_day_at_the_prompt_and_ctrl_c(shop: Shop) -> None:
    shop.until_said("Ctrl-C")
    assert any("daemon    ready" in line for line in shop.said)
    assert any("screen    none, as you asked" in line for line in shop.said)
    family = shop.family
    assert len(family) >= 4  # itself, sandbox, pcscd, daemon
    readers = next(found for found in diagnosed(shop)["findings"] if found["name"] == "Readers")
    assert readers["light"] == "green"
    assert readers["says"].count("pengpos virtual reader") == 2
    shop.type("18.80")
    shop.until_said("18.80 CNY, hold the phone")
    shop.type("")
    with LocalClient(shop.home.socket) as client:
        until(lambda: (sale := client.status().sale) is not None and sale.state == "approved", "approved")
    shop.type("much")
    shop.until_said("not an amount")
    shop.type("？")
    shop.until_said("How to try it")
    again = Shop(shop.home.root)
    try:
        assert again.ended() == 0
        assert again.said[0].startswith(f"This shop is open already, by process {shop.process.pid}: http://127.0.0.1:")
    finally:
        again.close()
    shop.process.send_signal(signal.SIGINT)
    assert shop.ended() == 0
    assert shop.said[-1] == "All stopped."
    assert [pid for pid in family if is_running(pid)] == []
    assert not shop.home.socket.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=["TERM", "HUP", "KILL"])
def test_it_leaves_nothing_however_it_ends(tmp_path: Path, number: signal.Signals) -> None:
    shop = Shop(tmp_path / "home", stdin=subprocess.DEVNULL)
    try:
        shop.until_said("Ctrl-C")
        family = shop.family
        shop.process.send_signal(number)
        assert shop.ended() == (-9 if number is signal.SIGKILL else 0)
        until(lambda: not any(is_running(pid) for pid in family), f"all of {family} have ended")
    finally:
        shop.close()


def test_a_part_that_ends_by_itself_closes_the_shop_and_is_named(shop: Shop) -> None:
    shop.until_said("Ctrl-C")
    family = shop.family
    with LocalClient(shop.home.socket) as client:
        client.status()
    daemon = next(pid for pid in family if b"\0daemon\0" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(daemon, signal.SIGKILL)
    assert shop.ended() == 1
    assert any("daemon ended by itself (exit code -9)" in line for line in shop.said)
    assert [pid for pid in family if is_running(pid)] == []


def test_a_damaged_enrolment_is_a_sentence(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "terminal.json").write_text("{")
    shop = Shop(home, stdin=subprocess.DEVNULL)
    try:
        assert shop.ended() == 1
        assert any("terminal.json: not JSON" in line for line in shop.said)
        assert not any("Traceback" in line for line in shop.said)
    finally:
        shop.close()


# --- the order in which it opens --------------------------------------------------------------------------------------


class Up(Program):
    """A program that is up as soon as it is asked."""

    def __init__(self, name: str, happened: list[str], says: dict[str, Any]) -> None:
        self.name = name
        self._happened = happened
        self._says = says

    def line(self, limit_s: float = 0) -> str:
        self._happened.append(f"{self.name} is up")
        return "ready"

    def json_line(self, limit_s: float = 0) -> dict[str, Any]:
        self._happened.append(f"{self.name} is up")
        return self._says


class ShopOnPaper(OpenedShop):
    """Starts no process, and keeps in which order it would have."""

    def __init__(self, home: Home) -> None:
        super().__init__(home)
        self.happened: list[str] = []

    def start(self, name: str, arguments: Sequence[str], **environment: str) -> Program:
        self.happened.append(f"{name} begins")
        says = {"url": self.backend, "admin_token": "t", "activation_code": "c", "port": 1}
        self.programs[name] = Up(name, self.happened, says)
        return self.programs[name]

    def open_readers(self, *, private: bool = False) -> None:
        self.happened.append("readers are up")

    def once(self, arguments: Sequence[str], limit_s: float = 0, *, stdin: str = "") -> str:
        self.happened.append("enrolled")
        return ""


class LineOnPaper(contextlib.nullcontext[Any]):
    """Listens nowhere."""

    port = 8_480

    def __init__(self, *_ports: int) -> None:
        super().__init__(self)

    def start(self, _upstream_port: int) -> None:
        """Relays nothing."""


@pytest.fixture(name="no_line")
def _no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.simulator.line.Line", LineOnPaper)


def opened(home: Home, *, screen: bool = True) -> list[str]:
    shop = ShopOnPaper(home)
    try:
        _open(shop, private_readers=True, screen=screen)
    except ConfigError as error:
        shop.happened.append(str(error.detail))
    finally:
        shop.close()
    return shop.happened


@pytest.mark.usefixtures("no_line")
def test_what_need_not_wait_for_another_part_comes_up_beside_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    first = ["sandbox begins", "screen begins", "readers are up", "sandbox is up", "enrolled", "daemon begins",
             "daemon is up", "screen is up", "simulator begins", "simulator is up"]  # fmt: skip
    assert opened(home) == first
    home.enrolment.write_text(json.dumps({"backend": f"http://127.0.0.1:{LineOnPaper.port}"}))
    again = ["sandbox begins", "screen begins", "readers are up", "daemon begins", "sandbox is up",
             "daemon is up", "screen is up", "simulator begins", "simulator is up"]  # fmt: skip
    assert opened(home) == again
    assert opened(home, screen=False) == [step for step in again if not step.startswith(("screen", "sim"))]


@pytest.mark.usefixtures("no_line")
def test_of_a_terminal_that_is_enrolled_elsewhere_no_daemon_runs(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.enrolment.write_text(json.dumps({"backend": "https://pay.example"}))
    *begun, trouble = opened(home)
    assert begun == ["sandbox begins", "screen begins", "readers are up"]
    assert "enrolled at https://pay.example" in trouble
