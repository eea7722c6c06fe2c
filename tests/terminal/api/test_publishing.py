# SPDX-License-Identifier: Apache-2.0
"""Snapshots are built once for all that changed meanwhile, and again while the journal cannot be read for them."""

import asyncio
from typing import Any, cast

import pytest

from pengpos.client import Status
from terminal.api import publishing
from terminal.api.feed import Feed
from terminal.api.publishing import Publisher
from tests.support.parts import run, until


class Bench:
    """A publisher whose snapshots are numbers; the first `trouble` of them are stale."""

    def __init__(self, trouble: int = 0) -> None:
        self.published: list[int] = []
        self.built = 0
        self.trouble = trouble
        self.publisher = Publisher(cast("Feed", self))

    def publish(self, status: Any) -> None:
        self.published.append(status)

    async def status(self) -> Status:
        self.built += 1
        return cast("Status", self.built)

    def stale(self) -> bool:
        return 0 < self.built <= self.trouble


def scene(bench: Bench, changes: int, until_published: int) -> None:
    async def work() -> None:
        running = asyncio.get_running_loop().create_task(bench.publisher.run(bench.status, bench.stale))
        for _ in range(changes):
            bench.publisher.changed()
        await until(lambda: len(bench.published) == until_published)
        running.cancel()
        await asyncio.wait({running})

    run(work())


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "GAP_S", 0.0)
    monkeypatch.setattr(publishing, "LOOK_AGAIN_S", 0.0)


def test_nothing_is_built_before_something_changed() -> None:
    bench = Bench()
    scene(bench, changes=0, until_published=0)
    assert bench.built == 0


def test_many_changes_are_one_snapshot() -> None:
    bench = Bench()
    scene(bench, changes=1_000, until_published=1)
    assert bench.published == [1]


def test_it_is_built_again_until_the_journal_can_be_read() -> None:
    bench = Bench(trouble=3)
    scene(bench, changes=1, until_published=4)
    assert bench.published == [1, 2, 3, 4]


def test_a_change_while_one_is_built_is_published_too() -> None:
    async def work() -> None:
        bench = Bench()
        running = asyncio.get_running_loop().create_task(bench.publisher.run(bench.status))
        bench.publisher.changed()
        await until(lambda: bench.published == [1])
        bench.publisher.changed()
        await until(lambda: bench.published == [1, 2])
        running.cancel()
        await asyncio.wait({running})

    run(work())
