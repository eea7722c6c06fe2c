# SPDX-License-Identifier: Apache-2.0
"""Which issuers a phone trusts, and how that changes: only by a document that one of them has signed.

Source: backend API, *Issuers for wallets*. The first list comes as the backend gives it, for there is nothing yet to
hold it against.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.core.times import parse_rfc3339
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import Issuers, PublicKey

log = logging.getLogger(__name__)

ISSUERS_MOST = 16
"""Issuers in a document, and documents in an answer."""
_DOCUMENT_MOST_BYTES = 8_192


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


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    terminal_id: Literal["*"]
    version: Annotated[StrictInt, Field(ge=1, lt=1 << 63)]
    not_after: str
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
    signed = Sign1.read_issued(document, trusted.issuers, Context.ISSUERS, max_size=_DOCUMENT_MOST_BYTES)
    try:
        said = _Document.model_validate_json(signed.payload)
        if now >= parse_rfc3339(said.not_after):
            raise MalformedError("issuers: out of date")
    except ValueError as error:  # pydantic's ValidationError is one
        raise MalformedError(f"issuers: {_short(error)}") from error
    if said.version <= trusted.version:
        return trusted
    return Trusted(issuers=Issuers(PublicKey.from_jwk(jwk) for jwk in said.issuers), version=said.version)


def _short(error: ValueError) -> str:
    return error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
