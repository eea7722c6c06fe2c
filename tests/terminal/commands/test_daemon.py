# SPDX-License-Identifier: Apache-2.0
"""`pengpos daemon`: what its start imports is what selling needs. Everything else it does is in tests/journeys."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from terminal.commands import daemon
from tests.support.loop_thread import LIMIT_S

NOT_TO_SELL = (
    "alembic", "babel", "certifi", "dateutil", "fastapi", "importlib.metadata", "importlib.resources",
    "multiprocessing", "nfc", "provisioning", "pydantic", "pygame", "pygments", "rich", "sandbox", "segno", "serial",
    "sqlalchemy", "sqlite_utils", "usb1", "uuid6", "workshop", "zipfile",
)  # fmt: skip


def test_its_start_imports_nothing_that_selling_does_not_need() -> None:
    code = (
        "import sys, terminal.cli, terminal.commands.daemon, terminal.commands.hardware\n"
        "from pengpos.backend_api import roots; roots._usual()\n"  # as its first call over TLS does
        f"print(sorted(set({NOT_TO_SELL}) & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert said.stdout == "[]\n"


def test_httpx_works_without_its_own_command_line() -> None:
    code = "import terminal.cli, httpx; print(httpx.Client, httpx.main.__module__)"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert said.stdout == "<class 'httpx.Client'> httpx\n"


def test_a_full_output_ends_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its log was on a full card: it could not say that it was ready, and ended."""
    turned_away: list[bool] = []
    monkeypatch.setattr(daemon, "write_no_more", lambda: turned_away.append(True))
    monkeypatch.setattr("gc.freeze", lambda: None)
    full = io.TextIOWrapper(io.FileIO("/dev/full", "w"), write_through=True)
    monkeypatch.setattr(sys, "stdout", full)
    daemon._ready()
    assert turned_away == [True]


def test_a_hangup_ends_nothing(tmp_path: Path) -> None:
    """A closed console, or a program that has logs opened anew by it, ended the terminal without a word."""
    command = [sys.executable, "-m", "terminal", "daemon"]
    environment = os.environ | {"PENGPOS_HOME": str(tmp_path)}
    with subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None  # asked for above
        assert running.stdout.readline() == "ready\n"
        running.send_signal(signal.SIGHUP)
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=LIMIT_S)
    assert (running.returncode, said.count("SIGHUP: goes on as it is")) == (0, 1)
