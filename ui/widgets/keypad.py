# SPDX-License-Identifier: Apache-2.0
"""The pads: amounts on 4 × 4 keys, confirmation codes on 3 × 4. Both end in the wide next action."""

from typing import NamedTuple

from ui.actions import Do, Key, Press, PressPin
from ui.drawing.scene import Align, Box, Role, Shape
from ui.theme import GAP, KEY_MINIMUM, KEY_SIZE, MARGIN, RADIUS, Style, Token, Weight
from ui.widgets.bar import bar_height
from ui.widgets.button import LABEL_INSET, Dress, button
from ui.widgets.canvas import Canvas
from ui.widgets.split import ROW_HEIGHT, WAY_OUT_PORTRAIT

Keys = tuple[tuple[Key | None, ...], ...]
"""Rows of keys; None: the key above reaches down here."""

AMOUNT_KEYS: Keys = (
    (Key.D1, Key.D2, Key.D3, Key.BACKSPACE),
    (Key.D4, Key.D5, Key.D6, Key.TIMES),
    (Key.D7, Key.D8, Key.D9, Key.PLUS),
    (Key.D00, Key.D0, Key.POINT, Key.CLEAR),
)
AMOUNT_KEYS_PORTRAIT: Keys = (
    (Key.D1, Key.D2, Key.D3, Key.BACKSPACE),
    (Key.D4, Key.D5, Key.D6, Key.TIMES),
    (Key.D7, Key.D8, Key.D9, Key.PLUS),
    (Key.D00, Key.D0, Key.POINT, None),
)
"""Clearing is the way out, bottom left."""
CODE_KEYS: Keys = (
    (Key.D1, Key.D2, Key.D3),
    (Key.D4, Key.D5, Key.D6),
    (Key.D7, Key.D8, Key.D9),
    (Key.CLEAR, Key.D0, Key.BACKSPACE),
)
PLAIN_AMOUNT_KEYS: Keys = (
    (Key.D1, Key.D2, Key.D3, Key.BACKSPACE),
    (Key.D4, Key.D5, Key.D6, None),
    (Key.D7, Key.D8, Key.D9, Key.CLEAR),
    (Key.D00, Key.D0, Key.POINT, None),
)
"""An amount by itself, without sums and quantities."""
_OPERATORS = {Key.BACKSPACE, Key.TIMES, Key.PLUS, Key.CLEAR}
_ACTION_HEIGHT = 74
_ABOVE_ACTION = 10
_EDGE = 14


class PadPlan(NamedTuple):
    """The boxes of a screen with a pad."""

    left: Box
    """For everything that is not the pad."""
    keys: Box
    action: Box
    way_out: Box
    """On upright panels beside the action, else at the bottom of `left`."""


def plan_pad(canvas: Canvas, left_needs: float = 0) -> PadPlan:
    """Lay out the pad on the right; on upright panels below, its keys as high as `left_needs` above them allows."""
    top = bar_height(canvas)
    action_y = canvas.h - _EDGE - _ACTION_HEIGHT
    if canvas.portrait:
        room = action_y - _ABOVE_ACTION - 3 * GAP - top - 32 - left_needs
        key_height = min(92, max(KEY_MINIMUM, room / 4))
        height = 4 * key_height + 3 * GAP
        above = GAP if canvas.is_low else 16
        x, width = float(MARGIN), canvas.w - 2 * MARGIN
        keys = Box(x, action_y - _ABOVE_ACTION - height, width, height)
        left = Box(x, top + above, width, keys.y - top - 2 * above)
        way_out = Box(x, action_y, WAY_OUT_PORTRAIT, _ACTION_HEIGHT)
        action = Box(way_out.right + GAP + 4, action_y, width - WAY_OUT_PORTRAIT - GAP - 4, _ACTION_HEIGHT)
    else:
        width = min(380.0, max(4 * 78 + 3 * GAP, canvas.w * 0.42))
        x = canvas.w - MARGIN - width
        keys = Box(x, top + _EDGE, width, action_y - _ABOVE_ACTION - top - _EDGE)
        left = Box(MARGIN + 4, top + _EDGE, x - MARGIN - 4 - 28, canvas.h - top - 2 * _EDGE)
        way_out = Box(MARGIN, canvas.h - MARGIN - ROW_HEIGHT, 150, ROW_HEIGHT)
        action = Box(x, action_y, width, _ACTION_HEIGHT)
    return PadPlan(left, keys, action, way_out)


def keypad(
    canvas: Canvas, area: Box, keys: Keys, dead: frozenset[Key] = frozenset(), press: type[Press | PressPin] = Press
) -> None:
    """Draw a grid of keys; `dead` ones are seen but cannot be pressed.

    `press` is what they stand for. A key of a PIN does not light up: who looks on, here or in a browser, would read it.
    """
    columns = len(keys[0])
    wide, high = (area.w - GAP * (columns - 1)) / columns, (area.h - GAP * (len(keys) - 1)) / len(keys)
    for row, row_keys in enumerate(keys):
        for column, key in enumerate(row_keys):
            if key is None:
                continue
            reaches_down = row + 1 < len(keys) and keys[row + 1][column] is None
            tall = 2 * high + GAP if reaches_down else high
            place = Box(area.x + column * (wide + GAP), area.y + row * (high + GAP), wide, tall)
            _key(canvas, place, key, None if key in dead else press(key))


def _key(canvas: Canvas, box: Box, key: Key, action: Press | PressPin | None) -> None:
    is_dead = action is None
    ground = Token.PAPER if key in _OPERATORS or is_dead else Token.CARD
    if canvas.local.pressed == Press(key):
        ground = Token.PRESSED
    ink = Token.SOFT if key in _OPERATORS else Token.FAINT if is_dead else Token.INK
    canvas.fill(box, ground, radius=RADIUS, border=Token.LINE)
    if key is Key.BACKSPACE:
        side = 30
        middle = Box(box.x + (box.w - side) / 2, box.y + (box.h - side) / 2, side, side)
        canvas.drawing(middle, Shape.BACKSPACE, Token.SOFT, ground)
    else:
        label = "C" if key is Key.CLEAR else key.value
        canvas.text(box, label, Style(KEY_SIZE, Weight.DISPLAY, ink), Align.CENTRE)
    if action is not None:
        canvas.target(box, action, Role.KEY)


_ACTION_SIZE = 27


def pad_action(canvas: Canvas, box: Box, label: str, action: Do, *, enabled: bool, shorter: str = "") -> None:
    """Draw the wide next action under a pad; with a `shorter` label where its own does not fit whole."""
    style = Style(_ACTION_SIZE, Weight.DISPLAY)
    said = label if not shorter or canvas.holds(label, style, box.w - 2 * LABEL_INSET) else shorter
    button(canvas, box, said, action, Dress.FILLED, Role.PRIMARY, size=style.size, weight=style.weight, enabled=enabled)
