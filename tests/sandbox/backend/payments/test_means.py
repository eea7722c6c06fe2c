# SPDX-License-Identifier: Apache-2.0
"""What a page asks once: how a sale stands, its claim, and what its owner may pay with."""

from typing import Any

import pytest

from tests.support.backend import Shop
from tests.support.shop import Sale, Till, Wallet
from tests.support.squatter import MERCHANT, squatting_till

HOUR_S = 3_600


def opened(wallet: Wallet, sale: Sale, **body: str) -> dict[str, Any]:
    answer = wallet.call("POST", f"/intents/{sale.intent_id}/open", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def registered(till: Till, amount_minor: int = 18_80, **more: Any) -> Sale:
    sale = till.sale(amount_minor, **more)
    till.put(sale)
    return sale


def account_id(wallet: Wallet) -> str:
    return str(wallet.call("POST", "/purses", {"name": "小荷包"}).json()["members"][0])


def voucher(shop: Shop, owner_id: str, begins_in_s: int = 0, **changed: Any) -> str:
    now = shop.clock.now() + begins_in_s
    coupon = {"account_id": owner_id, "merchant_id": "M-0001", "value": 5_00, "not_before": now}
    coupon |= {"not_after": now + HOUR_S} | changed
    return str(shop.operator.call("POST", "/coupons", coupon).json()["voucher_id"])


def test_one_call_says_what_three_said_and_claims(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = registered(till)
    found = opened(wallet, sale)
    assert till.status(sale) == "claimed"
    assert found["intent"] == wallet.call("GET", f"/intents/{sale.intent_id}").json()
    balance = wallet.call("GET", "/balance").json()
    assert found["means"] == {
        "available": balance["available"], "set_aside": balance["set_aside"], "purses": [], "vouchers": []
    }  # fmt: skip
    assert balance["set_aside"] > 0
    assert opened(wallet, sale) == found  # again, while it lasts


def test_an_unregistered_sale_is_opened_by_its_presentation(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80, online=False)
    assert opened(wallet, sale, presentation=sale.text)["means"]["available"] > 0
    assert till.status(sale) == "claimed"


def test_purses_come_with_what_they_hold_and_only_the_own(shop: Shop) -> None:
    till, wallet, other = shop.till(), shop.wallet(), shop.wallet()
    full = wallet.call("POST", "/purses", {"name": "一家三口", "members": [account_id(other)]}).json()["purse_id"]
    wallet.call("POST", f"/purses/{full}/deposits", {"amount": 20_00, "currency": "CNY"})
    empty = wallet.call("POST", "/purses", {"name": "旅行"}).json()["purse_id"]
    means = opened(wallet, registered(till))["means"]
    expected = [(full, "一家三口", 20_00), (empty, "旅行", 0)]
    assert [(one["purse_id"], one["name"], one["held"]) for one in means["purses"]] == sorted(expected)
    assert means["available"] == wallet.call("GET", "/balance").json()["available"]
    invited = opened(other, registered(till))["means"]["purses"]
    assert [one["name"] for one in invited] == ["小荷包"]  # until it accepts


UNFIT: dict[str, dict[str, Any]] = {
    "another shop's": {"merchant_id": MERCHANT},
    "for a larger bill": {"minimum": 18_81},
    "of another currency": {"currency": "EUR"},
    "not yet": {"begins_in_s": 1},
}


@pytest.mark.parametrize("changed", UNFIT.values(), ids=UNFIT.keys())
def test_a_voucher_that_does_not_fit_is_not_offered(shop: Shop, changed: dict[str, Any]) -> None:
    till, wallet = shop.till(), shop.wallet()
    squatting_till(shop)  # there is another shop
    owner_id = account_id(wallet)
    fits = voucher(shop, owner_id, minimum=18_80)
    voucher(shop, owner_id, **changed)
    assert [one["voucher_id"] for one in opened(wallet, registered(till))["means"]["vouchers"]] == [fits]


def test_a_voucher_is_offered_until_it_is_spent_or_over_and_never_off_line(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    owner_id = account_id(wallet)
    later, sooner = voucher(shop, owner_id), voucher(shop, owner_id, not_after=shop.clock.now() + 60)
    first = registered(till)
    assert [one["voucher_id"] for one in opened(wallet, first)["means"]["vouchers"]] == [sooner, later]
    wallet.call("POST", f"/intents/{first.intent_id}/pay", {"vouchers": [sooner]})
    second = registered(till)
    assert [one["voucher_id"] for one in opened(wallet, second)["means"]["vouchers"]] == [later]
    off_line = till.sale(18_80, online=False)
    assert opened(wallet, off_line, presentation=off_line.text)["means"]["vouchers"] == []
    shop.clock.advance(HOUR_S + 1)
    assert opened(wallet, registered(till))["means"]["vouchers"] == []


def test_what_is_not_to_be_paid_by_this_account_is_told_and_not_claimed(shop: Shop) -> None:
    till, wallet, other = shop.till(), shop.wallet(), shop.wallet()
    taken, paid, cancelled = registered(till), registered(till), registered(till)
    other.call("POST", f"/intents/{taken.intent_id}/claim")
    other.call("POST", f"/intents/{paid.intent_id}/pay")
    till.cancel(cancelled)
    for sale, status in ((taken, "claimed"), (paid, "approved"), (cancelled, "cancelled")):
        found = opened(wallet, sale)
        assert (found["intent"]["status"], found["intent"]["claimed_by_me"]) == (status, False)
        assert "means" not in found
    assert opened(other, paid)["intent"]["payment"]["status"] == "approved"
    assert opened(other, taken)["means"]["available"] > 0


def test_it_counts_as_a_claim_and_beyond_the_limit_it_may_be_paid_without_one(shop: Shop) -> None:
    till, wallet, other = shop.till(), shop.wallet(), shop.wallet()
    sale = registered(till)
    for number in range(5):
        assert opened(wallet, sale)["intent"]["claimed_by_me"]
        if number == 0:
            assert "means" not in opened(other, sale)
        wallet.call("POST", f"/intents/{sale.intent_id}/release")
    found = opened(wallet, sale)
    available = wallet.call("GET", "/balance").json()["available"]
    assert (found["intent"]["status"], found["means"]["available"]) == ("created", available)
    assert wallet.call("POST", f"/intents/{sale.intent_id}/claim").status_code == 429
    assert opened(other, sale)["intent"]["claimed_by_me"]  # and keeps nobody from it
    assert opened(wallet, sale)["means"]  # nor does a claim that is not the first
    assert wallet.call("POST", f"/intents/{sale.intent_id}/pay").json()["status"] == "approved"


def test_it_needs_a_token(shop: Shop) -> None:
    wallet = shop.wallet()
    sale = registered(shop.till())
    wallet.token = "none"
    assert wallet.call("POST", f"/intents/{sale.intent_id}/open").status_code == 401


def test_of_a_revoked_terminal_it_says_what_a_claim_says(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = registered(till)
    shop.operator.call("POST", f"/terminals/{till.terminal_id}/revoke")
    answer = wallet.call("POST", f"/intents/{sale.intent_id}/open")
    assert (answer.status_code, answer.json()["code"]) == (409, "terminal_revoked")
