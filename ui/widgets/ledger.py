# SPDX-License-Identifier: Apache-2.0
"""Rows of a label and a value under hairlines, as on a bill."""

from typing import NamedTuple

from ui.drawing.scene import Align, Box
from ui.i18n import words
from ui.theme import BODY_SIZE, Style, Token, Weight
from ui.widgets.canvas import Canvas

ROW_HEIGHT = 38
_VALUE_SHRINK = 0.6


class Row(NamedTuple):
    """A label on the left, a value on the right; `shorter`: what of the value stands where no row holds it whole."""

    label: str
    value: str
    colour: Token = Token.INK
    bold: bool = True
    shorter: str = ""


def ledger(
    canvas: Canvas, box: Box, rows: list[Row], *, size: float = BODY_SIZE, row_height: float = 0, last_rule: bool = True
) -> float:
    """Draw rows from the top of the box; gives the bottom of the last one. What does not fit is counted in the last.

    A value is whole, made smaller if need be; beside a very long one the label gives way.
    """
    height = row_height or max(ROW_HEIGHT, canvas.line_height(size) + 8)
    room = max(1, int((box.h + 1) // height))
    if len(rows) > room:
        rows = [*rows[: room - 1], Row(canvas.say(words.MORE_LINES, n=len(rows) - room + 1), "")]
    y = box.y
    for row in rows:
        value = Style(size, Weight.BOLD if row.bold else Weight.REGULAR, row.colour)
        smallest = value._replace(size=size * _VALUE_SHRINK)
        said = row.shorter if row.shorter and canvas.width(row.value, smallest) > box.w else row.value
        while canvas.width(said, value) > box.w * 0.62 and value.size > smallest.size:
            value = value._replace(size=value.size - 1)
        value_width = min(canvas.width(said, value) + 1, box.w)
        label_box = Box(box.x, y, max(0, box.w - value_width - 12), height)
        if label_box.w > size:
            canvas.text(label_box, row.label, Style(size, Weight.REGULAR, Token.SOFT))
        if said:
            value_box = Box(box.right - value_width, y, value_width, height)
            canvas.text(value_box, said, value, Align.RIGHT)
        y += height
        if last_rule or row is not rows[-1]:
            canvas.rule(box.x, y, box.w)
    return y
