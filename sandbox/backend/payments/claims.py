# SPDX-License-Identifier: Apache-2.0
"""Counts claims: whoever claims and does not pay keeps others from an intent once, and not again and again.

A claim is a courtesy, not a right: who may not claim may still pay. Accounts are free, so all that claim one intent
are counted together: its first claim keeps others out, or one for which its terminal has let a friend be asked.

Tests: tests/sandbox/backend/payments/test_page_payments.py
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sandbox.backend.kernel import limits
from sandbox.backend.records.tables import ClaimRow, IntentRow

AGAIN_AFTER_S = 60


def keeps_others_out(session: Session, intent: IntentRow) -> bool:
    """Whether a claim of an intent, while it lasts, keeps other accounts from claiming and paying by the page."""
    times = session.scalar(select(func.sum(ClaimRow.times)).where(ClaimRow.intent_key == intent.key))
    return times == 1 or intent.payment_requested_at is not None


def note(session: Session, intent: IntentRow, account_id: str, now: int) -> None:
    """Count one more claim of an intent, whose row is locked; raises TooManyError.

    The account is locked too: its claims of several intents at once are counted one after the other.
    """
    limits.lock_accounts(session, {account_id})
    row = session.get(ClaimRow, (intent.key, account_id))
    if row is not None:
        limits.CLAIMS_OF_INTENT.check(row.times, retry_after_s=AGAIN_AFTER_S)
        row.times, row.at = row.times + 1, now
        return
    claimants = select(func.count()).select_from(ClaimRow).where(ClaimRow.intent_key == intent.key)
    limits.CLAIMANTS.check(session.scalar(claimants) or 0, retry_after_s=AGAIN_AFTER_S)
    within_s = limits.CLAIMED_INTENTS.within_s
    assert within_s is not None
    claimed = (
        select(func.count())
        .select_from(ClaimRow)
        .where(ClaimRow.account_id == account_id, ClaimRow.at > now - within_s)
    )
    limits.CLAIMED_INTENTS.check(session.scalar(claimed) or 0, retry_after_s=within_s)
    session.add(ClaimRow(intent_key=intent.key, account_id=account_id, times=1, at=now))
