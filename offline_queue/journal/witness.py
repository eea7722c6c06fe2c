# SPDX-License-Identifier: Apache-2.0
"""The newest row, kept beside the journal: by it a write-ahead log that is gone, or no longer read, shows at a start.

SQLite passes over a log whose header does not check, or that is not there, and opens what the file was before. So after
each commit head, counter and the payments that wait are written to `journal.db.head`, in place and without a sync: a
kill loses none of it, a power cut what the system had not written yet. It is then older than the journal, never newer,
and a row it names that the journal lacks was on the medium and is gone.

Two slots of 16 KiB take turns, so that one of them is whole: HMAC-SHA-256 by the journal's key (32 bytes), length
(4 bytes, big-endian), MessagePack `[generation, epoch, seq, counter, hash, waiting, more]`. The higher generation
counts.

Tests: tests/offline_queue/journal/test_witness.py.
"""

import contextlib
import hmac
import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from offline_queue.journal.connection import Connection
from offline_queue.records.codec import UnreadableSaleError
from offline_queue.records.packing import stored_sale
from offline_queue.values import Head, MissingRows, WaitingPayment
from pengpos.core.machine.states import STORED_STATES
from pengpos.core.sale import Sale
from pengpos.keys.private_file import sync_directory

log = logging.getLogger(__name__)

SLOT_SIZE = 16_384
WAITING_MOST = 200
"""So many waiting payments are named; of more only the count is kept."""
LOG_COPY_MOST = 256 * 2**20
_MAC_SIZE = 32
_LENGTH_SIZE = 4
_CONTEXT = b"pengpos journal head 1"


_STATES = ", ".join(f"'{state.value}'" for state in sorted(STORED_STATES))
_WAITING = f"""SELECT journal.body FROM sale JOIN journal ON journal.seq = sale.seq
    WHERE live AND state IN ({_STATES}) ORDER BY sale.no"""  # noqa: S608 -- our own constant states


class Witnessed(msgspec.Struct, frozen=True, array_like=True):
    """The journal as it was after a commit; `waiting`: payments accepted offline, `more` of them beyond those."""

    generation: int
    epoch: int
    seq: int
    counter: int
    hash: bytes
    waiting: list[WaitingPayment]
    more: int = 0

    @property
    def head(self) -> Head:
        """Its newest row."""
        return Head(self.epoch, self.seq, self.hash)

    def missing_in(self, have: int, still: Sequence[WaitingPayment]) -> MissingRows:
        """What a journal lacks that ends at row `have` and holds of the waiting payments only `still`."""
        lost = [payment for payment in self.waiting if payment not in still]
        return MissingRows(had=self.seq, have=have, epoch=self.epoch, payments=lost, more=self.more)


def path_of(journal: Path) -> Path:
    """Where it lies beside a journal."""
    return journal.with_name(journal.name + ".head")


class Witness:
    """Written by the journal's thread, and read by it at the start. No failure of it keeps the journal from selling."""

    def __init__(self, journal: Path, key: bytes) -> None:
        self._path = path_of(journal)
        self._key = key
        self._file: int | None = None
        self._generation = 0
        self._failed = False

    def read(self) -> Witnessed | None:
        """What was kept last; None: nothing, or nothing that this key vouches for."""
        found: list[Witnessed] = []
        try:
            content = self._path.read_bytes()[: 2 * SLOT_SIZE]
        except OSError:
            return None
        for start in (0, SLOT_SIZE):
            with contextlib.suppress(msgspec.MsgspecError, ValueError):
                found.append(
                    msgspec.msgpack.decode(self._open_slot(content[start : start + SLOT_SIZE]), type=Witnessed)
                )
        newest = max(found, key=lambda one: one.generation, default=None)
        self._generation = newest.generation if newest is not None else 0
        return newest

    def keep(self, head: Head, counter: int, waiting: Sequence[WaitingPayment]) -> None:
        """Write it down; it is on the medium when the system next writes, or after `sync`."""
        self._generation += 1
        named, more = list(waiting[:WAITING_MOST]), max(0, len(waiting) - WAITING_MOST)
        content = msgspec.msgpack.encode(
            Witnessed(self._generation, head.epoch, head.seq, counter, head.hash, named, more)
        )
        slot = self._mac(content) + len(content).to_bytes(_LENGTH_SIZE, "big") + content
        try:
            os.pwrite(self._opened(), slot, self._generation % 2 * SLOT_SIZE)
            self._failed = False
        except OSError as error:
            self._report(error)
            self.close()

    def sync(self) -> None:
        """Make what was kept durable; for when nobody waits."""
        try:
            if self._file is not None:
                os.fsync(self._file)
        except OSError as error:
            self._report(error)
            self.close()

    def close(self) -> None:
        """Let go of the file."""
        handle, self._file = self._file, None
        if handle is not None:
            with contextlib.suppress(OSError):
                os.close(handle)

    def _opened(self) -> int:
        if self._file is None:
            new = not self._path.exists()
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if new:
                os.posix_fallocate(self._file, 0, 2 * SLOT_SIZE)  # a card that fills up later takes it all the same
                sync_directory(self._path.parent)
        return self._file

    def _open_slot(self, slot: bytes) -> bytes:
        """Raises ValueError for one that was torn, or never written."""
        start = _MAC_SIZE + _LENGTH_SIZE
        content = slot[start : start + int.from_bytes(slot[_MAC_SIZE:start], "big")]
        if not hmac.compare_digest(slot[:_MAC_SIZE], self._mac(content)):
            raise ValueError("not whole")
        return content

    def _mac(self, content: bytes) -> bytes:
        return hmac.digest(self._key, _CONTEXT + content, "sha256")

    def _report(self, error: OSError) -> None:
        if not self._failed:
            log.warning("%s: %s", self._path, error.strerror)
        self._failed = True


def keep_log(journal: Path, name: str) -> None:
    """Copy a write-ahead log that SQLite passes over, before the next commit overwrites it: it holds rows."""
    there = journal.with_name(journal.name + "-wal")
    with contextlib.suppress(OSError):
        if 0 < there.stat().st_size <= LOG_COPY_MOST:
            shutil.copyfile(there, there.with_name(f"{there.name}.{name}"))


def waits(sale: Sale) -> WaitingPayment | None:
    """The payment, if it was accepted offline and the backend's answer is not there yet."""
    if sale.state not in STORED_STATES:
        return None
    return WaitingPayment(sale.intent.intent_id.bytes, sale.amount.currency, sale.total.minor)


def waiting_in(connection: Connection) -> dict[bytes, WaitingPayment]:
    """All of a journal, by sale, oldest first."""
    found: dict[bytes, WaitingPayment] = {}
    for (body,) in connection.execute(_WAITING):
        with contextlib.suppress(UnreadableSaleError):  # `check_tail` and `verify` say so
            sale = stored_sale(body)
            if (payment := waits(sale)) is not None:
                found[sale.sale_id.bytes] = payment
    return found
