# SPDX-License-Identifier: Apache-2.0
"""An amount reads the same on the terminal's screen and in Chromium, in every currency, by the digits sent with it."""

import re
from typing import TYPE_CHECKING, Any

import pytest

from pengpos.core.currencies.currency import digits
from pengpos.core.currencies.table import CURRENCIES
from pengpos.core.money import AMOUNT_LIMIT_MINOR, Money
from pengpos.i18n import LANGUAGES
from sandbox.pages.languages import _sentences
from tests.support.backend import Shop
from tests.support.page_checks import complaints
from tests.support.shop import Till
from ui.i18n.format import amount_parts, money
from workshop.gallery import pages as gallery
from workshop.gallery.pages import Shot, stage
from workshop.samples import pages as samples

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AMOUNTS = (0, 1, 9, 10, 99, 100, 999, 1_000, 18_80, 188_000, 999_999, 1_000_000, 123_456_789, AMOUNT_LIMIT_MINOR)
WIDEST = ("XCG", "XAF", "CLF", "KWD", "HUF", "JPY")
"""The longest signs with each number of decimals."""
WRITE = """async ([amounts, units]) => {
  const { money } = await import("/pages/money.js");
  return units.map((unit) => amounts.map((minor) => money(minor, unit)));
}"""


def unit(currency: str) -> dict[str, Any]:
    return {"currency": currency, "currency_digits": digits(currency)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_row_13_page_and_screen_agree_on_every_currency(page: "Page", language: Any) -> None:
    written = page.evaluate(WRITE, [list(AMOUNTS), [unit(code) for code in CURRENCIES]])
    on_the_screen = [[money(minor, code, language) for minor in AMOUNTS] for code in CURRENCIES]
    assert dict(zip(CURRENCIES, written, strict=True)) == dict(zip(CURRENCIES, on_the_screen, strict=True))


@pytest.mark.parametrize(
    ("minor", "currency", "told"),
    [
        (188_000, "HUF", "HUF\xa01,880.00"),
        (18_80, "CNY", "¥18.80"),
        (5, "CNY", "¥0.05"),
        (-2_00, "CNY", "−¥2.00"),
        (-188_000, "CLF", "−CLF\xa018.8000"),
        (1_880, "JPY", "JP¥1,880"),
        (1_880, "KWD", "KWD\xa01.880"),
    ],
)
def test_money_is_written_as_people_do(page: "Page", minor: int, currency: str, told: str) -> None:
    assert page.evaluate(WRITE, [[minor], [unit(currency)]]) == [[told]]


def test_the_digits_that_were_sent_count_and_no_table_of_the_browser(page: "Page") -> None:
    sent = [{"currency": "HUF", "currency_digits": 3}, {"currency": "ABC", "currency_digits": 1}]
    assert page.evaluate(WRITE, [[188_000], sent]) == [["HUF\xa0188.000"], ["ABC\xa018,800.0"]]


@pytest.mark.parametrize(
    ("minor", "sent"),
    [(18_80, {"currency": "CNY"}), (18.8, unit("CNY")), ("1880", unit("CNY")), (None, unit("CNY")),
     (2**53, unit("CNY"))],
    ids=["no digits", "a fraction", "text", "nothing", "beyond exactness"],
)  # fmt: skip
def test_what_is_no_amount_is_not_written_as_one(page: "Page", minor: Any, sent: dict[str, Any]) -> None:
    caught = f"([amounts, units]) => ({WRITE})([amounts, units]).catch((error) => error.name)"
    assert page.evaluate(caught, [[minor], [sent]]) == "TypeError"


@pytest.mark.parametrize("name", ["pay", "paid", "code", "declined"])
def test_the_most_that_can_be_asked_fits_the_page_in_every_width_of_sign(browser: "Browser", name: str) -> None:
    wrong: dict[str, list[str]] = {}
    with stage(browser, width=360, dark=False) as page:
        for code in WIDEST:
            said = {**unit(code), "amount": AMOUNT_LIMIT_MINOR, "total": AMOUNT_LIMIT_MINOR}
            state = samples.PAY[name] | {"intent": samples.PAY[name]["intent"] | said, "total": AMOUNT_LIMIT_MINOR}
            if "payment" in state:
                state["payment"] = state["payment"] | said
            gallery.draw(page, Shot(name, "screens", state, "en", 360, dark=False))
            parts = amount_parts(AMOUNT_LIMIT_MINOR, code, "en")
            shown = page.locator(".amount span").all_text_contents() if name != "code" else list(parts)
            assert shown == list(parts)
            if found := complaints(page):
                wrong[code] = found
    assert wrong == {}


@pytest.fixture(scope="module")
def page(browser: "Browser") -> "Any":
    """A stage to ask the pages' own scripts from."""
    with stage(browser, width=360, dark=False) as opened:
        yield opened


def test_row_13_a_shop_in_forint_asks_for_what_its_screen_shows(browser: "Browser", shop: Shop) -> None:
    shop.operator.call("POST", "/merchants", {"id": "M-2", "name": "Kávé", "currency": "HUF"})
    shop.operator.call("POST", "/stores", {"id": "S-2", "merchant_id": "M-2", "name": "1"})
    till = Till.enrol(shop.http, shop.clock, shop.operator.activation_code("S-2"))
    sale = till.sale(188_000, currency="HUF")
    url = till.put(sale).json()["url"]
    wallet = shop.wallet()
    wallet.call("POST", "/top-ups", {"amount": 200_000, "currency": "HUF"})
    page = browser.new_page(locale="hu-HU")
    page.goto(url)
    page.get_by_role("button").last.click()
    page.locator(".amount").wait_for()
    shown = money(188_000, "HUF", "en")
    assert page.locator(".amount").inner_text().replace("\n", "") == shown == "HUF\xa01,880.00"
    told = wallet.call("GET", f"/intents/{sale.intent_id}").json()
    assert (told["amount"], told["currency"], told["currency_digits"]) == (188_000, "HUF", 2)
    assert str(Money(told["amount"], told["currency"])) == "1880.00 HUF"


def test_no_sentence_says_a_sum_of_its_own() -> None:
    """The shop's currency decides what a sum is: a tip of 99 yen is not less than 1 yuan."""
    said = [sentence for sentences in _sentences().values() for sentence in sentences]
    assert len(said) > 200
    assert [one for one in said if re.search(r"\d\s?(元|圆|圓|块|塊|角|分钱|yuan|dollar)|[¥$€£]", one)] == []
