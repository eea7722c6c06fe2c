# SPDX-License-Identifier: Apache-2.0
"""The backend's signed documents have exactly the members that the contract page names."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pengpos.core.authority.roles import Action
from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.encoding.cose import Sign1
from sandbox.backend.terminals.policy import SIGNED_DUTIES
from tests.support.backend import Shop, fresh_sqlite, in_process
from tests.support.contract_page import Fields, cells, read_type, section, shapes

PAGE = (Path(__file__).parents[2] / "docs" / "spec" / "backend-api.md").read_text(encoding="utf-8")
EVERY_DOCUMENT = {"terminal_id", "version", "issued_at", "not_after"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with in_process(fresh_sqlite(tmp_path_factory.mktemp("documents"))) as opened:
        yield opened


def added_by(document: str) -> set[str]:
    """What the page's table says that a document adds to the members that every one has."""
    [row] = [row for line in section(PAGE, "## Rules for all of it").splitlines()
             if (row := cells(line)) and row[0] == document]  # fmt: skip
    written = read_type(row[2].partition("`")[2].partition("`")[0])
    assert isinstance(written, Fields)
    return {name for name, member in written.members.items() if not member.optional}


def members_of(signed: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Sign1.parse(unb64u(signed)).payload)
    return found


def test_a_policy(shop: Shop) -> None:
    policy = members_of(shop.till().call("GET", "/terminal/config").json()["policy"])
    assert set(policy) == EVERY_DOCUMENT | added_by("policy") | set(SIGNED_DUTIES) | {"limits"}
    limits = shapes(PAGE)["Limits"]
    assert isinstance(limits, Fields)
    assert set(policy["limits"]) == set(limits.members)
    risk = shapes(PAGE)["Risk"]
    assert isinstance(risk, Fields)
    assert set(policy["risk"]) == {name for name, member in risk.members.items() if not member.optional}


def test_a_policy_with_operators(shop: Shop) -> None:
    till = shop.till()
    people = [{"id": "m-1", "name": "Li", "role": "manager", "pin": "4711"}]
    settings = {"operators": people, "roles": {"refund": ["manager"]}}
    assert shop.operator.call("PUT", f"/terminals/{till.terminal_id}/settings", settings).status_code == 204
    policy = members_of(till.call("GET", "/terminal/config").json()["policy"])
    assert set(policy) == EVERY_DOCUMENT | added_by("policy") | set(SIGNED_DUTIES) | {"limits", "operators", "roles"}
    for name, said in (("Operator", policy["operators"][0]), ("PinHash", policy["operators"][0]["pin"])):
        written = shapes(PAGE)[name]
        assert isinstance(written, Fields)
        assert set(said) == set(written.members)
    roles = shapes(PAGE)["Roles"]
    assert isinstance(roles, Fields)
    assert set(roles.members) == set(Action)


def test_a_delta_of_the_denylist(shop: Shop) -> None:
    delta = members_of(shop.till().call("GET", "/terminal/denylist").json()["delta"])
    assert set(delta) == EVERY_DOCUMENT | added_by("denylist delta")


def test_issuers_for_wallets(shop: Shop) -> None:
    [document] = shop.http.get("/wallet/v1/issuers").json()["documents"]
    assert set(members_of(document)) == EVERY_DOCUMENT | added_by("issuers")


def test_revoked_terminals_for_wallets(shop: Shop) -> None:
    document = shop.http.get("/wallet/v1/revoked").json()["document"]
    assert set(members_of(document)) == EVERY_DOCUMENT | added_by("revoked terminals") | {"signs_promises"}


def test_a_journal_head(shop: Shop) -> None:
    body = {"head": {"epoch": 1, "sequence": 1, "hash": "AAAA"}, "signed_head": None}
    head = members_of(shop.till().call("POST", "/terminal/heartbeat", body).json()["signed_head"])
    assert set(head) == EVERY_DOCUMENT | added_by("journal head")
