# SPDX-License-Identifier: Apache-2.0
"""The running terminal never waits for the disk on its loop: every read of the journal is in a thread meant for it."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from offline_queue import sync
from offline_queue.journal.reader import JournalReader
from offline_queue.values import QueueEntry
from pengpos.core.errors import JournalMediumError
from sandbox.phone.phone import VirtualPhone
from terminal.device.executor import REPORTS_MOST
from tests.support.counter import Counter, until

LOOP = "test loop"
"""The thread of `LoopThread`."""


class Reads:
    """In which thread the journal was read, and which files were opened on the loop."""

    def __init__(self) -> None:
        self.threads: set[str] = set()
        self.opened: list[str] = []


_watching: list[Reads] = []


def _hear(event: str, args: tuple[object, ...]) -> None:
    if event == "open" and _watching and threading.current_thread().name == LOOP:
        _watching[-1].opened.append(str(args[0]))


sys.addaudithook(_hear)  # cannot be taken away again; it hears nothing while nothing watches


_READS = ("_sales", "_row", "_query")
"""Through these three every read of the journal's tables goes."""


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reads]:
    reads = Reads()

    def noting(read: Callable[..., object]) -> Callable[..., object]:
        def noted(reader: JournalReader, *arguments: object) -> object:
            reads.threads.add(threading.current_thread().name)
            return read(reader, *arguments)

        return noted

    with monkeypatch.context() as patch:
        for name in _READS:
            patch.setattr(JournalReader, name, noting(getattr(JournalReader, name)))
        _watching.append(reads)
        try:
            yield reads
        finally:
            _watching.remove(reads)


def tap(counter: Counter, phone: VirtualPhone) -> None:
    counter.tap(counter.present("18.80"), phone, "approved")


def tap_offline(counter: Counter, phone: VirtualPhone) -> None:
    counter.lose_the_backend()
    counter.tap(counter.present("18.80"), phone, "accepted_offline")


def start_and_cancel(counter: Counter, _phone: VirtualPhone) -> None:
    counter.tell(counter.charge("18.80"), "cancel")


def look_back(counter: Counter, phone: VirtualPhone) -> None:
    """A sale that is over and no longer current is in the journal only; so is what its key once asked for."""
    over = counter.tap(counter.present("18.80"), phone, "approved")
    counter.tell(counter.charge("1.00"), "cancel")
    assert counter.sale(over).state == "approved"
    assert counter.call("POST", f"/v1/sales/{over.id}/refunds", REFUND).status_code == 201


def enter_a_code(counter: Counter, _phone: VirtualPhone) -> None:
    sale = counter.present("18.80")
    counter.refused("POST", f"/v1/sales/{sale.id}/confirmation-code", {"code": "12345678"})


def call(method: str, path: str, status: int = 200) -> Callable[[Counter, VirtualPhone], None]:
    def calls(counter: Counter, _phone: VirtualPhone) -> None:
        assert counter.call(method, path).status_code == status

    return calls


def look_after(counter: Counter, _phone: VirtualPhone) -> None:
    """Policy, denylist, heartbeat and credential, once."""
    counter._loop.run(counter.terminal._upkeep.refresh())


REFUND = {"idempotency_key": "r1", "reason": "returned", "amount": 100}

DONE = [
    pytest.param(tap, {"tap_0"}, id="a tap"),
    pytest.param(tap_offline, {"tap_0"}, id="a tap without a backend"),
    pytest.param(start_and_cancel, set(), id="a sale's start and its end"),
    pytest.param(look_back, set(), id="a sale that is over, and its refund"),
    pytest.param(enter_a_code, set(), id="a confirmation code"),
    pytest.param(call("GET", "/v1/status"), {"lists_0"}, id="status"),
    pytest.param(call("GET", "/v1/day"), {"lists_0"}, id="day"),
    pytest.param(call("POST", "/v1/day/close"), {"lists_0"}, id="day close"),
    pytest.param(call("GET", "/v1/sales?limit=200"), {"lists_0"}, id="a list"),
    pytest.param(call("GET", "/v1/queue"), {"lists_0"}, id="the queue"),
    pytest.param(call("GET", "/v1/queue/export"), {"reports_0"}, id="the export"),
    pytest.param(call("POST", "/v1/queue/sync", 202), set(), id="sync"),
    pytest.param(call("POST", "/v1/alarms/none/seen", 404), set(), id="an alarm"),
    pytest.param(look_after, set(), id="upkeep and heartbeat"),
]


@pytest.mark.parametrize(("act", "among"), DONE)
def test_nothing_is_read_on_the_loop(
    counter: Counter,
    phone: VirtualPhone,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[Counter, VirtualPhone], None],
    among: set[str],
) -> None:
    with watched(monkeypatch) as reads:
        act(counter, phone)
        counter.until_status(bool)
    assert LOOP not in reads.threads
    assert reads.threads >= among
    assert reads.opened == []


def test_the_watch_would_notice(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    async def read() -> None:
        counter.journal.head()
        counter.home.enrolment.read_bytes()

    with watched(monkeypatch) as reads:
        counter._loop.run(read())
    assert LOOP in reads.threads
    assert reads.opened == [str(counter.home.enrolment)]


def test_a_tap_waits_for_no_list_and_no_report(counter: Counter, phone: VirtualPhone) -> None:
    """Both threads are held up for as long as a phone is there; the sale is approved all the same."""
    let_go = threading.Event()
    executors = counter.terminal._device.executors
    loop = counter._loop.loop
    for executor in (executors.lists, executors.reports):
        loop.call_soon_threadsafe(executor.start, lambda: _hold(let_go))
    try:
        sale = counter.tap(counter.present("18.80"), phone, "approved")
    finally:
        let_go.set()
    until(lambda: counter.status.sale is not None, "a snapshot")
    assert counter.booked == [sale.total]


def test_more_reports_than_may_wait_are_refused_and_nothing_is_wrong(counter: Counter) -> None:
    """With the words for it: a terminal that is asked too much has no trouble with its storage."""
    let_go = threading.Event()
    reports, loop = counter.terminal._device.executors.reports, counter._loop.loop
    for _ in range(REPORTS_MOST):
        loop.call_soon_threadsafe(reports.start, lambda: _hold(let_go))
    try:
        problem = counter.refused("GET", "/v1/queue/export")
    finally:
        let_go.set()
    assert (problem.status, problem.code) == (503, "too_many_calls")
    assert "Ask again in a moment" in problem.detail
    assert counter.status.alarms == []


def _hold(let_go: threading.Event) -> None:
    assert let_go.wait(20)


def test_a_queue_that_cannot_be_read_is_an_alarm_until_it_is_sent(
    counter: Counter, phone: VirtualPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "JOURNAL_RETRY_S", 0.05)
    counter.lose_the_backend()
    sale = counter.tap(counter.present("18.80"), phone, "accepted_offline")
    with monkeypatch.context() as failing:

        def unreadable(_reader: JournalReader, limit: int = 200) -> list[QueueEntry]:
            raise JournalMediumError(f"journal.db: {limit} rows: Input/output error", "Replace the card")

        failing.setattr(JournalReader, "queue_entries", unreadable)
        counter.road.clear()
        counter.until_status(lambda status: status.link.online)
        counter.sync()
        shown = counter.until_status(lambda status: status.alarms)
        assert [alarm.kind for alarm in shown.alarms] == ["journal"]
        assert counter.booked == []
    counter.until(sale, "approved")
    counter.until_status(lambda status: status.alarms == [])
    assert counter.booked == [18_80]
