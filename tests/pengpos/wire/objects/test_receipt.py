# SPDX-License-Identifier: Apache-2.0
"""Receipts: who may sign which outcome, and what each must say (tap protocol §1, receipt)."""

from dataclasses import replace
from typing import Any

import pytest

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.core.ports import Signer
from pengpos.wire.encoding.cbor import encode
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.receipt import MAX_RECEIPT_SIZE, Outcome, Receipt, ReceiptClaims, sign_receipt
from tests.pengpos.wire import shop
from tests.pengpos.wire.shop import ISSUER_KID, RECEIPT
from tests.vectors import ISSUER, ISSUERS, STRANGER, TERMINAL

OFFLINE = replace(RECEIPT, outcome=Outcome.ACCEPTED_OFFLINE, url=None)
DECLINED = replace(RECEIPT, outcome=Outcome.DECLINED, total_minor=0, url=None, reason=23)
TERMINAL_KEY = PublicKey.of(TERMINAL)


@pytest.mark.parametrize(
    ("signer", "kid", "claims"),
    [(ISSUER, ISSUER_KID, RECEIPT), (ISSUER, ISSUER_KID, DECLINED), (TERMINAL, None, OFFLINE)],
    ids=["approved", "declined", "accepted offline"],
)
def test_round_trip(signer: Signer, kid: bytes | None, claims: ReceiptClaims) -> None:
    raw = sign_receipt(signer, claims, kid=kid)
    found = Receipt.read(raw, ISSUERS, terminal_key=TERMINAL_KEY)
    assert found == Receipt(raw=raw, claims=claims, by_issuer=kid is not None)


def content(outcome: int) -> bytes:
    return encode({1: RECEIPT.intent_id, 2: outcome, 3: 1880, 4: "CNY", 5: shop.NOW})


@pytest.mark.parametrize(
    ("raw", "terminal_key", "error"),
    [
        (sign1(TERMINAL, Context.RECEIPT, content(0)), TERMINAL_KEY, MalformedError),
        (sign1(TERMINAL, Context.RECEIPT, content(2)), TERMINAL_KEY, MalformedError),
        (sign1(ISSUER, Context.RECEIPT, content(1), kid=ISSUER_KID), TERMINAL_KEY, MalformedError),
        (sign1(TERMINAL, Context.RECEIPT, content(1)), None, SignatureError),
        (sign1(STRANGER, Context.RECEIPT, content(1)), TERMINAL_KEY, SignatureError),
        (sign1(ISSUER, Context.RECEIPT, content(0)), TERMINAL_KEY, SignatureError),
        (sign1(TERMINAL, Context.RECEIPT, content(0), kid=ISSUER_KID), TERMINAL_KEY, SignatureError),
        (sign1(TERMINAL, Context.RECEIPT, content(1), kid=TERMINAL_KEY.kid), TERMINAL_KEY, SignatureError),
        (sign1(ISSUER, Context.VOUCHER, content(0), kid=ISSUER_KID), TERMINAL_KEY, SignatureError),
    ],
    ids=[
        "approved by the terminal",
        "declined by the terminal",
        "accepted offline by an issuer",
        "a terminal's where an issuer's is wanted",
        "a stranger's",
        "an issuer's without kid",
        "the terminal under the issuer's kid",
        "the terminal under its own kid",
        "another context",
    ],
)
def test_who_may_say_what(raw: bytes, terminal_key: PublicKey | None, error: type[Exception]) -> None:
    with pytest.raises(error):
        Receipt.read(raw, ISSUERS, terminal_key=terminal_key)


@pytest.mark.parametrize(
    ("changes", "kid"),
    [
        ({}, None),
        ({"outcome": Outcome.ACCEPTED_OFFLINE}, ISSUER_KID),
        ({"intent_id": bytes(15)}, ISSUER_KID),
        ({"total_minor": -1}, ISSUER_KID),
        ({"currency": "CN"}, ISSUER_KID),
        ({"at": 2**64}, ISSUER_KID),
        ({"url": ""}, ISSUER_KID),
        ({"url": "https://pay.example/" + "x" * 400}, ISSUER_KID),
        ({"reason": -1}, ISSUER_KID),
    ],
    ids=repr,
)
def test_never_signs_what_nobody_would_read(changes: dict[str, Any], kid: bytes | None) -> None:
    with pytest.raises(MalformedError):
        sign_receipt(ISSUER, replace(RECEIPT, **changes), kid=kid)


def test_a_receipt_is_at_most_512_bytes() -> None:
    spare = MAX_RECEIPT_SIZE - len(sign_receipt(ISSUER, replace(RECEIPT, url="x" * 256), kid=ISSUER_KID))
    longest = replace(RECEIPT, url="x" * (256 + spare))
    raw = sign_receipt(ISSUER, longest, kid=ISSUER_KID)
    assert len(raw) == MAX_RECEIPT_SIZE
    assert Receipt.read(raw, ISSUERS).claims == longest
    with pytest.raises(MalformedError):
        sign_receipt(ISSUER, replace(longest, url=f"{longest.url}x"), kid=ISSUER_KID)
