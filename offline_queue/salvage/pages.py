# SPDX-License-Identifier: Apache-2.0
"""Pages of a SQLCipher 4 file and of its write-ahead log, each read by itself: one that is damaged spoils no other.

A page is 4,096 bytes: content encrypted with AES-256-CBC (of page 1 behind the salt, 16 bytes in the clear), then 80
reserved bytes: IV (16) and HMAC-SHA-512 (64) over content, IV and the page's number (4 bytes, little-endian). Its
key is PBKDF2-HMAC-SHA-512 of the raw key, 2 rounds, over the salt with each byte XOR 0x3a. In the log a page follows
the 24 bytes of its frame's header: its number, 4 bytes, big-endian; the file's size in pages if a commit ends there,
else 0; two salts, drawn anew when the log begins anew; checksums. The log's own header takes 32.
Source: SQLCipher's design page; sqlite.org/walformat.html. A log whose checksums do not hold is read all the same.

Tests: tests/offline_queue/salvage/test_salvage.py.
"""

import hmac
from collections import Counter
from collections.abc import Iterator
from hashlib import pbkdf2_hmac
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAGE_SIZE = 4_096
USABLE_SIZE = PAGE_SIZE - 80
_SALT_SIZE = 16
_IV_SIZE = 16
_LOG_HEADER = 32
_FRAME_HEADER = 24
_SIZE = slice(4, 8)
_SALTS = slice(8, 16)


class Pages:
    """All pages of a file and its log that can be vouched for. `bad` counts those of the file that cannot."""

    def __init__(self, path: Path, key: bytes, log: Path | None = None) -> None:
        """`log`: instead of the one beside it. Raises OSError."""
        self._file = path.open("rb")
        self._count = path.stat().st_size // PAGE_SIZE
        self._key = key
        self._mac_key = _mac_key(key, self._file.read(_SALT_SIZE))
        self._log, self._frames = _frames_of(path.with_name(path.name + "-wal") if log is None else log)
        self.bad = 0

    def close(self) -> None:
        """Let go of the files."""
        self._file.close()
        if self._log is not None:
            self._log.close()

    def all(self) -> Iterator[bytes]:
        """The content of every page of file and log, older versions too, in no order that means anything."""
        for number in range(1, self._count + 1):
            content = self._read(self._file, (number - 1) * PAGE_SIZE, number)
            if content is None:
                self.bad += 1
            else:
                yield content
        for number, offsets in self._frames.items():
            for offset in offsets:
                if self._log is not None and (content := self._read(self._log, offset, number)) is not None:
                    yield content

    def versions(self, number: int) -> list[bytes]:
        """What page `number` holds, the newest first; empty: nothing that can be read."""
        places = [(self._log, offset) for offset in reversed(self._frames.get(number, [])) if self._log is not None]
        if 1 <= number <= self._count:
            places.append((self._file, (number - 1) * PAGE_SIZE))
        found = (self._read(file, offset, number) for file, offset in places)
        return [content for content in found if content is not None]

    def _read(self, file: BinaryIO, offset: int, number: int) -> bytes | None:
        """A page's content, `USABLE_SIZE` bytes; None if its HMAC does not hold, or the medium does not give it."""
        try:
            file.seek(offset)
            page = file.read(PAGE_SIZE)
        except OSError:
            return None
        start = _SALT_SIZE if number == 1 else 0
        covered, mac = page[start : USABLE_SIZE + _IV_SIZE], page[USABLE_SIZE + _IV_SIZE :]
        wanted = hmac.digest(self._mac_key, covered + number.to_bytes(4, "little"), "sha512")
        if len(page) < PAGE_SIZE or not hmac.compare_digest(wanted, mac):
            return None
        iv = page[USABLE_SIZE : USABLE_SIZE + _IV_SIZE]
        decryptor = Cipher(algorithms.AES256(self._key), modes.CBC(iv)).decryptor()
        return bytes(start) + decryptor.update(page[start:USABLE_SIZE]) + decryptor.finalize()


def _mac_key(key: bytes, salt: bytes) -> bytes:
    return pbkdf2_hmac("sha512", key, bytes(byte ^ 0x3A for byte in salt), 2, 32)


def _frames_of(log: Path) -> tuple[BinaryIO | None, dict[int, list[int]]]:
    """The log, and where in it each page's versions lie, the oldest first."""
    frames: dict[int, list[int]] = {}
    try:
        file = log.open("rb")
    except OSError:
        return None, frames
    headers: list[tuple[int, bytes]] = []
    at = _LOG_HEADER
    while len(header := _at(file, at)) == _FRAME_HEADER:
        headers.append((at + _FRAME_HEADER, header))
        at += _FRAME_HEADER + PAGE_SIZE
    for offset, header in _committed(headers):
        frames.setdefault(int.from_bytes(header[:4], "big"), []).append(offset)
    return file, frames


def _committed(headers: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Those up to the last commit since the log was begun anew: they share a salt, and a commit names a size.

    What was written behind that was never acknowledged, and may have been taken back.
    """
    salts = Counter(header[_SALTS] for _, header in headers)
    if not salts:
        return []
    salt = salts.most_common(1)[0][0]
    last = max((at for at, header in headers if header[_SALTS] == salt and any(header[_SIZE])), default=-1)
    return [(at, header) for at, header in headers if at <= last and header[_SALTS] == salt]


def _at(file: BinaryIO, offset: int) -> bytes:
    try:
        file.seek(offset)
        return file.read(_FRAME_HEADER)
    except OSError:
        return b""
