# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document. That answers are as it says is tested with every other test: see `tests/support/openapi.py`.

That the contract page says the same: `tests/contracts/test_pages_and_calls.py`.
"""

from typing import Any

import pytest

from tests.support.backend import ADMIN_TOKEN, Shop, the_contract


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return the_contract().document


def test_it_is_of_version_3_1_and_knows_the_devices_signature(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    unsigned = [path for path, calls in document["paths"].items() if path.startswith("/v1/")
                for call in calls.values() if call.get("security") != [{"deviceKey": []}]]  # fmt: skip
    assert unsigned == ["/v1/health"]


def test_every_error_is_a_problem_document(document: dict[str, Any]) -> None:
    for calls in document["paths"].values():
        for call in calls.values():
            errors = {status: list(told["content"]) for status, told in call["responses"].items() if status[0] in "45"}
            assert errors == {status: ["application/problem+json"] for status in ("4XX", "5XX")}


def test_it_is_served(shop: Shop, document: dict[str, Any]) -> None:
    assert shop.http.get("/openapi.json").json() == document


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/v2/x", 404), ("DELETE", "/v1/payments", 405)])
def test_also_what_no_route_answers(shop: Shop, method: str, path: str, status: int) -> None:
    answer = shop.http.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status


def test_what_is_said_twice_is_not_done(shop: Shop) -> None:
    """Of two amounts the last was taken; a proxy, or a log, may have the first."""
    wallet = shop.wallet(with_credential=False)
    before = wallet.call("GET", "/balance").json()
    answer = shop.http.post(
        "/wallet/v1/top-ups",
        content=b'{"amount": 100, "amount": 10000, "currency": "CNY"}',
        headers={"Authorization": f"Bearer {wallet.token}", "Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["detail"] == "body: amount is said twice"
    assert wallet.call("GET", "/balance").json() == before


def test_an_operators_call_is_read_once_and_says_each_thing_once(shop: Shop) -> None:
    answer = shop.http.post(
        "/admin/v1/merchants",
        content=b'{"id": "M-2", "id": "M-3", "name": "x", "currency": "CNY"}',
        headers={"Authorization": f"Bearer {ADMIN_TOKEN}", "Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["detail"]) == (422, "body: id is said twice")
