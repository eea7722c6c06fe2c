# SPDX-License-Identifier: Apache-2.0
"""Each call as what it posts to the daemon, at a real socket."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pengpos.client import ApiProblem, DaemonAway, LocalClient, Problem, SalesPage
from tests.ui.fake_daemon import FakeDaemon
from ui.state.calls import (
    AlarmSeen,
    AsOperator,
    Call,
    CloseDay,
    GiveBack,
    Pin,
    ReadSale,
    ReadSales,
    SaleCall,
    SendCode,
    StartSale,
    Sync,
    Verb,
    is_of_office,
    perform,
)
from workshop.samples.office import REPORT
from workshop.samples.screens import SALE_ID, online, sale

SALE = f"sales/{SALE_ID}"
POSTED: dict[Call, tuple[str, dict[str, object]]] = {
    StartSale(1880, "CNY", "key-1"): ("sales", {"idempotency_key": "key-1", "amount": 1880, "currency": "CNY"}),
    SaleCall(SALE_ID, Verb.AGAIN): (f"{SALE}/again", {}),
    SaleCall(SALE_ID, Verb.CANCEL): (f"{SALE}/cancel", {"reason": "merchant"}),
    SaleCall(SALE_ID, Verb.PARK): (f"{SALE}/park", {}),
    SaleCall(SALE_ID, Verb.ACCEPT_OFFLINE): (f"{SALE}/accept-offline", {}),
    SendCode(SALE_ID, "40271593"): (f"{SALE}/confirmation-code", {"code": "40271593"}),
    Sync(): ("queue/sync", {}),
    AlarmSeen("7"): ("alarms/7/seen", {}),
    GiveBack(SALE_ID, 500, "退货", "key-2"): (
        f"{SALE}/refunds",
        {"idempotency_key": "key-2", "reason": "退货", "amount": 500},
    ),
    GiveBack(SALE_ID, None, "退货", "key-2"): (f"{SALE}/refunds", {"idempotency_key": "key-2", "reason": "退货"}),
    CloseDay("2026-11-21"): ("day/close", {"date": "2026-11-21"}),
}


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[FakeDaemon]:
    with FakeDaemon(tmp_path / "t.sock", online(sale("presented", "cancel"))) as running:
        yield running


@pytest.mark.parametrize(("call", "posted"), POSTED.items(), ids=str)
def test_a_call_posts_what_the_local_api_asks_for(
    call: Call, posted: tuple[str, dict[str, object]], daemon: FakeDaemon
) -> None:
    path, body = posted
    with LocalClient(daemon.socket_path) as client:
        perform(client, call)
    ((called, sent),) = daemon.calls
    assert called == path
    assert {name: value for name, value in sent.items() if name in body or value not in (None, 0, "", [], {})} == body


AS_OPERATOR: list[Call] = [
    call for call in POSTED if isinstance(call, SaleCall | SendCode | AlarmSeen | GiveBack | CloseDay)
]


@pytest.mark.parametrize("call", AS_OPERATOR, ids=str)
def test_an_operator_signs_in_for_one_call_and_out_again(call: Call, daemon: FakeDaemon) -> None:
    with LocalClient(daemon.socket_path) as client:
        perform(client, AsOperator(call, Pin("4711")))
    assert [path for path, _ in daemon.calls] == ["operators/session", POSTED[call][0], "operators/session"]
    assert daemon.calls[0][1] == {"pin": "4711", "operator_id": None}
    assert daemon.tokens == [None, "Bearer token of m-1", "Bearer token of m-1"]


def test_a_wrong_pin_makes_no_call(daemon: FakeDaemon) -> None:
    daemon.refuse = Problem(title="Unprocessable Entity", status=422, code="wrong_pin", tries_left=9)
    with LocalClient(daemon.socket_path) as client, pytest.raises(ApiProblem):
        perform(client, AsOperator(SaleCall(SALE_ID, Verb.CANCEL), Pin("0000")))
    assert [path for path, _ in daemon.calls] == ["operators/session"]


def test_an_operator_is_signed_out_of_a_call_that_was_refused(daemon: FakeDaemon) -> None:
    def refuse_the_next(path: str) -> None:
        if path == "operators/session" and len(daemon.calls) == 1:
            daemon.refuse = Problem(title="Conflict", status=409, code="not_now")

    daemon.on_call = refuse_the_next
    with LocalClient(daemon.socket_path) as client, pytest.raises(ApiProblem, match="not_now"):
        perform(client, AsOperator(SaleCall(SALE_ID, Verb.CANCEL), Pin("4711")))
    assert [path for path, _ in daemon.calls] == ["operators/session", f"{SALE}/cancel", "operators/session"]


def test_every_verb_is_in_the_table() -> None:
    assert {call.verb for call in POSTED if isinstance(call, SaleCall)} == set(Verb)


def test_equal_calls_are_one_call() -> None:
    assert SaleCall(SALE_ID, Verb.PARK) == SaleCall(SALE_ID, Verb.PARK)
    assert SaleCall(SALE_ID, Verb.PARK) != SaleCall(SALE_ID, Verb.CANCEL)
    assert StartSale(1880, "CNY", "key-1") != StartSale(1880, "CNY", "key-2")


def test_a_refusal_differs_from_silence(daemon: FakeDaemon) -> None:
    with LocalClient(daemon.socket_path) as client:
        daemon.refuse = Problem(title="Conflict", status=409, code="busy")
        with pytest.raises(ApiProblem, match="busy"):
            perform(client, Sync())
        daemon.stop()
        with pytest.raises(DaemonAway):
            perform(client, Sync())


READ: dict[Call, object] = {ReadSale(SALE_ID): sale("presented", "cancel"), CloseDay("2026-11-21"): REPORT}


@pytest.mark.parametrize(("call", "found"), READ.items(), ids=str)
def test_what_a_call_finds_is_handed_on(call: Call, found: object, daemon: FakeDaemon) -> None:
    with LocalClient(daemon.socket_path) as client:
        assert perform(client, call) == found
        assert perform(client, AsOperator(call, Pin("4711"))) == found


@pytest.mark.parametrize(("before", "asked"), [(None, {}), (7, {"before": "7"})])
def test_a_page_of_the_history(before: int | None, asked: dict[str, str], daemon: FakeDaemon) -> None:
    with LocalClient(daemon.socket_path) as client:
        page = perform(client, ReadSales("2026-11-21", before, 8))
    assert page == SalesPage(sales=[sale("presented", "cancel")], next=7)
    assert daemon.searches == [{"date": "2026-11-21", "limit": "8"} | asked]


@pytest.mark.parametrize("call", [*POSTED, *READ, ReadSales("2026-11-21", None, 8)], ids=str)
def test_no_sale_waits_behind_what_is_only_looked_up(call: Call) -> None:
    expected = isinstance(call, GiveBack | CloseDay | ReadSale | ReadSales)
    assert is_of_office(call) is expected
    assert is_of_office(AsOperator(call, Pin("4711"))) is expected
