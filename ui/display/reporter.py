# SPDX-License-Identifier: Apache-2.0
"""Tells the daemon that this screen draws, so that the doctor can tell one that hangs from one that has gone.

A thread of its own, which speaks only after the screen's thread has come by since: one that hangs is silent, though
its other threads go on.
"""

import threading
from collections.abc import Callable
from pathlib import Path

from pengpos.client import ApiProblem, DaemonAway, LocalClient, ScreenReport

EVERY_S = 10.0


class Reporter(threading.Thread):
    """Reports what `about` gives, at most every ten seconds."""

    def __init__(self, socket_path: Path, about: Callable[[], ScreenReport]) -> None:
        super().__init__(name="reports", daemon=True)
        self._client = LocalClient(socket_path)
        self._about = about
        self._came_by = threading.Event()
        self._stopping = threading.Event()

    def came_by(self) -> None:
        """The screen's thread has drawn what there was to draw."""
        self._came_by.set()

    def run(self) -> None:
        """Until `stop`; a terminal that does not know the call, or does not answer, costs nothing."""
        while True:
            self._came_by.wait()
            self._came_by.clear()
            if self._stopping.is_set():
                break
            try:
                self._client.report_screen(self._about())
            except (ApiProblem, DaemonAway):
                self._client.close()
            self._stopping.wait(EVERY_S)
        self._client.close()

    def stop(self) -> None:
        """End soon."""
        self._stopping.set()
        self._came_by.set()
