# SPDX-License-Identifier: Apache-2.0
"""The tables of events for terminals and alarms for operators.

Tests: tests/sandbox/backend/records/test_tables.py
"""

from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from sandbox.backend.records.tables.base import Base, stored
from sandbox.backend.records.tables.states import AlarmKind, EventKind


class EventRow(Base):
    """One event for a terminal; `seq` counts from 1 per terminal, in the order of commits."""

    __tablename__ = "events"
    terminal_id: Mapped[str] = mapped_column(ForeignKey("terminals.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[EventKind] = mapped_column(stored(EventKind, 12))
    data: Mapped[dict[str, Any]]
    at: Mapped[int]


class AlarmRow(Base):
    """Something an operator must see to."""

    __tablename__ = "alarms"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[AlarmKind] = mapped_column(stored(AlarmKind, 40))
    terminal_id: Mapped[str | None] = mapped_column(String(12))
    detail: Mapped[dict[str, Any]]
    at: Mapped[int]
