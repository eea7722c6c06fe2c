# SPDX-License-Identifier: Apache-2.0
"""The second question: the amount is more than this shop usually sells for. Nothing has been created or signed yet.

Neither answer is where the finger was that charged, and Enter is none of them: a second tap, an Enter that is struck
twice or a scanner's own never runs through it.
"""

from pengpos.client import Status
from ui.actions import Do
from ui.drawing.scene import Box, Role, Shape
from ui.i18n import words
from ui.i18n.amount_words import aloud
from ui.i18n.format import money
from ui.theme import BODY_SIZE, GAP, RESULT_AMOUNT_SIZE, SMALL_SIZE, TITLE_SIZE, Style, Token, Weight
from ui.widgets.amount import amount
from ui.widgets.button import Dress, button
from ui.widgets.canvas import Canvas
from ui.widgets.split import ROW_HEIGHT, Mood, mood_panel, plan_split, way_out

_AMOUNT_HEIGHT = 84
_LOW_AMOUNT_HEIGHT = 60
_MOOD = Mood(Shape.UNKNOWN, Token.BRAND, Token.BRAND_TINT)


def large_amount_screen(canvas: Canvas, status: Status) -> None:
    """Draw the amount in digits and in words, and the two answers."""
    entry = canvas.local.entry
    asks_above = status.terminal.sale_asks_above if status.terminal else 0
    canvas.fill(Box(0, 0, canvas.w, canvas.h), Token.CARD)
    plan = plan_split(canvas)
    mood_panel(canvas, plan, _MOOD, words.LARGE_TITLE, "", has_way_out=True)
    body = plan.body
    yes = Box(body.x, plan.row.y - GAP - ROW_HEIGHT, body.w, ROW_HEIGHT)
    high = _LOW_AMOUNT_HEIGHT if canvas.is_low else _AMOUNT_HEIGHT
    amount(canvas, body._replace(h=high), entry.minor, entry.currency, min(RESULT_AMOUNT_SIZE, high))
    in_words = aloud(entry.minor, entry.currency, canvas.language)
    y = canvas.paragraph(Box(body.x, body.y + high, body.w, 70), in_words, Style(TITLE_SIZE, Weight.BOLD, Token.INK))
    means = canvas.say(words.LARGE_MEANS, amount=money(asks_above, entry.currency, canvas.language))
    canvas.paragraph(Box(body.x, y + 6, body.w, yes.y - y - 6), means, Style(BODY_SIZE, Weight.REGULAR, Token.SOFT))
    is_free = canvas.local.calling is None
    button(canvas, yes, canvas.say(words.LARGE_YES), Do.CHARGE_LARGE, Dress.TINTED, Role.PLAIN, enabled=is_free)
    hint = Style(SMALL_SIZE, Weight.REGULAR, Token.FAINT)
    canvas.paragraph(plan.row, canvas.say(words.LARGE_KEYS), hint)
    canvas.shakes(body._replace(h=high))
    way_out(canvas, plan, words.LARGE_NO, Do.BACK)
