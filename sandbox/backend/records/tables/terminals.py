# SPDX-License-Identifier: Apache-2.0
"""The tables of terminals, their keys, their signed requests and the documents signed for them.

Tests: tests/sandbox/backend/records/test_tables.py
"""

from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from sandbox.backend.records.tables.base import KID, Base, stored
from sandbox.backend.records.tables.states import TerminalKeyState


class ActivationCodeRow(Base):
    """A code that enrols one key; kept after use, so that the same code and key give the same answer.

    `for_kid`: the one key it is for, where the operator named it. `misused_at`: when another key first came with it.
    """

    __tablename__ = "activation_codes"
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    store_id: Mapped[str] = mapped_column(ForeignKey("stores.id"))
    expires_at: Mapped[int]
    for_kid: Mapped[str | None] = mapped_column(KID)
    misused_at: Mapped[int | None]
    used_by_kid: Mapped[str | None] = mapped_column(KID)
    answer: Mapped[dict[str, Any] | None]


class TerminalRow(Base):
    """A terminal. `head_version`, `head`: the newest journal head we signed; `event_seq`: its newest event.

    `locked_at`: since when it is to sell nothing; `restart_asked_at`, `diagnose_asked_at`: when that was ordered last.
    `suspected_at`: since when its key may be in two places, until a person says otherwise. `next_epoch`: that of a
    journal which a person has let follow the known one; text, for it has up to 64 bits. `streams`: the processes that
    have opened its event stream, as they name themselves, and when each listened last; the latest last.
    """

    __tablename__ = "terminals"
    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    merchant_id: Mapped[str] = mapped_column(ForeignKey("merchants.id"))
    store_id: Mapped[str] = mapped_column(ForeignKey("stores.id"))
    created_at: Mapped[int]
    hardware: Mapped[dict[str, Any]]
    software_version: Mapped[str] = mapped_column(String(80))
    confirmation_secret: Mapped[bytes]
    secret_version: Mapped[int] = mapped_column(default=0)
    secret_made_at: Mapped[int | None]
    next_secret: Mapped[bytes | None]
    """Offered to the terminal, which has not yet said that it has it."""
    config: Mapped[dict[str, Any]]
    revoked_at: Mapped[int | None]
    revoked_by: Mapped[str | None] = mapped_column(String(16))
    """The operator who did it."""
    suspected_at: Mapped[int | None]
    last_seen_at: Mapped[int | None]
    last_heartbeat: Mapped[dict[str, Any] | None]
    event_seq: Mapped[int]
    head_version: Mapped[int]
    head: Mapped[bytes | None]
    locked_at: Mapped[int | None] = mapped_column(default=None)
    restart_asked_at: Mapped[int | None] = mapped_column(default=None)
    diagnose_asked_at: Mapped[int | None] = mapped_column(default=None)
    next_epoch: Mapped[str | None] = mapped_column(String(20))
    streams: Mapped[list[tuple[str, int]] | None] = mapped_column(JSON)


class TerminalKeyRow(Base):
    """A device key of a terminal, with its credential."""

    __tablename__ = "terminal_keys"
    kid: Mapped[str] = mapped_column(KID, primary_key=True)
    terminal_id: Mapped[str] = mapped_column(ForeignKey("terminals.id"))
    x: Mapped[bytes]
    y: Mapped[bytes]
    credential: Mapped[bytes]
    expires_at: Mapped[int]
    state: Mapped[TerminalKeyState] = mapped_column(stored(TerminalKeyState, 8))


class RequestNonceRow(Base):
    """A nonce that a signed request has used up; forgotten once no request of its time is taken any more."""

    __tablename__ = "request_nonces"
    kid: Mapped[str] = mapped_column(KID, primary_key=True)
    nonce: Mapped[str] = mapped_column(String(22), primary_key=True)
    seen_at: Mapped[int] = mapped_column(index=True)


class DocumentRow(Base):
    """A signed document of the backend, for one terminal; versions only rise."""

    __tablename__ = "documents"
    terminal_id: Mapped[str] = mapped_column(ForeignKey("terminals.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    issued_at: Mapped[int]
    not_after: Mapped[int]
    content: Mapped[dict[str, Any]]
    raw: Mapped[bytes]


class DenylistRow(Base):
    """One change of the denylist; its version is its place in the order of changes."""

    __tablename__ = "denylist"
    version: Mapped[int] = mapped_column(primary_key=True)
    kid: Mapped[str] = mapped_column(KID, index=True)
    listed: Mapped[bool]
    why: Mapped[str] = mapped_column(String(200))
    at: Mapped[int]
