# SPDX-License-Identifier: Apache-2.0
"""The merchant's day: which date an instant has, and which instant of a sale counts."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pengpos.core.business_day import BusinessDay, accepted_offline_at, counts_at
from pengpos.core.sale import SaleState, Step, Way
from pengpos.core.times import LATEST_TIME, parse_rfc3339
from workshop.samples.sales import NOON, authorised, booking, sale_in

LAST = LATEST_TIME - 4 * 86_400
ZONES = (
    "Asia/Shanghai",
    "America/St_Johns",  # its clocks went back one minute after midnight, until 2011: 23:01 came twice
    "Asia/Beirut",  # goes forward at midnight: some dates have no 00:00
    "Australia/Lord_Howe",  # by half an hour
    "Pacific/Apia",  # had no 30 December 2011
    "Africa/Casablanca",
    "Etc/GMT+12",
    "Pacific/Kiritimati",
)


@pytest.mark.parametrize(
    ("starts_hour", "at", "on"),
    [
        (0, "2027-01-15T23:59:59+08:00", "2027-01-15"),
        (0, "2027-01-16T00:00:00+08:00", "2027-01-16"),
        (4, "2027-01-16T03:59:59+08:00", "2027-01-15"),
        (4, "2027-01-16T04:00:00+08:00", "2027-01-16"),
        (23, "2027-01-16T22:59:59+08:00", "2027-01-15"),
    ],
)
def test_a_date_begins_at_the_merchants_hour(starts_hour: int, at: str, on: str) -> None:
    assert BusinessDay(ZoneInfo("Asia/Shanghai"), starts_hour).date_of(parse_rfc3339(at)) == date.fromisoformat(on)


@given(
    zone=st.sampled_from(ZONES),
    starts_hour=st.integers(0, 23),
    at=st.integers(0, 4_102_444_800) | st.integers(1_300_000_000, 1_330_000_000) | st.integers(0, LAST),
)
def test_an_instant_lies_in_the_span_of_its_date(zone: str, starts_hour: int, at: int) -> None:
    day = BusinessDay(ZoneInfo(zone), starts_hour)
    on = day.date_of(at)
    begin, end = day.span(on)
    assert begin <= at < end
    assert day.span(on + timedelta(days=1))[0] == end


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", [-1, LATEST_TIME, LATEST_TIME + 1, (1 << 64) - 1])
def test_every_number_has_a_date(zone: str, at: int) -> None:
    assert BusinessDay(ZoneInfo(zone), 4).date_of(at).year in {1969, 1970, 9999}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("on", [date.min, date.max])
def test_the_calendars_ends_have_a_span(zone: str, on: date) -> None:
    begin, end = BusinessDay(ZoneInfo(zone), 23).span(on)
    assert 0 < end - begin <= 2 * 86_400


# --- which instant of a sale counts -----------------------------------------------------------------------------------

TAPPED, ACCEPTED, BOOKED = NOON + 10, NOON + 40, NOON + 90
STORED = (Step(SaleState.AUTHORISED, TAPPED, ""), Step(SaleState.ACCEPTED_OFFLINE, ACCEPTED, ""))
OFFLINE = {"authorised": authorised(authorised_at=TAPPED, occurred_at=TAPPED + 1), "history": STORED}
ONLINE = {"authorised": authorised(authorised_at=TAPPED), "history": STORED[:1]}
TAKEN = (SaleState.APPROVED, SaleState.SETTLED, SaleState.PARTLY_REFUNDED, SaleState.REFUNDED)

CASES: dict[SaleState, tuple[int | None, int | None]] = {
    **dict.fromkeys(SaleState, (None, None)),
    **dict.fromkeys(TAKEN, (BOOKED, TAPPED)),
    SaleState.ACCEPTED_OFFLINE: (TAPPED, TAPPED),
    SaleState.FORWARDING: (TAPPED, TAPPED),
    SaleState.DECLINED_AT_SYNC: (None, TAPPED),
}
"""State → what counts without an offline acceptance in the history, and with one."""


@pytest.mark.parametrize("state", SaleState)
def test_when_a_sale_counts(state: SaleState) -> None:
    booked: dict[str, Any] = {"booking": booking(booked_at=BOOKED)} if state in TAKEN else {}
    found = tuple(counts_at(sale_in(state, **changes, **booked)) for changes in (ONLINE, OFFLINE))
    assert found == CASES[state]


def test_paid_by_another_way_it_counts_when_it_was_booked() -> None:
    """Accepted offline, and then somebody else's payment by the page stood: the backend never counted this one."""
    paid = sale_in(SaleState.APPROVED, **OFFLINE, booking=booking(booked_at=BOOKED, by=None))
    assert counts_at(paid) == BOOKED
    assert counts_at(sale_in(SaleState.APPROVED, booking=booking(booked_at=BOOKED, by=Way.READER))) == BOOKED


@pytest.mark.parametrize("state", SaleState)
def test_when_it_was_accepted_offline(state: SaleState) -> None:
    stored = state in {SaleState.ACCEPTED_OFFLINE, SaleState.FORWARDING}
    assert accepted_offline_at(sale_in(state, **OFFLINE)) == ACCEPTED
    without = accepted_offline_at(sale_in(state, **ONLINE))
    assert without == (ONLINE["authorised"].occurred_at if stored else None)  # type: ignore[attr-defined] # a union of values
