# SPDX-License-Identifier: Apache-2.0
"""A thread for calls that block and cannot be timed out: the caller's patience ends, the call's need not.

At most one call is under way. One that outlives its limit is left where it is; until it returns, nothing else is begun.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_Task = tuple["Future[Any]", Callable[[], Any]]


class OutlivedError(Exception):
    """The call did not return within its limit, and goes on."""


class StuckError(Exception):
    """An earlier call is still under way; the new one was not begun."""


class Worker:
    """One thread, ended with the process at the latest. Called by one thread only."""

    def __init__(self, name: str) -> None:
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._late: Future[Any] | None = None
        self._late_since_s = 0.0
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def stuck_s(self) -> float | None:
        """For how many seconds a call has outlived its limit; None if none does."""
        if self._late is None or self._late.done():
            return None
        return time.monotonic() - self._late_since_s

    @property
    def abandoned(self) -> bool:
        """Closed, but not at its end: something is still under way."""
        return self._closed and self._thread.is_alive()

    def run(self, call: Callable[[], T], timeout_s: float) -> T:
        """The call's result or exception. Raises OutlivedError; StuckError if an earlier one takes all the time."""
        deadline_s = time.monotonic() + timeout_s
        if self._late is not None and not _ended(self._late, timeout_s):
            raise StuckError
        self._late = None
        future: Future[T] = Future()
        self._tasks.put((future, call))
        if not _ended(future, deadline_s - time.monotonic()):
            self._late, self._late_since_s = future, time.monotonic()
            raise OutlivedError
        return future.result()

    def close(self, last: Callable[[], None], timeout_s: float) -> None:
        """Do `last` once whatever is under way has returned, then end; wait for that `timeout_s` at most."""
        self._closed = True
        self._tasks.put((Future(), last))
        self._tasks.put(None)
        self._thread.join(timeout_s)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            future, call = task
            try:
                future.set_result(call())
            except Exception as error:  # noqa: BLE001 - the thread's entry: handed to whoever asked
                future.set_exception(error)


def _ended(future: "Future[Any]", timeout_s: float) -> bool:
    try:
        future.exception(max(0.0, timeout_s))
    except TimeoutError:
        return False
    return True
