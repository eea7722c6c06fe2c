# SPDX-License-Identifier: Apache-2.0
"""Parts of the daemon with everything around them played: for tests of one part by itself."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from offline_queue.memory import MemoryJournal
from offline_queue.values import Change, Recorded, SaleChanged
from pengpos.core.effects import AlarmKind, Effect
from pengpos.core.events import Event
from pengpos.core.ports import Clock
from pengpos.core.sale import Refund, Sale, SaleState
from terminal.sales.open_sales import OpenSales
from tests.support.loop_thread import LIMIT_S
from workshop.samples import sales as samples

Answer = Event | Callable[[Sale], Event] | Exception | asyncio.Event


@dataclass
class HandClock:
    """Moved by the test."""

    unix_s: int = samples.HEARD_AT

    def now(self) -> int:
        return self.unix_s

    def monotonic_s(self) -> float:
        return float(self.unix_s)


class SlowJournal(MemoryJournal):
    """In memory, and as slow as the test wants: a row is durable once `let_through` says so."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, epoch=7)
        self.slow = False
        self.held: list[tuple[Sequence[Change], Future[Recorded]]] = []

    def record(self, changes: Sequence[Change]) -> "Future[Recorded]":
        if not self.slow:
            return super().record(changes)
        future: Future[Recorded] = Future()
        self.held.append((changes, future))
        return future

    def let_through(self) -> None:
        """Everything that waits becomes durable."""
        self.slow = False
        for changes, future in self.held:
            done = self.record(changes)
            if (error := done.exception()) is not None:
                future.set_exception(error)
            else:
                future.set_result(done.result())
        self.held.clear()


@dataclass
class Sink:
    """Remembers what it was to carry out."""

    effects: list[tuple[str, Effect]] = field(default_factory=list)

    def carry_out(self, sale: Sale, effect: Effect) -> None:
        self.effects.append((sale.number, effect))

    @property
    def kinds(self) -> list[str]:
        return [type(effect).__name__ for _, effect in self.effects]


@dataclass
class Alarms:
    """Remembers what rang."""

    raised: list[tuple[AlarmKind, str]] = field(default_factory=list)

    def raise_alarm(self, kind: AlarmKind, sale: Sale) -> None:
        self.raised.append((kind, sale.number))


class Backend:
    """Answers each kind of call with the next of what it was given; an asyncio.Event is waited for first."""

    def __init__(self, **answers: list[Answer]) -> None:
        self.answers = answers
        self.calls: list[tuple[str, SaleState]] = []

    async def pay(self, sale: Sale) -> Event:
        return await self._answer("pay", sale)

    async def ask(self, sale: Sale) -> Event:
        return await self._answer("ask", sale)

    async def cancel(self, sale: Sale) -> Event:
        return await self._answer("cancel", sale)

    async def refund(self, sale: Sale, _refund: Refund) -> Event:
        return await self._answer("refund", sale)

    async def _answer(self, what: str, sale: Sale) -> Event:
        self.calls.append((what, sale.state))
        answers = self.answers[what]
        answer = answers.pop(0)
        while isinstance(answer, asyncio.Event):
            await answer.wait()
            answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer(sale) if callable(answer) else answer

    def count(self, what: str) -> int:
        return sum(called == what for called, _ in self.calls)


def put(open_sales: OpenSales, journal: MemoryJournal, state: SaleState, number: int = 1, **changes: Any) -> Sale:
    """A sale in a state, in the journal and on the open_sales."""
    counter = journal.next_counter()
    sale = samples.sale_in(state, intent__epoch=counter.epoch, intent__counter=counter.counter, **changes)
    if number != 1:
        intent = replace(sale.intent, intent_id=samples.intent(number).intent_id)
        sale = replace(
            sale,
            sale_id=UUID(int=number),
            idempotency_key=f"order {number}",
            number=f"0001-{number:04}",
            intents=(intent,),
        )
    journal.record([SaleChanged(sale=sale, why="put there")]).result(0)
    open_sales.restore([*open_sales.sales, sale])
    return sale


async def until(holds: Callable[[], bool], what: str = "") -> None:
    """Let everything else on the loop go on until something holds, and threads beside it, for up to `LIMIT_S`."""
    latest_s = time.monotonic() + LIMIT_S
    turns = 0
    while not holds():
        assert time.monotonic() < latest_s, what or "it never came to hold"
        await asyncio.sleep(0 if turns < 1_000 else 0.001)  # beyond that only a thread can be what is waited for
        turns += 1


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a test's coroutine; whatever breaks beside it fails the test."""
    broken: list[dict[str, Any]] = []

    async def watched() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: broken.append(context))
        async with asyncio.timeout(20):
            await work

    asyncio.run(watched())
    assert not broken, broken
