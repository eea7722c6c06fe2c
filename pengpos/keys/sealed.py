# SPDX-License-Identifier: Apache-2.0
"""Bytes that only the backend can open: JWE in compact form (RFC 7516), ECDH-ES and A256GCM (RFC 7518 §4.6, §5.3).

The recipient is a P-256 key such as an issuer's; any JOSE library opens what is made here. Sealing says nothing about
who sealed: what is inside carries its own signatures, or the sealer puts a statement about the content into the header,
where whoever cannot read it passes it over (RFC 7515 §4.3).
"""

import json
import secrets
import struct
from dataclasses import dataclass
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


STATEMENT = "pengpos-statement"
"""The private header parameter for what the sealer says of the content, in base64url."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What was sealed, and the sealer's statement about it, not verified; None: there was none."""

    content: bytes
    statement: bytes | None


def seal(content: bytes, recipient: PublicKey, *, statement: bytes | None = None) -> str:
    """Encrypt `content` so that only `recipient` can open it; never twice the same. `statement` stays legible."""
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    point = ephemeral.public_key().public_numbers()
    header: dict[str, object] = {
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
    if statement is not None:
        header[STATEMENT] = b64u(statement)
    protected = b64u(json.dumps(header, separators=(",", ":")).encode())
    key = derive_key(ephemeral.exchange(ec.ECDH(), _point(recipient.x, recipient.y)), _ENCRYPTION, 256)
    iv = secrets.token_bytes(_IV_SIZE)
    sealed = AESGCM(key).encrypt(iv, content, protected.encode())
    return ".".join((protected, "", b64u(iv), b64u(sealed[:-_TAG_SIZE]), b64u(sealed[-_TAG_SIZE:])))


def unseal(sealed: str, private: ec.EllipticCurvePrivateKey) -> bytes:
    """Open what was sealed to this key, whatever was said of it; raises as `open_sealed`."""
    return open_sealed(sealed, private).content


def open_sealed(sealed: str, private: ec.EllipticCurvePrivateKey) -> Opened:
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
    header = _read_header(protected)
    statement = header.get(STATEMENT)
    if not isinstance(statement, str | None):
        raise MalformedError("a JWE whose statement is no text")
    key = derive_key(private.exchange(ec.ECDH(), _ephemeral(header)), _ENCRYPTION, 256)
    try:
        content = AESGCM(key).decrypt(iv, ciphertext + tag, protected.encode())
    except InvalidTag:
        raise SignatureError("sealed to another key, or changed since") from None
    return Opened(content, None if statement is None else unb64u(statement))


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
