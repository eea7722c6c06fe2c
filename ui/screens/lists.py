# SPDX-License-Identifier: Apache-2.0
"""Lists behind the badges: sales that wait for an answer, and alarms with their cure."""

from typing import NamedTuple

from pengpos.client import AlarmView, SaleView, Status
from pengpos.i18n import Message
from ui.actions import Action, Do, SawAlarm, ShowSale
from ui.drawing.scene import Align, Box, Role, Shape
from ui.i18n import words
from ui.i18n.format import DOT, age, moment, money
from ui.state.sales import code_sales, parked_sales, since, unknown_sales
from ui.theme import BODY_SIZE, GAP, MARGIN, RADIUS, SMALL_SIZE, Style, Token, Weight
from ui.widgets.bar import bar_height, bar_height_of
from ui.widgets.button import Dress, button
from ui.widgets.canvas import LOGICAL_SIDE, Canvas
from ui.widgets.split import WAY_OUT_PORTRAIT

_SALE_ROW, _SALE_ROW_UPRIGHT = 76, 88
_ALARM_ROW, _ALARM_ROW_UPRIGHT = 116, 184
_ACTION = 60
_SIDE_MOST = 0.45
"""A sum that would take more of the row stands before the state."""
_MOST_LINES = {_SALE_ROW: (1, 2), _SALE_ROW_UPRIGHT: (1, 2), _ALARM_ROW: (3, 2), _ALARM_ROW_UPRIGHT: (4, 4)}
"""The most lines of what happened and of what to do, by the row's height."""


class _Item(NamedTuple):
    shape: Shape
    colour: Token
    main: str
    below: str
    side: str
    opens: Action | None = None
    """The action of a touch on the row."""
    done: Action | None = None
    """The action of its button."""


def waiting_screen(canvas: Canvas, status: Status) -> None:
    """Draw sales being checked, parked ones, and those whose code is still taken; a touch opens one."""
    items = [_sale_item(canvas, sale, _UNKNOWN) for sale in unknown_sales(status)]
    items += [_sale_item(canvas, sale, _PARKED) for sale in parked_sales(status)]
    items += [_sale_item(canvas, sale, _CODE) for sale in code_sales(status)]
    _list(canvas, words.WAITING, words.WAITING_NONE, items, sale_row(canvas.size))


def alarms_screen(canvas: Canvas, status: Status) -> None:
    """Draw what a person must see to."""
    items = [_alarm_item(canvas, alarm) for alarm in status.alarms]
    only_news = bool(status.alarms) and all(alarm.calm for alarm in status.alarms)
    row_height = alarm_row(canvas.size)
    _list(canvas, words.NEWS if only_news else words.ALARMS, words.ALARMS_NONE, items, row_height)


class _Kind(NamedTuple):
    shape: Shape
    colour: Token
    word: Message


_UNKNOWN = _Kind(Shape.UNKNOWN, Token.UNKNOWN, words.STATE_UNKNOWN)
_PARKED = _Kind(Shape.PARKED, Token.BRAND, words.STATE_PARKED)
_CODE = _Kind(Shape.RETURNED, Token.SOFT, words.STATE_CODE)


def _sale_item(canvas: Canvas, sale: SaleView, kind: _Kind) -> _Item:
    waited = age(int((canvas.local.now - moment(since(sale))).total_seconds()), canvas.language)
    state = canvas.say(kind.word)
    return _Item(
        kind.shape,
        kind.colour,
        canvas.say(words.NUMBER, number=sale.number),
        f"{state}{DOT}{waited}",
        money(sale.total, sale.currency, canvas.language),
        opens=ShowSale(sale.id),
    )


def _alarm_item(canvas: Canvas, alarm: AlarmView) -> _Item:
    """Make the row of an alarm: what happened, below it what to do. What has come right does not look like an alarm."""
    shape, colour = (Shape.PHONE, Token.BRAND) if alarm.calm else (Shape.ALARM, Token.DECLINED)
    main, below = (
        said.in_language(canvas.language) if said is not None else plain
        for said, plain in ((alarm.text_in, alarm.text), (alarm.cure_in, alarm.cure))
    )
    return _Item(shape, colour, main, below, "", done=SawAlarm(alarm.id))


def sale_row(size: tuple[int, int]) -> int:
    """Give the height of a sale's row on a panel: an upright one may break its state beside the sum."""
    return _SALE_ROW_UPRIGHT if size[1] > size[0] else _SALE_ROW


def alarm_row(size: tuple[int, int]) -> int:
    """Give the height of an alarm's row on a panel: an upright one breaks its sentences more often."""
    return _ALARM_ROW_UPRIGHT if size[1] > size[0] else _ALARM_ROW


def rows_a_page(size: tuple[int, int], row_height: int) -> int:
    """Count the rows a list shows at once on a panel."""
    height = size[1] * LOGICAL_SIDE / min(size)
    bar = bar_height_of(is_portrait=size[1] > size[0])
    return max(1, int((height - bar - 64 - _ACTION - MARGIN - 12 + GAP) // (row_height + GAP)))


def _list(canvas: Canvas, title: Message, empty: Message, items: list[_Item], row_height: int) -> None:
    canvas.fill(Box(0, 0, canvas.w, canvas.h), Token.PAPER)
    top, wide = bar_height(canvas), canvas.w - 2 * MARGIN
    canvas.text(Box(MARGIN + 4, top + 14, wide, 40), canvas.say(title), Style(24, Weight.BOLD, Token.INK))
    row_y = canvas.h - MARGIN - _ACTION
    many = rows_a_page(canvas.size, row_height)
    first = canvas.local.first_row if canvas.local.first_row < len(items) else 0
    y = top + 64
    for item in items[first : first + many]:
        _row(canvas, Box(MARGIN, y, wide, row_height), item)
        y += row_height + GAP
    if not items:
        style = Style(BODY_SIZE, Weight.REGULAR, Token.SOFT)
        canvas.text(Box(MARGIN, top + 64, wide, row_y - top - 80), canvas.say(empty), style, Align.CENTRE)
    button(
        canvas,
        Box(MARGIN, row_y, WAY_OUT_PORTRAIT, _ACTION),
        canvas.say(words.BACK),
        Do.BACK,
        Dress.OUTLINED,
        Role.CANCEL,
    )
    if len(items) > many:
        pages = -(-len(items) // many)
        label = canvas.say(words.PAGE_OF, page=first // many + 1, pages=pages)
        button(canvas, Box(canvas.w - MARGIN - 200, row_y, 200, _ACTION), label, Do.MORE_ROWS, Dress.TINTED)


def _row(canvas: Canvas, box: Box, item: _Item) -> None:
    if canvas.width(item.side, Style(BODY_SIZE, Weight.BOLD)) > box.w * _SIDE_MOST:
        item = item._replace(side="", below=f"{item.side}{DOT}{item.below}")
    is_pressed = item.opens is not None and canvas.local.pressed == item.opens
    ground = Token.PRESSED if is_pressed else Token.CARD
    canvas.fill(box, ground, radius=RADIUS, border=Token.LINE)
    side = 32
    canvas.drawing(Box(box.x + 18, box.y + (box.h - side) / 2, side, side), item.shape, item.colour, ground)
    x = box.x + 68
    right = _row_end(canvas, box, item, ground)
    room = right - 16 - x
    style, small = Style(18, Weight.BOLD, Token.INK), Style(SMALL_SIZE, Weight.REGULAR, Token.SOFT)
    most_heads, most_lines = _MOST_LINES[int(box.h)]
    heads = min(most_heads, canvas.count_lines(item.main, style, room))
    lines = min(most_lines, canvas.count_lines(item.below, small, room)) if item.below else 0
    height = heads * canvas.line_height(style.size) + lines * canvas.line_height(small.size)
    y = canvas.paragraph(Box(x, box.y + (box.h - height) / 2, room, height), item.main, style, most_lines=heads)
    if lines:
        canvas.paragraph(Box(x, y, room, height), item.below, small, most_lines=lines)


def _row_end(canvas: Canvas, box: Box, item: _Item, ground: Token) -> float:
    """Draw sum, chevron or button at the right; gives where the words must end."""
    right = box.right - 18
    if item.opens is not None:
        canvas.drawing(Box(right - 14, box.y + (box.h - 16) / 2, 14, 16), Shape.CHEVRON, Token.FAINT, ground)
        canvas.target(box, item.opens)
        right -= 28
    if item.done is not None:
        place = Box(box.right - 12 - 112, box.y + (box.h - 56) / 2, 112, 56)
        button(canvas, place, canvas.say(words.ALARM_SEEN), item.done, Dress.TINTED, size=17)
        return place.x
    style = Style(BODY_SIZE, Weight.BOLD, Token.INK)
    width = canvas.width(item.side, style) + 1
    canvas.text(Box(right - width, box.y, width, box.h), item.side, style, Align.RIGHT)
    return right - width
