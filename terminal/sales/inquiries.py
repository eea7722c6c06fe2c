# SPDX-License-Identifier: Apache-2.0
"""Asks the backend about sales of which no event came, because the terminal was off, cut off, or put back.

Lives on the loop. Every question returns at once; its answer is an event of its sale.
"""

from collections.abc import Callable, Sequence
from typing import Final

from pengpos.core.effects import AskBackend, Effect
from pengpos.core.machine.states import PAYABLE_STATES
from pengpos.core.sale import Sale
from terminal.device.alarm_words import restored
from terminal.device.alarms import Alarms
from terminal.sales.open_sales import OpenSales

RESTORED_ALARM: Final = "restored_card"


class Inquiries:
    """Which sales to ask about. `carry_out` is the effect runner's."""

    def __init__(self, open_sales: OpenSales, alarms: Alarms, carry_out: Callable[[Sale, Effect], None]) -> None:
        self._open_sales = open_sales
        self._alarms = alarms
        self._carry_out = carry_out

    def ask(self, sale: Sale) -> None:
        """Ask about one sale."""
        self._carry_out(sale, AskBackend())

    def ask_what_pages_pay(self) -> None:
        """Ask about each sale that a page may be paying: what happened while the stream was closed has no event."""
        self._ask_all([s for s in self._open_sales.sales if s.state in PAYABLE_STATES and s.intent.payable_elsewhere])

    def ask_all_of_a_restored_journal(self) -> None:
        """Ask about all that an old copy of the journal holds open, and raise the alarm: nothing is accepted offline.

        Also about those that have ended since the start: by time, without a word of the backend.
        """
        self._alarms.raise_lasting(RESTORED_ALARM, RESTORED_ALARM, restored())
        asked = {sale.sale_id: sale for sale in (*self._open_sales.taken_up, *self._open_sales.sales)}
        self._ask_all(list(asked.values()))

    def _ask_all(self, sales: Sequence[Sale]) -> None:
        for sale in sales:
            self.ask(sale)
