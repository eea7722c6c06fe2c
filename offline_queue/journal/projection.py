# SPDX-License-Identifier: Apache-2.0
"""Appending a row, and what follows from it in the tables that are searched: one transaction for both.

Tests: tests/contracts/test_journal_contract.py, tests/offline_queue/journal/test_journal_model.py.
"""

from dataclasses import dataclass
from typing import Any, assert_never

from offline_queue.journal.connection import Connection, IntegrityError
from offline_queue.records.chain import Row
from offline_queue.records.facts import SaleFacts
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
from pengpos.core.sale import Intent, Sale, SaleState

_APPEND = """INSERT INTO journal (seq, epoch, counter, kind, subject, at_utc, boot, body, hash)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
SALE_COLUMNS = (
    "sale_id", "idempotency_key", "seq", "number", "state", "amount_minor", "total_minor", "currency", "reference",
    "created_at", "updated_at", "taken_at", "accepted_at", "live", "unsent", "wallet_kid", "intents",
)  # fmt: skip
_INSERT_SALE = f"INSERT INTO sale (no, {', '.join(SALE_COLUMNS)}) VALUES (?{', ?' * len(SALE_COLUMNS)})"  # noqa: S608 -- our own constant names
_UPDATE_SALE = """UPDATE sale SET seq = ?, state = ?, total_minor = ?, updated_at = ?, accepted_at = ?, unsent = ?,
    wallet_kid = ?, intents = ? WHERE no = ?"""
# Setting an indexed column writes a page of its index even if the value stays: so only those that change are set.
_INDEXED = ("number", "reference", "taken_at", "live")
_UPDATE_INDEXED = {name: f"UPDATE sale SET {name} = ? WHERE no = ?" for name in _INDEXED}  # noqa: S608 -- our own constant names
_KNOWN_SALE = f"""SELECT no, intents, idempotency_key, amount_minor, currency, created_at, {", ".join(_INDEXED)}
    FROM sale WHERE sale_id = ?"""  # noqa: S608 -- our own constant names
_INSERT_INTENT = "INSERT INTO intent (intent_id, sale_no) VALUES (?, ?)"
_PUT_REFUND = "INSERT OR REPLACE INTO refund VALUES (?, ?, ?, ?, ?, ?)"
_RAISE_WALLET = """INSERT INTO wallet_key (kid, counter, seq, blocked_seq) VALUES (?, ?, ?, 0)
    ON CONFLICT (kid) DO UPDATE SET counter = excluded.counter, seq = excluded.seq WHERE excluded.counter > counter"""
_BLOCK_WALLET = "UPDATE wallet_key SET blocked_seq = ? WHERE kid = ? AND blocked_seq = 0"
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
        _APPEND, (row.seq, row.epoch, row.counter, row.kind, row.subject, row.at_utc, row.boot, row.body, row_hash)
    )
    return row_hash


def sale_columns(sale: Sale, seq: int, at_utc: int) -> tuple[Any, ...]:
    """The values of SALE_COLUMNS for a sale whose newest row is `seq`."""
    facts = SaleFacts.of(sale)
    return (
        sale.sale_id.bytes, sale.idempotency_key, seq, sale.number, facts.state.value, sale.amount.minor,
        facts.total_minor, sale.amount.currency, sale.reference, sale.created_at, at_utc, facts.taken_at,
        facts.accepted_at, int(facts.live), int(facts.unsent), facts.wallet_kid, len(sale.intents),
    )  # fmt: skip


def refund_rows(sale: Sale, no: int) -> list[tuple[Any, ...]]:
    """The rows of table `refund` for a sale; a refund without amount counts all that was taken."""
    return [
        (
            refund.refund_id.bytes, no, refund.state.value, refund.at,
            sale.total.minor if refund.amount_minor is None else refund.amount_minor, sale.amount.currency,
        )
        for refund in sale.refunds
    ]  # fmt: skip


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
    no, seen = _put_sale(connection, sale, seq, at_utc)
    if len(sale.intents) > seen:
        numbers = _number_intents(connection, sale.intents[seen:], no, numbers)
    if sale.authorised is not None:
        kid = sale.authorised.wallet_kid
        connection.execute(_RAISE_WALLET, (kid, sale.authorised.counter.to_bytes(8, "big"), seq))
        if sale.state is SaleState.DECLINED_AT_SYNC:
            connection.execute(_BLOCK_WALLET, (seq, kid))
    for row in refund_rows(sale, no):
        connection.execute(_PUT_REFUND, row)
    return numbers


def _put_sale(connection: Connection, sale: Sale, seq: int, at_utc: int) -> tuple[int, int]:
    """Insert or update the sale; return the number of its first row and how many of its intents are known."""
    columns = sale_columns(sale, seq, at_utc)
    known = connection.execute(_KNOWN_SALE, columns[:1]).fetchone()
    if known is None:
        try:
            connection.execute(_INSERT_SALE, (seq, *columns))
        except IntegrityError as error:
            raise ChangeRefusedError("the idempotency key belongs to another sale") from error
        return seq, 0
    no, seen, *fixed_and_indexed = known
    (_, key, _, number, state, amount, total, currency, reference, created_at, _,
     taken_at, accepted_at, live, unsent, kid, intents) = columns  # fmt: skip
    if fixed_and_indexed[:4] != [key, amount, currency, created_at] or intents < seen:
        raise ChangeRefusedError(f"sale {sale.sale_id}: key, amount, time of creation and old intents never change")
    connection.execute(_UPDATE_SALE, (seq, state, total, at_utc, accepted_at, unsent, kid, intents, no))
    indexed = (number, reference, taken_at, live)
    for name, old, new in zip(_INDEXED, fixed_and_indexed[4:], indexed, strict=True):
        if old != new:
            connection.execute(_UPDATE_INDEXED[name], (new, no))
    return no, seen


def _number_intents(connection: Connection, new: tuple[Intent, ...], no: int, numbers: Numbers) -> Numbers:
    epoch, counter = numbers.epoch, numbers.counter
    for intent in new:
        counter += 1
        if (intent.epoch, intent.counter) != (epoch, counter):
            raise ChangeRefusedError(
                f"intent {intent.intent_id} carries counter {intent.counter} of epoch {intent.epoch}, "
                f"the next is {counter} of epoch {epoch}"
            )
        try:
            connection.execute(_INSERT_INTENT, (intent.intent_id.bytes, no))
        except IntegrityError as error:
            raise ChangeRefusedError(f"intent {intent.intent_id} belongs to another sale") from error
    return Numbers(epoch, counter)


def _put_document(connection: Connection, kind: str, version: int, seq: int, body: bytes) -> None:
    stored = connection.execute("SELECT version FROM document WHERE kind = ?", (kind,)).fetchone()
    if stored is not None and version < stored[0]:
        raise ChangeRefusedError(f"{kind} version {version} is older than version {stored[0]}, which is stored")
    connection.execute(_PUT_DOCUMENT, (kind, version, seq, body))
