# SPDX-License-Identifier: Apache-2.0
"""The screen of a sale whose answer is on its way: confirming, paying, cancelling, reversing. None looks paid."""

from typing import NamedTuple

from pengpos.client import SaleView
from pengpos.i18n import Message
from ui.actions import Do
from ui.drawing.scene import Shape
from ui.i18n import words
from ui.i18n.format import duration, moment
from ui.screens.result import open_split, waited_words
from ui.state.sales import Stage, stage
from ui.theme import Token
from ui.widgets.button import Dress
from ui.widgets.canvas import Canvas
from ui.widgets.split import Choice, Mood, choices, next_action, says, way_out


class _UnderWay(NamedTuple):
    mood: Mood
    title: Message
    what: Message
    means: Message


_WORKING = Mood(Shape.WORKING, Token.BRAND, Token.BRAND_TINT)
_PARKED = _UnderWay(
    Mood(Shape.PARKED, Token.BRAND, Token.BRAND_TINT), words.PAYING, words.PARKED_WHAT, words.PARKED_MEANS
)
_STAGES = {
    Stage.CONFIRMING: _UnderWay(_WORKING, words.CONFIRMING, words.CONFIRMING_WHAT, words.CONFIRMING_MEANS),
    Stage.PAYING: _UnderWay(_WORKING, words.PAYING, words.PAYING_WHAT, words.PAYING_MEANS),
    Stage.CANCELLING: _UnderWay(
        Mood(Shape.RETURNED, Token.SOFT, Token.PAPER),
        words.CANCELLING,
        words.CANCELLING_WHAT,
        words.CANCELLING_MEANS,
    ),
    Stage.REVERSING: _UnderWay(
        Mood(Shape.RETURNED, Token.SOFT, Token.PAPER), words.REVERSING, words.REVERSING_WHAT, words.REVERSING_MEANS
    ),
}

_HELD = _UnderWay(Mood(Shape.PARKED, Token.SOFT, Token.PAPER), words.HELD, words.HELD_WHAT, words.HELD_MEANS)


def progress_screen(canvas: Canvas, sale: SaleView) -> None:
    """Draw what is going on, what it means, and what may be done meanwhile."""
    way = _way(sale)
    can_cancel = "cancel" in sale.can
    waited = _time_left(canvas, sale) if sale.claimed_until else waited_words(canvas, sale)
    plan, below = open_split(canvas, sale, way.mood, way.title, sale.amount, has_way_out=can_cancel)
    means = words.PAYING_OR_TAP if _may_tap(canvas, sale) else way.means
    says(canvas, below, canvas.say(way.what), canvas.say(means), waited)
    if can_cancel:
        way_out(canvas, plan, words.CANCEL, Do.CANCEL)
    buttons = []
    if "confirmation-code" in sale.can and sale.mode == "offline":  # online the backend has the page's answer
        buttons.append(Choice(words.ENTER_CODE, Do.OPEN_CODE, Dress.TINTED))
    if "park" in sale.can:
        buttons.append(next_action(words.PARK, Do.PARK))
    elif stage(sale) in {Stage.CANCELLING, Stage.REVERSING} or sale.parked:
        buttons.append(next_action(words.NEXT_FIRST, Do.NEXT))
    choices(canvas, plan, buttons)


def _way(sale: SaleView) -> _UnderWay:
    if sale.held:
        return _HELD
    return _PARKED if sale.parked and stage(sale) is Stage.PAYING else _STAGES[stage(sale)]


def _may_tap(canvas: Canvas, sale: SaleView) -> bool:
    """Whether the readers still offer what a phone is paying by the page."""
    claimed = sale.state == "pending" and not sale.parked and "reader" in sale.ways
    return claimed and moment(sale.expires_at) > canvas.local.now


def _time_left(canvas: Canvas, sale: SaleView) -> str:
    """Say how long until the phone's claim lapses, and the sale waits for any phone again."""
    left_s = int((moment(sale.claimed_until or sale.expires_at) - canvas.local.now).total_seconds())
    return canvas.say(words.TIME_LEFT, time=duration(max(0, left_s), canvas.language))
