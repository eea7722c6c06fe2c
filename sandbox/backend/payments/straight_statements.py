# SPDX-License-Identifier: Apache-2.0
"""The statements of a straight-through payment, in their order: `straight_through` says what each is for.

The rows are the same as on the general way, and they are locked in the same order: intent, wallet, money, and the
terminal behind all money.

Tests: tests/sandbox/backend/payments/test_straight_through.py
"""

from typing import Any, Final

from sqlalchemy import (
    Dialect,
    bindparam,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import ClauseElement

from pengpos.core.times import LATE_PAYMENT_S
from sandbox.backend.offers import campaigns
from sandbox.backend.records.prepared import Prepared
from sandbox.backend.records.tables import (
    AccountRow,
    Base,
    CampaignRow,
    DenylistRow,
    DocumentRow,
    IntentRow,
    IntentStatus,
    MerchantRow,
    PaymentRow,
    RequestNonceRow,
    TerminalCounterRow,
    TerminalKeyRow,
    TerminalRow,
    WalletCounterRow,
    WalletCredentialRow,
)

_INT: Final = IntentRow.created_at.type


def columns_of(model: type[Base], *, but: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The names of a table's columns, which are those of its rows' members."""
    return tuple(column.key for column in model.__table__.columns if column.key not in but)


def _insert_if_new(dialect: Dialect, model: type[Base]) -> Any:
    new = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    return new(model)


def _new_row(model: type[Base], returning: InstrumentedAttribute[Any]) -> Prepared:
    """A row of all columns, unless its key is there already: then nothing comes back."""

    def statement(dialect: Dialect) -> ClauseElement:
        values: dict[str, Any] = {name: bindparam(name) for name in columns_of(model)}
        made: ClauseElement = (
            _insert_if_new(dialect, model).values(values).on_conflict_do_nothing().returning(returning)
        )
        return made

    return Prepared(statement, [returning.type])


def _intent(dialect: Dialect) -> ClauseElement:
    """A new one as approved; one that is registered and open, that nobody claims or has lengthened, becomes it."""
    new = _insert_if_new(dialect, IntentRow).values({name: bindparam(name) for name in columns_of(IntentRow)})
    approved: ClauseElement = new.on_conflict_do_update(
        index_elements=[IntentRow.key],
        set_={
            "status": new.excluded.status,
            "code": new.excluded.code,
            "number": func.coalesce(IntentRow.number, new.excluded.number),
        },
        where=(IntentRow.terminal_id == new.excluded.terminal_id)
        & (IntentRow.content_digest == new.excluded.content_digest)
        & (IntentRow.status == IntentStatus.CREATED)
        & (IntentRow.expires_at == new.excluded.expires_at)
        & (IntentRow.expires_at + LATE_PAYMENT_S >= bindparam("now", type_=_INT))
        & IntentRow.claimed_by.is_(None)
        & IntentRow.claimed_until.is_(None)
        & IntentRow.cancel_answer.is_(None),
    ).returning(IntentRow.number)
    return approved


def _wallet(_: Dialect) -> ClauseElement:
    """That a key has paid; and all that has to be known before its payment is booked."""
    account = select(AccountRow.languages).where(AccountRow.id == WalletCredentialRow.account_id)
    frozen = select(AccountRow.offline_frozen_at).where(AccountRow.id == WalletCredentialRow.account_id)
    listed = select(DenylistRow.listed).where(
        DenylistRow.kid == bindparam("wallet_kid"), DenylistRow.at <= bindparam("as_of")
    )
    counted = select(TerminalCounterRow.intent_id).where(
        TerminalCounterRow.terminal_id == bindparam("terminal_id"),
        TerminalCounterRow.epoch == bindparam("epoch"),
        TerminalCounterRow.counter == bindparam("counter"),
    )
    terminal = TerminalRow.id == bindparam("terminal_id")
    key = select(TerminalKeyRow.state).where(
        TerminalKeyRow.kid == bindparam("terminal_kid"), TerminalKeyRow.terminal_id == bindparam("terminal_id")
    )
    merchant = select(MerchantRow.version).where(MerchantRow.id == bindparam("merchant_id"))
    policy = select(func.max(DocumentRow.version)).where(DocumentRow.terminal_id == bindparam("terminal_id"))
    paid = exists(select(PaymentRow.id).where(PaymentRow.intent_key == bindparam("key")))
    return (
        update(WalletCredentialRow)
        .where(WalletCredentialRow.kid == bindparam("wallet_kid"), WalletCredentialRow.blocked_at.is_(None))
        .values(last_used_at=bindparam("now"))
        .returning(
            WalletCredentialRow.account_id,
            account.correlate(WalletCredentialRow).scalar_subquery(),
            frozen.correlate(WalletCredentialRow).scalar_subquery(),
            listed.order_by(DenylistRow.version.desc()).limit(1).scalar_subquery(),
            counted.scalar_subquery(),
            select(TerminalRow.revoked_at).where(terminal).scalar_subquery(),
            select(TerminalRow.locked_at).where(terminal).scalar_subquery(),
            key.scalar_subquery(),
            merchant.scalar_subquery(),
            policy.scalar_subquery(),
            paid,
        )
    )


def _payment(_: Dialect) -> ClauseElement:
    values: dict[str, Any] = {name: bindparam(name) for name in columns_of(PaymentRow, but=("id",))}
    return insert(PaymentRow).values(values).returning(PaymentRow.id)


def _budget(_: Dialect) -> ClauseElement:
    """So much out of a campaign's budget; nothing comes back where it has not so much."""
    minor, day = bindparam("minor", type_=_INT), bindparam("day", type_=CampaignRow.day.type)
    taken: ClauseElement = (
        update(CampaignRow)
        .where(CampaignRow.key == bindparam("campaign_key"), *campaigns.has(minor, day))
        .values(campaigns.more(minor, day))
        .returning(CampaignRow.key)
    )
    return taken


INTENT_COLUMNS: Final = columns_of(IntentRow)
PAYMENT_COLUMNS: Final = columns_of(PaymentRow, but=("id",))
NONCE: Final = _new_row(RequestNonceRow, RequestNonceRow.seen_at)
INTENT: Final = Prepared(_intent, [IntentRow.number.type])
TERMINAL_COUNTER: Final = _new_row(TerminalCounterRow, TerminalCounterRow.intent_id)
WALLET_COUNTER: Final = _new_row(WalletCounterRow, WalletCounterRow.kid)
WALLET: Final = Prepared(
    _wallet,
    [
        WalletCredentialRow.account_id.type,
        AccountRow.languages.type,
        AccountRow.offline_frozen_at.type,
        DenylistRow.listed.type,
        TerminalCounterRow.intent_id.type,
        TerminalRow.revoked_at.type,
        TerminalRow.locked_at.type,
        TerminalKeyRow.state.type,
        MerchantRow.version.type,
        DocumentRow.version.type,
        exists().type,
    ],
)
PAYMENT: Final = Prepared(_payment, [PaymentRow.id.type])
BUDGET: Final = Prepared(_budget, [CampaignRow.key.type])
