# SPDX-License-Identifier: Apache-2.0
"""Counts claims: whoever claims and does not pay keeps others from an intent once, and not again and again.

A claim is a courtesy, not a right: who may not claim may still pay. Accounts are free, so all that claim one intent
are counted together: its first claim keeps others out, or those for which its terminal has let a friend be asked.
Where a claim keeps nobody out, another's lasts beside it and ends none: so no stranger takes a sale from a shopper.

Tests: tests/sandbox/backend/payments/test_claims.py, tests/sandbox/backend/payments/test_page_payments.py
"""

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from sandbox.backend.kernel import limits
from sandbox.backend.records.tables import ClaimRow, IntentRow, IntentStatus, PaymentRequestRow, PaymentRequestState

CLAIM_S = 60
AGAIN_AFTER_S = CLAIM_S


def keeps_others_out(session: Session, intent: IntentRow) -> bool:
    """Whether a claim of an intent, while it lasts, keeps other accounts from claiming and paying by the page."""
    times = session.scalar(select(func.sum(ClaimRow.times)).where(ClaimRow.intent_key == intent.key))
    return times == 1 or intent.payment_requested_at is not None


def own_until(session: Session, intent: IntentRow, account_id: str | None, now: int) -> int | None:
    """Until when this account's claim of an intent that has not ended lasts; None where it has none that does."""
    if intent.claimed_until is None or account_id is None or intent.claimed_until <= now:
        return None
    if intent.claimed_by == account_id:
        return intent.claimed_until
    row = session.get(ClaimRow, (intent.key, account_id))
    return None if row is None or row.lasts_until is None or row.lasts_until <= now else row.lasts_until


def take(session: Session, intent: IntentRow, account_id: str, now: int) -> None:
    """Let an account that has none claim an intent, whose row is locked; raises TooManyError.

    No claim of another's ends later: beside one that was lengthened for a friend none is taken.
    """
    _note(session, intent, account_id, now)
    intent.claimed_by, intent.claimed_until = account_id, now + CLAIM_S


def note_quote(session: Session, intent: IntentRow, account_id: str, now: int) -> int | None:
    """The shopper is told a price: it holds until their claim ends, which is returned; None where they have none."""
    until = own_until(session, intent, account_id, now)
    if until is not None:
        session.get_one(ClaimRow, (intent.key, account_id)).quoted_at = now
    return until


def release(session: Session, intent: IntentRow, account_id: str, now: int) -> bool:
    """End this account's claim of an open intent, and tell whether there was one; another's that lasts is not ended."""
    if intent.status is not IntentStatus.CREATED or own_until(session, intent, account_id, now) is None:
        return False
    session.get_one(ClaimRow, (intent.key, account_id)).lasts_until = None
    session.flush()
    intent.claimed_by = intent.claimed_until = None
    lasting = select(ClaimRow).where(ClaimRow.intent_key == intent.key, ClaimRow.lasts_until > now)
    last = session.scalars(lasting.order_by(ClaimRow.lasts_until.desc()).limit(1)).first()
    if last is not None:
        intent.claimed_by, intent.claimed_until = last.account_id, last.lasts_until
    return True


def lengthen(session: Session, intent: IntentRow, now: int, until: int) -> None:
    """Let all claims of an intent that last, and those of accounts that have asked a friend, last until then.

    Which of them stands before the cashier, no backend knows: so none of them keeps another out.
    """
    asked = select(PaymentRequestRow.asker_id).where(
        PaymentRequestRow.intent_key == intent.key, PaymentRequestRow.state == PaymentRequestState.OPEN
    )
    which = (ClaimRow.lasts_until > now) | ClaimRow.account_id.in_(asked)
    session.execute(update(ClaimRow).where(ClaimRow.intent_key == intent.key, which).values(lasts_until=until))
    intent.claimed_until = until


def _note(session: Session, intent: IntentRow, account_id: str, now: int) -> None:
    """Count one more claim of an intent.

    The account is locked too: its claims of several intents at once are counted one after the other.
    """
    limits.lock_accounts(session, {account_id})
    row = session.get(ClaimRow, (intent.key, account_id))
    if row is not None:
        limits.CLAIMS_OF_INTENT.check(row.times, retry_after_s=AGAIN_AFTER_S)
        row.times, row.at, row.lasts_until = row.times + 1, now, now + CLAIM_S
        row.quoted_at = None
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
    session.add(ClaimRow(intent_key=intent.key, account_id=account_id, times=1, at=now, lasts_until=now + CLAIM_S))
