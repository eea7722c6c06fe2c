# SPDX-License-Identifier: Apache-2.0
"""Lets what several threads write at once into one transaction, for a database that writes one after the other anyway.

A commit costs a sync and every page that was touched, however little was written. So the thread that has its turn does
what others have brought meanwhile too, each piece behind a savepoint of its own, and commits once for all of it (group
commit). Nobody's work returns before that commit.

Tests: tests/sandbox/backend/records/test_together.py
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sandbox.backend.errors import BackendError
from sandbox.backend.records.turns import NoTurnError

C = TypeVar("C")
T = TypeVar("T")

TOGETHER_MOST = 20
"""Threads' works in one transaction, or works of one thread: others wait for the database too."""


class TransactionGoneError(BackendError):
    """The database has undone the whole transaction, not one piece of work alone; its cause says why."""


@dataclass(slots=True, eq=False)
class _Part:
    """One thread's works. `results`: of those that were done; `error`: of the one behind them, which is undone."""

    works: Sequence[Callable[[Any], Any]]
    called: threading.Event = field(default_factory=threading.Event)
    leads: bool = False
    """It is called to do what waits; else because its own is done."""
    results: list[Any] = field(default_factory=list)
    error: Exception | None = None
    undone_by: Exception | None = None
    """What ended the whole transaction: nothing of it has been done."""


@dataclass(slots=True)
class Together(Generic[C]):
    """A queue of work. `transaction`: one, which is committed at its end.

    `savepoint`: undoes what fails in it, and raises what it was, or TransactionGoneError.
    """

    transaction: Callable[[], AbstractContextManager[C]]
    savepoint: Callable[[C], AbstractContextManager[None]]
    limit_s: float
    _waiting: deque[_Part] = field(default_factory=deque)
    _is_led: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def do(self, works: Sequence[Callable[[C], T]]) -> tuple[list[T], Exception | None]:
        """What they return, one after the other and committed, up to the first that raises; and what that raised.

        Raises what begin or commit raises, and NoTurnError; then nothing has been done.
        """
        mine = _Part(works)
        with self._lock:
            self._waiting.append(mine)
            mine.leads, self._is_led = not self._is_led, True
        if not mine.leads and not mine.called.wait(self.limit_s):
            self._give_up(mine)
        if mine.leads:
            self._lead(mine)
        if mine.undone_by is not None:
            raise mine.undone_by
        return mine.results, mine.error

    def _lead(self, mine: _Part) -> None:
        taken: list[_Part] = []
        try:
            with self.transaction() as connection:
                while sum(len(part.works) for part in taken) < TOGETHER_MOST and (part := self._next()) is not None:
                    taken.append(part)
                    self._attempt(connection, part)
                if not any(part.results for part in taken):
                    raise _NothingToCommitError
        except _NothingToCommitError:
            pass
        except BaseException as error:
            raised = error.__cause__ if isinstance(error, TransactionGoneError) else error
            for part in taken or [mine]:
                part.undone_by = raised if isinstance(raised, Exception) else NoTurnError()
            if not isinstance(error, Exception):
                raise
        finally:
            self._end(mine, taken)

    def _attempt(self, connection: C, part: _Part) -> None:
        for work in part.works:
            try:
                with self.savepoint(connection):
                    part.results.append(work(connection))
            except TransactionGoneError:
                raise
            except Exception as error:  # noqa: BLE001  # it is its thread's
                part.error = error
                return

    def _next(self) -> _Part | None:
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def _end(self, mine: _Part, taken: list[_Part]) -> None:
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
            self._is_led = bool(self._waiting)
            if self._waiting:
                self._waiting[0].leads = True
                self._waiting[0].called.set()
        for part in taken:
            part.called.set()

    def _give_up(self, mine: _Part) -> None:
        """Raises NoTurnError, unless it is under way: then it ends when that transaction does."""
        with self._lock:
            if mine in self._waiting and not mine.leads:
                self._waiting.remove(mine)
                raise NoTurnError
        mine.called.wait()


class _NothingToCommitError(BackendError):
    """Every piece of a transaction has been undone."""
