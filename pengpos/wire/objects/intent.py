# SPDX-License-Identifier: Apache-2.0
"""Intents: what is to be paid, signed once by the terminal's key (tap protocol §1, intent).

Claims: 1 id, 2 amount, 3 currency, 4 issued at, 5 lifetime, 6 purpose, 7 online, 8 [terminal, epoch, counter],
9 the till's reference.

Tests: tests/pengpos/wire/objects/test_objects.py, tests/pengpos/wire/objects/test_presentation.py.
"""

import hashlib
from dataclasses import dataclass
from enum import IntEnum

from pengpos.core.errors import MalformedError
from pengpos.core.ports import Signer
from pengpos.core.times import CLOCK_TOLERANCE_S
from pengpos.wire.encoding.cbor import Value, decode, encode
from pengpos.wire.encoding.cose import Context, Sign1, sign1
from pengpos.wire.encoding.fields import (
    ID_SIZE,
    amount,
    as_array,
    as_map,
    ascii_text,
    boolean,
    currency,
    octets_of,
    one_of,
    optional,
    required,
    text,
    uint,
)
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.credential import TERMINAL_ID_SIZE

MAX_LIFETIME_S = 300
REFERENCE_SIZE = 32
MAX_PRESENTATION_SIZE = 510

_ID, _AMOUNT, _CURRENCY, _ISSUED_AT, _LIFETIME, _PURPOSE, _ONLINE, _COUNTED, _REFERENCE = range(1, 10)


class Purpose(IntEnum):
    """What the tap is for; exactly a check-in has the amount 0."""

    SALE = 0
    CHECK_IN = 1
    SHARE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentClaims:
    """What an intent says. `intent_id` is a UUIDv7's 16 bytes; times are Unix seconds."""

    intent_id: bytes
    amount_minor: int
    currency: str
    issued_at: int
    lifetime_s: int
    purpose: Purpose
    online: bool
    terminal_id: str
    epoch: int
    counter: int
    reference: str | None = None

    @property
    def expires_at(self) -> int:
        """End of its life, the clock's tolerance not included."""
        return self.issued_at + self.lifetime_s

    def in_time(self, at: int) -> bool:
        """True if issued at − 300 ≤ `at` ≤ issued at + lifetime + 300 (§1 *Clock*)."""
        return self.issued_at - CLOCK_TOLERANCE_S <= at <= self.expires_at + CLOCK_TOLERANCE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIntent:
    """A verified intent."""

    claims: IntentClaims
    sign1: Sign1

    @property
    def raw(self) -> bytes:
        """The bytes as they came."""
        return self.sign1.raw

    @property
    def digest(self) -> bytes:
        """SHA-256 of the bytes: what an authorisation and a shopper's confirmation are bound to."""
        return hashlib.sha256(self.raw).digest()

    @classmethod
    def read(cls, raw: bytes, key: PublicKey) -> "SignedIntent":
        """Read an intent and verify it with the terminal's key; raises MalformedError, SignatureError."""
        signed = Sign1.parse(raw, max_size=MAX_PRESENTATION_SIZE)
        signed.verify(key, Context.INTENT)
        return cls(claims=_read_claims(signed.payload), sign1=signed)


def sign_intent(signer: Signer, claims: IntentClaims) -> bytes:
    """Sign an intent; raises MalformedError for one that no wallet would take."""
    content: dict[int, object] = {
        _ID: claims.intent_id,
        _AMOUNT: claims.amount_minor,
        _CURRENCY: claims.currency,
        _ISSUED_AT: claims.issued_at,
        _LIFETIME: claims.lifetime_s,
        _PURPOSE: claims.purpose,
        _ONLINE: claims.online,
        _COUNTED: [claims.terminal_id, claims.epoch, claims.counter],
    }
    if claims.reference is not None:
        content[_REFERENCE] = claims.reference
    payload = encode(content)
    if _read_claims(payload) != claims:
        raise MalformedError("an intent that reads as another")
    return sign1(signer, Context.INTENT, payload)


def _read_claims(payload: bytes) -> IntentClaims:
    content = as_map(decode(payload, max_size=MAX_PRESENTATION_SIZE))
    terminal_id, epoch, counter = required(content, _COUNTED, _counted)
    claims = IntentClaims(
        intent_id=required(content, _ID, octets_of(ID_SIZE)),
        amount_minor=required(content, _AMOUNT, amount),
        currency=required(content, _CURRENCY, currency),
        issued_at=required(content, _ISSUED_AT, uint),
        lifetime_s=required(content, _LIFETIME, _lifetime),
        purpose=required(content, _PURPOSE, one_of(Purpose)),
        online=required(content, _ONLINE, boolean),
        terminal_id=terminal_id,
        epoch=epoch,
        counter=counter,
        reference=optional(content, _REFERENCE, text(REFERENCE_SIZE)),
    )
    if (claims.amount_minor == 0) is not (claims.purpose is Purpose.CHECK_IN):
        raise MalformedError("the amount is 0 exactly for a check-in")
    return claims


def _lifetime(value: Value) -> int:
    if not 1 <= (seconds := uint(value)) <= MAX_LIFETIME_S:
        raise MalformedError(f"a lifetime outside 1..{MAX_LIFETIME_S} s")
    return seconds


def _counted(value: Value) -> tuple[str, int, int]:
    terminal_id, epoch, counter = as_array(value, 3)[:3]
    return ascii_text(TERMINAL_ID_SIZE)(terminal_id), uint(epoch), uint(counter)
