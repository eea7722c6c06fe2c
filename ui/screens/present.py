# SPDX-License-Identifier: Apache-2.0
"""The screen of a sale that can be paid now: amount, where to hold the phone, code, what to do next, time left.

Source: local API, `prompt`, `reason`, `url`, `expires_at`; tap protocol §3 for the offline code.
"""

from typing import NamedTuple

from pengpos.client import SaleView, Status
from pengpos.i18n import Message
from ui.actions import Do
from ui.drawing.scene import Align, Box, Role, Shape
from ui.drawing.shapes import left_edge
from ui.i18n import words
from ui.i18n.format import DOT, duration, moment
from ui.theme import (
    AMOUNT_SIZE,
    BODY_SIZE,
    GAP,
    MARGIN,
    PANEL_RADIUS,
    RADIUS,
    SMALL_SIZE,
    TARGET_MINIMUM,
    TITLE_SIZE,
    Style,
    Token,
    Weight,
)  # fmt: skip
from ui.widgets.amount import amount
from ui.widgets.bar import bar_height
from ui.widgets.button import Dress, button
from ui.widgets.canvas import Canvas
from ui.widgets.strip import trouble_strip

_STRIP = 56
_COUNTDOWN = 4
_PICTURE = 116
_REASON_LINES = 5
_LEGIBLE_UNIT_PX = 3
"""A code with smaller modules than this is given all the room there is."""


class Instruction(NamedTuple):
    """One thing the shopper is asked to do, with its picture; `taps`: holding the phone here is part of it."""

    message: Message
    shape: Shape
    taps: bool = True


_PROMPTS = {
    "unlock": Instruction(words.UNLOCK, Shape.PHONE_LOCKED),
    "confirm": Instruction(words.CONFIRM, Shape.PHONE_CONFIRM),
    "choose": Instruction(words.CHOOSE, Shape.PHONE_CHOOSE),
    "two_phones": Instruction(words.TWO_PHONES, Shape.TWO_PHONES, taps=False),
    "remove_phone": Instruction(words.REMOVE_PHONE, Shape.PHONE_AWAY, taps=False),
    "look_at_phone": Instruction(words.LOOK_AT_PHONE, Shape.PHONE_LOOK),
}
_NOTICES = {
    "too_quick": Instruction(words.TOO_QUICK, Shape.PHONE_AGAIN),
    "not_a_wallet": Instruction(words.NOT_A_WALLET, Shape.PHONE),
}


def instruction(sale: SaleView, *, has_reader: bool = True) -> Instruction:
    """Give the one thing to say now: the prompt, else what went wrong in the field, else how to pay."""
    if sale.prompt in _PROMPTS:
        return _PROMPTS[sale.prompt]
    if sale.notice in _NOTICES:
        return _NOTICES[sale.notice]
    if sale.state == "signed":
        return Instruction(words.ARMING, Shape.PHONE, taps=False)
    if sale.reason is not None:
        return Instruction(words.STILL_OPEN, Shape.PHONE)
    taps = {"reader", "tag"} if has_reader else {"tag"}
    if not taps & set(sale.ways) and (has_reader or sale.url is not None):
        return Instruction(words.SCAN_ONLY, Shape.PHONE, taps=False)
    return Instruction(words.PRESENT, Shape.PHONE)


def present_screen(canvas: Canvas, status: Status, sale: SaleView) -> None:
    """Draw text on the left, the code or the picture on the right; upright panels stack them."""
    canvas.fill(Box(0, 0, canvas.w, canvas.h), Token.CARD)
    top, foot_y = bar_height(canvas), canvas.h - _strip_height(canvas, sale)
    has_code = sale.url is not None and "qr" in sale.ways
    if canvas.portrait:
        text = Box(MARGIN + 4, top + 16, canvas.w - 2 * MARGIN - 8, (foot_y - top) * 0.47)
        panel = Box(MARGIN, text.bottom + 8, canvas.w - 2 * MARGIN, foot_y - _COUNTDOWN - 16 - text.bottom - 8)
    else:
        panel_width = min(max(canvas.w * 0.4, 312), foot_y - top - 12)
        panel = Box(canvas.w - MARGIN - panel_width, top + 16, panel_width, foot_y - _COUNTDOWN - top - 28)
        text = Box(MARGIN + 8, top + 16, panel.x - MARGIN - 8 - 28, panel.h)
    canvas.fill(panel, Token.PAPER, radius=PANEL_RADIUS)
    asked = instruction(sale, has_reader=any(reader.state == "ready" for reader in status.readers))
    below = _text_half(canvas, text, status, sale, asked)
    if has_code and sale.url:
        _code_panel(canvas, panel, sale.url, asked)
        room = Box(text.x, below + 12, text.w, text.bottom - below - 12)
        picture = min(room.h, _PICTURE - 16 if canvas.portrait else _PICTURE)
        if room.h >= 56 and asked.message is not words.SCAN_ONLY:
            _picture(
                canvas,
                Box(room.x, room.bottom - picture, room.w, picture),
                asked,
                Token.CARD,
            )
    else:
        side = min(panel.w * 0.6, panel.h * 0.56)
        _picture_centred(canvas, panel, side, asked)
    _foot(canvas, sale, foot_y)


def _text_half(canvas: Canvas, box: Box, status: Status, sale: SaleView, asked: Instruction) -> float:
    """Draw whose terminal it is, how much, what to do; gives the bottom."""
    name = status.terminal.merchant_name if status.terminal else ""
    canvas.text(Box(box.x, box.y, box.w, 28), name, Style(BODY_SIZE, Weight.BOLD, Token.SOFT))
    high = 68 if canvas.is_low and sale.reason is not None else 100
    amount(canvas, Box(box.x, box.y + 28, box.w, high), sale.amount, sale.currency, min(AMOUNT_SIZE, high - 4))
    y = box.y + 36 + high
    if trouble_strip(canvas, Box(box.x, y, box.w, 52)):
        y += 60
    if sale.reason is not None:
        y = _reason(canvas, Box(box.x, y, box.w, 100), sale) + 12
        return canvas.paragraph(
            Box(box.x, y, box.w, 60), canvas.say(asked.message), Style(BODY_SIZE, Weight.BOLD, Token.INK), most_lines=2
        )
    y = canvas.paragraph(
        Box(box.x, y, box.w, 90), canvas.say(asked.message), Style(TITLE_SIZE, Weight.BOLD), most_lines=2, shrink=0.76,
        display=True,
    )  # fmt: skip
    if second := canvas.say_second(asked.message):
        style = Style(BODY_SIZE, Weight.REGULAR, Token.FAINT)
        y = canvas.paragraph(Box(box.x, y + 2, box.w, 50), second, style, most_lines=2)
    return y


def _reason(canvas: Canvas, box: Box, sale: SaleView) -> float:
    """Draw why the last try did not pay, in a tinted box as high as it needs; gives the bottom."""
    reason = sale.reason
    if reason is None:
        return box.y
    text = reason.shopper_in.in_language(canvas.language) if reason.shopper_in else reason.shopper
    style = Style(18, Weight.BOLD, Token.DECLINED)
    room = box.w - 68
    if canvas.count_lines(text, style, room) > 3:
        style = style._replace(size=16)
    lines = min(_REASON_LINES, canvas.count_lines(text, style, room))
    height = lines * canvas.line_height(style.size) + 22
    canvas.fill(Box(box.x, box.y, box.w, height), Token.DECLINED_TINT, radius=RADIUS)
    side = 26
    place = Box(box.x + 16, box.y + (height - side) / 2, side, side)
    canvas.drawing(place, Shape.DECLINED, Token.DECLINED, Token.ON_FILL)
    canvas.paragraph(Box(box.x + 56, box.y + 11, room, height), text, style, most_lines=_REASON_LINES)
    return box.y + height


def _code_panel(canvas: Canvas, panel: Box, url: str, asked: Instruction) -> None:
    """Draw the code on its card, and under it that scanning is a way too; a dense code takes the second line's room."""
    roomy = Box(panel.x + 16, panel.y + 16, panel.w - 32, panel.h - 78)
    tight = Box(panel.x + 6, panel.y + 8, panel.w - 12, panel.h - 40)
    is_dense = canvas.qr_unit_px(roomy, url) < _LEGIBLE_UNIT_PX and canvas.qr_unit_px(tight, url) > canvas.qr_unit_px(
        roomy, url
    )
    card = canvas.qr(tight if is_dense else roomy, url)
    y = card.bottom + (2 if is_dense else 8)
    line = Box(panel.x + 12, y, panel.w - 24, 26)
    note = (words.SCAN_THEN_CODE if is_dense else words.SCAN_CODE) if "#" in url else words.SCAN_NO_NFC
    small = Style(15, Weight.REGULAR, Token.FAINT)
    if is_dense:
        canvas.text(line, canvas.say(note), small, Align.CENTRE)
        return
    message = words.SCAN_ONLY if asked.message is words.SCAN_ONLY else words.SCAN
    canvas.text(line, canvas.say(message), Style(18, Weight.BOLD, Token.SOFT), Align.CENTRE)
    canvas.text(line._replace(y=y + 26, h=22), canvas.say(note), small, Align.CENTRE)


def _picture(canvas: Canvas, box: Box, asked: Instruction, ground: Token) -> None:
    """Draw the phone at the left, the waves beside it."""
    side = box.h
    canvas.drawing(Box(box.x - side * left_edge(asked.shape), box.y, side, side), asked.shape, Token.BRAND, ground)
    if asked.taps:
        canvas.waves(Box(box.x + side * 0.66, box.y + side * 0.1, side * 0.68, side * 0.8), Token.BRAND)


def _picture_centred(canvas: Canvas, panel: Box, side: float, asked: Instruction) -> None:
    y = panel.y + (panel.h - side) / 2
    if not asked.taps:
        canvas.drawing(Box(panel.x + (panel.w - side) / 2, y, side, side), asked.shape, Token.BRAND, Token.PAPER)
        return
    whole = side * 0.52 + side * 0.62
    x = panel.x + (panel.w - whole) / 2
    canvas.drawing(Box(x - side * 0.24, y, side, side), asked.shape, Token.BRAND, Token.PAPER)
    canvas.waves(Box(x + side * 0.62, y + side * 0.14, side * 0.6, side * 0.72), Token.BRAND)


def _foot(canvas: Canvas, sale: SaleView, y: float) -> None:
    """Draw the countdown over a strip with the way out, the number, and what else can be done."""
    left_s, share = time_left(canvas, sale)
    canvas.fill(Box(0, y - _COUNTDOWN, canvas.w, _COUNTDOWN), Token.LINE)
    canvas.fill(Box(0, y - _COUNTDOWN, canvas.w * share, _COUNTDOWN), Token.BRAND)
    canvas.fill(Box(0, y, canvas.w, canvas.h - y), Token.PAPER)
    row = Box(MARGIN, canvas.h - (_STRIP + TARGET_MINIMUM) / 2, canvas.w - 2 * MARGIN, TARGET_MINIMUM)
    x = row.x
    if "cancel" in sale.can:
        width = 120.0
        button(canvas, row._replace(w=width), canvas.say(words.CANCEL), Do.CANCEL, Dress.OUTLINED, Role.CANCEL, size=18)
        x += width + 20
    right = row.right
    for message, action in _more_ways(sale):
        label = canvas.say(message)
        width = canvas.width(label, Style(17, Weight.BOLD)) + 36
        right -= width
        button(canvas, Box(right, row.y, width, row.h), label, action, Dress.TINTED, size=17)
        right -= GAP
    left = canvas.say(words.TIME_LEFT, time=duration(left_s, canvas.language))
    number = canvas.say(words.NUMBER, number=sale.number)
    style = Style(SMALL_SIZE, Weight.REGULAR, Token.SOFT)
    if canvas.h - y > _STRIP:
        canvas.text(Box(MARGIN + 4, y + 4, row.w - 8, 28), f"{number}{DOT}{left}", style)
    else:
        align = Align.LEFT if right < row.right else Align.RIGHT
        room = right - x - 8
        both = f"{number}{DOT}{left}"
        text = both if canvas.width(both, style) <= room else left
        canvas.text(Box(x, row.y, room, row.h), text, style, align)


def _strip_height(canvas: Canvas, sale: SaleView) -> float:
    """Give the height of the strip; upright panels set its words above the buttons where there are several."""
    return _STRIP + 28 if canvas.portrait and _more_ways(sale) else _STRIP


def _more_ways(sale: SaleView) -> list[tuple[Message, Do]]:
    """List right to left: start again after a reason, the code pad where the offline code was shown."""
    ways = []
    if sale.reason is not None and "again" in sale.can:
        ways.append((words.START_AGAIN, Do.AGAIN))
    if "confirmation-code" in sale.can and "#" in (sale.url or ""):
        ways.append((words.ENTER_CODE, Do.OPEN_CODE))
    return ways


def time_left(canvas: Canvas, sale: SaleView) -> tuple[int, float]:
    """Give the whole seconds until the intent expires, and which share of its life is left."""
    end = moment(sale.expires_at)
    begun = moment(sale.intents[-1].at if sale.intents else sale.created_at)
    left_s = max(0, int((end - canvas.local.now).total_seconds()))
    life_s = max(1, int((end - begun).total_seconds()))
    return left_s, min(1.0, left_s / life_s)
