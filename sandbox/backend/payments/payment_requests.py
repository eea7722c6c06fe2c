# SPDX-License-Identifier: Apache-2.0
"""代付: a friend pays. Asked for an intent that the shopper has claimed, or that a tap with funding 2 holds.

`POST /payment-requests` of the terminal gives it 15 minutes: they take the place of the claim's 60 s and of the
intent's expiry in every rule (backend API).
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from pengpos.core.reasons import Reason
from sandbox.backend.booking import booking
from sandbox.backend.contract import wallet_shapes as shapes
from sandbox.backend.contract.problems import ProblemError, invalid, not_found
from sandbox.backend.intents import intents, views
from sandbox.backend.kernel.context import Backend
from sandbox.backend.payments import page_payments
from sandbox.backend.records import ids
from sandbox.backend.records.tables import (
    AccountRow,
    IntentRow,
    IntentStatus,
    PaymentRequestRow,
    PaymentRequestState,
    PaymentRow,
    PaymentStatus,
    TerminalRow,
)
from sandbox.backend.records.times import rfc3339
from sandbox.backend.trust.judgement import Refusal

REQUEST_S = 900
FRIEND_REFUSED = Refusal(Reason.DECLINED_BY_BACKEND, "friend_refused")
TERMINAL_REVOKED = Refusal(Reason.DECLINED_BY_BACKEND, "terminal_revoked")
"""What a revoked terminal brings is else held for a person, who could only charge whoever asked the friend."""
FRIEND_ASKED = "friend_asked"


def give_time(session: Session, intent: IntentRow, now: int) -> None:
    """The terminal parks the sale: a claimed intent may be paid for 15 minutes. Again changes nothing.

    Raises ProblemError `409 not_claimed`.
    """
    if intent.payment_requested_at is not None or intent.status is not IntentStatus.CREATED:
        return
    if views.status_of(intent, now) != "claimed":
        raise ProblemError(409, "not_claimed", "nobody has claimed this intent")
    intent.payment_requested_at = now
    intent.expires_at = intent.claimed_until = now + REQUEST_S
    intents.tell(session, intent, now)


def ask(
    session: Session, backend: Backend, account_id: str, request: shapes.NewPaymentRequest
) -> shapes.PaymentRequestView:
    """Ask a friend to pay what this account has claimed, or holds by a tap; raises ProblemError 404, 409, 422."""
    now = backend.clock.now()
    intent = intents.lock(session, request.intent_id, now)
    if intent is None:
        raise not_found("intent")
    if session.get(AccountRow, request.friend_id) is None or request.friend_id == account_id:
        raise invalid("a friend is another account", code="no_such_friend")
    claimed = views.status_of(intent, now) == "claimed" and intent.claimed_by == account_id
    if not claimed and _held_for(session, intent, account_id) is None:
        raise ProblemError(409, "not_claimed", "this account has neither claimed this intent nor holds it")
    row = PaymentRequestRow(
        id=ids.short_id("F"),
        intent_id=intent.id,
        asker_id=account_id,
        friend_id=request.friend_id,
        state=PaymentRequestState.OPEN,
        at=now,
    )
    session.add(row)
    session.flush()
    return view(session, row)


def asked_of(session: Session, account_id: str) -> list[shapes.PaymentRequestView]:
    """What this account is asked to pay, or has asked others to."""
    rows = session.scalars(
        select(PaymentRequestRow)
        .where((PaymentRequestRow.friend_id == account_id) | (PaymentRequestRow.asker_id == account_id))
        .order_by(PaymentRequestRow.at.desc())
        .limit(100)
    )
    return [view(session, row) for row in rows]


def accept(session: Session, backend: Backend, account_id: str, request_id: str) -> shapes.PaymentRequestView:
    """Pay for a friend; raises ProblemError 404, or 409 with the code of what is in the way."""
    row, intent = _own(session, backend, account_id, request_id)
    if row.state is PaymentRequestState.ACCEPTED:
        return view(session, row)
    if row.state is not PaymentRequestState.OPEN:
        raise ProblemError(409, row.state, f"this request is {row.state}")
    now = backend.clock.now()
    payment = _held_for(session, intent, row.asker_id)
    if payment is None:
        if intent.claimed_by != row.asker_id:
            raise ProblemError(409, intent.code or "not_claimed", "there is nothing to pay any more")
        page_payments.check_payable(session, intent, row.asker_id, now)
        payment = page_payments.new_payment(session, intent, account_id, shapes.PayRequest(), now)
    elif session.get_one(TerminalRow, intent.terminal_id).revoked_at is not None:
        raise ProblemError(409, TERMINAL_REVOKED.code, "this terminal may not take payments")
    payment.account_id = account_id
    refusal = booking.book(session, backend, intent, payment, now)
    if refusal is not None:
        raise ProblemError(409, refusal.code, "there is not enough money on this account")
    row.state = PaymentRequestState.ACCEPTED
    session.flush()
    return view(session, row)


def refuse(session: Session, backend: Backend, account_id: str, request_id: str) -> shapes.PaymentRequestView:
    """Not pay for a friend: what a tap holds for it is declined, a claimed intent stays claimed."""
    row, intent = _own(session, backend, account_id, request_id)
    if row.state is not PaymentRequestState.OPEN:
        return view(session, row)
    row.state = PaymentRequestState.REFUSED
    payment = _held_for(session, intent, row.asker_id)
    if payment is not None:
        booking.decline(session, backend, intent, payment, FRIEND_REFUSED, backend.clock.now())
    return view(session, row)


def view(session: Session, row: PaymentRequestRow) -> shapes.PaymentRequestView:
    """A request, with what is to be paid to whom."""
    intent = session.get_one(IntentRow, row.intent_id)
    merchant = page_payments.merchant_view(session, intent.terminal_id)
    return shapes.PaymentRequestView.model_validate(
        {
            "request_id": row.id,
            "intent_id": row.intent_id,
            "asker_id": row.asker_id,
            "asker_name": session.get_one(AccountRow, row.asker_id).name,
            "friend_id": row.friend_id,
            "state": row.state,
            "merchant": merchant,
            "amount": intent.amount_minor,
            "currency": intent.currency,
            "at": rfc3339(row.at),
        }
    )


def _own(session: Session, backend: Backend, account_id: str, request_id: str) -> tuple[PaymentRequestRow, IntentRow]:
    row = session.get(PaymentRequestRow, request_id)
    if row is None or row.friend_id != account_id:
        raise not_found("request")
    intent = intents.lock(session, row.intent_id, backend.clock.now())
    assert intent is not None
    session.refresh(row)
    return row, intent


def _held_for(session: Session, intent: IntentRow, account_id: str) -> PaymentRow | None:
    return session.scalars(
        select(PaymentRow).where(
            PaymentRow.intent_id == intent.id,
            PaymentRow.account_id == account_id,
            PaymentRow.status == PaymentStatus.HELD,
            PaymentRow.code == FRIEND_ASKED,
        )
    ).one_or_none()
