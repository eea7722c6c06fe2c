# SPDX-License-Identifier: Apache-2.0
"""An intent's URL: registered or carried, journalled before, and never in a tap's way. Source: tap protocol §3."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

import pytest

from pengpos.core.errors import JournalFullError
from pengpos.core.events import CancelAsked, FieldEmpty
from pengpos.core.sale import CancelReason, Sale, SaleState, Way
from pengpos.wire.encoding.base64url import b64u
from terminal.sales.intent_url import URL_MOST, IntentUrls
from terminal.sales.open_sales import OpenSales
from tests.support.parts import HandClock, Sink, SlowJournal, put, run, until
from workshop.samples import sales as samples

NOON = samples.NOON
URL = "https://backend.test/t/AZx"
ORIGIN = "https://backend.test/"
PRESENTATION = b64u(samples.intent().presentation)


class Bench:
    """IntentUrls over a real open_sales, and a backend that answers each registration with the next of `urls`."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.journal = SlowJournal(self.clock)
        self.open_sales = OpenSales(self.journal, lambda: None)
        self.open_sales.attach(Sink())
        self.urls: list[str | asyncio.Event | None] = [URL]
        self.registered: list[tuple[UUID, bytes, bool]] = []
        self.intent_urls = IntentUrls(
            open_sales=self.open_sales, register=self.register, origin=lambda: ORIGIN, clock=self.clock
        )

    async def register(self, intent_id: UUID, presentation: bytes) -> str | None:
        stored = self.journal.sale_by_intent(intent_id)
        assert stored is not None
        self.registered.append((intent_id, presentation, stored.intent.put_sent))
        while isinstance(answer := self.urls.pop(0), asyncio.Event):
            await answer.wait()
        return answer

    def put(self, state: SaleState = SaleState.PRESENTED, **changes: Any) -> Sale:
        return put(self.open_sales, self.journal, state, **changes)

    async def now(self, sale: Sale) -> Sale:
        return await self.open_sales.find(sale.sale_id)

    async def until_url(self, sale: Sale) -> str:
        async with asyncio.timeout(5):
            seen = await self.open_sales.until(sale.sale_id, lambda seen: seen.intent.url is not None)
        assert seen.intent.url is not None
        return seen.intent.url


def bench_run(work: Callable[[Bench], Coroutine[Any, Any, None]]) -> None:
    async def closing() -> None:
        bench = Bench()
        try:
            await work(bench)
        finally:
            await bench.intent_urls.close()
        assert not bench.intent_urls._tasks

    run(closing())


async def a_while() -> None:
    for _ in range(100):
        await asyncio.sleep(0)


def test_online_it_is_registered_once_that_is_journalled() -> None:
    async def work(bench: Bench) -> None:
        sale = bench.put()
        bench.intent_urls.armed(sale)
        bench.intent_urls.armed(sale)  # released: armed again while it is under way
        assert await bench.until_url(sale) == URL
        intent = samples.intent()
        assert bench.registered == [(intent.intent_id, intent.presentation, True)]
        shown = (await bench.now(sale)).intent
        assert (shown.put_sent, shown.fragment_shown) == (True, False)
        bench.intent_urls.armed(await bench.now(sale))
        await a_while()
        assert len(bench.registered) == 1

    bench_run(work)


def test_offline_it_carries_the_presentation() -> None:
    async def work(bench: Bench) -> None:
        sale = bench.put(intent__online=False)
        bench.intent_urls.armed(sale)
        assert await bench.until_url(sale) == f"https://backend.test/t#{PRESENTATION}"
        shown = (await bench.now(sale)).intent
        assert (shown.put_sent, shown.fragment_shown, bench.registered) == (False, True, [])

    bench_run(work)


@pytest.mark.parametrize("online", [True, False], ids=["online", "offline"])
def test_nothing_leaves_before_it_is_durable(online: bool) -> None:
    async def work(bench: Bench) -> None:
        sale = bench.put(intent__online=online)
        bench.journal.slow = True
        bench.intent_urls.armed(sale)
        await until(lambda: bool(bench.journal.held))
        await a_while()
        assert (bench.registered, (await bench.now(sale)).intent.url) == ([], None)
        bench.journal.let_through()
        await bench.until_url(sale)

    bench_run(work)


@pytest.mark.parametrize("online", [True, False], ids=["online", "offline"])
def test_while_the_journal_takes_nothing_nothing_leaves(online: bool) -> None:
    async def work(bench: Bench) -> None:
        sale = bench.put(intent__online=online)
        bench.journal.failure = JournalFullError("the medium is full")
        bench.intent_urls.armed(sale)
        await a_while()
        assert (bench.registered, (await bench.now(sale)).intent.url) == ([], None)
        bench.journal.failure = None
        bench.intent_urls.hurry()
        await bench.until_url(sale)

    bench_run(work)


def test_the_row_that_presents_a_sale_goes_first() -> None:
    async def work(bench: Bench) -> None:
        sale = bench.put(SaleState.SIGNED)
        bench.intent_urls.armed(sale)
        await a_while()
        assert bench.registered == []
        await bench.open_sales.apply(sale.sale_id, FieldEmpty(at=NOON))
        await bench.until_url(sale)
        assert (await bench.now(sale)).state is SaleState.PRESENTED

    bench_run(work)


def test_where_no_field_is_empty_it_is_shown_all_the_same() -> None:
    async def work(bench: Bench) -> None:
        sale = bench.put(SaleState.SIGNED)
        bench.intent_urls.armed(sale)
        assert await bench.until_url(sale) == URL

    bench_run(work)


def test_unanswered_it_is_tried_again_while_it_waits() -> None:
    async def work(bench: Bench) -> None:
        sale = bench.put()
        bench.urls = [None, "javascript:alert(1)", "https://backend.test/" + "x" * URL_MOST, URL]
        bench.intent_urls.armed(sale)
        for tries in range(1, 4):
            await until(lambda tries=tries: len(bench.registered) == tries)  # type: ignore[misc]  # bound now
            await a_while()
            bench.intent_urls.hurry()
        assert await bench.until_url(sale) == URL

    bench_run(work)


def test_a_sale_that_has_moved_on_is_left_alone() -> None:
    async def work(bench: Bench) -> None:
        sale, answer = bench.put(), asyncio.Event()
        bench.urls = [answer, URL]
        bench.intent_urls.armed(sale)
        await until(lambda: bool(bench.registered))
        await bench.open_sales.apply(sale.sale_id, CancelAsked(at=NOON, reason=CancelReason.CUSTOMER))
        answer.set()
        await until(lambda: not bench.intent_urls._tasks)
        after = await bench.now(sale)
        assert (after.state, after.intent.url) == (SaleState.CANCELLING, None)

    bench_run(work)


@pytest.mark.parametrize(
    ("state", "changes"),
    [
        pytest.param(SaleState.PRESENTED, {"ways": (Way.READER,)}, id="by reader only"),
        pytest.param(SaleState.PRESENTED, {"intent__url": URL}, id="shown before"),
        pytest.param(SaleState.PRESENTED, {"intent__issued_at": NOON - 200}, id="out of time"),
        pytest.param(SaleState.PENDING, {}, id="claimed"),
        pytest.param(SaleState.AUTHORISED, {}, id="a phone has tapped"),
        pytest.param(SaleState.CANCELLING, {}, id="given up"),
    ],
)
def test_nothing_is_shown_of(state: SaleState, changes: dict[str, Any]) -> None:
    async def work(bench: Bench) -> None:
        sale = bench.put(state, **changes)
        bench.intent_urls.armed(sale)
        await until(lambda: not bench.intent_urls._tasks)
        assert (bench.registered, await bench.now(sale)) == ([], sale)

    bench_run(work)
