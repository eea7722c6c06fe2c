# SPDX-License-Identifier: Apache-2.0
"""Lets a signed request of a terminal in: once, of now, by a key that is good; alone, or in the transaction it causes.

Tests: tests/sandbox/backend/api/test_admission.py
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from pengpos.core.times import CLOCK_TOLERANCE_S
from sandbox.backend.contract.problems import ProblemError
from sandbox.backend.errors import RefusedRequestError, RequestSignatureError, TwoContentsError
from sandbox.backend.kernel import events
from sandbox.backend.kernel.context import Backend
from sandbox.backend.records.database import insert_if_new
from sandbox.backend.records.tables import (
    MerchantRow,
    RequestNonceRow,
    TerminalKeyRow,
    TerminalKeyState,
    TerminalRow,
)
from sandbox.backend.terminals import enrolment
from sandbox.backend.terminals.policy import standing_of
from sandbox.backend.trust.request_signature import Signed

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """The terminal that signed a request. `revoked`: it may still deliver, held for review."""

    terminal_id: str
    kid: str
    nonce: str
    """Of this request."""
    revoked: bool
    standing: str
    """Whether it may sell, in the policy's word."""


def admitted(backend: Backend, signed: Signed) -> Terminal:
    """Admit a request in a transaction of its own. Raises ProblemError 401, RequestSignatureError."""
    with giving_back(backend, signed):
        return backend.db.write(lambda session: _admit(session, backend, signed))


def admit_question(backend: Backend, signed: Signed) -> Terminal:
    """As `admitted`, without a transaction that writes, unless this is the first use of a key.

    What is sent again elsewhere, or after a start, is answered again: to its own nonce, and with nothing changed.
    """
    with giving_back(backend, signed), backend.db.read() as session:
        row = session.get(TerminalKeyRow, signed.keyid)
        is_known = row is not None and row.state is TerminalKeyState.ACTIVE and is_of_now(backend, signed)
        terminal = session.get_one(TerminalRow, row.terminal_id) if row is not None and is_known else None
    if terminal is None:
        return admitted(backend, signed)
    return _as_let_in(terminal, signed)


@contextmanager
def giving_back(backend: Backend, signed: Signed) -> Iterator[None]:
    """A request that is not let in, for whatever has failed but its nonce, may come again as it is."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, ProblemError) or error.code != "nonce_reused":
            backend.nonces.give_back(signed.keyid, signed.nonce)
        raise


def admitted_with(backend: Backend, signed: Signed, work: Callable[[Session, Terminal], T]) -> tuple[Terminal, T]:
    """Admit a request in the transaction of what it asks for. Raises as `admitted` and `work` do.

    What `work` refuses is undone, and the request is admitted all the same: it counts as any other's.
    """

    def both(session: Session) -> tuple[Terminal, T]:
        terminal = _let_in(session, backend, signed)
        events.begin_call(session, terminal.terminal_id)
        try:
            done = work(session, terminal)
        except TwoContentsError:  # what was done before it stays
            events.end_call(session, backend.clock.now())
            raise
        events.end_call(session, backend.clock.now())
        return terminal, done

    with giving_back(backend, signed):
        try:
            return backend.db.write(both)
        except TwoContentsError:
            raise  # with an alarm, and so the request is admitted
        except (ProblemError, RefusedRequestError, DataError) as error:
            refused = error
    admitted(backend, signed)
    raise refused


@contextmanager
def admitted_if_refused(backend: Backend, signed: Signed) -> Iterator[None]:
    """What is refused ahead of its transaction is admitted all the same, and first says so if it may not be."""
    try:
        yield
    except RefusedRequestError:
        admitted(backend, signed)
        raise


def admit_trading(backend: Backend, signed: Signed) -> Terminal:
    """Admit a request of a terminal that is not revoked; raises as every call of a terminal does."""
    return trading(admitted(backend, signed))


def trading(terminal: Terminal) -> Terminal:
    """A terminal that is not revoked; raises ProblemError 403."""
    if terminal.revoked:
        raise ProblemError(403, "revoked", "this terminal has been revoked; it may deliver what it holds, no more")
    return terminal


def _admit(session: Session, backend: Backend, signed: Signed) -> Terminal:
    terminal = _let_in(session, backend, signed)
    session.get_one(TerminalRow, terminal.terminal_id).last_seen_at = backend.clock.now()
    return terminal


def _let_in(session: Session, backend: Backend, signed: Signed) -> Terminal:
    """Raises ProblemError 401, and RequestSignatureError for a key that was retired while it sent a body.

    Until its transaction ends nobody revokes or suspects the terminal: whoever does waits. An order that waits for the
    merchant's account would else be done though the operator has been answered that its key is revoked.
    """
    row, terminal, _ = session.execute(
        select(TerminalKeyRow, TerminalRow, MerchantRow)
        .join(TerminalRow, TerminalRow.id == TerminalKeyRow.terminal_id)
        .join(MerchantRow, MerchantRow.id == TerminalRow.merchant_id)
        .where(TerminalKeyRow.kid == signed.keyid)
        .with_for_update(read=True, key_share=True, of=TerminalRow)  # events go on: they change no key
    ).one()
    if row.state is TerminalKeyState.RETIRED:
        backend.kept.device_keys.drop(signed.keyid)
        raise RequestSignatureError("this key is no terminal's any more")
    check_freshness(session, backend, signed)
    enrolment.note_use(session, signed.keyid)
    return _as_let_in(terminal, signed)


def _as_let_in(terminal: TerminalRow, signed: Signed) -> Terminal:
    return Terminal(
        terminal_id=terminal.id,
        kid=signed.keyid,
        nonce=signed.nonce,
        revoked=terminal.revoked_at is not None,
        standing=standing_of(terminal)[0],
    )


def check_freshness(session: Session, backend: Backend, signed: Signed) -> None:
    """Use a request's nonce up; raises ProblemError 401 where it was used before, or the clocks differ by too much."""
    now = backend.clock.now()
    if not is_of_now(backend, signed):
        more = {"now": backend.issuer.clock(nonce=signed.nonce, now=now), "nonce": signed.nonce}
        raise ProblemError(401, "clock", f"the clocks differ by more than {CLOCK_TOLERANCE_S} s", more)
    if not insert_if_new(session, RequestNonceRow, kid=signed.keyid, nonce=signed.nonce, seen_at=now):
        raise nonce_reused()


def is_of_now(backend: Backend, signed: Signed) -> bool:
    """Whether a request was signed in this minute, more or less."""
    return abs(backend.clock.now() - signed.created) <= CLOCK_TOLERANCE_S


def nonce_reused() -> ProblemError:
    """The answer to a nonce that came before."""
    return ProblemError(401, "nonce_reused", "this nonce came before; sign each attempt anew")
