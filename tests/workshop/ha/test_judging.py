# SPDX-License-Identifier: Apache-2.0
"""Each promise is broken by what speaks against it, and by nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from workshop.ha.judging import Acknowledged, Booked, Evidence, Money, TillDay, judge, longest_gap_s

TILL = TillDay(name="till 1", approved={"c": 188}, open_states=[], waiting=0, is_final=True, differences=0, unsettled=0)
MONEY = Money(given_to_shoppers=3_000, left_with_shoppers=2_612, owed_to_merchants=388, ledger_is_balanced=True)
SOUND = Evidence(
    acknowledged=[Acknowledged(intent_id=name, total_minor=100, at_s=1.0) for name in "ab"],
    unanswered=0,
    booked=[Booked(intent_id=name, total_minor=total) for name, total in (("a", 100), ("b", 100), ("c", 188))],
    tills=[TILL],
    money=MONEY,
)


def broken(evidence: Evidence) -> dict[str, int]:
    return {promise.what: promise.against for promise in judge(evidence) if not promise.holds}


def test_all_hold_where_all_witnesses_agree() -> None:
    assert broken(SOUND) == {}
    assert len(judge(SOUND)) == 13


@pytest.mark.parametrize(
    ("changes", "against"),
    [
        (
            {"booked": SOUND.booked[1:], "money": replace(MONEY, left_with_shoppers=2_712, owed_to_merchants=288)},
            {"acknowledged and lost": 1},
        ),
        (
            {"booked": SOUND.booked[:2], "money": replace(MONEY, left_with_shoppers=2_800, owed_to_merchants=200)},
            {"acknowledged and lost": 1},
        ),
        ({"booked": [*SOUND.booked, SOUND.booked[0]]}, {"booked twice": 1}),
        (
            {
                "booked": [replace(SOUND.booked[0], total_minor=101), *SOUND.booked[1:]],
                "money": replace(MONEY, left_with_shoppers=2_611, owed_to_merchants=389),
            },
            {"booked with another sum": 1},
        ),
        ({"acknowledged": SOUND.acknowledged[:1]}, {"booked, and no terminal knows": 1}),
        ({"unanswered": 2}, {"never answered": 2}),
        (
            {"money": replace(MONEY, left_with_shoppers=2_512)},
            {"shoppers paid other than was booked": 100},
        ),
        (
            {"money": replace(MONEY, owed_to_merchants=488)},
            {"merchants are owed other than was booked": 100},
        ),
        ({"money": replace(MONEY, ledger_is_balanced=False)}, {"ledger out of balance": 1}),
        ({"tills": [replace(TILL, open_states=["0001 unknown"])]}, {"till 1: sales not over": 1}),
        ({"tills": [replace(TILL, waiting=3)]}, {"till 1: stored and not sent": 3}),
        ({"tills": [replace(TILL, is_final=False)]}, {"till 1: the day is not final": 1}),
        ({"tills": [replace(TILL, differences=1)]}, {"till 1: differences of the day": 1}),
        ({"tills": [replace(TILL, unsettled=1)]}, {"till 1: approved and not settled": 1}),
    ],
    ids=[
        "told, not booked",
        "a till's, not booked",
        "listed twice",
        "another sum",
        "booked, told nobody",
        "no answer",
        "a shopper paid twice",
        "a merchant got twice",
        "ledger",
        "open sale",
        "stored",
        "not final",
        "difference",
        "unsettled",
    ],
)
def test_what_speaks_against_a_promise_breaks_it(changes: dict[str, Any], against: dict[str, int]) -> None:
    assert broken(replace(SOUND, **changes)) == against


@pytest.mark.parametrize(
    ("times_s", "begin_s", "end_s", "gap_s"),
    [
        ([1, 2, 3, 4], 0.5, 4.5, 1.0),
        ([1, 2, 19, 20], 1.5, 20.5, 17.0),
        ([10, 11, 30], 11.5, 31.0, 19.0),
        ([], 0.0, 25.0, 25.0),
        ([1, 2], 1.5, 40.0, 38.0),
        ([30], 10.0, 30.0, 20.0),
    ],
    ids=["steady", "inside", "began before the fault", "none at all", "none came back", "the end counts"],
)
def test_the_longest_time_without_service(times_s: list[float], begin_s: float, end_s: float, gap_s: float) -> None:
    assert longest_gap_s(times_s, begin_s, end_s) == gap_s
