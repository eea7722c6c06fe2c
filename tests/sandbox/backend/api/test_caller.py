# SPDX-License-Identifier: Apache-2.0
"""Who is calling is known before a body is read, and what is too much is refused as soon as it is."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update
from starlette.types import Message

from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.keys import PublicKey
from sandbox.backend.kernel import limits
from sandbox.backend.records.tables import EventKind, EventRow, RequestNonceRow, TerminalKeyRow, TerminalKeyState
from sandbox.backend.serving import body_limit
from sandbox.backend.serving.app import create_app
from sandbox.backend.serving.body_limit import MAX_BODY_SIZE, MAX_STRANGERS_SIZE
from tests.support.backend import InProcess, Shop
from tests.support.request_signing import Signing
from tests.support.shop import Till

PIECE = b" " * 4096
CALLS = [
    pytest.param("POST", "/admin/v1/imports", id="operator, import"),
    pytest.param("PUT", "/admin/v1/stores/S-0001/settings", id="operator, settings"),
    pytest.param("PUT", "/wallet/v1/offline-allowance", id="shopper"),
    pytest.param("POST", "/wallet/v1/intents/x/pay", id="shopper, optional body"),
    pytest.param("POST", "/v1/payments/batch", id="terminal"),
    pytest.param("POST", "/v1/terminal/heartbeat", id="terminal, revoked too"),
]


class Endless:
    """A body that never ends; counts what was read of it."""

    def __init__(self) -> None:
        self.read_size = 0

    async def receive(self) -> Message:
        self.read_size += len(PIECE)
        assert self.read_size < 2 * MAX_BODY_SIZE, "it is read for ever"
        return {"type": "http.request", "body": PIECE, "more_body": True}


def ask(shop: Shop, request: httpx.Request, body: Endless) -> tuple[int, dict[str, Any]]:
    """Status and problem document of a request whose body streams."""
    begun: list[int] = []
    answer = bytearray()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            begun.append(message["status"])
        answer.extend(message.get("body", b""))

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": request.method, "scheme": "https",
        "path": request.url.path, "raw_path": request.url.raw_path, "query_string": b"", "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw if name.lower() != b"content-length"],
        "server": ("backend", 443), "client": ("127.0.0.1", 1), "state": {}, "extensions": {},
    }  # fmt: skip
    asyncio.run(create_app(shop.backend, sweeping=False)(scope, body.receive, send))
    [status] = begun
    return status, json.loads(answer)


def strangers(method: str, url: str) -> Iterator[httpx.Request]:
    """The same call by nobody, by a false token, and signed by a key that is no terminal's."""
    yield httpx.Request(method, url)
    yield httpx.Request(method, url, headers={"authorization": "Bearer guessed"})
    signed = httpx.Request(method, url, content=b"{}")
    Signing(signer=SoftwareKey.generate(), created=0).apply(signed)
    yield signed


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_of_a_stranger_no_byte_of_a_body_is_read(shop: Shop, method: str, path: str) -> None:
    for request in strangers(method, shop.backend.origin + path):
        body = Endless()
        status, problem = ask(shop, request, body)
        assert (status, body.read_size) == (401, 0)
        assert problem["code"] in {"token", "signature"}


@pytest.mark.parametrize(
    ("path", "most"),
    [("/v1/enrolments", MAX_STRANGERS_SIZE), ("/wallet/v1/accounts", MAX_STRANGERS_SIZE)],
)
def test_where_anybody_may_call_little_is_read(shop: Shop, path: str, most: int) -> None:
    body = Endless()
    request = httpx.Request("POST", shop.backend.origin + path, headers={"content-type": "application/json"})
    status, problem = ask(shop, request, body)
    assert (status, problem["code"]) == (413, "too_large")
    assert most < body.read_size <= most + len(PIECE)


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_body_that_streams_is_refused_once_it_is_too_much(shop: Shop, method: str) -> None:
    till = shop.till()
    request = till.request(method, "/terminal/heartbeat" if method == "POST" else "/terminal/config", b" " * 10)
    Signing(signer=till.key, created=till.clock.now()).apply(request)
    body = Endless()
    status, problem = ask(shop, request, body)
    assert (status, problem["code"]) == (413, "too_large")
    assert MAX_BODY_SIZE < body.read_size <= MAX_BODY_SIZE + len(PIECE)


class Dripping(Endless):
    """A body of which nothing more comes."""

    async def receive(self) -> Message:
        if self.read_size:
            await asyncio.Event().wait()
        self.read_size = 1
        return {"type": "http.request", "body": b"{", "more_body": True}


@pytest.mark.parametrize("path", ["/v1/enrolments", "/v1/payments"])
def test_a_body_that_does_not_come_in_time_is_refused(shop: Shop, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit, "BODY_LIMIT_S", 0.05)
    till = shop.till()
    request = till.request("POST", path.removeprefix("/v1"), b"{}")
    Signing(signer=till.key, created=till.clock.now()).apply(request)
    status, problem = ask(shop, request, Dripping())
    assert (status, problem["code"]) == (408, "too_slow")


def test_one_key_and_one_account_call_so_often(shop: Shop) -> None:
    few = limits.Rate(limits.Limit("requests", 3, 60), lambda: 0.0)
    backend = replace(shop.backend, rates=limits.Rates(signed_requests=few, wallet_requests=few))
    till, wallet, other = shop.till(), shop.wallet(), shop.wallet()
    with httpx.Client(transport=InProcess(create_app(backend, sweeping=False)), base_url=backend.origin) as http:
        for caller in (till, wallet, other):
            caller.http = http
        answers = [till.call("GET", "/terminal/config") for _ in range(4)]
        answers += [wallet.call("GET", "/balance") for _ in range(4)]
        assert other.call("GET", "/balance").status_code == 200
    assert [answer.status_code for answer in answers] == ([200] * 3 + [429]) * 2
    assert all((answer.json()["code"], answer.headers["Retry-After"]) == ("too_many", "21") for answer in answers[3::4])
    with shop.backend.db.read() as session:
        nonces = session.scalars(select(RequestNonceRow).where(RequestNonceRow.kid == b64u(PublicKey.of(till.key).kid)))
        assert len(nonces.all()) == 4  # the enrolment's, and three


def test_a_key_that_reaches_its_limit_rings_at_the_backend_and_at_the_shop(shop: Shop) -> None:
    """A copy of it could keep the true terminal off the line, and nobody would hear of it."""
    now_s = iter([0.0] * 8 + [601.0] * 8)
    few = limits.Rate(limits.Limit("requests", 3, 60), lambda: 0.0)
    noted = limits.Rate(limits.FLOODS_NOTED, now_s.__next__)
    backend, till = replace(shop.backend, rates=limits.Rates(signed_requests=few, floods_noted=noted)), shop.till()
    with httpx.Client(transport=InProcess(create_app(backend, sweeping=False)), base_url=backend.origin) as http:
        till.http = http
        codes = [till.call("GET", "/terminal/config").status_code for _ in range(3 + 16)]
    assert codes == [200] * 3 + [429] * 16
    with shop.backend.db.read() as session:
        found = select(EventRow).where(EventRow.terminal_id == till.terminal_id, EventRow.kind == EventKind.ALARM)
        told = [row.data["kind"] for row in session.scalars(found)]
    [alarm] = shop.operator.call("GET", "/alarms").json()
    assert (alarm["kind"], alarm["terminal_id"], alarm["count"]) == ("key_flooded", till.terminal_id, 2)
    assert told == ["key_flooded"] * 2


def test_a_copy_that_floods_from_elsewhere_uses_up_no_share_but_its_own(shop: Shop) -> None:
    """Whoever came first has a place of its own; further addresses are counted together."""
    few, now_s = limits.Rate(limits.Limit("requests", 3, 60), lambda: 0.0), [0.0]
    places = limits.Places(limits.Limit("addresses", 2, 3_600), lambda: now_s[0])
    backend = replace(shop.backend, rates=limits.Rates(signed_requests=few, places_of_key=places))
    till, app = shop.till(), create_app(backend, sweeping=False)

    def calls(address: str, times: int) -> list[int]:
        with httpx.Client(transport=InProcess(app, address), base_url=backend.origin) as till.http:
            return [till.call("GET", "/terminal/config").status_code for _ in range(times)]

    assert calls("192.0.2.1", 1) == [200]  # the true terminal, at its shop
    assert calls("198.51.100.7", 5) == [200] * 3 + [429] * 2
    assert calls("198.51.100.8", 2) + calls("198.51.100.9", 2) == [200] * 3 + [429]
    assert calls("192.0.2.1", 3) == [200] * 2 + [429]
    now_s[0] = 3_601.0
    assert calls("198.51.100.9", 1) == [200], "places are given up that nobody comes to"


def test_one_import_at_a_time(shop: Shop) -> None:
    with shop.backend.rates.importing:
        answer = shop.operator.call("POST", "/imports", {"sealed": "x"})
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many")
    assert shop.operator.call("POST", "/imports", {"sealed": "x"}).json()["code"] == "bad_export"


def test_a_captured_request_sent_again_does_not_use_the_limit_up(shop: Shop) -> None:
    few = limits.Rate(limits.Limit("requests", 3, 60), lambda: 0.0)
    backend, till = replace(shop.backend, rates=limits.Rates(signed_requests=few)), shop.till()
    with httpx.Client(transport=InProcess(create_app(backend, sweeping=False)), base_url=backend.origin) as http:
        till.http = http
        captured = till.request("GET", "/terminal/config")
        Signing(signer=till.key, created=till.clock.now()).apply(captured)
        codes = [http.send(captured).status_code for _ in range(6)]
        assert till.call("GET", "/terminal/config").status_code == 200
    assert codes == [200] + [401] * 5


def test_of_what_comes_again_or_too_often_no_byte_of_a_body_is_read(shop: Shop) -> None:
    till = shop.till()
    request = till.request("POST", "/terminal/heartbeat", b"{}")
    Signing(signer=till.key, created=till.clock.now()).apply(request)
    assert shop.http.send(request).json()["code"] == "invalid_request"
    body = Endless()
    status, problem = ask(shop, request, body)
    assert (status, problem["code"], body.read_size) == (401, "nonce_reused", 0)
    few = limits.Rate(limits.Limit("requests", 1, 60), lambda: 0.0)
    few.take(f"{b64u(PublicKey.of(till.key).kid)} 127.0.0.1")
    flooded = replace(shop, backend=replace(shop.backend, rates=limits.Rates(signed_requests=few)))
    Signing(signer=till.key, created=till.clock.now()).apply(request)
    status, problem = ask(flooded, request, body)
    assert (status, problem["code"], body.read_size) == (429, "too_many", 0)
    assert shop.operator.alarms() == ["key_flooded"]


def test_a_key_that_is_retired_while_it_sends_is_not_let_in(shop: Shop) -> None:
    till = shop.till()
    request = till.request("GET", "/terminal/config")
    Signing(signer=till.key, created=till.clock.now()).apply(request)

    class Retiring(Endless):
        async def receive(self) -> Message:
            with shop.backend.db.engine.begin() as connection:
                connection.execute(update(TerminalKeyRow).values(state=TerminalKeyState.RETIRED))
            return {"type": "http.request", "body": b"", "more_body": False}

    status, problem = ask(shop, request, Retiring())
    assert (status, problem["code"]) == (401, "signature")


def test_strangers_at_one_address_ask_to_be_enrolled_so_often_only(shop: Shop) -> None:
    few = limits.Rate(limits.Limit("enrolments", 3, 60), lambda: 0.0)
    backend = replace(shop.backend, rates=limits.Rates(enrolments_of_address=few))
    transport = InProcess(create_app(backend, sweeping=False))
    with httpx.Client(transport=transport, base_url=backend.origin) as http:
        strangers = [Till(http=http, clock=shop.clock, key=SoftwareKey.generate()) for _ in range(5)]
        assert [one.ask_to_enrol("2222-3333-4444").status_code for one in strangers] == [403] * 3 + [429] * 2
    with backend.db.read() as session:
        assert session.scalar(select(func.count()).select_from(RequestNonceRow)) == 3
