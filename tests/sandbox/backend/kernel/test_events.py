# SPDX-License-Identifier: Apache-2.0
"""The event stream (backend API): what is told, that it resumes, and that it says it is alive."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

import pytest
from sqlalchemy import event

from sandbox.backend.kernel import events, limits
from sandbox.backend.records.database import Database
from sandbox.backend.records.tables import EventKind
from tests.support.backend import Shop
from tests.support.event_streams import stream, take
from tests.support.replaced_key import replace_key
from tests.support.request_signing import Signing


def test_each_change_of_status_is_told(real_shop: Shop) -> None:
    till, wallet = real_shop.till(), real_shop.wallet()
    sale = till.sale(18_80)
    till.put(sale)
    with stream(till) as source:
        wallet.call("POST", f"/intents/{sale.intent_id}/claim")
        (claimed,) = take(source, 1)
        wallet.call("POST", f"/intents/{sale.intent_id}/pay")
        paid = take(source, 2)
    assert (claimed[0], claimed[1]["status"], claimed[1]["intent_id"]) == ("intent", "claimed", sale.intent_id)
    assert [(kind, data["status"]) for kind, data in paid] == [("payment", "approved"), ("intent", "approved")]
    assert paid[0][1]["receipt"] == paid[1][1]["payment"]["receipt"]


def test_a_stream_resumes_where_it_broke_off(real_shop: Shop) -> None:
    till, wallet = real_shop.till(), real_shop.wallet()
    with stream(till, "0") as source:
        till.pay(till.sale(1_00), wallet)
        seen = [event.id for event in islice(source, 2)]
    till.pay(till.sale(2_00), wallet)
    with stream(till, seen[0]) as source:
        resumed = [(event.id, event.event) for event in islice(source, 3)]
    assert seen == ["1", "2"]
    assert resumed == [("2", "intent"), ("3", "payment"), ("4", "intent")]


def test_what_is_older_than_a_week_is_forgotten_and_the_stream_says_where_it_begins(real_shop: Shop) -> None:
    till, wallet = real_shop.till(), real_shop.wallet()
    backend = real_shop.backend
    till.pay(till.sale(1_00), wallet)
    real_shop.clock.advance(events.KEPT_S)
    till.pay(till.sale(2_00), wallet)
    real_shop.sweep()
    assert events.place(backend, till.terminal_id, 1) == 1, "not older than a week"
    real_shop.clock.advance(10)
    real_shop.sweep()
    begins = [events.place(backend, till.terminal_id, named) for named in (None, 0, 1, 3, 9)]
    assert begins == [4, 2, 2, 3, 4]
    with stream(till, "0") as source:
        assert [event.id for event in islice(source, 2)] == ["3", "4"]
    real_shop.clock.advance(events.KEPT_S)
    real_shop.sweep()
    assert events.place(backend, till.terminal_id, 0) == 4, "nothing is left"


def test_nobody_hears_of_anothers(real_shop: Shop) -> None:
    till, other, wallet = real_shop.till(), real_shop.till(), real_shop.wallet()
    with stream(till) as source:
        other.pay(other.sale(1_00), wallet)
        real_shop.operator.call("POST", f"/terminals/{till.terminal_id}/commands", {"command": "diagnose"})
        assert take(source, 1) == [("command", {"command": "diagnose"})]


def test_config_and_denylist_are_told_to_those_below(real_shop: Shop) -> None:
    till = real_shop.till()
    with stream(till) as source:
        real_shop.operator.call("PUT", "/stores/S-0001/settings", {"languages": ["en"]})
        real_shop.operator.call("POST", "/denylist", {"kid": "AAAAAAAAAAA"})
        assert take(source, 2) == [("config", {"reason": "settings"}), ("denylist", {"version": 1})]


def test_lapses_are_told(real_shop: Shop) -> None:
    till, wallet = real_shop.till(), real_shop.wallet()
    sale = till.sale(1_00)
    till.put(sale)
    wallet.call("POST", f"/intents/{sale.intent_id}/claim")
    with stream(till) as source:
        real_shop.clock.advance(60)
        real_shop.sweep()
        real_shop.clock.advance(400)
        real_shop.sweep()
        assert [data["status"] for _, data in take(source, 2)] == ["created", "expired"]


def test_a_comment_says_that_it_is_alive(real_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert events.COMMENT_EVERY_S == 10.0
    monkeypatch.setattr(events, "COMMENT_EVERY_S", 0.01)
    till = real_shop.till()
    request = till.request("GET", "/terminal/events")
    Signing(signer=till.key, created=till.clock.now()).apply(request)
    response = real_shop.http.send(request, stream=True)
    assert response.headers["x-accel-buffering"] == "no"  # a proxy that would hold it back is asked not to
    assert response.headers["cache-control"] == "no-store, no-transform"
    lines = list(islice(response.iter_lines(), 5))
    response.close()
    assert [line for line in lines if line] == [": welcome", "id: 0", ": still here"]


@contextmanager
def statements(shop: Shop) -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(shop.backend.db.engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(shop.backend.db.engine, "before_cursor_execute", note)


def test_a_stream_at_rest_asks_the_database_nothing(real_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "COMMENT_EVERY_S", 0.01)
    till = real_shop.till()
    request = till.request("GET", "/terminal/events")
    Signing(signer=till.key, created=till.clock.now()).apply(request)
    response = real_shop.http.send(request, stream=True)
    lines = (line for line in response.iter_lines() if line == ": still here")
    next(lines)
    with statements(real_shop) as said:
        assert len(list(islice(lines, 5))) == 5
    response.close()
    assert [one for one in said if "FROM events" in one] == []


def test_what_another_process_has_left_is_seen_with_one_look_for_all_streams(
    real_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    tills = [real_shop.till() for _ in range(5)]
    other = Database(real_shop.backend.db.engine.url.render_as_string(hide_password=False))  # rings no bell here
    with ExitStack() as streams:
        sources = [streams.enter_context(stream(till)) for till in tills]
        for number, till in enumerate(tills):
            told = {"command": "diagnose", "number": number}
            other.write(partial(events.emit, terminal_id=till.terminal_id, kind=EventKind.COMMAND, data=told, at=0))
        monkeypatch.setattr(events, "_ASKED_AT_ONCE", 3)
        with statements(real_shop) as said:
            events.look(real_shop.backend)
        assert sum("FROM terminals" in one for one in said) == 2
        assert [take(source, 1)[0][1]["number"] for source in sources] == [0, 1, 2, 3, 4]
    other.close()


def test_no_stream_no_look(shop: Shop) -> None:
    with statements(shop) as said:
        events.look(shop.backend)
    assert said == []


@pytest.mark.parametrize(
    ("asked", "behind"),
    [(None, 2), ("0", 0), ("1", 1), ("2", 2), ("3", 2), ("9" * 18, 2)],
    ids=["nothing", "the very first", "before the newest", "the newest", "one too many", "a backend put back"],
)
def test_it_begins_with_the_id_behind_which_it_begins(real_shop: Shop, asked: str | None, behind: int) -> None:
    till = real_shop.till()
    till.pay(till.sale(1_00), real_shop.wallet())
    request = till.request("GET", "/terminal/events", headers={} if asked is None else {"Last-Event-ID": asked})
    Signing(signer=till.key, created=till.clock.now()).apply(request)
    response = real_shop.http.send(request, stream=True)
    lines = list(islice(response.iter_lines(), 3))
    response.close()
    assert lines == [": welcome", "", f"id: {behind}"]


@pytest.mark.parametrize("last_event_id", ["x", "-1", "9" * 30, ""])
def test_an_id_that_we_never_gave_is_refused(shop: Shop, last_event_id: str) -> None:
    till = shop.till()
    request = till.request("GET", "/terminal/events", headers={"Last-Event-ID": last_event_id})
    Signing(signer=till.key, created=till.clock.now()).apply(request)
    assert shop.http.send(request).status_code == 422


def test_one_stream_too_many_of_a_terminal_ends_its_oldest(real_shop: Shop) -> None:
    till = real_shop.till()
    with ExitStack() as streams:
        oldest = streams.enter_context(stream(till))
        newer = [streams.enter_context(stream(till)) for _ in range(limits.STREAMS_OF_TERMINAL.most)]
        assert list(oldest) == []
        till.pay(till.sale(1_00), real_shop.wallet())
        assert all(take(one, 1) for one in newer)


def test_one_stream_too_many_in_all_is_ended(real_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "STREAMS", limits.Limit("event streams", 1))
    with stream(real_shop.till()), stream(real_shop.till()) as second:
        assert list(second) == []


def alarms(shop: Shop) -> list[str]:
    return [kind for kind in shop.operator.alarms() if kind == "second_stream"]


@pytest.mark.parametrize("named", ["of-the-copy", None], ids=["another name", "no name, as of 1.1"])
def test_a_copy_that_listens_along_is_an_alarm_and_the_true_terminal_hears_on(
    real_shop: Shop, named: str | None
) -> None:
    till, wallet = real_shop.till(), real_shop.wallet()
    with ExitStack() as streams:
        first = streams.enter_context(stream(till, process="of-the-card"))
        copy = streams.enter_context(stream(till, process=named))
        assert list(first) == []  # it is ended once, to see whether it comes back
        assert alarms(real_shop) == []
        again = streams.enter_context(stream(till, process="of-the-card"))
        assert take(again, 1)[0][1]["kind"] == "second_stream"
        assert alarms(real_shop) == ["second_stream"]
        assert take(copy, 1)[0][1]["kind"] == "second_stream"  # from now on no stream is ended, and no alarm repeated
        streams.enter_context(stream(till, process=named))
        sale = till.sale(18_80)
        till.pay(sale, wallet)
        assert take(again, 1)[0][1]["intent_id"] == sale.intent_id
    assert alarms(real_shop) == ["second_stream"]
    assert till.refund(sale).json()["state"] == "held"


def test_a_terminal_that_reconnects_or_starts_again_is_no_copy(real_shop: Shop) -> None:
    till = real_shop.till()
    with ExitStack() as streams:
        for process in ("first", "first", "second", "second", "third", None, None):
            streams.enter_context(stream(till, process=process))
    assert alarms(real_shop) == []


def test_the_name_of_a_process_is_short_and_plain(real_shop: Shop) -> None:
    till = real_shop.till()
    for process in ("", "x" * 33, "a b"):
        request = till.request("GET", "/terminal/events", headers={"Pengpos-Process": process})
        Signing(signer=till.key, created=till.clock.now()).apply(request)
        assert till.http.send(request).status_code == 422


def test_a_key_that_was_replaced_hears_nothing_more(real_shop: Shop) -> None:
    till = real_shop.till()
    copy = replace(till)
    with stream(copy, process="of-a-copy") as source:
        replace_key(real_shop, till)
        till.put(sale := till.sale(18_80))
        real_shop.wallet().call("POST", f"/intents/{sale.intent_id}/pay")
        assert [kind for kind, _ in take(source, 100)] == ["alarm"]  # of the new key, before it was let in
