# SPDX-License-Identifier: Apache-2.0
"""The tables, made by migrations. `journal` is the truth; all others are derived from it row by row.

A derived row names the journal row it stands on (`seq`), so that a walk of the journal can check each of them and no
sale's bytes are stored twice. Migrations are only ever added; a name this version does not know means a newer one
wrote the file. `_sqlite_migrations` records them, in the layout of sqlite-utils 4, which made the first journals.
"""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from offline_queue import words
from offline_queue.journal.connection import Connection
from offline_queue.records.codec import UnreadableSaleError
from offline_queue.records.packing import stored_sale
from pengpos.core.business_day import counts_at
from pengpos.core.errors import JournalForeignError, JournalNewerError

APPLICATION_ID = 0x50454E47  # "PENG", at offset 68 of the database header


class Migration(NamedTuple):
    """A step from one layout to the next: its name for ever, its statements, and what it does to rows after them."""

    name: str
    statements: tuple[str, ...] = ()
    rows: Callable[[Connection], None] | None = None


# Byte for byte what is in the first journals' sqlite_master.
_RECORD = (
    """CREATE TABLE IF NOT EXISTS "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
)""",
    """CREATE UNIQUE INDEX IF NOT EXISTS "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name")""",
)
_SET = "journal"

_TABLES = (
    """CREATE TABLE journal (
        seq INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, counter INTEGER NOT NULL, kind TEXT NOT NULL,
        subject TEXT NOT NULL, at_utc INTEGER NOT NULL, boot BLOB NOT NULL, body BLOB NOT NULL, hash BLOB NOT NULL)
        STRICT""",
    """CREATE TRIGGER journal_is_not_updated BEFORE UPDATE ON journal
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    """CREATE TRIGGER journal_is_not_deleted BEFORE DELETE ON journal
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    # `no` is the number of the sale's first row: sales in the order in which they began.
    """CREATE TABLE sale (
        no INTEGER PRIMARY KEY, sale_id BLOB NOT NULL, idempotency_key TEXT NOT NULL, seq INTEGER NOT NULL,
        number TEXT NOT NULL, state TEXT NOT NULL, amount_minor INTEGER NOT NULL, total_minor INTEGER NOT NULL,
        currency TEXT NOT NULL, reference TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
        taken_at INTEGER, accepted_at INTEGER, live INTEGER NOT NULL, unsent INTEGER NOT NULL,
        wallet_kid BLOB, intents INTEGER NOT NULL) STRICT""",
    "CREATE UNIQUE INDEX sale_by_id ON sale (sale_id)",
    "CREATE UNIQUE INDEX sale_by_key ON sale (idempotency_key)",
    "CREATE INDEX sale_by_number ON sale (number)",
    "CREATE INDEX sale_by_time ON sale (created_at)",
    "CREATE INDEX sale_by_reference ON sale (reference) WHERE reference IS NOT NULL",
    "CREATE INDEX sale_taken ON sale (taken_at) WHERE taken_at IS NOT NULL",
    "CREATE INDEX sale_live ON sale (no) WHERE live",
    """CREATE TABLE intent (
        intent_id BLOB PRIMARY KEY, sale_no INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE TABLE refund (
        refund_id BLOB PRIMARY KEY, sale_no INTEGER NOT NULL, state TEXT NOT NULL, at INTEGER NOT NULL,
        amount_minor INTEGER NOT NULL, currency TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    "CREATE INDEX refund_done ON refund (at) WHERE state = 'done'",
    # `counter`: 8 bytes, big-endian (a wallet may count to 2^64 - 1); `seq` is the row that raised it;
    # `blocked_seq` the first that was declined at sync, 0: none.
    """CREATE TABLE wallet_key (
        kid BLOB PRIMARY KEY, counter BLOB NOT NULL, seq INTEGER NOT NULL, blocked_seq INTEGER NOT NULL)
        STRICT, WITHOUT ROWID""",
    """CREATE TABLE document (
        kind TEXT PRIMARY KEY, version INTEGER NOT NULL, seq INTEGER NOT NULL, body BLOB NOT NULL) STRICT""",
    """CREATE TABLE value (
        kind TEXT NOT NULL, key TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE issuer_time (
        id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT""",
)  # fmt: skip


def _count_offline_sales_when_authorised(connection: Connection) -> None:
    """Set `taken_at` of sales accepted offline to when the wallet authorised, no longer to when it was accepted.

    A row that cannot be read stays as it is: `verify` names it, and it must not keep the terminal from selling.
    """
    sales = "SELECT sale.no, journal.body FROM sale JOIN journal ON journal.seq = sale.seq"
    moved: list[tuple[int, int]] = []
    for no, body in connection.execute(f"{sales} WHERE taken_at IS NOT NULL AND accepted_at IS NOT NULL"):
        with contextlib.suppress(UnreadableSaleError):
            at = counts_at(stored_sale(body))
            if at is not None:
                moved.append((at, no))
    for at, no in moved:
        connection.execute("UPDATE sale SET taken_at = ? WHERE no = ? AND taken_at <> ?", (at, no, at))


# The row up to which `sale`, `intent`, `refund` and `wallet_key` follow the journal (see `recent`).
_FOLLOWING = (
    "CREATE TABLE projected (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL) STRICT",
    "INSERT INTO projected SELECT 1, coalesce(max(seq), 0) FROM journal",
)

_DAY_OF_OFFLINE_SALES = "m002_day_of_offline_sales"
MIGRATIONS: tuple[Migration, ...] = (
    Migration("m001_journal", (*_TABLES, f"PRAGMA application_id = {APPLICATION_ID}")),
    Migration(_DAY_OF_OFFLINE_SALES, rows=_count_offline_sales_when_authorised),
    Migration("m003_tables_follow", _FOLLOWING),
)  # fmt: skip


def offline_sales_count_when_accepted(connection: Connection) -> bool:
    """Whether this is a file from before `m002_day_of_offline_sales`, read without being brought up to date."""
    return _DAY_OF_OFFLINE_SALES not in _applied(connection)


def apply(connection: Connection) -> None:
    """Bring an empty or older database to this version; each migration is one transaction."""
    applied = set(_applied(connection))
    for migration in MIGRATIONS:
        if migration.name not in applied:
            _in_one_transaction(connection, migration)


def _in_one_transaction(connection: Connection, migration: Migration) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in (*_RECORD, *migration.statements):
            connection.execute(statement)
        if migration.rows is not None:
            migration.rows(connection)
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, ?, ?)",
            (_SET, migration.name, str(datetime.now(UTC))),
        )
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite has ended it already where the medium failed
            connection.execute("ROLLBACK")
        raise


def _applied(connection: Connection) -> list[str]:
    """The names of the migrations that this file has seen, oldest first."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchone() is None:
        return []
    rows = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = ? ORDER BY rowid", (_SET,))
    return [name for (name,) in rows.fetchall()]


def check_version(connection: Connection, path: Path) -> None:
    """Raise JournalForeignError unless this is a journal, JournalNewerError if a newer version wrote it."""
    found = connection.execute("PRAGMA application_id").fetchone()[0]
    if found != APPLICATION_ID:
        raise JournalForeignError(str(path), words.ANOTHER_PROGRAM.said(), words.MOVE_ASIDE.said())
    known = {migration.name for migration in MIGRATIONS}
    newer = [name for name in _applied(connection) if name not in known]
    if newer:
        raise JournalNewerError(
            str(path),
            words.NEWER.said(what=", ".join(sorted(newer))),
            words.INSTALL_THAT.said(),
        )
