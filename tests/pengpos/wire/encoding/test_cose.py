# SPDX-License-Identifier: Apache-2.0
"""COSE_Sign1 over exact bytes: contexts, headers, signatures that must not pass."""

from typing import Any

import pytest

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.wire.encoding.cbor import encode
from pengpos.wire.encoding.cose import Context, Sign1, sign1
from pengpos.wire.encoding.keys import PublicKey
from tests.pengpos.wire.shop import ISSUER_KID
from tests.vectors import ISSUER, ISSUERS, STRANGER, WALLET

PAYLOAD = b'{"any": "bytes, JSON too"}'
HEADER = encode({1: -7})
SIGNATURE = bytes(64)


def enveloped(members: Any, tag: bytes = b"\xd2") -> bytes:
    return tag + encode(members)


@pytest.mark.parametrize("context", Context)
def test_a_signature_is_good_for_its_context_only(context: Context) -> None:
    signed = Sign1.parse(sign1(WALLET, context, PAYLOAD))
    for other in Context:
        if other is context:
            signed.verify(PublicKey.of(WALLET), other)
        else:
            with pytest.raises(SignatureError):
                signed.verify(PublicKey.of(WALLET), other)


@pytest.mark.parametrize(
    ("context", "aad"),
    [
        (Context.CREDENTIAL, b"PengTap1 credential"),
        (Context.HEAD, b"PengTap1 head"),
        (Context.CREDENTIAL_REQUEST, b"PengTap1 credential-request"),
    ],
)
def test_aad(context: Context, aad: bytes) -> None:
    assert context.aad == aad


def test_parts() -> None:
    raw = sign1(ISSUER, Context.POLICY, PAYLOAD, kid=ISSUER_KID)
    signed = Sign1.read_issued(raw, ISSUERS, Context.POLICY)
    assert (signed.raw, signed.kid, signed.payload) == (raw, ISSUER_KID, PAYLOAD)
    assert signed.protected == encode({1: -7, 4: ISSUER_KID})
    assert len(signed.signature) == 64


@pytest.mark.parametrize(
    ("protected", "kid"),
    [
        ({1: -7}, None),
        ({1: -7, 4: ISSUER_KID}, ISSUER_KID),
        ({1: -7, 3: 0, 4: ISSUER_KID, 5: b"iv", 99: [1], -5: {}}, ISSUER_KID),
        ({1: -7, 4: b"seven b"}, None),
        ({1: -7, 4: 5}, None),
    ],
    ids=repr,
)
def test_further_labels_are_ignored(protected: dict[int, Any], kid: bytes | None) -> None:
    assert Sign1.parse(enveloped([encode(protected), {}, PAYLOAD, SIGNATURE])).kid == kid


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xd2",
        encode([HEADER, {}, PAYLOAD, SIGNATURE]),
        enveloped([HEADER, {}, PAYLOAD, SIGNATURE], b"\xd1"),
        enveloped([HEADER, {}, PAYLOAD, SIGNATURE], b"\xd8\x12"),
        enveloped([HEADER, {}, PAYLOAD, SIGNATURE], b"\xd2\xd2"),
        enveloped([HEADER, {}, PAYLOAD, SIGNATURE]) + b"\x00",
        enveloped([HEADER, {}, PAYLOAD]),
        enveloped([HEADER, {}, PAYLOAD, SIGNATURE, 0]),
        enveloped({0: 0}),
        enveloped([HEADER, {4: ISSUER_KID}, PAYLOAD, SIGNATURE]),
        enveloped([HEADER, [], PAYLOAD, SIGNATURE]),
        enveloped([HEADER, b"", PAYLOAD, SIGNATURE]),
        enveloped([{1: -7}, {}, PAYLOAD, SIGNATURE]),
        enveloped([HEADER, {}, "text", SIGNATURE]),
        enveloped([HEADER, {}, PAYLOAD, SIGNATURE[:-1]]),
        enveloped([HEADER, {}, PAYLOAD, 0]),
        enveloped([b"", {}, PAYLOAD, SIGNATURE]),
        enveloped([encode([1]), {}, PAYLOAD, SIGNATURE]),
        enveloped([encode({}), {}, PAYLOAD, SIGNATURE]),
        enveloped([encode({1: -8}), {}, PAYLOAD, SIGNATURE]),
        enveloped([encode({1: True}), {}, PAYLOAD, SIGNATURE]),
        enveloped([encode({1: -7, 2: []}), {}, PAYLOAD, SIGNATURE]),
        enveloped([encode({1: -7, 2: [9]}), {}, PAYLOAD, SIGNATURE]),
        enveloped([bytes.fromhex("a10138 06".replace(" ", "")), {}, PAYLOAD, SIGNATURE]),
        enveloped([bytes.fromhex("a201260126"), {}, PAYLOAD, SIGNATURE]),
        enveloped([bytes.fromhex("a20126617801"), {}, PAYLOAD, SIGNATURE]),
        enveloped([HEADER + b"\x00", {}, PAYLOAD, SIGNATURE]),
        enveloped([encode({1: -7, 9: [[[[[0]]]]]}), {}, bytes(2_048), SIGNATURE]),
    ],
)
def test_parse_refuses(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        Sign1.parse(raw)


def test_the_unprotected_null_of_detached_payloads_is_refused() -> None:
    detached = b"\xd2\x84\x43" + HEADER + b"\xa0\xf6\x58\x40" + SIGNATURE
    with pytest.raises(MalformedError, match="not a byte string"):
        Sign1.parse(detached)


def test_size_is_the_callers() -> None:
    raw = sign1(ISSUER, Context.DENYLIST, bytes(5_000), kid=ISSUER_KID)
    with pytest.raises(MalformedError, match="longer than 2048 bytes"):
        Sign1.parse(raw)
    with pytest.raises(MalformedError, match="longer than"):
        Sign1.parse(raw, max_size=len(raw) - 1)
    assert Sign1.read_issued(raw, ISSUERS, Context.DENYLIST, max_size=len(raw)).payload == bytes(5_000)


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (sign1(ISSUER, Context.POLICY, PAYLOAD), MalformedError),
        (sign1(ISSUER, Context.DENYLIST, PAYLOAD, kid=ISSUER_KID), SignatureError),
        (sign1(STRANGER, Context.POLICY, PAYLOAD, kid=ISSUER_KID), SignatureError),
        (sign1(STRANGER, Context.POLICY, PAYLOAD, kid=PublicKey.of(STRANGER).kid), SignatureError),
    ],
    ids=["no kid", "another context", "another's kid", "a stranger"],
)
def test_only_an_issuer_issues(raw: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        Sign1.read_issued(raw, ISSUERS, Context.POLICY)


def test_content_is_compared_without_the_signature() -> None:
    first = Sign1.parse(sign1(WALLET, Context.INTENT, PAYLOAD))
    again = Sign1.parse(sign1(STRANGER, Context.INTENT, PAYLOAD))
    assert first.same_content(again)
    assert not first.same_content(Sign1.parse(sign1(WALLET, Context.INTENT, PAYLOAD + b" ")))
    assert not first.same_content(Sign1.parse(sign1(WALLET, Context.INTENT, PAYLOAD, kid=ISSUER_KID)))
