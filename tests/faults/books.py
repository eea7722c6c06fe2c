# SPDX-License-Identifier: Apache-2.0
"""What the backend's ledger says of one terminal's intents, read from its database: nobody argues with that."""

from dataclasses import dataclass, field

from sqlalchemy import select

from sandbox.backend.kernel.context import Backend
from sandbox.backend.ledger.ledger import AccountKind, PostingKind
from sandbox.backend.records.tables import EntryRow, IntentRow, LedgerAccountRow, PostingRow, RefundRow


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
    return {entry.intent_id: entry for entry in entries.values()}


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
