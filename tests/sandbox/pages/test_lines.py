# SPDX-License-Identifier: Apache-2.0
"""Lines that break while somebody pays, limits that are reached, and how often the page asks, in real Chromium."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.support.backend import Shop
from tests.support.shop import Till
from tests.support.shopper import address, never_sent, sent_but_unanswered, shopper

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

ALL = 1_000_00


@pytest.mark.parametrize("cut", [sent_but_unanswered, never_sent], ids=["after it arrived", "before it arrived"])
def test_a_line_that_breaks_while_paying_charges_once(
    browser: "Browser", shop: Shop, till: Till, cut: "Callable[[Route], None]"
) -> None:
    sale = till.sale(18_80)
    with shopper(browser, shop, expected=("net::ERR",)) as phone:
        phone.with_own_time()
        phone.open(address(till, sale))
        phone.sign_up()
        phone.page.route("**/pay", cut, times=1)
        phone.pay()
        phone.sees("正在核实，请勿重复支付")
        if cut is never_sent:
            phone.hurries_until("付款给晨光咖啡")
            phone.reads("尚未付款")
            assert phone.wallet().balance() == ALL
            phone.pay()
        phone.hurries_until("付款成功")
        assert phone.wallet().balance() == ALL - 18_80


def test_while_nobody_can_be_asked_it_stays_unknown(browser: "Browser", shop: Shop, till: Till) -> None:
    sale = till.sale(18_80)
    with shopper(browser, shop, expected=("net::ERR",)) as phone:
        phone.with_own_time()
        phone.open(address(till, sale))
        phone.sign_up()
        phone.page.route("**/pay", sent_but_unanswered)
        phone.sees("付款给晨光咖啡")
        phone.page.route("**/wallet/v1/intents/*", never_sent)
        phone.pay()
        phone.sees("正在核实，请勿重复支付")
        phone.page.clock.run_for(30_000)
        phone.sees("正在核实，请勿重复支付")
        phone.reads("已等待0:3")
        phone.page.unroute("**/wallet/v1/intents/*")
        phone.hurries_until("付款成功")
        assert phone.wallet().balance() == ALL - 18_80


def test_an_answer_that_the_backend_loses_is_found_by_asking(browser: "Browser", shop: Shop, till: Till) -> None:
    with shopper(browser, shop, expected=("net::ERR",)) as phone:
        phone.with_own_time()
        phone.open(address(till, till.sale(18_28)))
        phone.sign_up()
        phone.pay()
        phone.hurries_until("付款成功")
        assert phone.wallet().balance() == ALL - 18_28


def test_without_a_line_the_page_tries_again_by_itself(browser: "Browser", shop: Shop, till: Till) -> None:
    sale = till.sale(18_80)
    with shopper(browser, shop, expected=("net::ERR",)) as phone:
        phone.with_own_time()
        phone.open(address(till, till.sale(1_00)))
        phone.sign_up()
        phone.sees("付款给晨光咖啡")
        phone.page.route("**/wallet/**", never_sent, times=1)
        phone.open(address(till, sale))
        phone.sees("网络连接失败")
        phone.hurries_until("付款给晨光咖啡")


def test_who_has_opened_a_sale_too_often_pays_it_all_the_same(browser: "Browser", shop: Shop, till: Till) -> None:
    sale = till.sale(18_80)
    url = address(till, sale)
    with shopper(browser, shop) as phone:
        phone.with_own_time()
        phone.open(address(till, till.sale(1_00)))
        phone.sign_up()
        phone.sees("付款给晨光咖啡")
        for _ in range(5):
            for call in ("open", "release"):
                assert phone.wallet().call("POST", f"/intents/{sale.intent_id}/{call}").is_success
        phone.open(url)
        phone.sees("付款给晨光咖啡")
        assert phone.page.get_by_role("timer").count() == 0  # it is kept for nobody
        for _ in range(9):
            phone.second()
        assert till.status(sale) == "created"
        phone.pay()
        phone.sees("付款成功")


def test_a_limit_that_is_reached_is_told_as_one_and_not_as_a_line_that_is_down(
    browser: "Browser", shop: Shop, till: Till
) -> None:
    with shopper(browser, shop, expected=("429",)) as phone:
        phone.open(address(till, till.sale(1_00)))
        phone.sign_up()
        phone.sees("付款给晨光咖啡")
        phone.page.route("**/open", lambda route: route.fulfill(status=429, json={"code": "too_many"}))
        phone.page.reload()
        phone.sees("打开次数过多")
        phone.reads("碰一碰付款")


def test_a_phone_that_is_signed_in_asks_once_before_it_pays(browser: "Browser", shop: Shop, till: Till) -> None:
    with shopper(browser, shop) as phone:
        phone.open(address(till, till.sale(1_00)))
        phone.sign_up()
        phone.sees("付款给晨光咖啡")
        phone.page.get_by_role("button", name="取消").click()
        phone.until_answered()
        asked: list[str] = []
        phone.page.on("request", lambda request: asked.append(request.url))
        sale = till.sale(18_80)
        phone.open(address(till, sale))
        phone.sees("付款给晨光咖啡")
        calls = [url.partition("/wallet/v1")[2] for url in asked if "/wallet/v1" in url]
        assert calls == [f"/intents/{phone.page.url.rpartition('/')[2]}/open"]
