# SPDX-License-Identifier: Apache-2.0
"""Operators are made with a token of their own, removed for good, and never all."""

import pytest
from sqlalchemy.orm import Session

from sandbox.backend.kernel import limits
from sandbox.backend.operators import roster
from tests.support.backend import Shop
from tests.support.races import two_admins_remove_each_other
from tests.support.shop import Operator
from tests.support.slow_body import post_slowly

ROOT = {"operator_id": "root", "name": "root", "role": "admin", "made_at": "2027-01-15T08:00:00Z", "removed_at": None}


def make(shop: Shop, name: str, role: str = "risk") -> dict[str, str]:
    answer = shop.operator.call("POST", "/operators", {"name": name, "role": role})
    assert answer.status_code == 201
    made: dict[str, str] = answer.json()
    return made


def test_the_token_of_the_home_is_roots(shop: Shop) -> None:
    assert shop.operator.call("GET", "/operators").json() == [ROOT]


def test_a_token_is_said_once_and_opens_what_its_role_does(shop: Shop) -> None:
    made = make(shop, "Zhao Min", "support")
    listed = shop.operator.call("GET", "/operators")
    assert {one["name"] for one in listed.json()} == {"Zhao Min", "root"}
    assert made["token"] not in listed.text
    assert (len(made["token"]), Operator(shop.http, made["token"]).ledger_is_balanced()) == (43, True)


def test_who_was_removed_gets_in_no_more(shop: Shop) -> None:
    made = make(shop, "Zhao Min")
    gone = Operator(shop.http, made["token"])
    shop.clock.advance(60)
    for _ in range(2):
        assert shop.operator.call("DELETE", f"/operators/{made['operator_id']}").status_code == 204
        shop.clock.advance(60)
    assert gone.call("GET", "/alarms").status_code == 401
    assert shop.operator.call("GET", "/operators").json() == [
        ROOT,
        {**ROOT, "operator_id": made["operator_id"], "name": "Zhao Min", "role": "risk",
         "removed_at": "2027-01-15T08:01:00Z"},
    ]  # fmt: skip
    assert make(shop, "Zhao Min")["operator_id"] != made["operator_id"]


@pytest.mark.parametrize("name", ["Zhao Min", "root"])
def test_a_name_is_one_persons(shop: Shop, name: str) -> None:
    make(shop, "Zhao Min")
    answer = shop.operator.call("POST", "/operators", {"name": name, "role": "support"})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    "body",
    [
        {"name": "", "role": "risk"},
        {"name": "a\u200bb", "role": "risk"},
        {"name": "x" * 41, "role": "risk"},
        {"name": "Zhao Min", "role": "root"},
        {"name": "Zhao Min", "role": "risk", "token": "mine"},
    ],
    ids=["blank", "unseen", "long", "no role", "a token of one's own"],
)
def test_what_names_nobody_is_refused(shop: Shop, body: dict[str, str]) -> None:
    assert shop.operator.call("POST", "/operators", body).status_code == 422
    assert len(shop.operator.call("GET", "/operators").json()) == 1


def test_the_last_admin_stays(shop: Shop) -> None:
    make(shop, "Zhao Min", "risk")
    answer = shop.operator.call("DELETE", "/operators/root")
    assert (answer.status_code, answer.json()["code"]) == (409, "last_admin")
    second = Operator(shop.http, make(shop, "Qian Li", "admin")["token"])
    assert shop.operator.call("DELETE", "/operators/root").status_code == 204
    assert shop.operator.call("GET", "/operators").status_code == 401
    assert second.call("DELETE", "/operators/O-22222222").status_code == 404
    assert [shop.begin_again("made anew"), shop.begin_again()] == [True, True]


def test_two_admins_who_remove_each_other_at_once_leave_one(real_shop: Shop) -> None:
    two_admins_remove_each_other(real_shop)


def test_a_root_who_was_removed_comes_back_by_another_token_of_the_home_only(shop: Shop) -> None:
    make(shop, "Qian Li", "admin")
    shop.operator.call("DELETE", "/operators/root")
    assert shop.begin_again() is False
    assert shop.operator.call("GET", "/operators").status_code == 401
    assert [shop.begin_again("made anew"), shop.begin_again("made anew"), shop.begin_again()] == [True, True, True]
    assert shop.operator.call("GET", "/operators").status_code == 200
    assert Operator(shop.http, "made anew").call("GET", "/operators").status_code == 401


def test_there_are_so_many_at_once_and_so_many_made_a_day(shop: Shop) -> None:
    made = [make(shop, f"operator {number}", "support") for number in range(limits.OPERATORS.most - 1)]
    one_more = {"name": "one more", "role": "support"}
    assert shop.operator.call("POST", "/operators", one_more).status_code == 429
    shop.operator.call("DELETE", f"/operators/{made[0]['operator_id']}")
    assert shop.operator.call("POST", "/operators", one_more).status_code == 429, "root was made today too"
    shop.clock.advance(limits.DAY_S)
    assert shop.operator.call("POST", "/operators", one_more).status_code == 201


def test_who_was_removed_while_a_body_was_on_its_way_changes_nothing(shop: Shop) -> None:
    """A call whose head was let in waits a minute for its body, an import ten."""
    made, till = make(shop, "Zhao Min"), shop.till()
    path = f"/admin/v1/terminals/{till.terminal_id}/commands"

    def removed() -> None:
        shop.operator.call("DELETE", f"/operators/{made['operator_id']}")

    answer = post_slowly(shop, path, {"command": "lock"}, made["token"], removed)
    assert (answer.status_code, answer.json().get("code")) == (401, "token")
    [change] = [one for one in shop.operator.call("GET", "/changes").json()["changes"] if one["path"] == path]
    assert (change["operator_id"], change["status"]) == (made["operator_id"], 401)


def test_who_is_removed_once_a_call_is_let_in_changes_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    made, till, find = make(shop, "Zhao Min", "risk"), shop.till(), roster.find
    removals = iter([f"/operators/{made['operator_id']}"])

    def then_removed(session: Session, token: str) -> roster.Caller | None:
        found = find(session, token)
        if token == made["token"]:
            for path in removals:
                shop.operator.call("DELETE", path)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(roster, "find", then_removed)
        answer = Operator(shop.http, made["token"]).call("POST", f"/terminals/{till.terminal_id}/revoke")
    assert (answer.status_code, answer.json()["code"]) == (401, "token")
    [entry] = shop.operator.call("GET", "/terminals").json()
    assert entry["standing"] == "active"
