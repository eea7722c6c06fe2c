# SPDX-License-Identifier: Apache-2.0
"""What operators changed, or tried to, is on record: before it is done, without secrets, and for long enough."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from sandbox.backend.kernel import limits
from sandbox.backend.operators import changes
from sandbox.backend.operators.changes import BODY_MOST, READ_MOST, Body, body_of
from sandbox.backend.records.tables import ChangeRow
from sandbox.backend.serving.app import create_app
from sandbox.backend.terminals import standing
from tests.support.backend import InProcess, Shop
from tests.support.shop import Operator

PIN = "73915"
GONE = OperationalError("UPDATE", {}, Exception("the disk is full"))


def on_record(shop: Shop, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.operator.call("GET", f"/changes{query}").json()["changes"]
    return found


def seen(shop: Shop) -> list[tuple[str, str, int | None]]:
    """Who, what and how it ended, the oldest first."""
    return [
        (one["operator"], f"{one['method']} {one['path'].removeprefix('/admin/v1')}", one["status"])
        for one in reversed(on_record(shop))
    ]


def rows(shop: Shop) -> list[tuple[str, int | None]]:
    with shop.backend.db.read() as session:
        return [(row.path, row.status) for row in session.scalars(select(ChangeRow).order_by(ChangeRow.id))]


def test_a_change_says_who_when_what_and_how_it_ended(shop: Shop) -> None:
    min_ = shop.colleague("risk", "Zhao Min")
    shop.clock.advance(60)
    assert min_.call("POST", "/denylist", {"kid": "AAAAAAAAAAA", "why": "偷了"}).status_code == 200
    change = on_record(shop)[0]
    listed = {one["name"]: one["operator_id"] for one in shop.operator.call("GET", "/operators").json()}
    assert change == {
        "change_id": change["change_id"], "operator_id": listed["Zhao Min"], "operator": "Zhao Min",
        "at": "2027-01-15T08:01:00Z", "method": "POST", "path": "/admin/v1/denylist", "status": 200,
        "body": '{"kid":"AAAAAAAAAAA","why":"偷了"}', "body_sha256": None,
    }  # fmt: skip


def test_what_is_refused_is_on_record_too(shop: Shop) -> None:
    support = shop.colleague("support", "Zhao Min")
    support.call("POST", "/terminals/T-22222222/revoke")
    shop.operator.call("POST", "/terminals/T-22222222/revoke")
    shop.operator.call("POST", "/stores", {"id": "S-0001", "merchant_id": "M-0001", "name": "again"})
    shop.operator.call("PUT", "/stores/S-0001/settings", {"risk": {"guaranteed": "all"}})
    Operator(shop.http, "guessed").call("POST", "/denylist")
    assert seen(shop) == [
        ("root", "POST /operators", 201),
        ("Zhao Min", "POST /terminals/T-22222222/revoke", 403),
        ("root", "POST /terminals/T-22222222/revoke", 404),
        ("root", "POST /stores", 409),
        ("root", "PUT /stores/S-0001/settings", 422),
    ]


def test_what_is_refused_for_its_role_is_not_read(shop: Shop) -> None:
    support = shop.colleague("support")
    support.call("POST", "/imports", {"sealed": "x" * 5_000_000})
    assert on_record(shop)[0]["status"] == 403
    assert (on_record(shop)[0]["body"], on_record(shop)[0]["body_sha256"]) == (None, None)


def test_where_a_call_takes_no_body_none_is_kept(shop: Shop) -> None:
    """Else who may do nothing but see alarms would fill the record with text of their own."""
    assert shop.operator.call("POST", "/alarms/1/seen", {"note": "x"}).status_code == 404
    assert (on_record(shop)[0]["body"], on_record(shop)[0]["body_sha256"]) == (None, None)


def test_it_stands_there_before_the_call_is_done(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    till, during = shop.till(), []

    def dies(*_: object) -> None:
        during.extend(rows(shop)[-1:])
        raise ZeroDivisionError

    monkeypatch.setattr(standing, "revoke", dies)
    path = f"/admin/v1/terminals/{till.terminal_id}/revoke"
    with pytest.raises(ZeroDivisionError):
        shop.operator.call("POST", path.removeprefix("/admin/v1"))
    assert (during, rows(shop)[-1]) == ([(path, None)], (path, 500))


def test_a_call_that_cannot_be_written_down_is_not_done(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    till = shop.till()
    monkeypatch.setattr(changes, "begin", _raising)
    assert shop.operator.call("POST", f"/terminals/{till.terminal_id}/revoke").status_code == 503
    assert shop.operator.call("GET", "/terminals").json()[0]["revoked"] is False


def test_a_call_whose_status_cannot_be_written_is_answered_and_on_record(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = shop.till()
    monkeypatch.setattr(changes, "end", _raising)
    path = f"/terminals/{till.terminal_id}/revoke"
    assert shop.operator.call("POST", path).status_code == 204
    assert shop.operator.call("GET", "/terminals").json()[0]["revoked"] is True
    assert rows(shop)[-1] == (f"/admin/v1{path}", None)


def _raising(*_: object) -> int:
    raise GONE


def test_reading_leaves_no_row_and_commits_nothing(shop: Shop) -> None:
    before, commits = rows(shop), list[object]()

    def note(connection: object) -> None:
        commits.append(connection)

    event.listen(shop.backend.db.engine, "commit", note)
    for path in ("/operators", "/changes", "/payments", "/merchants", "/stores", "/terminals", "/reviews", "/alarms",
                 "/ledger/check", "/ledger/postings"):  # fmt: skip
        assert shop.operator.call("GET", path).status_code == 200
    event.remove(shop.backend.db.engine, "commit", note)
    assert (rows(shop), commits) == (before, [])


@pytest.mark.parametrize(
    ("member", "status"), [("pin", 204), ("PIN", 422), ("pin_code", 422)], ids=["ours", "mistyped", "another's"]
)
def test_no_secret_is_on_record(shop: Shop, member: str, status: int) -> None:
    operators = [{"id": "o1", "name": "Zhao Min", "role": "manager", member: PIN}]
    assert shop.operator.call("PUT", "/stores/S-0001/settings", {"operators": operators}).status_code == status
    change = on_record(shop)[0]
    assert PIN not in json.dumps(change)
    assert json.loads(change["body"])["operators"] == [{**operators[0], member: "left out"}]


def test_nor_is_an_operators_token(shop: Shop) -> None:
    made = shop.operator.call("POST", "/operators", {"name": "Zhao Min", "role": "admin"}).json()
    assert made["token"] not in json.dumps(on_record(shop))


DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        pytest.param(b"", Body(), id="none"),
        pytest.param(b'{"a": [1, "\\u665a"]}', Body(text='{"a":[1,"晚"]}'), id="small"),
        pytest.param(b'{"a": "\\u0000"}', Body(text='{"a":"\\u0000"}'), id="a NUL stays escaped"),
        pytest.param(b'{"pin": "1234"', Body(), id="cut off"),
        pytest.param(b'{"a": NaN}', Body(), id="not a number"),
        pytest.param(b'{"a": 1e999}', Body(), id="infinite"),
        pytest.param(b'"\\ud800"', Body(), id="half a character"),
        pytest.param(b"\xff\xfe", Body(), id="no text"),
        pytest.param(DEEP, Body(), id="deep"),
        pytest.param(b"9" * 5_000, Body(), id="a number without end"),
        pytest.param(
            json.dumps("x" * BODY_MOST).encode(),
            Body(sha256=hashlib.sha256(json.dumps("x" * BODY_MOST).encode()).hexdigest()),
            id="long",
        ),
        pytest.param(
            b" " * (READ_MOST + 1), Body(sha256=hashlib.sha256(b" " * (READ_MOST + 1)).hexdigest()), id="an import's"
        ),
    ],
)
def test_of_a_body_is_kept(raw: bytes, kept: Body) -> None:
    assert body_of(raw) == kept


def test_the_hash_of_a_long_body_says_nothing_of_a_pin() -> None:
    long = {"operators": [{"name": "x" * 40, "pin": "1234"}] * 100}
    other = {"operators": [{"name": "x" * 40, "pin": "4321"}] * 100}
    assert body_of(json.dumps(long).encode()) == body_of(json.dumps(other).encode()) != Body()


def test_they_come_in_pages_the_newest_first(shop: Shop) -> None:
    for number in range(5):
        shop.operator.call("POST", f"/alarms/{number}/seen")
    pages, query = [], ""
    while True:
        page = shop.operator.call("GET", f"/changes?limit=2{query}").json()
        pages.append([one["path"].split("/")[4] for one in page["changes"]])
        if page["next"] is None:
            break
        query = f"&next={page['next']}"
    assert pages == [["4", "3"], ["2", "1"], ["0"]]


def test_a_flood_pushes_nothing_out(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "KEPT_LEAST", 2)
    support = shop.colleague("support", "Zhao Min")
    for _ in range(10):
        support.call("POST", "/denylist")
    assert seen(shop)[0] == ("root", "POST /operators", 201)
    assert len(seen(shop)) == 11


def test_what_is_old_goes_but_for_the_last_ones_whatever_the_clock_says(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "KEPT_LEAST", 3)
    for number in range(5):
        shop.operator.call("POST", f"/alarms/{number}/seen")
    shop.clock.advance(changes.KEPT_S + 1)
    shop.operator.call("POST", "/alarms/5/seen")
    assert [path.split("/")[4] for path, _ in rows(shop)] == ["3", "4", "5"]


def test_one_operator_changes_so_often(shop: Shop) -> None:
    few = limits.Rate(limits.Limit("changing calls", 3, 60), lambda: 0.0)
    support = shop.colleague("support")
    backend = replace(shop.backend, rates=limits.Rates(operator_changes=few))
    with httpx.Client(transport=InProcess(create_app(backend, sweeping=False)), base_url=backend.origin) as http:
        often, other = Operator(http, support.token), Operator(http, shop.operator.token)
        codes = [often.call("POST", "/denylist").status_code for _ in range(4)]
        assert (codes, often.call("GET", "/alarms").status_code) == ([403] * 3 + [429], 200)
        assert other.call("POST", "/alarms/1/seen").status_code == 404
    assert [status for _, _, status in seen(shop)] == [201, 403, 403, 403, 404]
