# SPDX-License-Identifier: Apache-2.0
"""What was taken today, by the device's own count, and what is still under way; from here the day is closed."""

from pengpos.client import Status
from pengpos.i18n import Message
from ui.actions import Do
from ui.drawing.scene import Box, Role
from ui.i18n import words
from ui.i18n.format import DOT, money
from ui.office.menu import back
from ui.state.calls import AsOperator, CloseDay
from ui.theme import MARGIN, PANEL_RADIUS, RESULT_AMOUNT_SIZE, Style, Token, Weight
from ui.widgets.amount import amount
from ui.widgets.bar import bar_height
from ui.widgets.button import Dress, button
from ui.widgets.canvas import Canvas
from ui.widgets.ledger import Row, ledger
from ui.widgets.split import ROW_HEIGHT
from ui.widgets.strip import trouble_strip

_CLOSE_WIDE = 240.0
_ROW_MOST = 44.0


def day_screen(canvas: Canvas, status: Status) -> None:
    """Draw the sum on the left, what it is made of and what waits in a card on the right."""
    canvas.fill(Box(0, 0, canvas.w, canvas.h), Token.PAPER)
    top, row_y = bar_height(canvas) + 24, canvas.h - MARGIN - ROW_HEIGHT
    wide = canvas.w - 2 * MARGIN
    left = Box(MARGIN + 4, top, wide if canvas.portrait else wide * 0.44, row_y - top - 16)
    strip_y = top + 138 if canvas.portrait else row_y - 72
    card_y = top if not canvas.portrait else strip_y + 12 if canvas.local.trouble is None else strip_y + 64
    x = MARGIN if canvas.portrait else left.right + 24
    canvas.text(left._replace(h=30), canvas.say(words.MENU_DAY), Style(22, Weight.BOLD, Token.SOFT))
    day = status.day
    currency = day.currency if day is not None else canvas.local.entry.currency
    amount(
        canvas, Box(left.x, left.y + 34, left.w, 96), day.total if day is not None else 0, currency, RESULT_AMOUNT_SIZE
    )
    trouble_strip(canvas, Box(left.x, strip_y, left.w, 52))
    rows = _rows(canvas, status)
    room = row_y - 16 - card_y
    row_height = min(_ROW_MOST, (room - 16) / len(rows))
    card = Box(x, card_y, canvas.w - MARGIN - x, len(rows) * row_height + 16)
    canvas.fill(card, Token.CARD, radius=PANEL_RADIUS, border=Token.LINE)
    ledger(canvas, card.inset(18, 8), rows, size=17, row_height=row_height, last_rule=False)
    back(canvas)
    is_closing = is_closing_day(canvas)
    label = canvas.say(words.DAY_CLOSING if is_closing else words.DAY_CLOSE)
    place = Box(canvas.w - MARGIN - _CLOSE_WIDE, row_y, _CLOSE_WIDE, ROW_HEIGHT)
    button(canvas, place, label, Do.CLOSE_DAY, Dress.FILLED, Role.PRIMARY, enabled=canvas.local.calling is None)


def is_closing_day(canvas: Canvas) -> bool:
    """Whether the answer to a close is awaited."""
    calling = canvas.local.calling
    return isinstance(calling.call if isinstance(calling, AsOperator) else calling, CloseDay)


def _rows(canvas: Canvas, status: Status) -> list[Row]:
    """List the day's figures; those that are nothing are left out, but for the first and the refunds."""
    day, queue, rows = status.day, status.queue, []

    def add(message: Message, count: int, minor: int | None, colour: Token = Token.INK) -> None:
        said = canvas.say(words.COUNT, n=count)
        if minor is not None and day is not None:
            value = f"{said}{DOT}{money(minor, day.currency, canvas.language)}"
            rows.append(
                Row(canvas.say(message), value, colour, bold=False, shorter=money(minor, day.currency, canvas.language))
            )
        else:
            rows.append(Row(canvas.say(message), said, colour, bold=False))

    if day is None:
        return [Row(canvas.say(words.READING), "")]
    add(words.DAY_SALES, day.count, None)
    if day.offline_count:
        add(words.DAY_OFFLINE, day.offline_count, day.offline_total)
    add(words.DAY_REFUNDED, day.refunded_count, day.refunded_total)
    if queue.count:
        add(words.QUEUE_WAITING, queue.count, queue.total, Token.STORED)
    if day.unknown_count:
        add(words.SHORT_UNKNOWN, day.unknown_count, None, Token.UNKNOWN)
    if day.declined_at_sync_count:
        add(words.DECLINED_AT_SYNC, day.declined_at_sync_count, day.declined_at_sync_total, Token.DECLINED)
    if day.due_paid_count:
        add(words.DAY_DUE_PAID, day.due_paid_count, day.due_paid_total)
    return rows
