# SPDX-License-Identifier: Apache-2.0
"""When everything is looked after: each minute, at once when a person asks, and in step when an unsigned word asks."""

import asyncio
import contextlib
from itertools import pairwise

from terminal.backend.upkeep import HINTS_APART_S, Upkeep
from tests.support import jumping_loop


def rounds_while(hints: list[float], until_s: float) -> list[float]:
    """When rounds began, while hints came at these times, on a loop whose time jumps."""

    async def work() -> list[float]:
        loop = asyncio.get_running_loop()
        began_s, seen = loop.time(), list[float]()

        async def part() -> None:
            seen.append(round(loop.time() - began_s, 3))

        upkeep = Upkeep([("part", part)])
        for at_s in hints:
            loop.call_later(at_s, upkeep.hint)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(until_s):
                await upkeep.run()
        return seen

    seen: list[float] = jumping_loop.run(work)[0]
    return seen


def test_a_hint_is_followed_at_once_and_the_next_a_little_later() -> None:
    assert rounds_while([10.0, 10.5, 11.0], 50) == [0.0, 10.0, 10.0 + HINTS_APART_S]


def test_no_flood_of_hints_is_a_flood_of_requests() -> None:
    seen = rounds_while([number / 10 for number in range(600)], 60)
    assert len(seen) <= 60 / HINTS_APART_S + 2
    assert max(later - earlier for earlier, later in pairwise(seen)) <= HINTS_APART_S + 0.1
