# SPDX-License-Identifier: Apache-2.0
"""What a terminal's key has had given back on a business day: what the policy's limits are held against.

Source: backend API, *Limits in the policy*. What a void refund or a cancel took off what is owed counts as given back.
What a person at the backend approved is not in it.

Tests: tests/sandbox/backend/terminals/test_over_limit.py
"""

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from sandbox.backend.booking import booking
from sandbox.backend.ledger import ledger
from sandbox.backend.records.tables import (
    AccountKind,
    EntryRow,
    IntentRow,
    LedgerAccountRow,
    PostingKind,
    PostingRow,
    RefundRow,
    RefundState,
    ReviewKind,
    ReviewRow,
)


def today_minor(session: Session, intent: IntentRow, now: int) -> int:
    """Refunds done or void, and what cancels gave back, by this intent's terminal in its currency.

    No other transaction adds to it before this one ends: the merchant's account, which all of it comes from, is locked.
    """
    terminal_id, currency = intent.terminal_id, intent.currency
    ledger.lock(session, booking.merchant_account(session, terminal_id), currency)
    begin, end = booking.business_day_of(session, terminal_id, now)
    refunded = (
        select(func.sum(RefundRow.amount_minor))
        .join(IntentRow, IntentRow.key == RefundRow.intent_key)
        .where(
            RefundRow.terminal_id == terminal_id,
            RefundRow.state.in_((RefundState.DONE, RefundState.VOID)),
            RefundRow.business_date == booking.business_date_of(session, terminal_id, now),
            IntentRow.currency == currency,
            ~_was_reviewed(),
        )
    )
    cancelled = select(func.sum(IntentRow.gave_back_minor)).where(
        IntentRow.terminal_id == terminal_id,
        IntentRow.currency == currency,
        IntentRow.gave_back_at >= begin,
        IntentRow.gave_back_at < end,
    )
    sums = session.execute(select(refunded.scalar_subquery(), cancelled.scalar_subquery())).one()
    return sum(int(minor or 0) for minor in sums)


def by_cancel_minor(session: Session, intent: IntentRow) -> int:
    """What a cancel of this intent gave back of its booked payment."""
    taken_from_merchant = session.scalar(
        select(func.sum(EntryRow.amount_minor))
        .join(PostingRow, PostingRow.id == EntryRow.posting_id)
        .join(LedgerAccountRow, LedgerAccountRow.id == EntryRow.account_id)
        .where(
            PostingRow.kind == PostingKind.REVERSAL,
            PostingRow.intent_key == intent.key,
            LedgerAccountRow.kind == AccountKind.MERCHANT,
        )
    )
    return -int(taken_from_merchant or 0)


def _was_reviewed() -> ColumnElement[bool]:
    return (
        select(ReviewRow.id)
        .where(
            ReviewRow.kind == ReviewKind.REFUND,
            ReviewRow.terminal_id == RefundRow.terminal_id,
            ReviewRow.subject == RefundRow.id,
        )
        .exists()
    )
