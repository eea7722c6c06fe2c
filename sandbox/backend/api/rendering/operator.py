# SPDX-License-Identifier: Apache-2.0
"""Renders what an operator sees: reads the tables as the shapes of the operator side, and changes nothing.

Tests: tests/sandbox/backend/api/test_admin_api.py
"""

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, distinct, exists, func, select
from sqlalchemy.orm import Session

from pengpos.core.times import rfc3339
from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.encoding.keys import fingerprint_of
from sandbox.backend.api.rendering import terminal
from sandbox.backend.contract import admin_shapes as shapes
from sandbox.backend.contract import bill_shapes
from sandbox.backend.intents import reports
from sandbox.backend.ledger import ledger
from sandbox.backend.ledger.ledger import Account, AccountKind
from sandbox.backend.records.tables import (
    AlarmRow,
    CampaignRow,
    IntentRow,
    MerchantRow,
    PaymentRow,
    PaymentStatus,
    ReviewRow,
    ReviewState,
    StoreRow,
    TerminalKeyRow,
    TerminalKeyState,
    TerminalRow,
)
from sandbox.backend.terminals.operators import without_pins
from sandbox.backend.terminals.policy import standing_of

_ALARMS_SHOWN = 500
_WAITING_MOST = 100
_INTENT_ID = ReviewRow.detail["intent_id"].as_string()
"""The sale that a refund or cancel is about; NULL for what is about none."""
_SALES = func.count(distinct(_INTENT_ID))


def payments(session: Session, after: str | None, limit: int) -> shapes.PaymentsAnswer:
    """Intents with a payment, in the order of their keys, after `after`."""
    query = (
        select(IntentRow)
        .where(exists().where(PaymentRow.intent_key == IntentRow.key))
        .order_by(IntentRow.key)
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(IntentRow.key > after)
    rows = session.scalars(query).all()
    reports.read_ahead(session, [row.key for row in rows[:limit]])
    return shapes.PaymentsAnswer(
        payments=[_entry(session, row) for row in rows[:limit]],
        next=rows[limit - 1].key if len(rows) > limit else None,
    )


def merchants(session: Session) -> list[shapes.MerchantEntry]:
    """All merchants."""
    return [
        shapes.MerchantEntry(
            id=row.id,
            name=row.name,
            currency=row.currency,
            timezone=row.timezone,
            day_starts_hour=row.day_starts_hour,
            config=without_pins(row.config),
            balances=ledger.balances(session, Account(AccountKind.MERCHANT, row.id)),
        )
        for row in session.scalars(select(MerchantRow).order_by(MerchantRow.id))
    ]


def stores(session: Session) -> list[shapes.StoreEntry]:
    """All stores."""
    return [
        shapes.StoreEntry(id=row.id, merchant_id=row.merchant_id, name=row.name, config=without_pins(row.config))
        for row in session.scalars(select(StoreRow).order_by(StoreRow.id))
    ]


def terminals(session: Session) -> list[shapes.TerminalEntry]:
    """All terminals."""
    active = (TerminalKeyRow.terminal_id == TerminalRow.id) & (TerminalKeyRow.state == TerminalKeyState.ACTIVE)
    query = select(TerminalRow, TerminalKeyRow.kid).outerjoin(TerminalKeyRow, active).order_by(TerminalRow.id)
    return [_terminal_entry(row, kid) for row, kid in session.execute(query)]


def alarms(session: Session, *, seen: bool | None) -> list[shapes.AlarmEntry]:
    """The newest alarms: those that a person has seen, those that none has, or (None) all."""
    query = select(AlarmRow).order_by(AlarmRow.last_at.desc(), AlarmRow.id.desc()).limit(_ALARMS_SHOWN)
    if seen is not None:
        query = query.where(AlarmRow.seen_at.is_not(None) if seen else AlarmRow.seen_at.is_(None))
    return [
        shapes.AlarmEntry(
            id=row.id,
            kind=row.kind,
            terminal_id=row.terminal_id,
            at=rfc3339(row.at),
            last_at=rfc3339(row.last_at),
            count=row.times,
            seen=row.seen_at is not None,
            detail=row.detail,
        )
        for row in session.scalars(query)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedReviews:
    """Which reviews: of one state, terminal or sale, or of all; by number after `after`."""

    state: ReviewState | None
    terminal_id: str | None
    intent_id: str | None
    after: int | None

    def conditions(self) -> list[ColumnElement[bool]]:
        """What a row must be."""
        conditions: list[ColumnElement[bool]] = []
        if self.state is not None:
            conditions.append(ReviewRow.state == self.state)
        if self.terminal_id is not None:
            conditions.append(ReviewRow.terminal_id == self.terminal_id)
        if self.intent_id is not None:
            conditions.append(ReviewRow.detail["intent_id"].as_string() == self.intent_id)
        if self.after is not None:
            conditions.append(ReviewRow.id > self.after)
        return conditions


def campaign(campaign_id: str, row: CampaignRow, shoppers: int) -> bill_shapes.CampaignEntry:
    """What a campaign has cost."""
    return bill_shapes.CampaignEntry(
        campaign_id=campaign_id,
        currency=row.currency,
        budget=row.budget_minor,
        spent=row.spent_minor,
        budget_per_day=row.per_day_minor,
        day=row.day or None,
        spent_on_day=row.day_spent_minor,
        shoppers=shoppers,
    )


def _waiting(session: Session) -> list[shapes.ReviewsWaiting]:
    """What is open, by terminal and kind, most first."""
    count = func.count(ReviewRow.id)
    query = (
        select(ReviewRow.terminal_id, ReviewRow.kind, count, _SALES, func.min(ReviewRow.asked_at))
        .where(ReviewRow.state == ReviewState.OPEN)
        .group_by(ReviewRow.terminal_id, ReviewRow.kind)
        .order_by(count.desc(), ReviewRow.terminal_id, ReviewRow.kind)
        .limit(_WAITING_MOST)
    )
    return [
        shapes.ReviewsWaiting(
            terminal_id=terminal_id, kind=kind.value, open=open_, sales=sales, oldest_at=rfc3339(oldest_at)
        )
        for terminal_id, kind, open_, sales, oldest_at in session.execute(query)
    ]


def reviews(session: Session, wanted: WantedReviews, limit: int) -> shapes.ReviewsAnswer:
    """A page of reviews, and how much waits where."""
    query = select(ReviewRow).where(*wanted.conditions()).order_by(ReviewRow.id).limit(limit + 1)
    rows = session.scalars(query).all()
    return shapes.ReviewsAnswer(
        reviews=[_review_entry(row) for row in rows[:limit]],
        next=rows[limit - 1].id if len(rows) > limit else None,
        waiting=_waiting(session),
    )


def _review_entry(row: ReviewRow) -> shapes.ReviewEntry:
    return shapes.ReviewEntry(
        review_id=row.id,
        kind=row.kind.value,
        terminal_id=row.terminal_id,
        subject=row.subject,
        why=row.why.value,
        detail=row.detail,
        state=row.state.value,
        asked_at=rfc3339(row.asked_at),
        decided_at=None if row.decided_at is None else rfc3339(row.decided_at),
        decided_by=row.decided_by,
    )


def _entry(session: Session, row: IntentRow) -> shapes.PaymentEntry:
    payment = reports.standing_payment(session, row)
    assert payment is not None
    return shapes.PaymentEntry(
        intent_id=row.intent_id,
        terminal_id=row.terminal_id,
        epoch=row.epoch,
        counter=row.counter,
        total=payment.taken_minor if payment.status is PaymentStatus.APPROVED else payment.total_minor,
        currency=row.currency,
        state=cast("Any", row.status),
        accepted_offline=payment.accepted_offline,
        due=terminal.due(reports.of_due(session, row.key)),
    )


def _terminal_entry(row: TerminalRow, kid: str | None) -> shapes.TerminalEntry:
    heartbeat = row.last_heartbeat
    standing, since = standing_of(row)
    return shapes.TerminalEntry(
        terminal_id=row.id,
        merchant_id=row.merchant_id,
        store_id=row.store_id,
        created_at=rfc3339(row.created_at),
        last_seen_at=None if row.last_seen_at is None else rfc3339(row.last_seen_at),
        software_version=row.software_version,
        hardware=row.hardware,
        fingerprint=None if kid is None else fingerprint_of(unb64u(kid)),
        revoked=row.revoked_at is not None,
        standing=standing.value,
        standing_since=None if since is None else rfc3339(since),
        suspected_since=None if row.suspected_at is None else rfc3339(row.suspected_at),
        queue=None if heartbeat is None else heartbeat.get("queue"),
        heartbeat=heartbeat,
    )
