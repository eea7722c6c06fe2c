# SPDX-License-Identifier: Apache-2.0
"""Cancels an intent: final, and a tombstone for every payment that comes after it (backend API, *Cancel*)."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from pengpos.core.sale import refund_id_after_cancel
from pengpos.wire.objects.presentation import Presentation
from sandbox.backend.booking import booking, given_back, refunds
from sandbox.backend.intents import dues, intents, reports
from sandbox.backend.kernel.context import Backend
from sandbox.backend.records.tables import (
    CancelOutcome,
    CancelReason,
    DueState,
    IntentRow,
    IntentStatus,
    PaymentRow,
    PaymentStatus,
    RefundState,
    ReviewKind,
    ReviewRow,
    ReviewState,
)
from sandbox.backend.terminals import held_orders
from sandbox.backend.terminals.held_orders import Imported
from sandbox.backend.trust.judgement import CANCELLED, EXPIRED

_GIVING = frozenset({RefundState.HELD, RefundState.DONE, RefundState.VOID})


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The answer to a cancel, and how the intent stands. `code`: `review_refused` if a person said no.

    `given_back_minor`: of a payment that was booked, and went back by the cancel; None: nothing did.
    """

    outcome: CancelOutcome
    code: str | None
    given_back_minor: int | None
    intent: reports.IntentReport


def cancel(
    session: Session,
    backend: Backend,
    presentation: Presentation,
    reason: CancelReason,
    *,
    unless_paid: bool = False,
    imported: Imported | None = None,
) -> Cancelled:
    """Cancel an intent, registered before or not; the same question gets the same answer, for ever, once it is final.

    `cancelled`: nothing was taken, or it was taken and has been given back. `settled`: it stays paid (already in a
    settlement, partly refunded, accepted offline by the terminal, its due is paid, or a person refused the cancel).
    `held`: a person must decide first; that one is not final, nor is the `cancelled` of a key that is not trusted: it
    ends no more than the intent's time. Raises ConflictError.

    With `unless_paid` a payment that is booked stays as it is, `settled`, and nothing is decided: whoever is asked by
    this may still cancel it.
    """
    now = backend.clock.now()
    intent = intents.register(session, presentation, now)
    reports.read_locked(session, intent.key)
    outcome = intent.cancel_answer
    if outcome is None:
        booked = _booked(session, intent)
        gives_back = 0 if booked is None else booked.taken_minor
        if unless_paid and booked is not None:
            outcome = CancelOutcome.SETTLED
        else:
            outcome = _outcome(session, backend, intent, reason, now, imported=imported)
            if outcome is CancelOutcome.SETTLED or intent.status is IntentStatus.CANCELLED:
                _answer(session, intent, reason, outcome, now)
    else:
        gives_back = given_back.by_cancel_minor(session, intent) if outcome is CancelOutcome.CANCELLED else 0
    gave_back = gives_back if outcome is CancelOutcome.CANCELLED else 0
    return Cancelled(
        outcome, _code(session, intent, outcome), gave_back or None, reports.of_intent(session, intent, now)
    )


def _code(session: Session, intent: IntentRow, outcome: CancelOutcome) -> str | None:
    if outcome is not CancelOutcome.SETTLED:
        return None
    refused = held_orders.refused(session, ReviewKind.CANCEL, intent.terminal_id, intent.intent_id)
    return "review_refused" if refused else None


def decided(session: Session, backend: Backend, review: ReviewRow) -> None:
    """A person has decided of a held cancel; its terminal is told by the event `intent`, and asks again.

    What can only be refunded is refunded at once: the person has said yes, and the terminal would ask for just that.
    """
    now = backend.clock.now()
    intent = intents.lock_own(session, review.subject, review.terminal_id, now)
    assert intent is not None
    if intent.cancel_answer is None and review.state is ReviewState.APPROVED:
        reason = CancelReason(review.detail["reason"])
        outcome = _end(session, backend, intent, now)
        _answer(session, intent, reason, outcome, now)
        if outcome is CancelOutcome.SETTLED and _booked(session, intent) is not None:
            refund_id = str(refund_id_after_cancel(UUID(intent.intent_id)))
            refunds.give_all_back(session, backend, intent, refund_id)
    intents.announce(session, intent, now)


def _answer(session: Session, intent: IntentRow, reason: CancelReason, outcome: CancelOutcome, now: int) -> None:
    intent.cancel_reason, intent.cancel_answer = reason, outcome
    intents.announce(session, intent, now)


def _outcome(
    session: Session, backend: Backend, intent: IntentRow, reason: CancelReason, now: int, *, imported: Imported | None
) -> CancelOutcome:
    """Do it, or find that it must wait for a person.

    Where no money hangs on it there is nothing to decide. A key that is not trusted leaves no tombstone all the same,
    but an expired intent: what the true terminal accepted offline under it is still taken when it comes.
    """
    payment = reports.standing_payment(session, intent)
    if not _money_hangs_on(session, intent, payment):
        if held_orders.is_its_own(session, intent.terminal_id, imported):
            return _end(session, backend, intent, now)
        if intent.status in intents.OPEN:
            intents.end(intent, IntentStatus.EXPIRED, EXPIRED.code, int(EXPIRED.reason))
            intents.announce(session, intent, now)
        return CancelOutcome.CANCELLED
    gives_back = _would_give(session, intent, payment)
    order = held_orders.Order(
        kind=ReviewKind.CANCEL,
        terminal_id=intent.terminal_id,
        subject=intent.intent_id,
        detail={
            "intent_id": intent.intent_id,
            "amount": gives_back or (intent.amount_minor if payment is None else payment.taken_minor),
            "currency": intent.currency,
            "reason": reason.value,
        },
        imported=imported,
        gives_back_minor=gives_back,
        given_today_minor=partial(given_back.today_minor, session, intent, now),
        currency=intent.currency,
    )
    review = held_orders.ask(session, order, now)
    if review is None:
        outcome = _end(session, backend, intent, now)
        if gives_back and outcome is CancelOutcome.CANCELLED:
            intent.gave_back_minor, intent.gave_back_at = gives_back, now
        return outcome
    still_judged = payment is None or payment.status is PaymentStatus.HELD
    if review.state is ReviewState.OPEN or still_judged:
        return CancelOutcome.HELD
    return CancelOutcome.SETTLED


def _money_hangs_on(session: Session, intent: IntentRow, payment: PaymentRow | None) -> bool:
    """Taken, about to be, guaranteed, or asked for as a due."""
    taken = payment is not None and payment.status in {PaymentStatus.APPROVED, PaymentStatus.HELD}
    due = dues.of(session, intent.key)
    is_asked_for = due is not None and due.state is not DueState.WITHDRAWN
    return taken or is_asked_for or booking.guaranteed_for(session, intent) > 0


def _would_give(session: Session, intent: IntentRow, payment: PaymentRow | None) -> int:
    """What the merchant would lose of it: money that was taken, or what is owed for goods that are gone."""
    booked = _booked(session, intent)
    if booked is not None:
        return booked.taken_minor if _can_be_undone(session, intent, booked) else 0
    if dues.paid(session, intent.key) is not None:
        return 0  # it stays paid
    if payment is not None and payment.status is PaymentStatus.HELD and payment.accepted_offline:
        return payment.total_minor  # may yet be booked
    return max(booking.guaranteed_for(session, intent), dues.left_to_pay(session, intent.key))


def _booked(session: Session, intent: IntentRow) -> PaymentRow | None:
    payments = reports.payments_of(session, intent.key)
    return next((payment for payment in payments if payment.status is PaymentStatus.APPROVED), None)


def _end(session: Session, backend: Backend, intent: IntentRow, now: int) -> CancelOutcome:
    booked = _booked(session, intent)
    if booked is not None:
        if not _can_be_undone(session, intent, booked):
            return CancelOutcome.SETTLED
        booking.reverse(session, backend, intent, booked, now)
    if dues.paid(session, intent.key) is not None:
        return CancelOutcome.SETTLED
    for payment in reports.payments_of(session, intent.key):
        if payment.status is PaymentStatus.HELD:
            booking.void(backend, intent, payment, now)
    booking.take_guarantee_back(session, intent, now)  # nothing is owed of a sale that was given up
    intents.end(intent, IntentStatus.CANCELLED, CANCELLED.code, int(CANCELLED.reason))
    withdrawn = dues.withdraw(session, intent.key, now)
    if withdrawn is not None:
        booking.announce_payment(session, session.get_one(PaymentRow, withdrawn.payment_id), now)
    return CancelOutcome.CANCELLED


def _can_be_undone(session: Session, intent: IntentRow, booked: PaymentRow) -> bool:
    """Otherwise it stays paid, and can only be refunded."""
    return booked.settled_on is None and not booked.accepted_offline and not _refunded(session, intent)


def _refunded(session: Session, intent: IntentRow) -> bool:
    """Some of it has gone back, or may; what failed counts no more."""
    return any(refund.state in _GIVING for refund in reports.refunds_of(session, intent.key))
