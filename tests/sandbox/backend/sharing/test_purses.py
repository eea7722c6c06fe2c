# SPDX-License-Identifier: Apache-2.0
"""Purses (backend API): filled by all, paid from by all, within a budget."""

import pytest

from pengpos.wire.objects.authorisation import Funding
from tests.support.backend import Shop


def test_a_purse_is_filled_by_all_and_paid_from_by_all(shop: Shop) -> None:
    till, wallet, other = shop.till(), shop.wallet(), shop.wallet()
    made = wallet.call("POST", "/purses", {"name": "周末", "members": [other.account_id]}).json()
    for member, amount in ((wallet, 30_00), (other, 20_00)):
        member.call("POST", f"/purses/{made['purse_id']}/deposits", {"amount": amount, "currency": "CNY"})
    sale, paged = till.sale(35_00), till.sale(10_00)
    assert till.pay(sale, other, other.authorise(sale, funding=Funding.SHARED_PURSE)).json()["status"] == "approved"
    wallet.call("POST", f"/intents/{paged.text}/pay", {"purse": made["purse_id"]})
    (seen,) = other.call("GET", "/purses").json()["purses"]
    assert seen["balances"] == [{"amount": 5_00, "currency": "CNY"}]
    assert [(entry["account_id"], entry["amount"]) for entry in seen["entries"]] == [
        (wallet.account_id, 10_00), (other.account_id, 35_00)
    ]  # fmt: skip
    till.refund(sale)
    assert other.call("GET", "/purses").json()["purses"][0]["balances"][0]["amount"] == 40_00
    assert (wallet.balance(), other.balance()) == (970_00, 980_00)


@pytest.mark.parametrize(
    ("budget", "filled", "code"),
    [(None, 9_99, "insufficient_funds"), (9_99, 20_00, "over_budget"), (10_00, 20_00, "approved")],
)
def test_a_purse_has_its_limits(shop: Shop, budget: int | None, filled: int, code: str) -> None:
    till, wallet = shop.till(), shop.wallet()
    made = wallet.call("POST", "/purses", {"name": "周末", "budget": budget}).json()
    wallet.call("POST", f"/purses/{made['purse_id']}/deposits", {"amount": filled, "currency": "CNY"})
    sale = till.sale(10_00)
    assert till.pay(sale, wallet, wallet.authorise(sale, funding=Funding.SHARED_PURSE)).json()["code"] == code


def test_who_has_no_purse_pays_from_none(shop: Shop) -> None:
    till, wallet, other = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(10_00)
    assert till.pay(sale, wallet, wallet.authorise(sale, funding=Funding.SHARED_PURSE)).json()["code"] == "no_purse"
    purse_id = other.call("POST", "/purses", {"name": "别人的"}).json()["purse_id"]
    assert wallet.call("POST", f"/intents/{till.sale(1).text}/pay", {"purse": purse_id}).status_code == 404
    assert wallet.call("POST", f"/purses/{purse_id}/choose").status_code == 404


def test_the_purse_chosen_last_is_meant(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    first, second = (wallet.call("POST", "/purses", {"name": name}).json()["purse_id"] for name in ("一", "二"))
    for purse_id in (second, first):
        assert wallet.call("POST", f"/purses/{purse_id}/choose").status_code == 204
    wallet.call("POST", f"/purses/{first}/deposits", {"amount": 10_00, "currency": "CNY"})
    sale = till.sale(10_00)
    assert till.pay(sale, wallet, wallet.authorise(sale, funding=Funding.SHARED_PURSE)).json()["status"] == "approved"
