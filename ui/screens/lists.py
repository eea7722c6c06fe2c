# SPDX-License-Identifier: Apache-2.0
"""Lists behind the badges: sales that wait for an answer, and alarms with their cure."""

from typing import NamedTuple

from pengpos.client import AlarmView, SaleView, Status
from pengpos.i18n import Message
from ui.actions import Action, Do, SawAlarm, ShowRows, ShowSale
from ui.drawing.scene import Align, Box, Role, Shape
from ui.i18n import words
from ui.i18n.format import DOT, age, moment, money
from ui.state.sales import code_sales, parked_sales, since, unknown_sales
from ui.theme import BODY_SIZE, GAP, MARGIN, RADIUS, SMALL_SIZE, Style, Token, Weight
from ui.widgets.bar import bar_height
from ui.widgets.button import Dress, button
from ui.widgets.canvas import Canvas
from ui.widgets.split import WAY_OUT_PORTRAIT

_ROW, _ACTION = 76, 60
_BEFORE_WORDS, _AFTER_WORDS, _ABOVE_WORDS = 68, 16, 12
_SEEN = Box(0, 0, 112, 56)
_SIDE_MOST = 0.45
"""A sum that would take more of the row stands before the state."""
_HEAD = Style(18, Weight.BOLD, Token.INK)
_BELOW = Style(SMALL_SIZE, Weight.REGULAR, Token.SOFT)
_SIDE = Style(BODY_SIZE, Weight.BOLD, Token.INK)


class Item(NamedTuple):
    """A row: a picture, what it is, more of it below, a sum at the right."""

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
    list_page(canvas, canvas.say(words.WAITING), items, empty=words.WAITING_NONE)


def alarms_screen(canvas: Canvas, status: Status) -> None:
    """Draw what a person must see to."""
    items = [_alarm_item(canvas, alarm) for alarm in status.alarms]
    only_news = bool(status.alarms) and all(alarm.calm for alarm in status.alarms)
    title = canvas.say(words.NEWS if only_news else words.ALARMS)
    list_page(canvas, title, items, empty=words.ALARMS_NONE)


class _Kind(NamedTuple):
    shape: Shape
    colour: Token
    word: Message


_UNKNOWN = _Kind(Shape.UNKNOWN, Token.UNKNOWN, words.STATE_UNKNOWN)
_PARKED = _Kind(Shape.PARKED, Token.BRAND, words.STATE_PARKED)
_CODE = _Kind(Shape.RETURNED, Token.SOFT, words.STATE_CODE)


def _sale_item(canvas: Canvas, sale: SaleView, kind: _Kind) -> Item:
    waited = age(int((canvas.local.now - moment(since(sale))).total_seconds()), canvas.language)
    state = canvas.say(kind.word)
    return Item(
        kind.shape,
        kind.colour,
        canvas.say(words.NUMBER, number=sale.number),
        f"{state}{DOT}{waited}",
        money(sale.total, sale.currency, canvas.language),
        opens=ShowSale(sale.id),
    )


def _alarm_item(canvas: Canvas, alarm: AlarmView) -> Item:
    """Make the row of an alarm: what happened, below it what to do. What has come right does not look like an alarm."""
    shape, colour = (Shape.PHONE, Token.BRAND) if alarm.calm else (Shape.ALARM, Token.DECLINED)
    main, below = (
        said.in_language(canvas.language) if said is not None else plain
        for said, plain in ((alarm.text_in, alarm.text), (alarm.cure_in, alarm.cure))
    )
    return Item(shape, colour, main, below, "", done=SawAlarm(alarm.id))


def list_page(
    canvas: Canvas, title: str, items: list[Item], *, empty: Message, head: float = 0, beside: float = 0
) -> None:
    """Draw rows, as many as the page holds, with a button to the next ones.

    `head` is kept free below the title, `beside` at its right.
    """
    canvas.fill(Box(0, 0, canvas.w, canvas.h), Token.PAPER)
    top, wide = bar_height(canvas), canvas.w - 2 * MARGIN
    canvas.text(Box(MARGIN + 4, top + 14, wide - 4 - beside, 40), title, Style(24, Weight.BOLD, Token.INK))
    row_y = canvas.h - MARGIN - _ACTION
    y = top + 64 + head
    room = row_y - 12 - y
    rows = [_plan_row(canvas, item, wide, room) for item in items]
    pages = _pages([row.height for row in rows], room)
    page = next((number for number, page in enumerate(pages) if canvas.local.first_row in page), 0)
    for index in pages[page]:
        _row(canvas, Box(MARGIN, y, wide, rows[index].height), rows[index])
        y += rows[index].height + GAP
    if not items:
        style = Style(BODY_SIZE, Weight.REGULAR, Token.SOFT)
        canvas.text(Box(MARGIN, y, wide, room - 4), canvas.say(empty), style, Align.CENTRE)
    button(
        canvas,
        Box(MARGIN, row_y, WAY_OUT_PORTRAIT, _ACTION),
        canvas.say(words.BACK),
        Do.BACK,
        Dress.OUTLINED,
        Role.CANCEL,
    )
    if len(pages) > 1:
        label = canvas.say(words.PAGE_OF, page=page + 1, pages=len(pages))
        following = ShowRows(pages[(page + 1) % len(pages)].start)
        button(canvas, Box(canvas.w - MARGIN - 200, row_y, 200, _ACTION), label, following, Dress.TINTED)


def _pages(heights: list[float], room: float) -> list[range]:
    """Share rows out: as many to a page as it holds, one at least. An empty list is one empty page."""
    pages, first, used = [], 0, 0.0
    for index, height in enumerate(heights):
        if index > first and used + height > room:
            pages.append(range(first, index))
            first, used = index, 0.0
        used += height + GAP
    return [*pages, range(first, len(heights))]


class _Row(NamedTuple):
    """A row as it is drawn: its words whole, unless the page does not hold them."""

    item: Item
    height: float
    words_wide: float
    heads: int
    lines: int
    is_tall: bool
    """The button stands below the words."""


def _plan_row(canvas: Canvas, item: Item, wide: float, room: float) -> _Row:
    side = canvas.width(item.side, _SIDE)
    if side > wide * _SIDE_MOST:
        item, side = item._replace(side="", below=f"{item.side}{DOT}{item.below}"), 0
    is_tall = item.done is not None and canvas.portrait
    end = _SEEN.w + 12 if item.done is not None and not is_tall else 0
    end += side + 1 + 18 + 28 if item.opens is not None else 0
    words_wide = wide - _BEFORE_WORDS - end - _AFTER_WORDS
    around = 2 * _ABOVE_WORDS + (_SEEN.h + GAP if is_tall else 0)
    line = canvas.line_height(_HEAD.size), canvas.line_height(_BELOW.size)
    most = int((room - around) // max(line))
    lines = min(canvas.count_lines(item.below, _BELOW, words_wide), most // 2) if item.below else 0
    heads = min(canvas.count_lines(item.main, _HEAD, words_wide), most - lines)
    height = max(_ROW, heads * line[0] + lines * line[1] + around)
    return _Row(item, height, words_wide, heads, lines, is_tall)


def _row(canvas: Canvas, box: Box, row: _Row) -> None:
    item = row.item
    is_pressed = item.opens is not None and canvas.local.pressed == item.opens
    ground = Token.PRESSED if is_pressed else Token.CARD
    canvas.fill(box, ground, radius=RADIUS, border=Token.LINE)
    words_high = row.heads * canvas.line_height(_HEAD.size) + row.lines * canvas.line_height(_BELOW.size)
    y = box.y + (_ABOVE_WORDS if row.is_tall else (box.h - words_high) / 2)
    side = 32
    mark_y = y if row.is_tall else box.y + (box.h - side) / 2
    canvas.drawing(Box(box.x + 18, mark_y, side, side), item.shape, item.colour, ground)
    _row_end(canvas, box, row, ground)
    place = Box(box.x + _BEFORE_WORDS, y, row.words_wide, words_high)
    y = canvas.paragraph(place, item.main, _HEAD, most_lines=row.heads)
    if row.lines:
        canvas.paragraph(place._replace(y=y), item.below, _BELOW, most_lines=row.lines)


def _row_end(canvas: Canvas, box: Box, row: _Row, ground: Token) -> None:
    """Draw sum and chevron, or the button, at the right."""
    item = row.item
    if item.done is not None:
        y = box.bottom - _ABOVE_WORDS - _SEEN.h if row.is_tall else box.y + (box.h - _SEEN.h) / 2
        place = _SEEN._replace(x=box.right - 12 - _SEEN.w, y=y)
        button(canvas, place, canvas.say(words.ALARM_SEEN), item.done, Dress.TINTED, size=17)
    if item.opens is not None:
        right = box.right - 18
        canvas.drawing(Box(right - 14, box.y + (box.h - 16) / 2, 14, 16), Shape.CHEVRON, Token.FAINT, ground)
        canvas.target(box, item.opens)
        width = canvas.width(item.side, _SIDE) + 1
        canvas.text(Box(right - 28 - width, box.y, width, box.h), item.side, _SIDE, Align.RIGHT)
