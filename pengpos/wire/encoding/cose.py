# SPDX-License-Identifier: Apache-2.0
"""COSE_Sign1 with ES256 over exact bytes (tap protocol §1, RFC 9052 §4.2).

    D2                                         tag 18
    84 bstr .cbor {1: -7, ? 4: kid}  A0  bstr payload  bstr .size 64 r‖s

What is signed is the array ["Signature1", protected, external_aad, payload]. Payloads are not looked into here: the
objects of the tap are CBOR, the backend's documents JSON.
"""

from dataclasses import dataclass
from enum import StrEnum

from pengpos.core.errors import MalformedError
from pengpos.core.ports import Signer
from pengpos.wire.encoding.cbor import Value, decode, encode
from pengpos.wire.encoding.fields import KID_SIZE, as_map, octets, octets_of
from pengpos.wire.encoding.keys import SIGNATURE_SIZE, Issuers, PublicKey

MAX_OBJECT_SIZE = 2_048
"""No signed object of the tap can be longer than the reply that carries it."""

_TAG_18 = b"\xd2"
_ALG, _CRIT, _KID = 1, 2, 4  # RFC 9052 §3.1
_ES256 = -7  # RFC 9053 §2.1
_signature = octets_of(SIGNATURE_SIZE)


class Context(StrEnum):
    """What a signature is good for; no signature can be used as another object's."""

    CREDENTIAL = "credential"
    INTENT = "intent"
    AUTHORISATION = "authorisation"
    RECEIPT = "receipt"
    VOUCHER = "voucher"
    MEMBERSHIP = "membership"
    POLICY = "policy"
    DENYLIST = "denylist"
    HEAD = "head"
    CLOCK = "clock"
    ISSUERS = "issuers"
    REVOKED = "revoked"
    REFUND = "refund"
    CONFIRMATION = "confirmation"
    SETTLEMENT = "settlement"
    ANSWER = "answer"
    TOKEN = "token"  # noqa: S105  # a name of what is signed
    PROMISE = "promise"
    ACCOUNT_TOKEN = "account-token"  # noqa: S105  # likewise
    CREDENTIAL_REQUEST = "credential-request"
    EXPORT = "export"

    @property
    def aad(self) -> bytes:
        """The external_aad: ``PengTap1 credential`` and so on."""
        return b"PengTap1 " + self.value.encode("ascii")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign1:
    """One signed object, taken apart but not yet verified. `raw` is what is kept and forwarded."""

    raw: bytes
    protected: bytes
    kid: bytes | None
    """The issuer named in the protected header; None where the header carries no kid of 8 bytes."""
    payload: bytes
    signature: bytes

    @classmethod
    def parse(cls, raw: bytes, *, max_size: int = MAX_OBJECT_SIZE) -> "Sign1":
        """Take `raw` apart by the strict rules; verifies nothing. Raises MalformedError."""
        if len(raw) > max_size:
            raise MalformedError(f"longer than {max_size} bytes")
        if raw[:1] != _TAG_18:
            raise MalformedError("not a COSE_Sign1")
        members = decode(raw[1:], max_size=max_size)
        if not isinstance(members, list) or len(members) != 4:
            raise MalformedError("a COSE array that has not four members")
        if members[1] != {}:
            raise MalformedError("an unprotected header that is not empty")
        protected = octets(members[0])
        kid = _read_header(protected)
        return cls(raw=raw, protected=protected, kid=kid, payload=octets(members[2]), signature=_signature(members[3]))

    @classmethod
    def read_issued(cls, raw: bytes, issuers: Issuers, context: Context, *, max_size: int = MAX_OBJECT_SIZE) -> "Sign1":
        """Parse an object that only an issuer may sign and verify it; raises MalformedError, SignatureError."""
        signed = cls.parse(raw, max_size=max_size)
        if signed.kid is None:
            raise MalformedError("no issuer's kid in the protected header")
        signed.verify(issuers.get(signed.kid), context)
        return signed

    def verify(self, key: PublicKey, context: Context) -> None:
        """Raise SignatureError unless `key` signed these bytes as a `context`."""
        key.verify(self.signature, _to_be_signed(self.protected, context, self.payload))

    def same_content(self, other: "Sign1") -> bool:
        """True if protected header and payload agree: signatures are never compared (§1)."""
        return self.protected == other.protected and self.payload == other.payload


def sign1(signer: Signer, context: Context, payload: bytes, *, kid: bytes | None = None) -> bytes:
    """Sign `payload` as a `context`; `kid` is an issuer's and goes into the protected header."""
    header: dict[int, Value] = {_ALG: _ES256}
    if kid is not None:
        header[_KID] = kid
    protected = encode(header)
    signature = signer.sign(_to_be_signed(protected, context, payload))
    return _TAG_18 + encode([protected, {}, payload, signature])


def _to_be_signed(protected: bytes, context: Context, payload: bytes) -> bytes:
    return encode(["Signature1", protected, context.aad, payload])


def _read_header(protected: bytes) -> bytes | None:
    """Check the protected header and give back its kid; further labels are ignored, but for `crit`."""
    header = as_map(decode(protected, max_size=MAX_OBJECT_SIZE))
    if header.get(_ALG) != _ES256:
        raise MalformedError("not ES256")
    if _CRIT in header:
        raise MalformedError("a critical header")
    kid = header.get(_KID)
    return kid if isinstance(kid, bytes) and len(kid) == KID_SIZE else None
