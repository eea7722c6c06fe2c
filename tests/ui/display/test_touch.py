# SPDX-License-Identifier: Apache-2.0
"""When a touch counts: where it ends, on which screen, how soon after the last one."""

import pytest

from tests.ui.scenes import scene
from ui.actions import Action, Do, Key, Press
from ui.display.keyboard import GUARD_S
from ui.display.moments import Panel, When
from ui.display.touch import REPEAT_S, SPOT, Doubt, Touches
from ui.drawing.scene import Scene

AMOUNT = scene("amount-sum", "zh-Hans", (800, 480))
PRESENT = scene("present", "zh-Hans", (800, 480))


def middle(one: Scene, action: Action) -> tuple[float, float]:
    target = one.find(action)
    assert target is not None
    return target.box.x + target.box.w / 2, target.box.y + target.box.h / 2


class Counter(Touches):
    """A panel with a scene on it, and fingers."""

    def __init__(self, one: Scene, at_s: float = -10.0) -> None:
        self.panel = Panel()
        super().__init__(self.panel)
        self.show(one, at_s)

    def show(self, one: Scene, at_s: float) -> None:
        self.panel.number += 1
        self.panel.put(one, at_s)


def tap(
    touches: Touches, one: Scene, action: Action, at_s: float, finger: int = 1, *, vague_s: float = 0.0, off: float = 0
) -> Action | Doubt | None:
    x, y = middle(one, action)
    touches.begin(finger, x + off, y, one, When(at_s, vague_s))
    return touches.end(finger, x + off, y, one, When(at_s + (0 if vague_s else 0.01), vague_s))


def test_a_touch_acts_when_the_finger_leaves_where_it_came() -> None:
    touches = Counter(AMOUNT)
    assert touches.begin(1, *middle(AMOUNT, Do.CHARGE), AMOUNT, When(0.0)) == Do.CHARGE
    assert touches.end(1, *middle(AMOUNT, Do.CHARGE), AMOUNT, When(0.1)) == Do.CHARGE


def test_a_finger_that_slides_off_does_nothing() -> None:
    touches = Counter(AMOUNT)
    touches.begin(1, *middle(AMOUNT, Do.CHARGE), AMOUNT, When(0.0))
    assert touches.end(1, 10, 300, AMOUNT, When(0.1)) is None
    assert touches.end(1, *middle(AMOUNT, Do.CHARGE), AMOUNT, When(0.2)) is None


def test_a_touch_that_began_on_another_screen_does_nothing() -> None:
    touches = Counter(AMOUNT)
    touches.begin(1, *middle(AMOUNT, Do.CHARGE), AMOUNT, When(0.0))
    touches.show(PRESENT, 0.05)
    assert touches.end(1, *middle(PRESENT, Do.CANCEL), PRESENT, When(0.1)) is None


@pytest.mark.parametrize(("after_s", "acts"), [(GUARD_S - 0.02, False), (GUARD_S + 0.02, True)])
def test_a_new_screen_takes_no_touch_at_once(after_s: float, acts: bool) -> None:
    touches = Counter(AMOUNT)
    touches.show(PRESENT, 100.0)
    assert (tap(touches, PRESENT, Do.CANCEL, 100.0 + after_s) is not None) == acts


@pytest.mark.parametrize(("apart_s", "count"), [(REPEAT_S - 0.05, 1), (REPEAT_S + 0.05, 2)])
def test_a_button_bounces(apart_s: float, count: int) -> None:
    touches = Counter(AMOUNT)
    acted = [tap(touches, AMOUNT, Do.CHARGE, 0.0), tap(touches, AMOUNT, Do.CHARGE, apart_s)]
    assert acted.count(Do.CHARGE) == count


@pytest.mark.parametrize(
    ("apart_s", "vague_s", "off", "second"),
    [
        (0.02, 0.0, 0.0, None),
        (0.02, 0.0, SPOT + 4, Press(Key.D8)),
        (0.09, 0.0, 0.0, Press(Key.D8)),
        (0.0, 0.028, 0.0, None),
        (0.0, 0.3, 0.0, Doubt.MAYBE_BOUNCED),
        (0.3, 0.3, 0.0, Doubt.MAYBE_BOUNCED),
        (0.4, 0.3, 0.0, Press(Key.D8)),
    ],
    ids=[
        "a bounce", "another thumb on the same key", "a quick cashier", "seen at once, after a short sleep",
        "seen at once, after the process was held", "after it was held", "long after it was held",
    ],
)  # fmt: skip
def test_a_pad_is_as_quick_as_a_cashier_and_loses_nothing(
    apart_s: float, vague_s: float, off: float, second: Action | Doubt | None
) -> None:
    touches = Counter(AMOUNT)
    eight = Press(Key.D8)
    assert tap(touches, AMOUNT, eight, 0.0, vague_s=vague_s) == eight
    assert tap(touches, AMOUNT, eight, 0.01 * (not vague_s) + apart_s, vague_s=vague_s, off=off) == second


def test_a_touch_of_the_screen_before_does_nothing() -> None:
    touches = Counter(PRESENT)
    touches.show(AMOUNT, 5.0)
    assert tap(touches, AMOUNT, Press(Key.D8), 4.9) is None
    assert tap(touches, AMOUNT, Press(Key.D8), 5.0) == Press(Key.D8)


def test_two_thumbs_may_overlap() -> None:
    touches = Counter(AMOUNT)
    one, two = Press(Key.D1), Press(Key.D2)
    touches.begin(1, *middle(AMOUNT, one), AMOUNT, When(0.0))
    touches.begin(2, *middle(AMOUNT, two), AMOUNT, When(0.02))
    assert touches.end(1, *middle(AMOUNT, one), AMOUNT, When(0.05)) == one
    assert touches.end(2, *middle(AMOUNT, two), AMOUNT, When(0.07)) == two


def test_a_palm_of_fingers_is_bounded() -> None:
    touches = Counter(AMOUNT)
    pressed = [touches.begin(finger, *middle(AMOUNT, Press(Key.D1)), AMOUNT, When(0.0)) for finger in range(9)]
    assert sum(action is not None for action in pressed) == 5
