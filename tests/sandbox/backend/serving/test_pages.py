# SPDX-License-Identifier: Apache-2.0
"""How the pages go out: which addresses there are, their headers, and that nothing in them is from elsewhere."""

import re
from collections.abc import Callable

import httpx
import pytest

from pengpos.i18n import Language
from sandbox.backend.serving.pages import ASKED_ANEW, KEPT
from sandbox.pages import STATIC
from sandbox.pages.documents import document
from sandbox.pages.languages import say
from sandbox.pages.parts import parts
from tests.support.backend import Shop
from tests.support.shop import Till

DOCUMENTS = ["/t", "/t/AZBgAAAAcACAAAAAAAAAAQ", "/t/%3Cscript%3E", "/r/AAECAwQFBgcICQoLDA0ODw"]
PAY_PAGE = ("look.css", "pay.js", "icon.svg")
GZIP = {"Accept-Encoding": "gzip"}


@pytest.fixture(scope="module")
def http(shop: Shop) -> httpx.Client:
    return shop.http


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_document_goes_out_with_strict_headers_and_is_asked_for_anew(http: httpx.Client, path: str) -> None:
    answer = http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert {name: answer.headers[name] for name in ASKED_ANEW} == ASKED_ANEW
    assert answer.text == document("receipt" if path.startswith("/r") else "pay", "en")


@pytest.mark.parametrize("name", parts())
def test_a_part_goes_out_with_strict_headers_and_is_kept_for_good(http: httpx.Client, name: str) -> None:
    answer = http.get(parts()[name].address)
    assert {header: answer.headers[header] for header in KEPT} == KEPT
    assert answer.content == parts()[name].content
    assert http.get(f"/pages/{'0' * 16}/{name}").status_code == 404


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1, GZIP ; q=0.5", True),
        ("gzip;q=1.0", True),
        ("gzip;q=0", False),
        ("gzip;q=0.0", False),
        ("identity", False),
        ("", False),
    ],
)
def test_everything_is_compressed_for_all_who_take_it(http: httpx.Client, accepted: str, *, packed: bool) -> None:
    for path, content in (
        ("/t", document("pay", "en").encode()),
        (parts()["pay.js"].address, parts()["pay.js"].content),
    ):
        answer = http.get(path, headers={"Accept-Encoding": accepted})
        assert (answer.headers.get("Content-Encoding") == "gzip") == packed
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert answer.content == content


def test_all_of_the_pay_page_is_four_files_and_at_most_25_kb(shop: Shop, till: Till) -> None:
    url = till.put(till.sale(18_80)).json()["url"]
    named = re.findall(r'(?:href|src)="([^"]+)"', shop.http.get(url).text)
    assert sorted(named) == sorted(parts()[name].address for name in PAY_PAGE)
    lengths = [int(shop.http.get(path, headers=GZIP).headers["Content-Length"]) for path in (url, *named)]
    assert sum(lengths) <= 25_000


@pytest.mark.parametrize("path", ["/t", parts()["pay.js"].address])
def test_what_has_not_changed_is_not_sent_again(http: httpx.Client, path: str) -> None:
    etag = http.get(path).headers["etag"]
    again = http.get(path, headers={"If-None-Match": f'W/"other", {etag}', **GZIP})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert http.get(path, headers={"If-None-Match": 'W/"other"'}).status_code == 200


# --- what a document says before any script ------------------------------------------------------------------------


SAID: dict[str, tuple[str, Language]] = {
    "zh-CN": ("付款给<bdi>晨光咖啡</bdi>", "zh-Hans"),
    "zh-TW": ("付款給<bdi>晨光咖啡</bdi>", "zh-Hant"),
    "fr": ("Pay <bdi>晨光咖啡</bdi>", "en"),
}


@pytest.mark.parametrize(("asked", "said"), SAID.items(), ids=SAID.keys())
def test_the_document_of_a_sale_names_shop_amount_and_number_in_the_readers_language(
    shop: Shop, till: Till, asked: str, said: tuple[str, Language]
) -> None:
    sale = till.sale(18_80)
    url = till.put(sale).json()["url"]
    page = shop.http.get(url, headers={"Accept-Language": asked}).text
    number = shop.http.get(f"/wallet/v1/intents/{sale.intent_id}").json()["number"]
    assert said[0] in page
    assert say(said[1], "sale_number_is", number=number) in page
    assert re.sub("<[^>]+>", "", page.split('<p class="amount">')[1].split("</p>")[0]) == "¥18.80"


def paid(till: Till, shop: Shop) -> str:
    sale = till.sale(18_80)
    url = str(till.put(sale).json()["url"])
    till.pay(sale, shop.wallet())
    return url


def cancelled(till: Till, shop: Shop) -> str:
    sale = till.sale(18_80)
    url = str(till.put(sale).json()["url"])
    till.cancel(sale)
    return url


def out_of_time(till: Till, shop: Shop) -> str:
    sale = till.sale(18_80)
    url = str(till.put(sale).json()["url"])
    till.cancel(sale, "unable_to_complete")
    return url


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (paid, "This has been paid"),
        (cancelled, "The cashier cancelled this payment"),
        (out_of_time, "Timed out, not paid"),
    ],
    ids=["paid", "cancelled", "out of time"],
)
def test_the_document_of_a_sale_that_is_over_says_so_and_nothing_of_paying(
    shop: Shop, till: Till, made: Callable[[Till, Shop], str], says: str
) -> None:
    page = shop.http.get(made(till, shop), headers={"Accept-Language": "en"}).text
    assert f"<h1>{says}</h1>" in page
    assert "晨光咖啡" in page
    for wrong in ("Pay <bdi>", "pay another way", "Nothing was charged"):
        assert wrong not in page


def test_the_document_of_a_receipt_says_what_the_receipt_says(shop: Shop, till: Till) -> None:
    sale = till.sale(18_80)
    url = till.pay(sale, shop.wallet()).json()["receipt_url"]
    page = shop.http.get(url, headers={"Accept-Language": "zh-Hans"}).text
    number = shop.http.get(f"/wallet/v1/receipts/{url.rpartition('/')[2]}").json()["number"]
    for said in ("<h1>已付款</h1>", "<bdi>晨光咖啡</bdi>", say("zh-Hans", "sale_number_is", number=number)):
        assert said in page
    till.refund(sale, 80)
    assert "<h1>已付款，部分退款</h1>" in shop.http.get(url, headers={"Accept-Language": "zh-Hans"}).text


def test_what_a_merchant_is_called_is_text_and_no_part_of_the_document(shop: Shop) -> None:
    name = "<script>alert(1)</script> {merchant}"
    shop.operator.call("POST", "/merchants", {"id": "M-0667", "name": name})
    shop.operator.call("POST", "/stores", {"id": "S-0667", "merchant_id": "M-0667", "name": "1"})
    till = Till.enrol(shop.http, shop.clock, shop.operator.activation_code("S-0667"))
    page = shop.http.get(till.put(till.sale(18_80)).json()["url"]).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {merchant}" in page
    assert page.count("<script") == 1


def test_who_looks_too_often_gets_the_document_without_the_sale(
    shop: Shop, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale = till.sale(18_80)
    url = till.put(sale).json()["url"]
    assert "晨光咖啡" in shop.http.get(url).text
    looks = shop.backend.rates.looks_of_address
    monkeypatch.setattr(looks, "_monotonic", lambda: 0.0)
    while looks.has_room("127.0.0.1"):
        pass
    assert shop.http.get(url).text == document("pay", "en")
    refused = shop.http.get(f"/wallet/v1/intents/{sale.intent_id}")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many")


# --- nothing else -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/pages/nothing.js",
        "/pages/pay.js",
        f"/pages/{'0' * 16}/nothing.js",
        "/pages/..%2fserving.py",
        "/pages/x/%2e%2e%2fdom.js",
        "/r",
        "/",
    ],
)
def test_nothing_else_goes_out(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code == 404


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/t/%3Cscript%3E/alert(1)", "/t/a/b/c", "/r/a/b", "/", "/v1x", "/favicon.ico"])
def test_a_browser_at_an_unknown_address_gets_a_page(http: httpx.Client, path: str) -> None:
    answer = http.get(path, headers=BROWSER)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert answer.text == document("pay", "en")
    assert {name: answer.headers[name] for name in ASKED_ANEW} == ASKED_ANEW


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/t/a/b", {}),
        ("POST", "/t/a/b", BROWSER),
        ("GET", "/v1/nothing", BROWSER),
        ("GET", "/wallet/v1/nothing", BROWSER),
        ("GET", "/admin", BROWSER),
        ("GET", "/pages/nothing.js", BROWSER),
    ],
)
def test_a_program_gets_a_problem_document(http: httpx.Client, method: str, path: str, headers: dict[str, str]) -> None:
    answer = http.request(method, path, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"


def test_the_pages_are_no_part_of_the_api(http: httpx.Client) -> None:
    paths = http.get("/openapi.json").json()["paths"]
    assert [path for path in paths if path.startswith(("/t", "/r/", "/pages"))] == []


@pytest.mark.parametrize("name", [path.name for path in sorted(STATIC.iterdir())])
def test_no_file_runs_what_is_written_in_it_or_asks_elsewhere(name: str) -> None:
    text = (STATIC / name).read_text(encoding="utf-8")
    hosts = set(re.findall(r"(?:https?:)?//([\w.-]+\.[a-z]{2,})", text)) - {"www.w3.org"}  # the name of SVG, not a host
    assert hosts == set()
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "style="):
        assert forbidden not in text
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=", text)


@pytest.mark.parametrize("name", [path.name for path in sorted(STATIC.glob("*.[cj]s*"))])
def test_each_file_begins_with_its_licence(name: str) -> None:
    assert "SPDX-License-Identifier: Apache-2.0" in (STATIC / name).read_text(encoding="utf-8").split("\n")[0]
