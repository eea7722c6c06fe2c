# SPDX-License-Identifier: Apache-2.0
"""Payment requests (代付, backend API): a friend pays, within 15 minutes."""

from typing import Any

import pytest

from pengpos.wire.objects.authorisation import Funding
from sandbox.backend.kernel import limits
from tests.support.backend import Shop
from tests.support.shop import Sale, Till, Wallet


def ask(wallet: Wallet, sale: Sale, friend: Wallet) -> dict[str, Any]:
    body = {"intent_id": sale.intent_id, "friend_id": friend.account_id}
    found: dict[str, Any] = wallet.call("POST", "/payment-requests", body).json()
    return found


def test_a_friend_pays_a_claimed_intent_within_15_minutes(shop: Shop) -> None:
    till, wallet, friend = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80)
    wallet.call("POST", f"/intents/{sale.text}/claim")
    parked = till.call("POST", "/payment-requests", {"presentation": sale.text}).json()
    assert (parked["status"], parked["expires_at"]) == ("claimed", "2027-01-15T08:15:00Z")
    asked = ask(wallet, sale, friend)
    shop.clock.advance(899)
    assert till.status(sale) == "claimed"
    (seen,) = friend.call("GET", "/payment-requests").json()["payment_requests"]
    assert (seen["request_id"], seen["amount"], seen["merchant"]["name"]) == (asked["request_id"], 18_80, "晨光咖啡")
    for _ in range(2):
        accepted = friend.call("POST", f"/payment-requests/{asked['request_id']}/accept").json()
        assert accepted["state"] == "accepted"
    assert (till.status(sale), wallet.balance(), friend.balance()) == ("approved", 1_000_00, 981_20)


def test_the_15_minutes_end_and_are_given_once(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    wallet.call("POST", f"/intents/{sale.text}/claim")
    first = till.call("POST", "/payment-requests", {"presentation": sale.text}).json()
    shop.clock.advance(600)
    assert till.call("POST", "/payment-requests", {"presentation": sale.text}).json() == first
    shop.clock.advance(300)
    assert till.status(sale) == "created"
    shop.clock.advance(301)
    assert till.status(sale) == "expired"


def test_only_a_claimed_intent_is_parked(shop: Shop) -> None:
    till = shop.till()
    sale = till.sale(18_80)
    assert till.call("POST", "/payment-requests", {"presentation": sale.text}).json()["code"] == "not_claimed"


@pytest.mark.parametrize(("answer", "status"), [("accept", "approved"), ("refuse", "declined"), (None, "declined")])
def test_a_tap_that_asks_a_friend_is_held(shop: Shop, answer: str | None, status: str) -> None:
    till, wallet, friend = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80)
    signed = wallet.authorise(sale, funding=Funding.FRIEND, offline_allowed=False)
    held = till.pay(sale, wallet, signed).json()
    assert (held["status"], held["code"], held["held_until"]) == ("held", "friend_asked", "2027-01-15T08:15:00Z")
    asked = ask(wallet, sale, friend)
    if answer is not None:
        friend.call("POST", f"/payment-requests/{asked['request_id']}/{answer}")
    shop.clock.advance(900)
    shop.sweep()
    assert till.status(sale) == status
    assert till.pay(sale, wallet, signed).json()["status"] == status
    assert (wallet.balance(), friend.balance()) == (1_000_00, 981_20 if status == "approved" else 1_000_00)


def test_an_operator_may_refuse_for_a_friend_but_not_pay_from_who_asked(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    till.pay(sale, wallet, wallet.authorise(sale, funding=Funding.FRIEND, offline_allowed=False))
    answer = shop.operator.call("POST", f"/payments/{sale.intent_id}/review", {"approve": True})
    assert (answer.status_code, answer.json()["code"], till.status(sale)) == (409, "friend_asked", "held")
    shop.operator.call("POST", f"/payments/{sale.intent_id}/review", {"approve": False})
    assert (till.status(sale), wallet.balance()) == ("declined", 1_000_00)


@pytest.mark.parametrize("revoked", ["before the tap", "before the friend says yes"])
def test_no_friend_pays_a_revoked_terminal_nor_does_who_asked(shop: Shop, revoked: str) -> None:
    till, wallet, friend = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80)
    item = till.item(sale, wallet, wallet.authorise(sale, funding=Funding.FRIEND, offline_allowed=False))
    if revoked == "before the tap":
        shop.operator.call("POST", f"/terminals/{till.terminal_id}/revoke")
        (verdict,) = till.call("POST", "/payments/batch", {"payments": [item]}).json()["verdicts"]
        assert (verdict["status"], verdict["code"]) == ("declined", "terminal_revoked")
    else:
        till.call("POST", "/payments", item)
        asked = ask(wallet, sale, friend)
        shop.operator.call("POST", f"/terminals/{till.terminal_id}/revoke")
        assert (
            friend.call("POST", f"/payment-requests/{asked['request_id']}/accept").json()["code"] == "terminal_revoked"
        )
    assert (wallet.balance(), friend.balance()) == (1_000_00, 1_000_00)


def test_nobody_is_asked_for_what_is_not_ones_own(shop: Shop) -> None:
    till, wallet, friend, stranger = shop.till(), shop.wallet(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80)
    till.put(sale)
    assert ask(wallet, sale, friend)["code"] == "not_claimed"
    wallet.call("POST", f"/intents/{sale.intent_id}/claim")
    assert ask(wallet, sale, wallet)["code"] == "no_such_friend"
    asked = ask(wallet, sale, friend)
    assert stranger.call("POST", f"/payment-requests/{asked['request_id']}/accept").status_code == 404
    till.cancel(sale)
    assert friend.call("POST", f"/payment-requests/{asked['request_id']}/accept").json()["code"] == "cancelled"
    assert friend.balance() == 1_000_00


# --- by consent, and bounded ------------------------------------------------------------------------------------------


def claimed(shop: Shop, till: Till, wallet: Wallet) -> Sale:
    sale = till.sale(1_00)
    wallet.call("POST", f"/intents/{sale.text}/claim")
    return sale


def test_a_stranger_is_asked_once_for_one_intent(shop: Shop) -> None:
    wallet, friend = shop.wallet(), shop.wallet()
    sale = claimed(shop, shop.till(), wallet)
    assert len({ask(wallet, sale, friend)["request_id"] for _ in range(30)}) == 1
    assert len(friend.call("GET", "/payment-requests").json()["payment_requests"]) == 1


def test_a_stranger_asks_one_thing_at_a_time_and_not_again_after_a_no(shop: Shop) -> None:
    till, wallet, friend = shop.till(), shop.wallet(), shop.wallet()
    first = ask(wallet, claimed(shop, till, wallet), friend)
    second = claimed(shop, till, wallet)
    assert ask(wallet, second, friend)["code"] == "too_many"
    friend.call("POST", f"/payment-requests/{first['request_id']}/refuse")
    assert ask(wallet, second, friend)["code"] == "refused"
    shop.clock.advance(30 * 86_400 + 1)
    assert ask(wallet, claimed(shop, till, wallet), friend)["state"] == "open"


def test_strangers_are_few_and_keep_no_friend_out(shop: Shop) -> None:
    till, friend, known = shop.till(), shop.wallet(), shop.wallet()
    paid = ask(known, claimed(shop, till, known), friend)
    assert friend.call("POST", f"/payment-requests/{paid['request_id']}/accept").json()["state"] == "accepted"
    most = limits.REQUESTS_BY_STRANGERS.most
    strangers = [shop.wallet() for _ in range(most + 1)]
    states = [ask(one, claimed(shop, till, one), friend).get("state", "too many") for one in strangers]
    assert states == ["open"] * most + ["too many"]
    for _ in range(2):  # who has been paid for asks on
        assert ask(known, claimed(shop, till, known), friend)["state"] == "open"


def test_who_shares_a_purse_is_no_stranger(shop: Shop) -> None:
    till, wallet, friend = shop.till(), shop.wallet(), shop.wallet()
    purse_id = wallet.call("POST", "/purses", {"name": "家", "members": [friend.account_id]}).json()["purse_id"]
    assert ask(wallet, claimed(shop, till, wallet), friend)["state"] == "open"
    assert ask(wallet, claimed(shop, till, wallet), friend)["code"] == "too_many"  # invited is not yet known
    friend.call("POST", f"/purses/{purse_id}/accept")
    assert ask(wallet, claimed(shop, till, wallet), friend)["state"] == "open"


def test_one_intent_is_asked_of_few_and_one_account_asks_only_so_often(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    friends = [shop.wallet(with_credential=False) for _ in range(limits.FRIENDS_ASKED.most + 1)]
    sale = claimed(shop, till, wallet)
    states = [ask(wallet, sale, friend).get("state", "too many") for friend in friends]
    assert states == ["open"] * limits.FRIENDS_ASKED.most + ["too many"]
    shop.clock.advance(901)
    asked = len(friends) - 1
    while asked < limits.REQUESTS_BY_ASKER.most:
        sale = claimed(shop, till, wallet)
        asked += sum("state" in ask(wallet, sale, friend) for friend in friends[:-1])
        shop.clock.advance(901)
    assert asked == limits.REQUESTS_BY_ASKER.most
    assert ask(wallet, claimed(shop, till, wallet), friends[0])["code"] == "too_many"


def test_a_friend_who_pays_frees_the_guarantor_of_anothers_broken_promise(shop: Shop) -> None:
    till, wallet, friend, poor = shop.till(), shop.wallet(), shop.wallet(), shop.wallet()
    till.pay(till.sale(1_000_00), poor)
    before, sale = shop.operator.takings(), till.sale(18_80)
    till.pay(sale, wallet, wallet.authorise(sale, funding=Funding.FRIEND, offline_allowed=False))
    asked = ask(wallet, sale, friend)
    declined = till.pay(sale, poor, offline=True).json()
    assert (declined["code"], declined["guaranteed"]) == ("insufficient_funds", 18_80)
    assert friend.call("POST", f"/payment-requests/{asked['request_id']}/accept").json()["state"] == "accepted"
    assert (shop.operator.takings() - before, friend.balance()) == (18_80, 981_20)
