# SPDX-License-Identifier: Apache-2.0
"""Who may ask whom to pay (代付): nobody is asked by many at once, nor by a stranger again that was refused.

No stranger is who shares a purse with the friend, or has paid for the friend, or been paid for.

Tests: tests/sandbox/backend/payments/test_payment_requests.py
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from sandbox.backend.errors import NotPossibleError
from sandbox.backend.kernel import limits
from sandbox.backend.records.tables import IntentRow, PaymentRequestRow, PaymentRequestState
from sandbox.backend.sharing import acquaintances, purses

OPEN_S = 900
"""A request that nobody answered counts as open for so long: its intent can hardly be paid later."""


def asked_before(session: Session, intent: IntentRow, account_id: str, friend_id: str) -> PaymentRequestRow | None:
    """The request of this account to this friend for this intent; raises NotPossibleError `refused` after a no."""
    row = session.scalars(
        select(PaymentRequestRow)
        .where(
            PaymentRequestRow.intent_key == intent.key,
            PaymentRequestRow.asker_id == account_id,
            PaymentRequestRow.friend_id == friend_id,
        )
        .limit(1)
    ).first()
    if row is not None and row.state is PaymentRequestState.REFUSED:
        raise NotPossibleError("refused", "this friend has said no")
    return row


def check(session: Session, intent: IntentRow, account_id: str, friend_id: str, now: int) -> None:
    """Raise NotPossibleError `refused` or TooManyError where one more request would be too many.

    Locks both accounts, so that all who ask at once are counted one after the other.
    """
    limits.lock_accounts(session, {account_id, friend_id})
    row = PaymentRequestRow
    of_it = (row.intent_key == intent.key, row.asker_id == account_id)
    limits.FRIENDS_ASKED.check(_count(session, *of_it), retry_after_s=OPEN_S)
    today = (row.asker_id == account_id, row.at > now - limits.DAY_S)
    limits.REQUESTS_BY_ASKER.check(_count(session, *today), retry_after_s=3_600)
    still_open = (row.friend_id == friend_id, row.state == PaymentRequestState.OPEN, row.at > now - OPEN_S)
    askers = session.scalars(select(row.asker_id).where(*still_open)).all()
    limits.REQUESTS_TO_FRIEND.check(len(askers), retry_after_s=OPEN_S)
    if not acquaintances.know_each_other(session, account_id, friend_id):
        _check_stranger(session, account_id, friend_id, askers=askers, now=now)


def _check_stranger(session: Session, account_id: str, friend_id: str, *, askers: Sequence[str], now: int) -> None:
    row = PaymentRequestRow
    said_no = (
        row.asker_id == account_id,
        row.friend_id == friend_id,
        row.state == PaymentRequestState.REFUSED,
        row.at > now - purses.NO_HOLDS_S,
    )
    if _count(session, *said_no):
        raise NotPossibleError("refused", "this account does not want to be asked again")
    acquaintances.check_stranger(
        session,
        account_id,
        friend_id,
        askers,
        of_one=limits.REQUESTS_BY_STRANGER,
        of_all=limits.REQUESTS_BY_STRANGERS,
        again_s=OPEN_S,
    )


def _count(session: Session, *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(PaymentRequestRow).where(*conditions)) or 0
