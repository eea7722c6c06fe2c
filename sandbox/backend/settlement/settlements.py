# SPDX-License-Identifier: Apache-2.0
"""Settles per business date (backend API, `GET /settlements/{business_date}`): totals by kind and every entry.

A business date is the merchant's: its timezone, its hour at which a day begins. A payment accepted offline counts when
it was authorised, any other when it was booked; what arrives after that day's run is settled with a later day, as a
kind of its own. A due counts on the day it was paid.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, CursorResult, Row, and_, or_, select, tuple_, update
from sqlalchemy.orm import Session

from pengpos.core.business_day import BusinessDay
from pengpos.core.times import parse_date
from sandbox.backend.booking import booking
from sandbox.backend.errors import InvalidRequestError, NotFoundError, NotPossibleError
from sandbox.backend.kernel.context import Backend
from sandbox.backend.records import ids
from sandbox.backend.records.database import insert_if_new
from sandbox.backend.records.tables import (
    DueRow,
    DueState,
    IntentRow,
    MerchantRow,
    PaymentRow,
    PaymentStatus,
    RefundRow,
    RefundState,
    SettlementRow,
    TerminalRow,
)
from sandbox.backend.settlement.funded import Funded, add_up, merged

T = TypeVar("T")

_TAKEN = or_(PaymentRow.status == PaymentStatus.APPROVED, PaymentRow.guaranteed_minor > 0)
_DUE_PAID = and_(DueRow.state == DueState.PAID, DueRow.amount_minor > DueRow.to_guarantor_minor)
"""To the merchant: what the guarantor got back of it is no news there."""
SLICE = 500
"""So many entries are settled in a transaction: others wait for the database meanwhile."""


class EntryKind(StrEnum):
    """What an entry of a settlement is; `late_payment` counts on an earlier day that was settled before it."""

    PAYMENT = "payment"
    OFFLINE_PAYMENT = "offline_payment"
    LATE_PAYMENT = "late_payment"
    REFUND = "refund"
    GUARANTEE = "guarantee"
    DUE = "due"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayEntry:
    """One payment, refund, guaranteed sum or paid due, as the merchant gets it."""

    kind: EntryKind
    intent_id: str
    refund_id: str | None = None
    amount_minor: int
    currency: str
    at: int
    business_date: str


@dataclass(frozen=True, slots=True)
class Total:
    """All entries of one kind in one currency; refunds are negative."""

    kind: EntryKind
    currency: str
    count: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySettlement:
    """A terminal's part of a business date; `final` once that has been run. `funded`: what bills had off."""

    business_date: str
    final: bool
    totals: list[Total]
    entries: list[DayEntry]
    funded: list[Funded]


def read_date(text: str) -> str:
    """Read a business date as ``2026-11-22``; raises InvalidRequestError."""
    try:
        return parse_date(text).isoformat()
    except ValueError as error:
        raise InvalidRequestError("a business date is written 2026-11-22") from error


def run(backend: Backend, on: str) -> int:
    """Settle for every merchant all that counts on `on` or earlier and is not settled; returns how many entries.

    Raises NotPossibleError `day_not_begun`, and then settles nothing.
    """
    now = backend.clock.now()
    with backend.db.read() as session:
        for merchant in session.scalars(select(MerchantRow)):
            today = BusinessDay(ZoneInfo(merchant.timezone), merchant.day_starts_hour).date_of(now)
            if on > today.isoformat():
                raise NotPossibleError("day_not_begun", f"that day has not begun at {merchant.id}")
        merchants = list(session.scalars(select(MerchantRow.id)))
        payments = list(
            session.execute(
                select(PaymentRow.intent_key, PaymentRow.id).where(
                    _TAKEN, PaymentRow.settled_on.is_(None), PaymentRow.business_date <= on
                )
            )
        )
        refunds = list(
            session.execute(
                select(RefundRow.id, RefundRow.terminal_id).where(
                    RefundRow.state == RefundState.DONE, RefundRow.settled_on.is_(None), RefundRow.business_date <= on
                )
            )
        )
        dues = list(
            session.execute(
                select(DueRow.intent_key).where(_DUE_PAID, DueRow.settled_on.is_(None), DueRow.business_date <= on)
            )
        )
    slices: list[Callable[[Session], int]] = [
        *(partial(_settle_payments, some=some, on=on) for some in _slices(payments)),
        *(partial(_settle_refunds, some=some, on=on) for some in _slices(refunds)),
        *(partial(_settle_dues, some=some, on=on) for some in _slices(dues)),
    ]
    settled = sum(backend.db.write(one) for one in slices)
    for merchant_id in merchants:
        backend.db.write(partial(_note_run, merchant_id=merchant_id, on=on, now=now))
    return settled


def settlement(session: Session, terminal_id: str, on: str) -> DaySettlement:
    """A terminal's own entries of one day."""
    terminal = session.get_one(TerminalRow, terminal_id)
    final = session.get(SettlementRow, (terminal.merchant_id, on)) is not None
    found = _found(session, terminal, on, final=final)
    entries = sorted(_entries(found, on), key=lambda entry: (entry.at, entry.intent_id))
    funded = add_up(found.payments, found.refunds)
    return DaySettlement(business_date=on, final=final, totals=_totals(entries), entries=entries, funded=funded)


def funded_on(session: Session, merchant_id: str, on: str) -> list[Funded]:
    """The statement by funder of all of a merchant's terminals for one day; raises NotFoundError."""
    if session.get(MerchantRow, merchant_id) is None:
        raise NotFoundError("merchant")
    terminals = session.scalars(select(TerminalRow.id).where(TerminalRow.merchant_id == merchant_id)).all()
    return merged(one for terminal_id in terminals for one in settlement(session, terminal_id, on).funded)


def _totals(entries: Sequence[DayEntry]) -> list[Total]:
    amounts = defaultdict[tuple[EntryKind, str], list[int]](list)
    for entry in entries:
        amounts[entry.kind, entry.currency].append(entry.amount_minor)
    return [Total(kind, currency, len(found), sum(found)) for (kind, currency), found in amounts.items()]


@dataclass(frozen=True, slots=True)
class _Found:
    """The rows of a terminal that count on a day; each refund with its currency."""

    payments: Sequence[PaymentRow]
    refunds: Sequence[tuple[RefundRow, str]]
    dues: Sequence[DueRow]


def _found(session: Session, terminal: TerminalRow, on: str, *, final: bool) -> _Found:
    payments = select(PaymentRow).where(PaymentRow.terminal_id == terminal.id, _TAKEN)
    refunds = (
        select(RefundRow, IntentRow.currency)
        .join(IntentRow, IntentRow.key == RefundRow.intent_key)
        .where(RefundRow.terminal_id == terminal.id, RefundRow.state == RefundState.DONE)
    )
    dues = select(DueRow).where(DueRow.terminal_id == terminal.id, _DUE_PAID)
    if final:
        payments = payments.where(PaymentRow.settled_on == on)
        refunds = refunds.where(RefundRow.settled_on == on)
        dues = dues.where(DueRow.settled_on == on)
    else:
        payments = payments.where(PaymentRow.settled_on.is_(None), PaymentRow.business_date == on)
        refunds = refunds.where(RefundRow.settled_on.is_(None), RefundRow.business_date == on)
        dues = dues.where(DueRow.settled_on.is_(None), DueRow.business_date == on)
    return _Found(
        payments=session.scalars(payments).all(),
        refunds=[(refund, currency) for refund, currency in session.execute(refunds)],
        dues=session.scalars(dues).all(),
    )


def _entries(found: _Found, on: str) -> Iterator[DayEntry]:
    for payment in found.payments:
        yield _payment_entry(payment, on)
    for refund, currency in found.refunds:
        yield DayEntry(
            kind=EntryKind.REFUND,
            intent_id=ids.intent_id_of_key(refund.intent_key),
            refund_id=refund.id,
            amount_minor=-refund.amount_minor,
            currency=currency,
            at=refund.at,
            business_date=refund.business_date,
        )
    for due in found.dues:
        assert due.decided_at is not None
        yield DayEntry(
            kind=EntryKind.DUE,
            intent_id=ids.intent_id_of_key(due.intent_key),
            amount_minor=due.amount_minor - due.to_guarantor_minor,
            currency=due.currency,
            at=due.decided_at,
            business_date=due.business_date or on,
        )


def _payment_entry(payment: PaymentRow, on: str) -> DayEntry:
    kind = EntryKind.PAYMENT
    if payment.status is not PaymentStatus.APPROVED:
        kind = EntryKind.GUARANTEE
    elif payment.business_date < on:
        kind = EntryKind.LATE_PAYMENT
    elif payment.accepted_offline:
        kind = EntryKind.OFFLINE_PAYMENT
    return DayEntry(
        kind=kind,
        intent_id=ids.intent_id_of_key(payment.intent_key),
        amount_minor=payment.taken_minor if payment.status is PaymentStatus.APPROVED else payment.guaranteed_minor,
        currency=payment.currency,
        at=booking.counts_at(payment),
        business_date=payment.business_date,
    )


def _slices(found: Sequence[T]) -> Iterator[Sequence[T]]:
    return (found[first : first + SLICE] for first in range(0, len(found), SLICE))


def _settle_payments(session: Session, *, some: Sequence[Row[str, int]], on: str) -> int:
    """By intent and id. Their intents are locked first: a cancel decides before this or after it, never meanwhile."""
    keys = [intent_key for intent_key, _ in some]
    session.execute(select(IntentRow.key).where(IntentRow.key.in_(keys)).order_by(IntentRow.key).with_for_update())
    return _settle(session, PaymentRow, on, PaymentRow.id.in_([payment_id for _, payment_id in some]), _TAKEN)


def _settle_refunds(session: Session, *, some: Sequence[Row[str, str]], on: str) -> int:
    which = tuple_(RefundRow.id, RefundRow.terminal_id).in_(some)
    return _settle(session, RefundRow, on, which, RefundRow.state == RefundState.DONE)


def _settle_dues(session: Session, *, some: Sequence[Row[str]], on: str) -> int:
    return _settle(session, DueRow, on, DueRow.intent_key.in_([intent_key for (intent_key,) in some]), _DUE_PAID)


def _settle(session: Session, rows: type[PaymentRow | RefundRow | DueRow], on: str, *which: ColumnElement[bool]) -> int:
    """How many of these rows were still to be settled, and are now."""
    settled = session.execute(
        update(rows)
        .where(*which, rows.settled_on.is_(None), rows.business_date <= on)
        .values(settled_on=on)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", settled).rowcount


def _note_run(session: Session, *, merchant_id: str, on: str, now: int) -> None:
    insert_if_new(session, SettlementRow, merchant_id=merchant_id, business_date=on, run_at=now)
