# SPDX-License-Identifier: Apache-2.0
"""`pengpos bench sync`: draining a long queue to a backend that is 20 ms away, beside sending one by one.

Everything between the journal and the wire is the real thing (journal, open sales, drainer, gateway, true receipts);
the backend answers from memory after its 20 ms, so that what is measured is the terminal.
"""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import httpx
import msgspec

from offline_queue.journal.journal import Journal
from offline_queue.sync import Drainer
from offline_queue.values import IntentNumber, SaleChanged
from pengpos.backend_api.calls import Calls
from pengpos.core.effects import Effect
from pengpos.core.events import Event, ForwardLeaving
from pengpos.core.sale import Authorised, Sale, SaleState, Step
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.keys import Issuers, PublicKey
from pengpos.wire.objects.credential import Merchant, Role, issue_credential
from pengpos.wire.objects.intent import IntentClaims, Purpose, sign_intent
from pengpos.wire.objects.presentation import encode_presentation
from pengpos.wire.objects.receipt import Outcome, ReceiptClaims, sign_receipt
from terminal.backend.answers import Answers
from terminal.backend.endings import Terms
from terminal.backend.gateway import BackendGateway
from terminal.sales.open_sales import OpenSales
from workshop.samples.journal import HeldClock, SaleMaker

AWAY_S = 0.020
ONE_BY_ONE = 150
FILL_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncFigures:
    """What was measured: payments a second, and how long the loop was kept from other work meanwhile."""

    payments: int
    drained_s: float
    one_by_one_per_s: float
    loop_blocked_most_s: float
    loop_worked_most_s: float
    idle_loop_blocked_most_s: float
    """The same loop for as long with nothing to do: what the machine itself kept from it."""
    requests: int

    @property
    def per_second(self) -> float:
        """Payments a second by the drainer."""
        return self.payments / self.drained_s

    def as_lines(self) -> list[str]:
        """For people; each figure beside what it is held against."""
        batched, single = self.per_second, self.one_by_one_per_s
        idle_ms = self.idle_loop_blocked_most_s * 1000
        away_ms, blocked_ms = AWAY_S * 1000, self.loop_blocked_most_s * 1000
        return [
            f"{self.payments} payments, backend {away_ms:.0f} ms away: {self.drained_s:.1f} s, {self.requests} calls",
            f"  batches of 200   {batched:8.0f} payments/s   goal 500",
            f"  one by one       {single:8.0f} payments/s   batches are {batched / single:.0f} times as fast, goal 10",
            f"  loop blocked     {blocked_ms:8.1f} ms at most   goal 20",
            f"    of it own work {self.loop_worked_most_s * 1000:8.1f} ms at most",
            f"    an idle loop   {idle_ms:8.1f} ms at most   in the same run: the machine's share",
        ]


TERMINAL_ID = "T-0001"


class _Shop:
    """Keys, and payments accepted offline as a shop makes them."""

    def __init__(self) -> None:
        self.issuer = SoftwareKey.generate()
        self.terminal = SoftwareKey.generate()
        self.issuer_key = PublicKey.of(self.issuer)
        self._maker = SaleMaker()
        self._clock = HeldClock()
        self._credential = issue_credential(
            self.issuer,
            subject=TERMINAL_ID,
            key=PublicKey.of(self.terminal),
            role=Role.TERMINAL,
            issued_at=self._clock.now() - 60,
            expires_at=self._clock.now() + 90 * 86_400,
            merchant=Merchant(merchant_id="M-0001", name="晨光咖啡"),
        )
        self._verdicts: dict[str, dict[str, str]] = {}
        """By presentation: what the backend says of it."""

    def stored_sale(self, number: IntentNumber) -> Sale:
        """A payment accepted offline, with a presentation that verifies; the backend's receipt is made as well."""
        sale = self._maker.signed(number, at=self._clock.now())
        claims = IntentClaims(
            intent_id=sale.intent.intent_id.bytes,
            amount_minor=sale.amount.minor,
            currency=sale.amount.currency,
            issued_at=sale.intent.issued_at,
            lifetime_s=sale.intent.lifetime_s,
            purpose=Purpose.SALE,
            online=False,
            terminal_id=TERMINAL_ID,
            epoch=number.epoch,
            counter=number.counter,
        )
        presentation = encode_presentation(self._credential, sign_intent(self.terminal, claims))
        receipt = ReceiptClaims(
            intent_id=claims.intent_id,
            outcome=Outcome.APPROVED,
            total_minor=sale.amount.minor,
            currency=sale.amount.currency,
            at=self._clock.now(),
            wallet_kid=number.counter.to_bytes(8, "big"),
            terminal_id=TERMINAL_ID,
        )
        self._verdicts[b64u(presentation)] = {
            "intent_id": str(sale.intent.intent_id),
            "status": "approved",
            "code": "approved",
            "receipt": b64u(sign_receipt(self.issuer, receipt, kid=self.issuer_key.kid)),
        }
        authorised = Authorised(
            wallet_credential=bytes(210),
            authorisation=bytes(125),
            wallet_kid=number.counter.to_bytes(8, "big"),
            counter=1,
            total_minor=sale.amount.minor,
            tip_minor=0,
            authorised_at=self._clock.now(),
            occurred_at=self._clock.now(),
            offline_allowed=True,
        )
        history = tuple(
            Step(state, self._clock.now(), "bench")
            for state in (SaleState.SIGNED, SaleState.PRESENTED, SaleState.AUTHORISED, SaleState.ACCEPTED_OFFLINE)
        )
        return replace(
            sale,
            intents=(replace(sale.intent, presentation=presentation),),
            authorised=authorised,
            state=SaleState.ACCEPTED_OFFLINE,
            history=history,
        )

    def fill(self, journal: Journal, count: int) -> None:
        """Put stored payments into a journal."""
        for first in range(0, count, FILL_AT_ONCE):
            number = journal.next_counter()
            sales = [
                self.stored_sale(IntentNumber(number.epoch, number.counter + offset))
                for offset in range(min(FILL_AT_ONCE, count - first))
            ]
            journal.record([SaleChanged(sale=sale, why="bench") for sale in sales]).result(60)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """The backend, `AWAY_S` away: approves every item."""
        payments = msgspec.json.decode(request.content)["payments"]
        await asyncio.sleep(AWAY_S)
        verdicts = [self._verdicts[payment["presentation"]] for payment in payments]
        return httpx.Response(200, json={"verdicts": verdicts})


class _NoEffects:
    """Nothing to arm, to show or to ask in a benchmark."""

    def carry_out(self, sale: Sale, effect: Effect) -> None:
        """Leave it."""


class _Lag:
    """How long the loop made another task wait, at the most."""

    def __init__(self) -> None:
        self.most_s = 0.0
        self.own_most_s = 0.0
        """The same in processor time of the loop's thread: what remains when nothing else wants the machine."""

    async def watch(self) -> None:
        """Sleep a little again and again; what it takes beyond that, the loop was busy."""
        while True:
            before, own_before = time.perf_counter(), time.thread_time()
            await asyncio.sleep(0.001)
            self.most_s = max(self.most_s, time.perf_counter() - before - 0.001)
            self.own_most_s = max(self.own_most_s, time.thread_time() - own_before)


async def _measure(directory: Path, payments: int) -> SyncFigures:
    shop = _Shop()
    journal = Journal.open(directory / "journal.db", key=bytes(32), clock=HeldClock())
    try:
        await asyncio.to_thread(shop.fill, journal, payments + ONE_BY_ONE)
        async with _gateway(shop) as gateway:
            open_sales = OpenSales(journal, lambda: None)
            open_sales.attach(_NoEffects())
            open_sales.restore(journal.open_sales())
            one_by_one = await _one_by_one(
                open_sales, gateway, [entry.sale for entry in journal.queue_entries(ONE_BY_ONE)]
            )
            batches = 0

            class Counted:
                async def forward(self, sales: Sequence[Sale]) -> list[Event]:
                    nonlocal batches
                    batches += 1
                    return await gateway.forward(sales)

            drainer = Drainer(
                journal=journal,
                deliverer=Counted(),
                apply_all=open_sales.apply_all,
                clock=HeldClock(),
                link_up=lambda: True,
            )
            gc.collect()
            gc.freeze()  # as the daemon does when it is ready; ten thousand receipts are the backend's, not its own
            lag = _Lag()
            watching = asyncio.create_task(lag.watch())
            started = time.perf_counter()
            await drainer.drain()
            drained_s = time.perf_counter() - started
            watching.cancel()
            idle = _Lag()
            with suppress(TimeoutError):
                await asyncio.wait_for(idle.watch(), drained_s)
        left = journal.queue_totals("CNY").count
        if left:
            raise RuntimeError(f"{left} payments were not drained")
    finally:
        journal.close()
    return SyncFigures(
        payments=payments,
        drained_s=drained_s,
        one_by_one_per_s=one_by_one,
        loop_blocked_most_s=lag.most_s,
        loop_worked_most_s=lag.own_most_s,
        idle_loop_blocked_most_s=idle.most_s,
        requests=batches,
    )


@asynccontextmanager
async def _gateway(shop: _Shop) -> AsyncIterator[BackendGateway]:
    client = httpx.AsyncClient(base_url="http://backend.test", transport=httpx.MockTransport(shop.answer))
    async with client:
        issuers = Issuers([shop.issuer_key])
        calls = Calls(client, issuers=lambda: issuers)
        answers = Answers(lambda: Terms(issuers=issuers, terminal_id=TERMINAL_ID), clock=HeldClock())
        yield BackendGateway(calls, answers, clock=HeldClock())


async def _one_by_one(open_sales: OpenSales, gateway: BackendGateway, sales: Sequence[Sale]) -> float:
    started = time.perf_counter()
    for sale in sales:
        await open_sales.apply(sale.sale_id, ForwardLeaving(at=HeldClock().now()))
        verdicts: list[tuple[UUID, Event]] = [(sale.sale_id, (await gateway.forward([sale]))[0])]
        await open_sales.apply_all(verdicts)
    return len(sales) / (time.perf_counter() - started)


def run(directory: Path, *, payments: int = 10_000) -> SyncFigures:
    """Measure in `directory`, which should be on the disk that matters."""
    return asyncio.run(_measure(directory, payments))
