# SPDX-License-Identifier: Apache-2.0
"""Which role each call of the operator side needs, as one table over all of them, and that it is looked at."""

import re
from pathlib import Path

import pytest
from fastapi import APIRouter, Depends

from pengpos.core.times import rfc3339
from sandbox.backend.api.caller import ADMIN, SUPPORT
from sandbox.backend.api.operator_side import admin_api, operators_api, postings_api, reviews_api
from sandbox.backend.api.operator_side.operator_route import OperatorRoute
from sandbox.backend.records.tables import BackendRole
from tests.support.backend import Shop, the_contract
from tests.support.contract_page import cells, section, variables_blank

DOCS = Path(__file__).parents[5] / "docs"
ROUTERS = (admin_api.router, operators_api.router, postings_api.router, reviews_api.router)
ROLES = tuple(BackendRole)
NEEDED = {
    "GET /operators": "admin",
    "POST /operators": "admin",
    "DELETE /operators/{operator_id}": "admin",
    "GET /changes": "admin",
    "POST /activation-codes": "admin",
    "GET /ledger/check": "support",
    "GET /ledger/postings": "support",
    "GET /payments": "support",
    "POST /payments/{reference}/review": "risk",
    "POST /coupons": "admin",
    "POST /settlements/{business_date}": "admin",
    "GET /merchants": "support",
    "GET /merchants/{merchant_id}/funded/{business_date}": "support",
    "GET /{level}/{owner_id}/campaigns": "support",
    "POST /merchants": "admin",
    "GET /stores": "support",
    "POST /stores": "admin",
    "GET /terminals": "support",
    "POST /terminals/{terminal_id}/revoke": "risk",
    "POST /terminals/{terminal_id}/trust": "risk",
    "POST /terminals/{terminal_id}/commands": "risk",
    "GET /reviews": "support",
    "POST /reviews/{review_id}": "risk",
    "GET /alarms": "support",
    "POST /alarms/{alarm_id}/seen": "support",
    "POST /imports": "admin",
    "POST /denylist": "risk",
    "PUT /{level}/{owner_id}/settings": "admin",
}


def served() -> set[str]:
    """Every call under `/admin/v1` that the application has, whichever router it is from."""
    return {
        f"{method.upper()} {path.removeprefix('/admin/v1')}"
        for path, operations in the_contract().document["paths"].items()
        for method in operations
        if path.startswith("/admin/")
    }


def test_each_call_says_which_role_it_needs() -> None:
    routes = [route for router in ROUTERS for route in router.routes]
    said = {
        f"{method} {route.path.removeprefix('/admin/v1')}": route.needs.role.value
        for route in routes
        if isinstance(route, OperatorRoute)
        for method in route.methods or ()
    }
    assert said == NEEDED
    assert served() == set(NEEDED)


@pytest.mark.parametrize("needs", [[], [Depends(rfc3339)], [SUPPORT, ADMIN]], ids=["none", "another", "two"])
def test_a_route_without_one_role_cannot_be_made(needs: list[object]) -> None:
    router = APIRouter(prefix="/admin/v1", route_class=OperatorRoute)
    with pytest.raises(TypeError, match="needs one role"):
        router.add_api_route("/everything", lambda: None, dependencies=needs)  # type: ignore[arg-type]  # what Depends makes


@pytest.mark.parametrize("role", ROLES)
def test_each_call_is_opened_by_its_role_and_those_above_it(shop: Shop, role: BackendRole) -> None:
    operator = shop.colleague(role)
    opened = {}
    for call in NEEDED:
        method, path = call.replace("{level}", "stores").split()
        answer = operator.call(method, re.sub(r"\{\w+\}", "1", path))
        opened[call] = answer.status_code != 403
        if not opened[call]:
            needed = ROLES[ROLES.index(BackendRole(NEEDED[call])) :]
            assert (answer.json()["code"], answer.json()["roles"]) == ("role_needed", list(needed))
    assert opened == {call: ROLES.index(BackendRole(needed)) <= ROLES.index(role) for call, needed in NEEDED.items()}


def test_who_has_not_the_role_has_changed_nothing(shop: Shop) -> None:
    till, support = shop.till(), shop.colleague("support")
    assert support.call("POST", f"/terminals/{till.terminal_id}/revoke").status_code == 403
    assert support.call("POST", "/operators", {"name": "me too", "role": "admin"}).status_code == 403
    assert support.call("PUT", "/merchants/M-0001/settings", {"risk": {"guaranteed": 1}}).status_code == 403
    [terminal] = shop.operator.call("GET", "/terminals").json()
    assert (terminal["revoked"], shop.operator.call("GET", "/merchants").json()[0]["config"]) == (False, {})
    assert len(shop.operator.call("GET", "/operators").json()) == 2


def test_the_page_on_security_says_the_same() -> None:
    page = (DOCS / "security.md").read_text(encoding="utf-8")
    rows = [row for line in page.splitlines() if len(row := cells(line)) == 6 and "/admin/v1" in row[0]]
    said = {variables_blank(row[0].strip("`").replace(" /admin/v1", " ")): row[1].partition(",")[0] for row in rows}
    assert said == {variables_blank(call): role for call, role in NEEDED.items()}


def test_the_contract_says_the_same() -> None:
    page = (DOCS / "spec" / "backend-api.md").read_text(encoding="utf-8")
    rows = {
        row[0]: row[1] for line in section(page, "### Operators of the backend").splitlines() if (row := cells(line))
    }
    for role in ("support", "risk"):
        named = {f"{method} {path}" for method, path in re.findall(r"`(\w+) /admin/v1([^`]*)`", rows[f"`{role}`"])}
        assert named == {call for call, needed in NEEDED.items() if needed == role and not call.startswith("GET")}
    read_by_admins = {call for call, needed in NEEDED.items() if needed == "admin" and call.startswith("GET")}
    assert read_by_admins == {"GET /operators", "GET /changes"}
    assert "read all but operators and changes" in rows["`support`"]
