# SPDX-License-Identifier: Apache-2.0
"""The pad for the confirmation code, eight digits, of a sale paid from the offline code (tap protocol §3)."""

from pengpos.client import SaleView
from pengpos.core.confirmation import CODE_DIGITS
from ui.actions import Do
from ui.drawing.scene import Align, Box, Role
from ui.i18n import words
from ui.state.typing import NOT_TAKEN, is_code_complete
from ui.theme import (
    BODY_SIZE,
    GAP,
    RADIUS,
    RESULT_AMOUNT_SIZE,
    SMALL_SIZE,
    TARGET_MINIMUM,
    TITLE_SIZE,
    Style,
    Token,
    Weight,
)
from ui.widgets.amount import amount
from ui.widgets.button import Dress, button
from ui.widgets.canvas import Canvas
from ui.widgets.keypad import CODE_KEYS, PadPlan, keypad, pad_action, plan_pad
from ui.widgets.strip import trouble_strip

_LEFT_NEEDS = 320


def code_screen(canvas: Canvas, sale: SaleView) -> None:
    """Draw amount and boxes for the digits on the left, keys on the right."""
    canvas.fill(Box(0, 0, canvas.w, canvas.h), Token.PAPER)
    plan = plan_pad(canvas, left_needs=_LEFT_NEEDS)
    left, code = plan.left, canvas.local.code
    number = canvas.say(words.NUMBER, number=sale.number)
    if canvas.is_low:
        digits = _low_head(canvas, left, sale, number)
    else:
        canvas.text(Box(left.x, left.y, left.w, 28), number, Style(BODY_SIZE, Weight.REGULAR, Token.SOFT))
        amount(canvas, Box(left.x, left.y + 28, left.w, 96), sale.amount, sale.currency, RESULT_AMOUNT_SIZE)
        y = left.y + (130 if canvas.portrait else 140)
        canvas.text(Box(left.x, y, left.w, 32), canvas.say(words.CODE), Style(24, Weight.BOLD, Token.INK))
        hint = Style(BODY_SIZE, Weight.REGULAR, Token.SOFT)
        canvas.text(Box(left.x, y + 33, left.w, 28), canvas.say(words.CODE_HINT), hint)
        digits = Box(left.x, y + 72, left.w, 58)
    canvas.shakes(digits)
    y = _digits(canvas, digits, code)
    is_open = sale.code_tries_left > 0 and "confirmation-code" in sale.can
    below = Box(left.x, y + (6 if canvas.is_low else 8), left.w, 52)
    if "cancel" in sale.can:
        below = _give_up(canvas, plan, below)
    _tries(canvas, below, sale, is_open=is_open)
    keypad(canvas, plan.keys, CODE_KEYS)
    ready = is_open and is_code_complete(code) and canvas.local.calling is None
    pad_action(canvas, plan.action, canvas.say(words.CODE_SEND), Do.SEND_CODE, enabled=ready)
    button(canvas, plan.way_out, canvas.say(words.BACK), Do.BACK, Dress.OUTLINED, Role.CANCEL)


def _low_head(canvas: Canvas, left: Box, sale: SaleView, number: str) -> Box:
    """Draw amount with the number beside it and what to type, where height is scarce; gives the room of the digits."""
    style = Style(SMALL_SIZE, Weight.REGULAR, Token.SOFT)
    wide = min(canvas.width(number, style) + 1, left.w * 0.4)
    canvas.text(Box(left.right - wide, left.y, wide, 52), number, style, Align.RIGHT)
    amount(canvas, Box(left.x, left.y, left.w - wide - 12, 52), sale.amount, sale.currency, 46)
    canvas.text(Box(left.x, left.y + 52, left.w, 28), canvas.say(words.CODE_HINT), Style(BODY_SIZE, Weight.BOLD))
    return Box(left.x, left.y + 84, left.w, 48)


def _give_up(canvas: Canvas, plan: PadPlan, below: Box) -> Box:
    """Draw the button that gives the sale up, once the code was asked for; gives what is left of the row below.

    Upright panels have no room beside the way out.
    """
    label = canvas.say(words.CANCEL_SALE)
    width = canvas.width(label, Style(17, Weight.BOLD)) + 36
    if canvas.portrait:
        place = Box(below.right - width, below.y, width, TARGET_MINIMUM)
        below = below._replace(w=below.w - width - 2 * GAP)
    else:
        place = plan.way_out._replace(x=plan.way_out.right + GAP + 4, w=width)
    button(canvas, place, label, Do.CANCEL, Dress.TINTED, size=17)
    return below


def _digits(canvas: Canvas, area: Box, code: str) -> float:
    """Draw two groups of four boxes; gives their bottom."""
    between = 16
    wide = (area.w - between - 6 * (GAP - 2)) / 8
    x = area.x
    for place in range(CODE_DIGITS):
        box = Box(x, area.y, wide, area.h)
        is_next = place == len(code)
        canvas.fill(box, Token.CARD, radius=RADIUS - 4, border=Token.BRAND if is_next else Token.LINE)
        if place < len(code):
            colour = Token.DECLINED if code[place] == NOT_TAKEN else Token.INK
            canvas.text(box, code[place], Style(TITLE_SIZE - 4, Weight.DISPLAY, colour), Align.CENTRE)
        x += wide + (between if place == 3 else GAP - 2)
    return area.bottom


def _tries(canvas: Canvas, box: Box, sale: SaleView, *, is_open: bool) -> None:
    if trouble_strip(canvas, box):
        return
    style = Style(SMALL_SIZE, Weight.REGULAR, Token.FAINT)
    tries = sale.code_tries_left
    if not is_open:
        canvas.paragraph(box, canvas.say(words.CODE_CLOSED), style._replace(colour=Token.DECLINED, weight=Weight.BOLD))
    elif NOT_TAKEN in canvas.local.code:
        canvas.paragraph(box, canvas.say(words.CLEAR_FIRST), style._replace(colour=Token.DECLINED, weight=Weight.BOLD))
    elif tries < 5 and not canvas.local.code:
        wrong = style._replace(colour=Token.DECLINED, weight=Weight.BOLD)
        canvas.text(box._replace(h=28), canvas.say(words.CODE_WRONG, n=tries), wrong)
    else:
        canvas.text(box._replace(h=28), canvas.say(words.CODE_TRIES, n=tries), style)
