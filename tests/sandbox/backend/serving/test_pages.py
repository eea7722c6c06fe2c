# SPDX-License-Identifier: Apache-2.0
"""How the pages go out: which addresses there are, their headers, and that nothing in them is from elsewhere."""

import re

import httpx
import pytest

from sandbox.backend.serving.pages import HEADERS, KEPT, VERSION
from sandbox.pages import STATIC
from tests.support.backend import Shop

DOCUMENTS = ["/t", "/t/AZBgAAAAcACAAAAAAAAAAQ", "/t/%3Cscript%3E", "/r/AAECAwQFBgcICQoLDA0ODw"]
PARTS = [f"/pages/{path.name}" for path in sorted(STATIC.iterdir())]


@pytest.fixture(scope="module")
def http(shop: Shop) -> httpx.Client:
    return shop.http


@pytest.mark.parametrize("path", DOCUMENTS + PARTS)
def test_everything_goes_out_with_strict_headers(http: httpx.Client, path: str) -> None:
    answer = http.get(path)
    assert answer.status_code == 200
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_document_is_the_same_whatever_it_names(http: httpx.Client, path: str) -> None:
    answer = http.get(path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text == document("receipt" if path.startswith("/r") else "pay")


def document(name: str) -> str:
    """A document as it goes out: its parts by the name of their version."""
    return (STATIC / f"{name}.html").read_text(encoding="utf-8").replace('"/pages/', f'"/pages/{VERSION}/')


@pytest.mark.parametrize("name", [path.name for path in sorted(STATIC.iterdir())])
def test_a_part_under_its_version_is_kept_for_good(http: httpx.Client, name: str) -> None:
    answer = http.get(f"/pages/{VERSION}/{name}")
    assert {header: answer.headers[header] for header in KEPT} == KEPT
    assert http.get(f"/pages/{'0' * 16}/{name}").status_code == 404


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1, GZIP ; q=0.5", True),
        ("gzip;q=0", False),
        ("gzip;q=0.0", False),
        ("identity", False),
    ],
)
def test_a_part_is_compressed_for_all_who_take_it(http: httpx.Client, accepted: str, *, packed: bool) -> None:
    answer = http.get(f"/pages/{VERSION}/sentences.js", headers={"Accept-Encoding": accepted})
    assert (answer.headers.get("Content-Encoding") == "gzip") == packed
    assert (answer.headers["Vary"], answer.content) == ("Accept-Encoding", (STATIC / "sentences.js").read_bytes())


def test_all_of_the_pay_page_is_at_most_25_kb(http: httpx.Client) -> None:
    html = document("pay")
    parts = {"/t", *re.findall(r'(?:href|src)="(/pages/[^"]+)"', html)}
    lengths = [int(http.get(part, headers={"Accept-Encoding": "gzip"}).headers["Content-Length"]) for part in parts]
    assert len(parts) > 15
    assert sum(lengths) <= 25_000


def test_what_has_not_changed_is_not_sent_again(http: httpx.Client) -> None:
    etag = http.get("/pages/pay.js").headers["etag"]
    again = http.get("/pages/pay.js", headers={"If-None-Match": f'W/"other", {etag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert http.get("/pages/pay.js", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", ["/pages/nothing.js", "/pages/..%2fserving.py", "/pages/%2e%2e/serving.py", "/r", "/"])
def test_nothing_else_goes_out(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code == 404


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/t/%3Cscript%3E/alert(1)", "/t/a/b/c", "/r/a/b", "/", "/v1x", "/favicon.ico"])
def test_a_browser_at_an_unknown_address_gets_a_page(http: httpx.Client, path: str) -> None:
    answer = http.get(path, headers=BROWSER)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert answer.text == document("pay")
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


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
