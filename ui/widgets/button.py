# SPDX-License-Identifier: Apache-2.0
"""Buttons: one filled at most a screen, the others outlined or tinted (look, rule 1)."""

from enum import Enum

from ui.actions import Action
from ui.drawing.scene import Align, Box, Role
from ui.theme import BUTTON_SIZE, RADIUS, SMALL_SIZE, Style, Token, Weight
from ui.widgets.canvas import Canvas

LABEL_INSET = 10


class Dress(Enum):
    """How loud a button is: (ground, label, border)."""

    FILLED = (Token.BRAND, Token.ON_FILL, None)
    TINTED = (Token.BRAND_TINT, Token.BRAND, None)
    CHOSEN = (Token.BRAND_TINT, Token.BRAND, Token.BRAND)
    """One of several that exclude each other."""
    OUTLINED = (Token.CARD, Token.INK, Token.LINE)
    INERT = (Token.PAPER, Token.FAINT, Token.LINE)


def button(
    canvas: Canvas,
    box: Box,
    label: str,
    action: Action,
    dress: Dress = Dress.OUTLINED,
    role: Role = Role.PLAIN,
    *,
    size: float = BUTTON_SIZE,
    weight: Weight = Weight.BOLD,
    enabled: bool = True,
) -> None:
    """Draw a button; one that is not enabled is seen but cannot be touched."""
    shown = dress if enabled else Dress.INERT
    ground, ink, border = shown.value
    if enabled and canvas.local.pressed == action:
        ground = Token.PRESSED if shown is not Dress.FILLED else Token.BRAND
        ink = Token.INK if shown is not Dress.FILLED else Token.ON_FILL
    canvas.fill(box, ground, radius=RADIUS, border=border)
    _label(canvas, box.inset(LABEL_INSET, 0), label, Style(size, weight, ink))
    if enabled:
        canvas.target(box, action, role)


def _label(canvas: Canvas, room: Box, label: str, style: Style) -> None:
    """One line; two smaller ones where one does not hold it, for a button's words are never cut."""
    if canvas.holds(label, style, room.w):
        canvas.text(room, label, style, Align.CENTRE)
        return
    small = style._replace(size=min(style.size, SMALL_SIZE))
    height = min(2, canvas.count_lines(label, small, room.w)) * canvas.line_height(small.size)
    place = Box(room.x, room.y + (room.h - height) / 2, room.w, height)
    canvas.paragraph(place, label, small, Align.CENTRE, most_lines=2)
