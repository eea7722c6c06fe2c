# SPDX-License-Identifier: Apache-2.0
"""`pengpos run` as a person uses it: a whole shop of processes, charged from the prompt, gone when it is closed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.client import Home, LocalClient
from tests.support.counter import until
from tests.support.pids import is_running

ROOT = Path(__file__).parents[2]


class Shop:
    """One `pengpos run` and its prompt."""

    def __init__(self, home: Path, stdin: int = subprocess.PIPE) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY"}}
        environment.pop("PCSCLITE_CSOCK_NAME", None)
        self.home = Home(home)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "terminal.programs", "run", "--private-readers", "--no-screen"],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**environment, "PENGPOS_HOME": str(home)},
            cwd=ROOT,
            text=True,
            start_new_session=True,
        )
        self.said: list[str] = []

    def until_said(self, text: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if text in line:
                return line.rstrip()
        raise AssertionError(f"it ended before it said {text!r}: {self.said}")

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    @property
    def family(self) -> list[int]:
        """All its processes, itself first."""
        found = [self.process.pid]
        for pid in found:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                found += [int(child) for child in children.read_text().split()]
        return found

    def ended(self, limit_s: float = 30.0) -> int:
        """Its exit code; everything it still says is kept."""
        assert self.process.stdout is not None
        self.said += [line.rstrip() for line in self.process.stdout]
        return self.process.wait(limit_s)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    running = Shop(tmp_path / "home")
    yield running
    running.close()


def test_a_day_at_the_prompt_and_ctrl_c(shop: Shop) -> None:
    shop.until_said("Ctrl-C")
    assert any("daemon    ready" in line for line in shop.said)
    assert any("no display" in line for line in shop.said)
    family = shop.family
    assert len(family) >= 4  # itself, sandbox, pcscd, daemon
    shop.type("18.80")
    shop.until_said("18.80 CNY, hold the phone")
    shop.type("")
    with LocalClient(shop.home.socket) as client:
        until(lambda: (sale := client.status().sale) is not None and sale.state == "approved", "approved")
    shop.type("much")
    shop.until_said("not an amount")
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
