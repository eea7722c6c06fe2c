# SPDX-License-Identifier: Apache-2.0
"""Appending a row, and what follows from it in what is searched: one transaction for both.

Tests: tests/contracts/test_journal_contract.py, tests/offline_queue/journal/test_journal_model.py.
"""

from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

from offline_queue.journal.connection import Connection
from offline_queue.journal.recent import put_recent
from offline_queue.records.chain import Row
from offline_queue.records.packing import packed
from offline_queue.records.rows import HEAD_DOCUMENT
from offline_queue.values import (
    Change,
    ChangeRefusedError,
    DocumentStored,
    EpochDrawn,
    HeadSigned,
    IssuerTimeSeen,
    SaleChanged,
    ValueStored,
)
from pengpos.core.sale import Intent, Sale

_APPEND = """INSERT INTO journal (seq, epoch, counter, kind, subject, at_utc, boot, body, hash)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_KNOWN_SALE = """SELECT no, intents, idempotency_key, amount_minor, currency, created_at
    FROM sale WHERE sale_id = ?"""
_KEY_IS_USED = "SELECT 1 FROM sale WHERE idempotency_key = ?"
_INTENT_IS_KNOWN = "SELECT 1 FROM intent WHERE intent_id = ?"
_PUT_DOCUMENT = "INSERT OR REPLACE INTO document (kind, version, seq, body) VALUES (?, ?, ?, ?)"
_PUT_VALUE = "INSERT OR REPLACE INTO value (kind, key, seq) VALUES (?, ?, ?)"
_RAISE_TIME = """INSERT INTO issuer_time (id, at, seq) VALUES (1, ?, ?)
    ON CONFLICT (id) DO UPDATE SET at = excluded.at, seq = excluded.seq WHERE excluded.at > at"""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The epoch in force and the last intent counter used in it."""

    epoch: int
    counter: int


def append(connection: Connection, row: Row, previous: bytes) -> bytes:
    """Append a row after the one with hash `previous`; return its own hash."""
    row_hash = row.hash_after(previous)
    connection.execute(
        _APPEND,
        (
            row.seq,
            row.epoch,
            row.counter,
            row.kind,
            row.subject,
            row.at_utc,
            row.boot,
            packed(row.kind, row.body),
            row_hash,
        ),
    )
    return row_hash


def project(connection: Connection, change: Change, seq: int, at_utc: int, numbers: Numbers) -> Numbers:
    """Write what follows from row `seq`; return the numbers after it. Raises ChangeRefusedError."""
    match change:
        case SaleChanged(sale=sale):
            return _project_sale(connection, sale, seq, at_utc, numbers)
        case EpochDrawn(epoch=epoch, counter=counter):
            return Numbers(epoch, counter)
        case DocumentStored(kind=kind, version=version, body=body):
            _put_document(connection, kind, version, seq, body)
        case HeadSigned(head=head, signed=signed):
            found = connection.execute("SELECT epoch, hash FROM journal WHERE seq = ?", (head.seq,)).fetchone()
            if found != (head.epoch, head.hash):
                raise ChangeRefusedError(f"this journal does not hold the signed head at row {head.seq}")
            _put_document(connection, HEAD_DOCUMENT, head.seq, seq, signed)
        case ValueStored(kind=kind, key=key):
            connection.execute(_PUT_VALUE, (kind, key, seq))
        case IssuerTimeSeen(at=at):
            connection.execute(_RAISE_TIME, (at, seq))
        case _:
            assert_never(change)
    return numbers


def _project_sale(connection: Connection, sale: Sale, seq: int, at_utc: int, numbers: Numbers) -> Numbers:
    no, seen = _known(connection, sale, seq)
    if len(sale.intents) > seen:
        numbers = _number_intents(connection, sale.intents[seen:], numbers)
    put_recent(connection, sale, no, seq, at_utc)
    return numbers


def _known(connection: Connection, sale: Sale, seq: int) -> tuple[int, int]:
    """The number of the sale's first row, `seq` if that is this one, and how many of its intents are known."""
    known = connection.execute(_KNOWN_SALE, (sale.sale_id.bytes,)).fetchone()
    if known is None:
        if connection.execute(_KEY_IS_USED, (sale.idempotency_key,)).fetchone() is not None:
            raise ChangeRefusedError("the idempotency key belongs to another sale")
        return seq, 0
    no, seen, *fixed = known
    if fixed != [sale.idempotency_key, sale.amount.minor, sale.amount.currency, sale.created_at] or (
        len(sale.intents) < seen
    ):
        raise ChangeRefusedError(f"sale {sale.sale_id}: key, amount, time of creation and old intents never change")
    return no, seen


def _number_intents(connection: Connection, new: tuple[Intent, ...], numbers: Numbers) -> Numbers:
    epoch, counter = numbers.epoch, numbers.counter
    ids = set[UUID]()
    for intent in new:
        counter += 1
        if (intent.epoch, intent.counter) != (epoch, counter):
            raise ChangeRefusedError(
                f"intent {intent.intent_id} carries counter {intent.counter} of epoch {intent.epoch}, "
                f"the next is {counter} of epoch {epoch}"
            )
        known = connection.execute(_INTENT_IS_KNOWN, (intent.intent_id.bytes,)).fetchone() is not None
        if known or intent.intent_id in ids:
            raise ChangeRefusedError(f"intent {intent.intent_id} belongs to another sale")
        ids.add(intent.intent_id)
    return Numbers(epoch, counter)


def _put_document(connection: Connection, kind: str, version: int, seq: int, body: bytes) -> None:
    stored = connection.execute("SELECT version FROM document WHERE kind = ?", (kind,)).fetchone()
    if stored is not None and version < stored[0]:
        raise ChangeRefusedError(f"{kind} version {version} is older than version {stored[0]}, which is stored")
    connection.execute(_PUT_DOCUMENT, (kind, version, seq, body))
