# SPDX-License-Identifier: Apache-2.0
"""Appending rows over the one read-write connection. Used by the journal's thread only.

One group of requests is one transaction and one sync. If the medium fails, the whole group fails, the connection is
thrown away, and the next group begins with a new one and a fresh look at what the file really holds. What looks damaged
is believed of a new connection only (see `failures`).

Tests: tests/offline_queue/journal/test_journal.py, tests/contracts/test_journal_chain_contract.py.
"""

import logging
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

from offline_queue.journal import schema
from offline_queue.journal.connection import Connection, DatabaseError, connect
from offline_queue.journal.failures import failure_of, is_damage
from offline_queue.journal.projection import Numbers, append, project
from offline_queue.journal.verify import check_tail
from offline_queue.records.chain import Row
from offline_queue.values import Change, ChangeRefusedError, Head, Recorded
from pengpos.core.errors import JournalError, JournalUnusableError
from pengpos.core.ports import Clock

log = logging.getLogger(__name__)

FOLD_ROWS = 150  # about 1,000 pages of log: folding more often rewrites the same pages for nothing
FOLD_ROWS_AT_MOST = 600

Parts = tuple[str, str, bytes]
_Appended = tuple[Connection, Head, Numbers, list[Recorded | JournalError]]


class Request:
    """Changes to be made durable together, and where the answer goes."""

    __slots__ = ("changes", "future")

    def __init__(self, changes: Sequence[tuple[Change, Parts]]) -> None:
        self.changes = changes
        self.future: Future[Recorded] = Future()


def _refusal(error: ChangeRefusedError | OverflowError) -> ChangeRefusedError:
    """A number beyond 64 bits can only come from outside: it must not stop the thread."""
    return error if isinstance(error, ChangeRefusedError) else ChangeRefusedError(f"a number is too large: {error}")


class Writer:
    """The read-write connection with the chain's head and the numbers in force."""

    def __init__(self, path: Path, key: bytes, clock: Clock, boot_id: bytes) -> None:
        self._path = path
        self._key = key
        self._clock = clock
        self._boot_id = boot_id
        self._connection: Connection | None = None
        self._rows_in_log = 0
        self.head: Head
        self.numbers: Numbers
        """Replaced as a whole after each commit, so that other threads may read it."""

    def open(self) -> Connection:
        """Open, check version and tail, migrate; once more where the file looks damaged. Raises as `Journal.open`."""
        try:
            return self._open()
        except JournalUnusableError as error:
            log.warning("the journal looks unusable, and is opened once more: %s", error)
            return self._open()

    def _open(self) -> Connection:
        connection = connect(self._path, self._key)
        try:
            schema.check_version(connection, self._path)
            schema.apply(connection)
            head, numbers = check_tail(connection, self._path)
        except DatabaseError as error:
            connection.close()
            raise failure_of(self._path, error) from error
        except JournalError:
            connection.close()
            raise
        self._connection, self.head, self.numbers = connection, head, numbers
        return connection

    def close(self) -> None:
        """Fold the write-ahead log into the file and let go of it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def commit(self, group: Sequence[Request]) -> None:
        """Append every request of the group with one sync, then answer each. Raises nothing that a medium can cause."""
        if not group:
            return
        outcomes: list[Recorded | JournalError]
        try:
            outcomes = self._commit(group)
        except JournalError as error:  # the file cannot even be opened again
            outcomes = [error] * len(group)
        for request, outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, Recorded):
                request.future.set_result(outcome)
            else:
                request.future.set_exception(outcome)

    def fold(self, *, idle: bool) -> None:
        """Move the write-ahead log's pages into the database when enough have gathered: after the answer, not before.

        No caller waits for these syncs if `idle`. If the medium fails here nothing is lost: the log is kept.
        """
        if self._connection is None or self._rows_in_log < (FOLD_ROWS if idle else FOLD_ROWS_AT_MOST):
            return
        self._rows_in_log = 0
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except DatabaseError:
            self._give_up_connection()

    def _commit(self, group: Sequence[Request]) -> list[Recorded | JournalError]:
        try:
            connection, head, numbers, outcomes = self._append_group(group)
            if connection.in_transaction:
                connection.execute("COMMIT")
        except DatabaseError as error:
            self._give_up_connection()
            return [failure_of(self._path, error)] * len(group)
        self._rows_in_log += head.seq - self.head.seq
        self.head, self.numbers = head, numbers
        return outcomes

    def _append_group(self, group: Sequence[Request]) -> _Appended:
        """Append in a transaction that is left open; once more over a new connection if the file looks damaged."""
        try:
            return self._append_each(group)
        except DatabaseError as error:
            if not is_damage(error):
                raise
            log.warning("the journal looks damaged, and is opened anew: %s", error)
            self._give_up_connection()
            return self._append_each(group)

    def _append_each(self, group: Sequence[Request]) -> _Appended:
        connection = self._connection or self.open()
        head, numbers = self.head, self.numbers
        at_utc = self._clock.now()
        outcomes: list[Recorded | JournalError] = []
        alone = len(group) == 1
        connection.execute("BEGIN IMMEDIATE")
        for request in group:
            if not alone:
                connection.execute("SAVEPOINT request")
            try:
                head, numbers = self._append(connection, request, at_utc, head, numbers)
                outcomes.append(Recorded(head))
            except (ChangeRefusedError, OverflowError) as error:
                connection.execute("ROLLBACK" if alone else "ROLLBACK TO request")
                outcomes.append(_refusal(error))
            if not alone:
                connection.execute("RELEASE request")
        return connection, head, numbers, outcomes

    def _append(
        self, connection: Connection, request: Request, at_utc: int, head: Head, numbers: Numbers
    ) -> tuple[Head, Numbers]:
        for change, (kind, subject, body) in request.changes:
            seq = head.seq + 1
            numbers = project(connection, change, seq, at_utc, numbers)
            row = Row(seq, numbers.epoch, numbers.counter, kind, subject, at_utc, self._boot_id, body)
            head = Head(numbers.epoch, seq, append(connection, row, head.hash))
        return head, numbers

    def _give_up_connection(self) -> None:
        """After a failure nothing that SQLite still has in memory is trusted; closing rolls back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
