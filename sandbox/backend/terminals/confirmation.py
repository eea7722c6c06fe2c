# SPDX-License-Identifier: Apache-2.0
"""Renews the secret behind a terminal's confirmation codes; it is in use once the terminal says that it has it.

Source: backend API, *The confirmation secret*. Pages go on showing codes of the old one until then, so no shopper has a
code that the terminal cannot know.

Tests: tests/sandbox/backend/terminals/test_confirmation.py
"""

import secrets
from dataclasses import dataclass

from sqlalchemy.orm import Session

from pengpos.wire.confirmation_code import SECRET_SIZE
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.cose import Context
from sandbox.backend.kernel.context import Backend
from sandbox.backend.records.tables import TerminalRow

SECRET_LIFE_S = 30 * 86_400
_OFFER_LIFE_S = 72 * 3600


@dataclass(frozen=True, slots=True)
class Offer:
    """`document`: the secret that the terminal is to store, signed; None: none. `in_use`: whose codes pages show."""

    document: bytes | None
    in_use: int


def offer(session: Session, backend: Backend, terminal_id: str, stored_version: int) -> Offer:
    """What a terminal is to store that has this version stored, and thereby says that it takes it; 0: the enrolment's.

    While its key may be in two places no new one is made, given out or put into use: a copy that says that it has the
    next one would leave the true terminal with codes that no page shows.
    """
    now = backend.clock.now()
    terminal = session.get_one(TerminalRow, terminal_id, with_for_update=True)
    if terminal.suspected_at is not None:
        return Offer(None, terminal.secret_version)
    if terminal.next_secret is not None and stored_version == terminal.secret_version + 1:
        terminal.confirmation_secret, terminal.next_secret = terminal.next_secret, None
        terminal.secret_version += 1
        return Offer(None, terminal.secret_version)
    return Offer(_due(backend, terminal, stored_version, now), terminal.secret_version)


def _due(backend: Backend, terminal: TerminalRow, stored_version: int, now: int) -> bytes | None:
    made_at = terminal.created_at if terminal.secret_made_at is None else terminal.secret_made_at
    if terminal.next_secret is None and now >= made_at + SECRET_LIFE_S:
        terminal.next_secret, terminal.secret_made_at = secrets.token_bytes(SECRET_SIZE), now
    if terminal.next_secret is not None:
        return _signed(backend, terminal.id, terminal.secret_version + 1, terminal.next_secret, now)
    if stored_version < terminal.secret_version:  # an older copy of its card
        return _signed(backend, terminal.id, terminal.secret_version, terminal.confirmation_secret, now)
    return None


def _signed(backend: Backend, terminal_id: str, version: int, secret: bytes, now: int) -> bytes:
    return backend.issuer.document(
        Context.CONFIRMATION,
        terminal_id=terminal_id,
        version=version,
        now=now,
        not_after=now + _OFFER_LIFE_S,
        content={"secret": b64u(secret)},
    )
