# SPDX-License-Identifier: Apache-2.0
"""Tells wallets which device keys are of revoked terminals while their credentials run (backend API, documents).

Tests: tests/sandbox/phone/test_revoked.py
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pengpos.wire.encoding.cose import Context
from sandbox.backend.records.tables import TerminalKeyRow, TerminalRow
from sandbox.backend.trust.issuer import Issuer

REVOKED_LIFE_S = 72 * 3600


def signed(session: Session, issuer: Issuer, now: int) -> bytes:
    """The document; its version rises with each terminal that is revoked, for none ever comes back."""
    terminals = session.scalar(select(func.count()).where(TerminalRow.revoked_at.is_not(None))) or 0
    kids = session.scalars(
        select(TerminalKeyRow.kid)
        .join(TerminalRow, TerminalRow.id == TerminalKeyRow.terminal_id)
        .where(TerminalRow.revoked_at.is_not(None), TerminalKeyRow.expires_at > now)
        .order_by(TerminalKeyRow.kid)
    ).all()
    return issuer.document(
        Context.REVOKED,
        terminal_id="*",
        version=terminals + 1,
        now=now,
        not_after=now + REVOKED_LIFE_S,
        content={"kids": list(kids), "signs_promises": True},
    )
