# SPDX-License-Identifier: Apache-2.0
"""Limits at the backend: what a device key wants given back beyond them waits for a person (backend API)."""

from typing import Any
from uuid import uuid4

import pytest

from tests.support.backend import Shop
from tests.support.dues import owing, refund_id
from tests.support.races import refunds_at_once
from tests.support.shop import Sale, Till, Wallet

HELD_FOR_REVIEW = 90_27
"""Money for testing that is looked at first."""


def limit(shop: Shop, till: Till, **limits: int) -> None:
    path = f"/terminals/{till.terminal_id}/settings"
    assert shop.operator.call("PUT", path, {"limits": limits}).status_code == 204


def paid(till: Till, wallet: Wallet, amount: int) -> Sale:
    sale = till.sale(amount)
    assert till.pay(sale, wallet).json()["status"] == "approved"
    return sale


def reviews(shop: Shop) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.operator.call("GET", "/reviews?state=open").json()["reviews"]
    return found


def state(answer: Any) -> str:
    return str(answer.json()["state"])


def test_a_thief_of_the_key_gives_back_no_more_than_a_day_allows(shop: Shop, till: Till, wallet: Wallet) -> None:
    """Fifty sales, all refunded by the key alone: what is beyond the day's limit is held, with an alarm for each."""
    limit(shop, till, per_refund=20_00, refunds_per_day=100_00)
    sales = [paid(till, wallet, 18_80) for _ in range(20)]
    states = [state(till.refund(sale)) for sale in sales]
    assert states == ["done"] * 5 + ["held"] * 15
    assert shop.operator.takings() == 15 * 18_80
    assert {review["why"] for review in reviews(shop)} == {"over_limit"}
    assert shop.operator.alarms().count("order_held") == 15
    assert state(till.refund(sales[6], 6_00)) == "done"  # what still fits goes back, and what is held does not count


@pytest.mark.parametrize("undo", ["refund", "cancel"])
def test_in_another_currency_nothing_fits_into_limits_of_the_merchants(
    shop: Shop, till: Till, wallet: Wallet, undo: str
) -> None:
    """Else a thief would have a day's limit of each currency in which the key once took money."""
    wallet.call("POST", "/top-ups", {"amount": 1_000, "currency": "JPY"})
    sales = [till.sale(500, currency="JPY") for _ in range(2)]
    assert [till.pay(sale, wallet).json()["status"] for sale in sales] == ["approved"] * 2
    limit(shop, till, refunds_per_day=100_00)
    first = till.refund(sales[0]) if undo == "refund" else till.cancel(sales[0])
    assert "held" in first.json().values()
    assert [(review["why"], review["detail"]["currency"]) for review in reviews(shop)] == [("over_limit", "JPY")]
    assert state(till.refund(paid(till, wallet, 18_80))) == "done"


def test_a_refund_above_the_limit_is_held_and_done_when_a_person_says_so(
    shop: Shop, till: Till, wallet: Wallet
) -> None:
    limit(shop, till, per_refund=10_00, refunds_per_day=20_00)
    sale, refund_id = paid(till, wallet, 18_80), str(uuid4())
    assert till.refund(sale, None, refund_id).json() == {
        "refund_id": refund_id, "state": "held", "amount": 18_80, "currency": "CNY",
        "currency_digits": 2,
    }  # fmt: skip
    assert wallet.balance() == 1_000_00 - 18_80
    (review,) = reviews(shop)
    assert shop.operator.call("POST", f"/reviews/{review['review_id']}", {"approve": True}).status_code == 204
    assert wallet.balance() == 1_000_00
    other = paid(till, wallet, 10_00)
    assert [state(till.refund(other)), state(till.refund(paid(till, wallet, 10_00)))] == ["done", "done"]


def test_cancels_of_paid_sales_count_as_refunds_do(shop: Shop, till: Till, wallet: Wallet) -> None:
    limit(shop, till, per_refund=20_00, refunds_per_day=40_00)
    first, second, third, large = (paid(till, wallet, amount) for amount in (18_80, 18_80, 18_80, 20_01))
    assert till.cancel(first).json()["status"] == "cancelled"
    assert state(till.refund(second)) == "done"
    assert till.cancel(third).json()["status"] == "held"
    assert till.cancel(large).json()["status"] == "held"
    assert {(review["kind"], review["why"]) for review in reviews(shop)} == {("cancel", "over_limit")}
    assert till.cancel(till.sale(900_00)).json()["status"] == "cancelled"  # no money hangs on it


def test_refunds_sent_at_once_give_back_no_more_than_a_day_allows(shop: Shop) -> None:
    refunds_at_once(shop)


def test_what_is_taken_off_what_is_owed_counts_as_given_back(shop: Shop) -> None:
    """A refund of what was declined at sync and guaranteed lessens the takings, so no key does it without end."""
    owed = owing(shop, 18_80)
    limit(shop, owed.till, per_refund=10_00, refunds_per_day=15_00)
    assert state(owed.till.refund(owed.sale)) == "held"
    assert owed.money()[1] == 18_80
    first, second = owed.till.refund(owed.sale, 8_80).json(), owed.till.refund(owed.sale, 6_21).json()
    assert (first["state"], first["amount"], first["lessens"]) == ("void", 0, 8_80)
    assert (second["state"], second["amount"]) == ("held", 6_21)
    assert owed.money()[1] == 10_00
    assert {review["why"] for review in reviews(shop)} == {"over_limit"}
    paid_for = paid(owed.till, shop.wallet(), 6_21)
    assert state(owed.till.refund(paid_for)) == "held"  # it all counts together


def test_what_a_person_lets_lessen_what_is_owed_says_by_how_much(shop: Shop) -> None:
    owed = owing(shop, 18_80)
    limit(shop, owed.till, per_refund=10_00)
    order = refund_id()
    assert state(owed.till.refund(owed.sale, None, order)) == "held"
    (review,) = reviews(shop)
    assert shop.operator.call("POST", f"/reviews/{review['review_id']}", {"approve": True}).status_code == 204
    done = owed.till.refund(owed.sale, None, order).json()
    assert (done["state"], done["lessens"], owed.money()[1]) == ("void", 18_80, 0)


@pytest.mark.parametrize(
    ("guaranteed", "knows"),
    [(None, "dues"), (0, "dues"), (10_00, "dues"), (None, None)],
    ids=["both", "a due alone", "a due beyond the guarantee", "a guarantee alone"],
)
def test_a_cancel_of_what_is_owed_counts_as_giving_it_back(
    shop: Shop, guaranteed: int | None, knows: str | None
) -> None:
    """Who has the key and a shopper's help has no more of what is owed to the merchant than a day's limit."""
    owed = owing(shop, 18_80, guaranteed=guaranteed, knows=knows)
    limit(shop, owed.till, per_refund=20_00, refunds_per_day=18_79)
    before = (owed.money(), owed.state())
    assert owed.till.cancel(owed.sale).json()["status"] == "held"
    assert (owed.money(), owed.state()) == before
    (review,) = reviews(shop)
    assert (review["why"], review["detail"]["amount"]) == ("over_limit", 18_80)
    assert shop.operator.call("POST", f"/reviews/{review['review_id']}", {"approve": True}).status_code == 204
    assert (owed.till.cancel(owed.sale).json()["status"], owed.money()[1]) == ("cancelled", 0)
    assert state(owed.till.refund(paid(owed.till, shop.wallet(), 18_79))) == "done"  # a person's yes counts not


def test_what_a_cancel_took_off_what_is_owed_uses_up_the_day(shop: Shop) -> None:
    owed = owing(shop, 18_80)
    limit(shop, owed.till, refunds_per_day=20_00)
    assert owed.till.cancel(owed.sale).json()["status"] == "cancelled"
    assert "given_back" not in owed.till.cancel(owed.sale).json()  # of what was never booked nothing has come back
    sale = paid(owed.till, shop.wallet(), 1_21)
    assert state(owed.till.refund(sale)) == "held"
    assert state(owed.till.refund(sale, 1_20)) == "done"


def test_a_cancel_of_an_offline_payment_that_is_being_looked_at_counts_too(magic_shop: Shop) -> None:
    """It may yet be booked, and its goods are gone."""
    till = magic_shop.till()
    sale = till.sale(HELD_FOR_REVIEW, online=False)
    limit(magic_shop, till, per_refund=HELD_FOR_REVIEW - 1)
    assert till.pay(sale, magic_shop.wallet(), offline=True).json()["status"] == "held"
    assert till.cancel(sale).json()["status"] == "held"
    (review,) = reviews(magic_shop)
    assert (review["why"], review["detail"]["amount"]) == ("over_limit", HELD_FOR_REVIEW)


def test_a_new_day_begins_with_nothing(shop: Shop, till: Till, wallet: Wallet) -> None:
    limit(shop, till, refunds_per_day=20_00)
    sales = [paid(till, wallet, 18_80) for _ in range(2)]
    assert state(till.refund(sales[0])) == "done"
    shop.clock.advance(86_400)
    assert state(till.refund(sales[1])) == "done"


def test_each_terminal_has_its_own(shop: Shop, till: Till, wallet: Wallet) -> None:
    other = shop.till()
    for one in (till, other):
        limit(shop, one, refunds_per_day=20_00)
    assert [state(one.refund(paid(one, wallet, 18_80))) for one in (till, other)] == ["done", "done"]


def test_limits_are_set_at_each_level_and_the_lower_wins(shop: Shop, till: Till, wallet: Wallet) -> None:
    for path, limits in (
        ("/merchants/M-0001", {"per_refund": 1_00, "refunds_per_day": 100_00}),
        ("/stores/S-0001", {"per_refund": 2_00}),
        (f"/terminals/{till.terminal_id}", {"per_code": 3_00}),
    ):
        assert shop.operator.call("PUT", f"{path}/settings", {"limits": limits}).status_code == 204
    sale = paid(till, wallet, 18_80)
    assert [state(till.refund(sale, amount)) for amount in (2_00, 2_01)] == ["done", "held"]


@pytest.mark.parametrize("limits", [{"per_refund": -1}, {"per_refund": 10**12 + 1}, {"per_moon": 1}, []])
def test_what_is_no_limit_is_refused(shop: Shop, till: Till, limits: object) -> None:
    path = f"/terminals/{till.terminal_id}/settings"
    assert shop.operator.call("PUT", path, {"limits": limits}).status_code == 422
