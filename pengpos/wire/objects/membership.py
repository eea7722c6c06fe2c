# SPDX-License-Identifier: Apache-2.0
"""Membership passes: a member of one merchant, shown by consent, by an issuer (tap protocol §1, membership).

Claims: 1 member id (pairwise per merchant), 2 merchant id, 3 tier, 4 not after, 5 holder's kid.

Tests: tests/pengpos/wire/objects/test_objects.py, tests/pengpos/wire/test_judge.py.
"""

from dataclasses import dataclass

from pengpos.core.errors import MalformedError
from pengpos.core.ports import Signer
from pengpos.wire.encoding.cbor import decode, encode
from pengpos.wire.encoding.cose import MAX_OBJECT_SIZE, Context, Sign1, sign1
from pengpos.wire.encoding.fields import (
    ID_SIZE,
    KID_SIZE,
    MERCHANT_ID_SIZE,
    as_map,
    ascii_text,
    octets_of,
    required,
    text,
    uint,
)
from pengpos.wire.encoding.keys import Issuers, PublicKey

TIER_SIZE = 24

_ID, _MERCHANT_ID, _TIER, _NOT_AFTER, _HOLDER = range(1, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipClaims:
    """What a pass says; `tier` (≤ 24 bytes) is for people."""

    member_id: bytes
    merchant_id: str
    tier: str
    not_after: int
    holder_kid: bytes

    def in_time(self, now: int) -> bool:
        """True up to and including not after (§1 *Clock*)."""
        return now <= self.not_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A verified pass; whether it belongs to this merchant and holder is the judge's."""

    raw: bytes
    claims: MembershipClaims

    @classmethod
    def read(cls, raw: bytes, issuers: Issuers) -> "Membership":
        """Read and verify one; raises MalformedError, SignatureError."""
        signed = Sign1.read_issued(raw, issuers, Context.MEMBERSHIP)
        return cls(raw=raw, claims=_read_claims(signed.payload))


def sign_membership(issuer: Signer, claims: MembershipClaims) -> bytes:
    """Sign one as `issuer`; raises MalformedError for one that no reader would take."""
    payload = encode({
        _ID: claims.member_id,
        _MERCHANT_ID: claims.merchant_id,
        _TIER: claims.tier,
        _NOT_AFTER: claims.not_after,
        _HOLDER: claims.holder_kid,
    })  # fmt: skip
    if _read_claims(payload) != claims:
        raise MalformedError("a pass that reads as another")
    return sign1(issuer, Context.MEMBERSHIP, payload, kid=PublicKey.of(issuer).kid)


def _read_claims(payload: bytes) -> MembershipClaims:
    content = as_map(decode(payload, max_size=MAX_OBJECT_SIZE))
    return MembershipClaims(
        member_id=required(content, _ID, octets_of(ID_SIZE)),
        merchant_id=required(content, _MERCHANT_ID, ascii_text(MERCHANT_ID_SIZE)),
        tier=required(content, _TIER, text(TIER_SIZE)),
        not_after=required(content, _NOT_AFTER, uint),
        holder_kid=required(content, _HOLDER, octets_of(KID_SIZE)),
    )
