# SPDX-License-Identifier: Apache-2.0
"""The open_sales: durable before told, told before carried out, and one sale at the counter."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from pengpos.core.effects import Arm
from pengpos.core.errors import JournalError, JournalFullError
from pengpos.core.events import AgainAsked, CancelAsked, FieldEmpty, Prompted, SignedAgain
from pengpos.core.sale import CancelReason, Prompt, Sale, SaleState
from terminal.sales.open_sales import OpenSales, UnknownSaleError
from tests.support.parts import HandClock, Sink, SlowJournal, put, run, until
from workshop.samples import sales as samples

NOON = samples.NOON
EMPTY = FieldEmpty(at=NOON)
GIVEN_UP = CancelAsked(at=NOON, reason=CancelReason.CUSTOMER)


class Bench:
    """Open sales over a journal in memory."""

    def __init__(self) -> None:
        self.journal = SlowJournal(HandClock())
        self.sink = Sink()
        self.changes = 0
        self.medium: list[str | None] = []
        self.open_sales = OpenSales(
            self.journal, self._changed, lambda trouble: self.medium.append(str(trouble) if trouble else None)
        )
        self.open_sales.attach(self.sink)

    def _medium(self, trouble: JournalError | None) -> None:
        self.medium.append(str(trouble) if trouble else None)

    def _changed(self) -> None:
        self.changes += 1

    def new(self) -> Sale:
        number = self.journal.next_counter()
        return samples.sale_in(SaleState.SIGNED, intent__epoch=number.epoch, intent__counter=number.counter)


def test_a_new_sale_is_durable_before_it_is_there() -> None:
    async def work() -> None:
        bench = Bench()
        bench.journal.slow = True
        sale = bench.new()
        opening = asyncio.ensure_future(bench.open_sales.open(sale, "test"))
        await until(lambda: bool(bench.journal.held))
        assert (bench.open_sales.current, bench.sink.effects, bench.changes) == (None, [], 0)
        bench.journal.let_through()
        await opening
        assert bench.open_sales.current == sale
        assert bench.sink.effects == [(sale.number, Arm())]

    run(work())


def test_a_step_is_durable_before_it_is_shown_or_carried_out() -> None:
    async def work() -> None:
        bench = Bench()
        sale = put(bench.open_sales, bench.journal, SaleState.PRESENTED)
        bench.journal.slow = True
        applying = asyncio.ensure_future(bench.open_sales.apply(sale.sale_id, GIVEN_UP))
        await until(lambda: bool(bench.journal.held))
        assert (await bench.open_sales.find(sale.sale_id)).state is SaleState.PRESENTED
        assert bench.sink.effects == []
        bench.journal.let_through()
        await applying
        assert (await bench.open_sales.find(sale.sale_id)).state is SaleState.CANCELLED
        assert bench.sink.kinds == ["Disarm"]

    run(work())


def test_what_only_the_screen_shows_is_not_written() -> None:
    async def work() -> None:
        bench = Bench()
        sale = put(bench.open_sales, bench.journal, SaleState.PRESENTED)
        rows = bench.journal.head().seq
        await bench.open_sales.apply(sale.sale_id, Prompted(at=NOON, prompt=Prompt.CONFIRM))
        assert (await bench.open_sales.find(sale.sale_id)).prompt is Prompt.CONFIRM
        assert bench.journal.head().seq == rows

    run(work())


def test_whoever_asked_may_go_the_change_is_made_and_shown() -> None:
    async def work() -> None:
        bench = Bench()
        sale = put(bench.open_sales, bench.journal, SaleState.PRESENTED)
        bench.journal.slow = True
        applying = asyncio.ensure_future(bench.open_sales.apply(sale.sale_id, GIVEN_UP))
        await until(lambda: bool(bench.journal.held))
        applying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await applying
        assert not bench.journal.held[0][1].cancelled()  # else the journal's thread would break on it
        bench.journal.let_through()
        await until(lambda: bench.sink.kinds == ["Disarm"])

    run(work())


def test_whoever_opened_a_sale_may_go_it_is_there() -> None:
    async def work() -> None:
        bench = Bench()
        bench.journal.slow = True
        opening = asyncio.ensure_future(bench.open_sales.open(bench.new(), "test"))
        await until(lambda: bool(bench.journal.held))
        opening.cancel()
        bench.journal.let_through()
        await until(lambda: bench.open_sales.current is not None)
        with pytest.raises(asyncio.CancelledError):
            await opening
        assert bench.open_sales.current is not None
        assert bench.open_sales.current.state is SaleState.SIGNED

    run(work())


def test_a_medium_that_takes_nothing_is_told_once_and_nothing_has_changed() -> None:
    async def work() -> None:
        bench = Bench()
        sale = put(bench.open_sales, bench.journal, SaleState.PRESENTED)
        bench.journal.failure = JournalFullError("the medium is full")
        for _ in range(3):
            with pytest.raises(JournalFullError):
                await bench.open_sales.apply(sale.sale_id, GIVEN_UP)
        assert (await bench.open_sales.find(sale.sale_id)).state is SaleState.PRESENTED
        assert bench.medium == ["the medium is full"]
        bench.journal.failure = None
        await bench.open_sales.apply(sale.sale_id, GIVEN_UP)
        assert bench.medium == ["the medium is full", None]

    run(work())


def test_an_unknown_sale() -> None:
    async def work() -> None:
        bench = Bench()
        with pytest.raises(UnknownSaleError):
            await bench.open_sales.apply(UUID(int=9), EMPTY)

    run(work())


def test_of_several_events_all_are_taken_or_none() -> None:
    async def work() -> None:
        bench = Bench()
        sale = put(bench.open_sales, bench.journal, SaleState.PRESENTED)
        with pytest.raises(UnknownSaleError):
            await bench.open_sales.apply_all([(sale.sale_id, GIVEN_UP), (UUID(int=9), EMPTY)])
        assert (await bench.open_sales.find(sale.sale_id)).state is SaleState.PRESENTED
        assert bench.sink.effects == []

    run(work())


def test_a_closed_desk_changes_nothing_more() -> None:
    async def work() -> None:
        bench = Bench()
        sale = put(bench.open_sales, bench.journal, SaleState.PRESENTED)
        await bench.open_sales.close()
        with pytest.raises(JournalError):
            await bench.open_sales.apply(sale.sale_id, GIVEN_UP)

    run(work())


# --- who is at the counter --------------------------------------------------------------------------------------------

RESTORED = [
    ([SaleState.PRESENTED], 0),
    ([SaleState.UNKNOWN, SaleState.PRESENTED], 1),
    ([SaleState.PRESENTED, SaleState.UNKNOWN], 0),
    ([SaleState.UNKNOWN, SaleState.UNKNOWN], 1),
    ([SaleState.ACCEPTED_OFFLINE], None),
    ([SaleState.APPROVED], None),
    ([SaleState.ACCEPTED_OFFLINE, SaleState.REVERSING, SaleState.APPROVED], 1),
    ([], None),
]


@pytest.mark.parametrize(("states", "shown"), RESTORED, ids=[" ".join(states) or "none" for states, _ in RESTORED])
def test_after_a_restart(states: list[SaleState], shown: int | None) -> None:
    async def work() -> None:
        bench = Bench()
        sales = [put(bench.open_sales, bench.journal, state, number) for number, state in enumerate(states, 1)]
        current = bench.open_sales.current
        assert (current.sale_id if current else None) == (sales[shown].sale_id if shown is not None else None)

    run(work())


def test_a_sale_tried_again_takes_the_counter_from_one_that_is_over() -> None:
    async def work() -> None:
        bench = Bench()
        old = put(bench.open_sales, bench.journal, SaleState.DECLINED, 1)
        other = put(bench.open_sales, bench.journal, SaleState.PRESENTED, 2)
        await bench.open_sales.apply(other.sale_id, GIVEN_UP)
        await bench.open_sales.apply(old.sale_id, AgainAsked(at=NOON))
        assert bench.sink.kinds[-1] == "SignAgain"
        number = bench.journal.next_counter()
        fresh = samples.intent(9, epoch=number.epoch, counter=number.counter)
        await bench.open_sales.apply(old.sale_id, SignedAgain(at=NOON, fresh=fresh))
        assert bench.open_sales.blocking is not None
        assert bench.open_sales.blocking.sale_id == old.sale_id
        assert other.sale_id not in {sale.sale_id for sale in bench.open_sales.sales}

    run(work())


def test_until_wakes_with_the_change() -> None:
    async def work() -> None:
        bench = Bench()
        sale = put(bench.open_sales, bench.journal, SaleState.SIGNED)
        waiting = asyncio.ensure_future(
            bench.open_sales.until(sale.sale_id, lambda seen: seen.state is SaleState.PRESENTED)
        )
        await asyncio.sleep(0)
        assert not waiting.done()
        await bench.open_sales.apply(sale.sale_id, EMPTY)
        assert (await waiting).state is SaleState.PRESENTED

    run(work())


def test_a_sale_long_over_is_found_in_the_journal() -> None:
    async def work() -> None:
        bench = Bench()
        sale = put(bench.open_sales, bench.journal, SaleState.APPROVED)
        bench.open_sales.restore([])
        assert (await bench.open_sales.find(sale.sale_id)).number == sale.number
        await bench.open_sales.apply(sale.sale_id, replace(EMPTY, at=NOON + 1))
        assert bench.open_sales.sales == ()

    run(work())
