# SPDX-License-Identifier: Apache-2.0
"""The mirror's file: one line of JSON a payment, `{"intent_id", "sealed"}`, appended and synced.

A line is never changed. A line that was torn when the stick was pulled out is closed and its payment written again;
lines that are no such lines (another program's file, a damaged stick) are passed over and left alone.

Tests: tests/offline_queue/export/test_mirror.py.
"""

import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from offline_queue.export.export import ExportedPayment, seal_payment
from pengpos.core.errors import MalformedError, PengposError
from pengpos.core.sale import Sale
from pengpos.keys.private_file import sync_directory
from pengpos.keys.sealed import unseal
from pengpos.wire.encoding.keys import PublicKey

FILE_LIMIT = 256 * 1024 * 1024  # about 100,000 payments
LINE_LIMIT = 64 * 1024


class SameMediumError(PengposError):
    """The directory lies on the journal's own medium: nothing is mounted there."""


class _Line(msgspec.Struct, frozen=True):
    intent_id: str
    sealed: str


class MirrorFile:
    """Appends sealed payments; remembers which are there as long as the file is the same."""

    def __init__(self, path: Path, recipient: PublicKey, journal_directory: Path | None) -> None:
        self._path = path
        self._recipient = recipient
        self._journal_directory = journal_directory
        self._seen: tuple[tuple[int, int, int], set[str]] | None = None

    def add(self, sales: Sequence[Sale]) -> None:
        """Append those that are not there yet, and sync once. Raises OSError, SameMediumError."""
        directory = self._path.parent.stat()
        if self._journal_directory is not None and directory.st_dev == self._journal_directory.stat().st_dev:
            raise SameMediumError(f"no other medium is mounted at {self._path.parent}")
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            self._append(handle, sales)
        finally:
            os.close(handle)

    def intents(self) -> frozenset[str]:
        """Intent ids of all payments in it, as of the last `add`; those of lines that are not ours are left out."""
        return frozenset(self._seen[1]) if self._seen is not None else frozenset()

    def _append(self, handle: int, sales: Sequence[Sale]) -> None:
        there = self._scan(handle)
        new = [sale for sale in sales if str(sale.intent.intent_id) not in there]
        if not new:
            return
        lines = b"".join(
            msgspec.json.encode(_Line(str(sale.intent.intent_id), seal_payment(sale, self._recipient))) + b"\n"
            for sale in new
        )
        size = os.fstat(handle).st_size
        if size + len(lines) > FILE_LIMIT:
            raise OSError(errno.EFBIG, f"the file has reached {FILE_LIMIT // 2**20} MiB")
        if size and os.pread(handle, 1, size - 1) != b"\n":
            lines = b"\n" + lines
        self._seen = None  # until it is known to be on the medium
        written = 0
        while written < len(lines):
            written += os.write(handle, lines[written:])
        os.fsync(handle)
        if size == 0:
            sync_directory(self._path.parent)
        there.update(str(sale.intent.intent_id) for sale in new)
        self._seen = _identity(handle), there

    def _scan(self, handle: int) -> set[str]:
        """Intent ids of the whole lines in the file."""
        identity = _identity(handle)
        if self._seen is None or self._seen[0] != identity:
            self._seen = identity, {line.intent_id for line in _lines(self._path)}
        return self._seen[1]


def read_mirror(path: Path, private: ec.EllipticCurvePrivateKey) -> Iterator[ExportedPayment]:
    """The payments in a mirror file, the backend's side. Raises SignatureError for a line sealed to another key."""
    for line in _lines(path):
        try:
            yield msgspec.json.decode(unseal(line.sealed, private), type=ExportedPayment)
        except msgspec.MsgspecError as error:
            raise MalformedError(f"not a payment of this kind: {error}") from error


def _lines(path: Path) -> Iterator[_Line]:
    decoder = msgspec.json.Decoder(_Line)
    with path.open("rb") as file:
        while text := file.readline(LINE_LIMIT):
            if text.endswith(b"\n"):
                try:
                    yield decoder.decode(text)
                except msgspec.MsgspecError:
                    continue  # not ours: passed over, left alone


def _identity(handle: int) -> tuple[int, int, int]:
    found = os.fstat(handle)
    return found.st_dev, found.st_ino, found.st_size
