# SPDX-License-Identifier: Apache-2.0
"""Raises alarms for the operator: a counter used twice, a copied key, a journal that went back, an id of two.

The same cause again is counted, not written again; and of one kind no terminal has more than `OPEN_MOST` that nobody
has seen. What comes beyond has one row together, which says that it stands for other causes and how often they came:
so a key that makes alarms without end pushes none out, and no cause is counted under another's name.

Tests: tests/sandbox/backend/kernel/test_alarms.py
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.backend.errors import NotFoundError
from sandbox.backend.records.tables import AlarmKind, AlarmRow

OPEN_MOST = 20
"""Of one kind and terminal, not seen by a person, each with a cause of its own."""
_OTHERS = "other_causes"


def raise_alarm(session: Session, kind: AlarmKind, terminal_id: str | None, detail: dict[str, Any], at: int) -> None:
    """Write an alarm in the transaction that found its cause, or count it with the one that stands for it."""
    session.flush()
    unseen = session.scalars(
        select(AlarmRow)
        .where(AlarmRow.kind == kind, AlarmRow.terminal_id == terminal_id, AlarmRow.seen_at.is_(None))
        .order_by(AlarmRow.id.desc())
        .limit(OPEN_MOST + 1)
    ).all()
    standing = next((row for row in unseen if row.detail == detail), None)
    others = next((row for row in unseen if _OTHERS in row.detail), None)
    if standing is None and len(unseen) - (others is not None) < OPEN_MOST:
        session.add(AlarmRow(kind=kind, terminal_id=terminal_id, detail=detail, at=at, times=1, last_at=at))
        return
    counted = standing or others
    if counted is None or not _is_unseen(session, counted):
        detail = {_OTHERS: 1} if standing is None else detail
        session.add(AlarmRow(kind=kind, terminal_id=terminal_id, detail=detail, at=at, times=1, last_at=at))
        return
    counted.times += 1
    counted.last_at = at
    if counted is others:
        counted.detail = {_OTHERS: counted.times}


def _is_unseen(session: Session, row: AlarmRow) -> bool:
    """Locks an alarm; False if a person has just seen to it: what comes now is a new one."""
    session.refresh(row, with_for_update=True)
    return row.seen_at is None


def see(session: Session, alarm_id: int, now: int) -> None:
    """A person has seen to an alarm: its cause, if it comes again, is a new one. Raises NotFoundError."""
    row = session.get(AlarmRow, alarm_id, with_for_update=True)
    if row is None:
        raise NotFoundError("alarm")
    row.seen_at = row.seen_at or now


def raise_collision(session: Session, kind: str, named: str, *, first: str, second: str, at: int) -> None:
    """Two terminals use one id for an intent, a refund or a split. Each has its own; but chance brings none about.

    Which of them took the other's is not known: the alarm is under the `second` to come, and names both.
    """
    detail = {"kind": kind, "id": named, "terminal_ids": [first, second]}
    raise_alarm(session, AlarmKind.ID_COLLISION, second, detail, at)
