# SPDX-License-Identifier: Apache-2.0
"""Memberships (backend API): points, tier, and a pass that shows no more."""

import pytest

from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.keys import PublicKey
from tests.support.backend import Shop
from tests.support.shop import Wallet


def kid_of(wallet: Wallet) -> str:
    return b64u(PublicKey.of(wallet.key).kid)


def test_a_shown_pass_counts_points_and_shows_no_more_than_a_tier(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    joined = wallet.call("POST", "/memberships", {"merchant_id": "M-0001", "kid": kid_of(wallet)}).json()
    sale = till.sale(18_80)
    signed = wallet.authorise(sale, membership=unb64u(joined["membership"]))
    answer = till.pay(sale, wallet, signed).json()
    again = wallet.call("POST", "/memberships", {"merchant_id": "M-0001", "kid": kid_of(wallet)}).json()
    assert (joined["points"], again["points"], again["member_id"]) == (0, 18, joined["member_id"])
    assert answer["payer_display"] == f"会员 …{joined['member_id'][-4:]}"
    assert [card["kind"] for card in answer["cards"]] == ["receipt", "points"]


def test_points_go_back_with_the_money(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    body = {"merchant_id": "M-0001", "kid": kid_of(wallet)}
    wallet.call("POST", "/memberships", body)
    sale = till.sale(18_80)
    wallet.call("POST", f"/intents/{sale.text}/pay", {"show_membership": True})
    till.refund(sale, 8_80)
    assert wallet.call("POST", "/memberships", body).json()["points"] == 10


def test_without_a_pass_nothing_is_shown(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    wallet.call("POST", "/memberships", {"merchant_id": "M-0001", "kid": kid_of(wallet)})
    assert "payer_display" not in till.pay(till.sale(18_80), wallet).json()


@pytest.mark.parametrize("wrong", ["another holder's", "no pass at all"])
def test_a_wrong_pass_is_refused(shop: Shop, wrong: str) -> None:
    till, wallet, other = shop.till(), shop.wallet(), shop.wallet()
    holder = other if wrong == "another holder's" else wallet
    joined = holder.call("POST", "/memberships", {"merchant_id": "M-0001", "kid": kid_of(holder)}).json()
    membership = b"no pass" if wrong == "no pass at all" else unb64u(joined["membership"])
    sale = till.sale(1_00)
    answer = till.pay(sale, wallet, wallet.authorise(sale, membership=membership)).json()
    assert (answer["code"], answer["reason"]) == ("wrong_membership", 18)
