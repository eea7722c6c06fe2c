# SPDX-License-Identifier: Apache-2.0
"""Makes and removes operators, finds one by the bearer token, and says which role may do what.

The first one is `root`: the token that the backend's home holds is theirs. Source: backend API, *Operators of the
backend*. Operators of a terminal, with PINs, are settings: `sandbox.backend.terminals.operators`.

Tests: tests/sandbox/backend/operators/test_roster.py
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sandbox.backend.errors import ConflictError, NotFoundError, NotPossibleError, TokenEndedError
from sandbox.backend.kernel import limits
from sandbox.backend.records import ids
from sandbox.backend.records.tables import BackendRole, OperatorRow

ROOT = "root"
"""Id and name of the first operator."""
SHOWN_MOST = 500
_AGAIN_AFTER_S = 60
_TOKEN_SIZE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The operator who calls."""

    operator_id: str
    role: BackendRole


def may(role: BackendRole, needed: BackendRole) -> bool:
    """Whether a role may do what needs another; each may what those before it may."""
    return role in roles_for(needed)


def roles_for(needed: BackendRole) -> tuple[BackendRole, ...]:
    """The roles that may do what needs this one."""
    order = tuple(BackendRole)
    return order[order.index(needed) :]


def keep_root(session: Session, token: str, now: int) -> bool:
    """Let the token of the home be root's; False: root was removed, and stays so until the home has another token."""
    token_hash = ids.token_hash(token)
    root = session.get(OperatorRow, ROOT, with_for_update=True)
    if root is None:
        root = OperatorRow(id=ROOT, name=ROOT, role=BackendRole.ADMIN, token_hash=token_hash, made_at=now)
        session.add(root)
    elif root.token_hash != token_hash:
        root.token_hash, root.made_at, root.removed_at = token_hash, now, None
    return root.removed_at is None


def find(session: Session, token: str) -> Caller | None:
    """Whose token this is; None: it is no present operator's."""
    row = session.scalars(
        select(OperatorRow).where(OperatorRow.token_hash == ids.token_hash(token), OperatorRow.removed_at.is_(None))
    ).one_or_none()
    return None if row is None else Caller(operator_id=row.id, role=row.role)


def check(session: Session, token: str) -> None:
    """Raise TokenEndedError if this is no present operator's token; else nobody removes them before this ends."""
    present = OperatorRow.token_hash == ids.token_hash(token), OperatorRow.removed_at.is_(None)
    held = select(OperatorRow.id).where(*present).with_for_update(read=True, key_share=True)
    if session.scalar(held) is None:
        raise TokenEndedError("the token is no operator's")


def make(session: Session, name: str, role: BackendRole, now: int) -> tuple[OperatorRow, str]:
    """A new operator and the token, which is kept nowhere. Raises ConflictError for a name in use, TooManyError."""
    _lock(session)
    named = select(OperatorRow.id).where(OperatorRow.name == name, OperatorRow.removed_at.is_(None))
    limits.OPERATORS.check(_count(session, OperatorRow.removed_at.is_(None)), retry_after_s=_AGAIN_AFTER_S)
    made = _count(session, OperatorRow.made_at > now - limits.DAY_S)
    limits.OPERATORS_MADE.check(made, retry_after_s=limits.DAY_S)
    if name == ROOT or session.scalar(named) is not None:
        raise ConflictError("a present operator has this name: the record must name one person")
    token = secrets.token_urlsafe(_TOKEN_SIZE)
    row = OperatorRow(id=ids.short_id("O"), name=name, role=role, token_hash=ids.token_hash(token), made_at=now)
    session.add(row)
    session.flush()
    return row, token


def remove(session: Session, operator_id: str, now: int) -> None:
    """Let a token open nothing any more; again, it changes nothing. Raises NotFoundError, NotPossibleError."""
    admins = _lock(session)
    row = session.get(OperatorRow, operator_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFoundError("operator")
    if row.removed_at is not None:
        return
    if list(admins) == [row.id]:
        raise NotPossibleError("last_admin", "this is the last admin who can name operators: make another first")
    row.removed_at = now


def everyone(session: Session) -> Sequence[OperatorRow]:
    """Who is there, then who was, the newest first; at most `SHOWN_MOST`."""
    there_first = OperatorRow.removed_at.is_not(None), OperatorRow.made_at.desc(), OperatorRow.id
    return session.scalars(select(OperatorRow).order_by(*there_first).limit(SHOWN_MOST)).all()


def _lock(session: Session) -> Sequence[str]:
    """The present admins' ids. Who makes or removes anybody waits here for who does so at the same time."""
    present = OperatorRow.role == BackendRole.ADMIN, OperatorRow.removed_at.is_(None)
    return session.scalars(
        select(OperatorRow.id).where(*present).order_by(OperatorRow.id).with_for_update(key_share=True)
    ).all()


def _count(session: Session, *which: object) -> int:
    return session.scalar(select(func.count()).select_from(OperatorRow).where(*which)) or 0  # type: ignore[arg-type]  # SQLAlchemy's conditions
