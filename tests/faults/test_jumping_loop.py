# SPDX-License-Identifier: Apache-2.0
"""The loop that the campaign plays on: what ends a test from outside ends the play, wherever it strikes."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from tests.support import jumping_loop
from tests.support.jumping_loop import Killed


class TimeIsUp(BaseException):
    """As a test's time limit raises: no `Exception`, so that no program catches it."""


def raise_it(error: BaseException | None = None) -> None:
    raise error or TimeIsUp


async def time_passes(seconds: int) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()


async def in_a_task_that_is_left_alone() -> None:
    async def part() -> None:
        await time_passes(1)
        raise_it()

    left_alone = asyncio.get_running_loop().create_task(part())
    await time_passes(60)
    assert left_alone.done()


async def in_a_callback() -> None:
    asyncio.get_running_loop().call_later(1, raise_it)
    await time_passes(60)


async def in_what_would_be_a_thread() -> None:
    _ = asyncio.get_running_loop().create_task(asyncio.to_thread(raise_it))
    await time_passes(60)


async def in_the_play_itself() -> None:
    await time_passes(1)
    raise_it()


@pytest.mark.parametrize(
    "strikes",
    [in_a_task_that_is_left_alone, in_a_callback, in_what_would_be_a_thread, in_the_play_itself],
    ids=lambda strikes: strikes.__name__,
)
def test_what_comes_from_outside_ends_the_play(strikes: Callable[[], Awaitable[None]]) -> None:
    """Else a time limit that struck a part of the terminal left a terminal without that part, and nobody saw why."""
    with pytest.raises(TimeIsUp):
        jumping_loop.run(strikes)


@pytest.mark.parametrize("dies_of", [Killed, ValueError, asyncio.CancelledError])
def test_what_the_play_knows_is_the_plays_own(dies_of: type[BaseException]) -> None:
    async def play() -> bool:
        task = asyncio.get_running_loop().create_task(asyncio.to_thread(raise_it, dies_of()))
        await time_passes(60)
        return task.cancelled() or isinstance(task.exception(), dies_of)

    assert jumping_loop.run(play)[0]
