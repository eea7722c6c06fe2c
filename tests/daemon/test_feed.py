# SPDX-License-Identifier: Apache-2.0
"""The feed: the newest snapshot to everybody, to slow ones too."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from terminal.client import LinkView, QueueView, Status
from terminal.daemon import feed as feed_module
from terminal.daemon.feed import LISTENERS_MOST, Feed, TooManyListenersError


def status(at: str) -> Status:
    return Status(at=at, link=LinkView(online=False), readers=[], queue=QueueView(), alarms=[])


async def newest(events: AsyncIterator[tuple[int, Status] | None]) -> tuple[int, str]:
    event = await asyncio.wait_for(anext(events), 5)
    assert event is not None
    return event[0], event[1].at


def test_the_newest_comes_first_then_each_change() -> None:
    async def run() -> None:
        feed = Feed(first_event_id=100)
        feed.publish(status("a"))
        events = feed.follow(None)
        assert await newest(events) == (101, "a")
        feed.publish(status("b"))
        assert await newest(events) == (102, "b")

    asyncio.run(run())


def test_who_is_slow_misses_what_was_overtaken_and_never_the_newest() -> None:
    async def run() -> None:
        feed = Feed()
        events = feed.follow(None)
        for at in "abc":
            feed.publish(status(at))
        assert await newest(events) == (3, "c")

    asyncio.run(run())


@pytest.mark.parametrize(("last", "first"), [(None, 1), (0, 1), (7, 1), (-1, 1), (1, 2)])
def test_who_has_seen_the_newest_waits_for_the_next(last: int | None, first: int) -> None:
    async def run() -> None:
        feed = Feed()
        feed.publish(status("a"))
        events = feed.follow(last)
        waiting = asyncio.ensure_future(newest(events))
        await asyncio.sleep(0)
        feed.publish(status("b")) if first == 2 else None
        assert (await waiting)[0] == first

    asyncio.run(run())


def test_a_sign_of_life_when_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "HEARTBEAT_S", 0.01)

    async def run() -> None:
        feed = Feed()
        assert await anext(feed.follow(None)) is None

    asyncio.run(run())


def test_who_goes_makes_room() -> None:
    async def run() -> None:
        feed = Feed()
        feed.publish(status("a"))
        streams = [feed.follow(None) for _ in range(LISTENERS_MOST)]
        for stream in streams:
            await anext(stream)
        with pytest.raises(TooManyListenersError):
            feed.check_room()
        with pytest.raises(TooManyListenersError):
            await anext(feed.follow(None))
        await streams[0].aclose()  # type: ignore[attr-defined]  # an async generator
        feed.check_room()

    asyncio.run(run())


def test_closing_lets_everybody_go() -> None:
    async def run() -> None:
        feed = Feed()
        feed.publish(status("a"))
        events = feed.follow(None)
        await newest(events)
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        feed.close()
        with pytest.raises(StopAsyncIteration):
            await waiting

    asyncio.run(run())
