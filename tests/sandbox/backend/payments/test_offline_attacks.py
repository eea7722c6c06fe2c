# SPDX-License-Identifier: Apache-2.0
"""Moves of shoppers and of who has a terminal's key that were tried from outside (docs/security.md)."""

from typing import Any

import pytest

from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.authorisation import Funding
from tests.support.backend import Shop
from tests.support.dues import freeze


def test_a_promise_that_money_lies_aside_for_is_paid_though_the_account_is_frozen(shop: Shop) -> None:
    """Another key of the account was copied: what this one promises is there, and what goes beyond ends it."""
    till, wallet = shop.till(), shop.wallet()
    freeze(shop, wallet)
    shop.clock.advance(10)
    first, second, third = (till.sale(200_00, online=False) for _ in range(3))
    till.pay(till.sale(800_00), wallet)  # all that is free
    answers = [till.pay(sale, wallet, offline=True).json() for sale in (first, second)]
    assert [(answer["status"], answer["code"]) for answer in answers] == [
        ("approved", "approved"),
        ("declined", "offline_frozen"),
    ]
    shop.clock.advance(10)
    third = till.sale(200_00, online=False)
    assert till.pay(third, wallet, offline=True).json()["code"] == "credential_blocked"
    assert shop.operator.alarms() == ["promise_not_kept"]


def test_from_a_purse_nothing_is_taken_offline(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    purse = wallet.call("POST", "/purses", {"name": "rent"}).json()
    assert purse["purse_id"]
    sale = till.sale(18_80, online=False)
    answer = till.pay(sale, wallet, wallet.authorise(sale, funding=Funding.SHARED_PURSE), offline=True).json()
    assert (answer["code"], answer["borne_by"], answer["guaranteed"]) == ("offline_not_allowed", "merchant", 0)


@pytest.mark.parametrize("said_no", ["of a revoked terminal's", "of a purchase to be looked at"])
def test_what_a_person_has_refused_is_not_judged_again(shop: Shop, magic_shop: Shop, said_no: str) -> None:
    here = shop if said_no == "of a revoked terminal's" else magic_shop
    till, wallet = here.till(), here.wallet()
    sale = till.sale(10_27)
    authorisation = wallet.authorise(sale)
    here.clock.advance(1)
    if here is shop:
        here.operator.call("POST", f"/terminals/{till.terminal_id}/revoke")

    def sent(*, offline: bool) -> dict[str, Any]:
        item = till.item(sale, wallet, authorisation, offline=offline)
        verdicts: list[dict[str, Any]] = till.call("POST", "/payments/batch", {"payments": [item]}).json()["verdicts"]
        return verdicts[0]

    assert sent(offline=False)["status"] == "held"
    assert here.operator.call("POST", f"/payments/{sale.intent_id}/review", {"approve": False}).status_code == 204
    answer = sent(offline=True)
    assert (answer["status"], answer["code"]) == ("declined", "review_refused")


def test_a_wallet_that_dates_its_promise_ahead_is_asked_to_pay_all_the_same(shop: Shop) -> None:
    """Its key was listed since; by the terminal's date it was not yet, and the account owes what it promised."""
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80, online=False)
    ahead = wallet.authorise(sale, authorised_at=shop.clock.now() + 400)
    shop.clock.advance(60)
    shop.operator.call("POST", "/denylist", {"kid": b64u(PublicKey.of(wallet.key).kid), "why": "broke a promise"})
    shop.clock.advance(400)
    assert till.pay(sale, wallet, ahead, offline=True).json()["status"] == "approved"


def test_a_cancel_of_what_was_guaranteed_gives_the_guarantee_back(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    till.pay(till.sale(800_00), wallet)
    stored = [till.sale(200_00, online=False) for _ in range(2)]
    verdicts = [till.pay(sale, wallet, offline=True).json() for sale in stored]
    assert [verdict["guaranteed"] for verdict in verdicts if verdict["status"] == "declined"] == [200_00]
    assert till.cancel(stored[1]).json()["status"] == "cancelled"
    assert shop.operator.takings() == 1_000_00
