# SPDX-License-Identifier: Apache-2.0
"""A clock that jumps: for code that polls and rests by `time`, in a test that waits for none of it."""

import threading


class JumpingTime:
    """In the place of the module `time`. Any thread; a sleep is over at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now_s = 1_000.0

    def monotonic(self) -> float:
        with self._lock:
            return self._now_s

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._now_s += max(seconds, 0.001)
