# SPDX-License-Identifier: Apache-2.0
"""Enrols terminals and renews their credentials (backend API, `POST /enrolments`, `/terminal/credential`)."""

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pengpos.names import mended
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.credential import MERCHANT_NAME_SIZE, Merchant
from sandbox.backend.errors import (
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    NotPossibleError,
)
from sandbox.backend.kernel import limits
from sandbox.backend.kernel.alarms import raise_alarm
from sandbox.backend.kernel.context import Backend
from sandbox.backend.records import ids
from sandbox.backend.records.tables import (
    ActivationCodeRow,
    AlarmKind,
    MerchantRow,
    ReviewKind,
    ReviewState,
    StoreRow,
    TerminalKeyRow,
    TerminalKeyState,
    TerminalRow,
)
from sandbox.backend.terminals import policy, suspicion
from sandbox.backend.trust.issuer import TERMINAL_CREDENTIAL_LIFE_S
from sandbox.backend.trust.proof_of_possession import check_proof, read_key

CODE_LIFE_S = 15 * 60
SAME_ANSWER_S = 86_400
"""For so long after the code's end an enrolment is answered again: the answer has the confirmation secret in it."""
SECRET_SIZE = 32
SAME_RENEWAL_S = 86_400
EARLIEST_RENEWAL_S = TERMINAL_CREDENTIAL_LIFE_S // 2
"""Our terminal renews when a third of the credential's life is left."""


@dataclass(frozen=True, slots=True)
class NewCode:
    """An activation code, which is said once; only its hash is stored."""

    code: str
    store_id: str
    expires_at: int


def new_activation_code(session: Session, store_id: str, now: int, for_kid: bytes | None = None) -> NewCode:
    """Make a code for a store, and for one key alone where that is named; raises NotFoundError,
    TooManyError.
    """
    if session.get(StoreRow, store_id, with_for_update=True) is None:
        raise NotFoundError("store")
    still_open = (ActivationCodeRow.store_id == store_id, ActivationCodeRow.used_by_kid.is_(None))
    unused = select(func.count()).select_from(ActivationCodeRow).where(*still_open, ActivationCodeRow.expires_at >= now)
    limits.ACTIVATION_CODES.check(session.scalar(unused) or 0, retry_after_s=CODE_LIFE_S)
    code = NewCode(ids.activation_code(), store_id, now + CODE_LIFE_S)
    session.add(
        ActivationCodeRow(
            code_hash=ids.token_hash(code.code),
            store_id=store_id,
            expires_at=code.expires_at,
            for_kid=None if for_kid is None else b64u(for_kid),
        )
    )
    return code


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What asks to be enrolled: its key, its hardware as JSON-like values, its software's version."""

    key: PublicKey
    hardware: dict[str, Any]
    software_version: str


def enrol(session: Session, backend: Backend, activation_code: str, device: Device) -> dict[str, Any] | ForbiddenError:
    """Use an activation code up; the same code with the same key gives the same answer for a day, unless revoked.

    The answer is kept as JSON: `terminal_id`, `credential`, `issuers`, `confirmation_secret`, `policy`. A code that
    another key has used, or that is for another key, is refused and is an alarm, once: that is returned and not
    raised, so that the alarm stays. Raises ForbiddenError for an unknown or expired code, ConflictError for a key that
    belongs to a terminal already.
    """
    now = backend.clock.now()
    kid = b64u(device.key.kid)
    code = session.scalars(
        select(ActivationCodeRow)
        .where(ActivationCodeRow.code_hash == ids.token_hash(activation_code.strip().upper()))
        .with_for_update()
    ).one_or_none()
    refusal = ForbiddenError("activation_code", "the activation code is unknown, used or too old; ask for another")
    if code is not None and code.used_by_kid == kid and code.answer is not None:
        if now > code.expires_at + SAME_ANSWER_S or _is_revoked(session, code.answer["terminal_id"]):
            raise refusal
        return code.answer
    if code is not None and code.used_by_kid is not None:
        _note_misuse(session, code, device.key, now)
        return refusal
    if code is None or now > code.expires_at:
        raise refusal
    if code.for_kid not in {None, kid}:
        _note_misuse(session, code, device.key, now)
        return ForbiddenError("activation_key", "the activation code is for another device's key")
    if session.get(TerminalKeyRow, kid) is not None:
        raise ConflictError("this key belongs to a terminal already")
    answer = _new_terminal(session, backend, code.store_id, device)
    code.used_by_kid, code.answer = kid, answer
    return answer


def _is_revoked(session: Session, terminal_id: str) -> bool:
    return session.get_one(TerminalRow, terminal_id).revoked_at is not None


def _note_misuse(session: Session, code: ActivationCodeRow, key: PublicKey, now: int) -> None:
    """Two keys with one code: one of them has it from somewhere else. One alarm a code, however often it comes."""
    if code.misused_at is not None:
        return
    code.misused_at = now
    terminal_id = None if code.answer is None else code.answer["terminal_id"]
    detail = {"store_id": code.store_id, "fingerprint": key.fingerprint}
    raise_alarm(session, AlarmKind.ACTIVATION_MISUSED, terminal_id, detail, now)


def renew(
    session: Session, backend: Backend, terminal_id: str, kid: str, *, new_key: dict[str, str] | None, proof: str | None
) -> bytes | NotPossibleError:
    """Certify the present key again, or a new one that proves itself; the old stays valid until the new is used.

    `new_key`: a JWK. Returns the credential. A new key waits for a person first, with an alarm: NotPossibleError
    `renewal_held` or `review_refused` is returned and not raised, so that the review stays. Raises
    InvalidRequestError, ForbiddenError `revoked`, ConflictError.
    """
    now = backend.clock.now()
    terminal = session.get_one(TerminalRow, terminal_id, with_for_update=True)
    if terminal.revoked_at is not None:
        raise ForbiddenError("revoked", "this terminal has been revoked")
    if (new_key is None) is not (proof is None):
        raise InvalidRequestError("a new key comes with its proof")
    if new_key is None or proof is None:
        row = session.get_one(TerminalKeyRow, kid)
        begins_at = _begins_at(session, terminal, row, now)
        row.credential, row.expires_at = _certify(session, backend, terminal, PublicKey(row.x, row.y), begins_at)
    else:
        key = read_key(new_key)
        check_proof(proof, key, terminal_id)
        known = _own_key(session, terminal, b64u(key.kid))
        if known is None and (held := _ask_about(session, terminal, key, now)) is not None:
            return held
        row = known or _successor(session, backend, terminal, key, now)
    session.flush()
    return row.credential


def note_use(session: Session, kid: str) -> None:
    """The first use of a new key retires the one before it."""
    row = session.get_one(TerminalKeyRow, kid)
    if row.state is not TerminalKeyState.PENDING:
        return
    for other in session.scalars(select(TerminalKeyRow).where(TerminalKeyRow.terminal_id == row.terminal_id)):
        other.state = TerminalKeyState.RETIRED
    row.state = TerminalKeyState.ACTIVE
    suspicion.trust(session, row.terminal_id)  # a person let this key in, and a copy of the one before is worth nothing


def _new_terminal(session: Session, backend: Backend, store_id: str, device: Device) -> dict[str, Any]:
    now = backend.clock.now()
    store = session.get_one(StoreRow, store_id)
    terminal = TerminalRow(
        id=ids.short_id("T"),
        merchant_id=store.merchant_id,
        store_id=store_id,
        created_at=now,
        hardware=device.hardware,
        software_version=device.software_version,
        confirmation_secret=secrets.token_bytes(SECRET_SIZE),
        config={},
        last_seen_at=now,
        event_seq=0,
        head_version=0,
    )
    session.add(terminal)
    session.flush()
    credential, expires_at = _certify(session, backend, terminal, device.key, now)
    session.add(
        TerminalKeyRow(
            kid=b64u(device.key.kid),
            terminal_id=terminal.id,
            x=device.key.x,
            y=device.key.y,
            credential=credential,
            expires_at=expires_at,
            state=TerminalKeyState.ACTIVE,
        )
    )
    document = policy.current(session, backend.issuer, terminal.id, now)
    return {
        "terminal_id": terminal.id,
        "credential": b64u(credential),
        "issuers": backend.issuer.jwks(),
        "confirmation_secret": b64u(terminal.confirmation_secret),
        "policy": b64u(document.raw),
    }


def _begins_at(session: Session, terminal: TerminalRow, row: TerminalKeyRow, now: int) -> int:
    """When the credential that renews this one begins; an alarm, if it is renewed long before its end.

    Within a day of the last renewal it is the same one, asked for again because its answer was lost: it begins and ends
    as that one does, so that no chain of such renewals goes on unheard. Long before its end the terminal's clock is
    wrong, or a copy of its key has asked.
    """
    begun_at = row.expires_at - TERMINAL_CREDENTIAL_LIFE_S
    age_s = now - begun_at
    if age_s <= SAME_RENEWAL_S:
        return begun_at
    if age_s < EARLIEST_RENEWAL_S:
        raise_alarm(session, AlarmKind.EARLY_RENEWAL, terminal.id, {"age_days": age_s // 86_400}, now)
        suspicion.tell_shop(session, terminal.id, AlarmKind.EARLY_RENEWAL, now)
    return now


def _own_key(session: Session, terminal: TerminalRow, kid: str) -> TerminalKeyRow | None:
    """A key that was certified before for this very terminal; raises ConflictError."""
    row = session.get(TerminalKeyRow, kid)
    if row is not None and (row.terminal_id != terminal.id or row.state is TerminalKeyState.RETIRED):
        raise ConflictError("this key belongs to a terminal already")
    return row


def _ask_about(session: Session, terminal: TerminalRow, key: PublicKey, now: int) -> NotPossibleError | None:
    detail = {"fingerprint": key.fingerprint}
    match suspicion.suspect(session, terminal, ReviewKind.RENEWAL, b64u(key.kid), detail, now):
        case ReviewState.OPEN:
            return NotPossibleError("renewal_held", "a person must say first that this key is the terminal's")
        case ReviewState.REFUSED:
            return NotPossibleError("review_refused", "a person has said that this key is not the terminal's")
        case ReviewState.APPROVED:
            return None


def _successor(session: Session, backend: Backend, terminal: TerminalRow, key: PublicKey, now: int) -> TerminalKeyRow:
    credential, expires_at = _certify(session, backend, terminal, key, now)
    row = TerminalKeyRow(
        kid=b64u(key.kid),
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
    name = mended(
        merchant.name, most=MERCHANT_NAME_SIZE, bytes_most=MERCHANT_NAME_SIZE
    )  # it may be older than the rule
    shown = Merchant(merchant_id=merchant.id, name=name or merchant.id)
    credential = backend.issuer.terminal_credential(terminal.id, key, shown, now)
    return credential, now + TERMINAL_CREDENTIAL_LIFE_S
