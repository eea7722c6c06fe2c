# SPDX-License-Identifier: Apache-2.0
"""Walking the chain: its tail at every start, all of it on demand, with the derived tables held against the rows.

A derived row names the journal row it stands on. The walk looks at each derived row when it passes that row, and
counts how many it has confirmed; so memory stays flat however long the journal is.

Tests: tests/faults/test_tampering.py, tests/offline_queue/journal/test_journal.py.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from offline_queue import words
from offline_queue.journal import schema
from offline_queue.journal.connection import Connection, DatabaseError, connect_read_only
from offline_queue.journal.failures import failure_of
from offline_queue.journal.projection import Numbers
from offline_queue.journal.recent import SALE_COLUMNS, Followed, follow, refund_rows, sale_columns
from offline_queue.records.chain import GENESIS, Row
from offline_queue.records.codec import UnreadableSaleError, decode_sale
from offline_queue.records.packing import stored_row
from offline_queue.records.rows import HEAD_DOCUMENT, document_body
from offline_queue.values import Head, Verified
from pengpos.core.errors import JournalCorruptError, JournalDamagedError, JournalUnusableError
from pengpos.core.sale import Sale, SaleState

TAIL_ROWS = 10_000
"""At most so many rows are walked at a start; fewer when the backend has signed a head since."""

_ROWS = "SELECT seq, epoch, counter, kind, subject, at_utc, boot, body, hash FROM journal WHERE seq > ? ORDER BY seq"
_ASTRAY = """SELECT seq FROM (SELECT seq FROM sale WHERE live
      UNION SELECT seq FROM (SELECT seq FROM sale ORDER BY no DESC LIMIT 100))
    WHERE seq NOT IN (SELECT seq FROM journal) ORDER BY seq LIMIT 1"""
_SALE = f"SELECT no, {', '.join(SALE_COLUMNS)} FROM sale WHERE sale_id = ?"  # noqa: S608 -- our own constant names


def check_tail(connection: Connection, path: Path) -> tuple[Head, Numbers]:
    """The head and its numbers, after the rows since the last signed head (or the last 10,000) have been walked.

    Also that no open or recent sale stands on a missing row. From here on the connection's tables say what the newest
    rows do (`recent`). Raises JournalCorruptError, and what
    `failure_of` makes of a row that cannot be read for another reason.
    """
    last = connection.execute("SELECT max(seq) FROM journal").fetchone()[0] or 0
    signed = connection.execute("SELECT version FROM document WHERE kind = ?", (HEAD_DOCUMENT,)).fetchone()
    if signed and signed[0] > last:
        raise JournalCorruptError(last + 1, words.ROW_MISSING_SIGNED.said(row=signed[0]))
    start = max(0, last - TAIL_ROWS, signed[0] if signed else 0)
    found = connection.execute("SELECT epoch, counter, hash FROM journal WHERE seq = ?", (start,)).fetchone()
    if found is None and (start or not last):
        raise JournalCorruptError(max(start, 1), words.ROW_MISSING.said())
    epoch, counter, start_hash = found or (0, 0, GENESIS)
    head, numbers = Head(epoch, start, start_hash), Numbers(epoch, counter)
    for row, row_hash in _walk(connection, path, start, start_hash):
        head, numbers = Head(row.epoch, row.seq, row_hash), Numbers(row.epoch, row.counter)
    follow(connection, None)
    astray = connection.execute(_ASTRAY).fetchone()
    if astray:
        raise JournalCorruptError(astray[0], words.ROW_ASTRAY.said())
    return head, numbers


def verify(path: Path, key: bytes) -> Verified:
    """Walk all rows and all that is derived from them. Raises JournalCorruptError with the first bad row's number,
    JournalDamagedError if rows are right but pages beside them are damaged.
    """
    connection = connect_read_only(path, key)
    try:
        connection.execute("BEGIN")  # one state of the file, whatever is written meanwhile
        followed = _follow(connection, path)
        walk = _FullWalk(connection, 0 if followed is None else followed.projected)
        head = Head(0, 0, GENESIS)
        for row, row_hash in _walk(connection, path, 0, GENESIS):
            walk.check(row)
            head = Head(row.epoch, row.seq, row_hash)
        walk.finish(head)
        _check_pages(connection, path)
        return Verified(head.seq, walk.confirmed["sale"], head)
    except DatabaseError as error:
        raise failure_of(path, error) from error
    finally:
        connection.close()


def _follow(connection: Connection, path: Path) -> Followed | None:
    """Have the tables say what the newest rows do; of those that cannot be read the walk names the first."""
    try:
        return follow(connection, None)
    except DatabaseError:
        for _ in _walk(connection, path, 0, GENESIS):
            pass
        raise


def _check_pages(connection: Connection, path: Path) -> None:
    """Read every page, so that a bad sector under an index is found too. Raises JournalDamagedError."""
    try:
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except DatabaseError as error:
        raise failure_of(path, error) from error
    if found != "ok":
        raise JournalDamagedError(str(path), words.DERIVED_DAMAGED.said(what=found), words.EXPORT_FIRST.said())


def _walk(connection: Connection, path: Path, after: int, previous: bytes) -> Iterator[tuple[Row, bytes]]:
    seq = after
    try:
        for *columns, row_hash in connection.execute(_ROWS, (after,)):
            seq += 1
            if columns[0] != seq:
                raise JournalCorruptError(seq, words.ROW_NEXT.said(row=columns[0]))
            row = stored_row(*columns)
            if row.hash_after(previous) != row_hash:
                raise JournalCorruptError(seq, words.ROW_CHANGED.said())
            previous = row_hash
            yield row, row_hash
    except UnreadableSaleError as error:
        raise JournalCorruptError(seq, words.ROW_UNREADABLE.said(error=str(error))) from error
    except DatabaseError as error:
        failure = failure_of(path, error)
        if isinstance(failure, JournalUnusableError):
            failure = JournalCorruptError(seq + 1, words.ROW_UNREADABLE.said(error=str(error)))
        raise failure from error


class _FullWalk:
    """Holds every row against what is derived from it."""

    def __init__(self, connection: Connection, projected: int) -> None:
        self._connection = connection
        self._projected = projected
        self._counts_when_accepted = schema.offline_sales_count_when_accepted(connection)
        self._numbers = Numbers(0, 0)
        self._issuer_time = 0
        self.confirmed: Counter[str] = Counter()

    def check(self, row: Row) -> None:
        if row.kind == "epoch":
            self._numbers = Numbers(int.from_bytes(row.body, "big"), row.counter)
        match row.kind:
            case "sale":
                self._check_sale(row)
            case "document":
                self._check_document(row, row.subject)
            case "head":
                self._check_document(row, HEAD_DOCUMENT)
            case "value":
                self._check_value(row)
            case "issuer-time":
                self._check_issuer_time(row)
            case _:
                pass  # epochs, and the notes of earlier versions: nothing is derived
        if (row.epoch, row.counter) != (self._numbers.epoch, self._numbers.counter):
            raise JournalCorruptError(row.seq, words.ROW_NUMBERS.said())

    def finish(self, head: Head) -> None:
        """Nothing derived may be left that no row has confirmed, and no table may claim to follow rows to come."""
        counts = {
            "sale": "SELECT count(*) FROM sale",
            "intent": "SELECT count(*) FROM intent",
            "refund": "SELECT count(*) FROM refund",
            "wallet_key": "SELECT count(*) FROM wallet_key",
            "blocked": "SELECT count(*) FROM wallet_key WHERE blocked_seq > 0",
            "document": "SELECT count(*) FROM document",
            "value": "SELECT count(*) FROM value",
            "issuer_time": "SELECT count(*) FROM issuer_time",
        }
        for what, sql in counts.items():
            found = self._connection.execute(sql).fetchone()[0]
            if found != self.confirmed[what]:
                counted = words.ROW_COUNT.said(table=what, found=found, counted=self.confirmed[what])
                raise JournalCorruptError(head.seq + 1, counted)
        if head.seq == 0:
            raise JournalCorruptError(1, words.ROW_EMPTY.said())
        if self._projected > head.seq:
            raise JournalCorruptError(head.seq + 1, words.ROW_AHEAD.said(row=self._projected))

    def _check_sale(self, row: Row) -> None:
        try:
            sale = decode_sale(row.body)
        except UnreadableSaleError as error:
            raise JournalCorruptError(row.seq, words.ROW_UNREADABLE.said(error=str(error))) from error
        found = self._one(_SALE, sale.sale_id.bytes)
        if str(sale.sale_id) != row.subject or found is None:
            raise JournalCorruptError(row.seq, words.ROW_NO_SALE.said())
        if row.counter > self._numbers.counter and row.counter == sale.intent.counter:
            self._numbers = Numbers(self._numbers.epoch, row.counter)
        no, *columns = found
        if columns[2] < row.seq:
            raise JournalCorruptError(row.seq, words.ROW_OLDER.said(row=columns[2]))
        self._check_wallet(row, sale)
        if columns[2] > row.seq:
            return
        if tuple(columns) != self._sale_columns(sale, row):
            raise JournalCorruptError(row.seq, words.ROW_OTHER_SALE.said())
        self.confirmed["sale"] += 1
        for refund in refund_rows(sale, no):
            self._expect(row, "refund", self._one("SELECT * FROM refund WHERE refund_id = ?", refund[0]), refund)
        for intent in sale.intents:
            wanted = (intent.intent_id.bytes, no)
            self._expect(row, "intent", self._one("SELECT * FROM intent WHERE intent_id = ?", wanted[0]), wanted)

    def _sale_columns(self, sale: Sale, row: Row) -> tuple[Any, ...]:
        columns = dict(zip(SALE_COLUMNS, sale_columns(sale, row.seq, row.at_utc), strict=True))
        if self._counts_when_accepted and None not in (columns["taken_at"], columns["accepted_at"]):
            columns["taken_at"] = columns["accepted_at"]
        return tuple(columns.values())

    def _check_wallet(self, row: Row, sale: Sale) -> None:
        if sale.authorised is None:
            return
        found = self._one("SELECT counter, seq, blocked_seq FROM wallet_key WHERE kid = ?", sale.authorised.wallet_kid)
        authorised = sale.authorised.counter.to_bytes(8, "big")
        if found is None or found[0] < authorised:
            raise JournalCorruptError(row.seq, words.ROW_KEY_COUNTER.said())
        counter, seq, blocked_seq = found
        if seq == row.seq:
            self._expect(row, "wallet_key", counter, authorised)
        if sale.state is SaleState.DECLINED_AT_SYNC and not 0 < blocked_seq <= row.seq:
            raise JournalCorruptError(row.seq, words.ROW_KEY_BLOCKED.said())
        if blocked_seq == row.seq:
            self._expect(row, "blocked", sale.state, SaleState.DECLINED_AT_SYNC)

    def _check_document(self, row: Row, kind: str) -> None:
        found = self._one("SELECT version, seq, body FROM document WHERE kind = ?", kind)
        if found is None or found[1] < row.seq:
            raise JournalCorruptError(row.seq, words.ROW_DOCUMENT.said(kind=kind))
        version, seq, body = found
        if seq == row.seq:
            signed_head = (str(version), body), (row.subject, row.body)
            plain = document_body(version, body), row.body
            self._expect(row, "document", *(signed_head if row.kind == "head" else plain))

    def _check_value(self, row: Row) -> None:
        kind, _, key = row.subject.partition("/")
        found = self._one("SELECT seq FROM value WHERE kind = ? AND key = ?", kind, key)
        if found is None or found[0] < row.seq:
            raise JournalCorruptError(row.seq, words.ROW_VALUE.said(name=row.subject))
        self.confirmed["value"] += found[0] == row.seq

    def _check_issuer_time(self, row: Row) -> None:
        at = int.from_bytes(row.body, "big")
        found = self._one("SELECT at, seq FROM issuer_time")
        if found is None or found[0] < at:
            raise JournalCorruptError(row.seq, words.ROW_ISSUER_TIME.said())
        if found[1] == row.seq:
            self._expect(row, "issuer_time", found[0], at)

    def _expect(self, row: Row, what: str, found: Any, wanted: Any) -> None:
        if found != wanted:
            raise JournalCorruptError(row.seq, words.ROW_TABLE.said(table=what))
        self.confirmed[what] += 1

    def _one(self, sql: str, *values: Any) -> Any:
        return self._connection.execute(sql, values).fetchone()
