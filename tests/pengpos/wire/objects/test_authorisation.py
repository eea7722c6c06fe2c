# SPDX-License-Identifier: Apache-2.0
"""What a wallet's authorisation may claim, and in which combinations (tap protocol §1)."""

from dataclasses import replace
from typing import Any

import pytest

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.wire.encoding.cose import Context
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.authorisation import Authorisation, AuthorisationClaims, Funding, sign_authorisation
from tests.pengpos.wire import shop
from tests.pengpos.wire.shop import signed
from tests.vectors import STRANGER, WALLET

PLAIN = AuthorisationClaims(
    intent_digest=bytes(32), total_minor=18_80, authorised_at=shop.NOW, counter=1, offline_allowed=True
)
FULL = replace(
    PLAIN,
    offline_allowed=False,
    tip_minor=2_00,
    vouchers=(shop.voucher(), shop.voucher(voucher_id=bytes(16))),
    membership=shop.membership(),
    funding=Funding.FRIEND,
)


@pytest.mark.parametrize(
    "claims",
    [PLAIN, FULL, replace(PLAIN, funding=Funding.SHARED_PURSE)],
    ids=["plain", "full", "shared purse, offline"],
)
def test_round_trip(claims: AuthorisationClaims) -> None:
    raw = sign_authorisation(WALLET, claims)
    found = Authorisation.read(raw, PublicKey.of(WALLET))
    assert (found.raw, found.claims) == (raw, claims)
    with pytest.raises(SignatureError):
        Authorisation.read(raw, PublicKey.of(STRANGER))


@pytest.mark.parametrize(
    "changes",
    [
        {"intent_digest": bytes(31)},
        {"total_minor": -1},
        {"total_minor": 10**12 + 1},
        {"authorised_at": True},
        {"counter": 2**64},
        {"offline_allowed": 1},
        {"tip_minor": -1},
        {"vouchers": (b"",) * 5, "offline_allowed": False},
        {"vouchers": (shop.voucher(),)},
        {"funding": Funding.FRIEND},
        {"funding": 3},
    ],
    ids=repr,
)
def test_never_signs_what_no_terminal_would_take(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        sign_authorisation(WALLET, replace(PLAIN, **changes))


@pytest.mark.parametrize(
    ("claimed", "allowed"),
    [
        ({}, True),
        ({9: 1}, True),
        ({6: 100, 8: b""}, True),
        ({9: 2}, False),
        ({7: [b""]}, False),
        ({5: False}, False),
    ],
    ids=repr,
)
def test_offline_is_never_allowed_with_vouchers_nor_when_a_friend_pays(claimed: dict[int, Any], allowed: bool) -> None:
    content = {1: bytes(32), 2: 18_80, 3: shop.NOW, 4: 1, 5: True, **claimed}
    found = Authorisation.read(signed(Context.AUTHORISATION, content), PublicKey.of(WALLET))
    assert found.claims.offline_allowed is allowed
