# SPDX-License-Identifier: Apache-2.0
"""A P-256 key in memory behind `core.ports.Signer`, signing deterministically (RFC 6979). Knows nothing of files."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

_ES256 = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


class SoftwareKey:
    """A private key that this process holds. Equal data gives equal signatures, so tests and vectors reproduce."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        if private.curve.name != ec.SECP256R1.name:
            raise ValueError("not a key of P-256")
        self._private = private
        point = private.public_key().public_numbers()
        self._public_point = point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big")

    @classmethod
    def generate(cls) -> "SoftwareKey":
        """A new key from the system's randomness."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_scalar(cls, scalar: bytes) -> "SoftwareKey":
        """The key whose private scalar is these 32 bytes, big-endian; raises ValueError outside 1..n-1."""
        if len(scalar) != 32:
            raise ValueError("a P-256 scalar has 32 bytes")
        return cls(ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1()))

    @property
    def private(self) -> ec.EllipticCurvePrivateKey:
        """The library's key, to store it."""
        return self._private

    @property
    def public_point(self) -> tuple[bytes, bytes]:
        """The public key's x and y, 32 bytes each."""
        return self._public_point

    def sign(self, data: bytes) -> bytes:
        """ES256 over `data`: 64 bytes, raw r‖s."""
        r, s = decode_dss_signature(self._private.sign(data, _ES256))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
