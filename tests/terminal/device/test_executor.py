# SPDX-License-Identifier: Apache-2.0
"""Threads with bounds: what waits where, how much, and what becomes of it at the end."""

import asyncio
import logging
import threading
from functools import partial

import pytest

from terminal.device.executor import BoundedExecutor, Executors, TooManyWaitingError
from tests.support.parts import run, until


class Held:
    """A job that is under way until it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.let_go = threading.Event()

    def __call__(self) -> str:
        self.begun.set()
        assert self.let_go.wait(20)
        return threading.current_thread().name


async def begun(executor: BoundedExecutor, job: Held) -> "asyncio.Task[str]":
    task = asyncio.ensure_future(executor.run(job))
    await asyncio.to_thread(job.begun.wait, 20)
    return task


def test_jobs_run_one_by_one_in_a_thread_that_bears_the_name() -> None:
    async def work() -> None:
        executor, order = BoundedExecutor("lists"), list[int]()

        def note(number: int) -> str:
            order.append(number)
            return threading.current_thread().name

        names = await asyncio.gather(*(executor.run(partial(note, number)) for number in range(20)))
        assert order == list(range(20))
        assert set(names) == {"lists_0"}
        executor.close()

    run(work())


def test_one_more_than_may_wait_is_turned_away_and_the_next_is_not() -> None:
    async def work() -> None:
        executor, first = BoundedExecutor("lists", waiting_most=3), Held()
        waiting = [await begun(executor, first), *(asyncio.ensure_future(executor.run(int)) for _ in range(2))]
        await asyncio.sleep(0)
        with pytest.raises(TooManyWaitingError, match="3 jobs wait for the thread of lists"):
            await executor.run(int)
        executor.start(lambda: pytest.fail("it is one too many"))
        first.let_go.set()
        assert await asyncio.gather(*waiting) == ["lists_0", 0, 0]
        assert await executor.run(int) == 0
        executor.close()

    run(work())


def test_what_a_job_raises_is_raised_and_the_thread_goes_on() -> None:
    async def work() -> None:
        executor = BoundedExecutor("tap")
        with pytest.raises(ZeroDivisionError):
            await executor.run(lambda: 1 // 0)
        assert await executor.run(int) == 0
        executor.close()

    run(work())


def test_what_breaks_with_nothing_waiting_for_it_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        executor = BoundedExecutor("tap")
        executor.start(lambda: [].pop())
        await executor.run(int)
        await until(lambda: "a job of tap broke" in caplog.messages)
        executor.close()

    with caplog.at_level(logging.CRITICAL):
        run(work())


def test_who_is_cancelled_makes_room_and_its_job_is_not_begun() -> None:
    async def work() -> None:
        executor, first = BoundedExecutor("lists", waiting_most=2), Held()
        held = await begun(executor, first)
        waiting = asyncio.ensure_future(executor.run(lambda: pytest.fail("nobody waits for it")))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
        again = asyncio.ensure_future(executor.run(int))
        await asyncio.sleep(0)
        first.let_go.set()
        assert (await held, await again) == ("lists_0", 0)
        executor.close()

    run(work())


def test_a_closed_one_begins_nothing_and_does_not_wait() -> None:
    async def work() -> None:
        executor, first = BoundedExecutor("lists"), Held()
        held = await begun(executor, first)
        waiting = asyncio.ensure_future(executor.run(lambda: pytest.fail("it is closed")))
        await asyncio.sleep(0)
        executor.close()
        await asyncio.wait({waiting})
        assert waiting.cancelled()
        with pytest.raises(TooManyWaitingError):
            await executor.run(int)
        first.let_go.set()
        assert await held == "lists_0"

    run(work())


def test_no_kind_of_job_waits_for_another() -> None:
    async def work() -> None:
        executors, jobs = Executors(), (Held(), Held(), Held())
        each = (executors.tap, executors.lists, executors.reports)
        held = [await begun(executor, job) for executor, job in zip(each, jobs, strict=True)]
        for job in jobs:
            job.let_go.set()
        assert await asyncio.gather(*held) == ["tap_0", "lists_0", "reports_0"]
        executors.close()

    run(work())
