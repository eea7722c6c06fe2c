# SPDX-License-Identifier: Apache-2.0
"""The menu: what there is beside selling, two touches from the amount at most.

Tests: tests/journeys/test_screen_office.py, tests/ui/test_layout.py.
"""

from typing import Final, NamedTuple

from pengpos.i18n import Message
from ui.actions import Do
from ui.drawing.scene import Box, Role, Shape
from ui.i18n import words
from ui.theme import BODY_SIZE, MARGIN, PANEL_RADIUS, SMALL_SIZE, Style, Token, Weight
from ui.widgets.bar import bar_height
from ui.widgets.button import Dress, button
from ui.widgets.canvas import Canvas
from ui.widgets.split import ROW_HEIGHT, WAY_OUT_PORTRAIT

_BETWEEN = 12
_HIGH_MOST = 150.0


class _Door(NamedTuple):
    shape: Shape
    title: Message
    means: Message
    action: Do


_DOORS: Final = (
    _Door(Shape.LIST, words.MENU_HISTORY, words.MENU_HISTORY_MEANS, Do.OPEN_HISTORY),
    _Door(Shape.SUM, words.MENU_DAY, words.MENU_DAY_MEANS, Do.OPEN_DAY),
    _Door(Shape.SLIDERS, words.MENU_SETTINGS, words.MENU_SETTINGS_MEANS, Do.OPEN_SETTINGS),
    _Door(Shape.QUESTION, words.MENU_HELP, words.MENU_HELP_MEANS, Do.OPEN_HELP),
)


def menu_screen(canvas: Canvas) -> None:
    """Draw a card for each page; upright, one below the other."""
    canvas.fill(Box(0, 0, canvas.w, canvas.h), Token.PAPER)
    columns = 1 if canvas.portrait else 2
    rows = len(_DOORS) // columns
    top, row_y = bar_height(canvas) + 20, canvas.h - MARGIN - ROW_HEIGHT
    wide = (canvas.w - 2 * MARGIN - _BETWEEN * (columns - 1)) / columns
    high = min(_HIGH_MOST, (row_y - 16 - top - _BETWEEN * (rows - 1)) / rows)
    for place, door in enumerate(_DOORS):
        x, y = MARGIN + (place % columns) * (wide + _BETWEEN), top + (place // columns) * (high + _BETWEEN)
        _card(canvas, Box(x, y, wide, high), door)
    back(canvas)


def _card(canvas: Canvas, box: Box, door: _Door) -> None:
    ground = Token.PRESSED if canvas.local.pressed is door.action else Token.CARD
    canvas.fill(box, ground, radius=PANEL_RADIUS, border=Token.LINE)
    side = 36
    canvas.drawing(Box(box.x + 24, box.y + (box.h - side) / 2, side, side), door.shape, Token.BRAND, ground)
    x = box.x + 24 + side + 20
    room = box.right - 16 - x
    title, means = Style(22, Weight.BOLD, Token.INK), Style(SMALL_SIZE, Weight.REGULAR, Token.SOFT)
    said = canvas.say(door.means)
    lines = min(2, canvas.count_lines(said, means, room))
    high = canvas.line_height(title.size) + 4 + lines * canvas.line_height(means.size)
    y = box.y + (box.h - high) / 2
    y = canvas.paragraph(Box(x, y, room, high), canvas.say(door.title), title, most_lines=1)
    canvas.paragraph(Box(x, y + 4, room, high), said, means, most_lines=2)
    canvas.target(box, door.action)


def back(canvas: Canvas) -> None:
    """Draw the way back, one page up."""
    place = Box(MARGIN, canvas.h - MARGIN - ROW_HEIGHT, WAY_OUT_PORTRAIT, ROW_HEIGHT)
    button(canvas, place, canvas.say(words.BACK), Do.BACK, Dress.OUTLINED, Role.CANCEL)


def title(canvas: Canvas, text: str) -> float:
    """Draw a page's title; gives its bottom."""
    y = bar_height(canvas) + 14
    canvas.text(Box(MARGIN + 4, y, canvas.w - 2 * MARGIN, 40), text, Style(24, Weight.BOLD, Token.INK))
    return y + 40


def note(canvas: Canvas, box: Box, text: str) -> None:
    """Draw what stands where there is nothing to see."""
    style = Style(BODY_SIZE, Weight.REGULAR, Token.SOFT)
    canvas.paragraph(Box(box.x, box.y + box.h / 2 - 30, box.w, 60), text, style, most_lines=2)
