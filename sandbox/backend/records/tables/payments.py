# SPDX-License-Identifier: Apache-2.0
"""The tables of intents, payments, refunds and dues.

Tests: tests/sandbox/backend/records/test_tables.py
"""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    literal_column,
)
from sqlalchemy.orm import Mapped, mapped_column

from pengpos.core.times import LATE_PAYMENT_S
from sandbox.backend.records.tables.base import KID, Base, Uint64, index_where, stored
from sandbox.backend.records.tables.states import (
    BorneBy,
    CancelOutcome,
    CancelReason,
    DueState,
    HoldOutcome,
    IntentStatus,
    PaymentStatus,
    PaymentWay,
    RefundState,
)


class IntentRow(Base):
    """An intent, for ever. `content_digest` covers its protected header and payload, never its signature.

    An intent id is its terminal's own: another terminal's same id is another row. `key` tells them apart and is what
    other tables refer to; `records.ids` has its form.
    """

    __tablename__ = "intents"
    __table_args__ = (
        Index("one_intent_a_terminal_and_id", "intent_id", "terminal_id", unique=True),
        index_where("open_intents", "status = 'created'", "expires_at"),
        index_where("intents_that_gave_back", "gave_back_at IS NOT NULL", "terminal_id", "gave_back_at"),
    )
    key: Mapped[str] = mapped_column(String(36), primary_key=True)
    intent_id: Mapped[str] = mapped_column(String(36))
    terminal_id: Mapped[str] = mapped_column(ForeignKey("terminals.id"))
    epoch: Mapped[int] = mapped_column(Uint64)
    counter: Mapped[int] = mapped_column(Uint64)
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    issued_at: Mapped[int]
    lifetime_s: Mapped[int]
    purpose: Mapped[int]
    online: Mapped[bool]
    reference: Mapped[str | None] = mapped_column(String(32))
    number: Mapped[str | None] = mapped_column(String(16))
    """What its terminal calls the sale, where it has said so."""
    presentation: Mapped[bytes]
    content_digest: Mapped[bytes]
    created_at: Mapped[int]
    status: Mapped[IntentStatus] = mapped_column(stored(IntentStatus, 10))
    code: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[int | None]
    claimed_by: Mapped[str | None] = mapped_column(String(16))
    """Whose claim ends last; others of it may last beside it."""
    claimed_until: Mapped[int | None]
    expires_at: Mapped[int]
    """End of its life; a payment request (代付) moves it."""
    payment_requested_at: Mapped[int | None]
    cancel_answer: Mapped[CancelOutcome | None] = mapped_column(stored(CancelOutcome, 10))
    cancel_reason: Mapped[CancelReason | None] = mapped_column(stored(CancelReason, 24))
    gave_back_minor: Mapped[int | None]
    """What its cancel gave back or took off what is owed, without a person; `gave_back_at`: when."""
    gave_back_at: Mapped[int | None]

    @property
    def sale_number(self) -> str:
        """What both sides of the counter call the sale: as its terminal says, else as it numbers a first try."""
        return self.number or f"{self.terminal_id.rsplit('-', 1)[-1][-4:]}-{self.counter:04d}"

    @property
    def payable_until(self) -> int:
        """The last second in which it may be paid."""
        return self.expires_at + LATE_PAYMENT_S

    @classmethod
    def is_open(cls) -> ColumnElement[bool]:
        """Whether its status is `created`, as a condition of a query; as the index says it, else that is of no use."""
        return cls.status == literal_column("'created'")

    @classmethod
    def payable_before(cls, now: int) -> ColumnElement[bool]:
        """Whether the last second in which an intent could be paid is before `now`, as a condition of a query."""
        return cls.expires_at < now - LATE_PAYMENT_S


class TerminalCounterRow(Base):
    """Which intent a terminal's counter was used for; a second one means a restored SD card."""

    __tablename__ = "terminal_counters"
    terminal_id: Mapped[str] = mapped_column(ForeignKey("terminals.id"), primary_key=True)
    epoch: Mapped[int] = mapped_column(Uint64, primary_key=True)
    counter: Mapped[int] = mapped_column(Uint64, primary_key=True)
    intent_id: Mapped[str] = mapped_column(String(36))


class ClaimRow(Base):
    """How often an account has claimed an intent, when last, and until when that claim lasts; None: it was released."""

    __tablename__ = "claims"
    intent_key: Mapped[str] = mapped_column(ForeignKey("intents.key"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True, index=True)
    times: Mapped[int]
    at: Mapped[int]
    lasts_until: Mapped[int | None]
    quoted_at: Mapped[int | None]
    """When it was last told what the bill comes to; as of then it is priced while the claim lasts."""


class PaymentRow(Base):
    """One authorisation of an intent with its verdict, or one payment by the page (then without a digest).

    At most one of an intent is booked: the partial unique index says so. `total_minor`: authorised; `taken_minor`:
    really taken.
    """

    __tablename__ = "payments"
    __table_args__ = (
        UniqueConstraint("intent_key", "authorisation_digest"),
        index_where("one_booked_payment_an_intent", "status = 'approved'", "intent_key", unique=True),
        Index("payments_of_an_account", "account_id", "id"),
        index_where("payments_from_a_purse", "purse_id IS NOT NULL", "purse_id", "id"),
        index_where("payments_to_settle", "settled_on IS NULL", "business_date", "terminal_id"),
        index_where("payments_settled", "settled_on IS NOT NULL", "terminal_id", "settled_on"),
        index_where("payments_borne_by_somebody", "borne_by IS NOT NULL", "terminal_id", "decided_at"),
        index_where("payments_held", "held_until IS NOT NULL", "held_until"),
        CheckConstraint(
            "taken_minor >= 0 AND refunded_minor >= 0 AND refunded_minor <= taken_minor",
            name="captured_at_least_refunded",
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    intent_key: Mapped[str] = mapped_column(ForeignKey("intents.key"))
    """Found by the unique constraint's own index, which begins with it."""
    terminal_id: Mapped[str] = mapped_column(ForeignKey("terminals.id"))
    authorisation_digest: Mapped[bytes | None]
    way: Mapped[PaymentWay] = mapped_column(stored(PaymentWay, 8))
    account_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    wallet_kid: Mapped[str | None] = mapped_column(KID)
    purse_id: Mapped[str | None] = mapped_column(String(16))
    status: Mapped[PaymentStatus] = mapped_column(stored(PaymentStatus, 12))
    code: Mapped[str] = mapped_column(String(40))
    reason: Mapped[int | None]
    amount_minor: Mapped[int]
    total_minor: Mapped[int]
    tip_minor: Mapped[int]
    taken_minor: Mapped[int]
    from_set_aside_minor: Mapped[int] = mapped_column(default=0)
    """How much of `taken_minor` came from what was set aside for its key."""
    refunded_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    accepted_offline: Mapped[bool]
    promised: Mapped[bool] = mapped_column(default=False)
    """Whether its wallet promised it (claim 5)."""
    authorised_at: Mapped[int]
    occurred_at: Mapped[int]
    decided_at: Mapped[int]
    business_date: Mapped[str] = mapped_column(String(10))
    receipt: Mapped[bytes | None]
    receipt_token: Mapped[str | None] = mapped_column(String(22), unique=True)
    receipt_url: Mapped[str | None] = mapped_column(String(300))
    lines: Mapped[list[Any]]
    campaign_key: Mapped[str | None] = mapped_column(String(40))
    """The campaign that one of its lines comes from, where that is counted."""
    cards: Mapped[list[Any]]
    payer_display: Mapped[str | None] = mapped_column(String(80))
    membership_shown: Mapped[bool]
    vouchers: Mapped[list[Any]]
    held_until: Mapped[int | None]
    held_outcome: Mapped[HoldOutcome | None] = mapped_column(stored(HoldOutcome, 10))
    borne_by: Mapped[BorneBy | None] = mapped_column(stored(BorneBy, 10))
    guaranteed_minor: Mapped[int]
    knows_dues: Mapped[bool] = mapped_column(default=False)
    """Whether its terminal said, when it sent it, that it knows dues."""
    imported_by: Mapped[str | None] = mapped_column(String(16))
    """The operator whose import it came by, if it came so."""
    answers: Mapped[int]
    """How often its verdict was asked for; only test amounts look at it."""
    settled_on: Mapped[str | None] = mapped_column(String(10))


class RefundRow(Base):
    """Money on its way back, under the terminal's own id. `requested_minor` None: all that is still captured."""

    __tablename__ = "refunds"
    __table_args__ = (
        Index("refunds_of_a_terminal", "terminal_id", "business_date"),
        index_where("refunds_that_fail", "fails_at IS NOT NULL", "fails_at"),
    )
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    terminal_id: Mapped[str] = mapped_column(ForeignKey("terminals.id"), primary_key=True)
    intent_key: Mapped[str] = mapped_column(ForeignKey("intents.key"), index=True)
    requested_minor: Mapped[int | None]
    amount_minor: Mapped[int]
    reason: Mapped[str] = mapped_column(String(80))
    state: Mapped[RefundState] = mapped_column(stored(RefundState, 8))
    at: Mapped[int]
    lines: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """What it undid of the payment's funded lines, above zero."""
    business_date: Mapped[str] = mapped_column(String(10), index=True)
    fails_at: Mapped[int | None]
    settled_on: Mapped[str | None] = mapped_column(String(10))


class DueRow(Base):
    """What an offline payment that was declined at sync left to pay: at most one an intent, for ever.

    `amount_minor`: what is asked, or was paid; `to_guarantor_minor` of it went back to the guarantee, the rest to the
    merchant. `refunded_minor`: what the merchant has given back since.
    """

    __tablename__ = "dues"
    __table_args__ = (
        Index("dues_of_a_terminal", "terminal_id", "business_date"),
        CheckConstraint(
            "amount_minor >= 0 AND to_guarantor_minor >= 0 AND to_guarantor_minor <= amount_minor",
            name="due_is_shared_out",
        ),
        CheckConstraint("refunded_minor >= 0 AND refunded_minor <= amount_minor", name="due_at_least_refunded"),
        CheckConstraint(
            "state = 'paid' OR (refunded_minor = 0 AND to_guarantor_minor = 0)", name="only_a_paid_due_moves_money"
        ),
    )
    intent_key: Mapped[str] = mapped_column(ForeignKey("intents.key"), primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"))
    terminal_id: Mapped[str] = mapped_column(ForeignKey("terminals.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    amount_minor: Mapped[int]
    to_guarantor_minor: Mapped[int]
    refunded_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[DueState] = mapped_column(stored(DueState, 10))
    asked_at: Mapped[int]
    decided_at: Mapped[int | None]
    business_date: Mapped[str | None] = mapped_column(String(10), index=True)
    """The day it was paid on."""
    settled_on: Mapped[str | None] = mapped_column(String(10))
