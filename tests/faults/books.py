# SPDX-License-Identifier: Apache-2.0
"""What the backend's ledger says of one terminal's intents, read from its database: nobody argues with that."""

from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select

from pengpos.wire.encoding.base64url import b64u
from sandbox.backend.booking import set_aside
from sandbox.backend.kernel.context import Backend
from sandbox.backend.ledger import ledger
from sandbox.backend.ledger.ledger import AccountKind, PostingKind
from sandbox.backend.records.tables import (
    DueRow,
    EntryRow,
    IntentRow,
    IntentStatus,
    LedgerAccountRow,
    PaymentRow,
    PaymentStatus,
    PostingRow,
    RefundRow,
    ReviewKind,
    ReviewRow,
    ReviewState,
)
from sandbox.phone.phone import VirtualPhone


@dataclass(slots=True)
class Entry:
    """One intent in the books. Minor units, as the merchant's account has them."""

    intent_id: str
    status: str
    bookings: int = 0
    captured: int = 0
    reversed: int = 0
    refunded: int = 0
    refunds: dict[str, tuple[str, int]] = field(default_factory=dict)
    """State and amount by refund id."""
    refused: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Payments accepted offline and declined, by code: what was authorised, and what the platform bears of it."""
    due: str | None = None
    """How its due stands; None: nobody is asked."""
    cancel_waits: bool = False
    """Its cancel is held for a person, who has not decided."""

    @property
    def taken(self) -> int:
        """What the shopper has paid and was not given back by a cancel."""
        return self.captured - self.reversed

    @property
    def kept(self) -> int:
        """What the merchant still has of it."""
        return self.taken - self.refunded


def read(backend: Backend, terminal_id: str) -> dict[str, Entry]:
    """Every intent of this terminal that the backend has heard of, by its id as text."""
    with backend.db.read() as session:
        rows = session.scalars(select(IntentRow).where(IntentRow.terminal_id == terminal_id))
        entries = {row.key: Entry(row.intent_id, row.status) for row in rows}
        postings = session.execute(
            select(PostingRow.intent_key, PostingRow.kind, EntryRow.amount_minor)
            .join(EntryRow, EntryRow.posting_id == PostingRow.id)
            .join(LedgerAccountRow, LedgerAccountRow.id == EntryRow.account_id)
            .where(PostingRow.intent_key.in_(entries), LedgerAccountRow.kind == AccountKind.MERCHANT)
        )
        for key, kind, amount in postings:
            _add(entries[key or ""], PostingKind(kind), amount)
        for refund in session.scalars(select(RefundRow).where(RefundRow.intent_key.in_(entries))):
            entries[refund.intent_key].refunds[refund.id] = (refund.state, refund.amount_minor)
        for payment in session.scalars(select(PaymentRow).where(
            PaymentRow.intent_key.in_(entries), PaymentRow.accepted_offline, PaymentRow.status == PaymentStatus.DECLINED
        )):  # fmt: skip
            entries[payment.intent_key].refused[payment.code] = (payment.total_minor, payment.guaranteed_minor)
        for due in session.scalars(select(DueRow).where(DueRow.intent_key.in_(entries))):
            entries[due.intent_key].due = due.state
        open_cancels = select(ReviewRow.subject).where(
            ReviewRow.terminal_id == terminal_id,
            ReviewRow.kind == ReviewKind.CANCEL,
            ReviewRow.state == ReviewState.OPEN,
        )
        waiting = set(session.scalars(open_cancels))
        for entry in entries.values():
            entry.cancel_waits = entry.intent_id in waiting
    return {entry.intent_id: entry for entry in entries.values()}


def balanced(backend: Backend) -> bool:
    """Whether the whole ledger adds up to zero, each posting and each account."""
    with backend.db.read() as session:
        return ledger.check(session).balanced


def beyond_what_is_set_aside(backend: Backend, phone: VirtualPhone, currency: str) -> set[str]:
    """Keys of a phone of which more is promised, and may still be claimed, than is set aside for them."""
    promised = [one for one in phone.store.history(10_000) if one.promised and not one.released]
    ids = [str(UUID(bytes=one.intent_id)) for one in promised]
    over = IntentRow.status.in_((IntentStatus.APPROVED, IntentStatus.CANCELLED))
    with backend.db.read() as session:
        ended = set(session.scalars(select(IntentRow.intent_id).where(IntentRow.intent_id.in_(ids), over)))
        claimable: Counter[str] = Counter()
        for intent_id, one in zip(ids, promised, strict=True):
            claimable[b64u(one.kid)] += 0 if intent_id in ended else one.total_minor
        return {
            kid for kid, minor in claimable.items() if minor > ledger.balance(session, set_aside.of_key(kid), currency)
        }


def _add(entry: Entry, kind: PostingKind, amount: int) -> None:
    match kind:
        case PostingKind.PAYMENT:
            entry.bookings += 1
            entry.captured += amount
        case PostingKind.REVERSAL:
            entry.reversed -= amount
        case PostingKind.REFUND | PostingKind.REFUND_FAILED:
            entry.refunded -= amount
        case _:
            pass  # guarantees and top-ups are not the shopper's payment
