# SPDX-License-Identifier: Apache-2.0
"""How the things are done that a cashier asks for most.

Tests: tests/journeys/test_screen_office.py, tests/ui/test_layout.py.
"""

from typing import Final

from ui.drawing.scene import Shape
from ui.i18n import words
from ui.screens.lists import Item, list_page
from ui.theme import Token
from ui.widgets.canvas import Canvas

_ANSWERS: Final = (
    (words.HELP_REFUND, words.HELP_REFUND_MEANS),
    (words.HELP_RECEIPT, words.HELP_RECEIPT_MEANS),
    (words.HELP_UNKNOWN, words.HELP_UNKNOWN_MEANS),
    (words.HELP_OFFLINE, words.HELP_OFFLINE_MEANS),
    (words.HELP_CLOSE, words.HELP_CLOSE_MEANS),
)


def help_screen(canvas: Canvas) -> None:
    """Draw each question with its answer."""
    items = [
        Item(Shape.QUESTION, Token.BRAND, canvas.say(asked), canvas.say(answered), "") for asked, answered in _ANSWERS
    ]
    list_page(canvas, canvas.say(words.MENU_HELP), items, empty=words.READING)
