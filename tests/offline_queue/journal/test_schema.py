# SPDX-License-Identifier: Apache-2.0
"""The journal's tables: the record of migrations as the first journals have it, and a migration that fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from offline_queue.journal import schema
from offline_queue.journal.connection import Connection, DatabaseError, connect

KEY = bytes(range(32))
RECORD = {
    "_sqlite_migrations": (
        'CREATE TABLE "_sqlite_migrations" (\n'
        '   "id" INTEGER PRIMARY KEY,\n   "migration_set" TEXT,\n   "name" TEXT,\n   "applied_at" TEXT\n)'
    ),
    "idx__sqlite_migrations_migration_set_name": (
        'CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"\n'
        '    ON "_sqlite_migrations" ("migration_set", "name")'
    ),
}
"""As sqlite-utils 4.2.1 made it."""
OBJECTS = [
    *RECORD, "journal", "journal_is_not_updated", "journal_is_not_deleted", "sale", "sale_by_id", "sale_by_key",
    "sale_by_number", "sale_by_time", "sale_by_reference", "sale_taken", "sale_live", "intent", "refund", "refund_done",
    "wallet_key", "document", "sqlite_autoindex_document_1", "value", "issuer_time",
    "projected",
]  # fmt: skip


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    path = tmp_path / "journal.db"
    path.touch()
    connection = connect(path, KEY)
    yield connection
    connection.close()


def objects(connection: Connection) -> dict[str, str]:
    return dict(connection.execute("SELECT name, sql FROM sqlite_master ORDER BY rowid").fetchall())


def test_the_tables_are_those_of_the_first_journals_and_how_far_they_follow(connection: Connection) -> None:
    schema.apply(connection)
    made = objects(connection)
    assert list(made) == OBJECTS
    assert {name: made[name] for name in RECORD} == RECORD
    assert connection.execute("PRAGMA application_id").fetchone() == (schema.APPLICATION_ID,)


def test_applying_twice_changes_nothing(connection: Connection) -> None:
    schema.apply(connection)
    before = objects(connection), connection.execute("SELECT * FROM _sqlite_migrations").fetchall()
    schema.apply(connection)
    assert (objects(connection), connection.execute("SELECT * FROM _sqlite_migrations").fetchall()) == before
    names = ["m001_journal", "m002_day_of_offline_sales", "m003_tables_follow"]
    assert [row[1:3] for row in before[1]] == [("journal", name) for name in names]


def test_a_migration_that_fails_leaves_nothing_and_stays_pending(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema.apply(connection)
    before = objects(connection)
    broken = schema.Migration("m003_more", ("CREATE TABLE more (x)", "CREATE TABLE sale (x)"))
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
    with pytest.raises(DatabaseError, match="already exists"):
        schema.apply(connection)
    assert objects(connection) == before
    assert not connection.in_transaction
    mended = schema.Migration("m003_more", ("CREATE TABLE more (x)",))
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS[:-1], mended))
    schema.apply(connection)
    assert set(objects(connection)) - set(before) == {"more"}
