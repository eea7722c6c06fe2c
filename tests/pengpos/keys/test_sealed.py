# SPDX-License-Identifier: Apache-2.0
"""What is sealed opens with the right key only, unchanged only; the key derivation is RFC 7518's own example."""

import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.keys.sealed import STATEMENT, Opened, derive_key, open_sealed, seal, unseal
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.keys import PublicKey

BACKEND = SoftwareKey.from_scalar(bytes(31) + b"\x07")
PUBLIC = PublicKey.of(BACKEND)
SEALED = seal(b"forty payments", PUBLIC)


@pytest.mark.parametrize("content", [b"", b"x", bytes(100_000)], ids=["empty", "short", "long"])
def test_it_opens_with_the_recipients_key(content: bytes) -> None:
    assert unseal(seal(content, PUBLIC), BACKEND.private) == content


def test_it_is_never_the_same_twice_and_shows_nothing() -> None:
    assert seal(b"forty payments", PUBLIC) != SEALED
    assert b"payments" not in b"".join(unb64u(part) for part in SEALED.split("."))


def test_what_the_sealer_says_comes_with_it_and_cannot_be_exchanged() -> None:
    sealed = seal(b"forty payments", PUBLIC, statement=b"by me")
    assert open_sealed(sealed, BACKEND.private) == Opened(b"forty payments", b"by me")
    assert open_sealed(SEALED, BACKEND.private) == Opened(b"forty payments", None)
    protected, rest = sealed.split(".", 1)
    header = json.loads(unb64u(protected)) | {STATEMENT: b64u(b"by another")}
    with pytest.raises(SignatureError):
        unseal(f"{b64u(json.dumps(header).encode())}.{rest}", BACKEND.private)


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(SignatureError):
        unseal(SEALED, SoftwareKey.generate().private)


def test_the_key_is_derived_as_in_rfc_7518_appendix_c() -> None:
    def coordinate(text: str) -> int:
        return int.from_bytes(unb64u(text), "big")

    alice = ec.derive_private_key(coordinate("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"), ec.SECP256R1())
    bob = ec.EllipticCurvePublicNumbers(
        coordinate("weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ"),
        coordinate("e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"),
        ec.SECP256R1(),
    ).public_key()
    key = derive_key(alice.exchange(ec.ECDH(), bob), "A128GCM", 128, apu=b"Alice", apv=b"Bob")
    assert b64u(key) == "VqqN6vgjbSBcIijNcacQGg"


NO_POINT = {"kty": "EC", "crv": "P-256"}


def with_header(change: Callable[[dict[str, object]], object]) -> str:
    protected, rest = SEALED.split(".", 1)
    header = json.loads(unb64u(protected))
    change(header)
    return f"{b64u(json.dumps(header).encode())}.{rest}"


def with_part(number: int, part: str) -> str:
    parts = SEALED.split(".")
    parts[number] = part
    return ".".join(parts)


@pytest.mark.parametrize(
    ("sealed", "error"),
    [
        ("", MalformedError),
        ("a.b.c", MalformedError),
        (with_part(1, "AA"), MalformedError),
        (with_part(2, "AA"), MalformedError),
        (with_part(3, "=="), MalformedError),
        (with_part(4, "AA"), MalformedError),
        (with_part(0, b64u(b"[]")), MalformedError),
        (with_part(0, b64u(b"\xff")), MalformedError),
        (with_header(lambda header: header.update(alg="dir")), MalformedError),
        (with_header(lambda header: header.update(enc="A128GCM")), MalformedError),
        (with_header(lambda header: header.update(zip="DEF")), MalformedError),
        (with_header(lambda header: header.update(crit=["x"])), MalformedError),
        (with_header(lambda header: header.pop("epk")), MalformedError),
        (with_header(lambda header: header.update(epk=NO_POINT)), MalformedError),
        (with_header(lambda header: header.update(epk=NO_POINT | {"x": "AA", "y": "AA"})), MalformedError),
        (with_header(lambda header: header.update(kid="another")), SignatureError),
        (with_part(3, b64u(b"fifty payments")), SignatureError),
    ],
    ids=["empty", "three parts", "wrapped key", "short iv", "padding", "short tag", "header a list", "header no text",
         "alg", "enc", "zip", "crit", "no epk", "epk without point", "epk off the curve",
         "header changed", "text changed"],
)  # fmt: skip
def test_anything_else_is_refused(sealed: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        unseal(sealed, BACKEND.private)
