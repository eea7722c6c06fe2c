# SPDX-License-Identifier: Apache-2.0
"""A phone puts another token in the place of its account's once a day. Source: backend API, *A token*."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from sandbox.phone.account import Account, BackendRefusedError, BackendUnreachableError
from sandbox.phone.phone import TOKEN_LIFE_S, VirtualPhone
from tests.support.backend import Shop, fresh_sqlite, in_process

ORIGIN = "http://backend.test"


class Line(httpx.BaseTransport):
    """The phone's line. `loses`: an answer of `POST /token` does not come; `knows`: there is such a call."""

    def __init__(self, shop: Shop) -> None:
        self._inner = shop.http
        self.loses = False
        self.knows = True
        self.asked = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        about_token = request.url.path == "/wallet/v1/token"
        self.asked += about_token
        if about_token and not self.knows:
            return httpx.Response(404, json={"title": "no", "status": 404, "code": "not_found", "detail": "no"})
        answer = self._inner.send(request)
        if about_token and self.loses:
            raise httpx.ReadError("lost", request=request)
        return answer


@dataclass(frozen=True, slots=True)
class Bench:
    """A phone that has signed up and holds keys."""

    shop: Shop
    phone: VirtualPhone
    line: Line
    http: httpx.Client

    @property
    def token(self) -> str:
        token = self.phone.store.note("token")
        assert token is not None
        return token

    def access(self, token: str | None = None) -> Account:
        return Account(self.http, token or self.token)

    def a_day_later(self) -> None:
        self.shop.clock.advance(TOKEN_LIFE_S)
        self.phone.sync(self.access(), spares=1)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with in_process(fresh_sqlite(tmp_path)) as shop:
        line = Line(shop)
        with httpx.Client(base_url=ORIGIN, transport=line) as http:
            phone = VirtualPhone(tmp_path / "phone", clock=shop.clock)
            phone.sign_up(Account(http), backend=ORIGIN, name="小林")
            phone.sync(Account(http, phone.store.note("token")), spares=1)
            yield Bench(shop, phone, line, http)
            phone.close()


def test_a_phone_has_another_token_once_a_day(bench: Bench) -> None:
    read_on_the_line = bench.token
    bench.phone.sync(bench.access(), spares=1)
    assert (bench.token, bench.line.asked) == (read_on_the_line, 0)
    bench.a_day_later()
    assert bench.token != read_on_the_line
    bench.phone.sync(bench.access(), spares=1)
    assert bench.line.asked == 1
    with pytest.raises(BackendRefusedError, match="401 token"):
        bench.access(read_on_the_line).balances()


def test_an_answer_that_was_lost_locks_nobody_out(bench: Bench) -> None:
    """The backend has the new one, and the phone does not know; it has written it down."""
    old, bench.line.loses = bench.token, True
    with pytest.raises(BackendUnreachableError):
        bench.a_day_later()
    assert bench.token == old
    bench.line.loses = False
    bench.phone.sync(bench.access(), spares=1)
    assert bench.token != old
    assert bench.access().balances()


def test_a_backend_of_before_has_no_such_call_and_is_asked_tomorrow(bench: Bench) -> None:
    old, bench.line.knows = bench.token, False
    bench.a_day_later()
    bench.phone.sync(bench.access(), spares=1)
    assert (bench.token, bench.line.asked) == (old, 1)
    bench.line.knows = True
    bench.a_day_later()
    assert bench.token != old
