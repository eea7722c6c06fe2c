# SPDX-License-Identifier: Apache-2.0
"""Money for testing: the last two digits of an amount choose the outcome (backend API, "Money for testing").

Only where the sandbox was started with ``--magic-amounts``. What an ending decides about money is decided once, in
`outcome`; what it does to an answer on its way is `Delivery`.
"""

from dataclasses import dataclass
from enum import Enum

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.backend.judgement import INSUFFICIENT_FUNDS, Refusal
from sandbox.backend.models import IntentRow, PaymentRow
from terminal.core.reasons import Reason

CALL_ISSUER = Refusal(Reason.DECLINED_BY_BACKEND, "call_issuer")
DECLINED = Refusal(Reason.DECLINED_BY_BACKEND, "declined")
SOFT_DECLINE = Refusal(Reason.DECLINED_BY_BACKEND, "soft_decline")
WALLET_EXPIRED = Refusal(Reason.CREDENTIAL_EXPIRED, "credential_expired")

SLOW_S = 30.0
EVENT_FIRST_S = 1.0
REVIEW_S = 10
REFUND_FAILS_AFTER_S = 5

_REFUSED = {1: CALL_ISSUER, 5: DECLINED, 51: INSUFFICIENT_FUNDS, 54: WALLET_EXPIRED}
_LOST, _TWICE, _SLOW, _DECLINED_AT_SYNC, _SOFT, _EVENT_FIRST, _REFUND_FAILS, _REVIEW = range(20, 28)


class Review(Enum):
    """An outcome that is neither yes nor no: held, then approved by itself."""

    HELD = "held"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What befalls an answer: held back for `delay_s`, or lost with its connection."""

    delay_s: float = 0.0
    lost: bool = False


def outcome(session: Session, intent: IntentRow, *, accepted_offline: bool) -> Refusal | Review | None:
    """What the amount's ending says: a refusal, a review, or nothing in the way."""
    match intent.amount % 100:
        case ending if ending in _REFUSED:
            return _REFUSED[ending]
        case 23 if accepted_offline:
            return INSUFFICIENT_FUNDS
        case 24:
            return None if _just_refused_softly(session, intent) else SOFT_DECLINE
        case 27:
            return Review.HELD
        case _:
            return None


def delivery(amount: int, *, first: bool) -> Delivery:
    """What happens to the answer about a payment; `first`: nobody has been answered about it yet."""
    match amount % 100:
        case 20 if first:
            return Delivery(lost=True)
        case 22:
            return Delivery(delay_s=SLOW_S)
        case 25 if first:
            return Delivery(delay_s=EVENT_FIRST_S)
        case _:
            return Delivery()


def tells_twice(amount: int) -> bool:
    """Whether the event of an approval is sent a second time, as if it were news."""
    return amount % 100 == _TWICE


def refund_fails(amount: int) -> bool:
    """Whether refunds of a payment of this amount are done first and fail later."""
    return amount % 100 == _REFUND_FAILS


def _just_refused_softly(session: Session, intent: IntentRow) -> bool:
    last = session.scalars(
        select(PaymentRow)
        .where(
            PaymentRow.terminal_id == intent.terminal_id,
            PaymentRow.amount == intent.amount,
            PaymentRow.intent_id != intent.id,
            PaymentRow.status.in_(("approved", "declined")),
        )
        .order_by(PaymentRow.id.desc())
        .limit(1)
    ).first()
    return last is not None and last.code == SOFT_DECLINE.code
