# SPDX-License-Identifier: Apache-2.0
"""What stands between a page and its shopper, and is not ours: an app's scripts, a gateway's answers, another tab."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.sandbox.pages.test_without_a_line import visits_once
from tests.support.backend import Shop
from tests.support.browser import LIMIT_S
from tests.support.shop import Till
from tests.support.shopper import address, never_sent, sent_but_unanswered, shopper

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FOREIGN = {
    "the browser of an app": "_AutofillCallbackHandler()",
    "a promise of an app's script": "Promise.reject(new Error('Java object is gone'))",
}
"""Scripts that apps put into each page they show, and that fail there: Instagram's and Facebook's on iOS, Android's."""


@pytest.mark.parametrize("script", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_script_of_an_app_that_fails_ends_no_page_of_ours(
    browser: "Browser", shop: Shop, till: Till, script: str
) -> None:
    sale = till.sale(18_80)
    with shopper(browser, shop, expected=("_AutofillCallbackHandler", "Java object")) as phone:
        phone.open(address(till, sale))
        phone.sign_up()
        phone.sees("付款给晨光咖啡")
        with phone.page.expect_event("pageerror"):
            phone.page.evaluate(f"() => void setTimeout(() => {{ {script} }}, 0)")
        phone.page.evaluate("0")
        assert phone.page.get_by_role("heading", level=1).inner_text() == "付款给晨光咖啡"
        phone.pay()
        phone.sees("付款成功")


@pytest.mark.parametrize("torn", ["max", "min"], ids=["at a choice", "at a second"])
def test_a_script_of_ours_that_fails_says_so(browser: "Browser", shop: Shop, till: Till, torn: str) -> None:
    sale = till.sale(18_80)
    with shopper(browser, shop, expected=("torn",)) as phone:
        phone.with_own_time()
        phone.open(address(till, sale))
        phone.sign_up()
        phone.sees("付款给晨光咖啡")
        phone.page.evaluate(f"Math.{torn} = () => {{ throw new Error('torn'); }}; undefined")
        if torn == "max":
            phone.page.get_by_role("checkbox").first.click()
        phone.hurries_until("页面出错")
        phone.reads("付款未发出，未扣款")


@pytest.mark.parametrize(
    ("status", "body"),
    [(403, {"message": "Forbidden"}), (404, {"message": "no Route matched with those values"}), (200, {"code": 0})],
    ids=["a firewall's 403", "a gateway's 404 while it is loaded anew", "a portal's 200"],
)
def test_an_answer_that_is_not_the_backends_says_nothing_of_a_payment_that_went_out(
    browser: "Browser", shop: Shop, till: Till, status: int, body: object
) -> None:
    sale = till.sale(18_80)
    with shopper(browser, shop, expected=("net::ERR", "Failed to load")) as phone:
        phone.with_own_time()
        phone.open(address(till, sale))
        phone.sign_up()
        phone.sees("付款给晨光咖啡")
        phone.page.route("**/pay", sent_but_unanswered)
        phone.page.route(
            "**/wallet/v1/intents/*",
            lambda route: route.fulfill(status=status, content_type="application/json", body=json.dumps(body)),
        )
        phone.pay()
        for _ in range(6):
            phone.second()
        assert phone.page.get_by_role("heading", level=1).inner_text() == "正在核实，请勿重复支付"
        phone.page.unroute("**/wallet/v1/intents/*")
        phone.hurries_until("付款成功")


def test_another_tab_does_not_forget_what_this_one_has_sent(browser: "Browser", shop: Shop, till: Till) -> None:
    sale = till.sale(18_80)
    with shopper(browser, shop, expected=("net::ERR", "Failed to load")) as phone:
        phone.open(address(till, sale))
        phone.sign_up()
        phone.sees("付款给晨光咖啡")
        other = phone.second_tab()  # a second tap opens one
        other.open(address(till, sale))
        other.sees("付款给晨光咖啡")
        phone.context.route("**/wallet/v1/**", never_sent)
        phone.context.route("**/pay", sent_but_unanswered)
        phone.pay()
        phone.sees("正在核实，请勿重复支付")
        other.press("取消")  # or a choice, or its count of seconds ends
        kept = json.loads(phone.page.evaluate("localStorage.getItem('pengpos.sent')"))
        assert len(kept) == 1, "whoever opens it anew without a line is not asked not to pay again"
        other.press("继续付款")
        other.sees("正在核实，请勿重复支付")


def test_a_top_up_that_is_refused_says_nothing_of_what_another_tab_has_sent(
    browser: "Browser", shop: Shop, till: Till
) -> None:
    with shopper(browser, shop, expected=("Failed to load",)) as phone:
        phone.open(url := address(till, till.sale(2_000_00)))
        phone.sign_up()
        phone.sees("付款给晨光咖啡")
        intent = {"intent_id": "1", "number": "1", "merchant": {"name": "晨光咖啡"}, "amount": 1, "currency": "CNY"}
        sent = json.dumps([{"address": url.rpartition("/")[2], "intent": intent}])
        phone.page.evaluate("(sent) => localStorage.setItem('pengpos.sent', sent)", sent)
        problem = {"title": "Too much", "code": "invalid_request", "status": 422}
        phone.page.route(
            "**/top-ups",
            lambda route: route.fulfill(status=422, content_type="application/problem+json", body=json.dumps(problem)),
        )
        phone.press("充值")
        phone.page.get_by_role("button", name="充值").wait_for(state="detached")
        assert phone.page.evaluate("localStorage.getItem('pengpos.sent')") == sent


PASSED = {"accept", "accept-language", "authorization", "content-type", "origin", "referer"}
ANSWERED = {"content-type", "cache-control", "content-security-policy", "service-worker-allowed", "vary", "etag"}


@contextmanager
def gateway(behind: str) -> Iterator[tuple[str, list[str]]]:
    """A web server before the backend: its address, and a list; while that is not empty it finds no backend."""
    down: list[str] = []
    over = Event()

    class Passes(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_said: object) -> None:
            """Says nothing."""

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if down == ["silent"]:
                over.wait(LIMIT_S)
                self.close_connection = True
                return None
            if down:
                return self._answer(502, {"content-type": "text/html"}, b"<center><h1>502 Bad Gateway</h1></center>")
            passed = {name: said for name, said in self.headers.items() if name.lower() in PASSED}
            passed["accept-encoding"] = "identity"
            found = httpx.request(self.command, behind + self.path, headers=passed, content=body, trust_env=False)
            kept = {name: said for name, said in found.headers.items() if name in ANSWERED}
            return self._answer(found.status_code, kept, found.content)

        do_POST = do_GET  # noqa: N815 -- http.server's name

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, said in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, said)
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Passes)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", down
    finally:
        over.set()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("trouble", ["no backend", "silent"])
def test_opened_anew_while_a_gateway_is_in_trouble_it_asks_not_to_pay_again(
    browser: "Browser", shop: Shop, till: Till, trouble: str
) -> None:
    sale = till.sale(18_80)
    expected = ("net::ERR", "Failed to load")
    with gateway(str(till.http.base_url).rstrip("/")) as (front, down):
        url = front + re.sub("^https?://[^/]+", "", address(till, sale))
        with shopper(browser, shop, expected=expected, workers=True) as phone:
            visits_once(phone, url)
            phone.sign_up()
            phone.sees("付款给晨光咖啡")
            down.append(trouble)
            phone.pay()
            phone.sees("正在核实，请勿重复支付")
            phone.page.reload(timeout=LIMIT_S / 2 * 1000)
            phone.sees("正在核实，请勿重复支付")
