# SPDX-License-Identifier: Apache-2.0
"""How a stage of a sale looks wherever it is shown: shape, colours and a word or two (look, rule 2).

Tests: tests/ui/test_look.py, tests/ui/office/test_history.py.
"""

from typing import Final

from pengpos.client import SaleView
from pengpos.i18n import Message
from ui.drawing.scene import Shape
from ui.i18n import words
from ui.state.sales import Stage, due_state, stage
from ui.theme import Token
from ui.widgets.split import Mood

APPROVED: Final = Mood(Shape.APPROVED, Token.APPROVED, Token.APPROVED_TINT)
STORED: Final = Mood(Shape.STORED, Token.STORED, Token.STORED_TINT)
DECLINED: Final = Mood(Shape.DECLINED, Token.DECLINED, Token.DECLINED_TINT)
UNKNOWN: Final = Mood(Shape.UNKNOWN, Token.UNKNOWN, Token.UNKNOWN_TINT)
RETURNED: Final = Mood(Shape.RETURNED, Token.SOFT, Token.PAPER)
TIMED_OUT: Final = Mood(Shape.TIMED_OUT, Token.SOFT, Token.PAPER)
WORKING: Final = Mood(Shape.WORKING, Token.BRAND, Token.BRAND_TINT)
PAID_LATER: Final = Mood(Shape.PHONE, Token.BRAND, Token.BRAND_TINT)
"""Good to know, and yet no approval."""

_MOODS: Final = {
    Stage.PRESENT: WORKING,
    Stage.PAYING: WORKING,
    Stage.CONFIRMING: WORKING,
    Stage.CANCELLING: RETURNED,
    Stage.REVERSING: RETURNED,
    Stage.UNKNOWN: UNKNOWN,
    Stage.STORED: STORED,
    Stage.APPROVED: APPROVED,
    Stage.REFUNDED: RETURNED,
    Stage.DECLINED: DECLINED,
    Stage.DECLINED_AT_SYNC: DECLINED,
    Stage.CANCELLED: RETURNED,
    Stage.REVERSED: RETURNED,
    Stage.EXPIRED: TIMED_OUT,
}
SHORT_WORDS: Final = {
    Stage.PRESENT: words.SHORT_PRESENT,
    Stage.PAYING: words.SHORT_PAYING,
    Stage.CONFIRMING: words.CONFIRMING,
    Stage.CANCELLING: words.CANCELLING,
    Stage.REVERSING: words.REVERSING,
    Stage.UNKNOWN: words.SHORT_UNKNOWN,
    Stage.STORED: words.SHORT_STORED,
    Stage.APPROVED: words.APPROVED,
    Stage.REFUNDED: words.REFUNDED,
    Stage.DECLINED: words.SHORT_DECLINED,
    Stage.DECLINED_AT_SYNC: words.SHORT_LOST,
    Stage.CANCELLED: words.CANCELLED,
    Stage.REVERSED: words.REVERSED,
    Stage.EXPIRED: words.EXPIRED,
}


def mood_of(sale: SaleView) -> Mood:
    """Give shape and colours of a sale's stage."""
    return PAID_LATER if due_state(sale) == "paid" else _MOODS[stage(sale)]


def short_word(sale: SaleView) -> Message:
    """Give the word for it in a list."""
    if sale.state == "partly_refunded":
        return words.SHORT_PARTLY
    return words.DUE_PAID_SHORT if due_state(sale) == "paid" else SHORT_WORDS[stage(sale)]
