# SPDX-License-Identifier: Apache-2.0
"""Alarms for the operator: counted by cause, bounded by kind and terminal, seen to by a person."""

from typing import Any

import pytest

from sandbox.backend.kernel.alarms import OPEN_MOST, raise_alarm
from sandbox.backend.records.tables import AlarmKind
from tests.support.backend import Shop

COUNTER = AlarmKind.TERMINAL_COUNTER_REUSED


def ring(shop: Shop, kind: AlarmKind, terminal_id: str | None, **detail: Any) -> None:
    shop.clock.advance(1)
    shop.backend.db.write(lambda session: raise_alarm(session, kind, terminal_id, detail, shop.clock.now()))


def shown(shop: Shop, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.operator.call("GET", f"/alarms{query}").json()
    return found


def test_the_same_cause_is_counted(shop: Shop) -> None:
    for counter in (7, 8, 7, 7):
        ring(shop, COUNTER, "T-1", counter=counter)
    ring(shop, COUNTER, "T-2", counter=7)
    assert [(alarm["terminal_id"], alarm["detail"]["counter"], alarm["count"]) for alarm in shown(shop)] == [
        ("T-2", 7, 1), ("T-1", 7, 3), ("T-1", 8, 1),
    ]  # fmt: skip
    counted = shown(shop)[1]
    assert counted["at"] < counted["last_at"]


@pytest.mark.parametrize("terminal_id", ["T-1", None])
def test_a_flood_of_one_kind_pushes_no_other_out(shop: Shop, terminal_id: str | None) -> None:
    ring(shop, AlarmKind.HEAD_WENT_BACK, terminal_id, shown=1)
    for counter in range(3 * OPEN_MOST):
        ring(shop, COUNTER, terminal_id, counter=counter)
    alarms = shown(shop)
    assert len(alarms) == OPEN_MOST + 2
    assert (alarms[0]["kind"], alarms[0]["count"]) == (COUNTER, 2 * OPEN_MOST)
    assert alarms[-1]["kind"] == "head_went_back"


def test_no_cause_is_counted_under_anothers_name(shop: Shop) -> None:
    for counter in range(OPEN_MOST + 3):
        ring(shop, COUNTER, "T-1", counter=counter)
    ring(shop, COUNTER, "T-1", counter=5)
    [others] = [one for one in shown(shop) if "other_causes" in one["detail"]]
    named = [one for one in shown(shop) if one != others]
    assert (others["detail"], others["count"]) == ({"other_causes": 3}, 3)
    assert sorted((one["detail"]["counter"], one["count"]) for one in named) == [
        (counter, 2 if counter == 5 else 1) for counter in range(OPEN_MOST)
    ]
    assert shop.operator.call("POST", f"/alarms/{named[0]['id']}/seen").status_code == 204
    ring(shop, COUNTER, "T-1", counter=99)
    newest, *_ = shown(shop, "?seen=false")
    assert newest["detail"] == {"counter": 99}


def test_once_seen_the_same_cause_is_a_new_alarm(shop: Shop) -> None:
    ring(shop, COUNTER, "T-1", counter=7)
    [first] = shown(shop)
    for _ in range(2):
        assert shop.operator.call("POST", f"/alarms/{first['id']}/seen").status_code == 204
    assert (shown(shop, "?seen=false"), [alarm["id"] for alarm in shown(shop, "?seen=true")]) == ([], [first["id"]])
    ring(shop, COUNTER, "T-1", counter=7)
    assert [(alarm["seen"], alarm["count"]) for alarm in shown(shop)] == [(False, 1), (True, 1)]


def test_an_alarm_that_is_none(shop: Shop) -> None:
    assert shop.operator.call("POST", "/alarms/99/seen").json()["code"] == "not_found"
    assert shop.operator.call("GET", "/alarms?seen=perhaps").status_code == 422
