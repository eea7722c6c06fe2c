# SPDX-License-Identifier: Apache-2.0
"""The tables, as sqlite-utils migrations. `journal` is the truth; all others are derived from it row by row.

A derived row names the journal row it stands on (`seq`), so that a walk of the journal can check each of them and no
sale's bytes are stored twice. Migrations are only ever added; a name this version does not know means a newer one
wrote the file.
"""

from contextlib import closing
from pathlib import Path

from sqlite_utils import Database, Migrations

from offline_queue.journal.connection import SET_ASIDE, Connection
from pengpos.core.errors import JournalForeignError

APPLICATION_ID = 0x50454E47  # "PENG", at offset 68 of the database header

MIGRATIONS = Migrations("journal")

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


@MIGRATIONS()
def m001_journal(db: Database) -> None:
    """The first layout."""
    for statement in _TABLES:
        db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def apply(connection: Connection) -> None:
    """Bring an empty or older database to this version; each migration is one transaction."""
    MIGRATIONS.apply(Database(connection))


def check_version(connection: Connection, path: Path) -> None:
    """Raise JournalForeignError unless this is a journal of this version or an older one."""
    found = connection.execute("PRAGMA application_id").fetchone()[0]
    if found != APPLICATION_ID:
        raise JournalForeignError(str(path), "another program's database", SET_ASIDE)
    with closing(Database(memory=True)) as blank:
        known = {migration.name for migration in MIGRATIONS.pending(blank)}
    newer = [step.name for step in MIGRATIONS.applied(Database(connection)) if step.name not in known]
    if newer:
        raise JournalForeignError(
            str(path),
            f"a newer version of this program wrote it ({', '.join(sorted(newer))})",
            "Install that version again; this one will not write into it",
        )
