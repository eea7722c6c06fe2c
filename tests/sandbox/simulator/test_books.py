# SPDX-License-Identifier: Apache-2.0
"""The ledger followed from outside: everything there is, then what is new, whatever the backend does in between."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sandbox.simulator import books
from sandbox.simulator.books import LINES_MOST, LedgerFollower
from tests.support.dripping import answer, dripping, listening_on_tcp, origin_of


def posting(number: int) -> dict[str, Any]:
    entries = [{"account": "shopper", "owner": "a", "amount": -1, "currency": "CNY", "currency_digits": 2}]
    return {"number": number, "kind": "payment", "at": "2026-11-22T04:00:00Z", "intent_id": None, "entries": entries}


class Backend:
    """Answers of a backend, in turn."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.asked: list[httpx.Request] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def told(backend: Callable[[httpx.Request], httpx.Response], looks: int) -> list[list[int]]:
    said: list[list[int]] = []
    follower = LedgerFollower("http://backend", "token", lambda lines: said.append([line["number"] for line in lines]))
    follower._http = httpx.Client(
        transport=httpx.MockTransport(backend), base_url="http://backend", headers=follower._http.headers
    )
    for _ in range(looks):
        follower._look()
    return said


def postings(*numbers: int) -> httpx.Response:
    return httpx.Response(200, json={"postings": [posting(number) for number in numbers]})


def test_new_lines_join_those_that_are_known() -> None:
    backend = Backend(postings(4, 5), postings(), postings(6))
    assert told(backend, 3) == [[4, 5], [4, 5, 6]]
    assert [dict(asked.url.params) for asked in backend.asked] == [
        {"limit": str(LINES_MOST)},
        {"limit": str(LINES_MOST), "after": "5"},
        {"limit": str(LINES_MOST), "after": "5"},
    ]
    assert {asked.headers["authorization"] for asked in backend.asked} == {"Bearer token"}


def test_it_keeps_the_newest_only() -> None:
    first, second = range(LINES_MOST), range(LINES_MOST, LINES_MOST + 2)
    assert told(Backend(postings(*first), postings(*second)), 2)[-1] == list(range(2, LINES_MOST + 2))


@pytest.mark.parametrize(
    "answer",
    [httpx.ConnectError("away"), httpx.Response(401), httpx.Response(200, text="<html>"), httpx.Response(200, json={})],
    ids=["away", "refused", "another's page", "another shape"],
)
def test_what_is_no_answer_is_asked_again(answer: httpx.Response | Exception) -> None:
    assert told(Backend(answer, postings(1)), 2) == [[1]]


def test_it_looks_until_it_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "LOOK_S", 0.0)
    follower = LedgerFollower("http://127.0.0.1:9", "token", lambda _lines: None)
    follower.start()
    follower.stop()
    follower.join(10)
    assert not follower.is_alive()


def test_a_backend_that_drips_or_never_ends_is_left_within_the_looks_own_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(books, "_ANSWER_LIMIT_S", 0.2)
    said: list[object] = []
    with listening_on_tcp() as listening, dripping(listening, answer(postings(1).content)):
        follower = LedgerFollower(origin_of(listening), "token", said.append)
        with follower._http:
            follower._look()
    assert said == []


def test_no_more_is_read_of_a_ledger_than_an_answer_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "_ANSWER_MOST_BYTES", 100)
    assert told(Backend(postings(1, 2)), 1) == []
