# SPDX-License-Identifier: Apache-2.0
"""What a terminal's own day says at the end. The terminals themselves: `make ha`."""

import asyncio

import pytest

from pengpos.client import DayReport, IntentView, SaleView
from workshop.ha.judging import TillDay
from workshop.ha.tills import TillLoop, till_day

REPORT = DayReport(
    date="2026-11-30",
    final=True,
    here_count=1,
    here_total=188,
    there_count=1,
    there_total=188,
    declined_at_sync_count=0,
    declined_at_sync_total=0,
    differences=[],
    currency="CNY",
)


def sale(state: str, *intents: tuple[str, str]) -> SaleView:
    return SaleView(
        id=state,
        number=f"0001-{state}",
        state=state,
        amount=188,
        tip=0,
        total=188,
        mode="online",
        ways=[],
        created_at="",
        expires_at="",
        intents=[IntentView(intent_id=name, epoch=1, counter=1, state=how, at="") for name, how in intents],
        history=[],
        currency="CNY",
    )


@pytest.mark.parametrize(
    ("sales", "approved", "open_states", "unsettled"),
    [
        ([sale("settled", ("a", "approved"))], {"a": 188}, [], 0),
        ([sale("approved", ("a", "approved"))], {"a": 188}, [], 1),
        ([sale("settled", ("a", "expired"), ("b", "approved"))], {"b": 188}, [], 0),
        ([sale("cancelled", ("a", "cancelled"))], {}, [], 0),
        ([sale("unknown", ("a", "unknown"))], {}, ["0001-unknown unknown"], 0),
        ([sale("accepted_offline", ("a", "accepted_offline"))], {}, ["0001-accepted_offline accepted_offline"], 0),
    ],
    ids=["settled", "approved", "again", "given up", "unknown", "stored"],
)
def test_what_its_sales_came_to(
    sales: list[SaleView], approved: dict[str, int], open_states: list[str], unsettled: int
) -> None:
    assert till_day("till 1", REPORT, sales, waiting=2) == TillDay(
        name="till 1",
        approved=approved,
        open_states=open_states,
        waiting=2,
        is_final=True,
        differences=0,
        unsettled=unsettled,
    )


def test_all_terminals_share_one_loop_which_ends() -> None:
    floor = TillLoop()

    async def loop_here() -> int:
        return id(asyncio.get_running_loop())

    assert floor.run(loop_here()) == floor.run(loop_here())
    with pytest.raises(KeyError):
        floor.run(failing())
    floor.close()


async def failing() -> None:
    raise KeyError("a bug")
