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

import msgspec

from offline_queue import words
from offline_queue.journal import schema
from offline_queue.journal.connection import Connection, DatabaseError, connect
from offline_queue.journal.failures import failure_of, is_damage
from offline_queue.journal.projection import Numbers, append, project
from offline_queue.journal.recent import catch_up
from offline_queue.journal.verify import check_tail
from offline_queue.journal.witness import Witness, Witnessed, keep_log, waiting_in, waits
from offline_queue.records.chain import Row
from offline_queue.records.rows import draw_epoch, parts_of
from offline_queue.values import (
    MISSING_ROWS,
    Change,
    ChangeRefusedError,
    EpochDrawn,
    Head,
    JournalHealth,
    MissingRows,
    Recorded,
    SaleChanged,
    ValueStored,
    WaitingPayment,
)
from pengpos.core.errors import JournalDamagedError, JournalError, JournalUnusableError
from pengpos.core.ports import Clock

log = logging.getLogger(__name__)

FOLD_ROWS = 600  # about 1,000 pages of log: folding more often rewrites the same pages for nothing
FOLD_ROWS_AT_MOST = 1_200
LOG_PAGES_MOST = 16_384
"""64 MiB of log that another's read keeps from being folded: told then, for a card has an end."""
SLOW_S = 2.0
"""A good card syncs in 4 ms, and a worn one in half a second now and then."""

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
        self._witness = Witness(path, key)
        self._waiting: dict[bytes, WaitingPayment] = {}
        """What waits for the backend, by sale."""
        self._begun = False
        self._busy_since_s: float | None = None
        self._took_s = 0.0
        self._log_pages = 0
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
            had = self._what_is_missing(connection)
            schema.apply(connection)
            head, numbers = check_tail(connection, self._path)
            self._waiting = waiting_in(connection)
        except DatabaseError as error:
            connection.close()
            raise failure_of(self._path, error) from error
        except JournalError:
            connection.close()
            raise
        self._connection, self.head, self.numbers = connection, head, numbers
        if not self._begun:
            self._rows_in_log = head.seq - connection.execute("SELECT seq FROM projected").fetchone()[0]
        if had is not None:
            self._note(had.missing_in(head.seq, list(self._waiting.values())), had.counter)
        else:
            self._witness.keep(head, numbers.counter, list(self._waiting.values()))
        self._begun = True
        return connection

    def _what_is_missing(self, connection: Connection) -> Witnessed | None:
        """The newest row that was on the medium, if it is not in the file any more.

        Raises JournalDamagedError where that happens to a journal in use: the next start tells of it.
        """
        kept = self._witness.read()
        if kept is None:
            return None
        found = connection.execute("SELECT epoch, hash FROM journal WHERE seq = ?", (kept.seq,)).fetchone()
        if found == (kept.epoch, kept.hash):
            return None
        have = connection.execute("SELECT max(seq) FROM journal").fetchone()[0] or 0
        log.critical("the journal ended at row %d, and now at row %d, or with another", kept.seq, have)
        if self._begun:
            detail = words.ROWS_GONE.said(ended=kept.seq, now=have)
            raise JournalDamagedError(str(self._path), detail, words.MOVE_ASIDE.said())
        keep_log(self._path, f"lost-{kept.epoch}-{kept.seq}")
        return kept

    def _note(self, missing: MissingRows, counter: int) -> None:
        """Record what is missing, and a new epoch that uses none of its numbers again. Raises JournalError."""
        key = f"{missing.epoch}-{missing.had}"
        drawn = EpochDrawn(epoch=draw_epoch(), why=f"rows up to {missing.had} are missing", counter=counter)
        said = ValueStored(kind=MISSING_ROWS, key=key, body=msgspec.json.encode(missing))
        request = Request([(change, parts_of(change)) for change in (drawn, said)])
        self.commit([request])
        request.future.result(0)

    def close(self) -> None:
        """Bring the tables up to date, fold the write-ahead log into the file and let go of it."""
        if self._connection is not None:
            self._catch_up(self._connection)
            self._give_up_connection()
        self._witness.sync()
        self._witness.close()

    def commit(self, group: Sequence[Request]) -> None:
        """Append every request of the group with one sync, then answer each. Raises nothing that a medium can cause."""
        if not group:
            return
        outcomes: list[Recorded | JournalError]
        self._busy_since_s = begun_s = self._clock.monotonic_s()
        try:
            outcomes = self._commit(group)
        except JournalError as error:  # the file cannot even be opened again
            outcomes = [error] * len(group)
        self._busy_since_s, self._took_s = None, self._clock.monotonic_s() - begun_s
        self._keep(group, outcomes)
        for request, outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, Recorded):
                request.future.set_result(outcome)
            else:
                request.future.set_exception(outcome)

    def health(self) -> JournalHealth:
        """From any thread: by the commit under way, else by the last one."""
        since_s = self._busy_since_s
        took_s = self._took_s if since_s is None else self._clock.monotonic_s() - since_s
        return JournalHealth(slow=took_s >= SLOW_S, log_grows=self._log_pages > LOG_PAGES_MOST)

    def _keep(self, group: Sequence[Request], outcomes: Sequence[Recorded | JournalError]) -> None:
        """Beside the journal, what is on the medium now; nothing, if nothing came."""
        recorded = [request for request, outcome in zip(group, outcomes, strict=True) if isinstance(outcome, Recorded)]
        for change in (change for request in recorded for change, _ in request.changes):
            if isinstance(change, SaleChanged):
                self._waiting.pop(change.sale.sale_id.bytes, None)
                if (payment := waits(change.sale)) is not None:
                    self._waiting[change.sale.sale_id.bytes] = payment
        if recorded:
            self._witness.keep(self.head, self.numbers.counter, list(self._waiting.values()))

    def fold(self, *, idle: bool) -> None:
        """Bring the tables up to date, and fold the write-ahead log into the file, when enough rows have gathered.

        After the answer, not before: no caller waits for these syncs if `idle`. If the medium fails here nothing is
        lost: rows and log are kept.
        """
        if self._connection is None or self._rows_in_log < (FOLD_ROWS if idle else FOLD_ROWS_AT_MOST):
            return
        self._rows_in_log = 0
        if not self._catch_up(self._connection):
            self._give_up_connection()
            return
        try:
            ((_, pages, folded),) = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._log_pages = pages - folded
            if self._log_pages > LOG_PAGES_MOST:
                self._rows_in_log = FOLD_ROWS  # with the next row again
            self._witness.sync()
        except DatabaseError:
            self._give_up_connection()

    def _catch_up(self, connection: Connection) -> bool:
        """False if the medium fails: the tables are as they were, and the next start or folding makes up for it."""
        try:
            connection.execute("BEGIN IMMEDIATE")
            catch_up(connection)
            connection.execute("COMMIT")
        except DatabaseError as error:
            log.warning("the journal's tables do not follow its rows: %s", error)
            return False
        return True

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
