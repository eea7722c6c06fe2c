# SPDX-License-Identifier: Apache-2.0
"""The oldest browsers the pages are for, by taking away what those lack; and scripts that fail where they stand.

The oldest are named in `sandbox/pages/browserslist`.
"""

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox.pages import STATIC
from tests.support.backend import Shop
from tests.support.shop import Till
from tests.support.shopper import Shopper, address, shopper

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


@pytest.mark.parametrize(
    "taken",
    [MISSING, NOTHING_KEPT, NO_INTL + NO_ABORT],
    ids=["the oldest", "nothing kept", "no Intl, no AbortController"],
)
def test_what_an_old_browser_lacks_changes_no_result(browser: "Browser", shop: Shop, till: Till, taken: str) -> None:
    declined, paid = till.sale(18_05), till.sale(18_80)
    with shopper(browser, shop) as phone:
        phone.page.add_init_script(taken)
        for sale, ends, status in ((declined, "没有付成，没有扣款", "declined"), (paid, "付款成功", "approved")):
            phone.open(address(till, sale))
            heading = phone.page.get_by_role("heading", level=1).filter(has_text=re.compile("怎么称呼您|付给"))
            heading.wait_for()
            if "怎么称呼您" in heading.inner_text():
                phone.sign_up()
            phone.pay()
            phone.sees(ends)
            assert till.status(sale) == status


def test_languages_that_are_none_get_the_english_page(browser: "Browser", shop: Shop, till: Till) -> None:
    with shopper(browser, shop) as phone:
        phone.page.add_init_script("Object.defineProperty(navigator, 'languages', { value: ['en-US@posix'] })")
        phone.open(address(till, till.sale(18_80)))
        phone.sees("What shall we call you?")


@pytest.mark.parametrize("name", ["pay.js", "api.js"])
def test_a_script_that_does_not_arrive_leaves_a_true_sentence(
    browser: "Browser", shop: Shop, till: Till, name: str
) -> None:
    sale = till.sale(18_80)
    with shopper(browser, shop, expected=("net::ERR",)) as phone:
        phone.page.route(f"**/pages/*/{name}", lambda route: route.abort())
        phone.open(address(till, sale))
        phone.reads("这一页没有完整打开，没有发出付款。")
        phone.reads("has sent no payment")
        assert till.status(sale) == "created"


def pays_with_a_script_that_fails(phone: Shopper, url: str, at: str) -> None:
    """Up to the page that says so; `at`: what of the browser breaks as the payment is confirmed."""
    phone.open(url)
    phone.sign_up()
    phone.sees("付给 晨光咖啡")
    phone.page.evaluate(f"window.{at} = function () {{ throw new Error('torn'); }}; undefined")
    phone.pay()
    phone.sees("页面出错了")


def test_a_script_that_fails_before_it_sends_says_that_nothing_was_sent(
    browser: "Browser", shop: Shop, till: Till
) -> None:
    sale = till.sale(18_80)
    with shopper(browser, shop, expected=("torn",)) as phone:
        pays_with_a_script_that_fails(phone, address(till, sale), at="AbortController")
        phone.reads("没有发出付款，没有扣款")
        assert (till.status(sale), phone.wallet().balance()) == ("claimed", ALL)


def test_a_result_that_cannot_be_drawn_is_not_said_to_be_checked(browser: "Browser", shop: Shop, till: Till) -> None:
    sale = till.sale(18_80)
    with shopper(browser, shop, expected=("torn",)) as phone:
        pays_with_a_script_that_fails(phone, address(till, sale), at="URL")
        phone.reads("请勿重复支付")
        assert till.status(sale) == "approved"
        phone.press("重新打开")
        phone.sees("付款成功")


def test_a_second_visit_asks_for_no_part_again(browser: "Browser", shop: Shop, till: Till) -> None:
    url = address(till, till.sale(18_80))
    with shopper(browser, shop) as phone:
        phone.open(url)
        phone.sees("怎么称呼您？")
        asked: dict[str, str] = {}
        kept: list[str] = []
        network = phone.page.context.new_cdp_session(phone.page)
        network.send("Network.enable")
        network.on("Network.requestWillBeSent", lambda sent: asked.update({sent["requestId"]: sent["request"]["url"]}))
        network.on("Network.requestServedFromCache", lambda found: kept.append(found["requestId"]))
        phone.open(url)
        phone.sees("怎么称呼您？")
        phone.until_answered()
        fetched = {one for request, one in asked.items() if request not in kept}
        icon = {one for one in fetched if one.endswith("/icon.svg")}  # asked for beside the page, at any time
        assert fetched - icon == {url}


def test_no_script_needs_a_newer_grammar() -> None:
    """Acorn, which Playwright's Node has in it, reads each script as ECMAScript 2020 (Chromium 80, Safari 13.4)."""
    import playwright

    node = Path(playwright.__file__).parent / "driver" / "node"
    script = """
      const { parse } = require("internal/deps/acorn/acorn/dist/acorn");
      const wrong = {};
      for (const [name, text] of Object.entries(JSON.parse(require("fs").readFileSync(0, "utf8")))) {
        try { parse(text, { ecmaVersion: 2020, sourceType: "module" }); } catch (error) { wrong[name] = String(error); }
      }
      console.log(JSON.stringify(wrong));
    """
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(STATIC.glob("*.js"))}
    texts["newer"] = "a ||= 1"
    ran = subprocess.run(  # the environment's own program
        [node, "--expose-internals", "-e", script], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    assert list(json.loads(ran.stdout)) == ["newer"]


def test_the_oldest_browsers_are_named() -> None:
    named = (STATIC.parent / "browserslist").read_text(encoding="utf-8").splitlines()
    assert {"and_chr >= 80", "ios_saf >= 13.4"} <= set(named)
