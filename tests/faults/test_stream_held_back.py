# SPDX-License-Identifier: Apache-2.0
"""A proxy passes everything but the body of the event stream: no sale that is paid is undone because no event came.

Source: backend API, *An event may never come*; local API, *Found paid*. Time jumps, and is looked at.
"""

import json
from collections.abc import Awaitable, Callable

import pytest

from pengpos.client import SaleView
from tests.faults import books
from tests.faults.hands import LIFE_S, Hands
from tests.faults.play import Play
from tests.faults.world import World

KNOWN_WITHIN_S = 10
AMOUNT = 18_80

Scene = Callable[[Hands, SaleView], Awaitable[SaleView]]


def played(world: World, scene: Scene) -> tuple[SaleView, books.Entry]:
    """A sale whose URL is on the screen, and no event from there on: how it ends, here and in the backend's books."""
    home = world.installation()
    terminal_id = json.loads(home.enrolment.read_bytes())["terminal_id"]
    play = Play(world, home, world.phones(1))
    ends: list[SaleView] = []

    async def journey() -> None:
        hands = Hands(play)
        await hands.good_morning()
        play.road.hold_events_back()
        ends.append(await scene(hands, await hands.see_url(await hands.charge("a", AMOUNT))))

    world.play(lambda: play.run(journey))
    (entry,) = books.read(world.backend, terminal_id).values()
    return ends[-1], entry


@pytest.mark.parametrize("after_s", [0, 1, 4, 6, 12, 30, 66, 109])
def test_paid_by_the_page_it_is_approved_within_ten_seconds(street: World, after_s: int) -> None:
    async def scene(hands: Hands, sale: SaleView) -> SaleView:
        hands.play.leap(after_s)
        await hands.pay_by_page(sale, hands.phone())
        paid_at = street.time.now()
        seen = await hands.until(sale)
        assert street.time.now() <= paid_at + KNOWN_WITHIN_S
        return seen

    sale, entry = played(street, scene)
    assert (sale.state, sale.refunds, entry.kept) == ("approved", [], AMOUNT)


async def time_is_over(hands: Hands, _sale: SaleView) -> None:
    hands.play.leap(LIFE_S)


async def the_cashier_cancels(hands: Hands, sale: SaleView) -> None:
    await hands.cancel(sale)


ENDS = pytest.mark.parametrize("ends", [time_is_over, the_cashier_cancels])
Ending = Callable[[Hands, SaleView], Awaitable[None]]


@ENDS
def test_paid_before_it_is_given_up_it_is_shown_and_stands(street: World, ends: Ending) -> None:
    async def scene(hands: Hands, sale: SaleView) -> SaleView:
        await hands.pay_by_page(sale, hands.phone())
        await ends(hands, sale)
        return await hands.until(sale)

    sale, entry = played(street, scene)
    assert (sale.state, sale.refunds) == ("approved", [])
    assert (entry.status, entry.kept, entry.reversed) == ("approved", AMOUNT, 0)


@ENDS
def test_not_paid_it_ends(street: World, ends: Ending) -> None:
    async def scene(hands: Hands, sale: SaleView) -> SaleView:
        await ends(hands, sale)
        ended = await hands.until(sale)
        await hands.pay_by_page(ended, hands.phone())
        return ended

    sale, entry = played(street, scene)
    assert sale.state == ("expired" if ends is time_is_over else "cancelled")
    assert (entry.status, entry.kept) == ("cancelled", 0)


def test_the_shop_is_told_and_stays_on_line(street: World) -> None:
    alarms: list[list[tuple[str, bool]]] = []

    async def scene(hands: Hands, sale: SaleView) -> SaleView:
        await hands.cancel(sale)
        for _ in range(120):
            await hands.wait_a_second()
            status = await hands.play.status()
            assert status.link.online
            alarms.append([(alarm.kind, alarm.calm) for alarm in status.alarms])
        hands.play.road.mend()
        for _ in range(40):
            await hands.wait_a_second()
        alarms.append([(alarm.kind, alarm.calm) for alarm in (await hands.play.status()).alarms])
        return await hands.until(sale)

    played(street, scene)
    assert alarms[30] == []
    assert alarms[-2] == [("events_held_back", True)]
    assert alarms[-1] == []  # it follows its cause
