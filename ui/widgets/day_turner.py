# SPDX-License-Identifier: Apache-2.0
"""A business date with a button to the day before and one to the day after.

Tests: tests/ui/office/test_history.py.
"""

from datetime import date, timedelta
from typing import Final

from ui.actions import ShowDay
from ui.drawing.scene import Align, Box, Shape
from ui.i18n.format import day_name
from ui.theme import BODY_SIZE, GAP, RADIUS, TARGET_MINIMUM, Style, Token, Weight
from ui.widgets.canvas import Canvas

TURNER: Final = (284.0, 48.0)
"""Its width and height."""


def day_turner(canvas: Canvas, box: Box, shown: str, today: str) -> None:
    """Draw it; there is no day after today."""
    on, side = date.fromisoformat(shown), TARGET_MINIMUM + GAP
    if on > date.min:
        _step(canvas, box._replace(w=side), Shape.CHEVRON_BACK, on - timedelta(days=1))
    style = Style(BODY_SIZE, Weight.BOLD, Token.INK)
    canvas.text(box.inset(side, 0), day_name(shown, today, canvas.language), style, Align.CENTRE)
    if shown < today:
        _step(canvas, box._replace(x=box.right - side, w=side), Shape.CHEVRON, on + timedelta(days=1))


def _step(canvas: Canvas, box: Box, shape: Shape, to: date) -> None:
    action = ShowDay(to.isoformat())
    ground = Token.PRESSED if canvas.local.pressed == action else Token.CARD
    canvas.fill(box, ground, radius=RADIUS, border=Token.LINE)
    mark = 18
    place = Box(box.x + (box.w - mark) / 2, box.y + (box.h - mark) / 2, mark, mark)
    canvas.drawing(place, shape, Token.BRAND, ground)
    canvas.target(box, action)
