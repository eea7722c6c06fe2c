# SPDX-License-Identifier: Apache-2.0
"""`pengpos queue sync`: what it says with a terminal, and without one."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pengpos.client import LocalClient, Status
from terminal.commands import queue as module
from workshop.samples.screens import SAMPLES


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENGPOS_HOME", str(tmp_path))


def test_without_a_terminal_it_says_so_and_fails() -> None:
    said = CliRunner().invoke(module.queue, ["sync"])
    assert said.exit_code == 1
    assert said.output.rstrip().endswith("Is the terminal running?")
    assert "Traceback" not in said.output


def test_with_one_it_starts_and_names_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    status = SAMPLES["amount-empty"].status
    assert isinstance(status, Status)

    def started(_client: LocalClient) -> None:
        asked.append("sync")

    def found(_client: LocalClient) -> Any:
        return status

    monkeypatch.setattr(LocalClient, "sync", started)
    monkeypatch.setattr(LocalClient, "status", found)
    said = CliRunner().invoke(module.queue, ["sync"])
    assert said.exit_code == 0
    assert asked == ["sync"]
    assert f"Sending: {status.queue.count} payments wait" in said.output


def test_the_journals_own_commands_stand_beside_it() -> None:
    assert {"sync", "list", "show", "verify", "export"} <= set(module.queue.commands)
