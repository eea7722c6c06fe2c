# SPDX-License-Identifier: Apache-2.0
"""Lets the last two digits of an amount choose the outcome, for testing (backend API, "Money for testing").

Only where the sandbox was started with ``--magic-amounts``. What an ending decides about money is decided once, in
`outcome`; what it does to an answer on its way is `Delivery`.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from pengpos.core.reasons import Reason
from sandbox.backend.records.tables import IntentRow, PaymentRow, PaymentStatus
from sandbox.backend.trust.judgement import CREDENTIAL_EXPIRED, INSUFFICIENT_FUNDS, Refusal


class Ending(IntEnum):
    """The last two digits that mean something; none that prices often have."""

    CALL_ISSUER = 1
    DECLINED = 5
    TWICE = 21
    SLOW = 22
    DECLINED_AT_SYNC = 23
    SOFT_DECLINE = 24
    REFUND_FAILS = 26
    REVIEW = 27
    LOST = 28
    EVENT_FIRST = 29
    NOT_ENOUGH = 51
    WALLET_EXPIRED = 54


LEAST_MINOR = 100
"""Smaller amounts are what somebody tries first: all of them are ordinary."""
SLOW_S = 30.0
EVENT_FIRST_S = 1.0
REVIEW_S = 10
REFUND_FAILS_AFTER_S = 5

SOFT_DECLINE = Refusal(Reason.DECLINED_BY_BACKEND, "soft_decline")
_REFUSED = {
    Ending.CALL_ISSUER: Refusal(Reason.DECLINED_BY_BACKEND, "call_issuer"),
    Ending.DECLINED: Refusal(Reason.DECLINED_BY_BACKEND, "declined"),
    Ending.NOT_ENOUGH: INSUFFICIENT_FUNDS,
    Ending.WALLET_EXPIRED: CREDENTIAL_EXPIRED,
}


class HeldForReview(Enum):
    """An outcome that is neither yes nor no: held, then approved by itself."""

    HELD = "held"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What befalls an answer: held back for `delay_s`, or lost with its connection."""

    delay_s: float = 0.0
    lost: bool = False


def outcome(session: Session, intent: IntentRow, *, accepted_offline: bool) -> Refusal | HeldForReview | None:
    """What the amount's ending says: a refusal, a review, or nothing in the way."""
    match ending := _ending(intent.amount_minor):
        case Ending.CALL_ISSUER | Ending.DECLINED | Ending.NOT_ENOUGH | Ending.WALLET_EXPIRED:
            return _REFUSED[ending]
        case Ending.DECLINED_AT_SYNC if accepted_offline:
            return INSUFFICIENT_FUNDS
        case Ending.SOFT_DECLINE if not _just_refused_softly(session, intent):
            return SOFT_DECLINE
        case Ending.REVIEW:
            return HeldForReview.HELD
        case _:
            return None


def delivery(amount: int, *, first: bool) -> Delivery:
    """What happens to the answer about a payment; `first`: it is the first answer about it."""
    match _ending(amount):
        case Ending.LOST if first:
            return Delivery(lost=True)
        case Ending.SLOW:
            return Delivery(delay_s=SLOW_S)
        case Ending.EVENT_FIRST if first:
            return Delivery(delay_s=EVENT_FIRST_S)
        case _:
            return Delivery()


def is_ordinary(amount: int) -> bool:
    """Whether nothing is to happen to a payment of this amount and its answer."""
    return _ending(amount) is None


def announces_twice(amount: int) -> bool:
    """Whether the event of an approval is sent a second time, as if it were news."""
    return _ending(amount) is Ending.TWICE


def refund_fails(amount: int) -> bool:
    """Whether refunds of a payment of this amount are done first and fail later."""
    return _ending(amount) is Ending.REFUND_FAILS


def is_one(amount: int) -> bool:
    """Whether this amount's ending means something."""
    return _ending(amount) is not None


def _ending(amount: int) -> Ending | None:
    digits = amount % 100
    return Ending(digits) if amount >= LEAST_MINOR and digits in set(Ending) else None


def _just_refused_softly(session: Session, intent: IntentRow) -> bool:
    last = session.scalars(
        select(PaymentRow)
        .where(
            PaymentRow.terminal_id == intent.terminal_id,
            PaymentRow.amount_minor == intent.amount_minor,
            PaymentRow.intent_key != intent.key,
            PaymentRow.status.in_((PaymentStatus.APPROVED, PaymentStatus.DECLINED)),
        )
        .order_by(PaymentRow.id.desc())
        .limit(1)
    ).first()
    return last is not None and last.code == SOFT_DECLINE.code
