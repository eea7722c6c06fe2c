# SPDX-License-Identifier: Apache-2.0
"""A reader's field is written by that reader's thread only. The `bench` holds every test to it; this one holds that."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pengpos.core.ports import Transceive
from terminal.taps.field_events import TapEvent
from terminal.taps.fields import Fields
from tests.support.loop_thread import LoopThread
from tests.support.writers import Writers
from tests.terminal.taps.tap_bench import OFFER, REPLY, Bench, ConversingPhone, Phone


class InTheDriversThread(Fields):
    """Keeps what a conversation makes of a field while it is under way."""

    def _take(self, tap: Any, event: TapEvent) -> None:
        super()._take(tap, event)
        self._states[tap.reader] = tap.state


class InTheOtherReadersThread(Fields):
    """Marks all fields, where one finds two phones."""

    def _approach(self, tap: Any, transceive: Transceive | None = None) -> Any:
        presented = super()._approach(tap, transceive)
        for name, state in list(self._states.items()):
            self._states[name] = state
        return presented


class Counting(Fields):
    """Counts the looks of all readers in one attribute."""

    looks = 0

    def field(self, reader: str, cards: Any) -> None:
        super().field(reader, cards)
        self.looks += 1


MakeBench = Callable[[type[Fields]], tuple[Bench, Writers]]


@pytest.fixture
def make_bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeBench]:
    loop = LoopThread()
    made: list[Bench] = []

    def make(kind: type[Fields]) -> tuple[Bench, Writers]:
        writers = Writers(monkeypatch)
        writers.watch(kind)
        made.append(Bench(loop, writers, kind))
        return made[-1], writers

    yield make
    for bench in made:
        bench.close()
    loop.close()


def taps_at_two_readers(bench: Bench) -> None:
    bench.judge.receipt = None
    bench.armed_and_empty("one", "two")
    assert bench.see([ConversingPhone()], "one") == [("judge", OFFER, REPLY)]
    bench.see([], "one")
    assert bench.see([Phone()], "two") == [("judge", OFFER, REPLY)]


def test_each_field_is_written_by_its_reader(make_bench: MakeBench) -> None:
    bench, writers = make_bench(Fields)
    taps_at_two_readers(bench)
    assert {("Fields._states", "one"), ("Fields._states", "two")} <= writers.written
    assert writers.shared() == {}


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        (InTheDriversThread, ("Fields._states", "one")),
        (InTheOtherReadersThread, ("Fields._states", "one")),
        (Counting, ("Counting", "looks")),
    ],
)
def test_one_that_another_thread_writes_is_found(
    make_bench: MakeBench, kind: type[Fields], place: tuple[str, str]
) -> None:
    bench, writers = make_bench(kind)
    taps_at_two_readers(bench)
    assert place in writers.shared()
