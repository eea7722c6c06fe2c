# SPDX-License-Identifier: Apache-2.0
"""The tables of merchants and their stores, and the business dates that were settled for them.

Tests: tests/sandbox/backend/records/test_tables.py
"""

from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from sandbox.backend.records.tables.base import Base


class MerchantRow(Base):
    """A company that sells. `day_starts_hour`: local hour at which its business date begins.

    `version` rises with every change by the mapper: what was read of it before is true as long as it is the same.
    """

    __tablename__ = "merchants"
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    currency: Mapped[str] = mapped_column(String(3))
    timezone: Mapped[str] = mapped_column(String(40))
    day_starts_hour: Mapped[int]
    config: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # as SQLAlchemy has it, and its types want it


class StoreRow(Base):
    """A place of a merchant; its `config` overrides the merchant's, a terminal's overrides both."""

    __tablename__ = "stores"
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    name: Mapped[str] = mapped_column(String(40))
    config: Mapped[dict[str, Any]]


class SettlementRow(Base):
    """A business date that has been run for a merchant."""

    __tablename__ = "settlements"
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"), primary_key=True)
    business_date: Mapped[str] = mapped_column(String(10), primary_key=True)
    run_at: Mapped[int]
