# SPDX-License-Identifier: Apache-2.0
"""Raises alarms for the operator: a counter used twice, a copied key, a journal that went back.

Tests: tests/sandbox/backend/payments/test_payments.py, tests/sandbox/backend/terminals/test_heartbeat.py
"""

from typing import Any

from sqlalchemy.orm import Session

from sandbox.backend.records.tables import AlarmKind, AlarmRow


def raise_alarm(session: Session, kind: AlarmKind, terminal_id: str | None, detail: dict[str, Any], at: int) -> None:
    """Write an alarm in the transaction that found its cause."""
    session.add(AlarmRow(kind=kind, terminal_id=terminal_id, detail=detail, at=at))
