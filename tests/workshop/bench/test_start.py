# SPDX-License-Identifier: Apache-2.0
"""`pengpos bench start` starts what it says, once here; how fast this machine is, is no test's business."""

import os
import re

import pytest
from click.testing import CliRunner

from workshop.bench import start
from workshop.bench.cli import bench


@pytest.fixture(scope="module")
def said() -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(start, "SETTLE_S", 0.1)  # what memory it comes to, is no test's business either
        done = CliRunner().invoke(bench, ["start", "--times", "1"])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize(
    "line",
    [
        r"^  an interpreter, start to end +\d+ ms median, \d+ ms at most of 1$",
        r"^  screen, start to first frame +\d+ ms median, \d+ ms at most of 1  goal 1\.0 s$",
        r"^  daemon, start to ready for a tap +\d+ ms median, \d+ ms at most of 1  goal 0\.45 s$",
        r"^  daemon, resident memory +[1-9]\d* MB +goal 62 MB$",
        r"^  screen, resident memory +[1-9]\d* MB, following it +goal 90 MB$",
    ],
    ids=["the floor", "the screen", "the daemon", "the daemon's memory", "the screen's memory"],
)
def test_each_figure_stands_beside_its_goal_or_is_the_floor(said: str, line: str) -> None:
    assert re.search(line, said, re.MULTILINE), said


def test_median_and_worst_are_said() -> None:
    line = start._line("a thing", [0.3, 0.1, 0.2], "goal 1.0 s")
    assert line.split("  ")[-1] == "goal 1.0 s"
    assert "200 ms median, 300 ms at most of 3" in line


def test_memory_is_a_processes_own() -> None:
    assert start._resident_kib(os.getpid()) > 1024
    with pytest.raises(FileNotFoundError):
        start._resident_kib(2**22 + 1)


def test_memory_is_read_when_it_has_stopped_growing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that has hardly begun holds nothing yet, however busy the machine is."""
    sizes = iter([0, 0, 9_000, 21_000, 48_000])
    monkeypatch.setattr(start, "SETTLE_S", 0.2)
    monkeypatch.setattr(start, "_resident_kib", lambda _pid: next(sizes, 48_000))
    assert start._settled_kib(1) == 48_000
