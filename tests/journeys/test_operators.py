# SPDX-License-Identifier: Apache-2.0
"""Roles at the counter: once the backend names operators, a person is needed. Source: local API, *Operators*."""

import re
from pathlib import Path
from uuid import UUID

import pytest

from pengpos.client import AlarmView, SaleView
from pengpos.core.authority.roles import OperatorRole
from sandbox.phone.phone import VirtualPhone
from tests.support.contract_page import cells, section
from tests.support.counter import Counter, until

SECURITY = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")

MANAGER, CASHIER, TECHNICIAN = "4711", "1234", "83920471"
STAFF = [
    {"id": "c-1", "name": "小吴", "role": "cashier", "pin": CASHIER},
    {"id": "m-1", "name": "李经理", "role": "manager", "pin": MANAGER},
    {"id": "t-1", "name": "Technik", "role": "technician", "pin": TECHNICIAN},
]


@pytest.fixture
def staffed(counter: Counter) -> Counter:
    """A terminal with operators."""
    counter.settle(operators=STAFF)
    return counter


def token(counter: Counter, pin: str) -> str:
    answer = counter.call("POST", "/v1/operators/session", {"pin": pin})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def bearer(counter: Counter, pin: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(counter, pin)}"}


def paid(counter: Counter, phone: VirtualPhone) -> SaleView:
    return counter.tap(counter.present("18.80"), phone, "approved")


def unknown(counter: Counter, phone: VirtualPhone) -> SaleView:
    """A sale whose answer was lost."""
    sale = counter.present("18.80")
    counter.road.cut()
    return counter.tap(sale, phone, "unknown")


REFUND = {"idempotency_key": "back 1", "reason": "returned"}


def test_a_refund_takes_a_manager_and_says_who_it_was(staffed: Counter, phone: VirtualPhone) -> None:
    sale = paid(staffed, phone)
    path = f"/v1/sales/{sale.id}/refunds"
    needed = staffed.refused("POST", path, REFUND)
    assert (needed.status, needed.code, needed.action, needed.roles) == (403, "role_needed", "refund", ["manager"])
    for pin in (CASHIER, TECHNICIAN):
        assert staffed.call("POST", path, REFUND, **bearer(staffed, pin)).json()["code"] == "role_needed"
    assert staffed.sale(sale).refunds == []
    given = staffed.call("POST", path, REFUND, **bearer(staffed, MANAGER))
    assert (given.status_code, given.json()["by"]) == (201, "m-1")
    back = staffed.until(sale, "refunded")
    assert [refund.by for refund in back.refunds] == ["m-1"]
    staffed.restart()
    assert staffed.sale(sale).refunds[0].by == "m-1"


def test_cash_taken_takes_a_manager_and_an_ordinary_cancel_does_not(hasty: Counter, phone: VirtualPhone) -> None:
    hasty.settle(operators=STAFF)
    nothing = hasty.present("6.00")
    assert hasty.tell(nothing, "cancel", {"reason": "customer"}).state in {"cancelled", "cancelling"}
    hasty.until(nothing, "cancelled")
    sale = unknown(hasty, phone)
    path = f"/v1/sales/{sale.id}/cancel"
    needed = hasty.refused("POST", path, {"reason": "merchant"})
    assert (needed.code, needed.action) == ("role_needed", "cash_taken")
    assert hasty.sale(sale).state == "unknown"
    given_up = hasty.call("POST", path, {"reason": "merchant"}, **bearer(hasty, MANAGER)).json()
    assert (given_up["state"], given_up["history"][-1]["by"]) == ("reversing", "m-1")
    assert [step["by"] for step in given_up["history"][:-1]] == [None] * (len(given_up["history"]) - 1)
    hasty.resolve(sale, "reversed")


def test_to_accept_offline_takes_a_manager(hasty: Counter, phone: VirtualPhone) -> None:
    hasty.settle(operators=STAFF)
    sale = unknown(hasty, phone)
    path = f"/v1/sales/{sale.id}/accept-offline"
    assert hasty.refused("POST", path).action == "accept_offline"
    accepted = hasty.call("POST", path, **bearer(hasty, MANAGER)).json()
    assert (accepted["state"], accepted["history"][-1]["by"]) == ("accepted_offline", "m-1")
    hasty.resolve(sale, "approved")


def test_to_close_the_day_takes_a_manager_and_the_journal_says_who(staffed: Counter) -> None:
    assert staffed.refused("POST", "/v1/day/close", {}).action == "day_close"
    report = staffed.call("POST", "/v1/day/close", {}, **bearer(staffed, MANAGER))
    assert report.status_code == 200, report.text
    assert staffed.journal.values("day_closed") == {report.json()["date"]: b"m-1"}


def test_an_alarm_is_seen_by_who_may_and_the_journal_says_who(staffed: Counter) -> None:
    for _ in range(10):
        assert staffed.refused("POST", "/v1/operators/session", {"pin": "0000"}).code == "wrong_pin"
    [alarm] = [alarm for alarm in staffed.status.alarms if alarm.kind == "pins_guessed"]
    assert isinstance(alarm, AlarmView)
    path = f"/v1/alarms/{alarm.id}/seen"
    assert staffed.refused("POST", path).roles == [OperatorRole.MANAGER, OperatorRole.TECHNICIAN]
    shut = staffed.call("POST", "/v1/operators/session", {"pin": MANAGER})
    assert (shut.status_code, shut.json()["code"]) == (429, "too_many_tries")
    assert shut.headers["retry-after"] == str(shut.json()["retry_after_s"])
    staffed.restart()
    assert staffed.refused("POST", "/v1/operators/session", {"pin": MANAGER}).code == "too_many_tries"
    staffed.clock_off_s += 301
    seen = staffed.call("POST", path, **bearer(staffed, TECHNICIAN))
    assert seen.status_code == 200, seen.text
    assert all(other["id"] != alarm.id for other in seen.json()["alarms"])
    until(lambda: staffed.journal.values("alarm_seen") == {alarm.id: b"t-1"}, "the journal says who")


def test_each_call_asks_for_the_role_that_the_page_names_and_no_other_does(staffed: Counter) -> None:
    """By enumeration over the table of `docs/security.md`, which has a row for every call of the local API."""
    bodies: dict[str, object] = {
        "/refunds": REFUND, "/cancel": {"reason": "customer"}, "/confirmation-code": {"code": "12345678"},
        "/v1/sales": {"idempotency_key": "n", "amount": 1, "currency": "CNY"}, "/session": {"pin": "0000"},
    }  # fmt: skip
    cashier, asked = bearer(staffed, CASHIER), 0
    for line in section(SECURITY, "## Calls of the local API").splitlines():
        row = cells(line)
        call = re.fullmatch(r"`([A-Z]+) (/[^`?]*)`", row[0]) if row else None
        if call is None or call[2] == "/v1/events":  # its answer does not end
            continue
        path = re.sub(r"\{\w+\}", str(UUID(int=1)), call[2])
        body: object = (
            next((body for end, body in bodies.items() if path.endswith(end)), {}) if call[1] == "POST" else None
        )
        for session in ({}, cashier):
            answer = staffed.call(call[1], path, body, **session)
            problem = answer.json() if answer.status_code >= 400 else {}
            assert (problem.get("code") == "role_needed") == row[1].startswith("manager"), (row[0], answer.text)
        asked += 1
    assert asked > 15


def test_the_policy_says_what_needs_which_role(counter: Counter, phone: VirtualPhone) -> None:
    counter.settle(
        operators=STAFF, roles={"refund": ["cashier", "manager"], "day_close": [], "diagnosis": ["technician"]}
    )
    assert counter.call("POST", "/v1/day/close", {}).status_code == 200
    assert counter.refused("GET", "/v1/diagnosis").roles == ["technician"]
    sale = paid(counter, phone)
    given = counter.call("POST", f"/v1/sales/{sale.id}/refunds", REFUND, **bearer(counter, CASHIER))
    assert given.json()["by"] == "c-1"
    counter.until(sale, "refunded")


def test_operators_outlive_a_restart_without_a_line(staffed: Counter, phone: VirtualPhone) -> None:
    sale = paid(staffed, phone)
    staffed.close()
    staffed.road.cut()
    staffed.open()
    assert staffed.refused("POST", f"/v1/sales/{sale.id}/refunds", REFUND).code == "role_needed"
    assert staffed.call("POST", "/v1/operators/session", {"pin": MANAGER}).status_code == 201


def test_a_session_is_over_when_it_says_so(staffed: Counter) -> None:
    session = staffed.call("POST", "/v1/operators/session", {"pin": CASHIER, "operator_id": "c-1"})
    assert session.json() | {"token": "", "expires_at": ""} == {
        "token": "", "operator_id": "c-1", "name": "小吴", "role": "cashier", "expires_at": "",
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {session.json()['token']}"}
    for _ in range(2):
        assert staffed.call("DELETE", "/v1/operators/session", **headers).status_code == 204
    order = {"idempotency_key": "order", "amount": 6_00, "currency": "CNY"}
    over = staffed.call("POST", "/v1/sales", order, **headers)
    assert (over.status_code, over.json()["code"], over.headers["www-authenticate"]) == (401, "session_over", "Bearer")
    assert staffed.call("POST", "/v1/sales", order).status_code == 201
    for spoilt in ("Basic eDp5", "Bearer", "Bearer "):
        assert staffed.call("POST", "/v1/sales", order, Authorization=spoilt).json()["code"] == "session_over"


def test_who_begins_a_sale_is_in_its_history_where_a_token_says_so(staffed: Counter) -> None:
    order = {"idempotency_key": "order", "amount": 6_00, "currency": "CNY"}
    begun = staffed.call("POST", "/v1/sales", order, **bearer(staffed, CASHIER)).json()
    assert begun["history"][0]["by"] == "c-1"


def test_without_operators_a_till_of_before_does_all_it_did(counter: Counter, phone: VirtualPhone) -> None:
    sale = paid(counter, phone)
    assert counter.refused("POST", "/v1/operators/session", {"pin": MANAGER}).code == "no_operators"
    assert counter.call("POST", f"/v1/sales/{sale.id}/refunds", REFUND).status_code == 201
    assert counter.until(sale, "refunded").refunds[0].by is None
    assert counter.call("POST", "/v1/day/close", {}).status_code == 200


def test_a_policy_that_is_not_good_opens_nothing(staffed: Counter, phone: VirtualPhone) -> None:
    sale = paid(staffed, phone)
    policy = staffed.terminal._backend.policy
    policy.take(b"no policy at all")
    refused = staffed.refused("POST", f"/v1/sales/{sale.id}/refunds", REFUND)
    assert (refused.code, refused.roles) == ("role_needed", ["manager"])
    assert staffed.refused("POST", "/v1/operators/session", {"pin": MANAGER}).code == "wrong_pin"
