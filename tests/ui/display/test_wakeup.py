# SPDX-License-Identifier: Apache-2.0
"""What ends the screen's sleep; under a true X server: `test_x_server.py`."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from types import FrameType

import pygame
import pytest

from ui.display.wakeup import Wakeup

LIMIT_S = 60.0


@pytest.fixture
def wakeup(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wakeup]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame.display.init()
    made = Wakeup()
    yield made
    made.close()
    pygame.display.quit()


def slept_out(wakeup: Wakeup, limit_s: float) -> bool:
    began_s = time.monotonic()
    wakeup.until_woken(limit_s)
    return time.monotonic() - began_s >= limit_s


def test_where_nothing_is_plugged_in_nothing_is_missed(wakeup: Wakeup) -> None:
    assert wakeup.hears_all


def test_another_driver_is_asked_now_and_then(wakeup: Wakeup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pygame.display, "get_driver", lambda: "KMSDRM")
    with closing(Wakeup()) as another:
        assert not another.hears_all


def test_an_x_that_keeps_its_socket_to_itself_is_asked_now_and_then(
    wakeup: Wakeup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pygame.display, "get_driver", lambda: "x11")
    monkeypatch.setattr(pygame.display, "get_wm_info", lambda: {"window": 1})
    with closing(Wakeup()) as another:
        assert not another.hears_all


def test_the_time_ends_it(wakeup: Wakeup) -> None:
    assert slept_out(wakeup, 0.05)
    assert slept_out(wakeup, -1.0)


def test_another_thread_ends_it_once(wakeup: Wakeup) -> None:
    threading.Timer(0.05, wakeup.wake).start()
    assert not slept_out(wakeup, LIMIT_S)
    assert slept_out(wakeup, 0.05)


def test_a_waking_before_it_counts(wakeup: Wakeup) -> None:
    wakeup.wake()
    wakeup.wake()
    assert not slept_out(wakeup, LIMIT_S)
    assert slept_out(wakeup, 0.05)


def test_a_signals_handler_ends_it(wakeup: Wakeup) -> None:
    def handle(_number: int, _frame: FrameType | None) -> None:
        wakeup.wake()

    before = signal.signal(signal.SIGUSR1, handle)
    try:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        assert not slept_out(wakeup, LIMIT_S)
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_waking_what_is_closed_is_no_error(wakeup: Wakeup) -> None:
    wakeup.close()
    wakeup.wake()
    assert pygame.display.get_init()


class Held:
    """A waker whose write takes as long as the test wants."""

    closed = False

    def __init__(self) -> None:
        self.done: list[str] = []
        self.begun, self.may_end = threading.Event(), threading.Event()

    def write(self, _octets: bytes) -> None:
        self.begun.set()
        self.may_end.wait(LIMIT_S)
        self.done.append("written")

    def close(self) -> None:
        self.closed = True
        self.done.append("closed")


def test_closing_waits_for_a_waking_under_way(wakeup: Wakeup, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number that is let go of may be another file's when the late waker writes to it."""
    held = Held()
    with monkeypatch.context() as patched:
        patched.setattr(wakeup, "_woken", held)
        waking, closing_it = threading.Thread(target=wakeup.wake), threading.Thread(target=wakeup.close)
        waking.start()
        held.begun.wait(LIMIT_S)
        closing_it.start()
        closing_it.join(0.2)  # long enough to close what does not wait; what waits is right at any length
        held.may_end.set()
        waking.join(LIMIT_S)
        closing_it.join(LIMIT_S)
    assert held.done == ["written", "closed"]
