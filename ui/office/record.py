# SPDX-License-Identifier: Apache-2.0
"""One sale with its life in plain words, the newest line first; here it is refunded, or its receipt shown again."""

from typing import Final

from pengpos.client import RefundView, SaleView, StepView
from pengpos.i18n import Message
from ui.actions import Do
from ui.i18n import words
from ui.i18n.format import DOT, clock_or_day, signed
from ui.screens.result import open_split
from ui.state.sales import stage_of
from ui.theme import SMALL_SIZE, Token
from ui.widgets.button import Dress
from ui.widgets.canvas import Canvas
from ui.widgets.ledger import Row, ledger
from ui.widgets.split import Choice, choices, way_out
from ui.widgets.stages import SHORT_WORDS, mood_of, short_word

_SILENT: Final = frozenset({"signed", "presented", "authorised", "forwarding", "partly_refunded", "refunded"})
"""Steps that say nothing to a person beside the others; of refunds their own lines speak."""
REFUND_STATES: Final[dict[str, Message]] = {
    "queued": words.REFUND_QUEUED,
    "sent": words.REFUND_SENT,
    "held": words.REFUND_HELD,
    "done": words.REFUND_DONE,
    "failed": words.REFUND_FAILED,
    "void": words.REFUND_VOID,
}
_LINE: Final = 34.0


def record_screen(canvas: Canvas, sale: SaleView) -> None:
    """Draw the sale as it is now, and how it came to be so."""
    plan, below = open_split(canvas, sale, mood_of(sale), short_word(sale), sale.total, has_way_out=True)
    ledger(
        canvas, below, life(canvas, sale), size=SMALL_SIZE, row_height=max(_LINE, canvas.line_height(SMALL_SIZE) + 6)
    )
    way_out(canvas, plan, words.BACK, Do.BACK)
    buttons = []
    if sale.receipt_url:
        buttons.append(Choice(words.RECEIPT_ONLY, Do.OPEN_RECORD_RECEIPT, Dress.TINTED))
    if "refunds" in sale.can:
        buttons.append(Choice(words.REFUND, Do.OPEN_REFUND, Dress.TINTED))
    choices(canvas, plan, buttons)


def life(canvas: Canvas, sale: SaleView) -> list[Row]:
    """List what happened to a sale, the newest first: its steps that say something to a person, and its refunds."""
    lines = [(sale.created_at, Row(_at(canvas, sale.created_at, words.LIFE_BEGUN), ""))]
    lines += [
        (step.at, Row(_at(canvas, step.at, _word(step)), "")) for step in sale.history if step.state not in _SILENT
    ]
    if sale.given_back:
        at = sale.history[-1].at if sale.history else sale.created_at
        value = signed(-sale.given_back, sale.currency, canvas.language)
        lines.append((at, Row(_at(canvas, at, words.LIFE_GIVEN_BACK), value, bold=False)))
    lines += [(refund.at or "", _refund_row(canvas, sale, refund)) for refund in sale.refunds]
    return [row for _, row in sorted(lines, key=lambda line: line[0], reverse=True)]


def _word(step: StepView) -> Message:
    return words.LIFE_SETTLED if step.state == "settled" else SHORT_WORDS[stage_of(step.state)]


def _refund_row(canvas: Canvas, sale: SaleView, refund: RefundView) -> Row:
    label = (
        f"{clock_or_day(refund.at, canvas.local.now, canvas.language)}  {refund.reason}" if refund.at else refund.reason
    )
    state = canvas.say(REFUND_STATES.get(refund.state, words.REFUND_SENT))
    amount = signed(-refund.amount, sale.currency, canvas.language) if refund.amount is not None else ""
    colour = Token.DECLINED if refund.state == "failed" else Token.INK
    return Row(label, f"{amount}{DOT}{state}" if amount else state, colour, bold=False, shorter=state)


def _at(canvas: Canvas, at: str, message: Message) -> str:
    return f"{clock_or_day(at, canvas.local.now, canvas.language)}  {canvas.say(message)}"
