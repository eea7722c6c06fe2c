# SPDX-License-Identifier: Apache-2.0
"""Reads what the backend signs for all wallets: COSE_Sign1 by an issuer over JSON (backend API, documents).

Tests: tests/sandbox/phone/test_issuers.py, tests/sandbox/phone/test_revoked.py
"""

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StrictInt, ValidationError

from pengpos.core.errors import MalformedError
from pengpos.core.times import parse_rfc3339
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import Issuers

_DOCUMENT_MOST_BYTES = 1 << 20


class WalletDocument(BaseModel):
    """The members of every such document; a kind adds its own."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    terminal_id: Literal["*"]
    version: Annotated[StrictInt, Field(ge=1, lt=1 << 63)]
    not_after: str


D = TypeVar("D", bound=WalletDocument)


def read_document(raw: bytes, issuers: Issuers, context: Context, kind: type[D], now: int) -> D:
    """A document that one of these signed and that is not out of date. Raises MalformedError, SignatureError."""
    signed = Sign1.read_issued(raw, issuers, context, max_size=_DOCUMENT_MOST_BYTES)
    try:
        said = kind.model_validate_json(signed.payload)
        if now >= parse_rfc3339(said.not_after):
            raise MalformedError(f"{context}: out of date")
    except ValueError as error:  # pydantic's ValidationError is one
        raise MalformedError(f"{context}: {_short(error)}") from error
    return said


def _short(error: ValueError) -> str:
    return error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
