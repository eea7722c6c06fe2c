# SPDX-License-Identifier: Apache-2.0
"""The tables of the ledger's accounts, postings and entries.

Tests: tests/sandbox/backend/records/test_tables.py
"""

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sandbox.backend.records.tables.base import Base, stored
from sandbox.backend.records.tables.states import AccountKind, PostingKind


class LedgerAccountRow(Base):
    """An account of the ledger in one currency; a shopper's or a purse's is never below zero."""

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        UniqueConstraint("kind", "owner", "currency"),
        CheckConstraint("kind NOT IN ('shopper', 'purse') OR balance_minor >= 0", name="shoppers_have_no_credit"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[AccountKind] = mapped_column(stored(AccountKind, 12))
    owner: Mapped[str] = mapped_column(String(16))
    currency: Mapped[str] = mapped_column(String(3))
    balance_minor: Mapped[int]


class PostingRow(Base):
    """One booking; its entries add up to zero."""

    __tablename__ = "postings"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[PostingKind] = mapped_column(stored(PostingKind, 20))
    intent_key: Mapped[str | None] = mapped_column(String(36), index=True)
    at: Mapped[int]


class EntryRow(Base):
    """What one posting adds to one account (negative: takes from it)."""

    __tablename__ = "entries"
    id: Mapped[int] = mapped_column(primary_key=True)
    posting_id: Mapped[int] = mapped_column(ForeignKey("postings.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_accounts.id"), index=True)
    amount_minor: Mapped[int]
