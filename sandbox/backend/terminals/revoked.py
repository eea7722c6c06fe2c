# SPDX-License-Identifier: Apache-2.0
"""Tells wallets which device keys are no terminal's any more while their credentials run (backend API, documents).

Those of revoked terminals, and those that another has taken the place of: a copy of one goes on signing intents.

Tests: tests/sandbox/phone/test_revoked.py
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pengpos.wire.encoding.cose import Context
from sandbox.backend.records.tables import TerminalKeyRow, TerminalKeyState, TerminalRow
from sandbox.backend.trust.issuer import Issuer

REVOKED_LIFE_S = 72 * 3600


def signed(session: Session, issuer: Issuer, now: int) -> bytes:
    """The document; its version rises with each terminal that is revoked and each key replaced: none comes back."""
    terminals = session.scalar(select(func.count()).where(TerminalRow.revoked_at.is_not(None))) or 0
    is_retired = TerminalKeyRow.state == TerminalKeyState.RETIRED
    retired = session.scalar(select(func.count()).where(is_retired)) or 0
    kids = session.scalars(
        select(TerminalKeyRow.kid)
        .join(TerminalRow, TerminalRow.id == TerminalKeyRow.terminal_id)
        .where(TerminalRow.revoked_at.is_not(None) | is_retired, TerminalKeyRow.expires_at > now)
        .order_by(TerminalKeyRow.kid)
    ).all()
    return issuer.document(
        Context.REVOKED,
        terminal_id="*",
        version=terminals + retired + 1,
        now=now,
        not_after=now + REVOKED_LIFE_S,
        content={"kids": list(kids), "signs_promises": True},
    )
