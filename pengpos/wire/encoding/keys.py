# SPDX-License-Identifier: Apache-2.0
"""P-256 public keys as COSE keys and JWKs, their kid, and the issuers a party trusts.

Source: tap protocol §1 (cose-key, kid, ES256); backend API, rules (JWK). Private keys live in `pengpos.keys`.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.core.ports import Signer
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cbor import Value
from pengpos.wire.encoding.fields import KID_SIZE, as_map, octets_of, required, uint

T = TypeVar("T")

COORDINATE_SIZE = 32
SIGNATURE_SIZE = 64

_KTY, _CRV, _X, _Y = 1, -1, -2, -3  # RFC 9053 §7.1
_EC2, _P256 = 2, 1
_KEY_HEAD, _KEY_MIDDLE = bytes.fromhex("A401022001215820"), bytes.fromhex("225820")
"""The COSE key's deterministic bytes around x and y: ``{1: 2, -1: 1, -2: x, -3: y}``."""
_ES256 = ec.ECDSA(hashes.SHA256())
_coordinate = octets_of(COORDINATE_SIZE)


def fingerprint_of(kid: bytes) -> str:
    """A kid as people read it out: four groups of four hexadecimal digits."""
    return kid.hex("-", 2).upper()


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A point of P-256: `x` and `y`, 32 bytes each. Raises MalformedError for anything else."""

    x: bytes
    y: bytes
    _point: ec.EllipticCurvePublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.x) != COORDINATE_SIZE or len(self.y) != COORDINATE_SIZE:
            raise MalformedError("coordinates that are not 32 bytes")
        try:
            point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + self.x + self.y)
        except ValueError:
            raise MalformedError("not a point of P-256") from None
        object.__setattr__(self, "_point", point)

    @property
    def kid(self) -> bytes:
        """First 8 bytes of SHA-256 over the deterministic CBOR of the COSE key's four members."""
        return hashlib.sha256(_KEY_HEAD + self.x + _KEY_MIDDLE + self.y).digest()[:KID_SIZE]

    @property
    def fingerprint(self) -> str:
        """The kid as people read it out: `3F2A-91C0-77DE-04B8`."""
        return fingerprint_of(self.kid)

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raise SignatureError unless `signature` (64 bytes, raw r‖s, either s) is this key's ES256 over `data`."""
        if len(signature) != SIGNATURE_SIZE:
            raise SignatureError("a signature that is not 64 bytes")
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            self._point.verify(encode_dss_signature(r, s), data, _ES256)
        except InvalidSignature:
            raise SignatureError("the signature does not verify") from None

    def to_cose(self) -> dict[int, int | bytes]:
        """`{1: 2, -1: 1, -2: x, -3: y}` (RFC 9053 §7.1.1)."""
        return {_KTY: _EC2, _CRV: _P256, _X: self.x, _Y: self.y}

    @classmethod
    def from_cose(cls, value: Value) -> "PublicKey":
        """Read a decoded COSE key; further members are ignored. Raises MalformedError."""
        members = as_map(value)
        if required(members, _KTY, uint) != _EC2 or required(members, _CRV, uint) != _P256:
            raise MalformedError("not a key of P-256")
        return cls(required(members, _X, _coordinate), required(members, _Y, _coordinate))

    def to_jwk(self) -> dict[str, str]:
        """`{kty, crv, x, y, kid}`, bytes in base64url (RFC 7517; backend API, rules)."""
        return {"kty": "EC", "crv": "P-256", "x": b64u(self.x), "y": b64u(self.y), "kid": b64u(self.kid)}

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, object]) -> "PublicKey":
        """Read a JWK whose `kid` is the protocol's; further members are ignored. Raises MalformedError."""
        if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
            raise MalformedError("not a JWK of P-256")
        x, y, kid = (jwk.get(name) for name in ("x", "y", "kid"))
        if not (isinstance(x, str) and isinstance(y, str) and isinstance(kid, str)):
            raise MalformedError("a JWK without x, y and kid")
        key = cls(unb64u(x), unb64u(y))
        if unb64u(kid) != key.kid:
            raise MalformedError("a JWK with another key's kid")
        return key

    @classmethod
    def of(cls, signer: Signer) -> "PublicKey":
        """The public half of `signer`."""
        return cls(*signer.public_point)


class Issuers:
    """The issuers a party trusts, by kid. Immutable; new ones come with a new policy."""

    def __init__(self, keys: Iterable[PublicKey]) -> None:
        self._by_kid = {key.kid: key for key in keys}

    def get(self, kid: bytes) -> PublicKey:
        """The issuer `kid` names; raises SignatureError if we do not trust it."""
        if (key := self._by_kid.get(kid)) is None:
            raise SignatureError("an issuer we do not know")
        return key

    def once(self, raw: bytes, verified: Callable[[], T]) -> T:
        """What `verified` makes of the bytes of an object that one of them signed; who reads many may remember it."""
        del raw
        return verified()

    def __iter__(self) -> Iterator[PublicKey]:
        return iter(self._by_kid.values())

    def __len__(self) -> int:
        return len(self._by_kid)
