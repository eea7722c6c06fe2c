# SPDX-License-Identifier: Apache-2.0
"""The journal's files: making them so that a power cut leaves all or nothing, its key, and setting a bad one aside.

Tests: tests/offline_queue/journal/test_journal.py, tests/faults/test_bad_files.py.
"""

import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from offline_queue import words
from offline_queue.journal import schema
from offline_queue.journal.connection import (
    KEY_SIZE,
    DatabaseError,
    FileLock,
    connect,
    connect_read_only,
    sync_file,
)
from offline_queue.journal.failures import failure_of
from offline_queue.journal.projection import append
from offline_queue.journal.witness import path_of as witness_of
from offline_queue.records.chain import GENESIS, Row
from offline_queue.records.rows import draw_epoch, parts_of
from offline_queue.values import EpochDrawn
from pengpos.core.errors import ConfigError, JournalError, JournalForeignError
from pengpos.core.ports import Clock
from pengpos.keys.private_file import create_private, sync_directory
from pengpos.keys.two_copies import mend, read_copy, read_either

_PLAIN_SQLITE = b"SQLite format 3\0"


def create(path: Path, key: bytes, clock: Clock, boot_id: bytes) -> None:
    """Make a journal with its tables and its first epoch beside `path`, then give it the name in one step.

    So a file of this name is never a half-made journal, and an empty one is always a truncated one.
    """
    making = path.with_name(path.name + ".new")
    for leftover in files_of(making):
        leftover.unlink(missing_ok=True)
    os.close(os.open(making, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    connection = connect(making, key)
    try:
        schema.apply(connection)
        drawn = EpochDrawn(epoch=draw_epoch(), why="journal created")
        kind, subject, body = parts_of(drawn)
        append(connection, Row(1, drawn.epoch, 0, kind, subject, clock.now(), boot_id, body), GENESIS)
    except DatabaseError as error:
        raise failure_of(making, error) from error
    finally:
        connection.close()
    sync_file(making)
    making.rename(path)
    sync_directory(path.parent)


def refuse_strays(path: Path) -> None:
    """Refuse what can be seen from outside: an empty file, a log without its database, a database in the clear.

    Raises JournalForeignError.
    """
    if not path.exists():
        if path.with_name(path.name + "-wal").exists():
            raise JournalForeignError(str(path), words.LOG_ALONE.said(), words.MOVE_ASIDE.said())
        if witness_of(path).exists():
            raise JournalForeignError(str(path), words.GONE.said(), words.MOVE_ASIDE.said())
        return
    with path.open("rb") as file:
        start = file.read(len(_PLAIN_SQLITE))
    if start == _PLAIN_SQLITE:
        raise JournalForeignError(str(path), words.NOT_ENCRYPTED.said(), words.MOVE_ASIDE.said())
    if len(start) < len(_PLAIN_SQLITE):
        raise JournalForeignError(str(path), words.CUT_SHORT.said(), words.MOVE_ASIDE.said())


def set_aside(path: Path, clock: Clock, *, check: Callable[[], None] = lambda: None) -> Path:
    """Rename a journal and its companions to `….aside-TIME`; nothing is ever overwritten. Returns the new name.

    `check` is called while it is kept from others, and may raise. Raises JournalBusyError while a program has it open.
    """
    lock = FileLock(path)
    lock.take()
    try:
        check()
        stamp = datetime.fromtimestamp(clock.now(), UTC).strftime("%Y%m%dT%H%M%SZ")
        target = path.with_name(f"{path.name}.aside-{stamp}")
        number = 1
        while any(file.exists() for file in files_of(target)):
            number += 1
            target = path.with_name(f"{path.name}.aside-{stamp}-{number}")
        for old, new in zip(files_of(path), files_of(target), strict=True):
            if old.exists():
                old.rename(new)
        sync_directory(path.parent)
        return target
    finally:
        lock.release()


def load_or_create_key(path: Path, journal: Path | None = None) -> bytes:
    """The key of `journal`, 32 raw bytes in a file of mode 0600 with a second copy; drawn where there is none yet.

    Whichever of the two is damaged is mended. Raises ConfigError if neither can be used, or both are gone and the
    journal is there: it would be lost with them.
    """
    try:
        key = load_key(path, journal)
    except FileNotFoundError:
        if journal is not None and journal.exists():
            raise ConfigError(str(path), words.NEEDS_KEY.said(journal=journal), words.KEY_CURE.said()) from None
        path.parent.mkdir(parents=True, exist_ok=True)
        create_private(path, secrets.token_bytes(KEY_SIZE))
        key = load_key(path)
    mend(path, key)
    return key


def load_key(path: Path, journal: Path | None = None) -> bytes:
    """The key from its file or the second copy: of two that differ, the one that opens `journal`.

    Raises FileNotFoundError, ConfigError, OSError.
    """

    def parse(content: bytes) -> bytes:
        if len(content) != KEY_SIZE:
            detail = words.KEY_SIZE.said(bytes=KEY_SIZE, found=len(content))
            raise ConfigError(str(path), detail, words.KEY_CURE.said())
        return content

    copy = read_copy(path)
    try:
        key = read_either(path, parse)
    except FileNotFoundError:
        if copy is None or len(copy) != KEY_SIZE:
            raise
        return copy
    if copy is None or copy == key or len(copy) != KEY_SIZE or journal is None or _opens(journal, key):
        return key
    return copy if _opens(journal, copy) else key


def _opens(journal: Path, key: bytes) -> bool:
    try:
        connect_read_only(journal, key).close()
    except JournalError:
        return False
    return True


def files_of(path: Path) -> tuple[Path, ...]:
    """A journal's file and its companions: write-ahead log, its index, the newest row."""
    return path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm"), witness_of(path)
