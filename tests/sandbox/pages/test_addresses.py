# SPDX-License-Identifier: Apache-2.0
"""Addresses that pay nothing any more or never did, names that hold script, receipts, and the keyboard."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.support.backend import Shop
from tests.support.browser import DESK
from tests.support.shop import Till
from tests.support.shopper import address, shopper
from tests.support.squatter import MERCHANT_NAME, squat, squatting_till

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ALL = 1_000_00


# --- addresses that pay nothing ---------------------------------------------------------------------------------------


def yesterdays(till: Till) -> str:
    return address(till, till.sale(18_80, issued_at=till.clock.now() - 86_400, online=False))


def cancelled(till: Till) -> str:
    sale = till.sale(18_80)
    url = address(till, sale)
    till.cancel(sale)
    return url


def out_of_time(till: Till) -> str:
    """The terminal ends a sale whose time is over by a cancel, where phones may pay out of its sight."""
    sale = till.sale(18_80)
    url = address(till, sale)
    till.cancel(sale, "unable_to_complete")
    return url


def mistyped(till: Till) -> str:
    return address(till, till.sale(18_80))[:-1]


def of_a_sale_nobody_knows(till: Till) -> str:
    registered = address(till, till.sale(18_80))
    return registered[:-4] + ("AAAA" if not registered.endswith("AAAA") else "BBBA")


def a_presentation_cut_short(till: Till) -> str:
    return address(till, till.sale(18_80, online=False))[:-9]


def no_sale_at_all(till: Till) -> str:
    return f"{till.http.base_url}/t"


NOTHING_TO_PAY: dict[str, tuple[Callable[[Till], str], str]] = {
    "yesterday's": (yesterdays, "已超时，未付款"),
    "cancelled": (cancelled, "收银员已取消这笔"),
    "out of time": (out_of_time, "已超时，未付款"),
    "mistyped": (mistyped, "未找到这笔付款"),
    "of a sale nobody knows": (of_a_sale_nobody_knows, "未找到这笔付款"),
    "a presentation cut short": (a_presentation_cut_short, "未找到这笔付款"),
}


@pytest.mark.parametrize(("made", "ends"), NOTHING_TO_PAY.values(), ids=NOTHING_TO_PAY.keys())
def test_an_address_that_pays_nothing_says_so_plainly(
    browser: "Browser", shop: Shop, till: Till, made: Callable[[Till], str], ends: str
) -> None:
    with shopper(browser, shop, expected=("status of 404", "status of 422")) as phone:
        phone.open(made(till))
        phone.sees(ends)  # and asks for no name first
        assert phone.page.get_by_role("textbox").count() == 0


@pytest.mark.parametrize("online", [True, False], ids=["registered", "brought along"])
def test_an_address_names_its_own_shop_whoever_took_its_id_before(
    browser: "Browser", shop: Shop, till: Till, *, online: bool
) -> None:
    sale = till.sale(18_80, online=online)
    squatter = squatting_till(shop)
    theirs = address(squatter, squat(squatter, sale, 1_00, online=online))
    with shopper(browser, shop) as phone:
        phone.open(address(till, sale))
        phone.sign_up()
        phone.sees("付款给晨光咖啡")
        phone.pay()
        phone.reads("付款成功" if online else "请向收银员出示确认码")
        assert (till.status(sale), phone.wallet().balance()) == ("approved", ALL - 18_80)
        phone.open(theirs)
        phone.sees(f"付款给{MERCHANT_NAME}")


def test_an_address_without_a_sale_asks_to_scan(browser: "Browser", shop: Shop, till: Till) -> None:
    with shopper(browser, shop) as phone:
        phone.open(no_sale_at_all(till))
        phone.sees("请扫描收款机上的二维码")


@pytest.mark.parametrize(
    ("locale", "says"),
    [
        ("zh-CN", "未找到这笔付款"),
        ("zh-TW", "找不到這筆付款"),
        ("en-GB", "Payment not found"),
    ],
)
def test_an_address_that_is_none_says_so_in_the_readers_language(
    browser: "Browser", shop: Shop, till: Till, locale: str, says: str
) -> None:
    with shopper(browser, shop, locale=locale, expected=("status of 404",)) as phone:
        phone.page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
        phone.open(f"{till.http.base_url}/t/<script>alert(1)</script>/x")
        phone.sees(says)


def test_a_sale_that_is_cancelled_while_somebody_chooses_says_so_by_itself(
    browser: "Browser", shop: Shop, till: Till
) -> None:
    sale = till.sale(18_80)
    with shopper(browser, shop) as phone:
        phone.with_own_time()
        phone.open(address(till, sale))
        phone.sign_up()
        phone.sees("付款给晨光咖啡")
        till.cancel(sale)
        phone.hurries_until("收银员已取消这笔")


@pytest.mark.parametrize(
    ("reason", "says"),
    [("customer", "收银员已取消这笔"), ("unable_to_complete", "已超时，未付款")],
    ids=["cancelled", "out of time"],
)
def test_what_is_undone_after_it_was_paid_says_that_the_money_came_back(
    browser: "Browser", shop: Shop, till: Till, reason: str, says: str
) -> None:
    sale = till.sale(18_80, online=False)
    with shopper(browser, shop) as phone:
        phone.open(address(till, sale))
        phone.sign_up()
        phone.pay()
        phone.reads("请向收银员出示确认码")
        till.cancel(sale, reason)
        phone.page.reload()
        phone.sees(says)
        phone.reads("全部退回给您")
        assert phone.wallet().balance() == ALL


def test_a_sandbox_made_anew_asks_for_the_name_again(browser: "Browser", shop: Shop, till: Till) -> None:
    with shopper(browser, shop, expected=("status of 401",)) as phone:
        phone.open(no_sale_at_all(till))
        phone.page.evaluate("localStorage.setItem('pengpos.account', JSON.stringify({name: '小鹏', token: 'gone'}))")
        phone.open(address(till, till.sale(18_80)))
        phone.reads("怎么称呼您？")
        phone.sign_up()
        phone.sees("付款给晨光咖啡")


# --- names ------------------------------------------------------------------------------------------------------------


def test_script_in_names_is_shown_and_never_run(browser: "Browser", shop: Shop) -> None:
    script = "<script>alert(1)</script>"
    shop.operator.call("POST", "/merchants", {"id": "M-0666", "name": script})
    shop.operator.call("POST", "/stores", {"id": "S-0666", "merchant_id": "M-0666", "name": script})
    till = Till.enrol(shop.http, shop.clock, shop.operator.activation_code("S-0666"))
    image = "<img src=x onerror=alert(1)>"
    with shopper(browser, shop) as phone:
        phone.page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
        phone.open(address(till, till.sale(18_80)))
        phone.sign_up(image)
        phone.sees(f"付款给{script}")
        phone.reads(image)
        phone.pay()
        phone.reads(script)
        phone.page.get_by_role("link", name="查看电子小票").click()
        phone.sees("已付款")
        phone.reads(script)


@pytest.mark.parametrize("name", ["", "   "], ids=["none", "blanks"])
def test_no_name_is_asked_for_again(browser: "Browser", shop: Shop, till: Till, name: str) -> None:
    with shopper(browser, shop) as phone:
        phone.open(address(till, till.sale(18_80)))
        phone.says_name(name)
        phone.reads("请输入名字")


# --- receipts ---------------------------------------------------------------------------------------------------------


def test_a_receipt_shows_what_was_paid_and_what_went_back(browser: "Browser", shop: Shop, till: Till) -> None:
    sale = till.sale(18_80)
    url = till.pay(sale, shop.wallet()).json()["receipt_url"]
    with shopper(browser, shop) as phone:
        phone.open(url)
        phone.sees("已付款")
        for told in ("18", "晨光咖啡", "2027年1月15日"):
            phone.reads(told)
        till.refund(sale, 80)
        phone.page.reload()
        phone.sees("已付款，部分退款")


def test_a_receipt_that_is_not_there_says_so(browser: "Browser", shop: Shop, till: Till) -> None:
    with shopper(browser, shop, expected=("status of 404",)) as phone:
        phone.open(f"{till.http.base_url}/r/AAECAwQFBgcICQoLDA0ODw")
        phone.sees("未找到这张小票")


def test_the_browsers_language_is_spoken_until_another_is_chosen(browser: "Browser", shop: Shop, till: Till) -> None:
    with shopper(browser, shop, locale="en-GB", viewport=DESK) as visitor:
        visitor.open(address(till, till.sale(18_80)))
        visitor.page.get_by_role("textbox").fill("Ada")
        visitor.page.get_by_label("Language").select_option("zh-Hant")
        visitor.reads("怎麼稱呼您？")
        assert visitor.page.get_by_role("textbox").input_value() == "Ada"  # what was typed stays
        assert visitor.page.evaluate("document.documentElement.lang") == "zh-Hant"
        visitor.page.get_by_role("button", name="開始").click()
        visitor.reads("Ada的餘額")
        visitor.page.reload()
        visitor.reads("Ada的餘額")
        visitor.page.get_by_role("button", name="付款¥18.80").click()
        visitor.sees("付款成功")
        assert visitor.page.title() == "付款成功 · 碰一碰"


def test_a_name_that_cannot_be_shown_is_said_and_stays_to_be_mended(browser: "Browser", shop: Shop, till: Till) -> None:
    with shopper(browser, shop, expected=("status of 422",)) as phone:
        phone.open(address(till, till.sale(18_80)))
        phone.says_name("\U0001f469\u200d\U0001f467 家")
        phone.reads("名字含有无法显示的字符，请换一个")
        assert phone.page.get_by_role("textbox").input_value() == "\U0001f469\u200d\U0001f467 家"
        phone.sign_up("Zoe\u0308 家")  # as some keyboards compose it
        phone.reads("Zoë 家")


def test_a_keyboard_is_enough(browser: "Browser", shop: Shop, till: Till) -> None:
    with shopper(browser, shop) as phone:
        phone.open(address(till, till.sale(18_80)))
        phone.page.get_by_role("textbox").focus()
        phone.page.keyboard.press("Enter")
        phone.reads("顾客的余额")
        found = []
        while "付款¥18.80" not in found:
            phone.page.keyboard.press("Tab")
            found.append(phone.page.evaluate("document.activeElement.innerText || document.activeElement.id"))
        assert found == ["tip", "取消", "付款¥18.80"]
        phone.page.keyboard.press("Enter")
        phone.sees("付款成功")
