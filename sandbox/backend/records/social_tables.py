# SPDX-License-Identifier: Apache-2.0
"""The tables of what shoppers do with each other and with shops: vouchers, memberships, purses, 代付, AA, dues."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from sandbox.backend.records.tables import Base


class VoucherRow(Base):
    """Money off at one merchant, for one account; whether it is spent is in `spent_vouchers`."""

    __tablename__ = "vouchers"
    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    value: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    minimum: Mapped[int]
    not_before: Mapped[int]
    not_after: Mapped[int]
    given_back_for: Mapped[str | None] = mapped_column(String(36), index=True)
    """The intent whose refund it was given for."""


class MembershipRow(Base):
    """An account's membership of one merchant, under an id that no other merchant knows."""

    __tablename__ = "memberships"
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    member_id: Mapped[str] = mapped_column(String(22), unique=True)
    joined_at: Mapped[int]


class PurseRow(Base):
    """小荷包: a purse that several accounts pay from. `budget`: the most that may be spent from it; None: all."""

    __tablename__ = "purses"
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    budget: Mapped[int | None]


class PurseMemberRow(Base):
    """Who may pay from a purse. `chosen_at`: the purse chosen last is the one that a tap means by funding 1."""

    __tablename__ = "purse_members"
    purse_id: Mapped[str] = mapped_column(ForeignKey("purses.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    chosen_at: Mapped[int]


class PaymentRequestRow(Base):
    """代付: a shopper asks a friend to pay an intent. `state`: open, accepted, refused."""

    __tablename__ = "payment_requests"
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    intent_id: Mapped[str] = mapped_column(ForeignKey("intents.id"), index=True)
    asker_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    friend_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    state: Mapped[str] = mapped_column(String(8))
    at: Mapped[int]


class SplitRow(Base):
    """AA: a bill in shares; it only groups, each share is an intent of its own."""

    __tablename__ = "splits"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    terminal_id: Mapped[str] = mapped_column(ForeignKey("terminals.id"))
    total: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    shares: Mapped[list[Any]]


class DueRow(Base):
    """What an offline payment that was declined at sync left to pay: at most one an intent, for ever.

    `state`: open, paid, refused, withdrawn. `amount`: what is asked, or was paid; `to_guarantor` of it went back to the
    guarantee, the rest to the merchant. `refunded`: what the merchant has given back since.
    """

    __tablename__ = "dues"
    __table_args__ = (
        CheckConstraint("amount >= 0 AND to_guarantor >= 0 AND to_guarantor <= amount", name="due_is_shared_out"),
        CheckConstraint("refunded >= 0 AND refunded <= amount", name="due_at_least_refunded"),
        CheckConstraint("state = 'paid' OR (refunded = 0 AND to_guarantor = 0)", name="only_a_paid_due_moves_money"),
    )
    intent_id: Mapped[str] = mapped_column(ForeignKey("intents.id"), primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"))
    terminal_id: Mapped[str] = mapped_column(ForeignKey("terminals.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    amount: Mapped[int]
    to_guarantor: Mapped[int]
    refunded: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(10))
    asked_at: Mapped[int]
    decided_at: Mapped[int | None]
    business_date: Mapped[str | None] = mapped_column(String(10), index=True)
    """The day it was paid on."""
    settled_on: Mapped[str | None] = mapped_column(String(10))
