# SPDX-License-Identifier: Apache-2.0
"""Paying by the page: a phone's owner claims an intent and pays it, by its id or with the presentation of a `#P`.

Source: tap protocol §3; backend API, "Shopper side". A claim keeps others from claiming and paying here for 60 s; a
signed authorisation that is booked first wins all the same.
"""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pengpos.core.errors import MalformedError
from pengpos.wire.confirmation_code import confirmation_code
from pengpos.wire.objects.presentation import Presentation
from sandbox.backend.booking import booking
from sandbox.backend.contract import wallet_shapes as shapes
from sandbox.backend.contract.problems import ProblemError, invalid, not_found
from sandbox.backend.contract.terminal_shapes import CancelReason
from sandbox.backend.intents import dues, finality, intents, magic, views
from sandbox.backend.kernel.context import Backend
from sandbox.backend.offers import bill
from sandbox.backend.offers import vouchers as coupons
from sandbox.backend.records import ids
from sandbox.backend.records.tables import (
    IntentRow,
    IntentStatus,
    PaymentRow,
    PaymentStatus,
    PaymentWay,
    TerminalRow,
)
from sandbox.backend.records.times import rfc3339
from sandbox.backend.sharing import purses
from sandbox.backend.trust.judgement import Refusal

CLAIM_S = 60
_ID_LENGTHS = (22, 36)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a payer is told, and what befalls the answer on its way."""

    payment: shapes.WalletPayment
    delivery: magic.Delivery


@dataclass(frozen=True, slots=True)
class Reference:
    """How a phone names an intent: by id, or with its presentation."""

    intent_id: str
    presentation: Presentation | None


def read_reference(backend: Backend, path: str, body: str | None) -> Reference:
    """Read what the path (id or presentation) and the body (presentation) say; raises ProblemError 404, 422."""
    in_path = path if len(path) not in _ID_LENGTHS else None
    text = body or in_path
    presentation = None if text is None else intents.read_presentation(text, backend.issuer.trusted)
    if presentation is not None and in_path is not None:
        return Reference(intents.intent_id_of(presentation), presentation)
    try:
        intent_id = str(ids.parse_intent_id(path))
    except MalformedError as error:
        raise not_found("intent") from error
    if presentation is not None and intents.intent_id_of(presentation) != intent_id:
        raise invalid("the presentation is of another intent", code="bad_presentation")
    return Reference(intent_id, presentation)


def look(session: Session, backend: Backend, account_id: str, reference: Reference) -> shapes.PayableIntent:
    """What is to be paid to whom; claims nothing."""
    return _view(session, _lock(session, backend, reference), account_id, backend.clock.now())


def claim(session: Session, backend: Backend, account_id: str, reference: Reference) -> shapes.PayableIntent:
    """Claim an intent for 60 s; again by the same account, while it lasts, changes nothing. Raises ProblemError 409."""
    now = backend.clock.now()
    intent = _lock(session, backend, reference)
    check_payable(session, intent, account_id, now)
    if views.status_of(intent, now) != "claimed":
        intent.claimed_by, intent.claimed_until = account_id, now + CLAIM_S
        intents.tell(session, intent, now)
    return _view(session, intent, account_id, now)


def release(session: Session, backend: Backend, account_id: str, reference: Reference) -> shapes.PayableIntent:
    """Give a claim up; nothing if it is not this account's."""
    now = backend.clock.now()
    intent = _lock(session, backend, reference)
    if intent.claimed_by == account_id and intent.status is IntentStatus.CREATED:
        intent.claimed_by = intent.claimed_until = None
        intents.tell(session, intent, now)
    return _view(session, intent, account_id, now)


def pay(
    session: Session, backend: Backend, account_id: str, reference: Reference, request: shapes.PayRequest
) -> Answered:
    """Pay an intent; again by the same account gives the same answer, by another `already_paid` with the receipt.

    The same answer whatever it was: who asks again after a refusal, or while a person still looks at it, has lost the
    first answer and begins nothing new. Raises ProblemError `409` with the code of whatever is in the way,
    `insufficient_funds` included: that one ends nothing, the shopper may top up.
    """
    now = backend.clock.now()
    intent = _lock(session, backend, reference)
    payment = _begun(session, intent, account_id)
    if payment is None:
        payment = _begin(session, backend, intent, account_id, request, now)
    payment.answers += 1
    session.flush()
    delivery = (
        magic.delivery(intent.amount_minor, first=payment.answers == 1) if backend.magic_amounts else magic.Delivery()
    )
    return Answered(_payment_view(session, payment, account_id, now), delivery)


def _begun(session: Session, intent: IntentRow, account_id: str) -> PaymentRow | None:
    """The booked payment, whoever's, else what this account has begun by the page."""
    standing = views.standing_payment(session, intent)
    if standing is not None and standing.status is PaymentStatus.APPROVED:
        return standing
    mine = _own(session, intent, account_id)
    return mine if mine is not None and mine.way is PaymentWay.PAGE else None


def _begin(
    session: Session,
    backend: Backend,
    intent: IntentRow,
    account_id: str,
    request: shapes.PayRequest,
    now: int,
) -> PaymentRow:
    check_payable(session, intent, account_id, now)
    if not intent.online and (request.tip or request.vouchers):
        raise invalid("the terminal is offline: neither tip nor voucher", code="terminal_offline")
    payment = new_payment(session, intent, account_id, request, now)
    refusal = magic.outcome(session, intent, accepted_offline=False) if backend.magic_amounts else None
    if isinstance(refusal, magic.Review):
        booking.review(session, intent, payment, now, for_s=magic.REVIEW_S)
    elif isinstance(refusal, Refusal):
        booking.decline(session, backend, intent, payment, refusal, now)
    elif (refusal := booking.book(session, backend, intent, payment, now)) is not None:
        raise ProblemError(409, refusal.code, "there is not enough money for this")
    return payment


def payments_of(session: Session, account_id: str, before: int | None, limit: int, now: int) -> shapes.WalletPayments:
    """An account's payments, newest first."""
    query = (
        select(PaymentRow).where(PaymentRow.account_id == account_id).order_by(PaymentRow.id.desc()).limit(limit + 1)
    )
    if before is not None:
        query = query.where(PaymentRow.id < before)
    rows = session.scalars(query).all()
    return shapes.WalletPayments(
        payments=[_payment_view(session, row, account_id, now) for row in rows[:limit]],
        next=str(rows[limit - 1].id) if len(rows) > limit else None,
    )


def receipt(session: Session, token: str) -> shapes.ReceiptView:
    """What a receipt's URL shows to whoever has it; raises ProblemError 404."""
    row = session.scalars(
        select(PaymentRow).where(PaymentRow.receipt_token == token, PaymentRow.status == PaymentStatus.APPROVED)
    ).one_or_none()
    if row is None:
        raise not_found("receipt")
    status = (
        "paid"
        if row.refunded_minor == 0
        else "refunded"
        if row.refunded_minor == row.taken_minor
        else "partly_refunded"
    )
    return shapes.ReceiptView.model_validate(
        {
            "merchant": merchant_view(session, row.terminal_id).name,
            "amount": row.taken_minor,
            "currency": row.currency,
            "at": rfc3339(row.decided_at),
            "status": status,
        }
    )


def _lock(session: Session, backend: Backend, reference: Reference) -> IntentRow:
    now = backend.clock.now()
    if reference.presentation is not None:
        if reference.presentation.credential.expired(reference.presentation.intent.claims.issued_at):
            raise ProblemError(409, "terminal_credential_expired", "the terminal's credential had run out")
        return intents.register(session, reference.presentation, now)
    intent = intents.lock(session, reference.intent_id, now)
    if intent is None:
        raise not_found("intent")
    return intent


def check_payable(session: Session, intent: IntentRow, account_id: str, now: int) -> None:
    """Raise ProblemError 409 with the code of whatever keeps this account from paying by the page."""
    terminal = session.get_one(TerminalRow, intent.terminal_id)
    if terminal.revoked_at is not None:
        raise ProblemError(409, "terminal_revoked", "this terminal may not take payments")
    if intent.status is IntentStatus.APPROVED:
        raise ProblemError(409, "already_paid", "this is paid already")
    if intent.status not in intents.OPEN:
        raise ProblemError(409, intent.code or intent.status, f"this intent is {intent.status}")
    if now > intent.payable_until or now < intent.issued_at - 300:
        raise ProblemError(409, "expired", "this intent is not in time")
    if views.status_of(intent, now) == "claimed" and intent.claimed_by != account_id:
        until = rfc3339(intent.claimed_until) if intent.claimed_until is not None else None
        raise ProblemError(409, "claimed", "somebody else is paying this", {"claimed_until": until})


def new_payment(
    session: Session, intent: IntentRow, account_id: str, request: shapes.PayRequest, now: int
) -> PaymentRow:
    """A payment by the page that has no verdict yet; raises ProblemError 404, 409 for its vouchers or purse."""
    vouchers = coupons.for_page(session, intent, account_id, request.vouchers, now)
    if request.purse is not None:
        purses.own(session, account_id, request.purse)
    payment = PaymentRow(
        intent_id=intent.id,
        terminal_id=intent.terminal_id,
        way=PaymentWay.PAGE,
        account_id=account_id,
        status=PaymentStatus.NEW,
        code="",
        amount_minor=intent.amount_minor,
        purse_id=request.purse,
        total_minor=max(0, intent.amount_minor - vouchers) + request.tip,
        tip_minor=request.tip,
        taken_minor=0,
        refunded_minor=0,
        currency=intent.currency,
        accepted_offline=False,
        authorised_at=now,
        occurred_at=now,
        decided_at=now,
        business_date=booking.business_date_of(session, intent.terminal_id, now),
        lines=[],
        cards=[],
        vouchers=request.vouchers,
        membership_shown=request.show_membership,
        guaranteed_minor=0,
        answers=0,
    )
    session.add(payment)
    session.flush()
    return payment


def merchant_view(session: Session, terminal_id: str) -> shapes.MerchantView:
    """Who gets the money."""
    merchant = bill.merchant_of(session, terminal_id)
    return shapes.MerchantView(id=merchant.id, name=merchant.name)


def _view(session: Session, intent: IntentRow, account_id: str, now: int) -> shapes.PayableIntent:
    status = views.status_of(intent, now)
    claimed = status == "claimed" and intent.claimed_until is not None
    mine = _own(session, intent, account_id)
    return shapes.PayableIntent(
        intent_id=intent.id,
        status=status,
        code=intent.code,
        reason=intent.reason,
        cancel_reason=cast("CancelReason | None", intent.cancel_reason),
        merchant=merchant_view(session, intent.terminal_id),
        amount=intent.amount_minor,
        currency=intent.currency,
        online=intent.online,
        now=rfc3339(now),
        expires_at=rfc3339(intent.expires_at),
        claimed_until=rfc3339(intent.claimed_until) if claimed and intent.claimed_until is not None else None,
        claimed_by_me=claimed and intent.claimed_by == account_id,
        payment=None if mine is None else _payment_view(session, mine, account_id, now),
    )


def _own(session: Session, intent: IntentRow, account_id: str) -> PaymentRow | None:
    """What this account has paid of an intent, or last tried to; one that came second is not its own."""
    return session.scalars(
        select(PaymentRow)
        .where(PaymentRow.intent_id == intent.id, PaymentRow.account_id == account_id)
        .where(PaymentRow.status.in_((PaymentStatus.APPROVED, PaymentStatus.HELD, PaymentStatus.DECLINED)))
        .order_by(
            PaymentRow.status != PaymentStatus.APPROVED, PaymentRow.status != PaymentStatus.HELD, PaymentRow.id.desc()
        )
        .limit(1)
    ).first()


def _payment_view(session: Session, row: PaymentRow, account_id: str, now: int) -> shapes.WalletPayment:
    """A payment to its own payer; somebody else's is `already_paid`, with the receipt and no code."""
    intent = session.get_one(IntentRow, row.intent_id)
    mine = row.account_id == account_id
    told = views.payment_with_refunds(session, row).model_dump() if mine else views.payment(session, row).model_dump()
    if not mine:
        told |= {"status": "already_paid", "code": "already_paid", "payer_display": None, "cards": [], "lines": []}
    code = None
    if mine and not intent.online and row.way is PaymentWay.PAGE and row.status is PaymentStatus.APPROVED:
        secret = session.get_one(TerminalRow, row.terminal_id).confirmation_secret
        code = confirmation_code(secret, UUID(intent.id).bytes, intent.amount_minor)
    return shapes.WalletPayment.model_validate({
        **told, "merchant": merchant_view(session, row.terminal_id), "confirmation_code": code,
        "final": finality.is_final(session, intent, row, now),
        "due": views.due(session, intent.id) if dues.asks_for(session, row) else None,
    })  # fmt: skip
