# SPDX-License-Identifier: Apache-2.0
"""A journal in memory, for tests and for trying things out: same contract as the real one, gone with the process.

Held to `tests/contracts/test_journal_contract.py`. While `failure` is set every write fails with it,
as on a full card (`JournalFullError`) or a worn one.

Tests: tests/contracts/test_journal_contract.py, tests/contracts/test_journal_chain_contract.py.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import assert_never
from uuid import UUID

from offline_queue.lease import Leases
from offline_queue.records.chain import GENESIS, Row
from offline_queue.records.facts import REFUND_UNDER_WAY, SaleFacts, by_code_at, due_paid_minor
from offline_queue.records.rows import HEAD_DOCUMENT, draw_epoch, parts_of
from offline_queue.values import (
    Change,
    ChangeRefusedError,
    DayTotals,
    Document,
    DocumentStored,
    EpochDrawn,
    Head,
    HeadSigned,
    IntentNumber,
    IssuerTimeSeen,
    JournalHealth,
    Page,
    QueueEntry,
    QueueTotals,
    Recorded,
    SaleChanged,
    SaleQuery,
    ValueStored,
    Verified,
    WalletUsage,
)
from pengpos.core.business_day import accepted_offline_at, counts_at
from pengpos.core.errors import JournalClosedError, JournalCorruptError, JournalError
from pengpos.core.machine.states import STORED_STATES
from pengpos.core.ports import Clock
from pengpos.core.sale import RefundState, Sale, SaleState


@dataclass(frozen=True)
class _Content:
    """Everything stored; a change builds the next one, so that a refused change leaves no trace."""

    rows: tuple[tuple[Row, bytes], ...] = ()
    sales: dict[UUID, Sale] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    stored: dict[tuple[str, str], bytes] = field(default_factory=dict)
    wallet_counters: dict[bytes, int] = field(default_factory=dict)
    blocked: frozenset[bytes] = frozenset()
    issuer_time: int = 0
    epoch: int = 0
    counter: int = 0


class MemoryJournal:
    """`JournalPort` without a medium. Every future is done when `record` returns."""

    def __init__(self, clock: Clock, *, epoch: int | None = None, boot_id: bytes = bytes(16)) -> None:
        self.failure: JournalError | None = None
        self._clock = clock
        self._boot_id = boot_id
        self._lock = threading.RLock()
        self._leases = Leases()
        self._closed = False
        drawn = EpochDrawn(epoch=draw_epoch() if epoch is None else epoch, why="journal created")
        self._content = self._after(_Content(), drawn)

    # writes

    def record(self, changes: Sequence[Change]) -> Future[Recorded]:
        """See `Writes.record`."""
        future: Future[Recorded] = Future()
        with self._lock:
            self._check_open()
            try:
                if self.failure is not None:
                    raise self.failure
                content = self._content
                for change in changes:
                    content = self._after(content, change)
            except JournalError as error:
                future.set_exception(error)
            else:
                self._content = content
                future.set_result(Recorded(self.head()))
        return future

    def next_counter(self) -> IntentNumber:
        """See `Writes.next_counter`."""
        content = self._open_content()
        return IntentNumber(content.epoch, content.counter + 1)

    def health(self) -> JournalHealth:
        """See `Writes.health`."""
        return JournalHealth()

    def lease(self, name: str) -> AbstractContextManager[None]:
        """See `Writes.lease`."""
        return self._leases.hold(name)

    def connect(self) -> "MemoryJournal":
        """See `Connects.connect`: nothing here waits."""
        self._check_open()
        return self

    def close(self) -> None:
        """See `Writes.close`."""
        self._closed = True

    # sales

    def sale(self, sale_id: UUID) -> Sale | None:
        """See `SaleReads.sale`."""
        return self._open_content().sales.get(sale_id)

    def sale_by_key(self, idempotency_key: str) -> Sale | None:
        """See `SaleReads.sale_by_key`."""
        return next((sale for sale in self._sales() if sale.idempotency_key == idempotency_key), None)

    def sale_by_intent(self, intent_id: UUID) -> Sale | None:
        """See `SaleReads.sale_by_intent`."""
        for sale in self._sales():
            if any(intent.intent_id == intent_id for intent in sale.intents):
                return sale
        return None

    def lacks(self, intents: Iterable[UUID]) -> int:
        """See `SaleReads.lacks`."""
        known = {intent.intent_id for sale in self._open_content().sales.values() for intent in sale.intents}
        return sum(intent not in known for intent in intents)

    def open_sales(self) -> list[Sale]:
        """See `SaleReads.open_sales`."""
        return [sale for sale in self._sales() if SaleFacts.of(sale).live]

    def unsent(self) -> list[Sale]:
        """See `SaleReads.unsent`."""
        return [sale for sale in self._sales() if SaleFacts.of(sale).unsent]

    def search(self, query: SaleQuery) -> Page:
        """See `SaleReads.search`."""
        ranked = list(enumerate(self._sales(), start=1))[::-1]
        found = [(rank, sale) for rank, sale in ranked if _matches(query, rank, sale)]
        page = found[: query.limit]
        more = len(found) > query.limit
        return Page(tuple(sale for _, sale in page), page[-1][0] if more else None)

    def queue_entries(self, limit: int = 200) -> list[QueueEntry]:
        """See `SaleReads.queue_entries`."""
        return [QueueEntry(sale=sale, accepted_at=_accepted_at(sale)) for sale in self._stored()][:limit]

    # counts

    def queue_totals(self, currency: str) -> QueueTotals:
        """See `UsageReads.queue_totals`."""
        mine = [sale for sale in self._stored() if sale.amount.currency == currency]
        ours = [sale for sale in self._sales() if sale.amount.currency == currency]
        codes = [(sale, at) for sale in ours if (at := by_code_at(sale)) is not None]
        unknown = [sale for sale in self._sales() if sale.state is SaleState.UNKNOWN]
        return QueueTotals(
            count=len(mine),
            total_minor=sum(sale.total.minor for sale in mine),
            oldest_at=min((_accepted_at(sale) for sale in mine), default=None),
            unknown_count=sum(sale.amount.currency == currency for sale in unknown),
            by_code_count=len(codes),
            by_code_minor=sum(sale.total.minor for sale, _ in codes),
            by_code_oldest_at=min((at for _, at in codes), default=None),
        )

    def wallet_counter(self, kid: bytes) -> int:
        """See `WalletReads.wallet_counter`."""
        return self._open_content().wallet_counters.get(kid, -1)

    def wallet_usage(self, kid: bytes, currency: str) -> WalletUsage:
        """See `UsageReads.wallet_usage`."""
        mine = [
            sale
            for sale in self._stored()
            if sale.authorised and sale.authorised.wallet_kid == kid and sale.amount.currency == currency
        ]
        total_minor = sum(sale.total.minor for sale in mine)
        return WalletUsage(count=len(mine), total_minor=total_minor, blocked=kid in self._open_content().blocked)

    def stored_authorisation(self, intent_id: UUID) -> bytes | None:
        """See `WalletReads.stored_authorisation`."""
        sale = self.sale_by_intent(intent_id)
        if sale is None or sale.authorised is None or sale.intent.intent_id != intent_id:
            return None
        return sale.authorised.authorisation

    def day_totals(self, from_utc: int, to_utc: int, currency: str) -> DayTotals:
        """See `ReportReads.day_totals`."""
        mine = [sale for sale in self._sales() if sale.amount.currency == currency]
        taken = [sale for sale in mine if (at := counts_at(sale)) is not None and from_utc <= at < to_utc]
        stands = [sale for sale in taken if sale.state is not SaleState.DECLINED_AT_SYNC]
        bounced = [sale for sale in taken if sale.state is SaleState.DECLINED_AT_SYNC]
        paid_since = [paid for sale in bounced if (paid := due_paid_minor(sale)) is not None]
        offline = [sale for sale in stands if accepted_offline_at(sale) is not None]
        refunded = [
            sale.total.minor if refund.amount_minor is None else refund.amount_minor
            for sale in mine
            for refund in sale.refunds
            if refund.state is RefundState.DONE and from_utc <= refund.at < to_utc
        ]
        return DayTotals(
            count=len(stands),
            total_minor=sum(sale.total.minor for sale in stands),
            offline_count=len(offline),
            offline_total_minor=sum(sale.total.minor for sale in offline),
            refunded_count=len(refunded),
            refunded_minor=sum(refunded),
            declined_at_sync_count=len(bounced),
            declined_at_sync_minor=sum(sale.total.minor for sale in bounced),
            due_paid_count=len(paid_since),
            due_paid_minor=sum(paid_since),
            unknown_count=sum(s.state is SaleState.UNKNOWN and from_utc <= s.created_at < to_utc for s in mine),
        )

    def given_back_minor(self, from_utc: int, to_utc: int, currency: str) -> int:
        """See `ReportReads.given_back_minor`."""
        return sum(
            sale.total.minor if refund.amount_minor is None else refund.amount_minor
            for sale in self._sales()
            if sale.amount.currency == currency
            for refund in sale.refunds
            if refund.state in REFUND_UNDER_WAY or (refund.state is RefundState.DONE and from_utc <= refund.at < to_utc)
        )

    def latest_issuer_time(self) -> int:
        """See `ReportReads.latest_issuer_time`."""
        return self._open_content().issuer_time

    # chain

    def document(self, kind: str) -> Document | None:
        """See `ChainReads.document`."""
        return self._open_content().documents.get(kind)

    def value(self, kind: str, key: str) -> bytes | None:
        """See `ChainReads.value`."""
        return self._open_content().stored.get((kind, key))

    def values(self, kind: str) -> dict[str, bytes]:
        """See `ChainReads.values`."""
        return {key: body for (its_kind, key), body in self._open_content().stored.items() if its_kind == kind}

    def head(self) -> Head:
        """See `ChainReads.head`."""
        row, row_hash = self._open_content().rows[-1]
        return Head(row.epoch, row.seq, row_hash)

    def holds(self, head: Head) -> bool:
        """See `ChainReads.holds`."""
        rows = self._open_content().rows
        if not 1 <= head.seq <= len(rows):
            return False
        row, row_hash = rows[head.seq - 1]
        return (row.epoch, row_hash) == (head.epoch, head.hash)

    def verify(self) -> Verified:
        """See `ChainReads.verify`."""
        previous = GENESIS
        for seq, (row, row_hash) in enumerate(self._open_content().rows, start=1):
            if row.seq != seq or row.hash_after(previous) != row_hash:
                raise JournalCorruptError(seq, "its hash does not follow from the row before it")
            previous = row_hash
        return Verified(self.head().seq, len(self._content.sales), self.head())

    # inside

    def _check_open(self) -> None:
        if self._closed:
            raise JournalClosedError("the journal")

    def _open_content(self) -> _Content:
        self._check_open()
        return self._content

    def _sales(self) -> Iterator[Sale]:
        return iter(self._open_content().sales.values())

    def _stored(self) -> Iterator[Sale]:
        return (sale for sale in self._sales() if sale.state in STORED_STATES)

    def _after(self, content: _Content, change: Change) -> _Content:
        """The content with one change more. Raises ChangeRefusedError."""
        match change:
            case SaleChanged(sale=sale):
                content = _with_sale(content, sale)
            case DocumentStored(kind=kind, version=version, body=body):
                content = _with_document(content, Document(kind, version, body))
            case HeadSigned(head=head, signed=signed):
                if not self.holds(head):
                    raise ChangeRefusedError(f"this journal does not hold the signed head at row {head.seq}")
                content = _with_document(content, Document(HEAD_DOCUMENT, head.seq, signed))
            case ValueStored(kind=kind, key=key, body=body):
                content = replace(content, stored={**content.stored, (kind, key): body})
            case IssuerTimeSeen(at=at):
                content = replace(content, issuer_time=max(at, content.issuer_time))
            case EpochDrawn(epoch=epoch, counter=counter):
                content = replace(content, epoch=epoch, counter=counter)
            case _:
                assert_never(change)
        kind, subject, body = parts_of(change)
        seq, now = len(content.rows) + 1, self._clock.now()
        row = Row(seq, content.epoch, content.counter, kind, subject, now, self._boot_id, body)
        previous = content.rows[-1][1] if content.rows else GENESIS
        return replace(content, rows=(*content.rows, (row, row.hash_after(previous))))


def _accepted_at(sale: Sale) -> int:
    accepted_at = accepted_offline_at(sale)
    return sale.created_at if accepted_at is None else accepted_at


def _fixed(sale: Sale) -> tuple[object, ...]:
    return sale.idempotency_key, sale.amount, sale.created_at


def _with_sale(content: _Content, sale: Sale) -> _Content:
    for other in content.sales.values():
        if other.idempotency_key == sale.idempotency_key and other.sale_id != sale.sale_id:
            raise ChangeRefusedError(f"the idempotency key belongs to sale {other.sale_id}")
    known = content.sales.get(sale.sale_id)
    if known is not None and (_fixed(known) != _fixed(sale) or len(sale.intents) < len(known.intents)):
        raise ChangeRefusedError(f"sale {sale.sale_id}: key, amount, time of creation and old intents never change")
    counter = content.counter
    for intent in sale.intents[len(known.intents) if known else 0 :]:
        counter += 1
        if (intent.epoch, intent.counter) != (content.epoch, counter):
            raise ChangeRefusedError(
                f"intent {intent.intent_id} carries counter {intent.counter} of epoch {intent.epoch}, "
                f"the next is {counter} of epoch {content.epoch}"
            )
    counters, blocked = content.wallet_counters, content.blocked
    if sale.authorised is not None:
        kid = sale.authorised.wallet_kid
        counters = {**counters, kid: max(sale.authorised.counter, counters.get(kid, -1))}
        if sale.state is SaleState.DECLINED_AT_SYNC:
            blocked |= {kid}
    return replace(
        content,
        sales={**content.sales, sale.sale_id: sale},
        counter=counter,
        wallet_counters=counters,
        blocked=blocked,
    )


def _with_document(content: _Content, document: Document) -> _Content:
    stored = content.documents.get(document.kind)
    if stored is not None and document.version < stored.version:
        raise ChangeRefusedError(
            f"{document.kind} version {document.version} is older than version {stored.version}, which is stored"
        )
    return replace(content, documents={**content.documents, document.kind: document})


def _counts_within(query: SaleQuery, sale: Sale) -> bool:
    begin, end = query.counts_from_utc, query.counts_to_utc
    if begin is None and end is None:
        return True
    at = counts_at(sale)
    return at is not None and (begin is None or at >= begin) and (end is None or at < end)


def _refunded_within(query: SaleQuery, sale: Sale) -> bool:
    begin, end = query.refunded_from_utc, query.refunded_to_utc
    if begin is None or end is None:
        return True
    return any(refund.state is RefundState.DONE and begin <= refund.at < end for refund in sale.refunds)


def _matches(query: SaleQuery, rank: int, sale: Sale) -> bool:
    return (
        (query.before is None or rank < query.before)
        and (query.from_utc is None or sale.created_at >= query.from_utc)
        and (query.to_utc is None or sale.created_at < query.to_utc)
        and _counts_within(query, sale)
        and _refunded_within(query, sale)
        and (not query.states or sale.state in query.states)
        and (query.amount_minor is None or sale.amount.minor == query.amount_minor)
        and (query.number is None or sale.number == query.number)
        and (query.reference is None or sale.reference == query.reference)
    )
