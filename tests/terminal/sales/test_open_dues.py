# SPDX-License-Identifier: Apache-2.0
"""Open dues are asked about when the stream opens: those that may still be paid, the newest, so many at most."""

import asyncio
from uuid import UUID

import pytest

from offline_queue.values import Page, SaleQuery
from pengpos.core.errors import JournalFullError
from pengpos.core.sale import DueState, Sale, SaleState
from terminal.sales import open_dues as dues_module
from terminal.sales.open_dues import ASKED_MOST, LOOK_BACK_S, OpenDues
from terminal.sales.open_sales import OpenSales
from tests.support.parts import HandClock, SlowJournal, put, run
from workshop.samples import sales as samples


class Bench:
    """Over a journal in memory; questions are only noted."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.journal = SlowJournal(self.clock)
        self.open_sales = OpenSales(self.journal, lambda: None)
        self.asked: list[str] = []
        self._more = asyncio.Event()
        self.dues = OpenDues(self.journal, self.clock, self._ask)

    def _ask(self, sale: Sale) -> None:
        self.asked.append(sale.number)
        self._more.set()

    def declined(self, number: int, state: DueState | None) -> None:
        due = samples.due(state) if state is not None else None
        put(self.open_sales, self.journal, SaleState.DECLINED_AT_SYNC, number, refusal=samples.refusal(due))

    async def opened(self, asks: int) -> list[str]:
        """The stream opens; what was asked by the time `asks` questions have left."""
        asking = asyncio.ensure_future(self.dues.run())
        self.dues.wake()
        async with asyncio.timeout(5):
            while len(self.asked) < asks:
                await self._more.wait()
                self._more.clear()
        asking.cancel()
        await asyncio.wait({asking})
        return self.asked


def test_those_that_may_still_be_paid_are_asked_about_each_time() -> None:
    async def work() -> None:
        bench = Bench()
        for number, state in enumerate([None, *DueState], 2):
            bench.declined(number, state)
        open_and_refused = ["0001-0004", "0001-0003"]  # the newest first
        assert await bench.opened(2) == open_and_refused
        assert await bench.opened(4) == open_and_refused * 2

    run(work())


def test_while_the_journal_cannot_be_read_it_looks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dues_module, "LOOK_AGAIN_S", 0.001)

    async def work() -> None:
        bench = Bench()
        bench.declined(2, DueState.OPEN)
        search, failures = bench.journal.search, [JournalFullError("disk I/O error")] * 2

        def failing(query: SaleQuery) -> Page:
            if failures:
                raise failures.pop()
            return search(query)

        monkeypatch.setattr(bench.journal, "search", failing)
        assert await bench.opened(1) == ["0001-0002"]
        assert failures == []

    run(work())


@pytest.mark.parametrize(("later_s", "asks"), [(LOOK_BACK_S - 60, 1), (LOOK_BACK_S + 60, 0)], ids=["young", "old"])
def test_old_ones_are_left_to_the_events(later_s: int, asks: int) -> None:
    bench = Bench()
    bench.declined(2, DueState.OPEN)
    bench.clock.unix_s += later_s
    assert len(bench.dues._open()) == asks


def test_so_many_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dues_module, "ASKED_MOST", 3)
    bench = Bench()
    for number in range(2, 7):
        bench.declined(number, DueState.OPEN)
    assert [sale.sale_id for sale in bench.dues._open()] == [UUID(int=number) for number in (6, 5, 4)]
    assert ASKED_MOST == 50
