# SPDX-License-Identifier: Apache-2.0
"""Raises alarms for the operator: a counter used twice, a copied key, a journal that went back, an id of two.

Tests: tests/sandbox/backend/payments/test_payments.py, tests/sandbox/backend/terminals/test_heartbeat.py
"""

from typing import Any

from sqlalchemy.orm import Session

from sandbox.backend.records.tables import AlarmKind, AlarmRow


def raise_alarm(session: Session, kind: AlarmKind, terminal_id: str | None, detail: dict[str, Any], at: int) -> None:
    """Write an alarm in the transaction that found its cause."""
    session.add(AlarmRow(kind=kind, terminal_id=terminal_id, detail=detail, at=at))


def raise_collision(session: Session, kind: str, named: str, *, first: str, second: str, at: int) -> None:
    """Two terminals use one id for an intent, a refund or a split. Each has its own; but chance brings none about.

    Which of them took the other's is not known: the alarm is under the `second` to come, and names both.
    """
    detail = {"kind": kind, "id": named, "terminal_ids": [first, second]}
    raise_alarm(session, AlarmKind.ID_COLLISION, second, detail, at)
