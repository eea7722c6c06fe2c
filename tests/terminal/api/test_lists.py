# SPDX-License-Identifier: Apache-2.0
"""Pages read in parts say what one search says; parts are short, and no more lists are read than the device serves."""

import asyncio
import threading
from collections.abc import Iterator

import msgspec
import pytest

from offline_queue.memory import MemoryJournal
from offline_queue.values import Page, SaleChanged, SaleQuery
from pengpos.core.sale import SaleState
from terminal.api import lists
from terminal.api.lists import LISTS_MOST, PART, SaleLists
from terminal.api.views import SaleViews
from terminal.device.executor import BoundedExecutor, TooManyWaitingError
from tests.support.parts import run
from workshop.samples.journal import NOON, HeldClock, SaleMaker, moved

COUNT = 3 * PART + 4
VIEWS = SaleViews("en", lambda: True)


class Watched(MemoryJournal):
    """Notes how much each search asked for; the one numbered `held_at` is under way until it is let go."""

    def __init__(self) -> None:
        super().__init__(HeldClock())
        self.asked: list[int] = []
        self.held_at = 0
        self.reached, self.let_go = threading.Event(), threading.Event()

    def search(self, query: SaleQuery) -> Page:
        self.asked.append(query.limit)
        found = super().search(query)
        if len(self.asked) == self.held_at:
            self.reached.set()
            assert self.let_go.wait(20)
        return found


@pytest.fixture
def journal() -> Watched:
    """Sales a minute apart, every second one cancelled."""
    filled, maker = Watched(), SaleMaker()
    for number in range(COUNT):
        sale = maker.signed(filled.next_counter(), at=NOON + 60 * number, amount_minor=100 + number % 3)
        filled.record([SaleChanged(sale=sale, why="made")])
        if number % 2:
            filled.record([SaleChanged(sale=moved(sale, SaleState.CANCELLED), why="moved")])
    return filled


@pytest.fixture
def executor() -> Iterator[BoundedExecutor]:
    opened = BoundedExecutor("lists")
    yield opened
    opened.close()


QUERIES = [
    SaleQuery(limit=1),
    SaleQuery(limit=PART - 1),
    SaleQuery(limit=PART),
    SaleQuery(limit=PART + 1),
    SaleQuery(limit=COUNT - 1),
    SaleQuery(limit=COUNT),
    SaleQuery(limit=COUNT + 50),
    SaleQuery(limit=2 * PART, before=COUNT - 3),
    SaleQuery(limit=200, states=frozenset({SaleState.CANCELLED})),
    SaleQuery(limit=PART + 2, amount_minor=101, from_utc=NOON + 120, to_utc=NOON + 60 * (COUNT - 2)),
    SaleQuery(limit=50, number="none has it"),
]


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_a_page_in_parts_is_the_page(journal: Watched, executor: BoundedExecutor, query: SaleQuery) -> None:
    async def work() -> None:
        rendered, following = await SaleLists(journal, executor, VIEWS).page(query)
        assert max(journal.asked) <= PART
        whole = journal.search(query)
        ids = [msgspec.json.decode(sale)["id"] for sale in rendered]
        assert (ids, following) == ([str(sale.sale_id) for sale in whole.sales], whole.next)

    run(work())


def test_no_page_says_what_a_sale_was_once_it_moved(journal: Watched, executor: BoundedExecutor) -> None:
    """The newest was read first; while older ones are read it is cancelled, and so it is shown."""

    async def work() -> None:
        reading = SaleLists(journal, executor, VIEWS)
        newest = journal.search(SaleQuery(limit=1)).sales[0]
        journal.held_at = 5
        pages = [
            asyncio.ensure_future(reading.page(SaleQuery(limit=COUNT, states=states)))
            for states in (frozenset[SaleState](), frozenset({newest.state}))
        ]
        await asyncio.to_thread(journal.reached.wait, 20)
        reading.moved(moved(newest, SaleState.EXPIRED))
        journal.let_go.set()
        (all_of_them, _), (by_state, _) = await asyncio.gather(*pages)
        first = msgspec.json.decode(all_of_them[0])
        assert (first["id"], first["state"]) == (str(newest.sale_id), "expired")
        assert len(all_of_them) == COUNT
        assert str(newest.sale_id) not in [msgspec.json.decode(sale)["id"] for sale in by_state]
        assert {msgspec.json.decode(sale)["state"] for sale in by_state} == {newest.state.value}

    run(work())


def test_a_part_that_was_read_just_before_its_sale_moved_is_no_exception(
    journal: Watched, executor: BoundedExecutor
) -> None:
    async def work() -> None:
        reading = SaleLists(journal, executor, VIEWS)
        newest = journal.search(SaleQuery(limit=1)).sales[0]
        journal.held_at = 2
        page = asyncio.ensure_future(reading.page(SaleQuery(limit=1)))
        await asyncio.to_thread(journal.reached.wait, 20)
        reading.moved(moved(newest, SaleState.EXPIRED))
        journal.let_go.set()
        sales, _ = await page
        assert [msgspec.json.decode(sale)["state"] for sale in sales] == ["expired"]

    run(work())


def test_lists_take_turns_part_by_part(journal: Watched, executor: BoundedExecutor) -> None:
    async def work() -> None:
        reading, ended = SaleLists(journal, executor, VIEWS), list[int]()

        async def read(limit: int) -> None:
            await reading.page(SaleQuery(limit=limit))
            ended.append(limit)

        await asyncio.gather(read(COUNT), read(PART), read(1))
        assert ended == [PART, 1, COUNT]

    run(work())


def test_one_list_too_many_is_turned_away(journal: Watched, executor: BoundedExecutor) -> None:
    async def work() -> None:
        reading = SaleLists(journal, executor, VIEWS)
        under_way = [asyncio.ensure_future(reading.page(SaleQuery(limit=PART + 1))) for _ in range(LISTS_MOST)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyWaitingError, match="16 lists are being read"):
            await reading.page(SaleQuery(limit=1))
        await asyncio.gather(*under_way)
        assert len((await reading.page(SaleQuery(limit=1)))[0]) == 1

    run(work())


def test_a_list_that_is_given_up_makes_room(journal: Watched, executor: BoundedExecutor) -> None:
    async def work() -> None:
        reading = SaleLists(journal, executor, VIEWS)
        under_way = [asyncio.ensure_future(reading.page(SaleQuery(limit=COUNT))) for _ in range(LISTS_MOST)]
        await asyncio.sleep(0)
        for one in under_way:
            one.cancel()
        await asyncio.wait(under_way)
        assert len((await reading.page(SaleQuery(limit=COUNT)))[0]) == COUNT

    run(work())


def test_after_each_part_the_machine_is_left_to_others(
    monkeypatch: pytest.MonkeyPatch, journal: Watched, executor: BoundedExecutor
) -> None:
    rests: list[float] = []

    async def work() -> None:
        rest, ours = asyncio.sleep, asyncio.get_running_loop()

        async def noted(seconds: float) -> None:
            if asyncio.get_running_loop() is ours:
                rests.append(seconds)
                seconds = 0
            await rest(seconds)  # of a server of another test's, in its own thread, as long as it asked for

        monkeypatch.setattr(asyncio, "sleep", noted)
        await SaleLists(journal, executor, VIEWS).page(SaleQuery(limit=COUNT))
        monkeypatch.undo()

    run(work())
    assert rests == [lists.REST_S] * 4


@pytest.mark.parametrize("states", [frozenset(), frozenset({SaleState.CANCELLED})], ids=["any state", "cancelled"])
def test_a_sale_that_is_not_on_the_page_and_moves_at_its_end_stays_away(
    journal: Watched, executor: BoundedExecutor, states: frozenset[SaleState], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        reading = SaleLists(journal, executor, VIEWS)
        other = journal.search(SaleQuery(limit=COUNT)).sales[5]
        rest = asyncio.sleep

        async def moving(_seconds: float) -> None:
            reading.moved(moved(other, SaleState.EXPIRED))
            await rest(0)

        monkeypatch.setattr(asyncio, "sleep", moving)
        query = SaleQuery(limit=1, states=states)
        rendered, _ = await reading.page(query)
        monkeypatch.undo()
        ids = [msgspec.json.decode(sale)["id"] for sale in rendered]
        assert ids == [str(sale.sale_id) for sale in journal.search(query).sales]

    run(work())
