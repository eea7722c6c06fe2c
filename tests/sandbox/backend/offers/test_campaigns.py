# SPDX-License-Identifier: Apache-2.0
"""What is counted of a campaign: its budgets and its shoppers; and whose campaigns a terminal has."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.backend import Shop
from tests.support.shop import MERCHANT_ID, STORE_ID, Till

OFF = {"name": "开业立减", "discount": 3_00, "minimum": 0, "currency": "CNY", "not_before": 0, "not_after": 2**32}
NAMED = OFF | {"campaign_id": "opening"}


def let_run(shop: Shop, *campaigns: dict[str, Any], level: str = f"merchants/{MERCHANT_ID}") -> None:
    answer = shop.operator.call("PUT", f"/{level}/settings", {"campaigns": list(campaigns)})
    assert answer.status_code == 204, answer.text


def off(answer: dict[str, Any]) -> int:
    """What the campaign took off."""
    return -sum(int(line["amount"]) for line in answer["lines"] if line["kind"] == "discount")


def test_a_budget_is_never_passed_and_never_given_in_part(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    let_run(shop, NAMED | {"budget": 8_00})
    sales = [till.sale(20_00) for _ in range(4)]
    assert [off(till.pay(sale, wallet).json()) for sale in sales] == [3_00, 3_00, 0, 0]
    till.refund(sales[0], 17_00)
    shop.clock.advance(11)  # a moment later it is asked again
    assert [off(till.pay(till.sale(20_00), wallet).json()) for _ in "ab"] == [3_00, 0]


def test_where_one_budget_is_used_up_the_next_best_campaign_counts(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    let_run(shop, NAMED | {"budget": 3_00}, OFF | {"discount": 1_00})
    by_page = [wallet.call("POST", f"/intents/{till.sale(20_00).text}/pay").json() for _ in "ab"]
    assert [off(answer) for answer in by_page] == [3_00, 1_00]
    assert off(till.pay(till.sale(20_00), wallet).json()) == 1_00


def test_a_days_budget_begins_anew_with_the_shops_day(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    let_run(shop, NAMED | {"budget_per_day": 3_00})

    def today() -> list[int]:
        return [off(till.pay(till.sale(20_00), wallet).json()) for _ in "ab"]

    assert today() == [3_00, 0]
    shop.clock.advance(12 * 3600 - 1)  # 03:59:59 in Shanghai
    assert today() == [0, 0]
    shop.clock.advance(11)
    assert today() == [3_00, 0]


FOR_WHOM: dict[str, tuple[dict[str, Any], list[int]]] = {
    "first purchase": ({"first_purchase": True}, [3_00, 0, 0, 0]),
    "every second visit": ({"nth_visit": 2}, [0, 3_00, 0, 3_00]),
    "twice": ({"times_per_shopper": 2}, [3_00, 3_00, 0, 0]),
}


@pytest.mark.parametrize(("what", "expected"), FOR_WHOM.values(), ids=FOR_WHOM.keys())
def test_each_shopper_has_it_as_often_as_it_is_for_them(shop: Shop, what: dict[str, Any], expected: list[int]) -> None:
    till, first, second = shop.till(), shop.wallet(), shop.wallet()
    let_run(shop, NAMED | what)
    for wallet in (first, second):
        assert [off(till.pay(till.sale(20_00), wallet).json()) for _ in expected] == expected


def test_a_drawn_discount_is_the_same_when_told_and_when_paid(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    let_run(shop, NAMED | {"at_least": 1, "discount": 9_99})
    sale = till.sale(20_00)
    told = [wallet.call("POST", f"/intents/{sale.text}/quote").json() for _ in "ab"]
    paid = wallet.call("POST", f"/intents/{sale.text}/pay", {"total": told[0]["total"]}).json()
    assert told[0]["lines"] == told[1]["lines"] == paid["lines"]
    drawn = {off(till.pay(till.sale(20_00), wallet).json()) for _ in range(8)}
    assert len(drawn) > 1
    assert all(1 <= minor <= 9_99 for minor in drawn)


LEVELS: dict[str, Callable[[Till], str]] = {
    "terminal": lambda till: f"terminals/{till.terminal_id}",
    "store": lambda _: f"stores/{STORE_ID}",
    "merchant": lambda _: f"merchants/{MERCHANT_ID}",
}


def test_the_lowest_level_that_has_set_any_has_set_them_all(shop: Shop) -> None:
    """Each by tap twice, so that what a process keeps of a shop is not believed after a change."""
    till, wallet = shop.till(), shop.wallet()
    found = []
    for level, discount in (("merchant", 1_00), ("store", 2_00), ("terminal", 3_00)):
        let_run(shop, OFF | {"discount": discount}, level=LEVELS[level](till))
        found += [off(till.pay(till.sale(20_00), wallet).json()) for _ in "ab"]
    let_run(shop, level=LEVELS["terminal"](till))
    found.append(off(till.pay(till.sale(20_00), wallet).json()))
    assert found == [1_00, 1_00, 2_00, 2_00, 3_00, 3_00, 0]


def test_what_was_spent_stays_spent_under_an_id(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    let_run(shop, NAMED | {"budget": 6_00})
    till.pay(till.sale(20_00), wallet)
    let_run(shop)
    let_run(shop, NAMED | {"budget": 6_00})
    assert [off(till.pay(till.sale(20_00), wallet).json()) for _ in "ab"] == [3_00, 0]
    lowered = shop.operator.call(
        "PUT", f"/merchants/{MERCHANT_ID}/settings", {"campaigns": [OFF, NAMED | {"budget": 5_99}]}
    )
    assert (lowered.status_code, lowered.json()["detail"]) == (
        422, "body.campaigns.1.budget: 600 of it are spent already",
    )  # fmt: skip
    other = shop.operator.call(
        "PUT", f"/merchants/{MERCHANT_ID}/settings", {"campaigns": [NAMED | {"currency": "HKD"}]}
    )
    assert other.json()["detail"] == "body.campaigns.0.currency: its budget is counted in CNY"


def test_what_each_has_cost_is_told(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    let_run(
        shop, NAMED | {"budget": 6_00, "times_per_shopper": 9}, NAMED | {"campaign_id": "a_b", "budget_per_day": 9_00}
    )
    sale = till.sale(20_00)
    till.pay(sale, wallet)
    found = shop.operator.call("GET", f"/merchants/{MERCHANT_ID}/campaigns").json()
    money = {"currency": "CNY", "currency_digits": 2}
    assert found == [
        {"campaign_id": "a_b", "budget": None, "spent": 0, "budget_per_day": 9_00, "day": None, "spent_on_day": 0,
         "shoppers": 0, **money},
        {"campaign_id": "opening", "budget": 6_00, "spent": 3_00, "budget_per_day": None, "day": "2027-01-15",
         "spent_on_day": 3_00, "shoppers": 1, **money},
    ]  # fmt: skip
    till.cancel(sale)
    after = shop.operator.call("GET", f"/merchants/{MERCHANT_ID}/campaigns").json()[1]
    assert (after["spent"], after["shoppers"]) == (0, 0)
    assert shop.operator.call("GET", f"/stores/{STORE_ID}/campaigns").json() == []
    assert shop.operator.call("GET", "/stores/S-0404/campaigns").status_code == 404


def test_tills_at_once_do_not_pass_a_budget(shop: Shop) -> None:
    """Eight at a time, straight through and step by step: of 24 sales ten have it, and the ledger says so."""
    tills, wallets = [shop.till() for _ in range(4)], [shop.wallet() for _ in range(4)]
    let_run(shop, NAMED | {"budget": 30_50, "funder": "platform"})
    sales = [(tills[place % 4], wallets[place % 4], tills[place % 4].sale(20_00)) for place in range(24)]
    signed = [(till, wallet, sale, wallet.authorise(sale)) for till, wallet, sale in sales]

    def pay(place: int) -> int:
        till, wallet, sale, authorisation = signed[place]
        if place % 3 == 0:
            return off(wallet.call("POST", f"/intents/{sale.text}/pay").json())
        return off(till.pay(sale, wallet, authorisation).json())

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(pay, range(24)))
    assert sorted(found) == [0] * 14 + [3_00] * 10
    assert shop.operator.takings() == 24 * 20_00
    assert shop.operator.ledger_is_balanced()
