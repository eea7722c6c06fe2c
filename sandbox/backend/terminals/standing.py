# SPDX-License-Identifier: Apache-2.0
"""Whether a terminal may sell, and what an operator orders of it: revoke, lock, unlock, restart, diagnose.

What is ordered stands in the terminal's policy, which is signed anew at once: a terminal that was offline finds it
there at its next contact, and nobody between it and us can take it away. The event is only a hint to fetch it.

Tests: tests/sandbox/backend/terminals/test_standing.py
"""

from enum import StrEnum

from sqlalchemy.orm import Session

from sandbox.backend.errors import NotFoundError, NotPossibleError
from sandbox.backend.kernel.context import Backend
from sandbox.backend.kernel.events import emit
from sandbox.backend.records.tables import EventKind, TerminalRow
from sandbox.backend.terminals import policy


class CommandKind(StrEnum):
    """What an operator may tell a terminal: the body of the call, and the data of the event."""

    LOCK = "lock"
    UNLOCK = "unlock"
    DIAGNOSE = "diagnose"
    RESTART = "restart"


def revoke(session: Session, backend: Backend, terminal_id: str, by: str) -> None:
    """Revoke a terminal, for good; raises NotFoundError. `by`: the operator, who decides alone of nothing it holds."""
    row = _locked_row(session, terminal_id)
    if row.revoked_at is None:
        row.revoked_by = by
    row.revoked_at = row.revoked_at or backend.clock.now()
    _tell(session, backend, row, CommandKind.LOCK)


def command(session: Session, backend: Backend, terminal_id: str, ordered: CommandKind) -> None:
    """Tell a terminal to do something; raises NotFoundError, NotPossibleError for the lock of a revoked one."""
    row, now = _locked_row(session, terminal_id), backend.clock.now()
    match ordered:
        case CommandKind.LOCK | CommandKind.UNLOCK if row.revoked_at is not None:
            raise NotPossibleError("terminal_revoked", "this terminal has been revoked, for good")
        case CommandKind.LOCK:
            row.locked_at = row.locked_at or now
        case CommandKind.UNLOCK:
            row.locked_at = None
        case CommandKind.RESTART:
            row.restart_asked_at = now
        case CommandKind.DIAGNOSE:
            row.diagnose_asked_at = now
    _tell(session, backend, row, ordered)


def _locked_row(session: Session, terminal_id: str) -> TerminalRow:
    row = session.get(TerminalRow, terminal_id, with_for_update=True)
    if row is None:
        raise NotFoundError("terminal")
    return row


def _tell(session: Session, backend: Backend, row: TerminalRow, ordered: CommandKind) -> None:
    now = backend.clock.now()
    session.flush()
    policy.current(session, backend.issuer, row.id, now)
    emit(session, row.id, EventKind.COMMAND, {"command": ordered.value}, now)
