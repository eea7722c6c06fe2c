# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document. That answers are as it says is tested with every other test: see `tests/support/openapi.py`.

That the contract page says the same: `tests/contracts/test_pages_and_calls.py`.
"""

from typing import Any

import pytest

from tests.support.backend import Shop, the_contract


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
