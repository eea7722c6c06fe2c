# SPDX-License-Identifier: Apache-2.0
"""Refunds a payment: whole or part, never more than captured, serialised on `refund_id` (backend API, refunds)."""

from dataclasses import dataclass
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.backend.booking import booking, funders, given_back
from sandbox.backend.errors import ConflictError, ExceedsCapturedError, NotBookedYetError
from sandbox.backend.intents import dues, intents, reports, trial_amounts
from sandbox.backend.kernel import limits
from sandbox.backend.kernel.alarms import raise_collision
from sandbox.backend.kernel.context import Backend
from sandbox.backend.ledger import ledger
from sandbox.backend.ledger.ledger import Account, AccountKind, PostingKind
from sandbox.backend.offers import vouchers
from sandbox.backend.records.tables import (
    DueRow,
    IntentRow,
    IntentStatus,
    PaymentRow,
    PaymentStatus,
    RefundRow,
    RefundState,
    ReviewKind,
    ReviewRow,
    ReviewState,
)
from sandbox.backend.terminals import held_orders

_AGAIN_AFTER_S = 600
CANCELLED = "cancelled by the merchant"
"""The reason of the refund that takes the place of a cancel, as terminals say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder:
    """A refund as a terminal asks for it, under its own id. `amount_minor` None: all that is still captured.

    `imported`: it stood in a sealed export.
    """

    refund_id: str
    amount_minor: int | None
    reason: str
    imported: held_orders.Imported | None = None


def refund(
    session: Session, backend: Backend, terminal_id: str, intent_id: str, order: RefundOrder
) -> reports.RefundReport:
    """Give money back, hold the refund for a person, or say again what became of it.

    `void` if the payment was declined: then it lessens the guaranteed sum and the due; once that is paid, the money
    goes back. Raises NotBookedYetError before the payment is booked, ConflictError for the same id with another
    content, ExceedsCapturedError, TooManyError.
    """
    now = backend.clock.now()
    intent = intents.lock_own(session, intent_id, terminal_id, now)
    if intent is None:
        raise NotBookedYetError("no such payment yet; keep the refund behind it")
    same_id = reports.read_locked(session, intent.key, refund_id=order.refund_id)
    earlier = next((one for one in same_id if one.terminal_id == terminal_id), None)
    if earlier is not None:
        if (earlier.intent_key, earlier.requested_minor) != (intent.key, order.amount_minor):
            raise ConflictError("this refund id came before with another content")
        return reports.of_refund(session, earlier, intent.currency)
    payment = reports.standing_payment(session, intent)
    if payment is None or payment.status is PaymentStatus.HELD or intent.status is IntentStatus.EXPIRED:
        raise NotBookedYetError("the payment is not booked yet; keep the refund behind it")
    row = _new_row(session, intent, order, now)
    if _must_wait(session, intent, payment, row, now, imported=order.imported):
        row.state = RefundState.HELD
    else:
        payment = _carry_out(session, backend, intent, payment, row, now)
    reports.add_refund(session, row)
    if same_id:
        raise_collision(session, "refund", row.id, first=same_id[0].terminal_id, second=terminal_id, at=now)
    booking.announce(session, intent, payment, now)
    return reports.of_refund(session, row, intent.currency)


def decided(session: Session, backend: Backend, review: ReviewRow) -> None:
    """A person has decided of a held refund: do it as things stand now, or let it fail. Raises ExceedsCapturedError."""
    now = backend.clock.now()
    row = session.get_one(RefundRow, (review.subject, review.terminal_id))
    intent = intents.lock(session, row.intent_key, now)
    assert intent is not None
    payment = reports.standing_payment(session, intent)
    assert payment is not None  # it stood when the refund was held, and none is ever forgotten
    row.at, row.business_date = now, booking.business_date_of(session, row.terminal_id, now)
    if review.state is ReviewState.APPROVED:
        row.state = RefundState.VOID
        payment = _carry_out(session, backend, intent, payment, row, now)
    else:
        row.state = RefundState.FAILED
    booking.announce(session, intent, payment, now)


def give_all_back(session: Session, backend: Backend, intent: IntentRow, refund_id: str) -> None:
    """All that is left of a booked payment whose cancel a person approved too late to undo it."""
    now = backend.clock.now()
    payment = reports.standing_payment(session, intent)
    assert payment is not None
    if session.get(RefundRow, (refund_id, intent.terminal_id)) is None:
        row = _new_row(session, intent, RefundOrder(refund_id=refund_id, amount_minor=None, reason=CANCELLED), now)
        reports.add_refund(session, row)
        booking.announce(session, intent, _carry_out(session, backend, intent, payment, row, now), now)


def fail(session: Session, row: RefundRow, now: int) -> None:
    """A refund that had been done fails after all: its money goes back to the merchant, and it counts no more."""
    intent = intents.lock(session, row.intent_key, now)
    assert intent is not None
    payment = session.scalars(
        select(PaymentRow).where(PaymentRow.intent_key == row.intent_key, PaymentRow.status == PaymentStatus.APPROVED)
    ).one()
    try:
        ledger.transfer(
            session,
            PostingKind.REFUND_FAILED,
            giver=booking.shopper_account(payment),
            taker=booking.merchant_account(session, intent.terminal_id),
            amount_minor=row.amount_minor,
            currency=payment.currency,
            at=now,
            intent_key=intent.key,
        )
    except ledger.InsufficientFundsError:  # the shopper has spent it: then it stays given
        row.fails_at = None
        return
    funders.pay_again(session, intent, row, now)
    row.state, row.fails_at = RefundState.FAILED, None
    payment.refunded_minor -= row.amount_minor
    booking.announce(session, intent, payment, now)


def _new_row(session: Session, intent: IntentRow, order: RefundOrder, now: int) -> RefundRow:
    return RefundRow(
        id=order.refund_id,
        terminal_id=intent.terminal_id,
        intent_key=intent.key,
        requested_minor=order.amount_minor,
        amount_minor=0,
        reason=order.reason,
        state=RefundState.VOID,
        at=now,
        lines=[],
        business_date=booking.business_date_of(session, intent.terminal_id, now),
    )


def _must_wait(
    session: Session,
    intent: IntentRow,
    payment: PaymentRow,
    row: RefundRow,
    now: int,
    *,
    imported: held_orders.Imported | None,
) -> bool:
    """Whether a person must look at it first; then the row says what that is.

    Raises ExceedsCapturedError; TooManyError, with nothing done, where a person has enough of this sale to look at.
    """
    counts = _would_give(session, intent, payment, row)
    order = held_orders.Order(
        kind=ReviewKind.REFUND,
        terminal_id=intent.terminal_id,
        subject=row.id,
        detail={
            "intent_id": intent.intent_id,
            "amount": row.requested_minor,
            "total": payment.taken_minor,
            "refunded": payment.refunded_minor,
            "currency": intent.currency,
            "reason": row.reason,
        },
        imported=imported,
        gives_back_minor=counts,
        given_today_minor=partial(given_back.today_minor, session, intent, now),
        currency=intent.currency,
    )
    if held_orders.ask(session, order, now) is None:
        return False
    if imported is None:
        limits.HELD_REFUNDS.check(_held(session, intent), retry_after_s=_AGAIN_AFTER_S)
    row.amount_minor = counts
    return True


def _held(session: Session, intent: IntentRow) -> int:
    """The refunds of an intent, whose row is locked, that wait for a person."""
    return sum(refund.state is RefundState.HELD for refund in reports.refunds_of(session, intent.key))


def _would_give(session: Session, intent: IntentRow, payment: PaymentRow, row: RefundRow) -> int:
    """What would go back of money that was taken, or be taken off what is owed. Raises ExceedsCapturedError."""
    if payment.status is PaymentStatus.APPROVED:
        return _amount(row, payment.taken_minor - payment.refunded_minor)
    due = dues.paid(session, intent.key)
    if due is not None:
        return _amount(row, due.amount_minor - due.refunded_minor)
    owed = max(payment.guaranteed_minor, dues.left_to_pay(session, intent.key))
    return owed if row.requested_minor is None else min(row.requested_minor, owed)


def _carry_out(
    session: Session, backend: Backend, intent: IntentRow, payment: PaymentRow, row: RefundRow, now: int
) -> PaymentRow:
    """Move the money, or lessen what is owed; returns the payment that it concerns. Raises ExceedsCapturedError."""
    if payment.status is PaymentStatus.APPROVED:
        _give(session, backend, intent, payment, row, now)
    elif (due := dues.paid(session, intent.key)) is not None:
        payment = session.get_one(PaymentRow, due.payment_id)
        _give_due(session, intent, payment, due, row, now)
    else:
        row.amount_minor = _would_give(session, intent, payment, row)
        _lessen_guarantee(session, intent, payment, row, now)
        dues.lessen(session, intent.key, row.requested_minor, now)
    return payment


def _give(session: Session, backend: Backend, intent: IntentRow, payment: PaymentRow, row: RefundRow, now: int) -> None:
    row.amount_minor = _amount(row, payment.taken_minor - payment.refunded_minor)
    _from_merchant(session, PostingKind.REFUND, intent, booking.shopper_account(payment), row.amount_minor, now)
    payment.refunded_minor += row.amount_minor
    row.state = RefundState.DONE
    vouchers.give_back(session, payment, payment.taken_minor, payment.refunded_minor)
    if backend.magic_amounts and trial_amounts.refund_fails(intent.amount_minor):
        row.fails_at = now + trial_amounts.REFUND_FAILS_AFTER_S
    funders.give_back(session, intent, payment, row, now)


def _give_due(session: Session, intent: IntentRow, payment: PaymentRow, due: DueRow, row: RefundRow, now: int) -> None:
    """All of it comes from the merchant, who has what the guarantor paid as well."""
    row.amount_minor = _amount(row, due.amount_minor - due.refunded_minor)
    shopper = Account(AccountKind.SHOPPER, due.account_id)
    _from_merchant(session, PostingKind.REFUND, intent, shopper, row.amount_minor, now)
    due.refunded_minor += row.amount_minor
    row.state = RefundState.DONE
    vouchers.give_back(session, payment, due.amount_minor, due.refunded_minor)


def _amount(row: RefundRow, left: int) -> int:
    """How much a refund gives back of what is left; raises ExceedsCapturedError."""
    amount = left if row.requested_minor is None else row.requested_minor
    if amount > left:
        raise ExceedsCapturedError(left)
    return amount


def _lessen_guarantee(session: Session, intent: IntentRow, payment: PaymentRow, row: RefundRow, now: int) -> None:
    """The shopper was to have this back, so the merchant is not owed it for a payment that never came."""
    lessened = (
        payment.guaranteed_minor if row.requested_minor is None else min(row.requested_minor, payment.guaranteed_minor)
    )
    guarantor = Account(AccountKind.GUARANTEE)
    _from_merchant(session, PostingKind.GUARANTEE_LESSENED, intent, guarantor, lessened, now)
    payment.guaranteed_minor -= lessened


def _from_merchant(
    session: Session, kind: PostingKind, intent: IntentRow, taker: Account, amount_minor: int, now: int
) -> None:
    ledger.transfer(
        session,
        kind,
        giver=booking.merchant_account(session, intent.terminal_id),
        taker=taker,
        amount_minor=amount_minor,
        currency=intent.currency,
        at=now,
        intent_key=intent.key,
    )
