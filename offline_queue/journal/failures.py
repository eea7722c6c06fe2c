# SPDX-License-Identifier: Apache-2.0
"""What SQLite or the system said, as one of our errors: what may pass, what is wrong with the file, what is our fault.

SQLite's primary result codes decide (sqlite.org/rescode.html), but they do not say all: it has one code for every I/O
error and says "full" for ENOSPC at a write alone, and SQLCipher calls every failed read damage, for the bytes it did
not get do not verify. So after a failure the medium is asked: by reading the file, or by writing a little beside it.
"""

import contextlib
import errno
import os
from enum import IntEnum
from pathlib import Path

from offline_queue import words
from pengpos.core.errors import (
    JournalDamagedError,
    JournalError,
    JournalFaultError,
    JournalForeignError,
    JournalFullError,
    JournalMediumError,
    JournalTransientError,
    JournalUnavailableError,
)


class ResultCode(IntEnum):
    """Primary result codes of SQLite. Python's sqlite3 names them too, and would bring a second SQLite into memory.

    Source: sqlite.org/rescode.html.
    """

    PERM = 3
    BUSY = 5
    LOCKED = 6
    NOMEM = 7
    READONLY = 8
    INTERRUPT = 9
    IOERR = 10
    CORRUPT = 11
    FULL = 13
    CANTOPEN = 14
    PROTOCOL = 15
    NOLFS = 22
    NOTADB = 26


NOT_NOW = frozenset({
    ResultCode.BUSY, ResultCode.LOCKED, ResultCode.PROTOCOL, ResultCode.INTERRUPT, ResultCode.NOMEM,
})  # fmt: skip
BY_THE_MEDIUM = frozenset({
    ResultCode.IOERR, ResultCode.READONLY, ResultCode.CANTOPEN, ResultCode.PERM, ResultCode.NOLFS,
})  # fmt: skip
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_CURES = {
    errno.EROFS: words.READ_ONLY_CURE,
    errno.EACCES: words.USER_CURE,
    errno.EPERM: words.USER_CURE,
    errno.ENOENT: words.GONE_CURE,
    errno.ENODEV: words.GONE_CURE,
    errno.ENXIO: words.GONE_CURE,
    errno.ESTALE: words.GONE_CURE,
}
_PROBE_SIZE = 65_536
_READ_SIZE = 2**20


def failure_of(path: Path, error: Exception) -> JournalError:
    """Our error for what SQLite raised over the journal at `path`. Any code that is not known is a fault of ours."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if code is not None else None
    if primary in NOT_NOW:
        return JournalUnavailableError(f"{path}: {error}")
    if primary == ResultCode.FULL:
        return JournalFullError(f"{path}: {error}")
    if primary in BY_THE_MEDIUM:
        return _refused_by_the_medium(path, error, read_only=primary == ResultCode.READONLY)
    if is_damage(error) and (unreadable := _what_it_does_not_give(path)) is not None:
        return system_failure(path, unreadable)
    if primary == ResultCode.CORRUPT:
        return JournalDamagedError(str(path), words.DAMAGED.said(), words.EXPORT_FIRST.said())
    if primary == ResultCode.NOTADB:
        return JournalForeignError(
            str(path),
            words.DOES_NOT_OPEN.said(),
            words.RIGHT_KEY_OR_ASIDE.said(),
        )
    return JournalFaultError(f"{path}: {error}")


def is_damage(error: Exception) -> bool:
    """True if SQLite found bytes that cannot be what was written there, or a read failed: open it anew, and look."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in {ResultCode.CORRUPT, ResultCode.NOTADB}


def system_failure(path: Path, error: OSError) -> JournalTransientError:
    """Our error for what the system said about the journal's files."""
    said = f"{path}: {error.strerror or error}"
    if error.errno in NO_ROOM:
        return JournalFullError(said)
    return JournalMediumError(said, _CURES.get(error.errno or 0, words.OTHER_CURE).said())


def _refused_by_the_medium(path: Path, error: Exception, *, read_only: bool) -> JournalTransientError:
    refused = _what_it_refuses(path)
    if refused is not None:
        return system_failure(path, refused)
    return JournalMediumError(f"{path}: {error}", (words.READ_ONLY_CURE if read_only else words.OTHER_CURE).said())


def _what_it_does_not_give(path: Path) -> OSError | None:
    """What the medium says to reading the journal's files; None: it gives every byte, or does by now."""
    for file in (path, path.with_name(path.name + "-wal")):
        try:
            handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        except OSError as error:
            return error
        try:
            at = 0
            while size := len(os.pread(handle, _READ_SIZE, at)):
                at += size
        except OSError as error:
            return error
        finally:
            os.close(handle)
    return None


def _what_it_refuses(path: Path) -> OSError | None:
    """What the medium says to a new file beside the journal; None: it takes one, or took it by now."""
    probe = path.with_name(path.name + ".probe")
    try:
        handle = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, bytes(_PROBE_SIZE))
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        return error
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
    return None
