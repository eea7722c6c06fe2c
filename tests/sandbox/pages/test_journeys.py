# SPDX-License-Identifier: Apache-2.0
"""Whole journeys at the page: from the address in a phone's browser to the ledger, in real Chromium."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pengpos.wire.confirmation_code import confirmation_code
from tests.support.backend import Shop
from tests.support.counter import until
from tests.support.shop import Till
from tests.support.shopper import address, shopper

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ALL = 1_000_00


@dataclass(frozen=True, kw_only=True)
class Journey:
    """Somebody new pays by the page; how that ends on the phone, at the terminal and in the ledger."""

    amount: int
    ends: str
    reads: str
    status: str
    taken: int = 0
    online: bool = True


JOURNEYS = {
    "paid": Journey(amount=18_80, ends="付款成功", reads="晨光咖啡", status="approved", taken=18_80),
    "paid, terminal offline": Journey(
        amount=18_80, ends="付款成功", reads="请向收银员出示确认码", status="approved", taken=18_80, online=False
    ),
    "declined": Journey(amount=18_05, ends="支付失败，未扣款", reads="支付服务商未通过这笔付款", status="declined"),
    "declined, by a test amount that says so": Journey(
        amount=18_05, ends="支付失败，未扣款", reads="这是测试金额", status="declined"
    ),
    "declined, offline": Journey(
        amount=18_05, ends="支付失败，未扣款", reads="支付服务商未通过这笔付款", status="declined", online=False
    ),
    "not enough money": Journey(amount=18_51, ends="支付失败，未扣款", reads="余额不足", status="declined"),
    "wallet expired": Journey(amount=18_54, ends="支付失败，未扣款", reads="付款证书已过期", status="declined"),
    "held for review": Journey(amount=18_27, ends="正在审核，请勿重复支付", reads="自动更新", status="held"),
}


@pytest.mark.parametrize("journey", JOURNEYS.values(), ids=JOURNEYS.keys())
def test_somebody_new_pays(browser: "Browser", shop: Shop, till: Till, journey: Journey) -> None:
    sale = till.sale(journey.amount, online=journey.online)
    with shopper(browser, shop) as phone:
        phone.open(address(till, sale))
        phone.sign_up()
        phone.sees("付款给晨光咖啡")
        assert till.status(sale) == "claimed"
        phone.pay()
        phone.sees(journey.ends)
        phone.reads(journey.reads)
        assert till.status(sale) == journey.status
        assert phone.wallet().balance() == ALL - journey.taken
        phone.page.reload()  # the phone's owner looks again
        phone.sees(journey.ends)


def test_the_code_of_an_offline_sale_is_the_right_one_and_stays(browser: "Browser", shop: Shop, till: Till) -> None:
    sale = till.sale(18_80, online=False)
    right = confirmation_code(till.confirmation_secret, sale.intent.claims.intent_id, 18_80)
    with shopper(browser, shop) as phone:
        phone.open(address(till, sale))
        phone.sign_up()
        assert phone.page.get_by_role("checkbox").count() == 0  # neither tip nor voucher (tap protocol §3)
        phone.pay()
        phone.reads("请向收银员出示确认码")
        for _ in range(2):
            assert phone.page.locator(".code").inner_text().replace("\n", "") == right
            assert phone.page.locator(".spoken").inner_text() == " ".join(right)
            phone.page.reload()
            phone.reads("请向收银员出示确认码")


def test_the_presentation_after_the_hash_is_sent_in_no_address_of_a_page(
    browser: "Browser", shop: Shop, till: Till
) -> None:
    sale = till.sale(18_80, online=False)
    with shopper(browser, shop) as phone:
        asked: list[str] = []
        phone.page.on("request", lambda request: asked.append(request.url))
        phone.open(address(till, sale))
        phone.sign_up()
        phone.sees("付款给晨光咖啡")
        documents = [url for url in asked if "/wallet/" not in url and "#" not in url]
        assert documents
        assert not any(sale.text in url for url in documents)


def test_whoever_has_an_account_sees_the_amount_at_once_and_a_tip_is_added(
    browser: "Browser", shop: Shop, till: Till
) -> None:
    with shopper(browser, shop) as phone:
        phone.open(address(till, till.sale(1_00)))
        phone.sign_up("小鹏")
        phone.sees("付款给晨光咖啡")
        sale = till.sale(18_80)
        phone.open(address(till, sale))
        phone.reads("小鹏的余额")
        phone.page.get_by_role("checkbox").check()
        phone.pay()
        phone.sees("付款成功")
        phone.reads("打赏")
        taken = ALL - phone.wallet().balance()
        assert 18_81 <= taken <= 19_79
        assert next(p["total"] for p in shop.operator.payments() if p["intent_id"] == sale.intent_id) == taken


def test_vouchers_and_purses_are_offered_where_there_are_some(browser: "Browser", shop: Shop, till: Till) -> None:
    with shopper(browser, shop) as phone:
        phone.open(address(till, till.sale(1_00)))
        phone.sign_up("小鹏")
        phone.sees("付款给晨光咖啡")
        wallet = phone.wallet()
        account_id = wallet.call("POST", "/purses", {"name": "一家三口"}).json()["members"][0]
        purse_id = wallet.call("GET", "/purses").json()["purses"][0]["purse_id"]
        wallet.call("POST", f"/purses/{purse_id}/deposits", {"amount": 50_00, "currency": "CNY"})
        hour = {"not_before": shop.clock.now(), "not_after": shop.clock.now() + 3600}
        coupon = {"account_id": account_id, "merchant_id": "M-0001", "value": 5_00, **hour}
        assert shop.operator.call("POST", "/coupons", coupon).status_code == 201
        phone.open(address(till, till.sale(80_00)))
        pay = phone.page.get_by_role("button", name="付款¥80.00")
        phone.page.get_by_role("radio", name="一家三口").check()
        phone.reads("小荷包余额不足，请改用自己的余额。")
        assert (pay.is_disabled(), phone.page.get_by_role("button", name="充值").count()) == (True, 0)
        phone.page.get_by_role("radio", name="小鹏的余额").check()
        assert pay.is_enabled()
        sale = till.sale(18_80)
        phone.open(address(till, sale))
        phone.page.get_by_role("radio", name="一家三口").check()
        phone.page.get_by_role("checkbox", name="减¥5.00").check()
        phone.press("付款¥13.80")
        phone.sees("付款成功")
        purse = wallet.call("GET", "/purses").json()["purses"][0]
        assert (purse["balances"][0]["amount"], wallet.balance()) == (50_00 - 13_80, ALL - 50_00)


def test_whoever_has_too_little_tops_up_and_pays(browser: "Browser", shop: Shop, till: Till) -> None:
    sale = till.sale(1_050_00)
    with shopper(browser, shop) as phone:
        phone.open(address(till, sale))
        phone.sign_up()
        phone.reads("余额不足")
        phone.press("充值¥100.00")
        phone.pay()
        phone.sees("付款成功")
        assert phone.wallet().balance() == 50_00


# --- one sale, more than one who wants to pay it ----------------------------------------------------------------------


def test_what_another_phone_is_paying_opens_once_that_one_lets_go(browser: "Browser", shop: Shop, till: Till) -> None:
    sale = till.sale(18_80)
    url = address(till, sale)
    with shopper(browser, shop) as first, shopper(browser, shop) as second:
        first.open(url)
        first.sign_up()
        first.sees("付款给晨光咖啡")
        second.open(url)
        second.sees("另一部手机正在付款")
        second.reads("最多还需1:00")
        first.press("取消")
        first.sees("已取消付款")
        until(lambda: till.status(sale) == "created", "the claim is given back")
        second.press("再试一次")
        second.sign_up()
        second.pay()
        second.sees("付款成功")
        first.press("继续付款")
        first.sees("已由他人付款")
        assert first.page.get_by_role("link").count() == 0  # the receipt is the payer's
        assert (first.wallet().balance(), second.wallet().balance()) == (ALL, ALL - 18_80)


def test_two_tabs_of_one_phone_are_one_payer(browser: "Browser", shop: Shop, till: Till) -> None:
    sale = till.sale(18_80)
    url = address(till, sale)
    with shopper(browser, shop) as one:
        one.open(url)
        one.sign_up()
        one.sees("付款给晨光咖啡")
        other = one.second_tab()
        other.open(url)
        other.sees("付款给晨光咖啡")
        other.pay()
        other.sees("付款成功")
        one.sees("付款成功")  # it has heard, without a conflict
        assert one.wallet().balance() == ALL - 18_80


def test_both_tabs_may_be_told_to_pay(browser: "Browser", shop: Shop, till: Till) -> None:
    sale = till.sale(18_80)
    url = address(till, sale)
    with shopper(browser, shop) as one:
        one.with_own_time()  # else the first tab may ask, and show that it is paid, before it is told to pay
        one.open(url)
        one.sign_up()
        one.sees("付款给晨光咖啡")
        other = one.second_tab()
        other.page.add_init_script("delete window.BroadcastChannel")  # an old browser: tabs do not hear each other
        other.open(url)
        for tab in (other, one):
            tab.pay()
            tab.sees("付款成功")
        assert one.wallet().balance() == ALL - 18_80


def test_closing_one_of_two_tabs_leaves_the_claim_to_the_other(browser: "Browser", shop: Shop, till: Till) -> None:
    sale = till.sale(18_80)
    url = address(till, sale)
    with shopper(browser, shop) as one:
        one.open(url)
        one.sign_up()
        one.sees("付款给晨光咖啡")
        other = one.second_tab()
        other.open(url)
        other.sees("付款给晨光咖啡")
        with one.page.expect_response("**/open"):  # the one that stays claims what the other gave back
            other.open(f"{till.http.base_url}/t")
        until(lambda: till.status(sale) == "claimed", "it is claimed by the tab that stays")
        one.pay()
        one.sees("付款成功")


# --- leaving and coming back ------------------------------------------------------------------------------------------


def test_a_page_that_is_left_gives_its_claim_back(browser: "Browser", shop: Shop, till: Till) -> None:
    sale = till.sale(18_80)
    url = address(till, sale)
    with shopper(browser, shop) as phone:
        phone.open(url)
        phone.sign_up()
        phone.sees("付款给晨光咖啡")
        phone.open(f"{till.http.base_url}/t")
        phone.sees("请扫描收款机上的二维码")
        until(lambda: till.status(sale) == "created", "the claim is given back")
        phone.page.go_back()
        phone.sees("付款给晨光咖啡")
        until(lambda: till.status(sale) == "claimed", "it is claimed again")


def test_a_phone_that_dies_holds_nobody_up_for_more_than_a_minute(browser: "Browser", shop: Shop, till: Till) -> None:
    sale = till.sale(18_80)
    url = address(till, sale)
    with shopper(browser, shop) as dead, shopper(browser, shop) as other:
        dead.open(url)
        dead.sign_up()
        dead.sees("付款给晨光咖啡")
        dead.context.set_offline(True)
        dead.page.close()
        shop.clock.advance(60)
        other.open(url)
        other.sign_up()
        other.pay()
        other.sees("付款成功")


def test_a_minute_without_paying_lets_go_and_going_on_continues(browser: "Browser", shop: Shop, till: Till) -> None:
    sale = till.sale(18_80)
    with shopper(browser, shop, expected=("net::ERR",)) as phone:
        phone.with_own_time()
        phone.open(address(till, sale))
        phone.sign_up()
        phone.sees("付款给晨光咖啡")
        phone.page.context.set_offline(True)
        phone.hurries_until("还要付款吗？")
        phone.page.context.set_offline(False)
        shop.clock.advance(60)
        assert till.status(sale) == "created"
        phone.press("继续付款")
        phone.pay()
        phone.sees("付款成功")


def test_an_untouched_page_does_not_claim_again_what_the_backend_lets_go_a_moment_before(
    browser: "Browser", shop: Shop, till: Till
) -> None:
    sale = till.sale(18_80)
    with shopper(browser, shop) as phone:
        phone.with_own_time()
        phone.open(address(till, sale))
        phone.sign_up()
        phone.sees("付款给晨光咖啡")
        for _ in range(53):
            shop.clock.advance(1)
            phone.second()
        assert till.status(sale) == "claimed"
        phone.reads("为您保留0:0")
        shop.clock.advance(7)
        for _ in range(4):  # its next look is before its own count ends
            phone.second()
        assert till.status(sale) == "created"
        phone.sees("还要付款吗？")


@pytest.mark.parametrize("payer", ["the same account", "somebody else"])
def test_who_let_go_learns_that_it_was_paid_by_tap(browser: "Browser", shop: Shop, till: Till, payer: str) -> None:
    sale = till.sale(18_80)
    with shopper(browser, shop) as phone:
        phone.with_own_time()
        phone.open(address(till, sale))
        phone.sign_up()
        phone.press("取消")
        phone.sees("已取消付款")
        until(lambda: till.status(sale) == "created", "the claim is given back")
        for _ in range(9):
            phone.second()
        phone.sees("已取消付款")
        assert till.status(sale) == "created"  # looking claims nothing
        till.pay(sale, phone.card() if payer == "the same account" else shop.wallet())
        phone.hurries_until("付款成功" if payer == "the same account" else "已由他人付款")
