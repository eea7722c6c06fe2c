# SPDX-License-Identifier: Apache-2.0
"""The wallet's file: its layout, what older layouts lack, and transactions that are durable when they end.

One SQLite file, every commit flushed to the medium before it returns (tap protocol §2: counter and reply are durable
before the first byte leaves). What its rows mean is `sandbox.phone.wallet.store`'s.

Tests: tests/sandbox/phone/wallet/test_store.py
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, Self

from offline_queue.journal.failures import failure_of, is_damage, system_failure
from pengpos.core.errors import JournalForeignError

_VERSION = 4

_SCHEMA = """
CREATE TABLE credential (
    kid BLOB PRIMARY KEY, raw BLOB NOT NULL, issued_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    allowed_currency TEXT, allowed_each INTEGER, allowed_total INTEGER,
    merchant_id TEXT, counter INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE signed (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, intent_id BLOB NOT NULL UNIQUE, intent BLOB NOT NULL,
    terminal_x BLOB NOT NULL, terminal_y BLOB NOT NULL, reply BLOB NOT NULL, kid BLOB NOT NULL,
    merchant TEXT NOT NULL, total INTEGER NOT NULL, currency TEXT NOT NULL, from_balance INTEGER NOT NULL,
    promised INTEGER NOT NULL, signed_at INTEGER NOT NULL,
    outcome INTEGER, taken INTEGER, url TEXT, reason INTEGER, receipt BLOB,
    released INTEGER NOT NULL DEFAULT 0, unasked INTEGER NOT NULL DEFAULT 0, drawn INTEGER) STRICT;
CREATE TABLE elsewhere (intent_id BLOB PRIMARY KEY, receipt BLOB) STRICT;
CREATE TABLE balance (
    currency TEXT PRIMARY KEY, minor INTEGER, as_of_seq INTEGER NOT NULL,
    set_aside INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""
_SINCE = {
    1: "ALTER TABLE signed ADD COLUMN released INTEGER NOT NULL DEFAULT 0",
    2: "ALTER TABLE signed ADD COLUMN unasked INTEGER NOT NULL DEFAULT 0",
    3: """
    ALTER TABLE signed ADD COLUMN drawn INTEGER;
    ALTER TABLE balance ADD COLUMN set_aside INTEGER NOT NULL DEFAULT 0
    """,
}
"""What each older layout lacks, by its number."""


class WalletFile:
    """The wallet's file. Safe to use from several threads and, one transaction at a time, several processes.

    `path` may be ":memory:" where nothing has to survive. Raises JournalForeignError for a file of a newer version
    or another program, else what `failure_of` makes of SQLite's answer: of a full medium JournalFullError.
    """

    def __init__(self, path: Path | str) -> None:
        self._lock = RLock()
        self._path = Path(path)
        try:
            if isinstance(path, Path):
                path.touch(mode=0o600)  # before SQLite makes it with the umask's mode: it holds the account's token
            self._db = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
        except OSError as err:
            raise system_failure(self._path, err) from err
        except sqlite3.OperationalError as err:
            raise failure_of(self._path, err) from err
        try:
            self._prepare(str(path))
        except sqlite3.DatabaseError as err:
            self._db.close()
            raise (_foreign(str(path), str(err)) if is_damage(err) else failure_of(self._path, err)) from err
        except JournalForeignError:
            self._db.close()
            raise

    def _prepare(self, path: str) -> None:
        # A rollback journal, its unlinking synced too: one commit a tap needs no WAL, and survives a power cut.
        self._db.execute("PRAGMA journal_mode = DELETE")
        self._db.execute("PRAGMA synchronous = EXTRA")
        with self.transaction():
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            tables = self._db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
            if version == 0 and tables == 0:
                for statement in _SCHEMA.split(";"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {_VERSION}")
            elif version in _SINCE:
                for older in range(version, _VERSION):
                    for statement in _SINCE[older].split(";"):
                        self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {_VERSION}")
            elif version != _VERSION:
                raise _foreign(path, f"layout {version}, this program knows {_VERSION}")

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, durable on leaving. Raises JournalError; then nothing of it is stored."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield
                    self._db.execute("COMMIT")
                except BaseException:
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                    raise
            except sqlite3.DatabaseError as err:
                raise failure_of(self._path, err) from err

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of one statement. Raises JournalError."""
        with self._lock:
            try:
                return self._db.execute(sql, values).fetchall()
            except sqlite3.DatabaseError as err:
                raise failure_of(self._path, err) from err


def _foreign(path: str, detail: str) -> JournalForeignError:
    return JournalForeignError(path, detail, "Use another phone name, or move this file away")
