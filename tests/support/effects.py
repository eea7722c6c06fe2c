# SPDX-License-Identifier: Apache-2.0
"""An effect runner between real open sales and a played backend: a bench for tests of what goes out, and when."""

import asyncio
from typing import Any, cast

from pengpos.core.sale import Sale, SaleState
from terminal.sales.arming import Arming
from terminal.sales.commands import SaleCommands
from terminal.sales.effects import ByUrl, EffectRunner
from terminal.sales.open_sales import OpenSales
from tests.support.parts import Alarms, Answer, Backend, HandClock, SlowJournal, put, run


class Bench:
    """An effect runner between real open sales and a played backend."""

    def __init__(self, **answers: list[Answer]) -> None:
        self.clock = HandClock()
        self.journal = SlowJournal(self.clock)
        self.open_sales = OpenSales(self.journal, lambda: None)
        self.backend = Backend(**answers)
        self.arming = Arming()
        self.alarms = Alarms()
        self.stored: list[str] = []
        self.shown: list[str] = []
        self.link_up = True
        self.reader_there = True
        self.signed: list[str] = []
        self.refusal: Exception | None = None
        self.effect_runner = EffectRunner(
            open_sales=self.open_sales,
            backend=self.backend,
            arming=self.arming,
            intent_urls=cast("ByUrl", self),
            commands=cast("SaleCommands", self),
            alarms=self.alarms,
            clock=self.clock,
            link_up=lambda: self.link_up,
            reader_there=lambda: self.reader_there,
            stored=lambda sale: self.stored.append(sale.number),
        )
        self.open_sales.attach(self.effect_runner)

    def armed(self, sale: Sale) -> None:
        self.shown.append(sale.number)

    async def sign_again(self, sale: Sale) -> None:
        """As the counter."""
        self.signed.append(sale.number)
        if self.refusal is not None:
            raise self.refusal

    def put(self, state: SaleState, number: int = 1, **changes: Any) -> Sale:
        return put(self.open_sales, self.journal, state, number, **changes)

    async def until_state(self, sale: Sale, state: SaleState) -> Sale:
        async with asyncio.timeout(5):
            return await self.open_sales.until(sale.sale_id, lambda seen: seen.state is state)


def bench_run(work: Any) -> None:
    async def closing() -> None:
        bench = Bench()
        try:
            await work(bench)
        finally:
            await bench.effect_runner.close()

    run(closing())
