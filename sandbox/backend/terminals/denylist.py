# SPDX-License-Identifier: Apache-2.0
"""Keeps the denylist of wallet keys: an ordered list of changes, sent as signed deltas (backend API, documents)."""

from collections.abc import Iterable

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from pengpos.wire.encoding.cose import Context
from sandbox.backend.errors import InvalidRequestError
from sandbox.backend.kernel.events import emit_to_all
from sandbox.backend.records.tables import DenylistRow, EventKind, WalletCredentialRow
from sandbox.backend.trust.issuer import Issuer

DELTA_LIFE_S = 72 * 3600
NOT_KEPT = "a promise of this account was not kept"
"""Why all keys of an account are listed, also those that nobody but their owner has; every other cause outweighs it."""


def version(session: Session) -> int:
    """How many changes there have been."""
    return session.scalar(select(func.max(DenylistRow.version))) or 0


def change(session: Session, kid: str, *, listed: bool, why: str, at: int) -> int:
    """Put a key on the list or take it off; nothing if it is so already. Returns the version that says so.

    What was listed as `NOT_KEPT` is listed anew for another cause: `why_at` says that one then.
    """
    newest = session.scalars(
        select(DenylistRow).where(DenylistRow.kid == kid).order_by(DenylistRow.version.desc()).limit(1)
    ).first()
    outweighs = listed and newest is not None and newest.why == NOT_KEPT != why
    if (newest is not None and newest.listed) == listed and not outweighs:
        return version(session)
    row = DenylistRow(version=version(session) + 1, kid=kid, listed=listed, why=why, at=at)
    session.add(row)
    session.flush()
    emit_to_all(session, EventKind.DENYLIST, {"version": row.version}, at)
    return row.version


def list_all(session: Session, kids: Iterable[str], why: str, at: int) -> list[str]:
    """Put keys on the list that are not on it, with one event for all of them. Returns those it has put there."""
    new = [kid for kid in dict.fromkeys(kids) if not listed_at(session, kid, at)]
    newest = version(session)
    for place, kid in enumerate(new, start=newest + 1):
        session.add(DenylistRow(version=place, kid=kid, listed=True, why=why, at=at))
    session.flush()
    if new:
        emit_to_all(session, EventKind.DENYLIST, {"version": newest + len(new)}, at)
    return new


def listed_at(session: Session, kid: str, as_of: int) -> bool:
    """Whether a key was on the list at the time `as_of`."""
    return why_at(session, kid, as_of) is not None


def why_at(session: Session, kid: str, as_of: int) -> str | None:
    """Why a key was on the list at the time `as_of`; None: it was not."""
    newest = session.scalars(
        select(DenylistRow)
        .where(DenylistRow.kid == kid, DenylistRow.at <= as_of)
        .order_by(DenylistRow.version.desc())
        .limit(1)
    ).first()
    return newest.why if newest is not None and newest.listed else None


def delta(session: Session, issuer: Issuer, since: int, now: int) -> bytes:
    """What changed after version `since`, as a signed document.

    A key that can promise nothing is left out: no terminal takes it offline, and online it is us who refuse it. So a
    free account, of which all keys are listed once a promise is not kept, fills no terminal's list.

    Raises InvalidRequestError `unknown_version` for a version to come.
    """
    newest = version(session)
    if since > newest:
        raise InvalidRequestError(f"the denylist is at version {newest}", code="unknown_version")
    promises_nothing = exists().where(
        WalletCredentialRow.kid == DenylistRow.kid, WalletCredentialRow.allowance_minor == 0
    )
    changed = select(DenylistRow).where(DenylistRow.version > since, ~promises_nothing).order_by(DenylistRow.version)
    rows = session.scalars(changed).all()
    last = {row.kid: row.listed for row in rows}
    content = {
        "from": since,
        "add": [kid for kid, listed in last.items() if listed],
        "remove": [kid for kid, listed in last.items() if not listed],
    }
    return issuer.document(
        Context.DENYLIST, terminal_id="*", version=newest, now=now, not_after=now + DELTA_LIFE_S, content=content
    )
