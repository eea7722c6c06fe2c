# SPDX-License-Identifier: Apache-2.0
"""The page of results and of what is under way: a tinted half with shape and word, a half with amount and meaning.

Upright panels stack the halves. The way out is always bottom left, the next action always bottom right.
"""

from typing import NamedTuple

from pengpos.i18n import Message
from ui.actions import Action, Do
from ui.drawing.scene import Align, Box, Role, Shape
from ui.i18n.format import DOT
from ui.theme import BODY_SIZE, GAP, MARGIN, SMALL_SIZE, TITLE_SIZE, Style, Token, Weight
from ui.widgets.bar import bar_height
from ui.widgets.button import Dress, button
from ui.widgets.canvas import Canvas

ROW_HEIGHT = 60
_MARK = 128
_PANEL_SHARE = 0.4
_LOW_SHARE = 0.37
_BODY_INDENT = 36
WAY_OUT_PORTRAIT = 136
"""Upright panels keep this much at the bottom left for the way out, on every screen."""


class Mood(NamedTuple):
    """A state's shape with its colour and tint."""

    shape: Shape
    colour: Token
    tint: Token


class Choice(NamedTuple):
    """A button of the row; the last one of a list is the rightmost."""

    label: Message
    action: Action
    dress: Dress = Dress.OUTLINED
    role: Role = Role.PLAIN


def next_action(label: Message, action: Action) -> Choice:
    """Make the choice that is the filled button."""
    return Choice(label, action, Dress.FILLED, Role.PRIMARY)


class Split(NamedTuple):
    """The boxes of the page."""

    panel: Box
    body: Box
    row: Box
    way_out: Box


def plan_split(canvas: Canvas) -> Split:
    """Lay out both halves, the row of buttons and the way out."""
    top = bar_height(canvas)
    row_y = canvas.h - MARGIN - ROW_HEIGHT
    if canvas.portrait:
        panel = Box(0, top, canvas.w, (canvas.h - top) * (_LOW_SHARE if canvas.is_low else 0.42))
        body = Box(MARGIN + 4, panel.bottom + 20, canvas.w - 2 * MARGIN - 8, row_y - panel.bottom - 36)
        way_out = Box(MARGIN, row_y, WAY_OUT_PORTRAIT, ROW_HEIGHT)
        row_x = way_out.right + GAP + 4
    else:
        panel = Box(0, top, canvas.w * _PANEL_SHARE, canvas.h - top)
        row_x = panel.right + _BODY_INDENT
        body = Box(row_x, top + 20, canvas.w - row_x - MARGIN, row_y - top - 36)
        way_out = Box(MARGIN, row_y, panel.w - 2 * MARGIN, ROW_HEIGHT)
    return Split(panel, body, Box(row_x, row_y, canvas.w - MARGIN - row_x, ROW_HEIGHT), way_out)


def mood_panel(canvas: Canvas, plan: Split, mood: Mood, title: Message, footnote: str, *, has_way_out: bool) -> None:
    """Draw the tinted half: shape, word, the word again in the second language, the number for the helpdesk."""
    panel = plan.panel
    canvas.fill(panel, mood.tint)
    room = panel.inset(MARGIN, 0)
    foot_y = plan.way_out.y - 32 if has_way_out and not canvas.portrait else panel.bottom - 42
    crowded = has_way_out and not canvas.portrait
    mark = _MARK - 64 if canvas.is_low else _MARK - 24 if canvas.portrait else _MARK - 16 if crowded else _MARK
    top = panel.y + (12 if canvas.is_low else 24 if crowded or canvas.portrait else 36)
    canvas.drawing(
        Box(panel.x + (panel.w - mark) / 2, top, mark, mark), mood.shape, mood.colour, Token.ON_FILL, arrives=True
    )
    style = Style(TITLE_SIZE - 6 if canvas.is_low else TITLE_SIZE, Weight.BOLD, mood.colour)
    y = top + mark + (8 if canvas.is_low else 14 if crowded or canvas.portrait else 20)
    y = canvas.paragraph(Box(room.x, y, room.w, 90), canvas.say(title), style, Align.CENTRE, most_lines=2, display=True)
    if second := canvas.say_second(title):
        second_style = Style(BODY_SIZE, Weight.REGULAR, mood.colour)
        canvas.paragraph(Box(room.x, y + 4, room.w, 50), second, second_style, Align.CENTRE, most_lines=2)
    foot_style = Style(SMALL_SIZE, Weight.REGULAR, mood.colour)
    number, _, order = footnote.partition(DOT)
    if order and not canvas.portrait and not canvas.holds(footnote, foot_style, room.w):
        canvas.text(Box(room.x, foot_y - 22, room.w, 24), number, foot_style, Align.CENTRE)
        footnote = order
    if footnote:
        canvas.text(Box(room.x, foot_y, room.w, 24), footnote, foot_style, Align.CENTRE)


def way_out(canvas: Canvas, plan: Split, label: Message, action: Action) -> None:
    """Draw the button bottom left."""
    button(canvas, plan.way_out, canvas.say(label), action, Dress.OUTLINED, Role.CANCEL)


def choices(canvas: Canvas, plan: Split, buttons: list[Choice]) -> None:
    """Draw the row of buttons bottom right, shared out evenly."""
    if not buttons:
        return
    wide = (plan.row.w - (GAP + 4) * (len(buttons) - 1)) / len(buttons)
    wide = min(wide, max(plan.row.w * 0.5 - 6, 196)) if not canvas.portrait else wide
    x = plan.row.right - len(buttons) * wide - (len(buttons) - 1) * (GAP + 4)
    for choice in buttons:
        # Going on is never held up by a call under way.
        enabled = canvas.local.calling is None or choice.role is not Role.PRIMARY or choice.action is Do.NEXT
        button(
            canvas, Box(x, plan.row.y, wide, ROW_HEIGHT), canvas.say(choice.label), choice.action, choice.dress,
            choice.role, enabled=enabled,
        )  # fmt: skip
        x += wide + GAP + 4


def says(canvas: Canvas, box: Box, what: str, means: str, *notes: str) -> float:
    """Draw what happened in bold, what it means below it, small print at the end; gives the bottom."""
    y = canvas.paragraph(box, what, Style(BODY_SIZE, Weight.BOLD, Token.INK), most_lines=3)
    if means:
        below = Box(box.x, y + 8, box.w, box.bottom - y)
        y = canvas.paragraph(below, means, Style(BODY_SIZE, Weight.REGULAR, Token.SOFT), most_lines=3)
    for note in filter(None, notes):
        below = Box(box.x, y + (2 if canvas.is_low else 10), box.w, box.bottom - y)
        y = canvas.paragraph(below, note, Style(SMALL_SIZE, Weight.REGULAR, Token.FAINT), most_lines=1)
    return y
