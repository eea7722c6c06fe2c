# SPDX-License-Identifier: Apache-2.0
"""Intents and the presentations that carry them."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.wire.encoding.cbor import encode
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.objects.credential import Merchant
from pengpos.wire.objects.intent import IntentClaims, Purpose, sign_intent
from pengpos.wire.objects.presentation import MAX_PRESENTATION_SIZE, Presentation, encode_presentation
from tests.pengpos.wire import shop
from tests.pengpos.wire.objects.test_objects import content_of
from tests.pengpos.wire.shop import INTENT, changed
from tests.vectors import ISSUERS, STRANGER, TERMINAL

LIMIT = 10**12


@pytest.mark.parametrize(
    "claims",
    [
        INTENT,
        replace(INTENT, reference=None),
        replace(INTENT, amount_minor=0, purpose=Purpose.CHECK_IN),
        replace(INTENT, amount_minor=LIMIT, purpose=Purpose.SHARE, online=False, lifetime_s=300),
    ],
    ids=["a sale", "no reference", "a check-in", "a large share, offline"],
)
def test_round_trip(claims: IntentClaims) -> None:
    raw = encode_presentation(shop.terminal_credential(), sign_intent(TERMINAL, claims))
    found = Presentation.read(raw, ISSUERS)
    assert found.raw == raw
    assert found.intent.claims == claims
    assert found.merchant == shop.MERCHANT
    assert found.intent.digest == hashlib.sha256(found.intent.raw).digest()


@pytest.mark.parametrize(
    "changes",
    [
        {"intent_id": bytes(15)},
        {"amount_minor": 0},
        {"amount_minor": LIMIT + 1},
        {"amount_minor": 18.80},
        {"amount_minor": True},
        {"currency": "cny"},
        {"issued_at": -1},
        {"lifetime_s": 0},
        {"lifetime_s": 301},
        {"purpose": Purpose.CHECK_IN},
        {"purpose": 3},
        {"online": 1},
        {"terminal_id": "T" * 13},
        {"epoch": 2**64},
        {"counter": -1},
        {"reference": ""},
        {"reference": "x" * 33},
        {"reference": "a\u202eb"},
        {"reference": "e\u0301"},
    ],
    ids=repr,
)
def test_never_signs_what_no_wallet_would_take(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        sign_intent(TERMINAL, replace(INTENT, **changes))


@pytest.mark.parametrize(
    ("at", "in_time"),
    [
        (INTENT.issued_at - 301, False),
        (INTENT.issued_at - 300, True),
        (INTENT.issued_at, True),
        (INTENT.expires_at, True),
        (INTENT.expires_at + 300, True),
        (INTENT.expires_at + 301, False),
    ],
)
def test_the_clocks_bounds_are_both_included(at: int, in_time: bool) -> None:
    assert INTENT.in_time(at) is in_time


def test_the_longest_presentation_there_can_be_still_fits() -> None:
    longest = replace(
        INTENT,
        amount_minor=LIMIT,
        issued_at=2**64 - 1,
        lifetime_s=300,
        terminal_id="T" * 12,
        epoch=2**64 - 1,
        counter=2**64 - 1,
        reference="x" * 32,
    )
    credential = shop.terminal_credential(
        subject="T" * 12,
        merchant=Merchant(merchant_id="M" * 16, name="x" * 40),
        issued_at=2**64 - 1,
        expires_at=2**64 - 1,
    )
    raw = encode_presentation(credential, sign_intent(TERMINAL, longest))
    assert len(raw) <= MAX_PRESENTATION_SIZE
    assert Presentation.read(raw, ISSUERS).intent.claims == longest


@pytest.mark.parametrize(("size", "fits"), [(510, True), (511, False)])
def test_a_presentation_is_at_most_510_bytes(size: int, fits: bool) -> None:
    content = changed(content_of(sign_intent(TERMINAL, INTENT)), {10: b""})
    credential = shop.terminal_credential()
    shortest = len(encode([credential, sign1(TERMINAL, Context.INTENT, encode({**content, 10: bytes(130)}))]))
    intent = sign1(TERMINAL, Context.INTENT, encode({**content, 10: bytes(130 + size - shortest)}))
    if fits:
        assert len(encode_presentation(credential, intent)) == size
        assert Presentation.read(encode([credential, intent]), ISSUERS).intent.claims == INTENT
    else:
        with pytest.raises(MalformedError):
            encode_presentation(credential, intent)
        with pytest.raises(MalformedError, match="longer than 510"):
            Presentation.read(encode([credential, intent]), ISSUERS)


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ([], MalformedError),
        ([shop.terminal_credential()], MalformedError),
        ([shop.terminal_credential(), "intent"], MalformedError),
        ([0, sign_intent(TERMINAL, INTENT)], MalformedError),
        ({0: 0}, MalformedError),
        ([shop.wallet_credential(), sign_intent(TERMINAL, INTENT)], MalformedError),
        ([shop.terminal_credential(subject="T-0002"), sign_intent(TERMINAL, INTENT)], MalformedError),
        ([shop.terminal_credential(), sign_intent(STRANGER, INTENT)], SignatureError),
        ([sign_intent(TERMINAL, INTENT), shop.terminal_credential()], MalformedError),
    ],
    ids=["empty", "one", "text", "number", "map", "wallet's", "another terminal", "a stranger's intent", "swapped"],
)
def test_refuses(members: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        Presentation.read(encode(members), ISSUERS)


def test_a_grown_presentation_keeps_its_bytes() -> None:
    raw = encode([shop.terminal_credential(), sign_intent(TERMINAL, INTENT), 0])
    assert Presentation.read(raw, ISSUERS).raw == raw
