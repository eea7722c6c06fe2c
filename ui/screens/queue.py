# SPDX-License-Identifier: Apache-2.0
"""The screen of what waits to be sent: how many, how much, until when, and what room is left offline."""

from pengpos.client import Status
from ui.actions import Do
from ui.drawing.scene import Box, Role
from ui.i18n import words
from ui.i18n.format import age, moment, money, when
from ui.state.calls import Sync
from ui.theme import BODY_SIZE, MARGIN, PANEL_RADIUS, RESULT_AMOUNT_SIZE, Style, Token, Weight
from ui.widgets.amount import amount
from ui.widgets.bar import bar_height
from ui.widgets.button import Dress, button
from ui.widgets.canvas import Canvas
from ui.widgets.ledger import Row, ledger
from ui.widgets.split import WAY_OUT_PORTRAIT
from ui.widgets.strip import trouble_strip

_ACTION = 60
_ROWS_MOST = 6


def queue_screen(canvas: Canvas, status: Status) -> None:
    """Draw the sum on the left, the conditions in a card on the right."""
    canvas.fill(Box(0, 0, canvas.w, canvas.h), Token.PAPER)
    queue = status.queue
    top, row_y = bar_height(canvas) + 24, canvas.h - MARGIN - _ACTION
    wide = canvas.w - 2 * MARGIN
    left = Box(MARGIN + 4, top, wide if canvas.portrait else wide * 0.46, row_y - top - 24)
    if canvas.portrait:
        card = Box(MARGIN, top + 250, wide, row_y - top - 274)
    else:
        card = Box(left.right + 28, top, canvas.w - MARGIN - left.right - 28, row_y - top - 20)
    title = canvas.say(words.QUEUE, n=queue.count) if queue.count else canvas.say(words.QUEUE_EMPTY)
    canvas.text(Box(left.x, left.y, left.w, 30), title, Style(22, Weight.BOLD, Token.STORED))
    amount(canvas, Box(left.x, left.y + 34, left.w, 96), queue.total, queue.currency, RESULT_AMOUNT_SIZE)
    means = words.QUEUE_MEANS if queue.count else words.QUEUE_EMPTY_MEANS
    y = canvas.paragraph(
        Box(left.x, left.y + 146, left.w, 80), canvas.say(means), Style(BODY_SIZE, Weight.REGULAR, Token.SOFT)
    )
    trouble_strip(canvas, Box(left.x, y + 16, left.w, 52))
    rows = _rows(canvas, status)
    row_height = min(48.0, (card.h - 20) / 6)
    note_height = 76 if queue.caps is None else 0
    card = card._replace(h=len(rows) * row_height + note_height + 20)
    canvas.fill(card, Token.CARD, radius=PANEL_RADIUS, border=Token.LINE)
    inner = card.inset(20, 10)
    bottom = ledger(canvas, inner, rows, size=18, row_height=row_height, last_rule=False)
    if note_height:
        style = Style(17, Weight.REGULAR, Token.SOFT)
        canvas.paragraph(Box(inner.x, bottom + 12, inner.w, 60), canvas.say(words.CAPS_NONE), style, most_lines=2)
    button(
        canvas,
        Box(MARGIN, row_y, WAY_OUT_PORTRAIT, _ACTION),
        canvas.say(words.BACK),
        Do.BACK,
        Dress.OUTLINED,
        Role.CANCEL,
    )
    is_syncing = isinstance(canvas.local.calling, Sync)
    label = canvas.say(words.SYNCING if is_syncing else words.SYNC)
    place = Box(canvas.w - MARGIN - 240, row_y, 240, _ACTION)
    button(canvas, place, label, Do.SYNC, Dress.FILLED, Role.PRIMARY, enabled=queue.count > 0 and not is_syncing)


def _rows(canvas: Canvas, status: Status) -> list[Row]:
    queue, language, now = status.queue, canvas.language, canvas.local.now
    rows = []
    if queue.oldest:
        old = age(int((now - moment(queue.oldest)).total_seconds()), language)
        rows.append(Row(canvas.say(words.QUEUE_OLDEST), old))
    if queue.deadline:
        by = canvas.say(words.BEFORE, when=when(queue.deadline, now, language))
        rows.append(Row(canvas.say(words.QUEUE_DEADLINE), by, Token.STORED))
    if queue.unknown:
        count = canvas.say(words.COUNT, n=queue.unknown)
        rows.append(Row(canvas.say(words.QUEUE_UNKNOWN), count, Token.UNKNOWN))
    if queue.by_code:
        total = money(queue.by_code_total, queue.currency, language)
        rows.append(Row(canvas.say(words.QUEUE_BY_CODE), total, Token.UNKNOWN))
    if caps := queue.caps:
        rows.append(Row(canvas.say(words.CAPS_AMOUNT), money(caps.amount_left, caps.currency, language)))
        rows.append(Row(canvas.say(words.CAPS_COUNT), canvas.say(words.COUNT, n=caps.count_left)))
        rows.append(Row(canvas.say(words.CAPS_EACH), money(caps.per_payment, caps.currency, language)))
        if len(rows) < _ROWS_MOST:
            rows.append(Row(canvas.say(words.CAPS_UNTIL), when(caps.until, now, language), Token.SOFT, bold=False))
    return rows[:_ROWS_MOST]
