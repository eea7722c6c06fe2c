# SPDX-License-Identifier: Apache-2.0
"""What a key of a keyboard means: which character, typed by a hand or a scanner, meant for which screen. Pure.

Each `Keystroke` is held for `APART_S`, until it is known to be no part of a burst. A burst is as fast as no hand: it is
of a scanner (keyboard wedge), which ends what it reads with Enter, Tab or nothing, and holds a code, never an amount.
"""

import unicodedata
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from ui.actions import Do, Key, Press, PressPin
from ui.display.moments import Panel, Put, When
from ui.drawing.scene import Role, Scene, Target

GUARD_S: Final = 0.25
"""No hand answers what has just appeared so soon: what is pressed sooner was meant for what stood there before."""
APART_S: Final = 0.035
"""Between two keys of a hand; a scanner takes 1 to 30 ms."""
SCAN_LEAST: Final = 6
"""The shortest code, a UPC-E without its check digit. Fewer keys may be those of two quick fingers."""
ENDED_SCAN_LEAST: Final = 4
"""The shortest one with Enter or Tab as close behind it: a shop's own codes and members' cards are short, and no hand
strikes five keys so."""
SUFFIX_S: Final = 0.15
"""After what a scanner read, its own Enter comes so soon, perhaps twice (CR LF)."""
HELD_MOST: Final = 128
SAME_AMOUNT_S: Final = 2.0
"""A digit so soon after the one before belongs to the same amount."""

_NAMED: Final = {"backspace": Key.BACKSPACE, "delete": Key.CLEAR, "c": Key.CLEAR, "x": Key.TIMES, "*": Key.TIMES}
_PARTS: Final = frozenset({*"0123456789.+*x"})
_MENDING: Final = frozenset({"backspace", "delete"})
_BUTTONS: Final = frozenset({"enter", "escape"})
_ANSWERS: Final = frozenset({Do.CHARGE_LARGE, Do.BACK})
_TO_QUESTION: Final = frozenset({"*", *_MENDING})
"""Answer the second question as its two buttons do: yes by a key far from Enter, which each keypad has."""
_ENDS: Final = frozenset({"enter", "tab"})
_ALIKE: Final = {
    ",": ".", "．": ".", "，": ".", "。": ".", "｡": ".", "٫": ".",
    "＋": "+", "＊": "*", "✕": "*", "Ｘ": "x", "ｘ": "x",
}  # fmt: skip
"""Decimal commas, full-width characters, and the full stop that a Chinese keyboard makes of the point."""


class Keystroke(NamedTuple):
    """A key: ``enter``, ``tab``, ``escape``, ``backspace``, ``delete`` or a character."""

    name: str
    when: When
    in_burst: bool = False
    """Others came so close that a scanner may have read a short code: it types, but answers and confirms nothing."""


class Scan(NamedTuple):
    """What a scanner has read; `when` of its first and of its last character."""

    code: str
    first: When
    last: When


class Blur(NamedTuple):
    """As many keys as of a scan, pressed while we did not look: of a hand or a scanner, that cannot be known."""

    when: When


Meant = Keystroke | Scan | Blur


@dataclass(frozen=True, slots=True)
class Burst:
    """The strokes that are held."""

    held: tuple[Keystroke, ...] = ()
    ended_s: float = -1e9
    """When the last burst did."""

    @property
    def due_s(self) -> float | None:
        """When they are to be let go; None if there are none."""
        return self.held[-1].when.at_s + APART_S if self.held else None


def struck(burst: Burst, stroke: Keystroke) -> tuple[Burst, tuple[Meant, ...]]:
    """The next stroke: what it leaves held, and what is known now."""
    last = burst.held[-1] if burst.held else None
    goes_on = last is not None and _least_s(last.when, stroke.when) < APART_S and len(burst.held) < HELD_MOST
    if goes_on and len(stroke.name) == 1:
        return replace(burst, held=(*burst.held, stroke)), ()
    ends = stroke.name in _ENDS and last is not None and _most_s(last.when, stroke.when) < APART_S
    if ends and len(burst.held) > 1 and _is_sure(burst.held):
        stroke = stroke._replace(in_burst=True)
    burst, meant = _let_go(burst, ends=ends, goes_on=goes_on)
    if len(stroke.name) == 1:
        return replace(burst, held=(stroke,)), meant
    is_suffix = stroke.name in _ENDS and _least_s(When(burst.ended_s), stroke.when) < SUFFIX_S
    return burst, meant if is_suffix else (*meant, stroke)


def waited(burst: Burst, now_s: float) -> tuple[Burst, tuple[Meant, ...]]:
    """Let go what nothing has followed."""
    due_s = burst.due_s
    return _let_go(burst) if due_s is not None and now_s >= due_s else (burst, ())


def _let_go(burst: Burst, *, ends: bool = False, goes_on: bool = False) -> tuple[Burst, tuple[Meant, ...]]:
    """What is held is a scan, a blur, or so many strokes.

    `goes_on`: a key that is no character may be as close behind it; `ends`: a scanner's end is.
    """
    held, is_sure = burst.held, _is_sure(burst.held)
    if len(held) < (ENDED_SCAN_LEAST if ends and is_sure else SCAN_LEAST):
        in_burst = goes_on or len(held) > 1
        return replace(burst, held=()), tuple(stroke._replace(in_burst=in_burst) for stroke in held)
    last = held[-1].when
    code = "".join(canonical(stroke.name) if stroke.name.isdecimal() else stroke.name for stroke in held)
    return Burst(ended_s=last.at_s), (Scan(code, held[0].when, last) if is_sure else Blur(last),)


def _is_sure(held: tuple[Keystroke, ...]) -> bool:
    """Whether they were as close as a scanner's, however late we saw them."""
    # Before the first key we may have looked seldom.
    slowest_s = [2 * APART_S] + [APART_S] * len(held)
    return all(
        _most_s(one.when, other.when) < most_s for one, other, most_s in zip(held, held[1:], slowest_s, strict=False)
    )


def _least_s(one: When, other: When) -> float:
    return other.at_s - other.vague_s - one.at_s


def _most_s(one: When, other: When) -> float:
    """Two of one look at the display were apart by no more than what it is vague by."""
    return other.at_s - one.at_s + one.vague_s


def canonical(name: str) -> str:
    """A character as the pad has it: any script's decimal digit as 0-9, any decimal sign as the point."""
    if len(name) != 1:
        return name
    digit = unicodedata.decimal(name, None)
    return str(digit) if digit is not None else _ALIKE.get(name, name)


def target_of_key(scene: Scene, name: str) -> Target | None:
    """Give the target a key stands for. A digit or the point leaves a result: the next amount begins."""
    name = canonical(name)
    if name == "enter":
        return scene.target_of(Role.PRIMARY)
    if name in _TO_QUESTION and (question := scene.find(Do.CHARGE_LARGE)) is not None:
        return scene.target_of(Role.CANCEL) if name != "*" else question
    if name == "escape":
        return scene.target_of(Role.CANCEL) or _clearing(scene)
    key = _NAMED.get(name.lower())
    if key is None and name in {member.value for member in Key}:
        key = Key(name)
    if key is None:
        return None
    pressed = scene.find(Press(key)) or scene.find(PressPin(key))
    if pressed is None and (name.isdigit() or key is Key.POINT):
        return scene.find(Do.NEXT)
    return pressed


def _clearing(scene: Scene) -> Target | None:
    return scene.find(Press(Key.CLEAR)) or scene.find(PressPin(Key.CLEAR))


class Verdict(NamedTuple):
    """What becomes of a stroke."""

    target: Target | None
    """What it presses, or leaves; None: nothing."""
    spoils: bool = False
    """It is a part of something that lacks another one: what is typed of that is not what was meant."""


class Typist:
    """Remembers whether the amount that is being typed has lost a key."""

    def __init__(self) -> None:
        self._last_s = -1e9
        self._is_broken = False
        self._typed_on = -1
        """The scene that took the last of it: Enter behind it is meant for that."""

    def judge(self, stroke: Keystroke, scene: Scene, panel: Panel) -> Verdict:
        """Decide by the scene that stood there when it was pressed, and the one that is there now."""
        seen, target = panel.seen(stroke.when), target_of_key(scene, stroke.name)
        if stroke.name in _BUTTONS or (target is not None and target.action in _ANSWERS):
            is_behind_digits = self._typed_on == seen.number == panel.now.number
            if stroke.in_burst:
                return Verdict(None, spoils=is_behind_digits)
            if target is None or not (is_behind_digits or _may_press(stroke.when, seen, panel)):
                return Verdict(None)
            self.ended()
            return Verdict(target)
        goes_on = stroke.when.at_s - self._last_s < SAME_AMOUNT_S
        is_same = seen.stream == panel.now.stream
        is_clearing = target is not None and target.action in {Press(Key.CLEAR), PressPin(Key.CLEAR)}
        fits = is_same or (seen.takes_amount and panel.now.takes_amount)
        if target is not None and fits and (is_clearing or not (goes_on and self._is_broken)):
            self._is_broken, self._typed_on, self._last_s = False, panel.now.number, stroke.when.at_s
            return Verdict(target)
        is_part = canonical(stroke.name) in _PARTS or _has_pad(scene)
        if is_same and (stroke.name in _MENDING or not is_part):
            return Verdict(None)
        self._is_broken, self._last_s = True, stroke.when.at_s
        is_leaving = fits and target is not None and target.action is Do.NEXT
        return Verdict(target if is_leaving else None, spoils=True)

    def ended(self) -> None:
        """What was typed is charged, left or taken back: what follows is another amount."""
        self._is_broken, self._last_s = False, -1e9

    def lost(self) -> None:
        """What was typed so far is gone: what follows at once is the rest of it."""
        self._is_broken = True


def _may_press(when: When, seen: Put, panel: Panel) -> bool:
    """A key that stands for a button is taken on the screen it was pressed on, if that had stood there for a moment."""
    now = panel.now
    return seen.stream == now.stream and (now.stream != now.number or panel.stood_s(when) >= GUARD_S)


def _has_pad(scene: Scene) -> bool:
    return scene.find(Press(Key.D0)) is not None or scene.find(PressPin(Key.D0)) is not None
