# SPDX-License-Identifier: Apache-2.0
"""RFC 3339 read strictly and written in whole seconds of UTC."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pengpos.core.times import LATEST_TIME, parse_date, parse_rfc3339, rfc3339


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2027-01-15T08:00:00Z", 1_800_000_000),
        ("2027-01-15t08:00:00z", 1_800_000_000),
        ("2027-01-15 08:00:00Z", 1_800_000_000),
        ("2027-01-15T16:00:00+08:00", 1_800_000_000),
        ("2027-01-15T02:30:00-05:30", 1_800_000_000),
        ("2027-01-15T08:00:00.999Z", 1_800_000_000),
        ("2027-01-15T07:59:60Z", 1_800_000_000),
        ("9999-12-31T23:59:59Z", LATEST_TIME),
    ],
)
def test_what_is_a_time(text: str, at: int) -> None:
    assert parse_rfc3339(text) == at


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "1800000000", "2027-01-15", "2027-01-15T08:00:00", "2027-01-15T08:00Z", "20270115T080000Z",
        "2027-01-15T08:00:00+0800", "2027-01-15T08:00:00+08", "2027-02-30T08:00:00Z", "2027-01-15T25:00:00Z",
        "2027-01-15T08:00:00Z\n", " 2027-01-15T08:00:00Z", "２０２７-01-15T08:00:00Z", "2027-W03-5T08:00:00Z",
        "2027-01-15T08:00:61Z", "2027-01-15T08:60:00Z",
    ],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_rfc3339(text)


def test_a_date_is_written_in_one_way() -> None:
    """A day's close for `2026-W01` closed 2025-12-29."""
    assert parse_date("2026-11-30").isoformat() == "2026-11-30"


@pytest.mark.parametrize(
    "text",
    ["", "20261130", "2026-W01", "2026-W01-1", "2026-02-30", "2026-11-30\n", "２０２６-11-30", "2026-11-30T00:00:00"],
)
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_date(text)


@given(st.integers(min_value=0, max_value=LATEST_TIME))
def test_what_is_written_is_read_again(at: int) -> None:
    assert parse_rfc3339(rfc3339(at)) == at


@pytest.mark.parametrize(
    ("at", "text"),
    [(-1, "1970-01-01T00:00:00Z"), (LATEST_TIME + 1, "9999-12-31T23:59:59Z"), ((1 << 64) - 1, "9999-12-31T23:59:59Z")],
)
def test_a_time_outside_the_calendar_is_the_nearest_inside(at: int, text: str) -> None:
    assert rfc3339(at) == text
