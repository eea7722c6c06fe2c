# SPDX-License-Identifier: Apache-2.0
"""Signed objects written from the tap protocol's page alone, with none of our codec: what makes new vectors.

Knows CBOR (RFC 8949 §4.2.1, only what the page allows), COSE_Sign1 (RFC 9052 §4.4) and ES256 with RFC 6979 nonces. A
hostile vector is made by taking an object apart here, so nothing is refused.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

SIGN1_TAG = b"\xd2"
PLAIN_HEADER = bytes.fromhex("a10126")  # {1: -7}


def cbor(value: object) -> bytes:
    """One item in its one deterministic encoding."""
    match value:
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            raw = value.encode()
            return _head(3, len(raw)) + raw
        case Mapping():
            pairs = sorted((cbor(key), cbor(item)) for key, item in value.items())
            return _head(5, len(pairs)) + b"".join(key + item for key, item in pairs)
        case Sequence():
            return _head(4, len(value)) + b"".join(cbor(item) for item in value)
        case _:
            raise TypeError(f"not in a signed object: {value!r}")


def _head(major: int, argument: int) -> bytes:
    if argument < 24:
        return bytes([major << 5 | argument])
    size = next(size for size in (1, 2, 4, 8) if argument < 1 << 8 * size)
    return bytes([major << 5 | 24 + size.bit_length() - 1]) + argument.to_bytes(size, "big")


def sign(scalar: str, context: str, claims: object, *, kid: str | None = None) -> bytes:
    """COSE_Sign1 by the key with this private scalar (hex); `kid` (hex) stands in the protected header."""
    return sign_payload(scalar, context, cbor(claims), kid=kid)


def sign_payload(scalar: str, context: str, payload: bytes, *, kid: str | None = None) -> bytes:
    """As `sign`, over bytes: the backend's own documents are JSON."""
    protected = PLAIN_HEADER if kid is None else cbor({1: -7, 4: bytes.fromhex(kid)})
    signed = cbor(["Signature1", protected, f"PengTap1 {context}".encode(), payload])
    return SIGN1_TAG + cbor([protected, {}, payload, es256(scalar, signed)])


def es256(scalar: str, data: bytes) -> bytes:
    """r and s, 32 bytes each, by the key with this private scalar (hex)."""
    private = ec.derive_private_key(int(scalar, 16), ec.SECP256R1())
    r, s = decode_dss_signature(private.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def digest(data: bytes) -> bytes:
    """SHA-256."""
    return sha256(data).digest()
