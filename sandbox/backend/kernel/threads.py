# SPDX-License-Identifier: Apache-2.0
"""Keeps the backend's own threads going: a round that fails is tried again, and health says so until one ends well.

Nothing that fails in a round ends its thread: a database that was restarted is there again a moment later.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from pengpos.core.ports import Clock

log = logging.getLogger(__name__)
T = TypeVar("T")

LATE_S = 60.0
"""A thread whose last good round is longer ago hangs, or is dead."""
LONGEST_WAIT_S = 30.0


@dataclass(slots=True)
class Threads:
    """How the backend's own threads are, by name."""

    _well_at_s: dict[str, float] = field(default_factory=dict)
    """The monotonic time of each one's start, or of the end of its last good round."""
    _failed: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep_going(
        self, name: str, do_round: Callable[[], None], stop: threading.Event, clock: Clock, *, every_s: float = 1.0
    ) -> None:
        """Do rounds until `stop`; after one that failed with growing pauses. The body of a thread."""
        self._ended_well(name, clock.monotonic_s())
        wait_s = every_s
        while not stop.wait(wait_s):
            try:
                do_round()
            except Exception:
                wait_s = min(max(1.0, 2 * wait_s), LONGEST_WAIT_S)
                log.exception("%s failed, and is tried again in %.0f s", name, wait_s)
                with self._lock:
                    self._failed.add(name)
            else:
                wait_s = every_s
                self._ended_well(name, clock.monotonic_s())
        with self._lock:
            self._well_at_s.pop(name)
            self._failed.discard(name)

    def failing(self, clock: Clock) -> list[str]:
        """The threads whose last round failed, or whose last good one is too long ago."""
        now_s = clock.monotonic_s()
        with self._lock:
            late = {name for name, well_at_s in self._well_at_s.items() if now_s > well_at_s + LATE_S}
            return sorted(late | self._failed)

    def _ended_well(self, name: str, at_s: float) -> None:
        with self._lock:
            self._well_at_s[name] = at_s
            self._failed.discard(name)


def do_each(tasks: Iterable[Callable[[], object]], *, at_once: type[Exception]) -> None:
    """Do all the tasks of a round. One that fails keeps no other waiting: the first error is raised behind the last.

    `at_once`: errors that concern all of them, raised where they are met.
    """
    first: Exception | None = None
    for task in tasks:
        try:
            task()
        except at_once:
            raise
        except Exception as error:
            log.exception("a task of a round failed")
            first = first or error
    if first is not None:
        raise first


def do_or_log(task: Callable[[], T], *, at_once: tuple[type[Exception], ...]) -> T | None:
    """Do one of several tasks that a request asks for; None if it fails by a bug, which is logged, and harms no other.

    `at_once`: errors that are no bugs, raised as they are.
    """
    try:
        return task()
    except at_once:
        raise
    except Exception:
        log.exception("a task of a request failed")
        return None
