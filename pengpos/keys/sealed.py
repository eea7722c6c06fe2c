# SPDX-License-Identifier: Apache-2.0
"""Bytes that only the backend can open: JWE in compact form (RFC 7516), ECDH-ES and A256GCM (RFC 7518 §4.6, §5.3).

The recipient is a P-256 key such as an issuer's; any JOSE library opens what is made here. Sealing says nothing about
who sealed: what is inside carries its own signatures.
"""

import json
import secrets
import struct
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.keys import PublicKey

SEALED_LIMIT = 64 * 1024 * 1024  # characters
_ALGORITHM, _ENCRYPTION = "ECDH-ES", "A256GCM"
_IV_SIZE, _TAG_SIZE = 12, 16


def seal(content: bytes, recipient: PublicKey) -> str:
    """Encrypt `content` so that only `recipient` can open it; never twice the same."""
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    point = ephemeral.public_key().public_numbers()
    header = {
        "alg": _ALGORITHM,
        "enc": _ENCRYPTION,
        "kid": b64u(recipient.kid),
        "epk": {
            "kty": "EC",
            "crv": "P-256",
            "x": b64u(point.x.to_bytes(32, "big")),
            "y": b64u(point.y.to_bytes(32, "big")),
        },
    }
    protected = b64u(json.dumps(header, separators=(",", ":")).encode())
    key = derive_key(ephemeral.exchange(ec.ECDH(), _point(recipient.x, recipient.y)), _ENCRYPTION, 256)
    iv = secrets.token_bytes(_IV_SIZE)
    sealed = AESGCM(key).encrypt(iv, content, protected.encode())
    return ".".join((protected, "", b64u(iv), b64u(sealed[:-_TAG_SIZE]), b64u(sealed[-_TAG_SIZE:])))


def unseal(sealed: str, private: ec.EllipticCurvePrivateKey) -> bytes:
    """Open what was sealed to this key.

    Raises MalformedError for anything but a JWE of this kind, SignatureError if it is another's or was changed.
    """
    if len(sealed) > SEALED_LIMIT:
        raise MalformedError("a sealed text that is too long")
    parts = sealed.split(".")
    if len(parts) != 5 or parts[1]:
        raise MalformedError("not a JWE in compact form with a key agreed directly")
    protected, _, *rest = parts
    iv, ciphertext, tag = (unb64u(part) for part in rest)
    if len(iv) != _IV_SIZE or len(tag) != _TAG_SIZE:
        raise MalformedError("a JWE whose iv or tag has another size")
    key = derive_key(private.exchange(ec.ECDH(), _ephemeral(_read_header(protected))), _ENCRYPTION, 256)
    try:
        return AESGCM(key).decrypt(iv, ciphertext + tag, protected.encode())
    except InvalidTag:
        raise SignatureError("sealed to another key, or changed since") from None


def derive_key(shared: bytes, algorithm: str, bits: int, *, apu: bytes = b"", apv: bytes = b"") -> bytes:
    """The Concat KDF of RFC 7518 §4.6.2 over the agreed secret; `apu` and `apv` name the parties, empty here."""
    parties = b"".join(struct.pack(">I", len(part)) + part for part in (algorithm.encode(), apu, apv))
    kdf = ConcatKDFHash(algorithm=hashes.SHA256(), length=bits // 8, otherinfo=parties + struct.pack(">I", bits))
    return kdf.derive(shared)


def _read_header(protected: str) -> dict[str, Any]:
    try:
        header = json.loads(unb64u(protected))
    except (ValueError, RecursionError):
        raise MalformedError("a JWE whose header is not JSON") from None
    if not isinstance(header, dict) or (header.get("alg"), header.get("enc")) != (_ALGORITHM, _ENCRYPTION):
        raise MalformedError("a JWE of another algorithm")
    if header.keys() & {"crit", "zip"}:
        raise MalformedError("a JWE that asks for more than we do")
    return header


def _ephemeral(header: dict[str, Any]) -> ec.EllipticCurvePublicKey:
    epk = header.get("epk")
    if not isinstance(epk, dict) or (epk.get("kty"), epk.get("crv")) != ("EC", "P-256"):
        raise MalformedError("a JWE without an ephemeral key of P-256")
    x, y = epk.get("x"), epk.get("y")
    if not isinstance(x, str) or not isinstance(y, str):
        raise MalformedError("an ephemeral key without coordinates")
    key = PublicKey(unb64u(x), unb64u(y))
    return _point(key.x, key.y)


def _point(x: bytes, y: bytes) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + x + y)
