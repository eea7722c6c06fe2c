# SPDX-License-Identifier: Apache-2.0
"""The screen after a payment: receipt and gifts, to be scanned (local API, `receipt_url`, `cards`)."""

from pengpos.client import SaleView
from ui.actions import Do
from ui.drawing.scene import Align, Box
from ui.i18n import words
from ui.screens.result import open_split
from ui.theme import PANEL_RADIUS, SMALL_SIZE, Style, Token, Weight
from ui.widgets import stages
from ui.widgets.canvas import Canvas
from ui.widgets.split import choices, next_action, way_out


def receipt_screen(canvas: Canvas, sale: SaleView) -> None:
    """Draw the approved half as it was, and a code in the other half."""
    plan, below = open_split(canvas, sale, stages.APPROVED, words.APPROVED, sale.total, has_way_out=True)
    code_beside_words(canvas, below, sale)
    way_out(canvas, plan, words.BACK, Do.BACK)
    choices(canvas, plan, [next_action(words.NEXT, Do.NEXT)])


def code_beside_words(canvas: Canvas, below: Box, sale: SaleView) -> None:
    """Draw the code of the gift or the receipt, and beside it what it is."""
    card = sale.cards[0] if sale.cards else None
    url = card.url if card else sale.receipt_url or ""
    room = Box(below.x, below.y, below.w, below.h)
    side = min(room.h, room.w * 0.55)
    panel = Box(room.x, room.y, side, side)
    canvas.fill(panel, Token.QR_LIGHT, radius=PANEL_RADIUS, border=Token.LINE)
    canvas.qr(panel.inset(6, 6), url)
    text = Box(panel.right + 20, room.y + 12, room.right - panel.right - 20, room.h)
    title = card.title if card else canvas.say(words.RECEIPT_TITLE)
    y = canvas.paragraph(text, title, Style(22, Weight.BOLD, Token.INK), Align.LEFT, most_lines=2)
    if card and card.text:
        below_title = Box(text.x, y + 6, text.w, text.bottom - y)
        canvas.paragraph(below_title, card.text, Style(SMALL_SIZE, Weight.REGULAR, Token.SOFT), most_lines=4)
