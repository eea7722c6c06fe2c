# SPDX-License-Identifier: Apache-2.0
"""The oldest browsers the pages are for, by taking away what those lack; and scripts that fail where they stand.

The oldest are named in `sandbox/pages/browserslist`.
"""

import re
from typing import TYPE_CHECKING

import pytest

from sandbox.pages import STATIC
from sandbox.pages.parts import parts
from tests.support.backend import Shop
from tests.support.browser import profile
from tests.support.node import evaluated
from tests.support.page_checks import complaints
from tests.support.shop import Till
from tests.support.shopper import Shopper, address, number_of, shopper
from workshop.gallery.pages import draw, shots, stage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ALL = 1_000_00
MISSING = """
delete Object.hasOwn; delete Object.groupBy; delete Array.prototype.at; delete String.prototype.at;
delete String.prototype.replaceAll; delete Array.prototype.findLast; delete Promise.any; delete Intl.Locale;
delete Element.prototype.replaceChildren; delete Element.prototype.checkVisibility; delete AbortSignal.timeout;
delete AbortSignal.any; delete window.structuredClone; delete Crypto.prototype.randomUUID;
delete Crypto.prototype.subtle; delete window.BroadcastChannel; delete window.EventSource; delete window.indexedDB;
delete window.HTMLDialogElement; delete Navigator.prototype.serviceWorker; delete window.trustedTypes;
"""
NOTHING_KEPT = """
Object.defineProperty(window, "localStorage", { get() { throw new DOMException("no", "SecurityError"); } });
"""
NO_INTL = "delete window.Intl;"
NO_ABORT = "delete window.AbortController; delete window.AbortSignal;"


CSS_MISSING = {
    "text-wrap": r"^ *text-wrap:.*;$",
    "accent-color": r"^ *accent-color:.*;$",
    "dvh": r"^.*dvh;$",
    "overflow-wrap: anywhere": r"^ *overflow-wrap: anywhere;$",
    ":has()": r"^[^\n{}]*:has\([^{]*\{[^}]*\}$",
    ":focus-visible": r"^[^\n{}]*:focus-visible \{[^}]*\}$",
}
"""What the oldest browsers pass over in a style sheet, as they stand in it."""
NEWER_CSS = (
    r"\bgap:|(?:margin|padding|inset)-(?:block|inline):|aspect-ratio|color-mix|@container|@layer|:is\(|:where\(|&"
)
"""What they lack too, and what is written in another way here."""
FULLEST = {"welcome-no-name", "pay-choices", "pay-huge", "pay-short", "code", "paid-order", "declined", "receipt-order"}
"""Of the pictures in the gallery: every element that there is, and the longest words."""


def test_the_style_of_an_old_browser_leaves_everything_to_be_read_and_hit(browser: "Browser") -> None:
    style = (STATIC / "look.css").read_text(encoding="utf-8")
    assert re.findall(NEWER_CSS, style) == []
    for lacking in CSS_MISSING.values():
        style = re.sub(lacking, "", style, flags=re.MULTILINE)
    wrong: dict[str, list[str]] = {}
    with stage(browser, width=360, dark=False) as page:
        page.evaluate("document.querySelector('link[rel=stylesheet]').remove()")
        page.add_style_tag(content=style)
        for shot in shots():
            if shot.name in FULLEST and (shot.width, shot.dark, shot.language) == (360, False, "en"):
                draw(page, shot)
                if found := complaints(page):
                    wrong[shot.name] = found
    assert wrong == {}


@pytest.mark.parametrize(
    "taken",
    [MISSING, NOTHING_KEPT, NO_INTL + NO_ABORT],
    ids=["the oldest", "nothing kept", "no Intl, no AbortController"],
)
def test_what_an_old_browser_lacks_changes_no_result(browser: "Browser", shop: Shop, till: Till, taken: str) -> None:
    declined, paid = till.sale(18_05), till.sale(18_80)
    with shopper(browser, shop) as phone:
        phone.page.add_init_script(taken)
        for sale, ends, status in ((declined, "支付失败，未扣款", "declined"), (paid, "付款成功", "approved")):
            phone.open(address(till, sale))
            phone.sees("付款给晨光咖啡")
            if phone.page.get_by_role("textbox").count():  # always, where nothing is kept
                phone.sign_up()
            phone.pay()
            phone.sees(ends)
            assert till.status(sale) == status


def test_languages_that_are_none_get_the_english_page(browser: "Browser", shop: Shop, till: Till) -> None:
    with shopper(browser, shop) as phone:
        phone.page.add_init_script("Object.defineProperty(navigator, 'languages', { value: ['en-US@posix'] })")
        phone.open(address(till, till.sale(18_80)))
        phone.reads("What's your name?")


HALF_A_SCRIPT = "const torn = () => {\n"
BEFORE_ANY_SCRIPT = {
    "zh-CN": ("付款给晨光咖啡", "编号", "页面未完整打开，付款未发出。"),
    "zh-TW": ("付款給晨光咖啡", "編號", "頁面未完整開啟，付款未送出。"),
    "en-GB": ("Pay 晨光咖啡", "Sale", "no payment was sent"),
}


@pytest.mark.parametrize(("fate", "locale"), [("lost", "zh-CN"), ("half", "zh-TW"), ("blocked", "en-GB")])
def test_a_script_that_does_not_run_leaves_shop_amount_number_and_a_true_sentence(
    browser: "Browser", shop: Shop, till: Till, fate: str, locale: str
) -> None:
    sale = till.sale(18_80)
    said = ("net::ERR", "SyntaxError", "Unexpected end of input", "Content Security Policy")
    with shopper(browser, shop, locale=locale, expected=said) as phone:
        if fate == "blocked":
            strict = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "script-src 'none'"}
            phone.page.route("**/t/*", lambda route: route.fulfill(response=route.fetch(), headers=strict))
        elif fate == "half":
            phone.page.route("**/pay.js", lambda r: r.fulfill(body=HALF_A_SCRIPT, content_type="text/javascript"))
        else:
            phone.page.route("**/pay.js", lambda route: route.abort())
        phone.open(address(till, sale))
        animations = phone.page.context.new_cdp_session(phone.page)
        animations.send("Animation.setPlaybackRate", {"playbackRate": 1000})  # it waits for a script that is late
        for part in BEFORE_ANY_SCRIPT[locale]:
            phone.reads(part)
        shown = phone.page.locator("main").inner_text().replace("\n", "")
        assert "¥18.80" in shown
        assert number_of(till, sale) in shown
        assert till.status(sale) == "created"


@pytest.mark.parametrize(("locale", "words"), BEFORE_ANY_SCRIPT.items(), ids=BEFORE_ANY_SCRIPT.keys())
def test_a_browser_without_scripts_shows_shop_amount_and_number(
    browser: "Browser", shop: Shop, till: Till, locale: str, words: tuple[str, ...]
) -> None:
    sale = till.sale(18_80)
    with profile(browser, locale=locale, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address(till, sale))
        shown = page.inner_text("main")
        assert "JavaScript" in page.inner_text("noscript")
        assert all(part in shown for part in (*words[:2], number_of(till, sale)))
        assert page.inner_text(".amount").replace("\n", "") == "¥18.80"


def pays_with_a_script_that_fails(phone: Shopper, url: str, at: str) -> None:
    """Up to the page that says so; `at`: what of the browser breaks as the payment is confirmed."""
    phone.open(url)
    phone.sign_up()
    phone.sees("付款给晨光咖啡")
    phone.page.evaluate(f"window.{at} = function () {{ throw new Error('torn'); }}; undefined")
    phone.pay()
    phone.sees("页面出错")


def test_a_script_that_fails_before_it_sends_says_that_nothing_was_sent(
    browser: "Browser", shop: Shop, till: Till
) -> None:
    sale = till.sale(18_80)
    with shopper(browser, shop, expected=("torn",)) as phone:
        pays_with_a_script_that_fails(phone, address(till, sale), at="AbortController")
        phone.reads("付款未发出，未扣款")
        assert (till.status(sale), phone.wallet().balance()) == ("claimed", ALL)


def test_a_result_that_cannot_be_drawn_is_not_said_to_be_checked(browser: "Browser", shop: Shop, till: Till) -> None:
    sale = till.sale(18_80)
    with shopper(browser, shop, expected=("torn",)) as phone:
        pays_with_a_script_that_fails(phone, address(till, sale), at="URL")
        phone.reads("请勿重复支付")
        assert till.status(sale) == "approved"
        phone.press("重新打开")
        phone.sees("付款成功")


def test_a_page_is_one_round_trip_once_its_parts_are_kept(browser: "Browser", shop: Shop, till: Till) -> None:
    url = address(till, till.sale(18_80))
    look = f"{till.http.base_url}/wallet/v1/intents/{url.rpartition('/')[2]}"
    at_first = {
        f"{till.http.base_url}{parts()[name].address}".replace("//pages", "/pages") for name in ("look.css", "pay.js")
    }
    with shopper(browser, shop) as phone:
        assert visited(phone, url) == {url, look} | at_first
        assert visited(phone, url) == {
            url,
            look,
        }  # the document, which has shop and amount in it; the rest is beside it


def visited(phone: Shopper, url: str) -> set[str]:
    """What is fetched from the backend, and not from what the browser keeps, to open an address."""
    asked: dict[str, str] = {}
    kept: list[str] = []
    network = phone.page.context.new_cdp_session(phone.page)
    network.send("Network.enable")
    network.on("Network.requestWillBeSent", lambda sent: asked.update({sent["requestId"]: sent["request"]["url"]}))
    network.on("Network.requestServedFromCache", lambda found: kept.append(found["requestId"]))
    phone.open(url)
    phone.reads("怎么称呼您？")
    phone.until_answered()
    network.detach()
    fetched = {one for request, one in asked.items() if request not in kept}
    return {one for one in fetched if not one.endswith("/icon.svg")}  # asked for beside the page, at any time


def test_no_script_needs_a_newer_grammar() -> None:
    """Acorn, which Playwright's Node has in it, reads each script as ECMAScript 2020 (Chromium 80, Safari 13.4)."""
    script = """
      const { parse } = require("internal/deps/acorn/acorn/dist/acorn");
      const wrong = {};
      for (const [name, text] of Object.entries(JSON.parse(require("fs").readFileSync(0, "utf8")))) {
        try { parse(text, { ecmaVersion: 2020, sourceType: "module" }); } catch (error) { wrong[name] = String(error); }
      }
      console.log(JSON.stringify(wrong));
    """
    texts = {name: part.content.decode() for name, part in parts().items() if name.endswith(".js")}
    texts |= {f"static/{path.name}": path.read_text(encoding="utf-8") for path in sorted(STATIC.glob("*.js"))}
    texts["newer"] = "a ||= 1"
    assert list(evaluated(script, texts, "--expose-internals", kind="commonjs")) == ["newer"]
