# SPDX-License-Identifier: Apache-2.0
"""Carries effects out: sends, asks, cancels, waits, and brings the answers back to the desk as events.

One errand of a kind per sale at a time. Waiting ends early when the link comes back; nothing waits for ever.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, assert_never
from uuid import UUID

from terminal.core.effects import (
    AlarmKind,
    Arm,
    AskBackend,
    Disarm,
    Effect,
    EmptyFieldFirst,
    Forward,
    NotNow,
    RaiseAlarm,
    SendCancel,
    SendPayment,
    SendRefund,
    SignAgain,
    Then,
)
from terminal.core.errors import JournalFullError
from terminal.core.events import BackendStatus, CancelLeaving, Event, StatusHeard
from terminal.core.ports import Clock
from terminal.core.sale import Refund, Sale, SaleState
from terminal.daemon.counter import CommandRefusedError, Counter
from terminal.daemon.desk import Desk, UnknownSaleError

log = logging.getLogger(__name__)

RESEND_UNTIL_S = 300  # after its life an unbooked payment is refused as expired (backend API, "Judged as of its time")
JOURNAL_RETRY_S = 5.0


class Backend(Protocol):
    """What the errands ask of the gateway; every answer is an event, also the lack of one."""

    async def pay(self, sale: Sale) -> Event:
        """POST the stored payment."""

    async def ask(self, sale: Sale) -> Event:
        """GET the intent."""

    async def cancel(self, sale: Sale) -> Event:
        """Cancel the intent."""

    async def refund(self, sale: Sale, refund: Refund) -> Event:
        """Send a refund."""


class Arming(Protocol):
    """The readers, as far as effects move them."""

    def arm(self) -> None:
        """Want phones."""

    def disarm(self) -> None:
        """Want none."""

    def empty_first(self) -> None:
        """Want the field empty first."""


class AlarmBoard(Protocol):
    """Where alarms are kept."""

    def raise_alarm(self, kind: AlarmKind, sale: Sale) -> None:
        """Show an alarm about a sale until a person has seen to it."""


class Errands:
    """`daemon.desk.EffectSink`. Lives on the loop."""

    def __init__(
        self,
        *,
        desk: Desk,
        backend: Backend,
        arming: Arming,
        counter: Counter,
        alarms: AlarmBoard,
        clock: Clock,
        stored: Callable[[Sale], None],
    ) -> None:
        self._desk = desk
        self._backend = backend
        self._arming = arming
        self._counter = counter
        self._alarms = alarms
        self._clock = clock
        self._stored = stored
        self._waiting: dict[tuple[UUID, str], asyncio.Task[None]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._hurry = asyncio.Event()

    def carry_out(self, sale: Sale, effect: Effect) -> None:  # noqa: C901 - one arm for each effect, none with a branch
        """Start what the effect asks for."""
        match effect:
            case Arm():
                self._arming.arm()
            case Disarm():
                current = self._desk.current
                if current is not None and current.sale_id == sale.sale_id:
                    self._arming.disarm()
            case EmptyFieldFirst():
                self._arming.empty_first()
            case SendPayment():
                self._start(self._pay(sale))
            case AskBackend(not_before=not_before):
                self._later(sale.sale_id, "ask", not_before, self._ask)
            case SendCancel(not_before=not_before):
                self._later(sale.sale_id, "cancel", not_before, self._cancel)
            case SendRefund(refund_id=refund_id):
                self._start(self._refund(sale, refund_id))
            case Forward():
                self._stored(sale)
            case SignAgain():
                self._start(self._sign_again(sale))
            case RaiseAlarm(kind=kind):
                self._alarms.raise_alarm(kind, sale)
            case Then() | NotNow():
                pass  # the desk has dealt with these
            case _:
                assert_never(effect)

    def hurry(self) -> None:
        """The link is back: nobody waits out a back-off that was meant for a dead one."""
        self._hurry.set()
        self._hurry = asyncio.Event()

    async def close(self) -> None:
        """Stop; what was under way is taken up from the journal at the next start."""
        tasks = [*self._running, *self._waiting.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- the errands --------------------------------------------------------------------------------------------------

    async def _pay(self, sale: Sale) -> None:
        await self._bring_back(sale.sale_id, await self._backend.pay(sale))

    async def _ask(self, sale: Sale) -> None:
        answer = await self._backend.ask(sale)
        if self._may_resend(sale, answer):
            answer = await self._backend.pay(sale)
        await self._bring_back(sale.sale_id, answer)

    def _may_resend(self, sale: Sale, answer: Event) -> bool:
        """The same body again, while the intent lives and the backend does not have it (state table, `unknown`)."""
        return (
            sale.state is SaleState.UNKNOWN
            and isinstance(answer, StatusHeard)
            and answer.status in {BackendStatus.NOT_FOUND, BackendStatus.CREATED, BackendStatus.CLAIMED}
            and self._clock.now() < sale.intent.expires_at + RESEND_UNTIL_S
        )

    async def _cancel(self, sale: Sale) -> None:
        if sale.cancel is not None and not sale.cancel.sent:
            sale, _ = await self._desk.apply(sale.sale_id, CancelLeaving(at=self._clock.now()))
        if sale.state in {SaleState.CANCELLING, SaleState.REVERSING}:
            await self._bring_back(sale.sale_id, await self._backend.cancel(sale))

    async def _refund(self, sale: Sale, refund_id: UUID) -> None:
        refund = next((known for known in sale.refunds if known.refund_id == refund_id), None)
        if refund is not None:
            await self._bring_back(sale.sale_id, await self._backend.refund(sale, refund))

    async def _sign_again(self, sale: Sale) -> None:
        try:
            await self._counter.sign_again(sale)
        except CommandRefusedError as error:
            log.error("sale %s not tried again: %s", sale.number, error)

    async def _bring_back(self, sale_id: UUID, event: Event) -> None:
        """Give the answer to the desk; while the journal takes nothing, keep it and try again."""
        while True:
            try:
                await self._desk.apply(sale_id, event)
            except JournalFullError:
                await asyncio.sleep(JOURNAL_RETRY_S)
            else:
                return

    # --- when ---------------------------------------------------------------------------------------------------------

    def _later(
        self, sale_id: UUID, kind: str, not_before: int | None, errand: Callable[[Sale], Coroutine[Any, Any, None]]
    ) -> None:
        """Run an errand once its time has come, with the sale as it is by then; a newer one of its kind replaces it."""
        key = (sale_id, kind)
        earlier = self._waiting.pop(key, None)
        if earlier is not None and earlier is not asyncio.current_task():
            earlier.cancel()
        task = asyncio.get_running_loop().create_task(self._wait_and_run(sale_id, not_before, errand))
        self._waiting[key] = task
        task.add_done_callback(lambda done: self._done(key, done))

    async def _wait_and_run(
        self, sale_id: UUID, not_before: int | None, errand: Callable[[Sale], Coroutine[Any, Any, None]]
    ) -> None:
        wait_s = (not_before or 0) - self._clock.now()
        if wait_s > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), wait_s)
        try:
            await errand(await self._desk.find(sale_id))
        except UnknownSaleError:
            log.error("sale %s is gone from the journal", sale_id)
        except JournalFullError:
            self._later(sale_id, "retry", self._clock.now() + int(JOURNAL_RETRY_S), errand)

    def _done(self, key: tuple[UUID, str], task: asyncio.Task[None]) -> None:
        if self._waiting.get(key) is task:
            del self._waiting[key]
        self._report(task)

    def _start(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(errand)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(self._report)

    @staticmethod
    def _report(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical("an errand broke", exc_info=error)
