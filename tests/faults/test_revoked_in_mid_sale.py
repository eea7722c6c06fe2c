# SPDX-License-Identifier: Apache-2.0
"""Revoked or locked in mid-sale, a terminal that is online stops within 10 s.

Source: backend API, *Standing*. Time jumps, and is looked at; no second of it passes.
"""

from collections.abc import Awaitable, Callable

import pytest

from tests.faults.afar import Operator
from tests.faults.hands import Hands
from tests.faults.play import Play
from tests.faults.world import World

STOPS_WITHIN_S = 10

Order = Callable[[Operator], Awaitable[None]]
HOW = pytest.mark.parametrize("order", [Operator.revoke, Operator.lock], ids=["revoked", "locked"])
WHEN = pytest.mark.parametrize("after_s", [0, 1, 4, 6, 12, 30, 66, 105])


def seconds_until_it_stops(world: World, order: Order, after_s: int, *, held_back: bool = False) -> float:
    """From the operator's word until the sale that waited for a phone is over and no phone is offered another.

    `held_back`: a proxy keeps the body of the event stream, so that no command is heard.
    """
    play = Play(world, world.installation(), world.phones(1))
    took: list[float] = []

    async def journey() -> None:
        hands = Hands(play)
        await hands.good_morning()
        if held_back:
            play.road.hold_events_back()
        sale = await hands.see_url(await hands.charge("a", 18_80))
        await hands.see_empty_field()
        play.leap(after_s)
        await order(Operator(hands))
        ordered_s = world.time.seconds()
        ended = await hands.until(sale, {"cancelling"})
        assert ended.state in {"cancelling", "cancelled"}
        took.append(world.time.seconds() - ordered_s)
        assert not play.life.terminal._device.arming.armed.wanted
        assert await hands.try_to_charge("b", 1_80) is None

    world.play(lambda: play.run(journey))
    (seconds,) = took
    return seconds


@HOW
@WHEN
def test_it_stops_within_ten_seconds(street: World, order: Order, after_s: int) -> None:
    assert seconds_until_it_stops(street, order, after_s) <= STOPS_WITHIN_S


@HOW
@WHEN
def test_it_stops_within_ten_seconds_also_where_no_event_comes(street: World, order: Order, after_s: int) -> None:
    assert seconds_until_it_stops(street, order, after_s, held_back=True) <= STOPS_WITHIN_S
