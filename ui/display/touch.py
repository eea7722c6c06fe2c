# SPDX-License-Identifier: Apache-2.0
"""Turns fingers, mouse and keys into actions. A touch counts when it ends where it began, on the screen it began on.

Cheap panels bounce, and a cashier's second tap must not hit what has just appeared: a new screen takes touches only
after `GUARD_S`, and the same button not twice within `REPEAT_S`. Keys of a pad are exempt from both but for bounce.
A keyboard does not bounce, and a digit is meant for an amount whatever has just appeared: it is never left out.
"""

from typing import Final, NamedTuple

from ui.actions import Action, Do, Key, Press, PressPin
from ui.drawing.scene import Role, Scene, Target

GUARD_S = 0.25
REPEAT_S = 0.4
BOUNCE_S = 0.04
FINGERS_MOST = 5


class _Down(NamedTuple):
    target: Target
    scene_name: str


class Touches:
    """Remembers what is under which finger. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._down: dict[int, _Down] = {}
        self._scene_name = ""
        self._scene_since_s = 0.0
        self._last: Action | None = None
        self._last_s = -1e9

    def shown(self, scene: Scene, now_s: float) -> None:
        """Take note that a scene has been put on the panel."""
        if scene.name != self._scene_name:
            self._scene_name, self._scene_since_s = scene.name, now_s
            self._down.clear()

    def begin(self, finger: int, x: float, y: float, scene: Scene, now_s: float) -> Action | None:
        """Take a finger that came down; gives what it presses."""
        target = scene.target_at(x, y)
        if target is None or len(self._down) >= FINGERS_MOST or not self._is_awake(target, now_s):
            return None
        self._down[finger] = _Down(target, scene.name)
        return target.action

    def end(self, finger: int, x: float, y: float, scene: Scene, now_s: float) -> Action | None:
        """Take a finger that went up; gives the action if the touch counts."""
        down = self._down.pop(finger, None)
        if down is None or down.scene_name != scene.name or not down.target.box.holds(x, y):
            return None
        return self._once(down.target, now_s) if scene.find(down.target.action) else None

    def key(self, name: str, target: Target, now_s: float) -> Action | None:
        """Take a key of the keyboard that stands for `target`; gives the action if it counts."""
        if name.isdigit() or target.role is Role.KEY:
            return target.action
        return self._once(target, now_s) if self._is_awake(target, now_s) else None

    def _is_awake(self, target: Target, now_s: float) -> bool:
        return target.role is Role.KEY or now_s - self._scene_since_s >= GUARD_S

    def _once(self, target: Target, now_s: float) -> Action | None:
        too_soon_s = BOUNCE_S if target.role is Role.KEY else REPEAT_S
        if target.action == self._last and now_s - self._last_s < too_soon_s:
            return None
        self._last, self._last_s = target.action, now_s
        return target.action


_NAMED: Final = {"backspace": Key.BACKSPACE, "delete": Key.CLEAR, "c": Key.CLEAR, "x": Key.TIMES, "*": Key.TIMES}


def target_of_key(scene: Scene, name: str) -> Target | None:
    """Give the target a keyboard's key stands for: ``enter``, ``escape``, ``backspace``, ``delete`` or a character.

    A digit where no pad is shown leaves a result: it is the next amount's first one.
    """
    if name == "enter":
        return scene.target_of(Role.PRIMARY)
    if name == "escape":
        return scene.target_of(Role.CANCEL) or _clearing(scene)
    key = _NAMED.get(name.lower())
    if key is None and name in {member.value for member in Key}:
        key = Key(name)
    if key is None:
        return None
    pressed = scene.find(Press(key)) or scene.find(PressPin(key))
    if pressed is None and name.isdigit():
        return scene.find(Do.NEXT)
    return pressed


def _clearing(scene: Scene) -> Target | None:
    return scene.find(Press(Key.CLEAR)) or scene.find(PressPin(Key.CLEAR))
