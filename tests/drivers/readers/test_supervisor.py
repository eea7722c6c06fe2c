# SPDX-License-Identifier: Apache-2.0
"""Readers, drivers and listeners fail; the supervisor tells it and goes on. With scripted readers, in milliseconds."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import pytest

from drivers import words
from drivers.readers.supervisor import NO_READER, Pace, ReaderSupervisor
from drivers.simulated.reader import FakeReader
from pengpos.core.errors import ReaderLostError
from pengpos.core.ports import Card, Reader, ReaderHealth, ReaderState
from tests.support.listener import Listener

QUICK = Pace(wait_s=0.01, discover_s=0.01, first_retry_s=0.001, last_retry_s=0.01)


class Bench:
    """Scripted readers on one bench: which are plugged in, and how opening goes."""

    def __init__(self, *names: str) -> None:
        self.readers = {name: FakeReader(name) for name in names}
        self.trouble: Exception | None = None
        self.opened: list[str] = []
        self._news = threading.Condition()

    def discover(self, timeout_s: float) -> Sequence[str]:
        if self.trouble is not None:
            raise self.trouble
        return tuple(self.readers)

    def open(self, name: str) -> Reader:
        with self._news:
            self.opened.append(name)
            self._news.notify_all()
        return self.readers[name].open()

    def until_opened(self, times: int) -> None:
        with self._news:
            assert self._news.wait_for(lambda: len(self.opened) >= times, 10)


@pytest.fixture
def supervise() -> Iterator[Callable[[Listener, Bench], ReaderSupervisor]]:
    running: list[ReaderSupervisor] = []

    def start(listener: Listener, bench: Bench) -> ReaderSupervisor:
        supervisor = ReaderSupervisor(listener, discover=bench.discover, open_reader=bench.open, pace=QUICK)
        supervisor.start()
        running.append(supervisor)
        return supervisor

    yield start
    for supervisor in running:
        assert supervisor.stop()


Supervise = Callable[[Listener, Bench], ReaderSupervisor]
STARTING, READY, LOST = ReaderState.STARTING, ReaderState.READY, ReaderState.LOST


def test_each_reader_starts_and_shows_its_field(supervise: Supervise) -> None:
    listener, bench = Listener(), Bench("left", "right")
    supervise(listener, bench)
    listener.until(lambda heard: min(heard.fields.get("left", 0), heard.fields.get("right", 0)) >= 3)
    assert listener.states("left") == [STARTING, READY]
    bench.readers["right"].insert(lambda command: command + b"\x90\x00")
    listener.until(lambda heard: len(heard.cards["right"]) == 1)
    assert listener.cards["left"] == ()


def test_an_empty_field_rests_until_it_is_to_be_looked_at_again() -> None:
    listener, bench = Listener(), Bench("left", "right")
    pace = replace(QUICK, rest_s=600.0)
    supervisor = ReaderSupervisor(listener, discover=bench.discover, open_reader=bench.open, pace=pace)
    supervisor.start()
    for times in (1, 2, 3):
        listener.until(partial(_have_looked, times=times))
        supervisor.look_again()
    bench.readers["left"].insert(lambda command: command + b"\x90\x00")
    listener.until(lambda heard: len(heard.cards["left"]) == 1)
    there = listener.fields["left"]
    listener.until(lambda heard: heard.fields["left"] >= there + 3)
    bench.readers["left"].remove()
    listener.until(lambda heard: heard.cards["left"] == ())
    assert supervisor.stop(), "a reader that rests ends at once"


def _have_looked(heard: Listener, times: int) -> bool:
    return min(heard.fields.get("left", 0), heard.fields.get("right", 0)) >= times


def test_each_reader_has_a_thread_of_its_own_and_only_one(supervise: Supervise) -> None:
    seen: dict[str, set[int]] = {"left": set(), "right": set()}
    listener = Listener(lambda name, _cards: seen[name].add(threading.get_ident()))
    supervise(listener, Bench("left", "right"))
    listener.until(lambda heard: min(heard.fields.get("left", 0), heard.fields.get("right", 0)) >= 3)
    assert [len(threads) for threads in seen.values()] == [1, 1]
    assert seen["left"] != seen["right"]


def test_a_listener_that_takes_its_time_holds_up_its_own_reader_only(supervise: Supervise) -> None:
    let = threading.Event()

    def dawdle(name: str, _cards: Sequence[Card]) -> None:
        if name == "left":
            let.wait(10)

    listener = Listener(dawdle)
    supervise(listener, Bench("left", "right"))
    listener.until(lambda heard: heard.fields.get("right", 0) >= 5 and heard.fields.get("left", 0) == 1)
    let.set()
    listener.until(lambda heard: heard.fields["left"] > 1)


def test_a_lost_reader_is_told_with_its_cure_and_sells_again(supervise: Supervise) -> None:
    listener, bench = Listener(), Bench("left")
    supervise(listener, bench)
    listener.until_told("left", STARTING, READY)
    bench.readers["left"].lose("it melted", "Buy another")
    listener.until_told("left", STARTING, READY, LOST)
    assert (listener.healths[-1].detail, listener.healths[-1].cure) == ("it melted", "Buy another")
    bench.until_opened(len(bench.opened) + 3)
    assert listener.states("left") == [STARTING, READY, LOST], "failed attempts to open are not news"
    bench.readers["left"].mend()
    listener.until_told("left", STARTING, READY, LOST, READY)
    fields = listener.fields.get("left", 0)
    listener.until(lambda heard: heard.fields.get("left", 0) > fields)


def test_a_dead_slot_is_told_once_however_often_it_opens(supervise: Supervise) -> None:
    """It opens, and cannot be looked at: no coming and going in each sale beside it."""

    class Dead(FakeReader):
        def open(self) -> "Dead":
            self.closed = False
            return self

    listener, bench = Listener(), Bench("good")
    dead = Dead("dead")
    dead.lose("it opens, and that is all", "Leave it out")
    bench.readers = bench.readers | {"dead": dead}
    supervise(listener, bench)
    listener.until_told("good", STARTING, READY)
    listener.until_told("dead", STARTING, LOST)
    bench.until_opened(len(bench.opened) + 3)
    assert listener.states("dead") == [STARTING, LOST]
    assert listener.states("good") == [STARTING, READY]


def test_another_reason_for_being_lost_is_news(supervise: Supervise) -> None:
    listener, bench = Listener(), Bench("left")
    supervise(listener, bench)
    listener.until_told("left", STARTING, READY)
    bench.readers["left"].lose("unplugged")
    listener.until_told("left", STARTING, READY, LOST)
    bench.readers["left"].lose("plugged in, but taken")
    listener.until_told("left", STARTING, READY, LOST, LOST)
    assert listener.healths[-1].detail == "plugged in, but taken"


def test_a_reader_lost_in_the_middle_of_a_tap_is_lost(supervise: Supervise) -> None:
    bench = Bench("left")

    def tap(_name: str, cards: Sequence[Card]) -> None:
        for card in cards:
            bench.readers["left"].lose("pulled out during the tap")
            card.transceive(bytes(5), 1)

    listener = Listener(tap)
    supervise(listener, bench)
    listener.until_told("left", STARTING, READY)
    bench.readers["left"].insert(lambda command: command)
    listener.until_told("left", STARTING, READY, LOST)
    assert listener.healths[-1].detail == "pulled out during the tap"


@pytest.mark.parametrize("error", [KeyError("a bug"), ValueError("another")], ids=repr)
def test_a_listener_that_raises_is_an_alarm_and_the_reader_starts_afresh(
    supervise: Supervise, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    failing = threading.Event()
    failing.set()

    def fail(_name: str, _cards: Sequence[Card]) -> None:
        if failing.is_set():
            raise error

    listener, bench = Listener(fail), Bench("left")
    supervise(listener, bench)
    listener.until(lambda heard: LOST in heard.states("left"))
    failing.clear()
    listener.until(lambda heard: heard.states("left")[-1] == READY)
    fields = listener.fields["left"]
    listener.until(lambda heard: heard.fields["left"] > fields + 1)
    alarm = next(health for health in listener.healths if health.state is LOST)
    assert repr(error) in alarm.detail
    assert alarm.cure
    assert any(record.exc_info for record in caplog.records), "the log has the traceback"


def test_a_listener_that_cannot_hear_bad_news_hears_them_at_the_next_chance(supervise: Supervise) -> None:
    class Deaf(Listener):
        deaf = False

        def health(self, health: ReaderHealth) -> None:
            if self.deaf:
                raise RuntimeError("not listening")
            super().health(health)

    listener, bench = Deaf(), Bench("left")
    supervise(listener, bench)
    listener.until_told("left", STARTING, READY)
    listener.deaf = True
    bench.readers["left"].lose("unplugged")
    opened = len(bench.opened)
    bench.until_opened(opened + 3)
    listener.deaf = False
    listener.until_told("left", STARTING, READY, LOST)


def test_readers_come_and_go(supervise: Supervise) -> None:
    listener, bench = Listener(), Bench("left")
    supervise(listener, bench)
    listener.until_told("left", STARTING, READY)
    right = FakeReader("right")
    bench.readers = bench.readers | {"right": right}
    listener.until_told("right", STARTING, READY)
    bench.readers = {"left": bench.readers["left"]}
    listener.until_told("right", STARTING, READY, LOST)
    assert right.closed
    assert listener.states("left") == [STARTING, READY]
    bench.readers = bench.readers | {"right": right}
    listener.until_told("right", STARTING, READY, LOST, STARTING, READY)


def test_no_reader_at_all_is_told_and_taken_back(supervise: Supervise) -> None:
    listener, bench = Listener(), Bench()
    bench.trouble = ReaderLostError("PC/SC", "pcscd does not run", "Start it")
    supervise(listener, bench)
    listener.until_told(NO_READER, LOST)
    assert (listener.healths[0].detail, listener.healths[0].cure) == ("pcscd does not run", "Start it")
    bench.trouble = None
    listener.until_told(NO_READER, LOST, LOST)
    assert "plugged in" in listener.healths[1].detail
    bench.readers = {"left": FakeReader("left")}
    listener.until_told(NO_READER, LOST, LOST, READY)
    listener.until_told("left", STARTING, READY)


def test_once_a_reader_is_known_it_speaks_for_itself(supervise: Supervise) -> None:
    listener, bench = Listener(), Bench("left")
    supervise(listener, bench)
    listener.until_told("left", STARTING, READY)
    bench.trouble = ReaderLostError("PC/SC", "pcscd does not run", "Start it")
    bench.readers["left"].lose("pcscd does not run", "Start it")
    listener.until_told("left", STARTING, READY, LOST)
    bench.readers["left"].mend()
    listener.until_told("left", STARTING, READY, LOST, READY)
    assert listener.states(NO_READER) == []


def test_a_discovery_that_breaks_is_tried_again(supervise: Supervise, caplog: pytest.LogCaptureFixture) -> None:
    listener, bench = Listener(), Bench("left")
    bench.trouble = RuntimeError("a bug")
    supervise(listener, bench)
    listener.until_told(NO_READER, LOST)
    bench.trouble = None
    listener.until_told("left", STARTING, READY)
    listener.until_told(NO_READER, LOST, READY)
    assert any(record.exc_info for record in caplog.records)


def test_stopping_closes_the_readers_and_ends_the_threads() -> None:
    listener, bench = Listener(), Bench("left", "right")
    supervisor = ReaderSupervisor(listener, discover=bench.discover, open_reader=bench.open, pace=QUICK)
    supervisor.start()
    listener.until(lambda heard: heard.states("left") == heard.states("right") == [STARTING, READY])
    assert supervisor.stop()
    assert [reader.closed for reader in bench.readers.values()] == [True, True]
    assert {thread.name for thread in threading.enumerate()}.isdisjoint({"reader left", "reader right", "readers"})


def test_stopping_ends_in_time_though_a_listener_does_not(caplog: pytest.LogCaptureFixture) -> None:
    let = threading.Event()
    listener, bench = Listener(lambda _name, _cards: _wait(let)), Bench("left")
    supervisor = ReaderSupervisor(listener, discover=bench.discover, open_reader=bench.open, pace=QUICK)
    supervisor.start()
    listener.until(lambda heard: heard.fields.get("left", 0) == 1)
    assert not supervisor.stop(timeout_s=0.1)
    assert "reader left" in caplog.text
    let.set()
    assert supervisor.stop()


def test_stopping_before_the_start_is_no_error() -> None:
    bench = Bench()
    assert ReaderSupervisor(Listener(), discover=bench.discover, open_reader=bench.open).stop()


@pytest.mark.parametrize(("failures", "rest_s"), [(1, 0.1), (2, 0.2), (3, 0.4), (5, 1.6), (6, 2.0), (1000, 2.0)])
def test_the_rests_between_attempts_grow_to_two_seconds(failures: int, rest_s: float) -> None:
    assert Pace().retry_s(failures) == pytest.approx(rest_s)


def _wait(let: threading.Event) -> None:
    let.wait(20)


class _Stuck:
    """A driver's call that does not come back until it may."""

    def __init__(self) -> None:
        self.is_on = False
        self.may_come_back = threading.Event()

    def pass_through(self) -> None:
        if self.is_on:
            self.may_come_back.wait()


class _StuckReader:
    def __init__(self, inner: Reader, stuck: _Stuck) -> None:
        self.name = inner.name
        self._inner, self._stuck = inner, stuck

    def wait(self, timeout_s: float) -> Sequence[Card]:
        self._stuck.pass_through()
        return self._inner.wait(timeout_s)

    def close(self) -> None:
        self._inner.close()


HUNG = words.HANGS.said()


@pytest.mark.parametrize("hangs_in", ["wait", "open"])
def test_a_reader_whose_driver_does_not_come_back_is_lost_until_it_does(hangs_in: str) -> None:
    listener, bench, stuck = Listener(), Bench("left"), _Stuck()

    def open_reader(name: str) -> Reader:
        if hangs_in == "open":
            stuck.pass_through()
        return _StuckReader(bench.open(name), stuck)

    stuck.is_on = hangs_in == "open"
    pace = replace(QUICK, hung_s=0.02)
    supervisor = ReaderSupervisor(listener, discover=bench.discover, open_reader=open_reader, pace=pace)
    supervisor.start()
    if hangs_in == "wait":
        listener.until(lambda heard: heard.states("left")[-1:] == [READY])
        stuck.is_on = True
    listener.until(lambda heard: HUNG in heard.details("left"))
    stuck.is_on = False
    stuck.may_come_back.set()
    listener.until(lambda heard: heard.states("left")[-1] is READY)
    assert supervisor.stop()


def test_a_search_that_does_not_come_back_is_no_reader_that_is_ready() -> None:
    listener, bench, stuck = Listener(), Bench("left"), _Stuck()
    stuck.is_on = True

    def discover(timeout_s: float) -> Sequence[str]:
        stuck.pass_through()
        return bench.discover(timeout_s)

    pace = replace(QUICK, hung_s=0.02)
    supervisor = ReaderSupervisor(listener, discover=discover, open_reader=bench.open, pace=pace)
    supervisor.start()
    listener.until(lambda heard: HUNG in heard.details(NO_READER))
    stuck.is_on = False
    stuck.may_come_back.set()
    listener.until(lambda heard: heard.states(NO_READER)[-1] is READY and heard.states("left")[-1:] == [READY])
    assert supervisor.stop()
