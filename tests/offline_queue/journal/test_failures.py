# SPDX-License-Identifier: Apache-2.0
"""Each result code of SQLite and each errno under the class that says what can be done about it."""

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from offline_queue.journal.failures import ResultCode, failure_of, system_failure
from pengpos.core.errors import (
    JournalDamagedError,
    JournalError,
    JournalFaultError,
    JournalForeignError,
    JournalFullError,
    JournalMediumError,
    JournalUnavailableError,
)

Kind = type[JournalError]

BY_CODE: list[tuple[str, Kind]] = [
    ("SQLITE_BUSY", JournalUnavailableError),
    ("SQLITE_BUSY_SNAPSHOT", JournalUnavailableError),
    ("SQLITE_LOCKED", JournalUnavailableError),
    ("SQLITE_PROTOCOL", JournalUnavailableError),
    ("SQLITE_INTERRUPT", JournalUnavailableError),
    ("SQLITE_NOMEM", JournalUnavailableError),
    ("SQLITE_FULL", JournalFullError),
    ("SQLITE_IOERR", JournalMediumError),
    ("SQLITE_IOERR_FSYNC", JournalMediumError),
    ("SQLITE_READONLY", JournalMediumError),
    ("SQLITE_CANTOPEN", JournalMediumError),
    ("SQLITE_PERM", JournalMediumError),
    ("SQLITE_CORRUPT", JournalDamagedError),
    ("SQLITE_NOTADB", JournalForeignError),
    ("SQLITE_ERROR", JournalFaultError),
    ("SQLITE_SCHEMA", JournalFaultError),
    ("SQLITE_CONSTRAINT_TRIGGER", JournalFaultError),
    ("SQLITE_MISMATCH", JournalFaultError),
    ("SQLITE_MISUSE", JournalFaultError),
    ("SQLITE_RANGE", JournalFaultError),
    ("SQLITE_TOOBIG", JournalFaultError),
    ("SQLITE_INTERNAL", JournalFaultError),
]


class CodedError(Exception):
    """As SQLite's, with its code."""

    def __init__(self, code: int | None) -> None:
        super().__init__("so it says")
        self.sqlite_errorcode = code


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "journal.db").write_bytes(bytes(8_192))
    return tmp_path / "journal.db"


@pytest.mark.parametrize(("name", "kind"), BY_CODE, ids=[name for name, _ in BY_CODE])
def test_a_result_code(path: Path, name: str, kind: Kind) -> None:
    failure = failure_of(path, CodedError(getattr(sqlite3, name)))
    assert type(failure) is kind
    assert str(path) in str(failure)
    assert [file.name for file in path.parent.iterdir()] == ["journal.db"]  # what was tried is gone


@pytest.mark.parametrize("code", [None, 99], ids=["no code", "an unknown one"])
def test_what_has_no_known_code_is_a_fault_of_ours(path: Path, code: int | None) -> None:
    assert type(failure_of(path, CodedError(code))) is JournalFaultError


BY_ERRNO: list[tuple[int, Kind, str]] = [
    (errno.ENOSPC, JournalFullError, ""),
    (errno.EDQUOT, JournalFullError, ""),
    (errno.EROFS, JournalMediumError, "worn out"),
    (errno.EIO, JournalMediumError, "comes again"),
    (errno.EACCES, JournalMediumError, "Run this as the user"),
    (errno.ENOENT, JournalMediumError, "put it back"),
    (errno.ENODEV, JournalMediumError, "put it back"),
]
ERRNOS = [errno.errorcode[row[0]] for row in BY_ERRNO]


@pytest.mark.parametrize(("number", "kind", "cure"), BY_ERRNO, ids=ERRNOS)
def test_an_errno(path: Path, number: int, kind: Kind, cure: str) -> None:
    failure = system_failure(path, OSError(number, os.strerror(number)))
    assert type(failure) is kind
    assert os.strerror(number) in str(failure)
    assert cure in str(failure)


def refusing(number: int) -> Callable[..., int]:
    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN])
@pytest.mark.parametrize(("number", "kind"), [row[:2] for row in BY_ERRNO], ids=ERRNOS)
def test_where_sqlite_only_says_that_it_failed_the_medium_is_asked(
    path: Path, monkeypatch: pytest.MonkeyPatch, code: int, number: int, kind: Kind
) -> None:
    monkeypatch.setattr("offline_queue.journal.failures.os.write", refusing(number))
    failure = failure_of(path, CodedError(code))
    assert type(failure) is kind
    assert os.strerror(number) in str(failure)


@pytest.mark.parametrize("code", [sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB])
def test_what_cannot_be_read_is_not_called_damaged(path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    monkeypatch.setattr("offline_queue.journal.failures.os.pread", refusing(errno.EIO))
    assert type(failure_of(path, CodedError(code))) is JournalMediumError


@pytest.mark.parametrize("code", ResultCode, ids=lambda code: code.name)
def test_the_codes_are_sqlites(code: ResultCode) -> None:
    assert code == getattr(sqlite3, f"SQLITE_{code.name}")
