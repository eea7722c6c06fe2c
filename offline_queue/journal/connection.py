# SPDX-License-Identifier: Apache-2.0
"""Opening the journal's file: SQLCipher with a raw key, the settings that make a commit durable, and the file lock.

The only module that imports sqlcipher3. What is set is read back; with anything else than WAL and FULL the terminal
does not trade (WAL with NORMAL loses acknowledged rows at power loss, and says nothing).

Tests: tests/offline_queue/journal/test_journal.py, tests/faults/test_bad_files.py.
"""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from offline_queue import words
from offline_queue.journal.failures import failure_of
from offline_queue.values import JournalBusyError
from pengpos.core.errors import JournalError

Connection = Any  # sqlcipher3 ships no types; this is its DB-API connection
DatabaseError = sqlcipher.Error  # all of them: also the InterfaceError of a wrong call

KEY_SIZE = 32

SETTINGS: tuple[tuple[str, str], ...] = (
    ("journal_mode", "WAL"),
    ("synchronous", "FULL"),
    ("foreign_keys", "ON"),
    ("recursive_triggers", "ON"),  # else INSERT OR REPLACE would pass by the triggers that keep the journal append-only
    ("trusted_schema", "OFF"),
    ("wal_autocheckpoint", "2000"),
    ("journal_size_limit", "8388608"),
    ("mmap_size", "0"),
    ("busy_timeout", "5000"),
    ("temp_store", "MEMORY"),
)
READ_CACHE_KIB = 2_048
"""For each connection that only reads: what it holds is stale after the next commit, and memory is scarce."""
REQUIRED: tuple[tuple[str, str | int], ...] = (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1))
"""What SQLite must answer when asked again: 2 is FULL."""


@dataclass(eq=False)
class UnsafeSettingError(JournalError):
    """SQLite did not take a setting without which a commit is not durable: rows could be lost."""

    setting: str
    found: object
    wanted: object

    def __str__(self) -> str:
        return f"SQLite keeps {self.setting} at {self.found!r} instead of {self.wanted!r}: rows could be lost"


def connect(path: Path, key: bytes) -> Connection:
    """Open an existing file for reading and writing; an empty one becomes a database. Transactions are begun by hand.

    `key`: 32 raw bytes, so that opening costs no key derivation. Raises UnsafeSettingError, and what `failure_of`
    makes of SQLite's answer: JournalForeignError if the key does not fit or the file is no such database.
    """
    connection = _connect(path, key, "rw")
    try:
        for name, value in SETTINGS:
            connection.execute(f"PRAGMA {name} = {value}").fetchall()
        _read_back(connection)
    except DatabaseError as error:
        connection.close()
        raise failure_of(path, error) from error
    except UnsafeSettingError:
        connection.close()
        raise
    return connection


def _read_back(connection: Connection) -> None:
    for name, wanted in REQUIRED:
        found = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if found != wanted:
            raise UnsafeSettingError(name, found, wanted)


def connect_read_only(path: Path, key: bytes) -> Connection:
    """Open an existing file to read, from any thread (the caller lets in one at a time). Raises as `connect`."""
    connection = _connect(path, key, "ro")
    try:
        connection.execute("PRAGMA temp_store = MEMORY")  # what `recent` keeps there
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute(f"PRAGMA cache_size = -{READ_CACHE_KIB}")
    except DatabaseError as error:
        connection.close()
        raise failure_of(path, error) from error
    return connection


def _connect(path: Path, key: bytes, mode: str) -> Connection:
    if len(key) != KEY_SIZE:
        raise ValueError(f"the journal's key is {KEY_SIZE} bytes, not {len(key)}")
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    try:
        connection = sqlcipher.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    except DatabaseError as error:
        raise failure_of(path, error) from error
    try:
        connection.execute("PRAGMA cipher_log_level = NONE")  # what it would print, we raise
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except DatabaseError as error:
        connection.close()
        raise failure_of(path, error) from error
    return connection


class FileLock:
    """Keeps every other process away from a journal, by flock(2) on a file beside it; the kernel frees it at exit."""

    def __init__(self, journal: Path) -> None:
        self._path = journal.with_name(journal.name + ".lock")
        self._file: int | None = None

    def take(self) -> None:
        """Raises JournalBusyError at once if another process, or another part of this one, has it."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            raise JournalBusyError(
                words.IN_USE.said(path=self._path.with_suffix("")),
                words.STOP_DAEMON.said(),
            ) from None
        self._file = file

    def release(self) -> None:
        """Let others in; harmless if it is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def sync_file(path: Path) -> None:
    """Make a file's bytes durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
