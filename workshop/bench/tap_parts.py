# SPDX-License-Identifier: Apache-2.0
"""A terminal to be measured, with a wallet and a backend that says yes: journal, acceptance and fields are real.

Online sales; the backend's answer is there at once, after what is measured. Time for money stands still.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TypeVar

from offline_queue.journal.journal import Journal
from pengpos.core.effects import Effect, SendPayment
from pengpos.core.errors import JournalError, ReaderLostError
from pengpos.core.events import Approved, BackendCall
from pengpos.core.ports import Card, ReaderHealth
from pengpos.core.sale import Booking, Sale, SaleState, Way
from pengpos.wire.encoding.keys import Issuers, PublicKey
from pengpos.wire.objects.credential import Credential
from pengpos.wire.objects.intent import Purpose
from pengpos.wire.objects.presentation import Presentation
from pengpos.wire.objects.receipt import Outcome
from sandbox.phone.wallet.applet import Applet
from sandbox.phone.wallet.store import WalletStore
from sandbox.phone.workbench import CNY_200, NOW, Bench
from terminal.device.clock import DeviceClock
from terminal.device.executor import BoundedExecutor
from terminal.device.identity import Identity
from terminal.sales.arming import Arming
from terminal.sales.offline import NewestPolicy, OfflinePolicy
from terminal.sales.open_sales import OpenSales
from terminal.taps.acceptance import Acceptance
from terminal.taps.fields import Fields
from workshop.samples.journal import SaleMaker

T = TypeVar("T")

READER = "reader"
LIMIT_S = 20.0


class _Board:
    has_reader = True

    def reader_health(self, health: ReaderHealth) -> None:
        """Ignore it."""


def _give_up(error: JournalError) -> None:
    raise error


class StandingClock(DeviceClock):
    """Time for money stands still: it is when the wallet's workbench lives."""

    def now(self) -> int:
        """The moment in which the wallet's workbench lives."""
        return NOW


class MeasuredTerminal:
    """One sale after the other. `presented` prepares one, `tap` holds a card to it; `wallet` is the phone."""

    def __init__(self, directory: Path, wallet: WalletStore | None = None) -> None:
        self.bench = Bench(wallet)
        self.bench.store.set_balance("CNY", None)
        self.bench.give_new(allowance=CNY_200, expires_at=NOW + 30 * 86_400)
        self._applet: Applet = self.bench.card()
        self._clock = StandingClock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bench loop", daemon=True)
        self._thread.start()
        self.journal = Journal.open(directory / "journal.db", key=bytes(32), clock=self._clock)
        self._executor = BoundedExecutor("tap")
        self._arming = Arming()
        self._maker = SaleMaker()
        self._numbers = count(1)
        self._open_sales = self._run(self._make_open_sales)
        self._issuers = Issuers([PublicKey.of(self.bench.issuer)])
        terminal = Presentation.read(self.bench.till.presentation(), self._issuers).credential
        acceptance = self._acceptance(terminal)
        self._tap_fields = Fields(self._loop, acceptance, self._clock, self._arming)
        self.torn = 0
        self.durable_s = 0.0
        """When the latest authorisation was durable."""

    def wallet(self, command: bytes) -> bytes:
        """The phone's answer to a C-APDU."""
        return self._applet.respond(command)

    def new_stay(self) -> None:
        """The phone comes into the field."""
        self._applet.power_cycle()

    def presented(self) -> Sale:
        """The next sale, armed, its field not yet seen."""
        number = self.journal.next_counter()
        sale = self._maker.signed(number, at=NOW)
        presentation = self.bench.till.presentation(
            intent_id=sale.intent.intent_id.bytes,
            issued_at=NOW,
            purpose=Purpose.SALE,
            epoch=number.epoch,
            counter=number.counter,
        )
        intent = replace(sale.intent, online=True, presentation=presentation)
        sale = replace(sale, intents=(intent,), ways=(Way.READER,))
        self._run(lambda: self._open_sales.open(sale, "bench"))
        self._arming.arm()
        return sale

    def next_presentation(self) -> bytes:
        """An intent of its own that belongs to no sale."""
        return self.bench.till.presentation(
            intent_id=self._maker.uuid7(NOW).bytes, issued_at=NOW, epoch=2, counter=next(self._numbers)
        )

    def tap(self, card: Card, again: Callable[[], Card] | None = None) -> float:
        """A phone is seen in an empty field: seconds until its authorisation is durable.

        A torn tap is held to it `again` and takes as long as all of its tries.
        """
        sale = self.presented()
        self._tap_fields.field(READER, ())
        self._run(lambda: self._open_sales.until(sale.sale_id, lambda now: now.state is SaleState.PRESENTED))
        self.durable_s = 0.0
        began_s = time.perf_counter()
        with contextlib.suppress(ReaderLostError):
            self._tap_fields.field(READER, (card,))
        while not self.durable_s:  # torn: the shopper taps again, and it is paid once
            if again is None or time.perf_counter() - began_s > LIMIT_S:
                raise RuntimeError("a tap of the benchmark was not accepted")
            self.torn += 1
            self._tap_fields.field(READER, ())
            with contextlib.suppress(ReaderLostError):  # it is opened again when the card is looked for
                self._tap_fields.field(READER, (again(),))
        return self.durable_s - began_s

    def close(self) -> None:
        """End the loop and the journal."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._executor.close()
        self.journal.close()

    # --- on the loop --------------------------------------------------------------------------------------------------

    async def _make_open_sales(self) -> OpenSales:
        open_sales = OpenSales(self.journal, lambda: None, moved=self._moved)
        open_sales.attach(self)
        return open_sales

    def _acceptance(self, terminal: Credential) -> Acceptance:
        identity = Identity(
            backend="http://backend.test",
            credential=terminal,
            issuers=self._issuers,
            confirmation_secret=bytes(32),
            policy=None,
        )
        return Acceptance(
            open_sales=self._open_sales,
            reads=self.journal.connect(),
            executor=self._executor,
            identity=lambda: identity,
            signer=self.bench.till.signer,
            clock=self._clock,
            policy=OfflinePolicy(NewestPolicy(lambda: identity), lambda: identity, self._clock),
            denylisted=lambda _kid: False,
            arming=self._arming,
            board=_Board(),
            journal_broken=_give_up,
        )

    def _moved(self, sale: Sale) -> None:
        if sale.state is SaleState.AUTHORISED:
            self.durable_s = time.perf_counter()

    def carry_out(self, sale: Sale, effect: Effect) -> None:
        """The backend approves at once; then the next sale may start."""
        if isinstance(effect, SendPayment):
            self._approving = asyncio.get_running_loop().create_task(self._approve(sale))

    async def _approve(self, sale: Sale) -> None:
        receipt = self.bench.till.receipt(Outcome.APPROVED, intent_id=sale.intent.intent_id.bytes)
        booking = Booking(
            total_minor=sale.amount.minor, booked_at=NOW, by=Way.READER, receipt=receipt, receipt_url=None
        )
        approved = Approved(at=NOW, intent_id=sale.intent.intent_id, call=BackendCall.PAYMENT, booking=booking)
        await self._open_sales.apply(sale.sale_id, approved)

    def _run(self, make: Callable[[], Coroutine[None, None, T]]) -> T:
        return asyncio.run_coroutine_threadsafe(make(), self._loop).result(LIMIT_S)
