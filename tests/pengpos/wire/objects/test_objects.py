# SPDX-License-Identifier: Apache-2.0
"""What makes a claim of each signed object invalid, and what is ignored: one table for all six objects."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pengpos.core.errors import MalformedError
from pengpos.wire.encoding.cbor import decode
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.authorisation import Authorisation
from pengpos.wire.objects.credential import Credential
from pengpos.wire.objects.intent import SignedIntent, sign_intent
from pengpos.wire.objects.membership import Membership
from pengpos.wire.objects.receipt import Receipt, sign_receipt
from pengpos.wire.objects.voucher import Voucher
from tests.pengpos.wire import shop
from tests.pengpos.wire.shop import ISSUER_KID, LEFT_OUT, changed, signed
from tests.vectors import ISSUER, ISSUERS, TERMINAL, WALLET

LIMIT = 10**12


def content_of(raw: bytes) -> dict[int, Any]:
    content = decode(Sign1.parse(raw).payload, max_size=2_048)
    assert isinstance(content, dict)
    return content


VOUCHER = shop.voucher()
KINDS: dict[str, tuple[Context, dict[int, Any], Callable[[bytes], object]]] = {
    "terminal": (Context.CREDENTIAL, content_of(shop.terminal_credential()), lambda raw: Credential.read(raw, ISSUERS)),
    "wallet": (Context.CREDENTIAL, content_of(shop.wallet_credential()), lambda raw: Credential.read(raw, ISSUERS)),
    "intent": (
        Context.INTENT,
        content_of(sign_intent(TERMINAL, shop.INTENT)),
        lambda raw: SignedIntent.read(raw, PublicKey.of(TERMINAL)),
    ),
    "authorisation": (
        Context.AUTHORISATION,
        {1: bytes(32), 2: 1380, 3: shop.NOW, 4: 1, 5: False, 6: 100, 7: [VOUCHER], 8: shop.membership(), 9: 1},
        lambda raw: Authorisation.read(raw, PublicKey.of(WALLET)),
    ),
    "receipt": (
        Context.RECEIPT,
        content_of(
            sign_receipt(
                ISSUER, replace(shop.RECEIPT, wallet_kid=shop.WALLET_KID, terminal_id="T-0001"), kid=ISSUER_KID
            )
        ),
        lambda raw: Receipt.read(raw, ISSUERS),
    ),
    "voucher": (Context.VOUCHER, content_of(VOUCHER), lambda raw: Voucher.read(raw, ISSUERS)),
    "membership": (Context.MEMBERSHIP, content_of(shop.membership()), lambda raw: Membership.read(raw, ISSUERS)),
}
OPTIONAL = {
    "terminal": set(),
    "wallet": {-70003},
    "intent": {9},
    "authorisation": {6, 7, 8, 9},
    "receipt": {6, 8, 10},
    "voucher": set(),
    "membership": set(),
}
KEY = PublicKey.of(WALLET).to_cose()

GOOD: list[tuple[str, dict[int, Any]]] = [
    ("terminal", {2: "T" * 12}),
    ("terminal", {4: 0, 6: 0}),
    ("terminal", {4: 2**64 - 1}),
    ("terminal", {-70002: ["M" * 16, "晨" * 13 + "!"]}),
    ("terminal", {-70002: ["M-42", "Dawn", [1], 5]}),
    ("terminal", {-70003: "not for terminals, so not looked at"}),
    ("terminal", {8: {1: {**KEY, 4: [], 5: 1}, 2: b""}}),
    ("wallet", {2: "w" * 22}),
    ("wallet", {-70003: ["CNY", LIMIT, LIMIT]}),
    ("wallet", {-70003: ["CNY", 0, 0, {}]}),
    ("wallet", {-70002: 7}),
    ("intent", {2: 1, 5: 1}),
    ("intent", {2: LIMIT, 5: 300}),
    ("intent", {2: 0, 6: 1}),
    ("intent", {6: 2}),
    ("intent", {7: False}),
    ("intent", {8: ["T-0001", 2**63 - 1, 2**64 - 1, "later"]}),
    ("intent", {9: "é" * 16}),
    ("authorisation", {2: 0}),
    ("authorisation", {2: LIMIT, 6: LIMIT}),
    ("authorisation", {7: [VOUCHER] * 4}),
    ("authorisation", {9: 2, 5: True}),
    ("authorisation", {4: 0}),
    ("receipt", {3: LIMIT}),
    ("receipt", {7: 0}),
    ("receipt", {7: 999}),
    ("receipt", {2: 2}),
    ("receipt", {2: 3}),
    ("receipt", {2: 4}),
    ("receipt", {8: bytes(8)}),
    ("receipt", {10: "T" * 12}),
    ("voucher", {3: LIMIT, 5: LIMIT}),
    ("voucher", {3: 0, 5: 0}),
    ("membership", {3: "金" * 8}),
]

BAD: list[tuple[str, dict[int, Any]]] = [
    ("terminal", {2: "T" * 13}),
    ("terminal", {2: "店1"}),
    ("terminal", {2: b"T-0001"}),
    ("terminal", {4: -1}),
    ("terminal", {4: True}),
    ("terminal", {6: "now"}),
    ("terminal", {8: {}}),
    ("terminal", {8: []}),
    ("terminal", {8: {1: []}}),
    ("terminal", {8: {1: {**KEY, -2: bytes(32)}}}),
    ("terminal", {8: {1: {**KEY, -2: bytes(31)}}}),
    ("terminal", {-70001: 0}),
    ("terminal", {-70001: 3}),
    ("terminal", {-70001: True}),
    ("terminal", {-70002: ["M-42"]}),
    ("terminal", {-70002: ["M" * 17, "Dawn"]}),
    ("terminal", {-70002: ["商1", "Dawn"]}),
    ("terminal", {-70002: ["M-42", "晨" * 14]}),
    ("terminal", {-70002: ["M-42", 5]}),
    ("terminal", {-70002: {}}),
    ("wallet", {2: "w" * 23}),
    ("wallet", {-70003: ["CNY", 1]}),
    ("wallet", {-70003: ["cny", 1, 1]}),
    ("wallet", {-70003: ["CNYX", 1, 1]}),
    ("wallet", {-70003: ["CNY", LIMIT + 1, 1]}),
    ("wallet", {-70003: ["CNY", 1, LIMIT + 1]}),
    ("wallet", {-70003: ["CNY", True, 1]}),
    ("wallet", {-70003: []}),
    ("intent", {1: bytes(15)}),
    ("intent", {1: bytes(17)}),
    ("intent", {1: "0" * 16}),
    ("intent", {2: 0}),
    ("intent", {2: 1, 6: 1}),
    ("intent", {2: -1}),
    ("intent", {2: True}),
    ("intent", {2: LIMIT + 1}),
    ("intent", {3: "CN"}),
    ("intent", {3: "cny"}),
    ("intent", {3: "C1Y"}),
    ("intent", {3: "ÄÖÜ"}),
    ("intent", {5: 0}),
    ("intent", {5: 301}),
    ("intent", {5: True}),
    ("intent", {6: 3}),
    ("intent", {6: False}),
    ("intent", {7: 1}),
    ("intent", {7: 0}),
    ("intent", {8: ["T-0001", 1]}),
    ("intent", {8: ["T" * 13, 1, 1]}),
    ("intent", {8: ["店", 1, 1]}),
    ("intent", {8: ["T-0001", -1, 1]}),
    ("intent", {8: ["T-0001", 1, False]}),
    ("intent", {8: "T-0001"}),
    ("intent", {9: "x" * 33}),
    ("intent", {9: "é" * 17}),
    ("intent", {9: 5}),
    ("authorisation", {1: bytes(31)}),
    ("authorisation", {1: bytes(33)}),
    ("authorisation", {2: LIMIT + 1}),
    ("authorisation", {2: True}),
    ("authorisation", {3: -1}),
    ("authorisation", {4: -1}),
    ("authorisation", {4: True}),
    ("authorisation", {5: 1}),
    ("authorisation", {6: 0}),
    ("authorisation", {6: LIMIT + 1}),
    ("authorisation", {6: True}),
    ("authorisation", {7: []}),
    ("authorisation", {7: [b""] * 5}),
    ("authorisation", {7: ["voucher"]}),
    ("authorisation", {7: VOUCHER}),
    ("authorisation", {8: []}),
    ("authorisation", {9: 0}),
    ("authorisation", {9: 3}),
    ("authorisation", {9: True}),
    ("receipt", {1: bytes(15)}),
    ("receipt", {2: 5}),
    ("receipt", {8: bytes(7)}),
    ("receipt", {8: "12345678"}),
    ("receipt", {10: "T" * 13}),
    ("receipt", {10: "店1"}),
    ("receipt", {10: b"T-0001"}),
    ("receipt", {2: 1}),
    ("receipt", {2: False}),
    ("receipt", {3: LIMIT + 1}),
    ("receipt", {4: "CN"}),
    ("receipt", {5: -1}),
    ("receipt", {6: b"https://"}),
    ("receipt", {6: "x" * 512}),
    ("receipt", {7: -1}),
    ("receipt", {7: True}),
    ("voucher", {1: bytes(15)}),
    ("voucher", {2: "M" * 17}),
    ("voucher", {2: "商"}),
    ("voucher", {3: LIMIT + 1}),
    ("voucher", {4: "usd"}),
    ("voucher", {5: LIMIT + 1}),
    ("voucher", {6: -1}),
    ("voucher", {7: True}),
    ("voucher", {8: bytes(7)}),
    ("voucher", {8: bytes(9)}),
    ("membership", {1: bytes(17)}),
    ("membership", {2: "M" * 17}),
    ("membership", {3: "金" * 9}),
    ("membership", {4: False}),
    ("membership", {5: bytes(7)}),
]


def read(kind: str, changes: dict[int, Any]) -> object:
    context, content, reader = KINDS[kind]
    return reader(signed(context, changed(content, changes)))


def named(rows: list[tuple[str, dict[int, Any]]]) -> list[Any]:
    return [pytest.param(kind, changes, id=f"{kind} {changes!r:.60}") for kind, changes in rows]


@pytest.mark.parametrize(("kind", "changes"), named(GOOD))
def test_reads(kind: str, changes: dict[int, Any]) -> None:
    assert read(kind, changes)


@pytest.mark.parametrize(("kind", "changes"), named(BAD))
def test_refuses(kind: str, changes: dict[int, Any]) -> None:
    with pytest.raises(MalformedError):
        read(kind, changes)


@pytest.mark.parametrize(
    ("kind", "key"), [pytest.param(kind, key, id=f"{kind} {key}") for kind in KINDS for key in KINDS[kind][1]]
)
def test_a_key_may_be_left_out_exactly_if_it_is_optional(kind: str, key: int) -> None:
    if key in OPTIONAL[kind]:
        assert read(kind, {key: LEFT_OUT})
    else:
        with pytest.raises(MalformedError, match=f"claim {key} is missing"):
            read(kind, {key: LEFT_OUT})


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_keys_are_ignored(kind: str) -> None:
    plain, grown = read(kind, {}), read(kind, {11: [1], 23: {0: [[["deep"]]]}, -70004: b"", -99999: True})
    for name in ("claims", "subject", "merchant", "allowance", "key"):
        assert getattr(grown, name, None) == getattr(plain, name, None)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", [[], 0, "text", b""], ids=repr)
def test_claims_are_a_map(kind: str, content: object) -> None:
    context, _, reader = KINDS[kind]
    with pytest.raises(MalformedError, match="not a map"):
        reader(signed(context, content))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("null", ["f6", "f7", "e0"], ids=["null", "undefined", "simple 0"])
def test_null_is_no_way_to_leave_a_key_out(kind: str, null: str) -> None:
    """Under a key nobody knows it is ignored like everything else: §1 does not forbid it."""
    context, content, reader = KINDS[kind]
    value = decode(bytes.fromhex(null), max_size=1)
    assert reader(signed(context, {**content, 11: value}))
    for key in content:
        with pytest.raises(MalformedError):
            reader(signed(context, {**content, key: value}))
