# SPDX-License-Identifier: Apache-2.0
"""A thread for calls that block and cannot be timed out: the caller's wait ends, the call itself may go on.

At most one call is under way. One that outlives its limit is left where it is; until it returns, nothing else is begun.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from pengpos.core.errors import PengposError

T = TypeVar("T")

_ASK_S = 0.1  # how often a time that may change is asked for


class OutlivedError(PengposError):
    """The call did not return within its limit, and goes on."""


class StuckError(PengposError):
    """An earlier call is still under way; the new one was not begun."""


class _Task(Generic[T]):
    """A call and what came of it. A lock is its end: a Future takes twice as long, at each APDU of a tap."""

    __slots__ = ("_call", "_error", "_result", "_running")

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._error: Exception | None = None
        self._running = threading.Lock()
        self._running.acquire()

    def perform(self) -> None:
        """Make the call; once."""
        try:
            self._result = self._call()
        except Exception as error:  # noqa: BLE001 - the thread's entry: raised again in the caller's
            self._error = error
        self._running.release()

    def ended(self, timeout_s: float) -> bool:
        """Wait for its end, so long at most."""
        if not self._running.acquire(timeout=max(0.0, timeout_s)):
            return False
        self._running.release()
        return True

    def result(self) -> T:
        """The result of a call that has ended, or its exception."""
        if self._error is not None:
            raise self._error
        return self._result


class Worker:
    """One thread, ended with the process at the latest. Called by one thread only."""

    def __init__(self, name: str) -> None:
        self._tasks: deque[_Task[Any] | None] = deque()
        self._given = threading.Lock()  # free while there is something to do
        self._given.acquire()
        self._late: _Task[Any] | None = None
        self._late_since_s = 0.0
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def stuck_s(self) -> float | None:
        """For how many seconds a call has outlived its limit; None if none does."""
        if self._late is None or self._late.ended(0):
            return None
        return time.monotonic() - self._late_since_s

    @property
    def abandoned(self) -> bool:
        """Closed, but not at its end: something is still under way."""
        return self._closed and self._thread.is_alive()

    def run(self, call: Callable[[], T], timeout_s: float) -> T:
        """The call's result or exception. Raises OutlivedError; StuckError if an earlier one takes all the time."""
        deadline_s = time.monotonic() + timeout_s
        return self.run_while(call, lambda: deadline_s - time.monotonic())

    def run_while(self, call: Callable[[], T], left_s: Callable[[], float]) -> T:
        """As `run`, with a time that may change: `left_s` is asked again and again."""
        if self._late is not None and not self._late.ended(left_s()):
            raise StuckError
        self._late = None
        task = _Task(call)
        self._give(task)
        while not task.ended(min(left_s(), _ASK_S)):
            if left_s() <= 0:
                self._late, self._late_since_s = task, time.monotonic()
                raise OutlivedError
        return task.result()

    def close(self, last: Callable[[], None], timeout_s: float) -> None:
        """Do `last` once whatever is under way has returned, then end; wait for that `timeout_s` at most."""
        self._closed = True
        self._give(_Task(last), None)
        self._thread.join(timeout_s)

    def _give(self, *tasks: _Task[Any] | None) -> None:
        self._tasks.extend(tasks)
        if self._given.locked():  # only here is it let go; free, the thread has yet to look and will find these too
            self._given.release()

    def _work(self) -> None:
        while True:
            self._given.acquire()
            while self._tasks:
                if (task := self._tasks.popleft()) is None:
                    return
                task.perform()
