# SPDX-License-Identifier: Apache-2.0
"""A page that is opened without a line: the service worker opens the shell, which says so and names no sale."""

import json
import re
from typing import TYPE_CHECKING

import pytest

from sandbox.pages.parts import parts, worker
from tests.support.backend import Shop
from tests.support.browser import LIMIT_S
from tests.support.shop import Till
from tests.support.shopper import Shopper, address, number_of, shopper

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LOST = ("net::ERR", "Failed to load resource")
SAYS = {"zh-CN": "网络连接失败", "zh-TW": "網路連線失敗", "en-GB": "No connection"}
ACTIVE = """(limit_ms) => new Promise((done, give_up) => {
  setTimeout(() => give_up(new Error("no worker")), limit_ms);
  navigator.serviceWorker.ready.then(({ active }) => {
    const look = () => active.state === "activated" && done(null);
    active.addEventListener("statechange", look);
    look();
  });
})"""
PRELOADS = "navigator.serviceWorker.ready.then(async (one) => (await one.navigationPreload.getState()).enabled)"
KEPT = """caches.keys().then(async (names) => {
  const kept = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  return kept.flat().map(({ url }) => new URL(url).pathname);
})"""


def visits_once(phone: Shopper, url: str) -> None:
    """Open an address with a line, until the browser has kept the shell."""
    phone.open(url)
    phone.page.evaluate(ACTIVE, LIMIT_S * 1000)


@pytest.mark.parametrize(("locale", "says"), SAYS.items(), ids=SAYS.keys())
def test_a_page_opened_without_a_line_says_so_and_goes_on_once_there_is_one(
    browser: "Browser", shop: Shop, till: Till, locale: str, says: str
) -> None:
    seen, sale = address(till, till.sale(18_80)), address(till, till.sale(26_60))
    with shopper(browser, shop, locale=locale, workers=True, expected=LOST) as phone:
        visits_once(phone, seen)
        phone.context.set_offline(True)
        for url in (sale, seen):
            phone.open(url)
            phone.sees(says)
            shown = phone.page.content()
            assert not [wrong for wrong in ("晨光咖啡", "18.80", ".80", "26.60") if wrong in shown]
        phone.context.set_offline(False)
        phone.page.get_by_role("button").click()
        phone.page.get_by_text("晨光咖啡").wait_for()


ASKS_NOT_TO_PAY_AGAIN = {
    "zh-CN": ("开始", "付款¥", "正在核实，请勿重复支付", "付款给晨光咖啡", "付款成功"),
    "zh-TW": ("開始", "付款¥", "正在核實，請勿重複付款", "付款給晨光咖啡", "付款成功"),
    "en-GB": ("Start", "Pay ¥", "Checking, do not pay again", "Pay 晨光咖啡", "Paid"),
}


@pytest.mark.parametrize(
    ("locale", "arrives", "online"),
    [("zh-CN", True, True), ("zh-TW", False, True), ("en-GB", True, False), ("zh-CN", False, False)],
    ids=["it arrived", "it was lost", "it arrived, terminal offline", "it was lost, terminal offline"],
)
def test_opened_anew_without_a_line_after_paying_it_asks_not_to_pay_again_and_looks_how_it_ended(
    browser: "Browser", shop: Shop, till: Till, *, locale: str, arrives: bool, online: bool
) -> None:
    start, pay, says, to_pay, paid = ASKS_NOT_TO_PAY_AGAIN[locale]
    sale = till.sale(18_80, online=online)
    url = address(till, sale)
    with shopper(browser, shop, locale=locale, workers=True, expected=LOST) as phone:
        visits_once(phone, url)
        phone.with_own_time()
        phone.press(start)
        pays = phone.page.get_by_role("button", name=re.compile(f"^{re.escape(pay)}"))
        pays.wait_for()
        wallet = phone.wallet()
        phone.context.set_offline(True)
        pays.click()
        phone.sees(says)
        if arrives:
            assert wallet.call("POST", f"/intents/{sale.intent_id}/pay").json()["status"] == "approved"
        for again in (phone.page.reload, lambda: phone.open(url)):
            again()
            phone.sees(says)
            shown = phone.page.inner_text("main").replace("\n", "")
            assert all(part in shown for part in ("晨光咖啡", "¥18.80", number_of(till, sale)))
            assert phone.page.get_by_role("button").count() == 0
        phone.context.set_offline(False)
        if not arrives:
            phone.hurries_until(to_pay)
            phone.page.get_by_role("alert").wait_for()
            pays.click()
        phone.hurries_until(paid)
        assert wallet.balance() == 1_000_00 - 18_80
        phone.context.set_offline(True)
        phone.page.reload()  # it was paid, and stays so
        phone.sees(says)


def test_a_phone_remembers_the_newest_payments_it_sent_and_not_how_they_ended(
    browser: "Browser", shop: Shop, till: Till
) -> None:
    declined, paid = till.sale(18_05), till.sale(18_80)
    before = [{"address": f"before {number}", "intent": {"merchant": {"name": "x"}}} for number in range(8)]
    with shopper(browser, shop) as phone:
        phone.open(f"{till.http.base_url}/t")
        phone.page.evaluate("before => localStorage.setItem('pengpos.sent', JSON.stringify(before))", before)
        for sale in (declined, paid):
            phone.open(address(till, sale))
            if sale is declined:
                phone.sign_up()
            phone.pay()
            phone.page.locator("main[data-tone=approved], main[data-tone=declined]").wait_for()
        newest, *others = json.loads(phone.page.evaluate("localStorage.getItem('pengpos.sent')"))
        assert newest["address"] == address(till, paid).rpartition("/")[2]
        assert newest["intent"] == {
            "intent_id": paid.intent_id, "number": number_of(till, paid), "amount": 18_80,
            "merchant": {"id": "M-0001", "name": "晨光咖啡"}, "currency": "CNY", "currency_digits": 2,
        }  # fmt: skip
        assert others == before[:7]


def test_the_language_that_was_chosen_is_spoken_without_a_line_too(browser: "Browser", shop: Shop, till: Till) -> None:
    url = address(till, till.sale(18_80))
    with shopper(browser, shop, workers=True, expected=LOST) as phone:
        visits_once(phone, url)
        phone.page.get_by_role("combobox").select_option("en")
        phone.context.set_offline(True)
        phone.open(url)
        phone.sees("No connection")


def test_a_receipt_opened_without_a_line_says_so(browser: "Browser", shop: Shop, till: Till) -> None:
    url = till.pay(till.sale(18_80), shop.wallet()).json()["receipt_url"]
    with shopper(browser, shop, workers=True, expected=LOST) as phone:
        visits_once(phone, url)
        phone.sees("已付款")
        phone.context.set_offline(True)
        phone.open(url)
        phone.sees("网络连接失败")
        assert "18.80" not in phone.page.content()
        assert "已付款" not in phone.page.inner_text("main")


def test_what_a_phone_keeps_is_the_shell_and_no_sale(browser: "Browser", shop: Shop, till: Till) -> None:
    url = address(till, till.sale(18_80))
    with shopper(browser, shop, workers=True) as phone:
        visits_once(phone, url)
        phone.sign_up()
        phone.pay()
        phone.sees("付款成功")
        shell = {"/t", "/r/-", *(parts()[name].address for name in ("look.css", "pay.js", "receipt.js"))}
        assert set(phone.page.evaluate(KEPT)) == shell
        assert phone.page.evaluate(PRELOADS) is True
        phone.page.reload()  # through the worker
        phone.sees("付款成功")
        assert set(phone.page.evaluate(KEPT)) == shell


def test_a_new_version_takes_the_place_of_the_shell_before_it(browser: "Browser", shop: Shop, till: Till) -> None:
    url = address(till, till.sale(18_80))
    with shopper(browser, shop, workers=True, expected=("404",)) as phone:
        phone.open(f"{till.http.base_url}{parts()['icon.svg'].address}")  # of this origin, and registers no worker
        phone.page.evaluate("caches.open('before').then((cache) => cache.add('/t'))")
        visits_once(phone, url)
        assert len(phone.page.evaluate("caches.keys()")) == 1
        assert parts()["pay.js"].address in phone.page.evaluate(KEPT)


def test_the_worker_names_the_parts_of_this_version() -> None:
    text = worker().decode()
    assert all(f'"{parts()[name].address}"' in text for name in ("look.css", "pay.js", "receipt.js"))


def test_no_other_script_may_become_a_worker(browser: "Browser", shop: Shop, till: Till) -> None:
    with shopper(browser, shop, workers=True, expected=("TrustedScriptURL", "Trusted Type", "trusted-types")) as phone:
        phone.open(address(till, till.sale(18_80)))
        for attempt in (
            "navigator.serviceWorker.register('/pages/other.js')",
            "trustedTypes.createPolicy('other', { createScriptURL: (url) => url })",
            "trustedTypes.createPolicy('pengpos', { createScriptURL: (url) => url })",
        ):
            refused = f"(async () => {attempt})().then(() => 'taken', (error) => error.name)"
            assert phone.page.evaluate(refused) == "TypeError"
