# SPDX-License-Identifier: Apache-2.0
"""Presentations: the terminal's credential beside its intent, ≤ 510 bytes (tap protocol §1, presentation).

The same bytes go into two short APDUs, and in base64url into the `#P` of a tag or QR.
"""

from dataclasses import dataclass

from pengpos.core.errors import MalformedError
from pengpos.wire.encoding.cbor import decode, encode
from pengpos.wire.encoding.fields import as_array, octets
from pengpos.wire.encoding.keys import Issuers
from pengpos.wire.objects.credential import Credential, Merchant, Role
from pengpos.wire.objects.intent import MAX_PRESENTATION_SIZE, SignedIntent

__all__ = ["MAX_PRESENTATION_SIZE", "Presentation", "encode_presentation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """A presentation in which all holds but time: see `Credential.expired` and `IntentClaims.in_time`."""

    raw: bytes
    credential: Credential
    intent: SignedIntent
    merchant: Merchant

    @classmethod
    def read(cls, raw: bytes, issuers: Issuers) -> "Presentation":
        """Verify credential and intent and that they belong together; raises MalformedError, SignatureError."""
        credential_raw, intent_raw = as_array(decode(raw, max_size=MAX_PRESENTATION_SIZE), 2)[:2]
        credential = Credential.read(octets(credential_raw), issuers)
        if credential.role is not Role.TERMINAL or credential.merchant is None:
            raise MalformedError("the credential is not a terminal's")
        intent = SignedIntent.read(octets(intent_raw), credential.key)
        if intent.claims.terminal_id != credential.subject:
            raise MalformedError("the intent names another terminal than its credential")
        return cls(raw=raw, credential=credential, intent=intent, merchant=credential.merchant)


def encode_presentation(credential: bytes, intent: bytes) -> bytes:
    """Put both side by side; raises MalformedError if that is more than a phone takes."""
    raw = encode([credential, intent])
    if len(raw) > MAX_PRESENTATION_SIZE:
        raise MalformedError(f"a presentation of {len(raw)} bytes; {MAX_PRESENTATION_SIZE} is the most")
    return raw
