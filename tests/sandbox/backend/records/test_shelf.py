# SPDX-License-Identifier: Apache-2.0
"""A shelf is bounded: the value that was asked for longest ago goes first."""

from sandbox.backend.records.shelf import Shelf


def test_the_value_that_was_asked_for_longest_ago_goes_first() -> None:
    shelf: Shelf[str, int] = Shelf(2)
    shelf.put("a", 1)
    shelf.put("b", 2)
    assert shelf.get("a") == 1
    shelf.put("c", 3)
    assert [shelf.get(key) for key in "abc"] == [1, None, 3]


def test_a_value_takes_the_place_of_the_one_before_and_may_be_dropped() -> None:
    shelf: Shelf[str, int] = Shelf(2)
    shelf.put("a", 1)
    shelf.put("a", 2)
    assert shelf.get("a") == 2
    shelf.drop("a")
    shelf.drop("a")
    assert shelf.get("a") is None
