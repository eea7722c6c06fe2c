# SPDX-License-Identifier: Apache-2.0
"""The tables. What must never be broken is a constraint here, not only a check in the code.

Amounts are minor units, times Unix seconds; an epoch or a counter may need all of 64 bits, so it is stored as text.
"""

from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

LATE_S = 300
"""How long after its life an intent may still be paid: the clocks' tolerance (tap protocol §1)."""
KID = String(11)
"""A key id: base64url of the protocol's 8 bytes."""


class Uint64(TypeDecorator[int]):
    """An unsigned 64-bit integer as decimal text: neither database has a column for it."""

    impl = String(20)
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        """To text; `dialect` makes no difference."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> int | None:
        """From text; `dialect` makes no difference."""
        return None if value is None else int(value)


class Base(DeclarativeBase):
    """Maps `int` to 64 bits, and dictionaries and lists to JSON."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger().with_variant(Integer(), "sqlite"),  # SQLite numbers rows by itself only under INTEGER
        bytes: LargeBinary,
        dict[str, Any]: JSON,
        list[Any]: JSON,
    }


class MerchantRow(Base):
    """A company that sells. `day_starts_hour`: local hour at which its business date begins."""

    __tablename__ = "merchants"
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    currency: Mapped[str] = mapped_column(String(3))
    timezone: Mapped[str] = mapped_column(String(40))
    day_starts_hour: Mapped[int]
    config: Mapped[dict[str, Any]]


class StoreRow(Base):
    """A place of a merchant; its `config` overrides the merchant's, a terminal's overrides both."""

    __tablename__ = "stores"
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    name: Mapped[str] = mapped_column(String(40))
    config: Mapped[dict[str, Any]]


class ActivationCodeRow(Base):
    """A code that enrols one key; kept after use, so that the same code and key give the same answer."""

    __tablename__ = "activation_codes"
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    store_id: Mapped[str] = mapped_column(ForeignKey("stores.id"))
    expires_at: Mapped[int]
    used_by_kid: Mapped[str | None] = mapped_column(KID)
    answer: Mapped[dict[str, Any] | None]


class TerminalRow(Base):
    """A terminal. `head_version`, `head`: the newest journal head we signed; `event_seq`: its newest event."""

    __tablename__ = "terminals"
    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    store_id: Mapped[str] = mapped_column(ForeignKey("stores.id"))
    created_at: Mapped[int]
    hardware: Mapped[dict[str, Any]]
    software_version: Mapped[str] = mapped_column(String(80))
    confirmation_secret: Mapped[bytes]
    config: Mapped[dict[str, Any]]
    revoked_at: Mapped[int | None]
    last_seen_at: Mapped[int | None]
    last_heartbeat: Mapped[dict[str, Any] | None]
    event_seq: Mapped[int]
    head_version: Mapped[int]
    head: Mapped[bytes | None]


class TerminalKeyRow(Base):
    """A device key. `state`: active; pending (renewed, not used yet); retired (the new one has been used)."""

    __tablename__ = "terminal_keys"
    kid: Mapped[str] = mapped_column(KID, primary_key=True)
    terminal_id: Mapped[str] = mapped_column(ForeignKey("terminals.id"))
    x: Mapped[bytes]
    y: Mapped[bytes]
    credential: Mapped[bytes]
    expires_at: Mapped[int]
    state: Mapped[str] = mapped_column(String(8))


class RequestNonceRow(Base):
    """A nonce that a signed request has used up; forgotten once no request of its time is taken any more."""

    __tablename__ = "request_nonces"
    kid: Mapped[str] = mapped_column(KID, primary_key=True)
    nonce: Mapped[str] = mapped_column(String(22), primary_key=True)
    seen_at: Mapped[int] = mapped_column(index=True)


class DocumentRow(Base):
    """A signed document of the backend, for one terminal; versions only rise."""

    __tablename__ = "documents"
    terminal_id: Mapped[str] = mapped_column(ForeignKey("terminals.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    issued_at: Mapped[int]
    not_after: Mapped[int]
    content: Mapped[dict[str, Any]]
    raw: Mapped[bytes]


class DenylistRow(Base):
    """One change of the denylist; its version is its place in the order of changes."""

    __tablename__ = "denylist"
    version: Mapped[int] = mapped_column(primary_key=True)
    kid: Mapped[str] = mapped_column(KID, index=True)
    listed: Mapped[bool]
    why: Mapped[str] = mapped_column(String(200))
    at: Mapped[int]


class AccountRow(Base):
    """A shopper. `offline_total`: what all credentials together may promise offline, minor units of CNY."""

    __tablename__ = "accounts"
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    languages: Mapped[list[Any]]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[int]
    offline_total: Mapped[int]
    offline_merchants: Mapped[list[Any]]
    offline_frozen_at: Mapped[int | None]


class WalletCredentialRow(Base):
    """A wallet key with its credential. `allowance`: what this one may promise offline; 0: online only."""

    __tablename__ = "wallet_credentials"
    kid: Mapped[str] = mapped_column(KID, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    merchant_id: Mapped[str | None] = mapped_column(String(16))
    credential: Mapped[bytes]
    issued_at: Mapped[int]
    expires_at: Mapped[int]
    allowance: Mapped[int]
    last_used_at: Mapped[int | None]


class WalletCounterRow(Base):
    """Which authorisation a wallet's counter was used for; a second one proves a copied key."""

    __tablename__ = "wallet_counters"
    kid: Mapped[str] = mapped_column(KID, primary_key=True)
    counter: Mapped[int] = mapped_column(Uint64, primary_key=True)
    authorisation_digest: Mapped[bytes]


class TerminalCounterRow(Base):
    """Which intent a terminal's counter was used for; a second one means a restored SD card."""

    __tablename__ = "terminal_counters"
    terminal_id: Mapped[str] = mapped_column(ForeignKey("terminals.id"), primary_key=True)
    epoch: Mapped[int] = mapped_column(Uint64, primary_key=True)
    counter: Mapped[int] = mapped_column(Uint64, primary_key=True)
    intent_id: Mapped[str] = mapped_column(String(36))


class SpentVoucherRow(Base):
    """A voucher that a booked payment has used up."""

    __tablename__ = "spent_vouchers"
    voucher_id: Mapped[str] = mapped_column(String(22), primary_key=True)
    intent_id: Mapped[str] = mapped_column(String(36))


class IntentRow(Base):
    """An intent, for ever. `content_digest` covers its protected header and payload, never its signature.

    `status`: created, held, approved, declined, cancelled, expired; `claimed` is `claimed_until` in the future.
    """

    __tablename__ = "intents"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    terminal_id: Mapped[str] = mapped_column(ForeignKey("terminals.id"))
    epoch: Mapped[int] = mapped_column(Uint64)
    counter: Mapped[int] = mapped_column(Uint64)
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    issued_at: Mapped[int]
    lifetime_s: Mapped[int]
    purpose: Mapped[int]
    online: Mapped[bool]
    reference: Mapped[str | None] = mapped_column(String(32))
    presentation: Mapped[bytes]
    content_digest: Mapped[bytes]
    created_at: Mapped[int]
    status: Mapped[str] = mapped_column(String(10), index=True)
    code: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[int | None]
    claimed_by: Mapped[str | None] = mapped_column(String(16))
    claimed_until: Mapped[int | None]
    expires_at: Mapped[int]
    """End of its life; a payment request (代付) moves it."""
    payment_requested_at: Mapped[int | None]
    cancel_answer: Mapped[str | None] = mapped_column(String(10))
    cancel_reason: Mapped[str | None] = mapped_column(String(24))

    @property
    def payable_until(self) -> int:
        """The last second in which somebody could pay it."""
        return self.expires_at + LATE_S


class PaymentRow(Base):
    """One authorisation of an intent with its verdict, or one payment by the page (then without a digest).

    At most one of an intent is booked: the partial unique index says so. `total`: authorised; `taken`: really taken.
    """

    __tablename__ = "payments"
    __table_args__ = (
        UniqueConstraint("intent_id", "authorisation_digest"),
        Index(
            "one_booked_payment_an_intent",
            "intent_id",
            unique=True,
            sqlite_where=text("status = 'approved'"),
            postgresql_where=text("status = 'approved'"),
        ),
        CheckConstraint("taken >= 0 AND refunded >= 0 AND refunded <= taken", name="captured_at_least_refunded"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    intent_id: Mapped[str] = mapped_column(ForeignKey("intents.id"), index=True)
    terminal_id: Mapped[str] = mapped_column(ForeignKey("terminals.id"))
    authorisation_digest: Mapped[bytes | None]
    way: Mapped[str] = mapped_column(String(8))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    wallet_kid: Mapped[str | None] = mapped_column(KID)
    purse_id: Mapped[str | None] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(12))
    code: Mapped[str] = mapped_column(String(40))
    reason: Mapped[int | None]
    amount: Mapped[int]
    total: Mapped[int]
    tip: Mapped[int]
    taken: Mapped[int]
    refunded: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    accepted_offline: Mapped[bool]
    authorised_at: Mapped[int]
    occurred_at: Mapped[int]
    decided_at: Mapped[int]
    business_date: Mapped[str] = mapped_column(String(10), index=True)
    receipt: Mapped[bytes | None]
    receipt_token: Mapped[str | None] = mapped_column(String(22), unique=True)
    receipt_url: Mapped[str | None] = mapped_column(String(300))
    lines: Mapped[list[Any]]
    cards: Mapped[list[Any]]
    payer_display: Mapped[str | None] = mapped_column(String(80))
    membership_shown: Mapped[bool]
    vouchers: Mapped[list[Any]]
    held_until: Mapped[int | None] = mapped_column(index=True)
    held_outcome: Mapped[str | None] = mapped_column(String(10))
    borne_by: Mapped[str | None] = mapped_column(String(10))
    guaranteed: Mapped[int]
    knows_dues: Mapped[bool] = mapped_column(default=False)
    """Whether its terminal said, when it sent it, that it knows dues."""
    answers: Mapped[int]
    """How often its verdict was asked for; only money for testing looks at it."""
    settled_on: Mapped[str | None] = mapped_column(String(10))


class RefundRow(Base):
    """Money on its way back, under the terminal's own id. `requested` None: all that is still captured."""

    __tablename__ = "refunds"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    terminal_id: Mapped[str] = mapped_column(ForeignKey("terminals.id"))
    intent_id: Mapped[str] = mapped_column(ForeignKey("intents.id"), index=True)
    requested: Mapped[int | None]
    amount: Mapped[int]
    reason: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(8))
    at: Mapped[int]
    business_date: Mapped[str] = mapped_column(String(10), index=True)
    fails_at: Mapped[int | None] = mapped_column(index=True)
    settled_on: Mapped[str | None] = mapped_column(String(10))


class SettlementRow(Base):
    """A business date that has been run for a merchant."""

    __tablename__ = "settlements"
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    business_date: Mapped[str] = mapped_column(String(10), primary_key=True)
    run_at: Mapped[int]


class LedgerAccountRow(Base):
    """An account of the ledger in one currency; a shopper's or a purse's is never below zero."""

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        UniqueConstraint("kind", "owner", "currency"),
        CheckConstraint("kind NOT IN ('shopper', 'purse') OR balance >= 0", name="shoppers_have_no_credit"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    owner: Mapped[str] = mapped_column(String(16))
    currency: Mapped[str] = mapped_column(String(3))
    balance: Mapped[int]


class PostingRow(Base):
    """One booking; its entries add up to zero."""

    __tablename__ = "postings"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    intent_id: Mapped[str | None] = mapped_column(String(36), index=True)
    at: Mapped[int]


class EntryRow(Base):
    """What one posting adds to one account (negative: takes from it)."""

    __tablename__ = "entries"
    id: Mapped[int] = mapped_column(primary_key=True)
    posting_id: Mapped[int] = mapped_column(ForeignKey("postings.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_accounts.id"), index=True)
    amount: Mapped[int]


class EventRow(Base):
    """One event for a terminal; `seq` counts from 1 per terminal, in the order of commits."""

    __tablename__ = "events"
    terminal_id: Mapped[str] = mapped_column(ForeignKey("terminals.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    data: Mapped[dict[str, Any]]
    at: Mapped[int]


class AlarmRow(Base):
    """Something an operator must see to."""

    __tablename__ = "alarms"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    terminal_id: Mapped[str | None] = mapped_column(String(12))
    detail: Mapped[dict[str, Any]]
    at: Mapped[int]
