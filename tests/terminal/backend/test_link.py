# SPDX-License-Identifier: Apache-2.0
"""The link: up by what was heard, down by what was lost or by silence; the stream followed for ever."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from terminal.backend import link as link_module
from terminal.backend.link import FRESH_S, Follower, Link, PlaceInStream
from tests.support.parts import HandClock, run, until

Event = tuple[str, str, bytes]

NOWHERE = Path("/proc/nowhere/last_event")


class Source:
    """Streams that a test lays ready; `healthy` answers `health`, after `health_gate`."""

    def __init__(self, clock: HandClock, *streams: list[Event] | int) -> None:
        """A stream that is a number lasts so many seconds, silently."""
        self.clock = clock
        self.streams = list(streams)
        self.asked: list[str | None] = []
        self.health = True
        self.probes = 0
        self.health_gate: asyncio.Event | None = None

    async def healthy(self) -> bool:
        self.probes += 1
        if self.health_gate is not None:
            await self.health_gate.wait()
        return self.health

    async def events(self, last_event_id: str | None) -> AsyncIterator[Event]:
        self.asked.append(last_event_id)
        if not self.streams:
            await asyncio.Event().wait()
        stream = self.streams.pop(0)
        if isinstance(stream, int):
            self.clock.unix_s += stream
        else:
            for event in stream:
                yield event
        raise ConnectionError("cut")


def bench(*streams: list[Event] | int) -> tuple[HandClock, list[bool], Link, Source, Follower]:
    clock, changes = HandClock(), list[bool]()
    link = Link(clock, lambda: changes.append(link.up))
    source = Source(clock, *streams)
    return clock, changes, link, source, Follower(link, source, clock, PlaceInStream(NOWHERE))


async def nothing(_name: str, _data: bytes) -> None:
    """An event that nobody takes."""


def repr_short(text: str) -> str:
    """For a test's id."""
    return ascii(text)[:12]


def test_up_and_down() -> None:
    clock, changes, link, _, _ = bench()
    assert not link.up
    link.heard()
    link.heard()
    assert (link.up, changes, link.last_heard_at) == (True, [True], clock.unix_s)
    clock.unix_s += int(FRESH_S)
    link.check()
    assert link.up
    clock.unix_s += 1
    link.check()
    assert (link.up, changes, link.since) == (False, [True, False], clock.unix_s)
    link.heard()
    link.lost()
    link.lost()
    assert changes == [True, False, True, False]


def test_online_asks_nobody_who_was_heard_lately() -> None:
    async def work() -> None:
        _, _, link, source, follower = bench()
        link.heard()
        assert await follower.online()
        assert source.probes == 0

    run(work())


@pytest.mark.parametrize("health", [True, False])
def test_online_probes_after_silence(*, health: bool) -> None:
    async def work() -> None:
        _, _, _, source, follower = bench()
        source.health = health
        assert await follower.online() is health
        assert source.probes == 1

    run(work())


def test_a_probe_takes_no_longer_than_a_cashier_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "PROBE_LIMIT_S", 0.01)

    async def work() -> None:
        _, _, _, source, follower = bench()
        source.health_gate = asyncio.Event()
        assert not await follower.online()

    run(work())


def test_the_stream_is_followed_and_resumed_where_it_broke(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "RECONNECT_FIRST_S", 0.001)

    async def work() -> None:
        first = [("1", "intent", b"a"), ("2", "config", b"b"), ("", "intent", b"c")]
        _, changes, link, source, follower = bench(first, [("5", "intent", b"d")])
        told: list[tuple[str, bytes]] = []

        async def tell(name: str, data: bytes) -> None:
            told.append((name, data))

        link.heard()
        source.health = False
        following = asyncio.ensure_future(follower.follow(tell))
        while len(source.asked) < 3:
            follower.hurry()
            await asyncio.sleep(0)
        following.cancel()
        assert source.asked == [None, "2", "5"]
        assert told == [("intent", b"a"), ("config", b"b"), ("intent", b"c"), ("intent", b"d")]
        assert changes == [True, False]  # lost once; the probes here say nothing of it

    run(work())


def test_between_tries_it_waits_longer_and_longer_unless_somebody_wants_it_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []

    async def nap(_event: asyncio.Event, seconds: float) -> bool:
        waits.append(seconds)
        await asyncio.sleep(0)
        return False

    monkeypatch.setattr(link_module, "set_within", nap)

    async def work() -> None:
        _, _, _, source, follower = bench(0, 0, 0, 0, 0, 0, 0, 3_600, 0)

        async def tell(_name: str, _data: bytes) -> None:
            """Nothing comes."""

        following = asyncio.ensure_future(follower.follow(tell))
        await until(lambda: len(source.asked) == 10)
        following.cancel()
        assert waits == [0.5, 1, 2, 4, 8, 15, 15, 0.5, 1]

    run(work())


def test_a_stream_that_breaks_is_no_line_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "RECONNECT_FIRST_S", 0.001)

    async def work() -> None:
        _, changes, link, source, follower = bench(0, 0)

        async def tell(_name: str, _data: bytes) -> None:
            """Nothing comes."""

        link.heard()
        following = asyncio.ensure_future(follower.follow(tell))
        while len(source.asked) < 3:
            follower.hurry()
            await asyncio.sleep(0)
        following.cancel()
        assert (changes, link.up) == ([True], True)

    run(work())


def test_calls_are_answered_and_no_event_comes() -> None:
    clock, changes, link, _, _ = bench()
    link.heard()
    for _ in range(6):
        clock.unix_s += 10
        link.heard()
        assert not link.events_held_back
    clock.unix_s += 10
    link.heard()
    assert (link.events_held_back, changes) == (True, [True, True])  # told of, and still up
    link.events_heard()
    link.heard()
    assert (link.events_held_back, changes) == (False, [True, True, True])


def test_a_line_that_was_down_for_long_holds_nothing_back() -> None:
    clock, _, link, _, _ = bench()
    link.heard()
    link.events_heard()
    link.lost()
    clock.unix_s += 3_600
    link.heard()
    assert (link.up, link.events_held_back) == (True, False)


def test_answers_that_were_not_signed_are_told_of_for_ten_minutes() -> None:
    clock, changes, link, _, _ = bench()
    link.heard()
    assert not link.answers_unsigned
    link.unsigned()
    assert (link.answers_unsigned, changes) == (True, [True, True])
    clock.unix_s += 600
    link.unsigned()  # a call that is tried again, as seldom as any back-off has it
    clock.unix_s += 600
    link.heard()  # others are answered well
    assert link.answers_unsigned
    clock.unix_s += 1
    link.heard()
    assert not link.answers_unsigned


@pytest.mark.parametrize(("comment_every_s", "probes"), [(10, 0), (1_000, 16)], ids=["well", "held back"])
def test_only_a_silent_backend_is_asked_whether_it_is_there(
    monkeypatch: pytest.MonkeyPatch, comment_every_s: int, probes: int
) -> None:
    async def work() -> None:
        clock, changes, link, source, follower = bench()
        began = clock.unix_s

        async def nap(seconds: float) -> None:
            """Time passes, and the stream brings its comments."""
            for _ in range(max(1, round(seconds))):
                clock.unix_s += 1
                if (clock.unix_s - began) % comment_every_s == 0:
                    link.heard()
            if clock.unix_s > began + 200:
                raise asyncio.CancelledError

        async def healthy() -> bool:
            source.probes += 1
            link.heard()
            return True

        monkeypatch.setattr(asyncio, "sleep", nap)
        monkeypatch.setattr(source, "healthy", healthy)
        link.heard()
        with pytest.raises(asyncio.CancelledError):
            await follower.keep_up()
        assert (source.probes, link.up, all(changes)) == (probes, True, True)

    run(work())


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"41", "41"),
        (b"", None),
        (b"41\n", None),
        (b"-1", None),
        ("\u0664\u0661".encode(), None),
        (b"\xff\x00", None),
        (b"9" * 18, "9" * 18),
        (b"9" * 19, None),
    ],
)
def test_what_is_no_number_is_no_place(tmp_path: Path, content: bytes, place: str | None) -> None:
    path = tmp_path / "last_event"
    path.write_bytes(content)
    assert PlaceInStream(path).now == place


@pytest.mark.parametrize("event_id", ["", "é", "7\u0664", "-1", "9" * 19, "9" * 100_000], ids=repr_short)
def test_an_events_id_that_is_no_number_is_never_asked_from(event_id: str) -> None:
    """It would stand in the header of the next request: one that no header can carry ended the terminal."""

    async def work() -> None:
        _, _, _, source, follower = bench([("7", "intent", b"{}"), (event_id, "intent", b"{}")])
        follower.hurry()
        following = asyncio.create_task(follower.follow(nothing))
        await until(lambda: len(source.asked) == 2, "a second stream")
        following.cancel()
        await asyncio.wait({following})
        assert source.asked == [None, "7"]

    run(work())


def test_the_place_is_kept_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "last_event"
    place = PlaceInStream(path)
    run(place.keep())
    assert not path.exists()  # no event yet
    place.now = "7"
    run(place.keep())
    assert PlaceInStream(path).now == "7"


def test_a_medium_that_takes_no_file_costs_the_place_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    place = PlaceInStream(NOWHERE)
    place.now = "7"
    run(place.keep())
    assert "is not kept" in caplog.text
