# SPDX-License-Identifier: Apache-2.0
"""Says whether two accounts know each other, so that a stranger may ask little of the other and a friend much.

Source: backend API, *Limits*: a stranger is an account with which the other shares no purse, and neither has paid for
the other. A list of what is open to one account has room for friends, however many free accounts strangers make.

Tests: tests/sandbox/backend/payments/test_payment_requests.py, tests/sandbox/backend/sharing/test_purses.py
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from sandbox.backend.kernel.limits import Limit
from sandbox.backend.records.tables import PaymentRequestRow, PaymentRequestState, PurseMemberRow, PurseMemberState


def know_each_other(session: Session, account_id: str, other_id: str) -> bool:
    """Whether one has paid for the other, or both are members of one purse, each by its own will."""
    row = PaymentRequestRow
    one_way = (row.asker_id == account_id) & (row.friend_id == other_id)
    other_way = (row.asker_id == other_id) & (row.friend_id == account_id)
    paid = select(row.id).where(one_way | other_way, row.state == PaymentRequestState.ACCEPTED).limit(1)
    return session.scalar(paid) is not None or _share_a_purse(session, account_id, other_id)


def check_stranger(
    session: Session,
    account_id: str,
    other_id: str,
    asked_by: Sequence[str],
    *,
    of_one: Limit,
    of_all: Limit,
    again_s: int,
) -> None:
    """Raise TooManyError where a stranger asks too much. `asked_by`: whose askings are open to the other account."""
    of_one.check(asked_by.count(account_id), retry_after_s=again_s)
    strangers = [one for one in asked_by if not know_each_other(session, one, other_id)]
    of_all.check(len(strangers), retry_after_s=again_s)


def _share_a_purse(session: Session, account_id: str, other_id: str) -> bool:
    mine, theirs = aliased(PurseMemberRow), aliased(PurseMemberRow)
    found = (
        select(mine.purse_id)
        .join(theirs, mine.purse_id == theirs.purse_id)
        .where(
            mine.account_id == account_id,
            theirs.account_id == other_id,
            mine.state == PurseMemberState.MEMBER,
            theirs.state == PurseMemberState.MEMBER,
        )
    )
    return session.scalar(found.limit(1)) is not None
