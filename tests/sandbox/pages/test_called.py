# SPDX-License-Identifier: Apache-2.0
"""What a sale is called: number and the till's reference, the same on the page, the receipt and the phone (row 22)."""

from typing import TYPE_CHECKING

import pytest

from sandbox.pages.languages import say
from sandbox.phone import words
from sandbox.phone.account import AccountPayment
from tests.support.backend import Shop
from tests.support.shop import Till
from tests.support.shopper import address, number_of, shopper

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REFERENCES = {"none": None, "a table": "桌7", "script": "<b>7</b> & 8", "from right to left": "שולחן (7)!"}


@pytest.mark.parametrize("reference", REFERENCES.values(), ids=REFERENCES.keys())
def test_row_22_number_and_reference_are_the_same_everywhere(
    browser: "Browser", shop: Shop, till: Till, reference: str | None
) -> None:
    sale = till.sale(18_80, reference=reference)
    number = number_of(till, sale)
    called = say("zh-Hans", "sale_number_is", number=number)
    called += f" · {say('zh-Hans', 'order_is', reference=reference)}" if reference else ""
    rows = {"编号": number} | ({"订单": reference} if reference else {})
    with shopper(browser, shop) as phone:

        def rows_shown() -> dict[str, str]:
            pairs = zip(*(phone.page.locator(f".rows {part}").all_inner_texts() for part in ("dt", "dd")), strict=True)
            return {label: value for label, value in pairs if label in {"编号", "订单"}}

        phone.open(address(till, sale))
        phone.sees("付款给晨光咖啡")
        assert phone.page.inner_text("#number") == called  # before a name is asked for
        phone.sign_up()
        assert phone.page.inner_text("#number") == called
        named = [phone.page.locator(f"{place} bdi").all_inner_texts() for place in ("h1", "#number")]
        assert named == [["晨光咖啡"], [reference] if reference else []], (
            "whichever way they run, they turn nothing else"
        )
        phone.pay()
        phone.sees("付款成功")
        assert rows_shown() == rows
        (payment,) = phone.wallet().call("GET", "/payments").json()["payments"]
        phone.page.get_by_role("link", name="查看电子小票").click()
        phone.sees("已付款")
        assert rows_shown() == rows
    said = words.of_account_payment(AccountPayment.model_validate(payment))
    assert said.startswith(" ".join(filter(None, ("晨光咖啡", number, reference))))


@pytest.mark.parametrize("reference", REFERENCES.values(), ids=REFERENCES.keys())
def test_what_stands_before_any_script_calls_it_the_same(shop: Shop, till: Till, reference: str | None) -> None:
    sale = till.sale(18_80, reference=reference)
    url = address(till, sale)
    receipt = till.pay(sale, shop.wallet()).json()["receipt_url"]
    for one in (url, receipt):
        page = shop.http.get(one, headers={"Accept-Language": "zh-CN"}).text
        assert say("zh-Hans", "sale_number_is", number=number_of(till, sale)) in page
        assert ("订单" in page) is (reference is not None)
        assert "<b>7" not in page


def test_another_number_that_the_terminal_says_is_shown(browser: "Browser", shop: Shop, till: Till) -> None:
    sale = till.sale(18_80)
    body = {"presentation": sale.text, "number": "0001-0007"}
    url = till.call("PUT", f"/intents/{sale.intent_id}", body).json()["url"]
    with shopper(browser, shop) as phone:
        phone.open(url)
        phone.sees("付款给晨光咖啡")
        assert phone.page.inner_text("#number") == say("zh-Hans", "sale_number_is", number="0001-0007")
