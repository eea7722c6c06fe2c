# SPDX-License-Identifier: Apache-2.0
"""A phone that is online learns what became of its promises, and from nobody on the line.

Source: backend API, *What became of a promise*.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.phone.account import Account
from sandbox.phone.phone import VirtualPhone
from sandbox.phone.workbench import PAYS_UNASKED
from tests.support.backend import Shop
from tests.support.problems import problem
from tests.support.shop import Sale, Till
from tests.support.signed_up import signed_up

TOTAL = 18_80
Change = Callable[[httpx.Request, dict[str, Any]], object]


class Line(httpx.BaseTransport):
    """The phone's line; `change` may write into every answer that is JSON."""

    def __init__(self, shop: Shop) -> None:
        self._inner = shop.http
        self.change: Change = lambda _request, _said: None
        self.knows_revoked = True

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/revoked") and not self.knows_revoked:
            return problem(404, {"title": "no", "status": 404, "code": "not_found", "detail": "no"})
        answer = self._inner.send(request)
        if not answer.content or answer.status_code >= 400:
            return answer
        said = answer.json()
        self.change(request, said)
        return httpx.Response(answer.status_code, json=said)


@dataclass(frozen=True, slots=True)
class Bench:
    """A phone with one promise that no terminal has delivered."""

    shop: Shop
    phone: VirtualPhone
    line: Line
    http: httpx.Client
    till: Till
    sale: Sale

    def sync(self) -> None:
        self.phone.sync(Account(self.http, self.phone.store.note("token")), spares=1)

    @property
    def promised(self) -> int:
        return sum(self.phone.store.promised_minor(held.kid) for held in self.phone.store.credentials())


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with signed_up(tmp_path, Line) as (shop, phone, line, http):
        till = shop.till()
        sale = till.sale(TOTAL)
        phone.wallet.owner = PAYS_UNASKED
        phone.wallet.answer(sale.presentation)
        made = Bench(shop, phone, line, http, till, sale)
        assert made.promised == TOTAL
        yield made


def payment(sale: Sale, **said: Any) -> dict[str, Any]:
    made = {"intent_id": sale.intent_id, "status": "declined", "merchant": {"name": "x"}, "total": TOTAL}
    return {**made, "currency": "CNY", **said}


INVENTED: dict[str, Callable[[Sale], dict[str, Any]]] = {
    "final": lambda sale: payment(sale, final=True),
    "approved, from free money": lambda sale: payment(sale, status="approved", from_set_aside=0),
    "final, and a word that is none": lambda sale: payment(sale, final=True, promise="AAAA"),
}


@pytest.mark.parametrize("invented", INVENTED.values(), ids=INVENTED)
def test_an_invented_final_lets_no_wallet_promise_twice(
    bench: Bench, invented: Callable[[Sale], dict[str, Any]]
) -> None:
    def change(request: httpx.Request, said: dict[str, Any]) -> None:
        if request.url.path == "/wallet/v1/payments":
            said["payments"] = [invented(bench.sale)]

    bench.line.change = change
    bench.sync()
    assert bench.promised == TOTAL


def test_an_intent_that_is_said_to_have_ended_lets_no_wallet_promise_twice(bench: Bench) -> None:
    def change(request: httpx.Request, said: dict[str, Any]) -> None:
        if request.url.path.startswith("/wallet/v1/intents/"):
            said.update(final=True, payment=None)

    bench.till.put(bench.sale)
    bench.line.change = change
    bench.sync()
    assert bench.promised == TOTAL


def test_what_was_given_up_undelivered_is_free_again(bench: Bench) -> None:
    bench.till.put(bench.sale)
    bench.sync()
    assert bench.promised == TOTAL
    bench.till.cancel(bench.sale)
    bench.sync()
    assert bench.promised == 0


def test_at_a_backend_of_before_the_unsigned_word_is_believed(bench: Bench) -> None:
    def change(_request: httpx.Request, said: dict[str, Any]) -> None:
        said.pop("promise", None)

    bench.till.put(bench.sale)
    bench.till.cancel(bench.sale)
    bench.phone.store.write_note("promises_are_signed", "")  # no issuer has said that there are words
    bench.line.change, bench.line.knows_revoked = change, False
    bench.sync()
    assert bench.promised == 0
