# SPDX-License-Identifier: Apache-2.0
"""Errands between a real desk and a played backend: a bench for tests of what goes out, and when."""

import asyncio
from typing import Any, cast

from pengpos.core.sale import Sale, SaleState
from terminal.sales.arming import Arming
from terminal.sales.commands import Counter
from terminal.sales.effects import ByUrl, Errands
from terminal.sales.open_sales import Desk
from tests.support.parts import Alarms, Answer, Backend, HandClock, SlowJournal, put, run


class Bench:
    """Errands between a real desk and a played backend."""

    def __init__(self, **answers: list[Answer]) -> None:
        self.clock = HandClock()
        self.journal = SlowJournal(self.clock)
        self.desk = Desk(self.journal, lambda: None)
        self.backend = Backend(**answers)
        self.arming = Arming()
        self.alarms = Alarms()
        self.stored: list[str] = []
        self.shown: list[str] = []
        self.link_up = True
        self.reader_there = True
        self.signed: list[str] = []
        self.refusal: Exception | None = None
        self.errands = Errands(
            desk=self.desk,
            backend=self.backend,
            arming=self.arming,
            showing=cast("ByUrl", self),
            counter=cast("Counter", self),
            alarms=self.alarms,
            clock=self.clock,
            link_up=lambda: self.link_up,
            reader_there=lambda: self.reader_there,
            stored=lambda sale: self.stored.append(sale.number),
        )
        self.desk.attach(self.errands)

    def armed(self, sale: Sale) -> None:
        self.shown.append(sale.number)

    async def sign_again(self, sale: Sale) -> None:
        """As the counter."""
        self.signed.append(sale.number)
        if self.refusal is not None:
            raise self.refusal

    def put(self, state: SaleState, number: int = 1, **changes: Any) -> Sale:
        return put(self.desk, self.journal, state, number, **changes)

    async def until_state(self, sale: Sale, state: SaleState) -> Sale:
        async with asyncio.timeout(5):
            return await self.desk.until(sale.sale_id, lambda seen: seen.state is state)


def bench_run(work: Any) -> None:
    async def closing() -> None:
        bench = Bench()
        try:
            await work(bench)
        finally:
            await bench.errands.close()

    run(closing())
