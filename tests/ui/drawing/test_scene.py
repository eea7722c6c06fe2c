# SPDX-License-Identifier: Apache-2.0
"""Boxes and targets as values: what lies where, and what a touch finds."""

import pytest

from ui.actions import Do, Key, Press
from ui.drawing.scene import Box, Role, Scene, Script, Target, Text, Waves
from ui.theme import Token, Weight

BOX = Box(10, 20, 30, 40)


@pytest.mark.parametrize(
    ("x", "y", "holds"),
    [(10, 20, True), (39.9, 59.9, True), (40, 30, False), (20, 60, False), (9.9, 30, False)],
    ids=["first pixel", "last pixel", "right edge", "bottom edge", "left of it"],
)
def test_a_box_holds_its_own_pixels_only(x: float, y: float, holds: bool) -> None:
    assert BOX.holds(x, y) is holds


@pytest.mark.parametrize(
    ("other", "meets", "covers", "apart"),
    [
        (BOX, True, True, -30),
        (Box(15, 25, 5, 5), True, True, -5),
        (Box(35, 55, 20, 20), True, False, -5),
        (Box(40, 20, 10, 10), False, False, 0),
        (Box(48, 20, 10, 10), False, False, 8),
        (Box(48, 70, 10, 10), False, False, 10),
        (Box(0, 0, 4, 4), False, False, 16),
    ],
    ids=["itself", "inside", "a corner", "touching", "beside", "beside and below", "above"],
)
def test_two_boxes(other: Box, meets: bool, covers: bool, apart: float) -> None:
    assert (BOX.meets(other), other.meets(BOX)) == (meets, meets)
    assert BOX.covers(other) is covers
    assert (BOX.apart(other), other.apart(BOX)) == (apart, apart)


def test_an_inset_box_keeps_its_middle() -> None:
    assert BOX.inset(5, 10) == Box(15, 30, 20, 20)
    assert (BOX.right, BOX.bottom) == (40, 60)


def scene_with(*targets: Target) -> Scene:
    line = Text(box=BOX, text="收款", size=20, weight=Weight.BOLD, colour=Token.INK, script=Script.HANS)
    return Scene(name="x", size=(100, 100), nodes=(line,), targets=targets)


PLAIN = Target(box=Box(0, 0, 50, 50), action=Do.SYNC)
KEY = Target(box=Box(40, 40, 20, 20), action=Press(Key.D1), role=Role.KEY)
NEXT = Target(box=Box(70, 70, 20, 20), action=Do.NEXT, role=Role.PRIMARY)
OFFERED = scene_with(PLAIN, KEY, NEXT)


@pytest.mark.parametrize(
    ("x", "y", "found"),
    [(1, 1, PLAIN), (45, 45, KEY), (59, 59, KEY), (75, 75, NEXT), (65, 65, None), (-1, 0, None)],
    ids=["one", "of two the one drawn last", "its last pixel", "another", "between them", "off the panel"],
)
def test_a_touch_finds_the_uppermost_target(x: float, y: float, found: Target | None) -> None:
    assert OFFERED.target_at(x, y) == found


def test_targets_are_found_by_role_and_by_action() -> None:
    assert OFFERED.target_of(Role.PRIMARY) == NEXT
    assert OFFERED.target_of(Role.CANCEL) is None
    assert OFFERED.find(Press(Key.D1)) == KEY
    assert OFFERED.find(Press(Key.D2)) is None


def test_only_waves_move() -> None:
    still = scene_with()
    assert (still.moves, still.words) == (False, ("收款",))
    moving = Scene(name="x", size=(100, 100), nodes=(Waves(box=BOX, colour=Token.BRAND),), targets=())
    assert moving.moves


def test_equal_screens_are_equal_values() -> None:
    assert scene_with(PLAIN) == scene_with(PLAIN)
    assert scene_with(PLAIN) != scene_with(KEY)
    assert len({*scene_with().nodes, *scene_with().nodes}) == 1
