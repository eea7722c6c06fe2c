# SPDX-License-Identifier: Apache-2.0
"""Reports how intents, payments, refunds and dues stand, as values that events and answers are made of.

One place decides what is said of a row. The JSON of these values is in `event_data`.

Tests: tests/sandbox/backend/payments/test_payments.py, tests/sandbox/backend/kernel/test_events.py
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, assert_never

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.backend.intents import dues
from sandbox.backend.records import ids
from sandbox.backend.records.tables import (
    BorneBy,
    DueRow,
    DueState,
    IntentRow,
    IntentStatus,
    PaymentRow,
    PaymentStatus,
    PaymentWay,
    RefundRow,
    RefundState,
    ReviewKind,
)
from sandbox.backend.terminals import held_orders
from sandbox.backend.trust.judgement import EXPIRED


class ReportedStatus(StrEnum):
    """An intent's status as it is said: a claim shows while it lasts, and one that has lapsed is expired."""

    CREATED = "created"
    CLAIMED = "claimed"
    HELD = "held"
    APPROVED = "approved"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundReport:
    """A refund as it stands. `code`: why it failed, where that is known. `lessens_minor`: of a void one."""

    refund_id: str
    state: RefundState
    code: str | None
    amount_minor: int
    lessens_minor: int | None
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueReport:
    """What was asked after a decline at sync, as it stands."""

    state: DueState
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReport:
    """The verdict on a payment. `total_minor`: what was taken. `receipt`: signed by the issuer.

    `refunded_minor`, `refunds`: what has been given back since; None where that was not asked for.
    """

    intent_id: str
    status: PaymentStatus
    code: str
    reason: int | None
    total_minor: int
    currency: str
    decided_at: int
    way: PaymentWay
    receipt: bytes | None
    receipt_url: str | None
    lines: list[dict[str, Any]]
    payer_display: str | None
    cards: list[dict[str, Any]]
    held_until: int | None
    borne_by: BorneBy | None
    guaranteed_minor: int | None
    due: DueReport | None
    refunded_minor: int | None = None
    refunds: tuple[RefundReport, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentReport:
    """An intent with its payment, if there is one."""

    intent_id: str
    status: ReportedStatus
    code: str | None
    reason: int | None
    amount_minor: int
    currency: str
    expires_at: int
    claimed_until: int | None
    payment: PaymentReport | None


def status_of(row: IntentRow, now: int) -> ReportedStatus:
    """The intent's status at the time `now`."""
    match row.status:
        case IntentStatus.CREATED if now > row.payable_until:
            return ReportedStatus.EXPIRED
        case IntentStatus.CREATED if row.claimed_until is not None and now < row.claimed_until:
            return ReportedStatus.CLAIMED
        case IntentStatus.CREATED:
            return ReportedStatus.CREATED
        case IntentStatus.HELD:
            return ReportedStatus.HELD
        case IntentStatus.APPROVED:
            return ReportedStatus.APPROVED
        case IntentStatus.DECLINED:
            return ReportedStatus.DECLINED
        case IntentStatus.CANCELLED:
            return ReportedStatus.CANCELLED
        case IntentStatus.EXPIRED:
            return ReportedStatus.EXPIRED
        case unexpected:
            assert_never(unexpected)


def standing_payment(session: Session, row: IntentRow) -> PaymentRow | None:
    """The payment an intent is known by: the booked one, else one that is held, else the last one."""
    payments = payments_of(session, row.key)
    for status in (PaymentStatus.APPROVED, PaymentStatus.HELD):
        for payment in payments:
            if payment.status is status:
                return payment
    declined = [payment for payment in payments if payment.status is PaymentStatus.DECLINED]
    return declined[-1] if declined else None


def payments_of(session: Session, intent_key: str) -> Sequence[PaymentRow]:
    """All payments of an intent, the oldest first."""
    ahead = _read_ahead(session, intent_key)
    return (
        session.scalars(_PAYMENTS.where(PaymentRow.intent_key == intent_key)).all() if ahead is None else ahead.payments
    )


def refunds_of(session: Session, intent_key: str) -> Sequence[RefundRow]:
    """All refunds of an intent, the oldest first."""
    ahead = _read_ahead(session, intent_key)
    return session.scalars(_REFUNDS.where(RefundRow.intent_key == intent_key)).all() if ahead is None else ahead.refunds


def read_locked(session: Session, intent_key: str, *, refund_id: str | None = None) -> list[RefundRow]:
    """Read by two statements what hangs on an intent, for a transaction that has it locked and makes no payment of it.

    Returns the refunds with this id, whatever intent and terminal they are of.
    """
    with_due = (
        select(PaymentRow, DueRow)
        .outerjoin(DueRow, DueRow.intent_key == PaymentRow.intent_key)
        .where(PaymentRow.intent_key == intent_key)
        .order_by(PaymentRow.id)
    )
    rows: list[tuple[PaymentRow, DueRow | None]] = [(row[0], row[1]) for row in session.execute(with_due)]
    dues.note_all(session, [intent_key], [due for _, due in rows if due is not None])
    of_intent = RefundRow.intent_key == intent_key
    wanted = of_intent if refund_id is None else of_intent | (RefundRow.id == refund_id)
    found = session.scalars(_REFUNDS.where(wanted)).all()
    refunds = [refund for refund in found if refund.intent_key == intent_key]
    session.info[_AHEAD] = {intent_key: _OfIntent([payment for payment, _ in rows], refunds)}
    return [refund for refund in found if refund.id == refund_id]


def add_refund(session: Session, row: RefundRow) -> None:
    """Store a new refund; what has been read ahead has it too."""
    session.add(row)
    ahead = _read_ahead(session, row.intent_key)
    if ahead is not None:
        ahead.refunds.append(row)


def read_ahead(session: Session, intent_keys: Sequence[str]) -> None:
    """Read at once what reports of these intents' payments ask one by one. For a session that only reads.

    Rows stay with their session: who asks for an intent by its key finds it there.
    """
    session.scalars(select(IntentRow).where(IntentRow.key.in_(intent_keys))).all()
    dues.read_ahead(session, intent_keys)
    ahead = {key: _OfIntent([], []) for key in intent_keys}
    for payment in session.scalars(_PAYMENTS.where(PaymentRow.intent_key.in_(intent_keys))):
        ahead[payment.intent_key].payments.append(payment)
    for refund in session.scalars(_REFUNDS.where(RefundRow.intent_key.in_(intent_keys))):
        ahead[refund.intent_key].refunds.append(refund)
    session.info[_AHEAD] = ahead


@dataclass(frozen=True, slots=True)
class _OfIntent:
    payments: list[PaymentRow]
    refunds: list[RefundRow]


_AHEAD = "read_ahead"
_PAYMENTS = select(PaymentRow).order_by(PaymentRow.id)
_REFUNDS = select(RefundRow).order_by(RefundRow.at)


def _read_ahead(session: Session, intent_key: str) -> _OfIntent | None:
    ahead: dict[str, _OfIntent] = session.info.get(_AHEAD, {})
    return ahead.get(intent_key)


def of_payment(session: Session, row: PaymentRow) -> PaymentReport:
    """The verdict on a payment; a second payer gets the one that stands, with its receipt."""
    if row.status is not PaymentStatus.ALREADY_PAID:
        return _report(session, row)
    standing = standing_payment(session, session.get_one(IntentRow, row.intent_key))
    assert standing is not None
    report = _report(session, standing)
    return paid_by_another(report) if standing.status is PaymentStatus.APPROVED else report


def paid_by_another(report: PaymentReport) -> PaymentReport:
    """A booked payment as a second payer sees it: of the other's business no more than the receipt."""
    code = PaymentStatus.ALREADY_PAID
    return replace(report, status=code, code=code.value, payer_display=None, cards=[])


def with_refunds(session: Session, row: PaymentRow) -> PaymentReport:
    """A payment with what has been given back of it."""
    return replace(
        _report(session, row),
        refunded_minor=row.refunded_minor + dues.given_back(session, row),
        refunds=tuple(of_refund(session, refund, row.currency) for refund in refunds_of(session, row.intent_key)),
    )


def of_first_payment(row: PaymentRow) -> PaymentReport:
    """As `with_refunds`, of a payment booked just now: its intent has neither due nor refund yet."""
    return replace(_report_beside(row, None), refunded_minor=0, refunds=())


def of_refund(session: Session, row: RefundRow, currency: str) -> RefundReport:
    """A refund as it stands."""
    failed, void = row.state is RefundState.FAILED, row.state is RefundState.VOID
    refused = failed and held_orders.refused(session, ReviewKind.REFUND, row.terminal_id, row.id)
    return RefundReport(
        refund_id=row.id,
        state=row.state,
        code="review_refused" if refused else None,
        amount_minor=0 if void else row.amount_minor,
        lessens_minor=row.amount_minor if void else None,
        currency=currency,
    )


def of_due(session: Session, intent_key: str) -> DueReport | None:
    """An intent's due as it stands: of an intent, for that is what a terminal knows."""
    row = dues.of(session, intent_key)
    return None if row is None else DueReport(state=row.state, amount_minor=row.amount_minor)


def of_intent(session: Session, row: IntentRow, now: int) -> IntentReport:
    """An intent with its payment, if there is one."""
    standing = standing_payment(session, row)
    return of_intent_beside(row, None if standing is None else with_refunds(session, standing), now)


def of_intent_beside(row: IntentRow, payment: PaymentReport | None, now: int) -> IntentReport:
    """An intent with the payment that it is known by."""
    status = status_of(row, now)
    expired = status is ReportedStatus.EXPIRED
    return IntentReport(
        intent_id=row.intent_id,
        status=status,
        code=EXPIRED.code if expired else row.code,
        reason=int(EXPIRED.reason) if expired else row.reason,
        amount_minor=row.amount_minor,
        currency=row.currency,
        expires_at=row.expires_at,
        claimed_until=row.claimed_until if status is ReportedStatus.CLAIMED else None,
        payment=payment,
    )


def _report(session: Session, row: PaymentRow) -> PaymentReport:
    return _report_beside(row, of_due(session, row.intent_key))


def _report_beside(row: PaymentRow, due: DueReport | None) -> PaymentReport:
    return PaymentReport(
        intent_id=ids.intent_id_of_key(row.intent_key),
        status=row.status,
        code=row.code,
        reason=row.reason,
        total_minor=row.taken_minor,
        currency=row.currency,
        decided_at=row.decided_at,
        way=row.way,
        receipt=row.receipt,
        receipt_url=row.receipt_url,
        lines=row.lines,
        payer_display=row.payer_display,
        cards=row.cards,
        held_until=row.held_until,
        borne_by=row.borne_by,
        guaranteed_minor=row.guaranteed_minor if row.borne_by is not None else None,
        due=due,
    )
