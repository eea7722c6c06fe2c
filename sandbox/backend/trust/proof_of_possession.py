# SPDX-License-Identifier: Apache-2.0
"""Reads a public key from a request and checks that its sender has the private one (backend API, credentials).

The proof is a COSE_Sign1 by that key over a text that both sides know, context `credential-request` for a new one.

Tests: tests/sandbox/backend/people/test_accounts.py, tests/sandbox/backend/terminals/test_enrolment.py
"""

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import PublicKey
from sandbox.backend.errors import InvalidRequestError


def read_key(jwk: dict[str, str]) -> PublicKey:
    """Read a public key from a JWK; raises InvalidRequestError `bad_key`."""
    try:
        return PublicKey.from_jwk(jwk)
    except MalformedError as error:
        raise InvalidRequestError(f"the public key is not good: {error}", code="bad_key") from error


def check_proof(proof: str, key: PublicKey, payload: str, context: Context = Context.CREDENTIAL_REQUEST) -> None:
    """Check that `proof` is `key`'s over `payload`; raises InvalidRequestError `bad_proof`."""
    try:
        signed = Sign1.parse(unb64u(proof))
        signed.verify(key, context)
    except (MalformedError, SignatureError) as error:
        raise InvalidRequestError(f"the proof is not good: {error}", code="bad_proof") from error
    if signed.payload != payload.encode():
        raise InvalidRequestError("the proof is about something else", code="bad_proof")
