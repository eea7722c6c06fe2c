# SPDX-License-Identifier: Apache-2.0
"""A page behind another tab, and a page that is loaded anew, in Chromium as a person has it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.backend import Shop
from tests.support.counter import until
from tests.support.shop import Till
from tests.support.shopper import Shopper, address
from tests.support.tabs import behind, tabs

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Route

__all__ = ["tabs"]

ALL = 1_000_00


@pytest.fixture
def phone(tabs: "BrowserContext", shop: Shop) -> Iterator[Shopper]:
    """Somebody new, in a tab that is in front, and whose time is the test's: no claim runs out, no answer is late."""
    page = tabs.new_page()
    page.bring_to_front()
    shopper = Shopper(context=tabs, page=page, shop=shop)
    shopper.with_own_time()
    yield shopper
    page.evaluate("localStorage.clear()")
    page.close()


def test_what_happened_meanwhile_is_said_when_the_page_is_seen_again(phone: Shopper, shop: Shop, till: Till) -> None:
    sale = till.sale(18_80)
    phone.open(address(till, sale))
    phone.sign_up()
    phone.sees("付款给晨光咖啡")
    with behind(phone.page):
        till.pay(sale, shop.wallet())
        assert phone.page.get_by_role("heading", name="付款给晨光咖啡").count() == 1  # it asks nothing unseen
    phone.sees("已由他人付款")


def test_an_answer_that_comes_while_nobody_looks_is_there_when_somebody_does(
    phone: Shopper, shop: Shop, till: Till
) -> None:
    sale = till.sale(18_80)
    held: list[Route] = []
    phone.open(address(till, sale))
    phone.sign_up()
    phone.page.route("**/pay", lambda route: held.append(route))
    phone.pay()
    until(lambda: phone.page.evaluate("1") == 1 and len(held) == 1, "the payment is on its way")
    with behind(phone.page):
        held[0].continue_()
        phone.page.locator("main[data-tone=approved]").wait_for()
    phone.sees("付款成功")
    assert phone.wallet().balance() == ALL - 18_80


def test_behind_another_tab_for_longer_than_a_claim_lasts_it_is_claimed_anew_and_paid(
    phone: Shopper, shop: Shop, till: Till
) -> None:
    sale = till.sale(18_80)
    phone.open(address(till, sale))
    phone.sign_up()
    phone.sees("付款给晨光咖啡")
    with behind(phone.page):
        shop.clock.advance(60)
        assert till.status(sale) == "created"
    until(lambda: phone.page.evaluate("1") == 1 and till.status(sale) == "claimed", "it is claimed again")
    phone.pay()
    phone.sees("付款成功")


def test_loaded_anew_again_and_again_it_may_still_be_paid(phone: Shopper, till: Till) -> None:
    sale = till.sale(18_80)
    phone.open(address(till, sale))
    phone.sign_up()
    for _ in range(6):  # more often than it may be claimed
        phone.sees("付款给晨光咖啡")
        phone.page.reload()
    phone.sees("付款给晨光咖啡")
    phone.pay()
    phone.sees("付款成功")
    phone.page.reload()
    phone.sees("付款成功")
    assert phone.wallet().balance() == ALL - 18_80


@pytest.mark.parametrize("arrives", [True, False], ids=["it arrived", "it did not"])
def test_loaded_anew_while_it_pays_it_is_paid_once(phone: Shopper, till: Till, *, arrives: bool) -> None:
    sale = till.sale(18_80)
    held: list[Route] = []
    phone.open(address(till, sale))
    phone.sign_up()
    phone.page.route("**/pay", lambda route: held.append(route))
    phone.pay()
    until(lambda: phone.page.evaluate("1") == 1 and len(held) == 1, "the payment is on its way")
    if arrives:
        held[0].fetch()
    held[0].abort()
    phone.page.unroute("**/pay")
    phone.page.reload()
    if not arrives:
        phone.hurries_until("付款给晨光咖啡")
        phone.reads("尚未付款")
        phone.pay()
    phone.sees("付款成功")
    assert phone.wallet().balance() == ALL - 18_80


@pytest.mark.parametrize(
    ("amount", "ends"),
    [(18_05, "支付失败，未扣款"), (18_27, "正在审核，请勿重复支付")],
    ids=["declined", "held"],
)
def test_a_result_that_is_loaded_anew_is_the_same(phone: Shopper, till: Till, amount: int, ends: str) -> None:
    phone.open(address(till, till.sale(amount)))
    phone.sign_up()
    phone.pay()
    for _ in range(2):
        phone.sees(ends)
        phone.page.reload()
    phone.sees(ends)
