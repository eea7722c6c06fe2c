# SPDX-License-Identifier: Apache-2.0
"""The sales of a business date, the newest first, as many to a page as it holds; a touch opens one."""

from typing import Final

from pengpos.client import SaleView, Status
from ui.actions import Do, OpenRecord
from ui.drawing.scene import Align, Box
from ui.i18n import words
from ui.i18n.format import DOT, clock, moment, money
from ui.office.menu import back, title
from ui.state.sales import business_date
from ui.theme import BODY_SIZE, GAP, MARGIN, RADIUS, SMALL_SIZE, Style, Token, Weight
from ui.widgets.bar import bar_height, bar_height_of
from ui.widgets.button import Dress, button
from ui.widgets.canvas import Canvas, scale_of
from ui.widgets.day_turner import TURNER, day_turner
from ui.widgets.split import ROW_HEIGHT
from ui.widgets.stages import mood_of, short_word
from ui.widgets.strip import trouble_strip

_CELL: Final = 60.0
_COLUMNS: Final = 2
_MARK: Final = 30
_BUTTON: Final = 136.0
_STRIP: Final = 52


def sales_a_page(size: tuple[int, int]) -> int:
    """Count the sales that a page holds on a panel: two columns of them, upright one."""
    scale, is_portrait = scale_of(size), size[1] > size[0]
    top = _list_top(bar_height_of(is_portrait=is_portrait), is_portrait=is_portrait)
    rows = int((size[1] / scale - MARGIN - ROW_HEIGHT - 12 - top + GAP) // (_CELL + GAP))
    return rows if is_portrait else rows * _COLUMNS


def _list_top(bar: float, *, is_portrait: bool) -> float:
    return bar + 10 + (48 + TURNER[1] if is_portrait else TURNER[1]) + 8


def history_screen(canvas: Canvas, status: Status) -> None:
    """Draw the day at the top, its sales, and the pages before and after."""
    canvas.fill(Box(0, 0, canvas.w, canvas.h), Token.PAPER)
    listing = canvas.local.office.listing if canvas.local.office is not None else None
    bar, wide = bar_height(canvas), canvas.w - 2 * MARGIN
    title(canvas, canvas.say(words.MENU_HISTORY))
    if listing is None:
        back(canvas)
        return
    x, y = (MARGIN, bar + 58) if canvas.portrait else (canvas.w - MARGIN - TURNER[0], bar + 10)
    turner = Box(x, y, wide if canvas.portrait else TURNER[0], TURNER[1])
    day_turner(canvas, turner, listing.date, business_date(status, canvas.local))
    top, row_y = _list_top(bar, is_portrait=canvas.portrait), canvas.h - MARGIN - ROW_HEIGHT
    sales = listing.sales or ()
    columns = 1 if canvas.portrait else _COLUMNS
    cell = (wide - GAP * (columns - 1)) / columns
    for place, sale in enumerate(sales[: sales_a_page(canvas.size)]):
        box = Box(MARGIN + (place % columns) * (cell + GAP), top + (place // columns) * (_CELL + GAP), cell, _CELL)
        _cell(canvas, box, sale)
    if not sales:
        said = canvas.say(words.READING if listing.sales is None else words.HISTORY_NONE)
        said = "" if canvas.local.trouble is not None else said
        style = Style(BODY_SIZE, Weight.REGULAR, Token.SOFT)
        canvas.text(Box(MARGIN, top, wide, row_y - top - 24 - _STRIP), said, style, Align.CENTRE)
        trouble_strip(canvas, Box(MARGIN, row_y - 12 - _STRIP, wide, _STRIP))
    _turns(canvas, row_y, has_newer=len(listing.befores) > 1, has_older=listing.following is not None)
    back(canvas)


def _turns(canvas: Canvas, y: float, *, has_newer: bool, has_older: bool) -> None:
    """Draw both pages' buttons, once there is more than one page."""
    if not (has_newer or has_older):
        return
    older = Box(canvas.w - MARGIN - _BUTTON, y, _BUTTON, ROW_HEIGHT)
    newer = older._replace(x=older.x - _BUTTON - GAP)
    button(canvas, newer, canvas.say(words.NEWER), Do.NEWER, Dress.OUTLINED, enabled=has_newer)
    button(canvas, older, canvas.say(words.OLDER), Do.OLDER, Dress.TINTED, enabled=has_older)


def _cell(canvas: Canvas, box: Box, sale: SaleView) -> None:
    """One sale: its shape, amount and time, below them state and number."""
    action, mood = OpenRecord(sale.id), mood_of(sale)
    ground = Token.PRESSED if canvas.local.pressed == action else Token.CARD
    canvas.fill(box, ground, radius=RADIUS, border=Token.LINE)
    canvas.drawing(Box(box.x + 14, box.y + (box.h - _MARK) / 2, _MARK, _MARK), mood.shape, mood.colour, ground)
    x = box.x + 14 + _MARK + 14
    room = box.right - 14 - x
    at = clock(moment(sale.created_at).astimezone(canvas.local.now.tzinfo))
    head, small = Style(BODY_SIZE, Weight.BOLD, Token.INK), Style(SMALL_SIZE, Weight.REGULAR, Token.SOFT)
    amount, at_wide = money(sale.total, sale.currency, canvas.language), canvas.width(at, small) + 1
    y, high = box.y + 6, (box.h - 12) / 2
    below = f"{canvas.say(short_word(sale))}{DOT}{sale.number}"
    if canvas.holds(amount, head, room - at_wide - 12):
        canvas.text(Box(x, y, room - at_wide - 12, high), amount, head)
        canvas.text(Box(box.right - 14 - at_wide, y, at_wide, high), at, small, Align.RIGHT)
    else:
        canvas.text(Box(x, y, room, high), amount, head)
        below = f"{canvas.say(short_word(sale))}{DOT}{at}"
    if not canvas.holds(below, small, room):
        below = canvas.say(short_word(sale))
    canvas.text(Box(x, y + high, room, high), below, small)
    canvas.target(box, action)
