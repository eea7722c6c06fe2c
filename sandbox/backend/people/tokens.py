# SPDX-License-Identifier: Apache-2.0
"""Puts a new token in the place of an account's, on the word of one of its wallet keys: the one before opens nothing.

Source: backend API, *A token*. The token alone is not enough for it: who has read it on the line has no key.
"""

from sqlalchemy.orm import Session

from pengpos.core.errors import MalformedError
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context
from pengpos.wire.objects.credential import Credential
from sandbox.backend.errors import InvalidRequestError
from sandbox.backend.kernel.context import Backend
from sandbox.backend.records.tables import AccountRow, WalletCredentialRow
from sandbox.backend.terminals import denylist
from sandbox.backend.trust.proof_of_possession import check_proof

_HASH_SIZE = 32


def renew(session: Session, backend: Backend, account_id: str, token_hash: str, kid: str, proof: str) -> None:
    """From now on the token of this hash is the account's.

    Raises InvalidRequestError for a hash that is none, and `bad_proof`: also by a key that is not the account's, or is
    on the denylist, for it may be a copy.
    """
    new = _hash(token_hash)
    account = session.get_one(AccountRow, account_id, with_for_update=True)
    row = session.get(WalletCredentialRow, kid)
    if row is None or row.account_id != account_id or denylist.listed_at(session, kid, backend.clock.now()):
        raise InvalidRequestError("no key of this account that may sign for it", code="bad_proof")
    key = Credential.read(row.credential, backend.issuer.trusted).key
    payload = f"{account_id} {b64u(bytes.fromhex(account.token_hash))} {token_hash}"
    check_proof(proof, key, payload, Context.TOKEN)
    account.token_hash = new.hex()


def _hash(token_hash: str) -> bytes:
    try:
        raw = unb64u(token_hash)
    except MalformedError as error:
        raise InvalidRequestError(f"the token's hash: {error}") from error
    if len(raw) != _HASH_SIZE:
        raise InvalidRequestError(f"the token's hash has {_HASH_SIZE} bytes")
    return raw
