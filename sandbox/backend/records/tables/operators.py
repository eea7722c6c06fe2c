# SPDX-License-Identifier: Apache-2.0
"""The tables of who runs the backend, and of what they changed.

Tests: tests/sandbox/backend/records/test_tables.py
"""

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from sandbox.backend.records.tables.base import Base, stored
from sandbox.backend.records.tables.states import BackendRole

_PRESENT = text("removed_at IS NULL")


class OperatorRow(Base):
    """A person who runs the backend, or did: kept for ever, so that what they changed names them.

    `token_hash`: SHA-256 of the bearer token, hexadecimal. Of those present each has a name of its own.
    """

    __tablename__ = "operators"
    __table_args__ = (
        Index("operators_present", "name", unique=True, sqlite_where=_PRESENT, postgresql_where=_PRESENT),
    )
    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    role: Mapped[BackendRole] = mapped_column(stored(BackendRole, 10))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[int]
    removed_at: Mapped[int | None]


class ChangeRow(Base):
    """A changing call of an operator. `status`: the HTTP status of its answer; None: it is under way, or never ended.

    `body`: JSON without secrets; None where there was none, where it is long (then its SHA-256 in hexadecimal) or not
    read.
    """

    __tablename__ = "changes"
    id: Mapped[int] = mapped_column(primary_key=True)
    operator_id: Mapped[str] = mapped_column(ForeignKey("operators.id"))
    at: Mapped[int] = mapped_column(index=True)
    method: Mapped[str] = mapped_column(String(8))
    path: Mapped[str] = mapped_column(String(200))
    status: Mapped[int | None]
    body: Mapped[str | None] = mapped_column(Text)
    body_sha256: Mapped[str | None] = mapped_column(String(64))
