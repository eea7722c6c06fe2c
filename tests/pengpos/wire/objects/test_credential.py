# SPDX-License-Identifier: Apache-2.0
"""Credentials of terminals and wallets, at every edge (tap protocol §1, credential)."""

from typing import Any

import pytest

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import Issuers, PublicKey
from pengpos.wire.objects.credential import Allowance, Credential, Merchant, Role
from tests.pengpos.wire import shop
from tests.vectors import ISSUERS, STRANGER, TERMINAL, WALLET


def test_a_terminals() -> None:
    raw = shop.terminal_credential()
    assert Credential.read(raw, ISSUERS) == Credential(
        raw=raw,
        subject="T-0001",
        issued_at=shop.NOW - shop.DAY_S,
        expires_at=shop.NOW + 30 * shop.DAY_S,
        key=PublicKey.of(TERMINAL),
        role=Role.TERMINAL,
        merchant=shop.MERCHANT,
    )


@pytest.mark.parametrize("allowance", [None, Allowance(currency="CNY", per_payment_minor=0, total_minor=0)])
def test_a_wallets(allowance: Allowance | None) -> None:
    found = Credential.read(shop.wallet_credential(allowance=allowance), ISSUERS)
    assert (found.role, found.key, found.allowance, found.merchant) == (
        Role.WALLET,
        PublicKey.of(WALLET),
        allowance,
        None,
    )


@pytest.mark.parametrize(("seconds", "expired"), [(-1, False), (0, True), (1, True)])
def test_expiry_is_exact(seconds: int, expired: bool) -> None:
    found = Credential.read(shop.wallet_credential(expires_at=shop.NOW), ISSUERS)
    assert found.expired(shop.NOW + seconds) is expired


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "T" * 13},
        {"subject": ""},
        {"subject": "店"},
        {"merchant": None},
        {"merchant": Merchant(merchant_id="M" * 17, name="Dawn")},
        {"merchant": Merchant(merchant_id="M-42", name="x" * 41)},
        {"merchant": Merchant(merchant_id="M-42", name="Dawn\n")},
        {"allowance": Allowance(currency="CNY", per_payment_minor=1, total_minor=1)},
        {"role": Role.WALLET},
        {"expires_at": -1},
        {"expires_at": 2**64},
        {"issued_at": 1.5},
    ],
    ids=repr,
)
def test_never_issues_what_nobody_would_read(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        shop.terminal_credential(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "w" * 23},
        {"merchant": shop.MERCHANT},
        {"allowance": Allowance(currency="cny", per_payment_minor=1, total_minor=1)},
        {"allowance": Allowance(currency="CNY", per_payment_minor=10**12 + 1, total_minor=1)},
    ],
    ids=repr,
)
def test_nor_for_a_wallet(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        shop.wallet_credential(**changes)


def test_only_a_trusted_issuer_counts() -> None:
    raw = shop.wallet_credential()
    with pytest.raises(SignatureError):
        Credential.read(raw, Issuers([PublicKey.of(STRANGER)]))
    with pytest.raises(SignatureError):
        Credential.read(raw, Issuers([]))


def test_no_other_object_passes_for_a_credential() -> None:
    with pytest.raises(SignatureError):
        Credential.read(shop.voucher(), ISSUERS)
    with pytest.raises(MalformedError):
        Credential.read(sign1(WALLET, Context.CREDENTIAL, b"\xa0"), ISSUERS)
