# SPDX-License-Identifier: Apache-2.0
"""The receipt of a sale of the history as a code to scan, as after the payment.

Tests: tests/journeys/test_screen_office.py, tests/ui/test_layout.py.
"""

import msgspec

from pengpos.client import SaleView
from ui.actions import Do
from ui.i18n import words
from ui.screens.receipt import code_beside_words
from ui.screens.result import open_split
from ui.widgets.canvas import Canvas
from ui.widgets.split import way_out
from ui.widgets.stages import mood_of, short_word


def receipt_again_screen(canvas: Canvas, sale: SaleView) -> None:
    """Draw the sale as it is now, and beside it the code; gifts were offered once, after the payment."""
    plan, below = open_split(canvas, sale, mood_of(sale), short_word(sale), sale.total, has_way_out=True)
    code_beside_words(canvas, below, msgspec.structs.replace(sale, cards=[]))
    way_out(canvas, plan, words.BACK, Do.BACK)
