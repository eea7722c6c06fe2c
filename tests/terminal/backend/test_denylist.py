# SPDX-License-Identifier: Apache-2.0
"""The denylist: what is on it, what a delta makes of it, and how much room a long one takes."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.backend.denylist import Denylist

KIDS = st.sets(st.binary(min_size=8, max_size=8), max_size=30)


def kid(number: int) -> bytes:
    return number.to_bytes(8, "big")


@given(first=KIDS, add=KIDS, remove=KIDS)
def test_a_delta_adds_then_removes(first: set[bytes], add: set[bytes], remove: set[bytes]) -> None:
    denylist = Denylist.empty().changed(1, add=first, remove=set()).changed(2, add=add, remove=remove)
    expected = (first | add) - remove
    assert len(denylist) == len(expected)
    assert all(denylist.holds(one) == (one in expected) for one in first | add | remove)


@given(kids=KIDS)
def test_it_survives_its_own_bytes(kids: set[bytes]) -> None:
    denylist = Denylist.empty().changed(7, add=kids, remove=set())
    again = Denylist.from_bytes(denylist.to_bytes(), 7)
    assert again.to_bytes() == b"".join(sorted(kids))
    assert all(again.holds(one) for one in kids)


def test_many_at_once_and_one_by_one_are_the_same() -> None:
    kids = [kid(number * 7919) for number in range(2_000)]
    at_once = Denylist.empty().changed(1, add=kids, remove=kids[:3])
    one_by_one = Denylist.empty()
    for version, one in enumerate(kids, 1):
        one_by_one = one_by_one.changed(version, add=[one], remove=[])
    one_by_one = one_by_one.changed(len(kids) + 1, add=[], remove=kids[:3])
    assert at_once.to_bytes() == one_by_one.to_bytes()


@pytest.mark.parametrize(
    ("version", "add"), [(1, [b"seven b"]), (0, [kid(1)])], ids=["a kid of seven bytes", "a version that stays"]
)
def test_what_it_does_not_take(version: int, add: list[bytes]) -> None:
    with pytest.raises(ValueError, match=r"kid|version"):
        Denylist.empty().changed(version, add=add, remove=[])


def test_a_million_take_eight_megabytes() -> None:
    denylist = Denylist.from_bytes(b"".join(kid(number << 20) for number in range(1_000_000)), 1)
    assert sys.getsizeof(denylist._kids) <= 8 * 1024 * 1024
    assert denylist.holds(kid(999_999 << 20))
    assert not denylist.holds(kid(1))
