# SPDX-License-Identifier: Apache-2.0
"""A screen is reported while its own thread comes by, and only then."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pengpos.client import ScreenReport
from tests.ui.fake_daemon import FakeDaemon
from ui.display.reporter import EVERY_S, Reporter
from workshop.samples.screens import IDLE

LIMIT_S = 15.0
ABOUT = ScreenReport(pid=7, software_version="0.1.0", size="800x480", panel="x11")


class Pauses(threading.Event):
    """A stop flag that waits for as long as the test likes; `asked_s`: for how long it should."""

    def __init__(self) -> None:
        super().__init__()
        self.asked_s: queue.Queue[float | None] = queue.Queue()
        self.over: queue.Queue[None] = queue.Queue()

    def wait(self, timeout: float | None = None) -> bool:
        self.asked_s.put(timeout)
        self.over.get(timeout=LIMIT_S)
        return self.is_set()

    def pass_by(self) -> None:
        """The pause that is under way is over."""
        assert self.asked_s.get(timeout=LIMIT_S) == EVERY_S
        self.over.put(None)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@contextmanager
def reporting(path: Path, about: Callable[[], ScreenReport], pauses: Pauses) -> Iterator[Reporter]:
    """Of a screen that came by three times before its reporter ran."""
    reporter = Reporter(path, about)
    reporter._stopping = pauses
    for _ in range(3):
        reporter.came_by()
    reporter.start()
    try:
        yield reporter
    finally:
        reporter.stop()
        pauses.over.put(None)
        reporter.join(LIMIT_S)
        assert not reporter.is_alive()


def test_it_reports_once_in_each_pause_in_which_the_screen_came_by(tmp_path: Path, pauses: Pauses) -> None:
    spoke = [0]
    came_by = [1]

    def about() -> ScreenReport:
        spoke.append(came_by[-1])
        return ABOUT

    with FakeDaemon(tmp_path / "t.sock", IDLE) as daemon, reporting(daemon.socket_path, about, pauses) as reporter:
        pauses.pass_by()
        came_by.append(2)
        reporter.came_by()
        pauses.pass_by()
        assert spoke == [0, 1, 2], "no second time while the screen hangs"
        assert daemon.reports == [{"pid": 7, "software_version": "0.1.0", "size": "800x480", "panel": "x11"}] * 2


@pytest.mark.parametrize("trouble", ["away", "an older terminal"])
def test_trouble_costs_the_screen_nothing(tmp_path: Path, pauses: Pauses, trouble: str) -> None:
    with FakeDaemon(tmp_path / "t.sock", IDLE) as daemon:
        daemon.knows_reports = False
        if trouble == "away":
            daemon.stop()
        with reporting(daemon.socket_path, lambda: ABOUT, pauses) as reporter:
            pauses.pass_by()
            reporter.came_by()
            pauses.pass_by()
        assert daemon.reports == []
