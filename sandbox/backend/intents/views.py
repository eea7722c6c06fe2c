# SPDX-License-Identifier: Apache-2.0
"""Rows as the JSON of the terminal side: one place that decides what a payment and an intent look like."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from pengpos.wire.encoding.base64url import b64u
from sandbox.backend.contract import terminal_shapes as shapes
from sandbox.backend.intents import dues
from sandbox.backend.records.tables import IntentRow, IntentStatus, PaymentRow, PaymentStatus, RefundRow
from sandbox.backend.records.times import rfc3339
from sandbox.backend.trust.judgement import EXPIRED


def status_of(row: IntentRow, now: int) -> shapes.IntentStatus:
    """The intent's status; a claim shows while it lasts, and an intent that nobody can pay any more has lapsed."""
    if row.status is IntentStatus.CREATED and now > row.payable_until:
        return "expired"
    if row.status is IntentStatus.CREATED and row.claimed_until is not None and now < row.claimed_until:
        return "claimed"
    return row.status.value


def standing_payment(session: Session, row: IntentRow) -> PaymentRow | None:
    """The payment an intent is known by: the booked one, else one that is held, else the last one."""
    payments = session.scalars(select(PaymentRow).where(PaymentRow.intent_id == row.id).order_by(PaymentRow.id)).all()
    for status in (PaymentStatus.APPROVED, PaymentStatus.HELD):
        for payment in payments:
            if payment.status == status:
                return payment
    declined = [payment for payment in payments if payment.status is PaymentStatus.DECLINED]
    return declined[-1] if declined else None


def payment(session: Session, row: PaymentRow) -> shapes.Payment:
    """The verdict on a payment; a second payer is told of the one that stands, with its receipt."""
    if row.status is not PaymentStatus.ALREADY_PAID:
        return shapes.Payment.model_validate(_members(session, row))
    standing = standing_payment(session, session.get_one(IntentRow, row.intent_id))
    assert standing is not None
    told = _members(session, standing)
    if standing.status is PaymentStatus.APPROVED:
        # Of the other payer's business a second one learns no more than the receipt.
        told |= {"status": "already_paid", "code": "already_paid", "payer_display": None, "cards": []}
    return shapes.Payment.model_validate(told)


def payment_with_refunds(session: Session, row: PaymentRow) -> shapes.PaymentWithRefunds:
    """A payment with what has been given back of it."""
    refunds = session.scalars(select(RefundRow).where(RefundRow.intent_id == row.intent_id).order_by(RefundRow.at))
    return shapes.PaymentWithRefunds.model_validate(
        {
            **_members(session, row),
            "refunded": row.refunded_minor + dues.given_back(session, row),
            "refunds": [refund(found, row.currency) for found in refunds],
        }
    )


def refund(row: RefundRow, currency: str) -> shapes.Refund:
    """A refund as it stands."""
    return shapes.Refund.model_validate({
        "refund_id": row.id, "state": row.state, "amount": row.amount_minor, "currency": currency
    })  # fmt: skip


def due(session: Session, intent_id: str) -> shapes.Due | None:
    """What was asked after a decline at sync, as it stands: of an intent, for that is what a terminal knows."""
    row = dues.of(session, intent_id)
    return None if row is None else shapes.Due.model_validate({"state": row.state, "amount": row.amount_minor})


def intent(session: Session, row: IntentRow, now: int) -> shapes.Intent:
    """An intent with its payment, if there is one."""
    standing = standing_payment(session, row)
    status = status_of(row, now)
    return shapes.Intent(
        intent_id=row.id,
        status=status,
        code=EXPIRED.code if status == "expired" else row.code,
        reason=int(EXPIRED.reason) if status == "expired" else row.reason,
        amount=row.amount_minor,
        currency=row.currency,
        expires_at=rfc3339(row.expires_at),
        claimed_until=rfc3339(row.claimed_until) if status == "claimed" and row.claimed_until is not None else None,
        payment=None if standing is None else payment_with_refunds(session, standing),
    )


def _members(session: Session, row: PaymentRow) -> dict[str, object]:
    return {
        "intent_id": row.intent_id,
        "status": row.status,
        "code": row.code,
        "reason": row.reason,
        "total": row.taken_minor,
        "currency": row.currency,
        "decided_at": rfc3339(row.decided_at),
        "way": row.way,
        "receipt": None if row.receipt is None else b64u(row.receipt),
        "receipt_url": row.receipt_url,
        "lines": row.lines,
        "payer_display": row.payer_display,
        "cards": row.cards,
        "held_until": None if row.held_until is None else rfc3339(row.held_until),
        "borne_by": row.borne_by,
        "guaranteed": row.guaranteed_minor if row.borne_by is not None else None,
        "due": due(session, row.intent_id),
    }
