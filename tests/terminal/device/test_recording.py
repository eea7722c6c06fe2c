# SPDX-License-Identifier: Apache-2.0
"""Waiting on the loop: for the journal, for a while, for the end of tasks."""

import asyncio
import logging
from pathlib import Path

import pytest

from offline_queue.journal.journal import Journal
from offline_queue.values import ValueStored
from pengpos.core.errors import JournalFullError
from terminal.device import recording as durable_module
from terminal.device.recording import durable, end_tasks, report_if_broken, set_within
from tests.support.parts import HandClock, SlowJournal, run, until

A_ROW = [ValueStored(kind="other", key="x", body=b"")]


def test_it_returns_when_the_row_is_on_the_medium() -> None:
    async def work() -> None:
        journal = SlowJournal(HandClock())
        journal.slow = True
        waiting = asyncio.ensure_future(durable(journal, A_ROW))
        await until(lambda: bool(journal.held))
        assert not waiting.done()
        journal.let_through()
        assert (await waiting).head == journal.head()

    run(work())


def test_what_the_medium_refuses_is_raised() -> None:
    async def work() -> None:
        journal = SlowJournal(HandClock())
        journal.failure = JournalFullError("the medium is full")
        with pytest.raises(JournalFullError):
            await durable(journal, A_ROW)

    run(work())


def test_who_is_cancelled_leaves_the_real_journal_working(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", key=bytes(32), clock=HandClock())

    async def work() -> None:
        for number in range(50):
            value = ValueStored(kind="test", key=str(number), body=b"1")
            waiting = asyncio.ensure_future(durable(journal, [value]))
            await asyncio.sleep(0)
            waiting.cancel()
        await durable(journal, A_ROW)

    run(work())
    assert len(journal.values("test")) == 50
    journal.close()


def test_an_event_in_time_and_one_that_is_late() -> None:
    async def work() -> None:
        event = asyncio.Event()
        assert not await set_within(event, 0.001)
        event.set()
        assert await set_within(event, 0)

    run(work())


def test_a_cancellation_that_meets_the_event_is_not_swallowed() -> None:
    async def work() -> None:
        event = asyncio.Event()

        async def waiting() -> None:
            while True:
                await set_within(event, 60)

        task = asyncio.ensure_future(waiting())
        await asyncio.sleep(0)
        event.set()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(work())


def test_tasks_are_ended_also_those_that_broke() -> None:
    async def work() -> None:
        async def breaks() -> None:
            raise ZeroDivisionError

        tasks = [asyncio.ensure_future(asyncio.Event().wait()), asyncio.ensure_future(breaks())]
        await asyncio.sleep(0)
        await end_tasks(tasks)  # type: ignore[arg-type]  # what they return does not matter
        assert all(task.done() for task in tasks)
        assert isinstance(tasks[1].exception(), ZeroDivisionError)
        await end_tasks([])

    run(work())


def test_a_task_that_does_not_end_is_said_and_left(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(durable_module, "END_LIMIT_S", 0.01)

    async def work() -> None:
        released = asyncio.Event()

        async def stubborn() -> None:
            while not released.is_set():
                try:
                    await released.wait()
                except asyncio.CancelledError:
                    continue

        task = asyncio.get_running_loop().create_task(stubborn(), name="the stubborn one")
        await asyncio.sleep(0)
        await end_tasks([task])
        assert not task.done()
        released.set()
        await task

    run(work())
    assert "the stubborn one did not end" in caplog.text


def test_what_a_task_died_of_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        async def breaks() -> None:
            raise ZeroDivisionError("why")

        task = asyncio.get_running_loop().create_task(breaks(), name="a part")
        task.add_done_callback(report_if_broken)
        await until(task.done)
        await asyncio.sleep(0)

    with caplog.at_level(logging.CRITICAL):
        run(work())
    assert "a part broke" in caplog.text
    assert "why" in caplog.text
