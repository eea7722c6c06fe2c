# SPDX-License-Identifier: Apache-2.0
"""P-256 public keys as COSE keys and JWKs, their kid, and whom we trust."""

from typing import Any

import pytest

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.wire.encoding.keys import Issuers, PublicKey
from tests.pengpos.wire.shop import LEFT_OUT, changed
from tests.vectors import ISSUER, STRANGER, TERMINAL, WALLET

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
KEY = PublicKey.of(WALLET)
DATA = b"what was signed"
SIGNATURE = WALLET.sign(DATA)
R, S = int.from_bytes(SIGNATURE[:32], "big"), int.from_bytes(SIGNATURE[32:], "big")


def rs(r: int, s: int) -> bytes:
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@pytest.mark.parametrize("signature", [SIGNATURE, rs(R, ORDER - S)], ids=["the signer's s", "the other s"])
def test_either_s_verifies(signature: bytes) -> None:
    KEY.verify(signature, DATA)
    with pytest.raises(SignatureError):
        KEY.verify(signature, DATA + b"!")


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        SIGNATURE[:-1],
        SIGNATURE + b"\x00",
        rs(R ^ 1, S),
        rs(R, S ^ 1),
        rs(0, 0),
        rs(0, S),
        rs(R, 0),
        rs(ORDER, S),
        rs(R, ORDER),
        b"\xff" * 64,
    ],
    ids=["empty", "63 bytes", "65 bytes", "r", "s", "zero", "r 0", "s 0", "r = n", "s = n", "all ones"],
)
def test_everything_else_does_not(signature: bytes) -> None:
    with pytest.raises(SignatureError):
        KEY.verify(signature, DATA)


def test_another_key_does_not_verify() -> None:
    with pytest.raises(SignatureError):
        PublicKey.of(STRANGER).verify(SIGNATURE, DATA)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (KEY.x, KEY.y[:-1] + bytes([KEY.y[-1] ^ 1])),
        (bytes(32), bytes(32)),
        (b"\xff" * 32, KEY.y),
        (KEY.x[:-1], KEY.y),
        (KEY.x, KEY.y + b"\x00"),
        (b"", b""),
    ],
    ids=["off the curve", "zero", "beyond the field", "31 bytes", "33 bytes", "empty"],
)
def test_no_point_no_key(x: bytes, y: bytes) -> None:
    with pytest.raises(MalformedError):
        PublicKey(x, y)


def test_equal_keys_are_equal() -> None:
    assert PublicKey(KEY.x, KEY.y) == KEY
    assert len({PublicKey(KEY.x, KEY.y), KEY, PublicKey.of(STRANGER)}) == 2


def test_cose_both_ways() -> None:
    assert PublicKey.from_cose({**KEY.to_cose(), 3: -7, 99: []}) == KEY


@pytest.mark.parametrize(
    "changes",
    [{1: LEFT_OUT}, {-1: LEFT_OUT}, {-2: LEFT_OUT}, {-3: LEFT_OUT}, {1: 1}, {-1: 2}, {1: True}, {-3: True}, {-2: b"x"}],
    ids=repr,
)
def test_cose_refuses(changes: dict[int, Any]) -> None:
    with pytest.raises(MalformedError):
        PublicKey.from_cose(changed(dict(KEY.to_cose()), changes))


def test_jwk_both_ways() -> None:
    jwk = KEY.to_jwk()
    assert set(jwk) == {"kty", "crv", "x", "y", "kid"}
    assert len(jwk["kid"]) == 11
    assert PublicKey.from_jwk({**jwk, "use": "sig"}) == KEY


@pytest.mark.parametrize(
    "changes",
    [
        {"kty": "RSA"},
        {"kty": None},
        {"crv": "P-384"},
        {"x": None},
        {"x": 5},
        {"x": KEY.to_jwk()["x"] + "="},
        {"y": KEY.to_jwk()["x"]},
        {"y": "AA"},
        {"kid": None},
        {"kid": PublicKey.of(STRANGER).to_jwk()["kid"]},
    ],
    ids=repr,
)
def test_jwk_refuses(changes: dict[str, object]) -> None:
    with pytest.raises(MalformedError):
        PublicKey.from_jwk({**KEY.to_jwk(), **changes})


def test_issuers_are_found_by_kid_and_nobody_else_is() -> None:
    issuer, other = PublicKey.of(ISSUER), PublicKey.of(TERMINAL)
    issuers = Issuers([issuer, other])
    assert issuers.get(issuer.kid) == issuer
    assert list(issuers) == [issuer, other]
    assert len(issuers) == 2
    for kid in (b"", issuer.kid[:7], PublicKey.of(STRANGER).kid):
        with pytest.raises(SignatureError):
            issuers.get(kid)


def test_a_fingerprint_is_the_kid_as_people_read_it() -> None:
    assert KEY.fingerprint.replace("-", "").lower() == KEY.kid.hex()
    assert [len(group) for group in KEY.fingerprint.split("-")] == [4, 4, 4, 4]
