# SPDX-License-Identifier: Apache-2.0
"""Cancels an intent: final, and a tombstone for every payment that comes after it (backend API, *Cancel*)."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pengpos.wire.objects.presentation import Presentation
from sandbox.backend.booking import booking
from sandbox.backend.intents import dues, intents, reports
from sandbox.backend.kernel.context import Backend
from sandbox.backend.records.tables import (
    CancelOutcome,
    CancelReason,
    IntentRow,
    IntentStatus,
    PaymentRow,
    PaymentStatus,
    RefundRow,
)
from sandbox.backend.trust.judgement import CANCELLED


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The answer to a cancel, and how the intent stands."""

    outcome: CancelOutcome
    intent: reports.IntentReport


def cancel(session: Session, backend: Backend, presentation: Presentation, reason: CancelReason) -> Cancelled:
    """Cancel an intent, registered before or not; the same question gets the same answer, for ever.

    `cancelled`: nothing was taken, or it was taken and has been given back. `settled`: it stays paid (already in a
    settlement, partly refunded, accepted offline by the terminal, or its due is paid), so refund it. Raises
    ConflictError.
    """
    now = backend.clock.now()
    intent = intents.register(session, presentation, now)
    if intent.cancel_answer is None:
        intent.cancel_reason = reason
        intent.cancel_answer = _end(session, backend, intent, now)
        intents.announce(session, intent, now)
    return Cancelled(intent.cancel_answer, reports.of_intent(session, intent, now))


def _end(session: Session, backend: Backend, intent: IntentRow, now: int) -> CancelOutcome:
    payments = session.scalars(select(PaymentRow).where(PaymentRow.intent_key == intent.key)).all()
    booked = next((payment for payment in payments if payment.status is PaymentStatus.APPROVED), None)
    if booked is not None:
        if booked.settled_on is not None or booked.accepted_offline or _refunds(session, intent) > 0:
            return CancelOutcome.SETTLED
        booking.reverse(session, backend, intent, booked, now)
    if dues.paid(session, intent.key) is not None:
        return CancelOutcome.SETTLED
    for payment in payments:
        if payment.status is PaymentStatus.HELD:
            booking.void(backend, intent, payment, now)
    intents.end(intent, IntentStatus.CANCELLED, CANCELLED.code, int(CANCELLED.reason))
    withdrawn = dues.withdraw(session, intent.key, now)
    if withdrawn is not None:
        booking.announce_payment(session, session.get_one(PaymentRow, withdrawn.payment_id), now)
    return CancelOutcome.CANCELLED


def _refunds(session: Session, intent: IntentRow) -> int:
    return session.scalar(select(func.count()).select_from(RefundRow).where(RefundRow.intent_key == intent.key)) or 0
