# SPDX-License-Identifier: Apache-2.0
"""Lets a shopper see, pay and refuse a due. When one arises: `dues`."""

from dataclasses import dataclass
from typing import assert_never

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sandbox.backend.booking import booking
from sandbox.backend.errors import NotFoundError, NotPossibleError
from sandbox.backend.intents import dues, intents
from sandbox.backend.kernel.context import Backend
from sandbox.backend.ledger import ledger
from sandbox.backend.ledger.ledger import Account, AccountKind, PostingKind
from sandbox.backend.offers import vouchers
from sandbox.backend.records import ids
from sandbox.backend.records.tables import (
    DueRow,
    DueState,
    IntentRow,
    IntentStatus,
    MerchantRow,
    PaymentRow,
    PaymentStatus,
)
from sandbox.backend.terminals.merchants import merchant_of
from sandbox.backend.trust.judgement import INSUFFICIENT_FUNDS

_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedDue:
    """A due as its shopper sees it: with the payment that was declined, and who asks."""

    due: DueRow
    payment: PaymentRow
    merchant: MerchantRow


def dues_of(session: Session, account_id: str) -> list[AskedDue]:
    """What an account is or was asked to pay, the newest first."""
    rows = session.scalars(
        select(DueRow)
        .where(DueRow.account_id == account_id)
        .order_by(DueRow.asked_at.desc(), DueRow.payment_id.desc())
        .limit(_SHOWN)
    )
    return [report(session, row) for row in rows]


def pay(session: Session, backend: Backend, account_id: str, named: ids.IntentReference) -> AskedDue:
    """Pay a due from the account's own balance, once; again says so again.

    First the guarantor is made whole, the rest is the merchant's: one posting. Raises NotFoundError, and
    NotPossibleError with `withdrawn`, `not_yet` (the intent is not final) or `insufficient_funds`; then nothing has
    changed.
    """
    now = backend.clock.now()
    intent, due = _own(session, account_id, named, now)
    match due.state:
        case DueState.PAID:
            return report(session, due)
        case DueState.WITHDRAWN:
            raise _over(due)
        case DueState.OPEN | DueState.REFUSED:
            pass
        case unexpected:
            assert_never(unexpected)
    payment = session.get_one(PaymentRow, due.payment_id)
    if (
        intent.status is not IntentStatus.DECLINED
        or payment.status is not PaymentStatus.DECLINED
        or not payment.accepted_offline
    ):
        raise NotPossibleError("not_yet", "it may still be paid another way; ask again later")
    to_guarantor = _take(session, intent, due, now)
    vouchers.use_up(session, payment)
    due.state, due.decided_at, due.to_guarantor_minor = DueState.PAID, now, to_guarantor
    due.business_date = booking.business_date_of(session, intent.terminal_id, now)
    booking.announce(session, intent, payment, now)
    return report(session, due)


def refuse(session: Session, backend: Backend, account_id: str, named: ids.IntentReference) -> AskedDue:
    """Say no to a due; it may be paid all the same. Raises NotFoundError, NotPossibleError `paid`, `withdrawn`."""
    now = backend.clock.now()
    intent, due = _own(session, account_id, named, now)
    match due.state:
        case DueState.REFUSED:
            return report(session, due)
        case DueState.PAID | DueState.WITHDRAWN:
            raise _over(due)
        case DueState.OPEN:
            pass
        case unexpected:
            assert_never(unexpected)
    due.state, due.decided_at = DueState.REFUSED, now
    booking.announce(session, intent, session.get_one(PaymentRow, due.payment_id), now)
    return report(session, due)


def report(session: Session, due: DueRow) -> AskedDue:
    """A due with who asks, and why."""
    payment = session.get_one(PaymentRow, due.payment_id)
    return AskedDue(due=due, payment=payment, merchant=merchant_of(session, due.terminal_id))


def _take(session: Session, intent: IntentRow, due: DueRow, now: int) -> int:
    """Move the money; how much of it the guarantor got back."""
    guaranteed = session.scalar(
        select(func.sum(PaymentRow.guaranteed_minor)).where(PaymentRow.intent_key == intent.key)
    )
    to_guarantor = min(due.amount_minor, int(guaranteed or 0))
    shares = [
        (Account(AccountKind.GUARANTEE), to_guarantor),
        (booking.merchant_account(session, intent.terminal_id), due.amount_minor - to_guarantor),
    ]
    try:
        ledger.share_out(
            session,
            PostingKind.DUE,
            giver=Account(AccountKind.SHOPPER, due.account_id),
            shares=shares,
            currency=due.currency,
            at=now,
            intent_key=intent.key,
        )
    except ledger.InsufficientFundsError as error:
        raise NotPossibleError(INSUFFICIENT_FUNDS.code, "this account has insufficient funds") from error
    return to_guarantor


def _own(session: Session, account_id: str, named: ids.IntentReference, now: int) -> tuple[IntentRow, DueRow]:
    """Lock the intent of this account's due. Of several under a bare id: the first one's, else another's."""
    of_account = (
        select(DueRow.intent_key)
        .join(IntentRow, IntentRow.key == DueRow.intent_key)
        .where(DueRow.account_id == account_id, IntentRow.intent_id == named.intent_id)
        .order_by(IntentRow.key != IntentRow.intent_id)
        .limit(1)
    )
    if named.terminal_id is not None:
        of_account = of_account.where(IntentRow.terminal_id == named.terminal_id)
    key = session.scalars(of_account).first()
    intent = None if key is None else intents.lock(session, key, now)
    due = None if intent is None else dues.of(session, intent.key)
    if intent is None or due is None:
        raise NotFoundError("due")
    return intent, due


def _over(due: DueRow) -> NotPossibleError:
    return NotPossibleError(due.state.value, f"this is {due.state}")
