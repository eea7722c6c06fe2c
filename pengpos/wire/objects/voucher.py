# SPDX-License-Identifier: Apache-2.0
"""Vouchers: money off at one merchant, for one holder's key, by an issuer (tap protocol §1, voucher).

Claims: 1 voucher id, 2 merchant id, 3 value, 4 currency, 5 minimum spend, 6 not before, 7 not after, 8 holder's kid.

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
    amount,
    as_map,
    ascii_text,
    currency,
    octets_of,
    required,
    uint,
)
from pengpos.wire.encoding.keys import Issuers, PublicKey

_ID, _MERCHANT_ID, _VALUE, _CURRENCY, _MINIMUM, _NOT_BEFORE, _NOT_AFTER, _HOLDER = range(1, 9)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherClaims:
    """What a voucher gives; `minimum_minor` is compared with the intent's amount, so without tip."""

    voucher_id: bytes
    merchant_id: str
    value_minor: int
    currency: str
    minimum_minor: int
    not_before: int
    not_after: int
    holder_kid: bytes

    def in_time(self, now: int) -> bool:
        """True from not before to not after, both ends included (§1 *Clock*)."""
        return self.not_before <= now <= self.not_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """A verified voucher; whether it fits a sale is the judge's."""

    raw: bytes
    claims: VoucherClaims

    @classmethod
    def read(cls, raw: bytes, issuers: Issuers) -> "Voucher":
        """Read and verify one; raises MalformedError, SignatureError."""
        signed = Sign1.read_issued(raw, issuers, Context.VOUCHER)
        return cls(raw=raw, claims=_read_claims(signed.payload))


def sign_voucher(issuer: Signer, claims: VoucherClaims) -> bytes:
    """Sign one as `issuer`; raises MalformedError for one that no reader would take."""
    payload = encode({
        _ID: claims.voucher_id,
        _MERCHANT_ID: claims.merchant_id,
        _VALUE: claims.value_minor,
        _CURRENCY: claims.currency,
        _MINIMUM: claims.minimum_minor,
        _NOT_BEFORE: claims.not_before,
        _NOT_AFTER: claims.not_after,
        _HOLDER: claims.holder_kid,
    })  # fmt: skip
    if _read_claims(payload) != claims:
        raise MalformedError("a voucher that reads as another")
    return sign1(issuer, Context.VOUCHER, payload, kid=PublicKey.of(issuer).kid)


def _read_claims(payload: bytes) -> VoucherClaims:
    content = as_map(decode(payload, max_size=MAX_OBJECT_SIZE))
    return VoucherClaims(
        voucher_id=required(content, _ID, octets_of(ID_SIZE)),
        merchant_id=required(content, _MERCHANT_ID, ascii_text(MERCHANT_ID_SIZE)),
        value_minor=required(content, _VALUE, amount),
        currency=required(content, _CURRENCY, currency),
        minimum_minor=required(content, _MINIMUM, amount),
        not_before=required(content, _NOT_BEFORE, uint),
        not_after=required(content, _NOT_AFTER, uint),
        holder_kid=required(content, _HOLDER, octets_of(KID_SIZE)),
    )
