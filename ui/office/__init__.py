# SPDX-License-Identifier: Apache-2.0
"""The pages behind the menu: history, a sale's life, refunds, the day, settings, help. The daemon decides about money.

Reading order: steps, menu, history, record, refund, receipt_again, day, close, settings, help.
"""

from ui.office.close import close_screen
from ui.office.day import day_screen
from ui.office.help import help_screen
from ui.office.history import history_screen
from ui.office.menu import menu_screen
from ui.office.receipt_again import receipt_again_screen
from ui.office.record import record_screen
from ui.office.refund import refund_screen
from ui.office.settings import settings_screen

__all__ = [
    "close_screen",
    "day_screen",
    "help_screen",
    "history_screen",
    "menu_screen",
    "receipt_again_screen",
    "record_screen",
    "refund_screen",
    "settings_screen",
    "steps",
]
