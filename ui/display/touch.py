# SPDX-License-Identifier: Apache-2.0
"""Turns fingers and mouse into actions. A touch counts when it ends where it began, on the screen it began on.

Cheap panels bounce, and a cashier's second tap must not hit what has just appeared: a new screen takes touches only
after `GUARD_S`, and the same button not twice within `REPEAT_S`. Keys of a pad are exempt from both; of theirs a bounce
is a second touch within `BOUNCE_S` at the same spot, by the time of the touch.
"""

from enum import Enum, auto
from typing import Final, NamedTuple

from ui.actions import Action
from ui.display.keyboard import GUARD_S
from ui.display.moments import Panel, When
from ui.drawing.scene import Role, Scene, Target

REPEAT_S: Final = 0.4
BOUNCE_S: Final = 0.05
"""A finger that is lifted and put down again takes longer; a contact that bounces does not."""
SPOT: Final = 12.0
"""Pixels: a contact bounces where it is."""
FINGERS_MOST: Final = 5


class Doubt(Enum):
    """A touch that is neither sure to count nor sure not to."""

    MAYBE_BOUNCED = auto()
    """Again at the same spot, while we did not look: nobody knows how soon."""


class _Down(NamedTuple):
    target: Target
    scene: int
    counts: bool | Doubt


class _Last(NamedTuple):
    action: Action
    x: float
    y: float
    when: When


class Touches:
    """Remembers what is under which finger."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._down: dict[int, _Down] = {}
        self._last: _Last | None = None

    def begin(self, finger: int, x: float, y: float, scene: Scene, when: When) -> Action | None:
        """Take a finger that came down; gives what it presses."""
        target = scene.target_at(x, y)
        if target is None or len(self._down) >= FINGERS_MOST or not self._is_awake(target, when):
            return None
        self._down[finger] = _Down(target, self._panel.number, self._is_new(target, x, y, when))
        return target.action

    def end(self, finger: int, x: float, y: float, scene: Scene, when: When) -> Action | Doubt | None:
        """Take a finger that went up; gives the action if the touch counts."""
        down = self._down.pop(finger, None)
        if down is None or down.scene != self._panel.number or not down.target.box.holds(x, y):
            return None
        if scene.find(down.target.action) is None:
            return None
        self._last, before = _Last(down.target.action, x, y, when), self._last
        if down.counts is not True:
            return down.counts or None
        if down.target.role is not Role.KEY and _repeats(before, down.target.action, when):
            self._last = before
            return None
        return down.target.action

    def _is_awake(self, target: Target, when: When) -> bool:
        if self._panel.seen(when).number != self._panel.number:
            return False
        return target.role is Role.KEY or self._panel.stood_s(when) >= GUARD_S

    def _is_new(self, target: Target, x: float, y: float, when: When) -> bool | Doubt:
        """Whether it is another touch than the last one, which ended at the same key."""
        last = self._last
        if target.role is not Role.KEY or last is None or last.action != target.action:
            return True
        if abs(x - last.x) > SPOT or abs(y - last.y) > SPOT:
            return True
        apart_s = when.at_s - last.when.at_s
        if apart_s + last.when.vague_s < BOUNCE_S:
            return False
        return True if apart_s - when.vague_s >= BOUNCE_S else Doubt.MAYBE_BOUNCED


def _repeats(before: _Last | None, action: Action, when: When) -> bool:
    return before is not None and before.action == action and when.at_s - before.when.at_s < REPEAT_S
