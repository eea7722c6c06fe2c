# SPDX-License-Identifier: Apache-2.0
"""The tables of shoppers' accounts, their wallets' credentials and counters.

Tests: tests/sandbox/backend/records/test_tables.py
"""

from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from sandbox.backend.records.tables.base import KID, Base, Uint64


class AccountRow(Base):
    """A shopper. `offline_total_minor`: what all credentials together may promise offline, in CNY."""

    __tablename__ = "accounts"
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    languages: Mapped[list[Any]]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[int]
    offline_total_minor: Mapped[int]
    offline_merchants: Mapped[list[Any]]
    offline_frozen_at: Mapped[int | None]


class WalletCredentialRow(Base):
    """A wallet key with its newest credential. `allowance_minor`: what it may promise offline; 0: online only.

    `claimable_until`: the last second in which something that it promised may still be taken. Until then its money is
    set aside; None: nothing is, or it has been given back. `vouched_by`: the key that said that this one is the owner's
    (an account's first key: itself), and so may speak for the account too; None: it pays, no more. `blocked_at`: since
    when it does not even that, because its account's owner does not know it.
    """

    __tablename__ = "wallet_credentials"
    kid: Mapped[str] = mapped_column(KID, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    merchant_id: Mapped[str | None] = mapped_column(String(16))
    credential: Mapped[bytes]
    issued_at: Mapped[int]
    expires_at: Mapped[int]
    allowance_minor: Mapped[int]
    claimable_until: Mapped[int | None] = mapped_column(index=True)
    last_used_at: Mapped[int | None]
    vouched_by: Mapped[str | None] = mapped_column(KID)
    blocked_at: Mapped[int | None]


class WalletCounterRow(Base):
    """Which authorisation a wallet's counter was used for; a second one proves a copied key."""

    __tablename__ = "wallet_counters"
    kid: Mapped[str] = mapped_column(KID, primary_key=True)
    counter: Mapped[int] = mapped_column(Uint64, primary_key=True)
    authorisation_digest: Mapped[bytes]
