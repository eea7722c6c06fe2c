# SPDX-License-Identifier: Apache-2.0
"""The pad for an operator's PIN: who is asked for, for what, and dots. It shows no digit, also under a finger."""

from typing import Final

from pengpos.client import Status
from pengpos.i18n import Message
from ui.actions import Do, PressPin
from ui.drawing.scene import Align, Box, Role, Shape
from ui.i18n import words
from ui.i18n.format import DOT, duration, money
from ui.state.asking import is_complete, sale_of, takes_keys, wait_until_s
from ui.state.calls import AlarmSeen, AsOperator, CloseDay, GiveBack, SaleCall, SendCode, Verb
from ui.state.office import refundable
from ui.state.pin import PIN_LEAST, Asked
from ui.theme import BODY_SIZE, PANEL_RADIUS, SMALL_SIZE, TITLE_SIZE, Style, Token, Weight
from ui.widgets.amount import cash_words
from ui.widgets.button import Dress, button
from ui.widgets.canvas import SHRINK_LEAST, Canvas
from ui.widgets.keypad import CODE_KEYS, keypad, pad_action, plan_pad

_LEFT_NEEDS = 300
_TILE = 56
_FIELD = 72
_DOT = 16
_ALL_KEYS: Final = frozenset(key for row in CODE_KEYS for key in row if key is not None)
_WHOSE: Final[dict[frozenset[str], Message]] = {
    frozenset({"manager"}): words.PIN_MANAGER,
    frozenset({"technician"}): words.PIN_TECHNICIAN,
    frozenset({"manager", "technician"}): words.PIN_MANAGER_OR_TECHNICIAN,
    frozenset({"cashier"}): words.PIN_CASHIER,
}


def pin_screen(canvas: Canvas, status: Status) -> None:
    """Draw whose PIN it takes and for what on the left, keys on the right."""
    asked = canvas.local.asked
    assert asked is not None  # else this screen is not the one
    canvas.fill(Box(0, 0, canvas.w, canvas.h), Token.PAPER)
    plan = plan_pad(canvas, left_needs=_LEFT_NEEDS)
    left = plan.left
    purpose, style = _purpose(canvas, asked, status), Style(BODY_SIZE, Weight.REGULAR, Token.SOFT)
    is_long = canvas.count_lines(purpose, style._replace(size=style.size * SHRINK_LEAST), left.w) > 2
    y = left.y if canvas.is_low or is_long else _tile(canvas, left) + 16
    title = canvas.say(_WHOSE.get(frozenset(asked.roles), words.PIN_OF_STAFF))
    y = canvas.paragraph(
        Box(left.x, y, left.w, 90),
        title,
        Style(TITLE_SIZE if not canvas.is_low else 24, Weight.BOLD, Token.INK),
        most_lines=2,
        display=True,
    )
    if purpose:
        y = canvas.paragraph(Box(left.x, y + 4, left.w, 56), purpose, style, most_lines=3 if is_long else 2)
    y = _field(canvas, asked, Box(left.x, y + (6 if canvas.is_low else 18), left.w, _FIELD))
    _below(canvas, asked, Box(left.x, y + (4 if canvas.is_low else 10), left.w, 52))
    dead = frozenset[object]() if takes_keys(asked, canvas.local) else _ALL_KEYS
    keypad(canvas, plan.keys, CODE_KEYS, frozenset(key for key in _ALL_KEYS if key in dead), PressPin)
    pad_action(canvas, plan.action, canvas.say(words.PIN_SEND), Do.SEND_PIN, enabled=is_complete(asked, canvas.local))
    button(canvas, plan.way_out, canvas.say(words.BACK), Do.BACK, Dress.OUTLINED, Role.CANCEL)


def _tile(canvas: Canvas, left: Box) -> float:
    """Draw the lock; gives its bottom."""
    tile = Box(left.x, left.y + 4, _TILE, _TILE)
    canvas.fill(tile, Token.BRAND_TINT, radius=PANEL_RADIUS)
    canvas.drawing(tile.inset(14, 14), Shape.LOCK, Token.BRAND, Token.BRAND_TINT)
    return tile.bottom


def _purpose(canvas: Canvas, asked: Asked, status: Status) -> str:
    """What goes on once the PIN is right, with the amount it is about."""
    match asked.call:
        case SaleCall(sale_id, Verb.ACCEPT_OFFLINE):
            message = words.PIN_TO_ACCEPT_OFFLINE
        case SaleCall(sale_id, Verb.CANCEL):
            message = words.PIN_TO_TAKE_CASH
        case SendCode(sale_id, _):
            message = words.PIN_TO_TAKE_CODE
        case GiveBack(_, minor, _, _):
            return _refund_purpose(canvas, minor)
        case CloseDay():
            return canvas.say(words.PIN_TO_CLOSE_DAY)
        case AlarmSeen():
            return canvas.say(words.PIN_TO_SEE_ALARM)
        case _:
            return ""
    if (sale := sale_of(sale_id, status)) is None:
        return ""
    said = canvas.say(message, amount=money(sale.total, sale.currency, canvas.language))
    cash = cash_words(canvas, sale.total, sale.currency) if message is words.PIN_TO_TAKE_CASH else ""
    return f"{said}{DOT}{cash}" if cash else said


def _refund_purpose(canvas: Canvas, minor: int | None) -> str:
    office = canvas.local.office
    record = office.record if office is not None else None
    if record is None:
        return ""
    amount = minor if minor is not None else refundable(record)
    return canvas.say(words.PIN_TO_REFUND, amount=money(amount, record.currency, canvas.language))


def _field(canvas: Canvas, asked: Asked, box: Box) -> float:
    """Draw the panel with the dots; gives its bottom."""
    is_wrong = asked.refused is not None and not asked.pin
    border = Token.DECLINED if is_wrong else Token.BRAND if takes_keys(asked, canvas.local) else Token.LINE
    box = box._replace(h=44) if canvas.is_low else box
    canvas.fill(box, Token.CARD, radius=PANEL_RADIUS, border=border)
    is_checked = isinstance(canvas.local.calling, AsOperator)
    count = max(PIN_LEAST, len(asked.pin))
    dots = Box(box.x + 2, box.y + (box.h - _DOT) / 2, box.w - 4, _DOT)
    colour = Token.SOFT if is_checked else Token.INK
    canvas.shakes(dots)
    canvas.pin_dots(dots, count, count if is_checked else len(asked.pin), colour, wrong=asked.wrong)
    return box.bottom


def _below(canvas: Canvas, asked: Asked, box: Box) -> None:
    """One line: what is typed here, or what was wrong."""
    local, refused = canvas.local, asked.refused
    plain = Style(SMALL_SIZE, Weight.REGULAR, Token.FAINT)
    loud = plain._replace(colour=Token.DECLINED, weight=Weight.BOLD)
    until_s = wait_until_s(asked, local.up_s)
    if isinstance(local.calling, AsOperator):
        text, style = canvas.say(words.PIN_CHECKING), plain
    elif until_s is not None:
        left_s = int(until_s - local.up_s)
        text, style = canvas.say(words.PIN_WAIT, time=duration(left_s, canvas.language)), loud
    elif refused is not None and refused.code == "role_needed":
        text, style = canvas.say(words.PIN_NOT_ENOUGH), loud
    elif refused is not None and refused.tries_left is not None:
        text, style = canvas.say(words.PIN_WRONG, n=refused.tries_left), loud
    elif asked.spoiled:
        text, style = canvas.say(words.CLEAR_FIRST), loud
    else:
        text, style = canvas.say(words.PIN_HINT), plain
    canvas.paragraph(box, text, style, Align.LEFT, most_lines=2)
