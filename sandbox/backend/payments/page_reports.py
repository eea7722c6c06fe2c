# SPDX-License-Identifier: Apache-2.0
"""Reports how intents, payments and receipts stand for the shopper, as values (backend API, "Shopper side").

Tests: tests/sandbox/backend/payments/test_page_payments.py
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pengpos.wire.confirmation_code import confirmation_code
from sandbox.backend.errors import NotFoundError
from sandbox.backend.intents import dues, finality, intents, reports
from sandbox.backend.intents.reports import PaymentReport, ReportedStatus
from sandbox.backend.payments import claims
from sandbox.backend.records import ids
from sandbox.backend.records.tables import (
    CancelReason,
    IntentRow,
    IntentStatus,
    MerchantRow,
    PaymentRow,
    PaymentStatus,
    PaymentWay,
    TerminalRow,
)
from sandbox.backend.terminals.merchants import merchant_of

_OVER = frozenset({IntentStatus.CANCELLED, IntentStatus.APPROVED})
"""Whatever is delivered for such an intent from now on is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseReport:
    """What became of what a key signed for a terminal's intent; not `taken`: nothing was, and never will be."""

    kid: str
    terminal_id: str
    intent_id: str
    taken: bool
    from_set_aside_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePaymentReport:
    """A payment as its payer sees it. `confirmation_code`: where the terminal was offline.

    `reference`: what names its intent in an address, where the bare id means another terminal's. `till_reference`: what
    the till calls its order. `final`: nothing was taken of this authorisation and never will be.
    `from_set_aside_minor`: how much came from what was set aside for its key; None where nothing was booked.
    """

    payment: PaymentReport
    reference: str | None
    number: str
    till_reference: str | None
    merchant: MerchantRow
    confirmation_code: str | None
    final: bool
    from_set_aside_minor: int | None
    promise: PromiseReport | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayableReport:
    """An intent as a shopper sees it at the time `now`; `payment` is this account's own, if there is one.

    `number`: what both sides of the counter call the sale. `reference`: what names it in an address, where the bare id
    means another terminal's. `till_reference`: what the till calls its order.
    """

    intent_id: str
    reference: str | None
    number: str
    till_reference: str | None
    status: ReportedStatus
    code: str | None
    reason: int | None
    cancel_reason: CancelReason | None
    merchant: MerchantRow
    amount_minor: int
    currency: str
    online: bool
    now: int
    expires_at: int
    claimed_until: int | None
    claimed_by_me: bool
    payment: PagePaymentReport | None
    final: bool
    """Whatever is delivered for it from now on is refused."""
    promise: PromiseReport | None = None
    """For the key that was asked about, where nothing was delivered of it and never will be taken."""
    test_amount: bool = False
    """Its ending chooses the outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsPage:
    """Some of an account's payments, newest first; `after`: where the next page goes on, None on the last."""

    payments: list[PagePaymentReport]
    after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptReport:
    """What a receipt's URL shows: no more than what the paper would."""

    merchant: MerchantRow
    payment: PaymentRow
    number: str
    till_reference: str | None


def of_address(session: Session, address: str, now: int) -> PayableReport | None:
    """The intent that an address names, as whoever has the address sees it; None if it names none that is known."""
    try:
        named = intents.read_reference(address)
    except NotFoundError:
        return None
    intent = session.scalars(select(IntentRow).where(intents.is_named(named))).one_or_none()
    return None if intent is None else of_intent(session, intent, None, now)


def of_intent(session: Session, intent: IntentRow, account_id: str | None, now: int) -> PayableReport:
    """An intent as this account sees it, or somebody without one: another's claim that keeps nobody out is none."""
    status = reports.status_of(intent, now)
    claimed = status is ReportedStatus.CLAIMED
    own_until = claims.own_until(session, intent, account_id, now) if claimed else None
    if claimed and own_until is None and not claims.keeps_others_out(session, intent):
        claimed, status = False, ReportedStatus.CREATED
    mine = None if account_id is None else own_payment(session, intent, account_id)
    return PayableReport(
        intent_id=intent.intent_id,
        reference=ids.reference_beside(intent.key),
        number=intent.sale_number,
        till_reference=intent.reference,
        status=status,
        code=intent.code,
        reason=intent.reason,
        cancel_reason=intent.cancel_reason,
        merchant=merchant_of(session, intent.terminal_id),
        amount_minor=intent.amount_minor,
        currency=intent.currency,
        online=intent.online,
        now=now,
        expires_at=intent.expires_at,
        claimed_until=own_until or intent.claimed_until if claimed else None,
        claimed_by_me=own_until is not None,
        payment=None if mine is None or account_id is None else of_payment(session, mine, account_id, now),
        final=intent.status in _OVER,
    )


def never_delivered(session: Session, intent: IntentRow, kid: str) -> PromiseReport | None:
    """That nothing will be taken of what this key signed for an intent that has ended; None if that is not so."""
    if intent.status not in _OVER:
        return None
    delivered = select(PaymentRow.id).where(PaymentRow.intent_key == intent.key, PaymentRow.wallet_kid == kid).limit(1)
    if session.scalar(delivered) is not None:
        return None
    return PromiseReport(
        kid=kid,
        terminal_id=intent.terminal_id,
        intent_id=intent.intent_id,
        taken=False,
        from_set_aside_minor=0,
    )


def of_payment(session: Session, row: PaymentRow, account_id: str, now: int) -> PagePaymentReport:
    """A payment to its own payer; another account's is `already_paid`, with the receipt and no code."""
    intent = session.get_one(IntentRow, row.intent_key)
    mine = row.account_id == account_id
    if mine:
        report = reports.with_refunds(session, row)
    else:
        report = replace(reports.paid_by_another(reports.of_payment(session, row)), lines=[])
    code = None
    if mine and not intent.online and row.way is PaymentWay.PAGE and row.status is PaymentStatus.APPROVED:
        secret = session.get_one(TerminalRow, row.terminal_id).confirmation_secret
        code = confirmation_code(secret, UUID(intent.intent_id).bytes, intent.amount_minor)
    final = finality.is_final(session, intent, row, now)
    from_set_aside_minor = row.from_set_aside_minor if mine and row.status is PaymentStatus.APPROVED else None
    promise = None
    if mine and row.wallet_kid is not None and (final or from_set_aside_minor is not None):
        promise = PromiseReport(
            kid=row.wallet_kid,
            terminal_id=row.terminal_id,
            intent_id=intent.intent_id,
            taken=not final,
            from_set_aside_minor=from_set_aside_minor or 0,
        )
    return PagePaymentReport(
        payment=replace(report, due=report.due if dues.asks_for(session, row) else None),
        reference=ids.reference_beside(intent.key),
        number=intent.sale_number,
        till_reference=intent.reference,
        merchant=merchant_of(session, row.terminal_id),
        confirmation_code=code,
        final=final,
        from_set_aside_minor=from_set_aside_minor,
        promise=promise,
    )


def payments_of(session: Session, account_id: str, before: int | None, limit: int, now: int) -> PaymentsPage:
    """An account's payments, newest first; `before`: only those that came before this one."""
    query = (
        select(PaymentRow).where(PaymentRow.account_id == account_id).order_by(PaymentRow.id.desc()).limit(limit + 1)
    )
    if before is not None:
        query = query.where(PaymentRow.id < before)
    rows: Sequence[PaymentRow] = session.scalars(query).all()
    reports.read_ahead(session, [row.intent_key for row in rows[:limit]])
    return PaymentsPage(
        payments=[of_payment(session, row, account_id, now) for row in rows[:limit]],
        after=rows[limit - 1].id if len(rows) > limit else None,
    )


def of_receipt(session: Session, token: str) -> ReceiptReport:
    """What a receipt's URL shows to all who have it; raises NotFoundError."""
    row = session.scalars(
        select(PaymentRow).where(PaymentRow.receipt_token == token, PaymentRow.status == PaymentStatus.APPROVED)
    ).one_or_none()
    if row is None:
        raise NotFoundError("receipt")
    intent = session.get_one(IntentRow, row.intent_key)
    return ReceiptReport(
        merchant=merchant_of(session, row.terminal_id),
        payment=row,
        number=intent.sale_number,
        till_reference=intent.reference,
    )


def own_payment(session: Session, intent: IntentRow, account_id: str) -> PaymentRow | None:
    """What this account has paid of an intent, or last tried to; one that came second is not its own."""
    return session.scalars(
        select(PaymentRow)
        .where(PaymentRow.intent_key == intent.key, PaymentRow.account_id == account_id)
        .where(PaymentRow.status.in_((PaymentStatus.APPROVED, PaymentStatus.HELD, PaymentStatus.DECLINED)))
        .order_by(
            PaymentRow.status != PaymentStatus.APPROVED, PaymentRow.status != PaymentStatus.HELD, PaymentRow.id.desc()
        )
        .limit(1)
    ).first()
