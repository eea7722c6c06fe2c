# SPDX-License-Identifier: Apache-2.0
"""The screen between two sales: type an amount, put goods on the bill, charge."""

from typing import assert_never

from pengpos.client import SaleView, Status
from pengpos.core.currencies.currency import digits
from pengpos.i18n import Message
from ui.actions import AddItem, Do, Key, Press
from ui.drawing.scene import Align, Box, Role, Shape
from ui.i18n import words
from ui.i18n.format import DOT, money, plain
from ui.state.local import ItemFault, QuickItem, SpoiltItem
from ui.state.sales import Stage, due_state, late_result, stage
from ui.theme import AMOUNT_SIZE, BODY_SIZE, GAP, RADIUS, SMALL_SIZE, TARGET_MINIMUM, Style, Token, Weight
from ui.widgets.amount import amount
from ui.widgets.button import Dress, button
from ui.widgets.canvas import Canvas
from ui.widgets.keypad import AMOUNT_KEYS, AMOUNT_KEYS_PORTRAIT, keypad, pad_action, plan_pad
from ui.widgets.ledger import ROW_HEIGHT, Row, ledger
from ui.widgets.strip import Strip, trouble_strip

_HEAD_HEIGHT = 156
_STRIP_HEIGHT = 52
_LOW_LINE, _LOW_ROW = 26, 30
_TWO_LINES = 58
"""A quick item as high as this has its price below its name; a lower and wide one beside it."""
CODE_SHOWN = 13
"""As long as an EAN-13; of a longer code its end."""

STAGE_WORDS = {
    Stage.APPROVED: words.APPROVED,
    Stage.STORED: words.STORED,
    Stage.DECLINED: words.DECLINED,
    Stage.DECLINED_AT_SYNC: words.DECLINED_AT_SYNC,
    Stage.UNKNOWN: words.STATE_UNKNOWN,
    Stage.CANCELLED: words.CANCELLED,
    Stage.REVERSED: words.REVERSED,
    Stage.EXPIRED: words.EXPIRED,
    Stage.REFUNDED: words.REFUNDED,
    Stage.CANCELLING: words.CANCELLING,
    Stage.REVERSING: words.REVERSING,
    Stage.PAYING: words.STATE_PARKED,
    Stage.CONFIRMING: words.CONFIRMING,
    Stage.PRESENT: words.PRESENT,
}
_STRIPS = {
    Stage.APPROVED: Strip(Shape.APPROVED, Token.APPROVED, Token.APPROVED_TINT),
    Stage.STORED: Strip(Shape.STORED, Token.STORED, Token.STORED_TINT),
    Stage.DECLINED: Strip(Shape.DECLINED, Token.DECLINED, Token.DECLINED_TINT),
    Stage.DECLINED_AT_SYNC: Strip(Shape.DECLINED, Token.DECLINED, Token.DECLINED_TINT),
}
_QUIET_STRIP = Strip(Shape.RETURNED, Token.SOFT, Token.CARD)


def amount_screen(canvas: Canvas, status: Status) -> None:
    """Draw the keypad on the right, amount and bill on the left."""
    local, entry = canvas.local, canvas.local.entry
    canvas.fill(Box(0, 0, canvas.w, canvas.h), Token.PAPER)
    has_news = bool(local.trouble or local.spoilt_items or late_result(status, local))
    plan = plan_pad(canvas, left_needs=_HEAD_HEIGHT + 100 + (_STRIP_HEIGHT + GAP if local.items and has_news else 0))
    if canvas.is_low:
        _low_left(canvas, status, plan.left)
    else:
        _left(canvas, status, plan.left)
    keys = AMOUNT_KEYS_PORTRAIT if canvas.portrait else AMOUNT_KEYS
    keypad(canvas, plan.keys, keys, frozenset({Key.POINT}) if digits(entry.currency) == 0 else frozenset())
    if canvas.portrait:
        label = canvas.say(words.CLEAR)
        is_begun = not entry.is_empty
        button(canvas, plan.way_out, label, Press(Key.CLEAR), Dress.OUTLINED, Role.CANCEL, enabled=is_begun)
    label = shorter = canvas.say(words.CHARGE)
    if entry.minor:
        label = canvas.say(words.CHARGE_AMOUNT, amount=money(entry.minor, entry.currency, canvas.language))
    is_ready = entry.is_payable and local.calling is None
    pad_action(canvas, plan.action, label, Do.CHARGE, enabled=is_ready, shorter=shorter)


def _strip(canvas: Canvas, status: Status, strip: Box) -> bool:
    """Draw the most urgent news; False if there is none."""
    return trouble_strip(canvas, strip) or _late_strip(canvas, status, strip) or _spoilt_strip(canvas, strip)


def _low_left(canvas: Canvas, status: Status, left: Box) -> None:
    """Where height is scarce: news stands in the place of the word "amount", the items or the foot at the bottom."""
    currency, rows_below = canvas.local.entry.currency, TARGET_MINIMUM
    has_strip = _strip(canvas, status, Box(left.x, left.y, left.w, _STRIP_HEIGHT))
    y = left.y + _STRIP_HEIGHT + 2 if has_strip else left.y
    if not has_strip:
        said = Style(BODY_SIZE, Weight.REGULAR, Token.SOFT)
        canvas.text(Box(left.x, y, left.w, 28), canvas.say(words.AMOUNT), said)
        y += 28
    foot = [] if canvas.local.items else _foot_rows(canvas, status, says_last=not has_strip)
    if not canvas.local.items:
        rows_below = _LOW_ROW * len(foot)
    typed = left.bottom - rows_below - (4 if rows_below else 0) - y - _LOW_LINE
    _typed_amount(canvas, Box(left.x, y, left.w, typed), currency, min(AMOUNT_SIZE, typed))
    _typed_line(canvas, Box(left.x, y + typed, left.w, _LOW_LINE))
    if canvas.local.items:
        _quick_items(canvas, Box(left.x, left.bottom - TARGET_MINIMUM, left.w, TARGET_MINIMUM))
    elif foot:
        ledger(canvas, Box(left.x, left.bottom - rows_below, left.w, rows_below), foot, size=17, row_height=_LOW_ROW,
               last_rule=False)  # fmt: skip


def _left(canvas: Canvas, status: Status, left: Box) -> None:
    entry = canvas.local.entry
    strip_y = left.bottom - _STRIP_HEIGHT
    strip = Box(left.x, strip_y, left.w, _STRIP_HEIGHT)
    has_strip = _strip(canvas, status, strip)
    foot = _foot_rows(canvas, status, says_last=not has_strip)
    rest_bottom = strip_y - GAP if has_strip else left.bottom
    if canvas.local.items:
        _head(canvas, left, entry.currency)
        canvas.rule(left.x, left.y + _HEAD_HEIGHT + 8, left.w)
        _quick_items(canvas, Box(left.x, left.y + _HEAD_HEIGHT + 24, left.w, rest_bottom - left.y - _HEAD_HEIGHT - 24))
    else:
        foot_height = len(foot) * ROW_HEIGHT
        foot_top = rest_bottom - foot_height - (10 if has_strip else 0)
        free = foot_top - left.y - _HEAD_HEIGHT
        _head(canvas, Box(left.x, left.y + max(0, free * 0.42), left.w, _HEAD_HEIGHT), entry.currency)
        if foot:
            canvas.rule(left.x, foot_top, left.w)
            ledger(canvas, Box(left.x, foot_top, left.w, foot_height), foot, size=17)


def _head(canvas: Canvas, box: Box, currency: str) -> None:
    canvas.text(Box(box.x, box.y, box.w, 28), canvas.say(words.AMOUNT), Style(BODY_SIZE, Weight.REGULAR, Token.SOFT))
    _typed_amount(canvas, Box(box.x, box.y + 28, box.w, 100), currency, AMOUNT_SIZE)
    _typed_line(canvas, Box(box.x, box.y + 128, box.w, 28))


def _typed_amount(canvas: Canvas, area: Box, currency: str, size: float) -> None:
    entry = canvas.local.entry
    canvas.shakes(area)
    colour = Token.DECLINED if entry.spoiled else Token.INK
    amount(canvas, area, entry.minor, currency, size, colour=colour, faint_places=entry.pending_places)


def _typed_line(canvas: Canvas, line: Box) -> None:
    """Draw what was typed, or what to do about it."""
    entry = canvas.local.entry
    loud = Style(SMALL_SIZE, Weight.BOLD, Token.DECLINED)
    if entry.unknown_item:
        canvas.text(line, canvas.say(words.NO_SUCH_ITEM, code=entry.unknown_item[-CODE_SHOWN:]), loud)
    elif entry.spoiled:
        canvas.text(line, canvas.say(words.CLEAR_FIRST), loud)
    elif entry.expression:
        style = Style(18, Weight.REGULAR, Token.SOFT)
        canvas.text(line, _ending_that_fits(canvas, entry.expression, style, line.w), style)
    elif not entry.typed:
        canvas.text(line, canvas.say(words.TOO_EARLY), Style(SMALL_SIZE, Weight.REGULAR, Token.FAINT))


def _ending_that_fits(canvas: Canvas, expression: str, style: Style, room: float) -> str:
    """A long bill shows its last terms, which are being typed: as many as fit at four fifths of the size.

    Where type is not made smaller, on a small panel, fewer do.
    """
    shown, smaller = expression, style._replace(size=style.size * 0.8)
    while canvas.width(shown, smaller) > room and " + " in shown.removeprefix("… + "):
        shown = "… + " + shown.removeprefix("… + ").partition(" + ")[2]
    return shown


def _foot_rows(canvas: Canvas, status: Status, *, says_last: bool) -> list[Row]:
    """List what a cashier may want to know between two sales; the day's takings are not for every eye."""
    rows = []
    sale, language = status.sale, canvas.language
    if sale is not None and says_last:
        short = canvas.say(_short_words(sale)).partition("，")[0].partition(",")[0]
        value = f"{money(sale.total, sale.currency, language)}{DOT}{short}"
        rows.append(Row(canvas.say(words.LAST_SALE), value, Token.SOFT, bold=False, shorter=short))
    if not status.link.online:
        caps = status.queue.caps
        room = money(caps.amount_left, caps.currency, language) if caps else canvas.say(words.OFFLINE_NONE)
        rows.append(Row(canvas.say(words.OFFLINE_LEFT), room, Token.STORED, bold=True))
    return rows


def _short_words(sale: SaleView) -> Message:
    """Give the sale's state; up to its first comma it fits beside the amount on the smallest panel."""
    if stage(sale) is Stage.DECLINED_AT_SYNC:
        return words.DUE_PAID_SHORT if due_state(sale) == "paid" else words.DECLINED
    return STAGE_WORDS[stage(sale)]


def _late_strip(canvas: Canvas, status: Status, box: Box) -> bool:
    """Draw the result of a sale that was left without one; False if there is none."""
    sale = late_result(status, canvas.local)
    if sale is None:
        return False
    strip = _QUIET_STRIP if due_state(sale) == "paid" else _STRIPS.get(stage(sale), _QUIET_STRIP)
    strip.draw(canvas, box, canvas.say(words.NUMBER, number=sale.number) + DOT + _result_words(canvas, sale))
    return True


def _spoilt_strip(canvas: Canvas, box: Box) -> bool:
    """Draw what is wrong in the shop's own list of items, the first of it in words; False if nothing is."""
    if not canvas.local.spoilt_items:
        return False
    first, *more = canvas.local.spoilt_items
    text = _spoilt_words(canvas, first)
    if more:
        text = canvas.say(words.ITEMS_MORE, fault=text, count=len(more))
    Strip(Shape.ALARM, Token.SOFT, Token.CARD).draw(canvas, box, text)
    return True


def _spoilt_words(canvas: Canvas, spoilt: SpoiltItem) -> str:
    name = spoilt.name or f"#{spoilt.place}"
    match spoilt.fault:
        case ItemFault.FILE if spoilt.place:
            return canvas.say(words.ITEMS_FILE_LINE, line=spoilt.place)
        case ItemFault.FILE:
            return canvas.say(words.ITEMS_FILE)
        case ItemFault.OTHER_CURRENCY:
            return canvas.say(words.ITEMS_CURRENCY, currency=canvas.local.entry.currency)
        case ItemFault.NAME:
            return canvas.say(words.ITEM_NAME, name=name)
        case ItemFault.CODE:
            return canvas.say(words.ITEM_CODE, name=name)
        case ItemFault.FIELD:
            return canvas.say(words.ITEM_FIELD, name=name)
        case ItemFault.PRICE:
            return canvas.say(words.ITEM_PRICE, name=name)
        case ItemFault.TOO_MANY:
            return canvas.say(words.ITEM_TOO_MANY, name=name)
        case _:
            assert_never(spoilt.fault)


def _result_words(canvas: Canvas, sale: SaleView) -> str:
    return canvas.say(words.DUE_PAID if due_state(sale) == "paid" else STAGE_WORDS[stage(sale)])


def items_a_page(size: tuple[int, int], count: int) -> int:
    """Count the quick items seen at once: two rows of two, or on an upright panel one row with "more" at its end."""
    return 3 if size[1] > size[0] and count > 4 else 4


def _quick_items(canvas: Canvas, area: Box) -> None:
    items = canvas.local.items
    many = items_a_page(canvas.size, len(items))
    first = canvas.local.first_row if canvas.local.first_row < len(items) else 0
    has_more = len(items) > many
    columns = 4 if canvas.portrait else 2
    more_height = TARGET_MINIMUM if has_more and not canvas.portrait else 0
    high = min(76, area.h if canvas.portrait else (area.h - more_height - GAP) / 2 - GAP / 2)
    wide = (area.w - GAP * (columns - 1)) / columns
    cells = [
        Box(area.x + (place % columns) * (wide + GAP), area.y + (place // columns) * (high + GAP), wide, high)
        for place in range(4)
    ]
    for index, box in zip(range(first, min(first + many, len(items))), cells, strict=False):
        _quick_item(canvas, box, items[index], index)
    if has_more and canvas.portrait:
        _more_cell(canvas, cells[3])
    elif has_more:
        _more(canvas, Box(area.x, area.bottom - more_height, 150, more_height))


def _more_cell(canvas: Canvas, box: Box) -> None:
    ground = Token.PRESSED if canvas.local.pressed is Do.MORE_ITEMS else Token.BRAND_TINT
    canvas.fill(box, ground, radius=RADIUS)
    canvas.drawing(Box(box.x, box.y + (box.h - 20) / 2, box.w, 20), Shape.CHEVRON, Token.BRAND, ground)
    canvas.target(box, Do.MORE_ITEMS)


def _quick_item(canvas: Canvas, box: Box, item: QuickItem, index: int) -> None:
    ground = Token.PRESSED if canvas.local.pressed == AddItem(index) else Token.CARD
    canvas.fill(box, ground, radius=RADIUS, border=Token.LINE)
    is_low = box.h < _TWO_LINES and not canvas.portrait
    inner = box.inset(12 if is_low or canvas.portrait else 16, 0)
    middle = box.y + box.h / 2
    price = plain(item.price_minor, canvas.local.entry.currency, canvas.language)
    name_style, price_style = Style(18, Weight.BOLD, Token.INK), Style(SMALL_SIZE, Weight.REGULAR, Token.SOFT)
    if not canvas.holds(price, price_style, inner.w * (0.6 if is_low else 1)):
        price = ""  # never a part of one
    if not price:
        canvas.text(inner, item.name, name_style)
    elif is_low:
        width = min(inner.w * 0.6, canvas.width(price, price_style) + 1)
        canvas.text(Box(inner.x, middle - 14, inner.w - width - 4, 28), item.name, name_style)
        canvas.text(Box(inner.right - width, middle - 12, width, 24), price, price_style, Align.RIGHT)
    elif canvas.is_low:
        canvas.text(Box(inner.x, box.y + 2, inner.w, 22), item.name, name_style)
        canvas.text(Box(inner.x, box.y + 24, inner.w, 22), price, price_style)
    else:
        canvas.text(Box(inner.x, middle - 27, inner.w, 28), item.name, name_style)
        canvas.text(Box(inner.x, middle + 2, inner.w, 24), price, price_style)
    canvas.target(box, AddItem(index))


def _more(canvas: Canvas, box: Box) -> None:
    style = Style(17, Weight.BOLD, Token.BRAND)
    label = canvas.say(words.MORE_ITEMS)
    width = canvas.width(label, style)
    canvas.text(Box(box.x, box.y, width + 1, box.h), label, style, Align.LEFT)
    canvas.drawing(Box(box.x + width + 8, box.y + (box.h - 14) / 2, 14, 14), Shape.CHEVRON, Token.BRAND, Token.PAPER)
    canvas.target(Box(box.x, box.y, max(box.w, width + 30), box.h), Do.MORE_ITEMS)
