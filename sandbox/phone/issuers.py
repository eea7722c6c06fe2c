# SPDX-License-Identifier: Apache-2.0
"""Which issuers a phone trusts, and how that changes: only by a document that one of them has signed.

Source: backend API, *Issuers for wallets*. The first list comes as the backend gives it, for there is nothing yet to
hold it against.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.wire.encoding.cose import Context
from pengpos.wire.encoding.keys import Issuers, PublicKey
from sandbox.phone.documents import WalletDocument, read_document

log = logging.getLogger(__name__)

ISSUERS_MOST = 16
"""Issuers in a document, and documents in an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """The issuers a phone believes, and the version of the document that named them; 0: no document did."""

    issuers: Issuers
    version: int = 0

    def lacks(self, listed: Issuers) -> frozenset[bytes]:
        """The kids in a list that this phone does not believe."""
        return frozenset(key.kid for key in listed) - {key.kid for key in self.issuers}


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a backend answers: a list, signed by nobody, and signed documents, the oldest first."""

    listed: Issuers
    documents: Sequence[bytes] = ()


class _Document(WalletDocument):
    issuers: list[dict[str, object]] = Field(min_length=1, max_length=ISSUERS_MOST)


def learn(known: Trusted | None, named: Named, now: int) -> Trusted:
    """Whom to trust after this answer; `known` None or empty: this is the first one."""
    trusted = known if known is not None and len(known.issuers) else Trusted(issuers=named.listed)
    for document in named.documents:
        try:
            trusted = _after(trusted, document, now)
        except (MalformedError, SignatureError) as error:
            log.info("a document on issuers is passed over: %s", error)
    return trusted


def _after(trusted: Trusted, document: bytes, now: int) -> Trusted:
    said = read_document(document, trusted.issuers, Context.ISSUERS, _Document, now)
    if said.version <= trusted.version:
        return trusted
    return Trusted(issuers=Issuers(PublicKey.from_jwk(jwk) for jwk in said.issuers), version=said.version)
