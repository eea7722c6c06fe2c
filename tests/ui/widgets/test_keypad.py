# SPDX-License-Identifier: Apache-2.0
"""The pads: each key once and large enough, nothing over another thing, on every panel."""

import itertools

import pytest

from tests.ui.scenes import EVERY_PANEL, Size, canvas, drawings, scale, texts, wrong_targets
from ui.actions import Do, Key, Press
from ui.drawing.scene import Box, Fill, Role, Scene, Shape
from ui.theme import KEY_MINIMUM, MARGIN, Token
from ui.widgets.bar import bar_height
from ui.widgets.canvas import Canvas
from ui.widgets.keypad import AMOUNT_KEYS, AMOUNT_KEYS_PORTRAIT, CODE_KEYS, Keys, PadPlan, keypad, pad_action, plan_pad

PADS = {"amount": AMOUNT_KEYS, "amount, upright": AMOUNT_KEYS_PORTRAIT, "code": CODE_KEYS}
EVERY_PAD = pytest.mark.parametrize("keys", PADS.values(), ids=PADS)
LEFT_NEEDS = 320


def planned(size: Size) -> tuple[Canvas, PadPlan]:
    made = canvas(size)
    return made, plan_pad(made, left_needs=LEFT_NEEDS)


def with_pad(size: Size, keys: Keys, dead: frozenset[Key] = frozenset(), pressed: Press | None = None) -> Scene:
    made = canvas(size, pressed=pressed)
    keypad(made, plan_pad(made, left_needs=LEFT_NEEDS).keys, keys, dead)
    return made.finish()


@EVERY_PANEL
def test_the_plan_lies_on_the_panel_below_the_bar(size: Size) -> None:
    made, plan = planned(size)
    below = Box(0, bar_height(made), made.w, made.h - bar_height(made))
    for name, box in plan._asdict().items():
        assert below.covers(box), name
        assert min(box.w, box.h) >= 60, name


@EVERY_PANEL
def test_nothing_is_planned_over_another_thing(size: Size) -> None:
    made, plan = planned(size)
    apart = [plan.left, plan.keys, plan.action] + ([plan.way_out] if made.portrait else [])
    assert not any(one.meets(other) for one, other in itertools.combinations(apart, 2))
    assert not plan.way_out.meets(plan.action)
    assert not plan.way_out.meets(plan.keys)


@EVERY_PANEL
def test_the_action_is_bottom_right_and_the_way_out_bottom_left(size: Size) -> None:
    made, plan = planned(size)
    assert plan.action.right == made.w - MARGIN
    assert plan.way_out.x == MARGIN
    assert min(plan.action.bottom, plan.way_out.bottom) >= made.h - MARGIN
    assert plan.way_out.right < plan.action.x


@EVERY_PANEL
@EVERY_PAD
def test_every_key_once_large_enough_and_apart(size: Size, keys: Keys) -> None:
    one = with_pad(size, keys)
    expected = [Press(key) for key in itertools.chain(*keys) if key is not None]
    assert [target.action for target in one.targets] == expected
    assert {target.role for target in one.targets} == {Role.KEY}
    assert wrong_targets(one.targets, size) == []
    assert min(target.box.h for target in one.targets) >= KEY_MINIMUM * scale(size) - 1


@EVERY_PAD
def test_a_pad_has_every_digit(keys: Keys) -> None:
    digits = [
        key.value for key in itertools.chain(*keys) if key is not None and len(key.value) == 1 and key.value.isdigit()
    ]
    assert sorted(digits) == list("0123456789")


def test_where_there_is_none_the_key_above_reaches_down() -> None:
    one = with_pad((720, 1280), AMOUNT_KEYS_PORTRAIT)
    high = {target.action: target.box for target in one.targets}
    plus, point = high[Press(Key.PLUS)], high[Press(Key.POINT)]
    assert plus.bottom == point.bottom
    assert plus.y == high[Press(Key.D9)].y


@EVERY_PANEL
def test_a_dead_key_is_seen_and_cannot_be_pressed(size: Size) -> None:
    one = with_pad(size, AMOUNT_KEYS, frozenset({Key.POINT}))
    assert one.find(Press(Key.POINT)) is None
    assert [node.colour for node in texts(one) if node.text == "."] == [Token.FAINT]


def test_a_finger_is_seen_on_its_key_only() -> None:
    one = with_pad((800, 480), AMOUNT_KEYS, pressed=Press(Key.D5))
    pressed = [node.box for node in one.nodes if isinstance(node, Fill) and node.colour is Token.PRESSED]
    target = one.find(Press(Key.D5))
    assert target is not None
    assert pressed == [target.box]


def test_what_stands_on_the_keys() -> None:
    one = with_pad((800, 480), AMOUNT_KEYS)
    assert list(one.words) == ["1", "2", "3", "4", "5", "6", "×", "7", "8", "9", "+", "00", "0", ".", "C"]
    assert [node.shape for node in drawings(one)] == [Shape.BACKSPACE]


@EVERY_PANEL
@pytest.mark.parametrize("enabled", [True, False])
def test_the_wide_action_under_the_pad(size: Size, enabled: bool) -> None:
    made, plan = planned(size)
    pad_action(made, plan.action, "收款", Do.CHARGE, enabled=enabled)
    one = made.finish()
    assert [target.action for target in one.targets] == ([Do.CHARGE] if enabled else [])
    assert [node.colour for node in one.nodes if isinstance(node, Fill)] == [Token.BRAND if enabled else Token.PAPER]
    assert wrong_targets(one.targets, size) == []
