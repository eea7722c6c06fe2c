# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document. That answers are as it says is tested with every other test: see `tests/support/openapi.py`."""

from typing import Any

import pytest

from tests.support.backend import Shop, the_contract

SPEC_CALLS = """
POST /v1/enrolments
POST /v1/terminal/credential
GET /v1/terminal/config
GET /v1/terminal/denylist
GET /v1/terminal/events
POST /v1/terminal/heartbeat
PUT /v1/intents/{intent_id}
GET /v1/intents/{intent_id}
POST /v1/intents/{intent_id}/cancel
POST /v1/payments
POST /v1/payments/batch
POST /v1/payments/{intent_id}/refunds
GET /v1/settlements/{business_date}
GET /v1/health
POST /wallet/v1/accounts
POST /wallet/v1/credentials
GET /wallet/v1/issuers
GET /wallet/v1/balance
POST /wallet/v1/top-ups
GET /wallet/v1/payments
POST /wallet/v1/intents/{reference}/claim
POST /wallet/v1/intents/{reference}/release
POST /wallet/v1/intents/{reference}/pay
POST /admin/v1/activation-codes
GET /admin/v1/ledger/check
GET /admin/v1/payments
POST /admin/v1/imports
""".strip().splitlines()


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return the_contract().document


@pytest.mark.parametrize("call", SPEC_CALLS)
def test_every_call_of_the_page_is_in_it(document: dict[str, Any], call: str) -> None:
    method, path = call.split()
    assert method.lower() in document["paths"][path]


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
