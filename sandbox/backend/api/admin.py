# SPDX-License-Identifier: Apache-2.0
"""What an operator sees and changes; the ledger is only read here."""

from enum import StrEnum
from typing import Any, assert_never, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from sandbox.backend.booking import sweep
from sandbox.backend.contract import admin_shapes as shapes
from sandbox.backend.contract.problems import ProblemError, conflict, invalid, not_found
from sandbox.backend.intents import views
from sandbox.backend.kernel.context import Backend
from sandbox.backend.kernel.events import emit
from sandbox.backend.ledger import ledger
from sandbox.backend.ledger.ledger import Account, AccountKind
from sandbox.backend.offers import vouchers as coupons
from sandbox.backend.payments import payment_requests as friends
from sandbox.backend.records.tables import (
    AccountRow,
    AlarmRow,
    EventKind,
    IntentRow,
    MerchantRow,
    PaymentRow,
    PaymentStatus,
    StoreRow,
    TerminalRow,
    VoucherRow,
)
from sandbox.backend.records.times import rfc3339

_ALARMS_SHOWN = 500


class Level(StrEnum):
    """Whose settings: the path segment of the call."""

    MERCHANT = "merchants"
    STORE = "stores"
    TERMINAL = "terminals"


def payments(session: Session, after: str | None, limit: int) -> shapes.PaymentsAnswer:
    """Intents with a payment, by intent id after `after`."""
    query = (
        select(IntentRow)
        .where(exists().where(PaymentRow.intent_id == IntentRow.id))
        .order_by(IntentRow.id)
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(IntentRow.id > after)
    rows = session.scalars(query).all()
    return shapes.PaymentsAnswer(
        payments=[_entry(session, row) for row in rows[:limit]],
        next=rows[limit - 1].id if len(rows) > limit else None,
    )


def review(session: Session, backend: Backend, intent_id: str, *, approve: bool) -> None:
    """End a hold as a person decided; raises ProblemError 404, and 409 for one that only a friend can approve.

    That one names no payer yet: approved here, it would be taken from whoever asked the friend.
    """
    payment = session.scalars(
        select(PaymentRow)
        .where(PaymentRow.intent_id == intent_id.lower(), PaymentRow.status == PaymentStatus.HELD)
        .limit(1)
    ).first()
    if payment is None:
        raise not_found("held payment")
    if approve and payment.code == friends.FRIEND_ASKED:
        raise ProblemError(409, payment.code, "a friend is asked to pay this; only the friend can say yes")
    sweep.end_hold(session, backend, intent_id.lower(), payment.id, approve=approve)


def merchants(session: Session) -> list[shapes.MerchantEntry]:
    """All merchants."""
    return [
        shapes.MerchantEntry(
            id=row.id,
            name=row.name,
            currency=row.currency,
            timezone=row.timezone,
            day_starts_hour=row.day_starts_hour,
            config=row.config,
            balances=ledger.balances(session, Account(AccountKind.MERCHANT, row.id)),
        )
        for row in session.scalars(select(MerchantRow).order_by(MerchantRow.id))
    ]


def new_merchant(session: Session, request: shapes.NewMerchant) -> None:
    """Make a merchant; raises ProblemError 409, 422."""
    if len(request.name.encode()) > 40:
        raise invalid("a name has at most 40 bytes of UTF-8: it goes into every credential")
    try:
        ZoneInfo(request.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise invalid("no such timezone") from error
    if session.get(MerchantRow, request.id) is not None:
        raise conflict("this merchant exists")
    session.add(MerchantRow(**request.model_dump(), config={}))


def stores(session: Session) -> list[shapes.StoreEntry]:
    """All stores."""
    return [
        shapes.StoreEntry(id=row.id, merchant_id=row.merchant_id, name=row.name, config=row.config)
        for row in session.scalars(select(StoreRow).order_by(StoreRow.id))
    ]


def new_store(session: Session, request: shapes.NewStore) -> None:
    """Make a store; raises ProblemError 404, 409."""
    if session.get(MerchantRow, request.merchant_id) is None:
        raise not_found("merchant")
    if session.get(StoreRow, request.id) is not None:
        raise conflict("this store exists")
    session.add(StoreRow(**request.model_dump(), config={}))


def new_coupon(session: Session, request: shapes.NewCoupon) -> shapes.CouponAnswer:
    """Make a voucher; raises ProblemError 404."""
    if session.get(AccountRow, request.account_id) is None:
        raise not_found("account")
    if session.get(MerchantRow, request.merchant_id) is None:
        raise not_found("merchant")
    return shapes.CouponAnswer(
        voucher_id=coupons.issue(
            session,
            VoucherRow(
                account_id=request.account_id,
                merchant_id=request.merchant_id,
                value_minor=request.value,
                currency=request.currency,
                minimum_minor=request.minimum,
                not_before=request.not_before,
                not_after=request.not_after,
            ),
        )
    )


def terminals(session: Session) -> list[shapes.TerminalEntry]:
    """All terminals."""
    return [_terminal_entry(row) for row in session.scalars(select(TerminalRow).order_by(TerminalRow.id))]


def revoke(session: Session, terminal_id: str, now: int) -> None:
    """Revoke a terminal, for good."""
    row = session.get(TerminalRow, terminal_id, with_for_update=True)
    if row is None:
        raise not_found("terminal")
    row.revoked_at = row.revoked_at or now
    emit(session, terminal_id, EventKind.COMMAND, {"command": "lock"}, now)


def command(session: Session, terminal_id: str, name: str, now: int) -> None:
    """Tell a terminal to do something."""
    if session.get(TerminalRow, terminal_id) is None:
        raise not_found("terminal")
    emit(session, terminal_id, EventKind.COMMAND, {"command": name}, now)


def alarms(session: Session) -> list[shapes.AlarmEntry]:
    """The newest alarms."""
    rows = session.scalars(select(AlarmRow).order_by(AlarmRow.id.desc()).limit(_ALARMS_SHOWN))
    return [
        shapes.AlarmEntry(id=row.id, kind=row.kind, terminal_id=row.terminal_id, at=rfc3339(row.at), detail=row.detail)
        for row in rows
    ]


def change_settings(session: Session, level: Level, owner_id: str, request: shapes.Settings, now: int) -> None:
    """Merge settings into one level and tell every terminal below it; raises ProblemError 404."""
    owner: MerchantRow | StoreRow | TerminalRow | None
    below = select(TerminalRow.id).where(TerminalRow.revoked_at.is_(None)).order_by(TerminalRow.id)
    match level:
        case Level.MERCHANT:
            owner = session.get(MerchantRow, owner_id, with_for_update=True)
            below = below.where(TerminalRow.merchant_id == owner_id)
        case Level.STORE:
            owner = session.get(StoreRow, owner_id, with_for_update=True)
            below = below.where(TerminalRow.store_id == owner_id)
        case Level.TERMINAL:
            owner = session.get(TerminalRow, owner_id, with_for_update=True)
            below = below.where(TerminalRow.id == owner_id)
        case _:
            assert_never(level)
    if owner is None:
        raise not_found(level.value.removesuffix("s"))
    changes = request.model_dump(exclude_none=True)
    risk = {**owner.config.get("risk", {}), **changes.get("risk", {})}
    owner.config = {**owner.config, **changes, **({"risk": risk} if risk else {})}
    for terminal_id in session.scalars(below).all():
        emit(session, terminal_id, EventKind.CONFIG, {"reason": "settings"}, now)


def _entry(session: Session, row: IntentRow) -> shapes.PaymentEntry:
    payment = views.standing_payment(session, row)
    assert payment is not None
    return shapes.PaymentEntry(
        intent_id=row.id,
        terminal_id=row.terminal_id,
        epoch=row.epoch,
        counter=row.counter,
        total=payment.taken_minor if payment.status is PaymentStatus.APPROVED else payment.total_minor,
        currency=row.currency,
        state=cast("Any", row.status),
        accepted_offline=payment.accepted_offline,
        due=views.due(session, row.id),
    )


def _terminal_entry(row: TerminalRow) -> shapes.TerminalEntry:
    heartbeat = row.last_heartbeat
    return shapes.TerminalEntry(
        terminal_id=row.id,
        merchant_id=row.merchant_id,
        store_id=row.store_id,
        created_at=rfc3339(row.created_at),
        last_seen_at=None if row.last_seen_at is None else rfc3339(row.last_seen_at),
        software_version=row.software_version,
        hardware=row.hardware,
        revoked=row.revoked_at is not None,
        queue=None if heartbeat is None else heartbeat.get("queue"),
        heartbeat=heartbeat,
    )
