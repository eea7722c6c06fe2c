# SPDX-License-Identifier: Apache-2.0
"""Claims beside each other: a stranger's later claim takes a sale from no shopper, nor from the friend who is asked."""

from typing import Any

import pytest

from sandbox.backend.kernel import limits
from tests.support.backend import Shop
from tests.support.shop import Sale, Till, Wallet


def parked(till: Till, sale: Sale) -> int:
    return till.call("POST", "/payment-requests", {"presentation": sale.text}).status_code


def asked(wallet: Wallet, sale: Sale, friend: Wallet) -> dict[str, Any]:
    answer = wallet.call("POST", "/payment-requests", {"intent_id": sale.intent_id, "friend_id": friend.account_id})
    assert answer.status_code == 201, answer.json()["code"]
    return dict(answer.json())


def accepted(friend: Wallet, request: dict[str, Any]) -> int:
    return friend.call("POST", f"/payment-requests/{request['request_id']}/accept").status_code


def claimed(wallet: Wallet, sale: Sale) -> bool:
    return wallet.call("POST", f"/intents/{sale.text}/claim").json().get("claimed_by_me", False) is True


@pytest.fixture
def till(shop: Shop) -> Till:
    return shop.till()


@pytest.fixture
def thief(shop: Shop) -> Wallet:
    return shop.wallet()


@pytest.fixture
def shopper(shop: Shop) -> Wallet:
    return shop.wallet()


@pytest.fixture
def friend(shop: Shop) -> Wallet:
    return shop.wallet()


@pytest.fixture
def sale(shop: Shop, till: Till, thief: Wallet) -> Sale:
    """One whose first claim, the only one that keeps others out, a thief has used up."""
    sale = till.sale(18_80, lifetime_s=300)
    assert claimed(thief, sale)
    shop.clock.advance(60)
    return sale


@pytest.mark.parametrize("parks", [False, True])
@pytest.mark.parametrize("thief_comes", ["first", "last"])
def test_a_later_claim_takes_the_sale_from_nobody_who_is_asking_a_friend(
    till: Till, sale: Sale, thief: Wallet, shopper: Wallet, friend: Wallet, *, parks: bool, thief_comes: str
) -> None:
    """The thief's claims keep nobody out, and so must not end the shopper's."""
    for wallet in (thief, shopper) if thief_comes == "first" else (shopper, thief):
        assert claimed(wallet, sale)
    if parks:
        assert parked(till, sale) == 200
    request = asked(shopper, sale, friend)
    assert (accepted(friend, request), till.status(sale)) == (200, "approved")


@pytest.mark.parametrize("thief_asks", [False, True])
@pytest.mark.parametrize("way", ["claim", "pay", "a friend, a quarter of an hour later"])
def test_the_friends_quarter_of_an_hour_is_each_shoppers_who_has_claimed(
    shop: Shop, till: Till, sale: Sale, thief: Wallet, shopper: Wallet, friend: Wallet, *, way: str, thief_asks: bool
) -> None:
    """The cashier gives time to who stands before them; who that is no backend knows, so the thief keeps nobody out."""
    assert claimed(shopper, sale)
    assert claimed(thief, sale)
    if thief_asks:
        asked(thief, sale, shop.wallet())
    assert parked(till, sale) == 200
    if way == "claim":
        assert claimed(shopper, sale)
    elif way == "pay":
        assert shopper.call("POST", f"/intents/{sale.text}/pay").json().get("status") == "approved"
    else:
        shop.clock.advance(899)
        assert accepted(friend, asked(shopper, sale, friend)) == 200
    assert shop.wallet().call("POST", f"/intents/{sale.text}/pay").json()["code"] in {"claimed", "already_paid"}


def test_who_has_asked_a_friend_is_given_the_time_though_the_own_claim_has_lapsed(
    shop: Shop, till: Till, sale: Sale, thief: Wallet, shopper: Wallet, friend: Wallet
) -> None:
    assert claimed(shopper, sale)
    request = asked(shopper, sale, friend)
    shop.clock.advance(30)
    assert claimed(thief, sale)
    shop.clock.advance(30)
    assert parked(till, sale) == 200
    shop.clock.advance(899)
    assert accepted(friend, request) == 200


def test_a_thief_who_asks_friends_of_its_own_leaves_the_shopper_as_many(
    shop: Shop, till: Till, sale: Sale, thief: Wallet, shopper: Wallet, friend: Wallet
) -> None:
    assert claimed(thief, sale)
    assert claimed(shopper, sale)
    for _ in range(limits.FRIENDS_ASKED.most):
        asked(thief, sale, shop.wallet(with_credential=False))
    assert accepted(friend, asked(shopper, sale, friend)) == 200


def test_a_claim_that_is_released_ends_alone(
    shop: Shop, till: Till, sale: Sale, thief: Wallet, shopper: Wallet, friend: Wallet
) -> None:
    """The terminal goes on being told of the other, until its own end."""
    assert claimed(shopper, sale)
    shop.clock.advance(10)
    assert claimed(thief, sale)
    assert thief.call("POST", f"/intents/{sale.text}/release").json()["claimed_by_me"] is False
    seen = till.call("GET", f"/intents/{sale.intent_id}").json()
    assert (seen["status"], seen["claimed_until"]) == ("claimed", "2027-01-15T08:02:00Z")
    refused = thief.call("POST", "/payment-requests", {"intent_id": sale.intent_id, "friend_id": friend.account_id})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_claimed")
    assert accepted(friend, asked(shopper, sale, friend)) == 200


def test_the_own_claim_ends_at_its_own_time(shop: Shop, sale: Sale, thief: Wallet, shopper: Wallet) -> None:
    assert claimed(shopper, sale)
    shop.clock.advance(59)
    assert claimed(thief, sale)
    seen = shopper.call("GET", f"/intents/{sale.intent_id}").json()
    assert (seen["claimed_by_me"], seen["claimed_until"]) == (True, "2027-01-15T08:02:00Z")
    shop.clock.advance(1)
    seen = shopper.call("GET", f"/intents/{sale.intent_id}").json()
    assert (seen["status"], seen["claimed_by_me"]) == ("created", False)
