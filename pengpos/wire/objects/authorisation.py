# SPDX-License-Identifier: Apache-2.0
"""Authorisations: a wallet's yes to one intent (tap protocol §1, authorisation).

Claims: 1 SHA-256 of the intent, 2 total, 3 authorised at, 4 counter, 5 offline allowed, 6 tip, 7 vouchers,
8 membership, 9 funding.
"""

from dataclasses import dataclass
from enum import IntEnum

from pengpos.core.errors import MalformedError
from pengpos.core.ports import Signer
from pengpos.wire.encoding.cbor import Value, decode, encode
from pengpos.wire.encoding.cose import MAX_OBJECT_SIZE, Context, Sign1, sign1
from pengpos.wire.encoding.fields import (
    amount,
    as_array,
    as_map,
    boolean,
    octets,
    octets_of,
    one_of,
    optional,
    positive_amount,
    required,
    uint,
)
from pengpos.wire.encoding.keys import PublicKey

MAX_VOUCHERS = 4
DIGEST_SIZE = 32

_DIGEST, _TOTAL, _AT, _COUNTER, _OFFLINE, _TIP, _VOUCHERS, _MEMBERSHIP, _FUNDING = range(1, 10)


class Funding(IntEnum):
    """Where the money comes from: the balance, a shared purse (小荷包), a friend (代付)."""

    BALANCE = 0
    SHARED_PURSE = 1
    FRIEND = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationClaims:
    """What a wallet authorises; vouchers and membership are signed objects still to be read."""

    intent_digest: bytes
    total_minor: int
    authorised_at: int
    counter: int
    offline_allowed: bool
    """Claim 5, but never true with vouchers nor with funding 2, whatever a wallet claims."""
    tip_minor: int = 0
    vouchers: tuple[bytes, ...] = ()
    membership: bytes | None = None
    funding: Funding = Funding.BALANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorisation:
    """An authorisation and the signed bytes it came in."""

    claims: AuthorisationClaims
    sign1: Sign1

    @property
    def raw(self) -> bytes:
        """The bytes as they came."""
        return self.sign1.raw

    @classmethod
    def read(cls, raw: bytes, key: PublicKey) -> "Authorisation":
        """Read one and verify it with the wallet's key; raises MalformedError, SignatureError."""
        authorisation = cls.parse(raw)
        authorisation.verify(key)
        return authorisation

    @classmethod
    def parse(cls, raw: bytes) -> "Authorisation":
        """Read one without verifying it; raises MalformedError."""
        signed = Sign1.parse(raw)
        return cls(claims=_read_claims(signed.payload), sign1=signed)

    def verify(self, key: PublicKey) -> None:
        """Raise SignatureError unless the wallet's `key` signed it."""
        self.sign1.verify(key, Context.AUTHORISATION)


def sign_authorisation(signer: Signer, claims: AuthorisationClaims) -> bytes:
    """Sign one as the wallet; raises MalformedError for one that no terminal would take as it is meant."""
    content: dict[int, object] = {
        _DIGEST: claims.intent_digest,
        _TOTAL: claims.total_minor,
        _AT: claims.authorised_at,
        _COUNTER: claims.counter,
        _OFFLINE: claims.offline_allowed,
    }
    if claims.tip_minor:
        content[_TIP] = claims.tip_minor
    if claims.vouchers:
        content[_VOUCHERS] = claims.vouchers
    if claims.membership is not None:
        content[_MEMBERSHIP] = claims.membership
    if claims.funding:
        content[_FUNDING] = claims.funding
    payload = encode(content)
    if _read_claims(payload) != claims:
        raise MalformedError("reads as another: offline is never allowed with vouchers nor when a friend pays")
    return sign1(signer, Context.AUTHORISATION, payload)


def _read_claims(payload: bytes) -> AuthorisationClaims:
    content = as_map(decode(payload, max_size=MAX_OBJECT_SIZE))
    vouchers = optional(content, _VOUCHERS, _vouchers) or ()
    funding = optional(content, _FUNDING, _funding) or Funding.BALANCE
    return AuthorisationClaims(
        intent_digest=required(content, _DIGEST, octets_of(DIGEST_SIZE)),
        total_minor=required(content, _TOTAL, amount),
        authorised_at=required(content, _AT, uint),
        counter=required(content, _COUNTER, uint),
        # A wrong flag does not spoil the object: the terminal's answer to vouchers offline is 18, not 16.
        offline_allowed=required(content, _OFFLINE, boolean) and not vouchers and funding is not Funding.FRIEND,
        tip_minor=optional(content, _TIP, positive_amount) or 0,
        vouchers=vouchers,
        membership=optional(content, _MEMBERSHIP, octets),
        funding=funding,
    )


def _vouchers(value: Value) -> tuple[bytes, ...]:
    items = as_array(value, 1)
    if len(items) > MAX_VOUCHERS:
        raise MalformedError(f"more than {MAX_VOUCHERS} vouchers")
    return tuple(octets(item) for item in items)


def _funding(value: Value) -> Funding:
    if (funding := one_of(Funding)(value)) is Funding.BALANCE:
        raise MalformedError("zero where the key is to be left out")
    return funding
