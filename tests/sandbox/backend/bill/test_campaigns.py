# SPDX-License-Identifier: Apache-2.0
"""When a campaign runs, for whom, and what it takes off: tables."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sandbox.backend.bill.campaigns import Campaign, Hours, Shopper, is_for, runs, worth

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


def made(**what: Any) -> Campaign:
    usual: dict[str, Any] = {"name": "立减", "most_minor": 5_00, "minimum_minor": 0, "currency": "CNY", "not_before": 0}
    return Campaign(**usual | {"not_after": 2**40} | what)


WORTHS = {
    "fixed": ({}, 20_00, 5_00),
    "below its minimum": ({"minimum_minor": 20_01}, 20_00, 0),
    "at its minimum": ({"minimum_minor": 20_00}, 20_00, 5_00),
    "more than the bill leaves a cent": ({}, 3_00, 2_99),
    "a bill of a cent": ({}, 1, 0),
    "nothing to pay": ({}, 0, 0),
    "percent": ({"percent": 10}, 20_05, 2_00),
    "percent, capped": ({"percent": 50}, 20_00, 5_00),
    "all of it, but a cent": ({"percent": 100}, 4_00, 3_99),
    "percent of little": ({"percent": 1}, 99, 0),
    "drawn from one sum": ({"least_minor": 5_00}, 20_00, 5_00),
}


@pytest.mark.parametrize(("what", "goods", "off"), WORTHS.values(), ids=WORTHS.keys())
def test_what_it_takes_off(what: dict[str, Any], goods: int, off: int) -> None:
    assert worth(made(**what), goods, "an intent") == off


def test_a_drawn_one_is_drawn_once_an_intent_and_has_every_sum() -> None:
    campaign = made(least_minor=1, most_minor=6, seed=b"a seed of ours")
    drawn = [worth(campaign, 1_00, f"intent {number}") for number in range(200)]
    assert drawn == [worth(campaign, 1_00, f"intent {number}") for number in range(200)]
    assert set(drawn) == {1, 2, 3, 4, 5, 6}
    assert drawn != [worth(made(least_minor=1, most_minor=6, seed=b"another"), 1_00, f"intent {n}") for n in range(200)]


NOON = {"hours": (Hours(11 * 60 + 30, 13 * 60),)}
EVENINGS = {"hours": (Hours(22 * 60, 24 * 60), Hours(0, 2 * 60))}
RUNS = {
    "a minute before": (NOON, "2026-11-30T11:29:59", SHANGHAI, False),
    "as it begins": (NOON, "2026-11-30T11:30:00", SHANGHAI, True),
    "its last second": (NOON, "2026-11-30T12:59:59", SHANGHAI, True),
    "as it ends": (NOON, "2026-11-30T13:00:00", SHANGHAI, False),
    "before midnight": (EVENINGS, "2026-11-30T23:59:59", SHANGHAI, True),
    "behind midnight": (EVENINGS, "2026-12-01T00:00:00", SHANGHAI, True),
    "a Monday": ({"weekdays": frozenset({1})}, "2026-11-30T00:00:00", SHANGHAI, True),
    "no Monday any more": ({"weekdays": frozenset({1})}, "2026-12-01T00:00:00", SHANGHAI, False),
    "stopped": ({"is_stopped": True}, "2026-11-30T12:00:00", SHANGHAI, False),
    "before the hour that is left out in spring": ({"hours": (Hours(120, 180),)}, "2026-03-29T01:59:59", BERLIN, False),
    "behind it": ({"hours": (Hours(120, 180),)}, "2026-03-29T03:00:00", BERLIN, False),
    "the hour that comes twice in autumn": ({"hours": (Hours(120, 180),)}, "2026-10-25T02:30:00", BERLIN, True),
    "the same for the second time": ({"hours": (Hours(120, 180),)}, "2026-10-25T02:30:00 again", BERLIN, True),
}


@pytest.mark.parametrize(("what", "at", "zone", "expected"), RUNS.values(), ids=RUNS.keys())
def test_when_it_runs(what: dict[str, Any], at: str, zone: ZoneInfo, *, expected: bool) -> None:
    local = datetime.fromisoformat(at.removesuffix(" again")).replace(tzinfo=zone, fold=int(at.endswith("again")))
    assert runs(made(**what), int(local.timestamp()), zone) is expected


def test_both_its_instants_are_in_it() -> None:
    campaign = made(not_before=100, not_after=200)
    assert [runs(campaign, at, SHANGHAI) for at in (99, 100, 200, 201)] == [False, True, True, False]


SHOPPERS = {
    "first purchase": ({"first_purchase": True}, Shopper(), True),
    "no first purchase": ({"first_purchase": True}, Shopper(visits=1), False),
    "a first purchase that was had before": ({"first_purchase": True}, Shopper(times={"k": 1}), False),
    "tenth visit": ({"nth_visit": 10}, Shopper(visits=9), True),
    "twentieth visit": ({"nth_visit": 10}, Shopper(visits=19), True),
    "ninth visit": ({"nth_visit": 10}, Shopper(visits=8), False),
    "once more": ({"times_per_shopper": 2}, Shopper(times={"k": 1}), True),
    "no more": ({"times_per_shopper": 2}, Shopper(times={"k": 2}), False),
    "another campaign's times": ({"times_per_shopper": 2}, Shopper(times={"l": 2}), True),
}


@pytest.mark.parametrize(("what", "shopper", "expected"), SHOPPERS.values(), ids=SHOPPERS.keys())
def test_for_whom_it_is(what: dict[str, Any], shopper: Shopper, *, expected: bool) -> None:
    assert is_for(made(key="k", **what), shopper) is expected
