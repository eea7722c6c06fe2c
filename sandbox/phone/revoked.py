# SPDX-License-Identifier: Apache-2.0
"""Which terminals a phone pays no more, though their credentials have not ended (backend API, *Revoked terminals*)."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import StrictBool

from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.encoding.cose import Context
from pengpos.wire.encoding.keys import Issuers
from sandbox.phone.documents import WalletDocument, read_document


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """The kids of revoked device keys, and the version of the document that named them; 0: no document did.

    `signs_promises`: the document said that what became of promises is signed.
    """

    kids: frozenset[bytes] = frozenset()
    version: int = 0
    signs_promises: bool = False


class _Document(WalletDocument):
    kids: Sequence[str]
    signs_promises: StrictBool = False


def learn_revoked(known: Revoked, document: bytes, issuers: Issuers, now: int) -> Revoked:
    """What is known after this document; an older version changes nothing. Raises MalformedError, SignatureError."""
    said = read_document(document, issuers, Context.REVOKED, _Document, now)
    if said.version < known.version:
        return known
    kids = frozenset(unb64u(kid) for kid in said.kids)
    return Revoked(kids=kids, version=said.version, signs_promises=said.signs_promises)
