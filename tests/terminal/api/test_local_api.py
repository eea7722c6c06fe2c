# SPDX-License-Identifier: Apache-2.0
"""The local API call by call, over its Unix socket. Source: `docs/spec/local-api.md`."""

import json
import re
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from pengpos.client import Home, LocalClient, NewSale, Problem, SaleEvent, SaleView, Status, StatusEvent
from terminal.api.feed import LISTENERS_MOST
from terminal.api.http import BODY_SIZE_MOST
from terminal.api.local_api import SEARCHED_BY
from tests.support.counter import Counter, new_phone
from tests.support.live_sandbox import LiveSandbox
from tests.support.loop_thread import LoopThread
from tests.support.served import Daemon, served

NOBODY = uuid4()
ORDER: dict[str, Any] = {"idempotency_key": "order 7", "amount": 18_80, "currency": "CNY"}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory, sandbox: LiveSandbox) -> Iterator[Daemon]:
    """One daemon for all that changes nothing, with three sales in its journal."""
    directory = tmp_path_factory.mktemp("daemon")
    loop = LoopThread()
    counter = Counter(Home(directory / "home"), sandbox, loop)
    counter.enrol()
    counter.open()
    counter.until_status(lambda status: status.link.online and status.readers)
    with new_phone(directory / "phone", sandbox) as phone:
        counter.tap(counter.present("6.00"), phone, "approved")
        counter.tap(counter.present("18.05"), phone, "declined")
        sale = counter.charge("8.00", reference="table 7")
        counter.tell(sale, "cancel", {"reason": "customer"})
        counter.until(sale, "cancelled")
    counter.close()
    with served(counter.surroundings(diagnose=lambda: {"healthy": True}), loop) as running:
        yield running
    loop.close()


@pytest.fixture(scope="module")
def till(daemon: Daemon) -> Iterator[httpx.Client]:
    with daemon.client() as client:
        yield client


def problem(answer: httpx.Response) -> Problem:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    found = msgspec.json.decode(answer.content, type=Problem)
    assert found.status == answer.status_code
    assert found.title
    assert found.detail
    return found


def assert_plain(text: str) -> None:
    """Nothing of Python, nor of its libraries, is in it."""
    assert not re.search(r"\$\.|`|Expected|Invalid|isoformat|SaleState|Error|None|Object|\bint\b|\bstr\b|0x", text), (
        text
    )
    assert len(text) < 300


# --- the socket -------------------------------------------------------------------------------------------------------


def test_the_socket_is_for_owner_and_group(daemon: Daemon) -> None:
    assert stat.S_IMODE(daemon.home.socket.stat().st_mode) == 0o660
    assert stat.S_ISSOCK(daemon.home.socket.stat().st_mode)


def test_no_file_of_ours_is_open_to_others(daemon: Daemon) -> None:
    secret = (daemon.home.device_key, daemon.home.enrolment, daemon.home.journal_key, daemon.home.journal)
    assert [oct(stat.S_IMODE(path.stat().st_mode)) for path in secret] == ["0o600"] * 4


# --- looking ----------------------------------------------------------------------------------------------------------


def test_status_holds_everything_a_screen_needs(till: httpx.Client) -> None:
    answer = till.get("/v1/status")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    status = msgspec.json.decode(answer.content, type=Status)
    assert status.terminal is not None
    assert status.terminal.merchant_name
    assert status.day is not None
    assert (status.day.count, status.day.total) == (1, 6_00)
    assert status.queue.caps is not None
    assert set(answer.json()) >= {"at", "link", "readers", "queue", "alarms", "terminal", "sale", "parked", "unknown"}


A_SALE = {
    "id", "number", "state", "amount", "tip", "total", "currency", "reference", "mode", "ways", "prompt", "reason",
    "url", "expires_at", "lines", "cards", "receipt_url", "intents", "history",
}  # fmt: skip
"""As the page has it."""


def test_a_sale_has_what_the_page_says(till: httpx.Client) -> None:
    for sale in till.get("/v1/sales").json()["sales"]:
        shown = till.get(f"/v1/sales/{sale['id']}").json()
        assert shown == sale
        assert set(shown) >= A_SALE
        assert {"intent_id", "epoch", "counter", "state", "at"} == set(shown["intents"][0])
        UUID(shown["id"])
        assert shown["number"].count("-") == 1


def test_nothing_shown_names_the_shopper(till: httpx.Client) -> None:
    text = till.get("/v1/sales").text + till.get("/v1/status").text + till.get("/v1/queue").text
    for hidden in ("wallet", "credential", "authorisation", "presentation", "kid"):
        assert f'"{hidden}' not in text


SEARCHES = [
    ("", ["cancelled", "declined", "approved"]),
    ("state=approved", ["approved"]),
    ("state=approved&state=declined", ["declined", "approved"]),
    ("state=unknown", []),
    ("amount=600", ["approved"]),
    ("reference=table+7", ["cancelled"]),
    ("from=2000-01-01T00:00:00Z", ["cancelled", "declined", "approved"]),
    ("from=2100-01-01T00:00:00Z", []),
    ("to=2000-01-01T00:00:00%2B08:00", []),
    ("limit=1", ["cancelled"]),
]


@pytest.mark.parametrize(("query", "states"), SEARCHES, ids=[row[0] or "all" for row in SEARCHES])
def test_search(till: httpx.Client, query: str, states: list[str]) -> None:
    answer = till.get(f"/v1/sales?{query}")
    assert answer.status_code == 200, answer.text
    assert [sale["state"] for sale in answer.json()["sales"]] == states


def test_search_by_number_and_page_by_page(till: httpx.Client) -> None:
    first = till.get("/v1/sales?limit=2").json()
    rest = till.get(f"/v1/sales?limit=2&before={first['next']}").json()
    assert len(first["sales"] + rest["sales"]) == 3
    assert rest["next"] is None
    number = rest["sales"][0]["number"]
    assert [sale["number"] for sale in till.get(f"/v1/sales?number={number}").json()["sales"]] == [number]


def test_a_business_date_stands_instead_of_from_and_to(till: httpx.Client) -> None:
    for other in ("from", "to"):
        found = problem(till.get(f"/v1/sales?date=2026-11-22&{other}=2026-11-22T08:00:00Z"))
        assert (found.status, found.code) == (422, "invalid_query")


BAD_QUERIES = [
    "date=today", "date=20261122", "date=2026-02-30", "date=", "date=2026-11-22&date=2026-11-22",
    "from=yesterday", "from=2026-11-22T08:00:00", "to=", "state=sold", "amount=1.5", "amount=-1", "amount=1_000",
    "amount=99999999999999999999", f"amount={1 << 63}", "limit=0", "limit=201", "limit=x", "before=x", "limit=",
    "limit=%D9%A3", "colour=red", "limit=1&limit=2", "State=approved", "amount=" + "9" * 20_000, "from=9999999999",
]  # fmt: skip


@pytest.mark.parametrize("query", BAD_QUERIES, ids=lambda query: str(query)[:40])
def test_a_bad_query_is_a_problem_in_plain_words(till: httpx.Client, query: str) -> None:
    found = problem(till.get(f"/v1/sales?{query}"))
    assert (found.status, found.code) == (422, "invalid_query")
    assert query.partition("=")[0] in found.detail
    assert_plain(found.detail)


def test_what_there_is_to_search_by_is_said(till: httpx.Client) -> None:
    detail = problem(till.get("/v1/sales?colour=red")).detail
    assert all(name in detail for name in SEARCHED_BY)


def test_queue_day_diagnosis_and_export(till: httpx.Client) -> None:
    assert till.get("/v1/queue").json()["items"] == []
    assert till.get("/v1/day").json()["total"] == 6_00
    assert till.get("/v1/diagnosis").json() == {"healthy": True}
    export = till.get("/v1/queue/export")
    assert export.headers["content-type"].startswith("application/jose")
    assert export.text.count(".") == 4  # JWE, compact


def test_the_day_is_closed_against_the_backends_count(till: httpx.Client) -> None:
    report = till.post("/v1/day/close", json={}).json()
    assert (report["here_total"], report["there_total"], report["differences"]) == (6_00, 6_00, [])


# --- problems ---------------------------------------------------------------------------------------------------------

SALE_CALLS = ("again", "park", "cancel", "accept-offline", "confirmation-code", "refunds")
BODIES = {"confirmation-code": {"code": "12345678"}, "refunds": {"idempotency_key": "r", "reason": "returned"}}

PROBLEMS: list[tuple[str, str, str, bytes, int, str]] = [
    ("no such call", "GET", "/v1/nothing", b"", 404, "not_found"),
    ("outside the API", "GET", "/", b"", 404, "not_found"),
    ("a slash too many", "POST", "/v1/sales/", b"", 404, "not_found"),
    ("another method", "DELETE", "/v1/sales", b"", 405, "method_not_allowed"),
    ("another method of a sale", "PUT", f"/v1/sales/{NOBODY}", b"", 405, "method_not_allowed"),
    ("an id that is none", "GET", "/v1/sales/7", b"", 404, "not_found"),
    ("an unknown sale", "GET", f"/v1/sales/{NOBODY}", b"", 404, "not_found"),
    ("an unknown alarm", "POST", "/v1/alarms/fire/seen", b"", 404, "not_found"),
    ("no JSON", "POST", "/v1/sales", b"amount=5", 400, "not_json"),
    ("half a JSON", "POST", "/v1/sales", b'{"amount": 5', 400, "not_json"),
    ("text that is no UTF-8", "POST", "/v1/sales", b'{"reference": "\xff"}', 400, "not_json"),
    ("half a character", "POST", "/v1/sales", b'{"idempotency_key": "\\ud800", "amount": 1, "currency": "CNY"}', 400,
     "not_json"),
    ("an array", "POST", "/v1/sales", b"[]", 422, "invalid_request"),
    ("nothing", "POST", "/v1/sales", b"", 422, "invalid_request"),
    ("too much", "POST", "/v1/sales", b" " * (BODY_SIZE_MOST + 1), 413, "too_large"),
    ("nested without end", "POST", "/v1/day/close", b'{"date":' + b"[" * 60_000, 422, "invalid_request"),
    ("nested without end where all is ignored", "POST", f"/v1/sales/{NOBODY}/again", b'{"x":' + b"[" * 60_000, 404,
     "not_found"),
    ("a reason there is not", "POST", f"/v1/sales/{NOBODY}/cancel", b'{"reason": "bored"}', 422, "invalid_request"),
    ("a date that is none", "POST", "/v1/day/close", b'{"date": "today"}', 422, "invalid_request"),
    ("a week", "POST", "/v1/day/close", b'{"date": "2026-W01"}', 422, "invalid_request"),
    ("two amounts", "POST", "/v1/sales",
     b'{"idempotency_key": "two", "amount": 1880, "amount": 188000, "currency": "CNY"}', 422, "invalid_request"),
    *[
        (f"{call} of an unknown sale", "POST", f"/v1/sales/{NOBODY}/{call}", json.dumps(BODIES.get(call, {})).encode(),
         404, "not_found")
        for call in SALE_CALLS
    ],
    *[
        (f"{call} with an unknown member", "POST", f"/v1/sales/{NOBODY}/{call}",
         json.dumps(BODIES.get(call, {}) | {"colour": "red"}).encode(), 422, "invalid_request")
        for call in ("cancel", "confirmation-code", "refunds")
    ],
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"), [row[1:] for row in PROBLEMS], ids=[row[0] for row in PROBLEMS]
)
def test_every_error_is_a_problem_document(
    till: httpx.Client, method: str, path: str, body: bytes, status: int, code: str
) -> None:
    found = problem(till.request(method, path, content=body))
    assert (found.status, found.code) == (status, code)
    assert_plain(found.detail)


MEMBERS: list[tuple[dict[str, Any], str]] = [
    ({"amount": "18.80"}, "amount must be a whole number, not text"),
    ({"amount": 18.8}, "amount must be a whole number, not a number with a fraction"),
    ({"amount": True}, "amount must be a whole number, not true or false"),
    ({"currency": None}, "currency must be text, not null"),
    ({"reference": 7}, "reference must be text or null, not a whole number"),
    ({"ways": "qr"}, "ways must be a list or null, not text"),
    ({"ways": [1]}, "a member of ways must be text, not a whole number"),
    ({"ways": ["telepathy"]}, "a member of ways cannot be “telepathy”"),
    ({"x" * 50: 1}, f"“{'x' * 40}…” is no member of this request: it has idempotency_key, amount, currency"),
    ({"currency": "USD"}, "this terminal takes CNY, not USD"),
    ({"reference": "x" * 33}, "reference must have at most 32 bytes of UTF-8"),
    ({"reference": "桌\u200b7"}, "reference must not have U+200B (ZERO WIDTH SPACE) in it"),
    ({"reference": "Cafe\u0301"}, "reference must be in Unicode's composed form, NFC"),
]


@pytest.mark.parametrize(("change", "said"), MEMBERS, ids=[row[1][:30] for row in MEMBERS])
def test_what_is_wrong_is_said_in_plain_words(till: httpx.Client, change: dict[str, Any], said: str) -> None:
    found = problem(till.post("/v1/sales", json=ORDER | {"idempotency_key": str(uuid4())} | change))
    assert found.status == 422
    assert found.detail.startswith(said)


def test_what_is_missing_is_named(till: httpx.Client) -> None:
    assert problem(till.post("/v1/sales", json={"amount": 5})).detail == "idempotency_key is missing"


def test_not_allowed_says_what_is(till: httpx.Client) -> None:
    assert "POST" in till.delete("/v1/queue/sync").headers["allow"]
    refused = till.put("/v1/sales")
    assert set(refused.headers["allow"].replace(" ", "").split(",")) == {"GET", "HEAD", "POST"}
    assert problem(refused).detail == "PUT is not for this path: it takes GET or POST"


def test_what_is_over_takes_no_command(till: httpx.Client) -> None:
    approved = till.get("/v1/sales?state=approved").json()["sales"][0]["id"]
    for call in ("again", "park", "cancel", "accept-offline"):
        assert problem(till.post(f"/v1/sales/{approved}/{call}", json={})).code == "not_now"
    assert problem(till.post(f"/v1/sales/{approved}/confirmation-code", json={"code": "0"})).code == "not_now"


# --- events -----------------------------------------------------------------------------------------------------------


class Events:
    """One open stream."""

    def __init__(self, response: httpx.Response) -> None:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        self._lines = response.iter_lines()

    def next(self) -> tuple[int, Status]:
        """The next snapshot of the whole."""
        while True:
            event_id, told = self.next_of_any()
            if isinstance(told, Status):
                return event_id, told

    def next_of_any(self) -> tuple[int, Status | SaleView]:
        found: dict[str, str] = {}
        for line in self._lines:
            if not line and "event" in found:
                kinds: dict[str, type[Status] | type[SaleView]] = {"status": Status, "sale": SaleView}
                return int(found["id"]), msgspec.json.decode(found["data"], type=kinds[found["event"]])
            name, _, value = line.partition(": ")
            found[name] = value
        raise AssertionError("the stream ended")


def until_sale(events: Events, sale_id: str, state: str) -> int:
    """The id of the first event that shows this sale in this state."""
    while True:
        event_id, status = events.next()
        if status.sale is not None and (status.sale.id, status.sale.state) == (sale_id, state):
            return event_id


def test_events_begin_with_the_snapshot_and_go_on_with_each_change(till: httpx.Client) -> None:
    with till.stream("GET", "/v1/events") as response:
        events = Events(response)
        before, status = events.next()
        assert status.terminal is not None
        sale = till.post("/v1/sales", json=ORDER | {"idempotency_key": str(uuid4())}).json()
        presented = until_sale(events, sale["id"], "presented")
        till.post(f"/v1/sales/{sale['id']}/cancel", json={"reason": "customer"})
        assert before < presented < until_sale(events, sale["id"], "cancelled")


def test_last_event_id_resumes(till: httpx.Client) -> None:
    with till.stream("GET", "/v1/events") as response:
        newest, _ = Events(response).next()
    for stale in (str(newest - 1), "0", "nonsense", "9" * 30, "-1"):
        with till.stream("GET", "/v1/events", headers={"Last-Event-ID": stale}) as response:
            assert Events(response).next()[0] >= newest
    with till.stream("GET", "/v1/events", headers={"Last-Event-ID": str(newest)}) as response:
        events = Events(response)
        sale = till.post("/v1/sales", json=ORDER | {"idempotency_key": str(uuid4())}).json()
        assert events.next()[0] > newest
        till.post(f"/v1/sales/{sale['id']}/cancel", json={"reason": "customer"})


def test_a_sale_that_has_left_the_counter_is_told_of_too(till: httpx.Client) -> None:
    sale = till.get("/v1/sales?state=approved").json()["sales"][0]
    with till.stream("GET", "/v1/events") as response:
        begun, status = Events(response).next()
        assert status.sale is None or status.sale.id != sale["id"]
    refund = {"idempotency_key": str(uuid4()), "amount": 1, "reason": "returned"}
    assert till.post(f"/v1/sales/{sale['id']}/refunds", json=refund).status_code == 201
    with till.stream("GET", "/v1/events", headers={"Last-Event-ID": str(begun)}) as response:
        events = Events(response)
        while True:
            event_id, told = events.next_of_any()
            assert event_id > begun
            if isinstance(told, SaleView) and (told.id, told.state) == (sale["id"], "partly_refunded"):
                assert told.refunds[-1].state == "done"
                break


def test_our_own_client_hears_of_sales_where_it_asks_for_them(daemon: Daemon, till: httpx.Client) -> None:
    with LocalClient(daemon.home.socket) as client:
        changes = client.changes()
        next(changes)
        sale = client.start_sale(NewSale(idempotency_key=str(uuid4()), amount=100, currency="CNY"))
        # The daemon serves the whole module: what became of another test's sale may come first.
        moved = next(event for event in changes if isinstance(event, SaleEvent) and event.sale.id == sale.id)
        assert moved.sale.state == "signed"
        client.cancel(sale.id)
        assert all(isinstance(event, StatusEvent) for _, event in zip(range(2), client.events("0"), strict=False))


@pytest.mark.parametrize("query", ["only=sale", "only=", "colour=red", "only=status&only=status"])
def test_what_is_no_choice_of_events_is_refused(till: httpx.Client, query: str) -> None:
    found = problem(till.get(f"/v1/events?{query}"))
    assert (found.status, found.code) == (422, "invalid_query")
    assert_plain(found.detail)


def test_more_listeners_than_the_device_serves_are_told_so(till: httpx.Client) -> None:
    with ExitStack() as streams:
        listening = [Events(streams.enter_context(till.stream("GET", "/v1/events"))) for _ in range(LISTENERS_MOST)]
        assert all(events.next()[0] for events in listening)
        refused = till.get("/v1/events")
        assert (refused.status_code, problem(refused).code) == (503, "too_many_listeners")
