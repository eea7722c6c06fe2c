# SPDX-License-Identifier: Apache-2.0
"""Puts a new token in the place of an account's, on the word of one of its wallet keys: the one before opens nothing.

Source: backend API, *A token*. The token alone is not enough for it: who has read it on the line has no key.
"""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A token that is to be an account's; `by`: the hash, in hexadecimal, of the one that the call was made with."""

    account_id: str
    by: str
    token_hash: str
    """Base64url."""


def renew(session: Session, backend: Backend, wanted: Wanted, *, kid: str, proof: str) -> bytes:
    """From now on the token of this hash is the account's; an issuer's word of it. Asked again, it says so again.

    Raises InvalidRequestError for a hash that is none, and `bad_proof`: also by a key that is not the account's, or is
    on the denylist, for it may be a copy. ConflictError for a hash that another account's token has.
    """
    new = _hash(wanted.token_hash).hex()
    account = session.get_one(AccountRow, wanted.account_id, with_for_update=True, populate_existing=True)
    row = session.get(WalletCredentialRow, kid)
    if row is None or row.account_id != account.id or denylist.listed_at(session, kid, backend.clock.now()):
        raise InvalidRequestError("no key of this account that may sign for it", code="bad_proof")
    key = Credential.read(row.credential, backend.issuer.trusted).key
    check_proof(proof, key, f"{account.id} {b64u(bytes.fromhex(wanted.by))} {wanted.token_hash}", Context.TOKEN)
    if account.token_hash not in {wanted.by, new}:
        raise InvalidRequestError("the token of this call has been replaced meanwhile", code="bad_proof")
    if session.scalar(select(AccountRow.id).where(AccountRow.token_hash == new, AccountRow.id != account.id)):
        raise ConflictError("another account's token has this hash; draw another token")
    account.token_hash = new
    return backend.issuer.account_token({"account_id": account.id, "token_hash": wanted.token_hash})


def _hash(token_hash: str) -> bytes:
    try:
        raw = unb64u(token_hash)
    except MalformedError as error:
        raise InvalidRequestError(f"the token's hash: {error}") from error
    if len(raw) != _HASH_SIZE:
        raise InvalidRequestError(f"the token's hash has {_HASH_SIZE} bytes")
    return raw
