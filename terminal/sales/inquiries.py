# SPDX-License-Identifier: Apache-2.0
"""Asks the backend about sales of which no event came, because the terminal was off, cut off, or put back.

Lives on the loop. Every question returns at once; its answer is an event of its sale.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from offline_queue.values import MissingRows
from pengpos.core.effects import AskBackend, Effect
from pengpos.core.machine.states import PAYABLE_STATES
from pengpos.core.sale import Sale
from terminal.device.alarm_words import restored, rows_missing
from terminal.device.alarms import Alarms
from terminal.sales.open_sales import OpenSales

RESTORED_ALARM: Final = "restored_card"
_ROWS_MISSING: Final = "rows_missing"
"""Kinds of alarm."""


def looks_put_back(alarms: Alarms) -> bool:
    """Whether a person must first see to it that this journal lacks rows, or is an old copy."""
    return any(alarm.kind in {RESTORED_ALARM, _ROWS_MISSING} for alarm in alarms.shown)


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

    def ask_where_rows_are_missing(self, noted: Mapping[str, bytes]) -> None:
        """At a start: an alarm for each time that rows were found missing (`MISSING_ROWS`), once; and ask about all.

        What lasted in the journal under the alarm's id was raised before, and perhaps seen to.
        """
        for key, body in noted.items():
            alarm_id = f"{_ROWS_MISSING}-{key}"
            if not self._alarms.was_raised(alarm_id):
                words = rows_missing(msgspec.json.decode(body, type=MissingRows))
                self._alarms.raise_lasting(alarm_id, _ROWS_MISSING, words)
                self._ask_all(list(self._open_sales.sales))

    def _ask_all(self, sales: Sequence[Sale]) -> None:
        for sale in sales:
            self.ask(sale)
