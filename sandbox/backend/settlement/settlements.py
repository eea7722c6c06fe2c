# SPDX-License-Identifier: Apache-2.0
"""Settlement per business date (backend API, `GET /settlements/{business_date}`): totals by kind and every entry.

A business date is the merchant's: its timezone, its hour at which a day begins. An offline sale counts on the day it
was accepted; what arrives after that day's run is settled with a later day, as a kind of its own. A due counts on the
day it was paid.
"""

from collections.abc import Iterator
from datetime import date
from functools import partial

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from sandbox.backend.contract import terminal_shapes as shapes
from sandbox.backend.contract.problems import ProblemError
from sandbox.backend.intents import intents
from sandbox.backend.kernel.context import Backend
from sandbox.backend.records.database import insert_if_new
from sandbox.backend.records.tables import (
    DueRow,
    DueState,
    MerchantRow,
    PaymentRow,
    PaymentStatus,
    RefundRow,
    RefundState,
    SettlementRow,
    TerminalRow,
)
from sandbox.backend.records.times import business_date, rfc3339

_TAKEN = or_(PaymentRow.status == PaymentStatus.APPROVED, PaymentRow.guaranteed_minor > 0)
_DUE_PAID = and_(DueRow.state == DueState.PAID, DueRow.amount_minor > DueRow.to_guarantor_minor)
"""To the merchant: what the guarantor got back of it is no news there."""


def read_date(text: str) -> str:
    """A business date as ``2026-11-22``; raises ProblemError 422."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise ProblemError(422, "invalid_request", "a business date is written 2026-11-22") from error


def run(backend: Backend, on: str) -> int:
    """Settle for every merchant whatever counts on `on` or earlier and is not settled; how many entries that were.

    Raises ProblemError `409 day_not_begun`, and then settles nothing.
    """
    now = backend.clock.now()
    with backend.db.read() as session:
        for merchant in session.scalars(select(MerchantRow)):
            if on > business_date(now, merchant.timezone, merchant.day_starts_hour).isoformat():
                raise ProblemError(409, "day_not_begun", f"that day has not begun at {merchant.id}")
        merchants = list(session.scalars(select(MerchantRow.id)))
        payments = list(
            session.execute(
                select(PaymentRow.intent_id, PaymentRow.id).where(
                    _TAKEN, PaymentRow.settled_on.is_(None), PaymentRow.business_date <= on
                )
            )
        )
        refunds = list(
            session.scalars(
                select(RefundRow.id).where(
                    RefundRow.state == RefundState.DONE, RefundRow.settled_on.is_(None), RefundRow.business_date <= on
                )
            )
        )
        dues = list(
            session.scalars(
                select(DueRow.intent_id).where(_DUE_PAID, DueRow.settled_on.is_(None), DueRow.business_date <= on)
            )
        )
    for intent_id, payment_id in payments:
        backend.db.write(partial(_settle_payment, intent_id=intent_id, payment_id=payment_id, on=on, now=now))
    for refund_id in refunds:
        backend.db.write(partial(_settle_refund, refund_id=refund_id, on=on))
    for intent_id in dues:
        backend.db.write(partial(_settle_due, intent_id=intent_id, on=on))
    for merchant_id in merchants:
        backend.db.write(partial(_note_run, merchant_id=merchant_id, on=on, now=now))
    return len(payments) + len(refunds) + len(dues)


def settlement(session: Session, terminal_id: str, on: str) -> shapes.Settlement:
    """A terminal's own entries of one day; `final` once the day has been run."""
    terminal = session.get_one(TerminalRow, terminal_id)
    final = session.get(SettlementRow, (terminal.merchant_id, on)) is not None
    entries = sorted(_entries(session, terminal, on, final=final), key=lambda entry: (entry.at, entry.intent_id))
    totals: dict[tuple[str, str], shapes.SettlementTotal] = {}
    for entry in entries:
        kind, currency = entry.kind, entry.currency
        total = totals.setdefault(
            (kind, currency), shapes.SettlementTotal(kind=kind, count=0, amount=0, currency=currency)
        )
        total.count += 1
        total.amount += entry.amount
    return shapes.Settlement(business_date=on, final=final, totals=list(totals.values()), entries=entries)


def _entries(session: Session, terminal: TerminalRow, on: str, *, final: bool) -> Iterator[shapes.SettlementEntry]:
    payments = select(PaymentRow).where(PaymentRow.terminal_id == terminal.id, _TAKEN)
    refunds = select(RefundRow).where(RefundRow.terminal_id == terminal.id, RefundRow.state == RefundState.DONE)
    dues = select(DueRow).where(DueRow.terminal_id == terminal.id, _DUE_PAID)
    if final:
        payments = payments.where(PaymentRow.settled_on == on)
        refunds = refunds.where(RefundRow.settled_on == on)
        dues = dues.where(DueRow.settled_on == on)
    else:
        payments = payments.where(PaymentRow.settled_on.is_(None), PaymentRow.business_date == on)
        refunds = refunds.where(RefundRow.settled_on.is_(None), RefundRow.business_date == on)
        dues = dues.where(DueRow.settled_on.is_(None), DueRow.business_date == on)
    for payment in session.scalars(payments):
        yield _payment_entry(payment, on)
    for refund in session.scalars(refunds):
        currency = session.scalars(select(PaymentRow.currency).where(PaymentRow.intent_id == refund.intent_id)).first()
        yield shapes.SettlementEntry(
            kind="refund",
            intent_id=refund.intent_id,
            refund_id=refund.id,
            amount=-refund.amount_minor,
            currency=currency or "",
            at=rfc3339(refund.at),
            business_date=refund.business_date,
        )

    for due in session.scalars(dues):
        assert due.decided_at is not None
        yield shapes.SettlementEntry(
            kind="due",
            intent_id=due.intent_id,
            amount=due.amount_minor - due.to_guarantor_minor,
            currency=due.currency,
            at=rfc3339(due.decided_at),
            business_date=due.business_date or on,
        )


def _payment_entry(payment: PaymentRow, on: str) -> shapes.SettlementEntry:
    kind: shapes.SettlementKind = "payment"
    if payment.status is not PaymentStatus.APPROVED:
        kind = "guarantee"
    elif payment.business_date < on:
        kind = "late_payment"
    elif payment.accepted_offline:
        kind = "offline_payment"
    return shapes.SettlementEntry(
        kind=kind,
        intent_id=payment.intent_id,
        amount=payment.taken_minor if payment.status is PaymentStatus.APPROVED else payment.guaranteed_minor,
        currency=payment.currency,
        at=rfc3339(payment.authorised_at if payment.accepted_offline else payment.decided_at),
        business_date=payment.business_date,
    )


def _settle_payment(session: Session, *, intent_id: str, payment_id: int, on: str, now: int) -> None:
    intents.lock(session, intent_id, now)  # a cancel decides before this or after it, never meanwhile
    payment = session.get_one(PaymentRow, payment_id, populate_existing=True)
    if payment.settled_on is None and (payment.status is PaymentStatus.APPROVED or payment.guaranteed_minor > 0):
        payment.settled_on = on


def _settle_refund(session: Session, *, refund_id: str, on: str) -> None:
    refund = session.get_one(RefundRow, refund_id, with_for_update=True)
    if refund.settled_on is None and refund.state is RefundState.DONE:
        refund.settled_on = on


def _settle_due(session: Session, *, intent_id: str, on: str) -> None:
    due = session.get_one(DueRow, intent_id, with_for_update=True)
    if due.settled_on is None and due.state is DueState.PAID:
        due.settled_on = on


def _note_run(session: Session, *, merchant_id: str, on: str, now: int) -> None:
    insert_if_new(session, SettlementRow, merchant_id=merchant_id, business_date=on, run_at=now)
