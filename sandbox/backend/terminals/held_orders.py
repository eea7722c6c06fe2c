# SPDX-License-Identifier: Apache-2.0
"""Says which orders of a terminal must wait for a person, and why, and keeps them until the person has decided.

`must_be_held` is the one place where that is decided; `ask` is how an order is taken in. What follows from a decision
is done by the rooms that know the order: `sandbox.backend.payments.decisions` (backend API, *Held for a person*).

Tests: tests/sandbox/backend/terminals/test_held_orders.py
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pengpos.core.authority.limits import refund_over_limit
from sandbox.backend.kernel.alarms import raise_alarm
from sandbox.backend.records.database import insert_if_new
from sandbox.backend.records.tables import (
    AlarmKind,
    HeldBecause,
    MerchantRow,
    ReviewKind,
    ReviewRow,
    ReviewState,
    StoreRow,
    TerminalRow,
)
from sandbox.backend.terminals import policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """An order that stood in a sealed export, which an operator has brought.

    `signed`: by the terminal's key; else by anybody who knows the format.
    """

    by: str
    signed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a terminal's key asks for. `subject`: the order's own id; `detail`: what the operator should see of it.

    `imported`: it stood in a sealed export; None: a request of the terminal's key asks for it. `gives_back_minor`: of
    money that is booked, or off what is owed; `given_today_minor`: finds what the key has had given back on this
    business day, in the same `currency`; asked only where there is a limit.
    """

    kind: ReviewKind
    terminal_id: str
    subject: str
    detail: dict[str, Any] = field(default_factory=dict)
    imported: Imported | None = None
    gives_back_minor: int = 0
    given_today_minor: Callable[[], int] = int
    currency: str | None = None


def must_be_held(session: Session, order: Order) -> HeldBecause | None:
    """Why this order must wait for a person; None: it may be done at once.

    That it was imported comes first, whatever the terminal's key is worth: who brought it is one person.
    """
    terminal = session.get_one(TerminalRow, order.terminal_id)
    if order.imported is not None:
        return HeldBecause.IMPORTED
    if terminal.revoked_at is not None:
        return HeldBecause.REVOKED
    if terminal.suspected_at is not None:
        return HeldBecause.SUSPECTED
    limits = policy.limits_of(session, terminal)
    if order.gives_back_minor > 0 and _in_another_currency(session, terminal, order) and limits.of_refunds:
        return HeldBecause.OVER_LIMIT
    if order.gives_back_minor == 0 or not limits.of_refunds:
        return None
    over = refund_over_limit(limits, order.gives_back_minor, order.given_today_minor())
    return HeldBecause.OVER_LIMIT if over else None


def is_its_own(session: Session, terminal_id: str, imported: Imported | None) -> bool:
    """Whether an order is known to be the terminal's: of a key that is trusted, and not from an unsigned export."""
    terminal = session.get_one(TerminalRow, terminal_id)
    is_trusted = terminal.revoked_at is None and terminal.suspected_at is None
    return is_trusted and (imported is None or imported.signed)


def _in_another_currency(session: Session, terminal: TerminalRow, order: Order) -> bool:
    """The limits are sums in the merchant's own currency, and no rate is known here: nothing fits into them."""
    return order.currency not in {None, session.get_one(MerchantRow, terminal.merchant_id).currency}


def ask(session: Session, order: Order, now: int) -> ReviewRow | None:
    """The review of an order, made with an alarm when the order first comes; None: it may be done at once.

    An order that was held once keeps its review, also when what held it has passed: a person was asked.
    """
    known = _read(session, order)
    if known is not None:
        return known
    why = must_be_held(session, order)
    if why is None:
        return None
    is_new = insert_if_new(
        session,
        ReviewRow,
        kind=order.kind,
        terminal_id=order.terminal_id,
        subject=order.subject,
        why=why,
        detail=order.detail,
        state=ReviewState.OPEN,
        asked_at=now,
        caused_by=None if order.imported is None else order.imported.by,
    )
    row = of(session, order.kind, order.terminal_id, order.subject)
    assert row is not None
    if is_new:
        detail = {"review_id": row.id, "kind": order.kind.value, "why": why.value, **order.detail}
        raise_alarm(session, AlarmKind.ORDER_HELD, order.terminal_id, detail, now)
    return row


def caused_by(session: Session, review: ReviewRow) -> list[str]:
    """The operators whose calls brought a review about, where these can be told: who imported, then who revoked."""
    causes = [review.caused_by]
    terminal = session.get_one(TerminalRow, review.terminal_id)
    is_by_key = review.why in {HeldBecause.IMPORTED, HeldBecause.REVOKED}
    if is_by_key and terminal.revoked_at is not None and terminal.revoked_at <= review.asked_at:
        causes.append(terminal.revoked_by)
    return [operator for operator in causes if operator is not None]


def _read(session: Session, order: Order) -> ReviewRow | None:
    """An order's review; and, by the same statement, all that `must_be_held` asks, as it is now."""
    is_its_own_review = (
        (ReviewRow.terminal_id == TerminalRow.id)
        & (ReviewRow.kind == order.kind)
        & (ReviewRow.subject == order.subject)
    )
    found = session.execute(
        select(TerminalRow, MerchantRow, StoreRow, ReviewRow)
        .join(MerchantRow, MerchantRow.id == TerminalRow.merchant_id)
        .join(StoreRow, StoreRow.id == TerminalRow.store_id)
        .outerjoin(ReviewRow, is_its_own_review)
        .where(TerminalRow.id == order.terminal_id)
        .execution_options(populate_existing=True)
    ).one()
    review: ReviewRow | None = found[3]
    return review


def of(session: Session, kind: ReviewKind, terminal_id: str, subject: str) -> ReviewRow | None:
    """The review of an order, if it was ever held."""
    return session.scalars(
        select(ReviewRow).where(
            ReviewRow.kind == kind, ReviewRow.terminal_id == terminal_id, ReviewRow.subject == subject
        )
    ).one_or_none()


def refused(session: Session, kind: ReviewKind, terminal_id: str, subject: str) -> bool:
    """True if a person said no to this order."""
    review = of(session, kind, terminal_id, subject)
    return review is not None and review.state is ReviewState.REFUSED
