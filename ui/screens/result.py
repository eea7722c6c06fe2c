# SPDX-License-Identifier: Apache-2.0
"""The screen of what came of a sale: approved, stored, declined, unknown, ended. Each has its shape, colour and word.

Rules (look): no other result is green; a result stays until the next touch; what happened, what it means, what to do.
"""

from typing import NamedTuple

from pengpos.client import LineView, SaleView, Status
from pengpos.i18n import Message
from ui.actions import Do
from ui.drawing.scene import Box
from ui.i18n import words
from ui.i18n.format import DOT, clock, duration, moment, money, plain, signed, when
from ui.state.sales import Stage, due_state, since, stage
from ui.theme import RESULT_AMOUNT_SIZE, Token
from ui.widgets import stages
from ui.widgets.amount import amount, cash_words
from ui.widgets.button import Dress
from ui.widgets.canvas import Canvas
from ui.widgets.ledger import Row, ledger
from ui.widgets.split import (
    Choice,
    Mood,
    Split,
    choices,
    mood_panel,
    next_action,
    plan_split,
    says,
    way_out,
)
from ui.widgets.strip import trouble_strip

_AMOUNT_HEIGHT = 96
_LOW_AMOUNT_HEIGHT, _LOW_AMOUNT_SIZE = 64, 60
_STRIP_HEIGHT = 52


class _Ended(NamedTuple):
    """A result without money: shape and three lines."""

    mood: Mood
    title: Message
    what: Message
    means: Message | None = None


_ENDED = {
    Stage.CANCELLED: _Ended(stages.RETURNED, words.CANCELLED, words.CANCELLED_WHAT),
    Stage.REVERSED: _Ended(stages.RETURNED, words.REVERSED, words.REVERSED_WHAT),
    Stage.REFUNDED: _Ended(stages.RETURNED, words.REFUNDED, words.REFUNDED_WHAT),
    Stage.EXPIRED: _Ended(stages.TIMED_OUT, words.EXPIRED, words.EXPIRED_WHAT, words.EXPIRED_MEANS),
    Stage.DECLINED_AT_SYNC: _Ended(
        stages.DECLINED, words.DECLINED_AT_SYNC, words.DECLINED_AT_SYNC_WHAT, words.DECLINED_AT_SYNC_MEANS
    ),
}
_ASKED = {
    "open": _Ended(stages.DECLINED, words.DECLINED_AT_SYNC, words.DUE_OPEN_WHAT, words.DUE_OPEN_MEANS),
    "refused": _Ended(stages.DECLINED, words.DECLINED_AT_SYNC, words.DUE_REFUSED_WHAT, words.DECLINED_AT_SYNC_MEANS),
    "withdrawn": _Ended(stages.DECLINED, words.DECLINED_AT_SYNC, words.DUE_WITHDRAWN_WHAT),
    "paid": _Ended(stages.PAID_LATER, words.DUE_PAID, words.DUE_PAID_WHAT,
                   words.DUE_PAID_MEANS),
}  # fmt: skip
"""Declined at sync, by what came of asking the shopper; paid since is good to know, and yet no approval."""
_PARTLY = _Ended(stages.RETURNED, words.PARTLY_REFUNDED, words.PARTLY_REFUNDED_WHAT)
_LINE_WORDS = {"amount": words.LINE_AMOUNT, "tip": words.LINE_TIP}
_LINE_FALLBACK = {"discount": words.LINE_DISCOUNT, "voucher": words.LINE_VOUCHER, "points": words.LINE_POINTS}


def result_screen(canvas: Canvas, status: Status, sale: SaleView) -> None:
    """Draw the result of a sale."""
    match stage(sale):
        case Stage.APPROVED:
            _approved(canvas, sale)
        case Stage.STORED:
            _stored(canvas, status, sale)
        case Stage.DECLINED:
            _declined(canvas, sale)
        case Stage.CANCELLED | Stage.REVERSED | Stage.REFUNDED | Stage.EXPIRED | Stage.DECLINED_AT_SYNC as ended:
            asked = _ASKED.get(due_state(sale) or "")
            _ended(canvas, sale, _PARTLY if sale.state == "partly_refunded" else asked or _ENDED[ended])
        case _:
            _unknown(canvas, sale)


def open_split(
    canvas: Canvas, sale: SaleView, mood: Mood, title: Message, minor: int, *, has_way_out: bool
) -> tuple[Split, Box]:
    """Draw both halves with the amount; gives the plan and the room below the amount."""
    canvas.fill(Box(0, 0, canvas.w, canvas.h), Token.CARD)
    plan = plan_split(canvas)
    number = canvas.say(words.NUMBER, number=sale.number)
    if sale.reference:
        number += DOT + canvas.say(words.ORDER, reference=sale.reference)
    mood_panel(canvas, plan, mood, title, number, has_way_out=has_way_out)
    body = plan.body
    high, size = (_LOW_AMOUNT_HEIGHT, _LOW_AMOUNT_SIZE) if canvas.is_low else (_AMOUNT_HEIGHT, RESULT_AMOUNT_SIZE)
    amount(canvas, body._replace(h=high), minor, sale.currency, size)
    below = Box(body.x, body.y + high + 12, body.w, body.h - high - 12)
    strip = Box(body.x, below.bottom - _STRIP_HEIGHT, body.w, _STRIP_HEIGHT)
    if trouble_strip(canvas, strip):
        below = below._replace(h=below.h - _STRIP_HEIGHT - 8)
    return plan, below


def _approved(canvas: Canvas, sale: SaleView) -> None:
    plan, below = open_split(canvas, sale, stages.APPROVED, words.APPROVED, sale.total, has_way_out=False)
    lines = sale.lines or [LineView(kind="amount", label="", amount=sale.amount)]
    says_more = [line.amount for line in lines] != [sale.total]
    rows = [_line_row(canvas, line, sale.currency) for line in lines] if says_more else []
    if sale.payer_display:
        rows.append(Row(canvas.say(words.PAYER), sale.payer_display))
    if not rows:
        here = moment(since(sale)).astimezone(canvas.local.now.tzinfo)
        rows.append(Row(canvas.say(words.PAID_AT), clock(here)))
    ledger(canvas, below, rows)
    buttons = [next_action(words.NEXT, Do.NEXT)]
    if sale.receipt_url or sale.cards:
        label = words.RECEIPT if sale.cards else words.RECEIPT_ONLY
        buttons.insert(0, Choice(label, Do.OPEN_RECEIPT, Dress.TINTED))
    choices(canvas, plan, buttons)


def _line_row(canvas: Canvas, line: LineView, currency: str) -> Row:
    """Make the row of a bill's line: our word for goods and tip, the backend's own label for what it took off."""
    fallback = _LINE_FALLBACK.get(line.kind)
    known = _LINE_WORDS.get(line.kind)
    label = canvas.say(known) if known else line.label or (canvas.say(fallback) if fallback else line.kind)
    if line.kind == "points":
        return Row(label, f"+{line.amount}" if line.amount >= 0 else str(line.amount))
    if line.kind == "amount":
        return Row(label, plain(line.amount, currency, canvas.language), bold=False)
    colour = Token.APPROVED if line.amount < 0 else Token.INK
    return Row(label, signed(line.amount, currency, canvas.language), colour, bold=False)


def _stored(canvas: Canvas, status: Status, sale: SaleView) -> None:
    plan, below = open_split(canvas, sale, stages.STORED, words.STORED, sale.total, has_way_out=False)
    queue, language = status.queue, canvas.language
    rows = []
    if queue.deadline:
        by = canvas.say(words.BEFORE, when=when(queue.deadline, canvas.local.now, language))
        rows.append(Row(canvas.say(words.STORED_DEADLINE), by))
    count = canvas.say(words.COUNT, n=queue.count)
    stored = f"{count}{DOT}{plain(queue.total, queue.currency, language)}"
    rows.append(Row(canvas.say(words.STORED_COUNT), stored))
    if queue.caps:
        rows.append(Row(canvas.say(words.OFFLINE_LEFT), plain(queue.caps.amount_left, queue.caps.currency, language)))
    ledger(canvas, below, rows)
    choices(canvas, plan, [next_action(words.NEXT, Do.NEXT)])


def _declined(canvas: Canvas, sale: SaleView) -> None:
    plan, below = open_split(
        canvas, sale, stages.DECLINED, words.DECLINED, sale.amount, has_way_out="again" in sale.can
    )
    reason, language = sale.reason, canvas.language
    what, means, notes = canvas.say(words.DECLINED_WHAT), canvas.say(words.DECLINED_MEANS), []
    if reason is not None:
        what = reason.shopper_in.in_language(language) if reason.shopper_in else reason.shopper
        means = reason.cashier_in.in_language(language) if reason.cashier_in else reason.cashier
        if reason.phone_time:
            zone = canvas.local.now.tzinfo
            phone, here = clock(moment(reason.phone_time).astimezone(zone)), clock(canvas.local.now)
            notes.append(canvas.say(words.PHONE_TIME, phone=phone, here=here))
        code = f"{reason.code} {reason.detail}" if reason.detail else str(reason.code)
        notes.append(canvas.say(words.HELPDESK, code=code))
    says(canvas, below, what, means, cash_words(canvas, sale.amount, sale.currency), *notes)
    _lead_on(canvas, plan, sale)


def _unknown(canvas: Canvas, sale: SaleView) -> None:
    can_cancel = "cancel" in sale.can
    plan, below = open_split(canvas, sale, stages.UNKNOWN, words.UNKNOWN, sale.total, has_way_out=can_cancel)
    waited = waited_words(canvas, sale)
    cash = cash_words(canvas, sale.total, sale.currency) if can_cancel else ""
    notes = f"{waited}{DOT}{cash}" if cash else waited
    says(canvas, below, canvas.say(words.UNKNOWN_WHAT), canvas.say(words.UNKNOWN_MEANS), notes)
    if can_cancel:
        way_out(canvas, plan, words.OTHER_MONEY, Do.OTHER_MONEY)
    buttons = [next_action(words.NEXT_FIRST, Do.NEXT)]
    if "accept-offline" in sale.can:
        buttons.insert(0, Choice(words.ACCEPT_OFFLINE, Do.ACCEPT_OFFLINE))
    choices(canvas, plan, buttons)


def _ended(canvas: Canvas, sale: SaleView, ended: _Ended) -> None:
    plan, below = open_split(canvas, sale, ended.mood, ended.title, sale.amount, has_way_out="again" in sale.can)
    means = canvas.say(ended.means) if ended.means else ""
    notes = []
    if stage(sale) is Stage.REFUNDED:
        back = [refund.amount for refund in sale.refunds if refund.state == "done"]
        if back and None not in back:
            notes.append(money(sum(amount for amount in back if amount), sale.currency, canvas.language))
    due = sale.reason.due if sale.reason is not None else None
    amount_due = money(due.amount, sale.currency, canvas.language) if due is not None else ""
    says(canvas, below, canvas.say(ended.what, amount=amount_due), means, *notes)
    _lead_on(canvas, plan, sale)


def _lead_on(canvas: Canvas, plan: Split, sale: SaleView) -> None:
    """Offer what comes after a sale without money: the same once more or the next one. There is nothing to cancel."""
    if "again" in sale.can:
        way_out(canvas, plan, words.NEXT, Do.NEXT)
        choices(canvas, plan, [next_action(words.AGAIN, Do.AGAIN)])
    else:
        choices(canvas, plan, [next_action(words.NEXT, Do.NEXT)])


def waited_words(canvas: Canvas, sale: SaleView) -> str:
    """Say how long the sale has been in this state."""
    waited_s = int((canvas.local.now - moment(since(sale))).total_seconds())
    return canvas.say(words.WAITED, time=duration(waited_s, canvas.language))
