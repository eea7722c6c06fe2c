# SPDX-License-Identifier: Apache-2.0
"""The record of what operators changed, or tried to: a row for each changing call.

A row is written before its call begins, in a transaction of its own, and gets the status of the answer afterwards. So
no call that succeeded is without one: where the process ends between the two, the row stands without a status.

It says nothing secret: `body_of` leaves PINs, tokens and the like out. Source: backend API, *Record of changes*.

Tests: tests/sandbox/backend/operators/test_changes.py
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from sandbox.backend.records.tables import ChangeRow, OperatorRow

BODY_MOST = 4_096
"""Characters of a body that is kept; of a longer one its SHA-256 is."""
READ_MOST = 2 * 1024 * 1024
"""Bytes of a body that is looked into; only an import's is longer, and that is sealed."""
KEPT_S = 400 * 86_400
KEPT_LEAST = 10_000
"""As old as `KEPT_S` a row goes, unless it is among so many that came last: neither a flood nor a wrong clock clears
the record.
"""
_PATH_MOST = 200
_SECRET = ("pin", "token", "secret", "password")
_LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class Body:
    """What is kept of a request's body: JSON without secrets, or of a long one its hash."""

    text: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A row, and the name of its operator."""

    row: ChangeRow
    name: str


def begin(session: Session, operator_id: str, method: str, path: str, body: Body, now: int) -> int:
    """Write down a call that is about to begin; returns the number of its row. Rows that are old enough go."""
    row = ChangeRow(
        operator_id=operator_id,
        at=now,
        method=method,
        path=path[:_PATH_MOST],
        body=body.text,
        body_sha256=body.sha256,
    )
    session.add(row)
    session.flush()
    session.execute(delete(ChangeRow).where(ChangeRow.at < now - KEPT_S, ChangeRow.id <= row.id - KEPT_LEAST))
    return row.id


def end(session: Session, change_id: int, status: int) -> None:
    """The call was answered."""
    session.execute(update(ChangeRow).where(ChangeRow.id == change_id).values(status=status))


def newest(session: Session, before: int | None, limit: int) -> Sequence[Change]:
    """The rows before number `before`, or the last ones; the newest first."""
    query = (
        select(ChangeRow, OperatorRow.name)
        .join(OperatorRow, OperatorRow.id == ChangeRow.operator_id)
        .order_by(ChangeRow.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(ChangeRow.id < before)
    return [Change(row, name) for row, name in session.execute(query)]


def body_of(raw: bytes) -> Body:
    """What is kept of a body. Of one that is no JSON, nothing: what is secret in it cannot be told."""
    if not raw:
        return Body()
    if len(raw) > READ_MOST:
        return Body(sha256=hashlib.sha256(raw).hexdigest())
    try:
        said = json.loads(raw, parse_constant=_refuse)
        text = json.dumps(_without_secrets(said), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        encoded = text.encode()
    except (ValueError, RecursionError):
        return Body()
    return Body(text=text) if len(text) <= BODY_MOST else Body(sha256=hashlib.sha256(encoded).hexdigest())


def _without_secrets(said: Any) -> Any:
    match said:
        case dict():
            return {name: _LEFT_OUT if _is_secret(name) else _without_secrets(value) for name, value in said.items()}
        case list():
            return [_without_secrets(value) for value in said]
        case _:
            return said


def _is_secret(name: str) -> bool:
    """Also a member that is none of ours, such as a PIN under a mistyped name: its call is refused, its row stays."""
    return any(word in name.casefold() for word in _SECRET)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
