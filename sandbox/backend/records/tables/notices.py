# SPDX-License-Identifier: Apache-2.0
"""The tables of events for terminals, and of alarms and reviews for operators.

Tests: tests/sandbox/backend/records/test_tables.py
"""

from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sandbox.backend.records.tables.base import Base, stored
from sandbox.backend.records.tables.states import AlarmKind, EventKind, HeldBecause, ReviewKind, ReviewState


class EventRow(Base):
    """One event for a terminal; `seq` counts from 1 per terminal, in the order of commits."""

    __tablename__ = "events"
    terminal_id: Mapped[str] = mapped_column(ForeignKey("terminals.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[EventKind] = mapped_column(stored(EventKind, 12))
    data: Mapped[dict[str, Any]]
    at: Mapped[int]


class AlarmRow(Base):
    """Something an operator must see to; `times`: how often it came, from `at` to `last_at`."""

    __tablename__ = "alarms"
    __table_args__ = (Index("alarms_to_be_seen", "terminal_id", "kind", "seen_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[AlarmKind] = mapped_column(stored(AlarmKind, 40))
    terminal_id: Mapped[str | None] = mapped_column(String(12))
    detail: Mapped[dict[str, Any]]
    at: Mapped[int]
    times: Mapped[int]
    last_at: Mapped[int]
    seen_at: Mapped[int | None]


class ReviewRow(Base):
    """An order of a terminal that waits for a person, or waited: one for each `subject` of its kind, for ever.

    `subject`: the id of what was ordered (a refund's, an intent's); `detail`: what the operator should see of it;
    `caused_by`: the operator whose own call made the review necessary, where that is known.
    """

    __tablename__ = "reviews"
    __table_args__ = (UniqueConstraint("terminal_id", "kind", "subject"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ReviewKind] = mapped_column(stored(ReviewKind, 16))
    terminal_id: Mapped[str] = mapped_column(ForeignKey("terminals.id"), index=True)
    subject: Mapped[str] = mapped_column(String(80))
    why: Mapped[HeldBecause] = mapped_column(stored(HeldBecause, 16))
    detail: Mapped[dict[str, Any]]
    state: Mapped[ReviewState] = mapped_column(stored(ReviewState, 10), index=True)
    asked_at: Mapped[int]
    decided_at: Mapped[int | None]
    decided_by: Mapped[str | None] = mapped_column(String(40))
    caused_by: Mapped[str | None] = mapped_column(String(16))
