# SPDX-License-Identifier: Apache-2.0
"""The feed: the newest of everything to everybody, to slow ones and to those who come back."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from pengpos.client import LinkView, QueueView, SaleView, Status
from pengpos.core.sale import SaleState
from terminal.api import feed as feed_module
from terminal.api.feed import HISTORY_MOST, LISTENERS_MOST, Feed, TooManyListenersError
from terminal.api.views import sale_view
from workshop.samples import sales as samples

VIEW = sale_view(samples.sale_in(SaleState.APPROVED), "en")


def status(at: str) -> Status:
    return Status(at=at, link=LinkView(online=False), readers=[], queue=QueueView(), alarms=[])


async def newest(events: AsyncIterator[tuple[int, Status | SaleView] | None]) -> tuple[int, str]:
    """The next event: its id, and the time of a status or the id of a sale."""
    event = await asyncio.wait_for(anext(events), 5)
    assert event is not None
    return event[0], event[1].at if isinstance(event[1], Status) else event[1].id


def move(feed: Feed, *names: str) -> None:
    """One sale after the other is different."""
    for name in names:
        feed.sale_moved(name, lambda name=name: msgspec.structs.replace(VIEW, id=name))  # type: ignore[misc]  # bound now


def test_the_newest_comes_first_then_each_change() -> None:
    async def run() -> None:
        feed = Feed(first_event_id=100)
        feed.publish(status("a"))
        events = feed.join().follow(None)
        assert await newest(events) == (101, "a")
        feed.publish(status("b"))
        assert await newest(events) == (102, "b")

    asyncio.run(run())


def test_who_is_slow_misses_what_was_overtaken_and_never_the_newest() -> None:
    async def run() -> None:
        feed = Feed()
        events = feed.join().follow(None)
        for at in "abc":
            feed.publish(status(at))
        assert await newest(events) == (3, "c")

    asyncio.run(run())


@pytest.mark.parametrize(("last", "first"), [(None, 1), (0, 1), (7, 1), (-1, 1), (1, 2)])
def test_who_has_seen_the_newest_waits_for_the_next(last: int | None, first: int) -> None:
    async def run() -> None:
        feed = Feed()
        feed.publish(status("a"))
        events = feed.join().follow(last)
        waiting = asyncio.ensure_future(newest(events))
        await asyncio.sleep(0)
        feed.publish(status("b")) if first == 2 else None
        assert (await waiting)[0] == first

    asyncio.run(run())


# --- sales ------------------------------------------------------------------------------------------------------------


async def all_of(feed: Feed, last: int | None, number: int) -> list[tuple[int, str]]:
    events = feed.join().follow(last)
    return [await newest(events) for _ in range(number)]


def test_each_sale_that_moved_is_told_between_the_snapshots() -> None:
    async def run() -> None:
        feed = Feed()
        feed.publish(status("a"))
        events = feed.join().follow(None)
        assert await newest(events) == (1, "a")
        move(feed, "old", "older")
        feed.publish(status("b"))
        assert [await newest(events) for _ in range(3)] == [(2, "old"), (3, "older"), (4, "b")]

    asyncio.run(run())


def test_of_each_sale_the_newest_is_told() -> None:
    async def run() -> None:
        feed = Feed()
        feed.publish(status("a"))
        events = feed.join().follow(1)
        move(feed, "old", "older", "old")
        assert [await newest(events) for _ in range(2)] == [(3, "older"), (4, "old")]

    asyncio.run(run())


@pytest.mark.parametrize(
    ("last", "told"),
    [
        pytest.param(101, [(102, "one"), (103, "two"), (104, "b")], id="before all"),
        pytest.param(102, [(103, "two"), (104, "b")], id="in between"),
        pytest.param(103, [(104, "b")], id="before the snapshot"),
        pytest.param(None, [(104, "b")], id="never here"),
        pytest.param(99, [(104, "b")], id="an earlier run's"),
        pytest.param(10**18, [(104, "b")], id="a later one's"),
    ],
)
def test_who_comes_back_goes_on_from_there(last: int | None, told: list[tuple[int, str]]) -> None:
    async def run() -> None:
        feed = Feed(first_event_id=100)
        feed.publish(status("a"))
        move(feed, "one", "two")
        feed.publish(status("b"))
        assert await all_of(feed, last, len(told)) == told
        move(feed, "next")
        assert await all_of(feed, 104, 1) == [(105, "next")]

    asyncio.run(run())


def test_what_is_too_long_ago_is_answered_with_the_whole() -> None:
    async def run() -> None:
        feed = Feed()
        move(feed, *(f"sale {number}" for number in range(HISTORY_MOST + 1)))
        feed.publish(status("a"))
        whole = HISTORY_MOST + 2
        assert await all_of(feed, 0, 1) == [(whole, "a")]
        assert await all_of(feed, 1, 2) == [(2, "sale 1"), (3, "sale 2")]
        assert len(feed._sales) == HISTORY_MOST

    asyncio.run(run())


def test_who_wants_no_single_sales_gets_none() -> None:
    async def run() -> None:
        feed = Feed()
        feed.publish(status("a"))
        events = feed.join().follow(1, sales=False)
        move(feed, "one", "two")
        feed.publish(status("b"))
        assert await newest(events) == (4, "b")

    asyncio.run(run())


def test_nobody_listening_nothing_is_drawn_up() -> None:
    def never() -> SaleView:
        raise AssertionError("a view that nobody asked for")

    feed = Feed()
    feed.sale_moved("one", never)
    assert feed.event_id == 1


def test_a_sign_of_life_when_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "HEARTBEAT_S", 0.01)

    async def run() -> None:
        feed = Feed()
        assert await anext(feed.join().follow(None)) is None

    asyncio.run(run())


def test_a_place_is_taken_before_the_first_event_and_given_back_once() -> None:
    feed = Feed()
    places = [feed.join() for _ in range(LISTENERS_MOST)]
    with pytest.raises(TooManyListenersError):
        feed.join()
    places[0].leave()
    places[0].leave()
    feed.join()
    with pytest.raises(TooManyListenersError):
        feed.join()


def test_closing_lets_everybody_go() -> None:
    async def run() -> None:
        feed = Feed()
        feed.publish(status("a"))
        events = feed.join().follow(None)
        await newest(events)
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        feed.close()
        with pytest.raises(StopAsyncIteration):
            await waiting

    asyncio.run(run())
