# SPDX-License-Identifier: Apache-2.0
"""Terminals come into being and renew their credentials (backend API, `POST /enrolments`, `/terminal/credential`)."""

import secrets
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.credential import Merchant
from sandbox.backend.contract import terminal_shapes as shapes
from sandbox.backend.contract.problems import ProblemError, conflict, invalid
from sandbox.backend.kernel.context import Backend
from sandbox.backend.records import ids
from sandbox.backend.records.tables import (
    ActivationCodeRow,
    MerchantRow,
    StoreRow,
    TerminalKeyRow,
    TerminalKeyState,
    TerminalRow,
)
from sandbox.backend.terminals import policy
from sandbox.backend.trust.issuer import TERMINAL_CREDENTIAL_LIFE_S

CODE_LIFE_S = 15 * 60
SECRET_SIZE = 32


@dataclass(frozen=True, slots=True)
class NewCode:
    """An activation code as it is told once; only its hash is stored."""

    code: str
    store_id: str
    expires_at: int


def new_activation_code(session: Session, store_id: str, now: int) -> NewCode:
    """Make a code for a store; raises ProblemError `404`."""
    if session.get(StoreRow, store_id) is None:
        raise ProblemError(404, "not_found", "no such store")
    code = NewCode(ids.activation_code(), store_id, now + CODE_LIFE_S)
    session.add(ActivationCodeRow(code_hash=ids.token_hash(code.code), store_id=store_id, expires_at=code.expires_at))
    return code


def read_jwk(jwk: shapes.Jwk) -> PublicKey:
    """A public key from a request; raises ProblemError `422 bad_key`."""
    try:
        return PublicKey.from_jwk(jwk.model_dump())
    except MalformedError as error:
        raise invalid(f"the public key is not good: {error}", code="bad_key") from error


def check_proof(proof: str, key: PublicKey, payload: str) -> None:
    """A new key proves itself over `payload` (context `credential-request`); raises ProblemError `422 bad_proof`."""
    try:
        signed = Sign1.parse(unb64u(proof))
        signed.verify(key, Context.CREDENTIAL_REQUEST)
    except (MalformedError, SignatureError) as error:
        raise invalid(f"the proof is not good: {error}", code="bad_proof") from error
    if signed.payload != payload.encode():
        raise invalid("the proof is about something else", code="bad_proof")


def enrol(session: Session, backend: Backend, request: shapes.EnrolmentRequest) -> shapes.EnrolmentAnswer:
    """Use an activation code up; the same code with the same key again gives the same answer.

    Raises ProblemError `403 activation_code` for an unknown, expired or used code, `409 conflict` for a key that
    belongs to a terminal already.
    """
    now = backend.clock.now()
    key = read_jwk(request.public_key)
    kid = b64u(key.kid)
    code = session.scalars(
        select(ActivationCodeRow)
        .where(ActivationCodeRow.code_hash == ids.token_hash(request.activation_code.strip().upper()))
        .with_for_update()
    ).one_or_none()
    if code is not None and code.used_by_kid == kid and code.answer is not None:
        return shapes.EnrolmentAnswer.model_validate(code.answer)
    if code is None or code.used_by_kid is not None or now > code.expires_at:
        raise ProblemError(403, "activation_code", "the activation code is unknown, used or too old; ask for another")
    if session.get(TerminalKeyRow, kid) is not None:
        raise conflict("this key belongs to a terminal already")
    answer = _new_terminal(session, backend, code.store_id, key, request)
    code.used_by_kid, code.answer = kid, answer.model_dump(mode="json")
    return answer


def renew(
    session: Session, backend: Backend, terminal_id: str, kid: str, request: shapes.RenewalRequest
) -> shapes.RenewalAnswer:
    """Certify the present key again, or a new one that proves itself; the old stays valid until the new is used.

    Raises ProblemError `422`, `403 revoked`.
    """
    now = backend.clock.now()
    terminal = session.get_one(TerminalRow, terminal_id, with_for_update=True)
    if terminal.revoked_at is not None:
        raise ProblemError(403, "revoked", "this terminal has been revoked")
    if (request.public_key is None) is not (request.proof is None):
        raise invalid("a new key comes with its proof")
    if request.public_key is None or request.proof is None:
        row = session.get_one(TerminalKeyRow, kid)
        row.credential, row.expires_at = _certify(session, backend, terminal, PublicKey(row.x, row.y), now)
    else:
        key = read_jwk(request.public_key)
        check_proof(request.proof, key, terminal_id)
        row = _successor(session, backend, terminal, key, now)
    session.flush()
    return shapes.RenewalAnswer.model_validate({"credential": b64u(row.credential), "issuers": backend.issuer.jwks()})


def note_use(session: Session, kid: str) -> None:
    """The first use of a new key retires the one before it."""
    row = session.get_one(TerminalKeyRow, kid)
    if row.state is not TerminalKeyState.PENDING:
        return
    for other in session.scalars(select(TerminalKeyRow).where(TerminalKeyRow.terminal_id == row.terminal_id)):
        other.state = TerminalKeyState.RETIRED
    row.state = TerminalKeyState.ACTIVE


def _new_terminal(
    session: Session, backend: Backend, store_id: str, key: PublicKey, request: shapes.EnrolmentRequest
) -> shapes.EnrolmentAnswer:
    now = backend.clock.now()
    store = session.get_one(StoreRow, store_id)
    terminal = TerminalRow(
        id=ids.short_id("T"),
        merchant_id=store.merchant_id,
        store_id=store_id,
        created_at=now,
        hardware=request.hardware.model_dump(),
        software_version=request.software_version,
        confirmation_secret=secrets.token_bytes(SECRET_SIZE),
        config={},
        last_seen_at=now,
        event_seq=0,
        head_version=0,
    )
    session.add(terminal)
    session.flush()
    credential, expires_at = _certify(session, backend, terminal, key, now)
    session.add(
        TerminalKeyRow(
            kid=b64u(key.kid),
            terminal_id=terminal.id,
            x=key.x,
            y=key.y,
            credential=credential,
            expires_at=expires_at,
            state=TerminalKeyState.ACTIVE,
        )
    )
    document = policy.current(session, backend.issuer, terminal.id, now)
    return shapes.EnrolmentAnswer.model_validate(
        {
            "terminal_id": terminal.id,
            "credential": b64u(credential),
            "issuers": backend.issuer.jwks(),
            "confirmation_secret": b64u(terminal.confirmation_secret),
            "policy": b64u(document.raw),
        }
    )


def _successor(session: Session, backend: Backend, terminal: TerminalRow, key: PublicKey, now: int) -> TerminalKeyRow:
    kid = b64u(key.kid)
    row = session.get(TerminalKeyRow, kid)
    if row is not None and (row.terminal_id != terminal.id or row.state is TerminalKeyState.RETIRED):
        raise conflict("this key belongs to a terminal already")
    if row is None:
        credential, expires_at = _certify(session, backend, terminal, key, now)
        row = TerminalKeyRow(
            kid=kid,
            terminal_id=terminal.id,
            x=key.x,
            y=key.y,
            credential=credential,
            expires_at=expires_at,
            state=TerminalKeyState.PENDING,
        )
        session.add(row)
    return row


def _certify(session: Session, backend: Backend, terminal: TerminalRow, key: PublicKey, now: int) -> tuple[bytes, int]:
    merchant = session.get_one(MerchantRow, terminal.merchant_id)
    credential = backend.issuer.terminal_credential(
        terminal.id, key, Merchant(merchant_id=merchant.id, name=merchant.name), now
    )
    return credential, now + TERMINAL_CREDENTIAL_LIFE_S
