# SPDX-License-Identifier: Apache-2.0
"""Which sales are asked about when no event came: state by state, and after an old card was put back."""

from typing import Any

import pytest

from offline_queue.memory import MemoryJournal
from pengpos.core.effects import AskBackend, Effect
from pengpos.core.machine.states import OPEN_STATES
from pengpos.core.sale import Sale, SaleState
from terminal.device.alarms import Alarms
from terminal.sales.inquiries import RESTORED_ALARM, Inquiries
from terminal.sales.open_sales import OpenSales
from tests.support.parts import HandClock, put, run

PAID_BY_PAGE = {SaleState.SIGNED, SaleState.PRESENTED, SaleState.PENDING}


class Bench:
    """Inquiries over open sales with a journal in memory; `asked` has the numbers of what was asked about."""

    def __init__(self) -> None:
        clock = HandClock()
        self.journal = MemoryJournal(clock, epoch=7)
        self.alarms = Alarms(self.journal, clock, lambda: None)
        self.open_sales = OpenSales(self.journal, lambda: None)
        self.asked: list[str] = []
        self.inquiries = Inquiries(self.open_sales, self.alarms, self._carry_out)

    def _carry_out(self, sale: Sale, effect: Effect) -> None:
        assert effect == AskBackend()
        self.asked.append(sale.number)

    def put(self, state: SaleState, number: int = 1, **changes: Any) -> Sale:
        return put(self.open_sales, self.journal, state, number, **changes)


@pytest.mark.parametrize("state", sorted(OPEN_STATES))
@pytest.mark.parametrize("put_sent", [True, False], ids=["known to the backend", "never registered"])
def test_what_a_page_may_be_paying(state: SaleState, put_sent: bool) -> None:
    async def work() -> None:
        bench = Bench()
        sale = bench.put(state, intent__put_sent=put_sent)
        bench.inquiries.ask_what_pages_pay()
        expected = state in PAID_BY_PAGE and sale.intent.payable_elsewhere
        assert bool(bench.asked) == expected
        assert sale.intent.payable_elsewhere == put_sent

    run(work())


def test_each_that_a_page_may_pay_is_asked_about() -> None:
    async def work() -> None:
        bench = Bench()
        bench.put(SaleState.PENDING, 1, intent__put_sent=True)
        bench.put(SaleState.UNKNOWN, 2, intent__put_sent=True)
        bench.put(SaleState.PRESENTED, 3, intent__put_sent=True)
        bench.inquiries.ask_what_pages_pay()
        assert bench.asked == ["0001-0001", "0001-0003"]

    run(work())


def test_after_a_restore_everything_is_asked_about_once_and_the_alarm_stays() -> None:
    async def work() -> None:
        bench = Bench()
        bench.put(SaleState.ACCEPTED_OFFLINE, 1)
        bench.put(SaleState.UNKNOWN, 2)
        bench.inquiries.ask_all_of_a_restored_journal()
        assert sorted(bench.asked) == ["0001-0001", "0001-0002"]
        assert bench.alarms.stands(RESTORED_ALARM)
        await bench.alarms.close()

    run(work())
