# SPDX-License-Identifier: Apache-2.0
"""Puts a new token in the place of an account's, on the word of one of its owner's keys, and blocks keys of others.

Source: backend API, *A token*. The token alone is not enough for it: who has read it on the line can have a key
certified, which pays, but speaks for nobody. The call names the keys that the wallet holds. These are vouched for by
the key that signs; those that nobody vouches for are a stranger's, and are blocked.

Tests: tests/sandbox/backend/people/test_tokens.py, tests/sandbox/backend/people/test_vouched_keys.py
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from pengpos.core.errors import MalformedError
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context
from pengpos.wire.objects.credential import Credential
from sandbox.backend.errors import ConflictError, InvalidRequestError
from sandbox.backend.kernel.context import Backend
from sandbox.backend.records.tables import AccountRow, WalletCredentialRow
from sandbox.backend.terminals import denylist
from sandbox.backend.trust.proof_of_possession import check_proof

_HASH_SIZE = 32
_TOLD_FOR_S = 30 * 86_400
_TOLD_MOST = 50
_WHY = "its account's owner does not know this key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A token that is to be an account's; `by`: the hash, in hexadecimal, of the one that the call was made with."""

    account_id: str
    by: str
    token_hash: str
    """Base64url."""
    keys: Sequence[str]
    """The kids of the keys that the wallet holds."""


def renew(session: Session, backend: Backend, wanted: Wanted, *, kid: str, proof: str) -> bytes:
    """From now on the token of this hash is the account's; an issuer's word of it. Asked again, it says so again.

    Raises InvalidRequestError for a hash that is none, and `bad_proof`: also by a key that does not speak for the
    account. ConflictError for a hash that another account's token has.
    """
    now, new = backend.clock.now(), _hash(wanted.token_hash).hex()
    account = session.get_one(AccountRow, wanted.account_id, with_for_update=True, populate_existing=True)
    row = session.get(WalletCredentialRow, kid)
    if row is None or row.account_id != account.id or not _speaks(session, row, now):
        raise InvalidRequestError("no key of this account that may sign for it", code="bad_proof")
    key = Credential.read(row.credential, backend.issuer.trusted).key
    said = " ".join([account.id, b64u(bytes.fromhex(wanted.by)), wanted.token_hash, *wanted.keys])
    check_proof(proof, key, said, Context.TOKEN)
    if account.token_hash not in {wanted.by, new}:
        raise InvalidRequestError("the token of this call has been replaced meanwhile", code="bad_proof")
    if session.scalar(select(AccountRow.id).where(AccountRow.token_hash == new, AccountRow.id != account.id)):
        raise ConflictError("another account's token has this hash; draw another token")
    account.token_hash = new
    _vouch(session, row, wanted.keys, now)
    members = {"account_id": account.id, "token_hash": wanted.token_hash, "blocked": _blocked(session, account.id, now)}
    return backend.issuer.account_token(members)


def _speaks(session: Session, row: WalletCredentialRow, now: int) -> bool:
    """Whether a key speaks for its account: its owner's, not blocked, and not expired unless all the owner's keys are.

    A phone that was off for longer than its credentials live has none but such keys. That a promise was not kept takes
    no key its word: who has the token alone can see to that with a key of their own.
    """
    if row.vouched_by is None or _is_blocked(session, row.kid, now):
        return False
    if row.expires_at > now:
        return True
    mine = WalletCredentialRow.account_id == row.account_id, WalletCredentialRow.vouched_by.is_not(None)
    living = session.scalars(select(WalletCredentialRow.kid).where(*mine, WalletCredentialRow.expires_at > now)).all()
    return all(_is_blocked(session, kid, now) for kid in living)


def _is_blocked(session: Session, kid: str, now: int) -> bool:
    return denylist.why_at(session, kid, now) not in {None, denylist.NOT_KEPT}


def _vouch(session: Session, signer: WalletCredentialRow, keys: Sequence[str], now: int) -> None:
    strangers = session.scalars(
        select(WalletCredentialRow).where(
            WalletCredentialRow.account_id == signer.account_id,
            WalletCredentialRow.vouched_by.is_(None),
            WalletCredentialRow.blocked_at.is_(None),
            WalletCredentialRow.expires_at > now,
        )
    ).all()
    held = frozenset(keys)
    for row in strangers:
        if row.kid in held:
            row.vouched_by = signer.kid
        else:
            row.blocked_at = now
    # Terminals need to know those alone that may promise, of which an account has few: nobody fills their list.
    promising = [row.kid for row in strangers if row.kid not in held and row.allowance_minor > 0]
    denylist.list_all(session, promising, _WHY, now)


def _blocked(session: Session, account_id: str, now: int) -> list[str]:
    """The keys of an account that were blocked as nobody's whom its owner knows, of late, the newest first."""
    found = session.scalars(
        select(WalletCredentialRow.kid)
        .where(WalletCredentialRow.account_id == account_id, WalletCredentialRow.blocked_at > now - _TOLD_FOR_S)
        .order_by(WalletCredentialRow.blocked_at.desc(), WalletCredentialRow.kid)
        .limit(_TOLD_MOST)
    )
    return list(found)


def _hash(token_hash: str) -> bytes:
    try:
        raw = unb64u(token_hash)
    except MalformedError as error:
        raise InvalidRequestError(f"the token's hash: {error}") from error
    if len(raw) != _HASH_SIZE:
        raise InvalidRequestError(f"the token's hash has {_HASH_SIZE} bytes")
    return raw
