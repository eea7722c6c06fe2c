# SPDX-License-Identifier: Apache-2.0
"""The backend's acknowledgement of an imported export: which unsent sales it covers, so that the device is free.

Source: backend API, `POST /admin/v1/imports`. A COSE_Sign1 by an issuer, context `PengTap1 head`, over JSON
`{terminal_id, version, issued_at, not_after, epoch, sequence, hash, imported}`: the head that the export carried, and
the ids of the intents that need this terminal no more. It is kept as a value of the journal, which signs nothing but
chains it; so it is verified before it is recorded, and read without that afterwards.

Tests: tests/offline_queue/test_cli.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Protocol
from uuid import UUID

import msgspec

from offline_queue import words
from offline_queue.export.export import exported_payment
from offline_queue.records.chain import ChainedRow
from offline_queue.records.codec import decode_sale
from offline_queue.values import Head, ValueStored
from pengpos.core.errors import MalformedError, PengposError, SignatureError
from pengpos.core.sale import Sale
from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import Issuers

KIND = "export_acknowledged"
SIZE_LIMIT = 1024 * 1024  # about 20,000 payments


@dataclass(eq=False)
class NotAcknowledgedError(PengposError):
    """An acknowledgement that does not free this device."""

    detail: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.detail}. {self.way_out}."


class _Content(msgspec.Struct, frozen=True, kw_only=True):
    terminal_id: str
    version: int
    issued_at: datetime
    not_after: Annotated[datetime, msgspec.Meta(tz=True)]
    epoch: int
    sequence: int
    hash: str
    imported: list[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """What the backend says it has; `head` is the journal's as the export carried it."""

    raw: bytes
    terminal_id: str
    version: int
    not_after: datetime
    head: Head
    imported: frozenset[UUID]

    @classmethod
    def read(cls, raw: bytes, issuers: Issuers) -> "Acknowledgement":
        """Verify and read one. Raises MalformedError, SignatureError (by no issuer of ours, or changed)."""
        return cls._of(raw, Sign1.read_issued(raw, issuers, Context.HEAD, max_size=SIZE_LIMIT))

    @classmethod
    def stored(cls, raw: bytes) -> "Acknowledgement":
        """Read one that was verified before it was recorded. Raises MalformedError."""
        return cls._of(raw, Sign1.parse(raw, max_size=SIZE_LIMIT))

    @classmethod
    def _of(cls, raw: bytes, signed: Sign1) -> "Acknowledgement":
        try:
            content = msgspec.json.decode(signed.payload, type=_Content)
        except msgspec.MsgspecError as error:
            raise MalformedError(f"not the acknowledgement of an export: {error}") from error
        return cls(
            raw=raw,
            terminal_id=content.terminal_id,
            version=content.version,
            not_after=content.not_after,
            head=Head(content.epoch, content.sequence, unb64u(content.hash)),
            imported=frozenset(content.imported),
        )

    @property
    def change(self) -> ValueStored:
        """What makes it durable."""
        return ValueStored(kind=KIND, key=f"{self.version:020}", body=self.raw)

    def covers(self, sale: Sale, rows: Sequence[ChainedRow]) -> bool:
        """True if the backend has all of the sale on which money may hang; `rows` are the sale's, in their order.

        What came after the export (another acceptance, a cancel, a refund) is not covered; tries to send it change
        nothing.
        """
        then = [row for row in rows if row.row.seq <= self.head.seq]
        if not then or sale.intent.intent_id not in self.imported:
            return False
        before, now = exported_payment(decode_sale(then[-1].row.body)), exported_payment(sale)
        same = msgspec.structs.replace(now, state=before.state, refunds=before.refunds) == before
        return same and all(refund in before.refunds for refund in now.refunds)


class UnsentSales(Protocol):
    """What is read here of a journal (`offline_queue.journal.reader`)."""

    def unsent(self) -> list[Sale]:
        """Sales on which money may hang."""

    def values(self, kind: str) -> dict[str, bytes]:
        """All values of a kind by key."""

    def rows_of(self, sales: Sequence[Sale]) -> dict[UUID, list[ChainedRow]]:
        """All rows of these sales."""

    def holds(self, head: Head) -> bool:
        """True if the journal has exactly this row."""


def uncovered(journal: UnsentSales, new: Acknowledgement | None = None) -> list[Sale]:
    """Unsent sales that no acknowledgement covers, recorded or `new`, oldest first: what must not be given up.

    Raises JournalError, MalformedError.
    """
    known = [Acknowledgement.stored(raw) for raw in journal.values(KIND).values()]
    known += [new] if new is not None else []
    sales = journal.unsent()
    if not known:
        return sales
    rows = journal.rows_of(sales)
    return [sale for sale in sales if not any(one.covers(sale, rows[sale.sale_id]) for one in known)]


def check(acknowledgement: Acknowledgement, journal: UnsentSales, *, terminal_id: str, now: datetime) -> list[Sale]:
    """Hold an acknowledgement against this terminal and its journal; returns the unsent sales, all of them covered.

    Raises NotAcknowledgedError, JournalError, MalformedError.
    """
    if acknowledgement.terminal_id != terminal_id:
        raise NotAcknowledgedError(
            words.ACK_OTHER.said(other=acknowledgement.terminal_id, terminal=terminal_id),
            words.ACK_FREE_THAT.said(),
        )
    if acknowledgement.not_after < now:
        raise NotAcknowledgedError(
            words.ACK_RAN_OUT.said(on=f"{acknowledgement.not_after:%Y-%m-%d}"), words.ACK_IMPORT_AGAIN.said()
        )
    if not journal.holds(acknowledgement.head):
        raise NotAcknowledgedError(
            words.ACK_NO_ROW.said(row=acknowledgement.head.seq),
            words.ACK_EXPORT_THIS.said(),
        )
    if left := uncovered(journal, acknowledgement):
        numbers = ", ".join(sale.number for sale in left[:5]) + (" …" if len(left) > 5 else "")
        raise NotAcknowledgedError(
            words.ACK_NOT_COVERED.said(count=len(left), numbers=numbers),
            words.ACK_EXPORT_AGAIN.said(),
        )
    return journal.unsent()


def read_file(path: Path, issuers: Issuers) -> Acknowledgement:
    """Read an acknowledgement from a file of base64url text. Raises NotAcknowledgedError, OSError."""
    with path.open("rb") as file:
        text = file.read(SIZE_LIMIT * 2)
    try:
        return Acknowledgement.read(unb64u(text.decode("ascii").strip()), issuers)
    except (MalformedError, SignatureError, UnicodeDecodeError) as error:
        raise NotAcknowledgedError(
            words.ACK_NONE.said(path=path, why=error),
            words.ACK_SAVE.said(),
        ) from error
