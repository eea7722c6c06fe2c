# SPDX-License-Identifier: Apache-2.0
"""The tables of campaigns, vouchers and memberships: what merchants offer shoppers.

Tests: tests/sandbox/backend/records/test_tables.py
"""

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from sandbox.backend.records.tables.base import Base


class CampaignRow(Base):
    """What a campaign has cost; what it is stands in its owner's settings. `key`: its owner's level, id, its own.

    `seed`: what its drawn discounts are drawn by. `day_spent_minor`: of the business date `day`.
    """

    __tablename__ = "campaigns"
    __table_args__ = (
        CheckConstraint(
            "spent_minor >= 0 AND (budget_minor IS NULL OR spent_minor <= budget_minor)", name="within_its_budget"
        ),
    )
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3))
    seed: Mapped[bytes]
    budget_minor: Mapped[int | None]
    spent_minor: Mapped[int]
    per_day_minor: Mapped[int | None]
    day: Mapped[str] = mapped_column(String(10))
    day_spent_minor: Mapped[int]


class CampaignShopperRow(Base):
    """How often a shopper has had a campaign, and at which of their visits last."""

    __tablename__ = "campaign_shoppers"
    __table_args__ = (CheckConstraint("times >= 0", name="given_no_less_than_never"),)
    campaign_key: Mapped[str] = mapped_column(ForeignKey("campaigns.key"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    times: Mapped[int]
    visit: Mapped[int]


class VoucherRow(Base):
    """Money off at one merchant, for one account; whether it is spent is in `spent_vouchers`."""

    __tablename__ = "vouchers"
    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    value_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    minimum_minor: Mapped[int]
    not_before: Mapped[int]
    not_after: Mapped[int]
    given_back_for: Mapped[str | None] = mapped_column(String(36), index=True)
    """The key of the intent whose refund it was given for."""
    given_back_of: Mapped[str | None] = mapped_column(String(22))
    """The voucher that it is a part of, or all."""


class SpentVoucherRow(Base):
    """A voucher that a booked payment has used up."""

    __tablename__ = "spent_vouchers"
    voucher_id: Mapped[str] = mapped_column(String(22), primary_key=True)
    intent_key: Mapped[str] = mapped_column(String(36))


class MembershipRow(Base):
    """An account's membership of one merchant, under an id that no other merchant knows."""

    __tablename__ = "memberships"
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    member_id: Mapped[str] = mapped_column(String(22), unique=True)
    joined_at: Mapped[int]
