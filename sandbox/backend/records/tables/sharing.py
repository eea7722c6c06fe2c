# SPDX-License-Identifier: Apache-2.0
"""The tables of purses, splits and payment requests: money that several people share.

Tests: tests/sandbox/backend/records/test_tables.py
"""

from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from sandbox.backend.records.tables.base import Base, stored
from sandbox.backend.records.tables.states import PaymentRequestState, PurseMemberState


class PurseRow(Base):
    """小荷包: a purse that several accounts pay from. `budget_minor`: the most that may be spent from it; None: all.

    `filled_minor`: all that was ever put in, in whatever currency, as the budget is in none.
    """

    __tablename__ = "purses"
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    budget_minor: Mapped[int | None]
    filled_minor: Mapped[int] = mapped_column(default=0)


class PurseMemberRow(Base):
    """Who may pay from a purse, is asked to, or has left it or said no: that is remembered.

    `chosen_at`: the purse chosen last is the one that a tap means by funding 1. `at`: of the newest change.
    """

    __tablename__ = "purse_members"
    purse_id: Mapped[str] = mapped_column(ForeignKey("purses.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True, index=True)
    chosen_at: Mapped[int]
    state: Mapped[PurseMemberState] = mapped_column(stored(PurseMemberState, 8))
    invited_by: Mapped[str | None] = mapped_column(String(16))
    at: Mapped[int]


class SplitRow(Base):
    """AA: a bill in shares, under the terminal's own id; it only groups, each share is an intent of its own."""

    __tablename__ = "splits"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    terminal_id: Mapped[str] = mapped_column(ForeignKey("terminals.id"), primary_key=True)
    total_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    shares_minor: Mapped[list[Any]]


class PaymentRequestRow(Base):
    """代付: a shopper asks a friend to pay an intent."""

    __tablename__ = "payment_requests"
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    intent_key: Mapped[str] = mapped_column(ForeignKey("intents.key"), index=True)
    asker_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    friend_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    state: Mapped[PaymentRequestState] = mapped_column(stored(PaymentRequestState, 8))
    at: Mapped[int]
