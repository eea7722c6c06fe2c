# SPDX-License-Identifier: Apache-2.0
"""Threads for what would hold up the loop: each with a name, one job at a time, and a bound on how many wait.

Jobs of different kinds never wait for each other: a tap's look into the journal stands behind no list and no report.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pengpos.core.errors import JournalUnavailableError

log = logging.getLogger(__name__)

T = TypeVar("T")

WAITING_MOST = 64
REPORTS_MOST = 4
SHARING_MOST = 4
DIAGNOSIS_LIMIT_S = 30.0
PINS_MOST = 4


class TooManyWaitingError(JournalUnavailableError):
    """As much waits for a thread as may, or the terminal closes: nothing was done, try again later."""


class BoundedExecutor:
    """One thread for one kind of job, oldest first. Used on the loop."""

    def __init__(self, name: str, waiting_most: int = WAITING_MOST) -> None:
        """`waiting_most`: jobs waited for, the one under way included. The thread starts with the first job."""
        self.name = name
        self._waiting_most = waiting_most
        self._waiting = 0
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(self, job: Callable[[], T]) -> T:
        """What the job returns or raises. Raises TooManyWaitingError.

        A caller that is cancelled leaves a job under way to end by itself; one that waits is not begun.
        """
        return await self._submit(job)

    def start(self, job: Callable[[], None]) -> None:
        """Have a job done for which nothing waits; it is left undone if too many wait already."""
        try:
            self._submit(job).add_done_callback(self._report)
        except TooManyWaitingError as error:
            log.warning("%s", error)

    def close(self) -> None:
        """Begin no further job; returns at once."""
        self._waiting_most = 0
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _submit(self, job: Callable[[], T]) -> "asyncio.Future[T]":
        if self._waiting >= self._waiting_most:
            raise TooManyWaitingError(f"{self._waiting} jobs wait for the thread of {self.name}")
        future = asyncio.get_running_loop().run_in_executor(self._pool, job)
        self._waiting += 1
        future.add_done_callback(self._done)
        return future

    def _done(self, _future: "asyncio.Future[T]") -> None:
        self._waiting -= 1

    def _report(self, future: "asyncio.Future[None]") -> None:
        if not future.cancelled() and (error := future.exception()) is not None:
            log.critical("a job of %s broke", self.name, exc_info=error)


class SharedJob(Generic[T]):
    """A long job in a thread of its own, one at a time: callers that come meanwhile share what it finds.

    Used on the loop.
    """

    def __init__(self, executor: BoundedExecutor, job: Callable[[], T], limit_s: float) -> None:
        self._executor = executor
        self._job = job
        self._limit_s = limit_s
        self._under_way: asyncio.Future[T] | None = None
        self._sharing = 0

    async def result(self) -> T:
        """What it finds or raises. Raises TooManyWaitingError, and TimeoutError where it is not done in time.

        A job that hangs stays the one under way: no second thread hangs beside it.
        """
        if self._sharing >= SHARING_MOST:
            raise TooManyWaitingError(f"{self._sharing} callers wait for the thread of {self._executor.name}")
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.ensure_future(self._executor.run(self._job))
        self._sharing += 1
        try:
            async with asyncio.timeout(self._limit_s):
                return await asyncio.shield(self._under_way)
        finally:
            self._sharing -= 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Executors:
    """The threads of one terminal beside those of its readers and its journal."""

    tap: BoundedExecutor = field(default_factory=lambda: BoundedExecutor("tap"))
    """Judges what a phone replied."""
    lists: BoundedExecutor = field(default_factory=lambda: BoundedExecutor("lists"))
    """Reads and renders lists, and the sums that every snapshot shows: short jobs, a long list is many."""
    reports: BoundedExecutor = field(default_factory=lambda: BoundedExecutor("reports", REPORTS_MOST))
    """The export, which takes seconds."""

    diagnosis: BoundedExecutor = field(default_factory=lambda: BoundedExecutor("diagnosis", 1))
    """The diagnosis, which takes as long as the line and the readers do."""

    pins: BoundedExecutor = field(default_factory=lambda: BoundedExecutor("pins", PINS_MOST))
    """Computes what a PIN is compared by, which takes a tenth of a second by intent."""

    def close(self) -> None:
        """Begin no further job; returns at once."""
        for executor in (self.tap, self.lists, self.reports, self.diagnosis, self.pins):
            executor.close()
