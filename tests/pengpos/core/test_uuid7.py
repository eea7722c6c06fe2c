# SPDX-License-Identifier: Apache-2.0
"""UUIDv7: the layout of RFC 9562 §5.7, and an order that no clock disturbs."""

import secrets
from itertools import pairwise
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pengpos.core.uuid7 import Uuid7Source

NS_PER_MS = 1_000_000
LATEST_NS = ((1 << 48) - 1) * NS_PER_MS
ALL_ONES = (1 << 62) - 1


@pytest.mark.parametrize(
    ("unix_ns", "random", "text"),
    [
        # RFC 9562, A.6: the example's time, with its own random bits after the version and the variant.
        (0x017F22E279B0 * NS_PER_MS, 0x18C4DC0C0C07398F, "017f22e2-79b0-7000-98c4-dc0c0c07398f"),
        (0, 0, "00000000-0000-7000-8000-000000000000"),
        (NS_PER_MS // 2, 0, "00000000-0000-7800-8000-000000000000"),
        (NS_PER_MS - 1, ALL_ONES, "00000000-0000-7fff-bfff-ffffffffffff"),
        (LATEST_NS, 0, "ffffffff-ffff-7000-8000-000000000000"),
    ],
)
def test_layout(unix_ns: int, random: int, text: str) -> None:
    made = Uuid7Source(lambda: unix_ns, lambda _: random).next()
    assert made == UUID(text)
    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.int >> 80 == unix_ns // NS_PER_MS


@given(times=st.lists(st.integers(0, LATEST_NS - NS_PER_MS), min_size=2, max_size=50))
def test_each_is_greater_than_the_one_before_whatever_the_clock_does(times: list[int]) -> None:
    clock = iter(times)
    source = Uuid7Source(lambda: next(clock), secrets.randbits)
    made = [source.next() for _ in times]
    assert all(one < following for one, following in pairwise(made))
    assert {(one.version, one.variant) for one in made} == {(7, RFC_4122)}


def test_a_clock_that_stands_still_gives_each_its_own() -> None:
    source = Uuid7Source(lambda: 1_800_000_000 * 10**9, lambda _: 0)
    made = [source.next() for _ in range(10_000)]
    assert len(set(made)) == 10_000
    assert (made[-1].int >> 80) - (made[0].int >> 80) == 10_000 // 4096, "the ids stay near the time"
