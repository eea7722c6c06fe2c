# SPDX-License-Identifier: Apache-2.0
"""A refund before it is ordered: how much, why, and the button that orders it. The daemon says whether it may be."""

from typing import Final

from pengpos.client import SaleView
from pengpos.i18n import Message
from ui.actions import ChooseReason, Do, Key, RefundReason
from ui.drawing.scene import Box, Role
from ui.i18n import words
from ui.i18n.format import DOT, money
from ui.state.office import Draft, Office, refundable
from ui.theme import BODY_SIZE, GAP, RESULT_AMOUNT_SIZE, SMALL_SIZE, TARGET_MINIMUM, Style, Token, Weight
from ui.widgets.amount import amount
from ui.widgets.button import Dress, button
from ui.widgets.canvas import Canvas
from ui.widgets.keypad import PLAIN_AMOUNT_KEYS, keypad, pad_action, plan_pad
from ui.widgets.strip import trouble_strip

REASON_WORDS: Final[dict[RefundReason, Message]] = {
    RefundReason.RETURNED: words.WHY_RETURNED,
    RefundReason.WRONG_AMOUNT: words.WHY_WRONG_AMOUNT,
    RefundReason.CHARGED_TWICE: words.WHY_CHARGED_TWICE,
    RefundReason.OTHER: words.WHY_OTHER,
}
"""What is sent as the refund's reason, in the language of the screen."""
_LEFT_NEEDS: Final = 186
_LINE: Final = 26.0
_STRIP: Final = 52.0


def refund_screen(canvas: Canvas, office: Office) -> None:
    """Draw how much and why on the left, the keys for a part of it on the right."""
    draft, sale = office.draft, office.record
    assert draft is not None  # else this page is not the one
    assert sale is not None
    canvas.fill(Box(0, 0, canvas.w, canvas.h), Token.PAPER)
    plan = plan_pad(canvas, left_needs=_LEFT_NEEDS)
    minor = refundable(sale) if draft.entry.is_empty else draft.entry.minor
    bottom = plan.left.bottom if canvas.portrait else plan.way_out.y - 12
    _amount(canvas, Box(plan.left.x, plan.left.y, plan.left.w, bottom - plan.left.y), draft, sale, minor)
    dead = frozenset({Key.POINT}) if sale.currency_digits == 0 else frozenset[Key]()
    keypad(canvas, plan.keys, PLAIN_AMOUNT_KEYS, dead)
    said = canvas.say(words.REFUND_GIVE, amount=money(minor, sale.currency, canvas.language))
    is_ready = draft.is_ready and canvas.local.calling is None
    pad_action(canvas, plan.action, said, Do.GIVE_BACK, enabled=is_ready, shorter=canvas.say(words.REFUND))
    button(canvas, plan.way_out, canvas.say(words.BACK), Do.BACK, Dress.OUTLINED, Role.CANCEL)


def _amount(canvas: Canvas, box: Box, draft: Draft, sale: SaleView, minor: int) -> None:
    """Draw the amount between its title and what can be said of it, the reasons below."""
    currency, columns = draft.entry.currency, 4 if canvas.portrait else 2
    reasons_high = TARGET_MINIMUM if columns > 2 else 2 * TARGET_MINIMUM + GAP
    line, y = max(_LINE, canvas.line_height(SMALL_SIZE)), box.y
    if trouble_strip(canvas, Box(box.x, y, box.w, _STRIP)):
        y += _STRIP
    else:
        title = Style(BODY_SIZE, Weight.REGULAR, Token.SOFT)
        said = canvas.say(words.REFUND_AMOUNT)
        numbered = f"{said}{DOT}{canvas.say(words.NUMBER, number=sale.number)}"
        canvas.text(Box(box.x, y, box.w, line), numbered if canvas.holds(numbered, title, box.w) else said, title)
        y += line
    below = reasons_high + 6 + line * (1 if canvas.portrait else 2)
    high = min(96.0, box.bottom - below - y)
    canvas.shakes(Box(box.x, y, box.w, high))
    colour = Token.DECLINED if draft.entry.spoiled else Token.INK
    amount(canvas, Box(box.x, y, box.w, high), minor, currency, min(RESULT_AMOUNT_SIZE, high), colour=colour)
    _said(canvas, Box(box.x, y + high, box.w, line), draft, refundable(sale))
    if not canvas.portrait:
        place = Box(box.x, box.bottom - reasons_high - 6 - line, box.w, line)
        canvas.text(place, canvas.say(words.REFUND_WHY), Style(SMALL_SIZE, Weight.BOLD, Token.SOFT))
    _reasons(canvas, Box(box.x, box.bottom - reasons_high, box.w, reasons_high), draft, columns)


def _said(canvas: Canvas, line: Box, draft: Draft, most: int) -> None:
    plain = Style(SMALL_SIZE, Weight.REGULAR, Token.FAINT)
    if draft.entry.spoiled:
        canvas.text(line, canvas.say(words.CLEAR_FIRST), Style(SMALL_SIZE, Weight.BOLD, Token.DECLINED))
    elif draft.entry.is_empty:
        canvas.text(line, canvas.say(words.REFUND_ALL), plain)
    else:
        said = canvas.say(words.REFUND_UP_TO, amount=money(most, draft.entry.currency, canvas.language))
        canvas.text(line, said, plain)


def _reasons(canvas: Canvas, box: Box, draft: Draft, columns: int) -> None:
    wide = (box.w - GAP * (columns - 1)) / columns
    for place, (reason, message) in enumerate(REASON_WORDS.items()):
        x, y = box.x + (place % columns) * (wide + GAP), box.y + (place // columns) * (TARGET_MINIMUM + GAP)
        dress = Dress.CHOSEN if reason is draft.reason else Dress.OUTLINED
        button(canvas, Box(x, y, wide, TARGET_MINIMUM), canvas.say(message), ChooseReason(reason), dress, size=17)
