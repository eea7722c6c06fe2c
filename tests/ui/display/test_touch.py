# SPDX-License-Identifier: Apache-2.0
"""When a touch counts: where it ends, on which screen, how soon after the last one."""

import pytest

from tests.ui.scenes import scene
from ui.actions import Action, Do, Key, Press
from ui.display.touch import BOUNCE_S, GUARD_S, REPEAT_S, Touches, target_of_key
from ui.drawing.scene import Scene

AMOUNT = scene("amount-sum", "zh-Hans", (800, 480))
PRESENT = scene("present", "zh-Hans", (800, 480))
RESULT = scene("approved", "zh-Hans", (800, 480))


def middle(one: Scene, action: Action) -> tuple[float, float]:
    target = one.find(action)
    assert target is not None
    return target.box.x + target.box.w / 2, target.box.y + target.box.h / 2


def settled(one: Scene) -> Touches:
    touches = Touches()
    touches.shown(one, -10.0)
    return touches


def tap(touches: Touches, one: Scene, action: Action, at_s: float, finger: int = 1) -> Action | None:
    touches.begin(finger, *middle(one, action), one, at_s)
    return touches.end(finger, *middle(one, action), one, at_s + 0.01)


def test_a_touch_acts_when_the_finger_leaves_where_it_came() -> None:
    touches = settled(AMOUNT)
    assert touches.begin(1, *middle(AMOUNT, Do.CHARGE), AMOUNT, 0.0) == Do.CHARGE
    assert touches.end(1, *middle(AMOUNT, Do.CHARGE), AMOUNT, 0.1) == Do.CHARGE


def test_a_finger_that_slides_off_does_nothing() -> None:
    touches = settled(AMOUNT)
    touches.begin(1, *middle(AMOUNT, Do.CHARGE), AMOUNT, 0.0)
    assert touches.end(1, 10, 300, AMOUNT, 0.1) is None
    assert touches.end(1, *middle(AMOUNT, Do.CHARGE), AMOUNT, 0.2) is None


def test_a_touch_that_began_on_another_screen_does_nothing() -> None:
    touches = settled(AMOUNT)
    touches.begin(1, *middle(AMOUNT, Do.CHARGE), AMOUNT, 0.0)
    touches.shown(PRESENT, 0.05)
    assert touches.end(1, *middle(PRESENT, Do.CANCEL), PRESENT, 0.1) is None


@pytest.mark.parametrize(("after_s", "acts"), [(GUARD_S - 0.02, False), (GUARD_S + 0.02, True)])
def test_a_new_screen_takes_no_touch_at_once(after_s: float, acts: bool) -> None:
    touches = settled(AMOUNT)
    touches.shown(PRESENT, 100.0)
    assert (tap(touches, PRESENT, Do.CANCEL, 100.0 + after_s) is not None) == acts


@pytest.mark.parametrize(("apart_s", "count"), [(REPEAT_S - 0.05, 1), (REPEAT_S + 0.05, 2)])
def test_a_button_bounces(apart_s: float, count: int) -> None:
    touches = settled(AMOUNT)
    acted = [tap(touches, AMOUNT, Do.CHARGE, 0.0), tap(touches, AMOUNT, Do.CHARGE, apart_s)]
    assert acted.count(Do.CHARGE) == count


@pytest.mark.parametrize(("apart_s", "count"), [(BOUNCE_S / 2, 1), (0.09, 2)])
def test_a_pad_is_as_quick_as_a_cashier(apart_s: float, count: int) -> None:
    touches = settled(AMOUNT)
    eight = Press(Key.D8)
    acted = [tap(touches, AMOUNT, eight, 0.0), tap(touches, AMOUNT, eight, apart_s)]
    assert acted.count(eight) == count


def test_two_thumbs_may_overlap() -> None:
    touches = settled(AMOUNT)
    one, two = Press(Key.D1), Press(Key.D2)
    touches.begin(1, *middle(AMOUNT, one), AMOUNT, 0.0)
    touches.begin(2, *middle(AMOUNT, two), AMOUNT, 0.02)
    assert touches.end(1, *middle(AMOUNT, one), AMOUNT, 0.05) == one
    assert touches.end(2, *middle(AMOUNT, two), AMOUNT, 0.07) == two


def test_a_palm_of_fingers_is_bounded() -> None:
    touches = settled(AMOUNT)
    pressed = [touches.begin(finger, *middle(AMOUNT, Press(Key.D1)), AMOUNT, 0.0) for finger in range(9)]
    assert sum(action is not None for action in pressed) == 5


@pytest.mark.parametrize(
    ("one", "key", "action"),
    [
        (AMOUNT, "7", Press(Key.D7)),
        (AMOUNT, ".", Press(Key.POINT)),
        (AMOUNT, "+", Press(Key.PLUS)),
        (AMOUNT, "*", Press(Key.TIMES)),
        (AMOUNT, "x", Press(Key.TIMES)),
        (AMOUNT, "backspace", Press(Key.BACKSPACE)),
        (AMOUNT, "delete", Press(Key.CLEAR)),
        (AMOUNT, "C", Press(Key.CLEAR)),
        (AMOUNT, "escape", Press(Key.CLEAR)),
        (AMOUNT, "enter", Do.CHARGE),
        (AMOUNT, "q", None),
        (PRESENT, "enter", None),
        (PRESENT, "escape", Do.CANCEL),
        (PRESENT, "7", None),
        (RESULT, "enter", Do.NEXT),
        (RESULT, "7", Do.NEXT),
    ],
)
def test_what_a_key_stands_for(one: Scene, key: str, action: Action | None) -> None:
    target = target_of_key(one, key)
    assert (target.action if target else None) == action


@pytest.mark.parametrize("after_s", [0.0, 0.02, GUARD_S / 2, GUARD_S * 2])
def test_every_digit_on_a_new_result_counts(after_s: float) -> None:
    touches = Touches()
    touches.shown(RESULT, 0.0)
    for digit in "1880":
        target = target_of_key(RESULT, digit)
        assert target is not None
        assert touches.key(digit, target, after_s) is Do.NEXT


def test_a_keyboard_does_not_bounce() -> None:
    touches, eight = settled(AMOUNT), target_of_key(AMOUNT, "8")
    assert eight is not None
    assert [touches.key("8", eight, at_s) for at_s in (0.0, 0.0, BOUNCE_S / 2)] == [Press(Key.D8)] * 3


@pytest.mark.parametrize(("after_s", "acts"), [(GUARD_S - 0.02, False), (GUARD_S + 0.02, True)])
def test_a_new_screen_takes_no_button_s_key_at_once(after_s: float, acts: bool) -> None:
    touches = settled(AMOUNT)
    touches.shown(PRESENT, 100.0)
    target = target_of_key(PRESENT, "escape")
    assert target is not None
    assert (touches.key("escape", target, 100.0 + after_s) is Do.CANCEL) == acts
