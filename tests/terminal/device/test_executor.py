# SPDX-License-Identifier: Apache-2.0
"""Threads with bounds: what waits where, how much, and what becomes of it at the end."""

import asyncio
import logging
import threading
from functools import partial

import pytest

from terminal.device.executor import SHARING_MOST, BoundedExecutor, Executors, SharedJob, TooManyWaitingError
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


def test_a_shared_job_is_done_once_for_all_who_ask_meanwhile_and_anew_for_the_next() -> None:
    async def work() -> None:
        held, done = Held(), list[str]()

        def job() -> str:
            done.append("begun")
            return held()

        shared = SharedJob(BoundedExecutor("diagnosis", 1), job, 20)
        asking = [asyncio.ensure_future(shared.result()) for _ in range(SHARING_MOST)]
        await asyncio.to_thread(held.begun.wait, 20)
        with pytest.raises(TooManyWaitingError):
            await shared.result()
        held.let_go.set()
        assert await asyncio.gather(*asking) == ["diagnosis_0"] * SHARING_MOST
        assert done == ["begun"]
        assert await shared.result() == "diagnosis_0"
        assert done == ["begun"] * 2

    run(work())


def test_a_shared_job_that_hangs_lets_its_callers_go_and_no_second_one_hangs_beside_it() -> None:
    async def work() -> None:
        held = Held()
        shared = SharedJob(BoundedExecutor("long diagnosis", 1), held, 0.01)
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await shared.result()
        assert [thread.name for thread in threading.enumerate()].count("long diagnosis_0") == 1
        held.let_go.set()
        await until(lambda: shared._under_way is not None and shared._under_way.done())
        shared._limit_s = 20
        assert await shared.result() == "long diagnosis_0"

    run(work())


def test_a_shared_job_that_breaks_says_so_to_each_caller() -> None:
    async def work() -> None:
        def job() -> str:
            raise ValueError("broken")

        shared = SharedJob(BoundedExecutor("diagnosis", 1), job, 20)
        for _ in range(2):
            with pytest.raises(ValueError, match="broken"):
                await shared.result()

    run(work())
