# SPDX-License-Identifier: Apache-2.0
"""Carries effects out: sends, asks, cancels, waits, and brings the answers back as events.

One call of a kind per sale (and refund) is on its way, and one more may wait; a newer one takes the place of one that
waits. Waiting ends early when the link comes back; nothing waits for ever. A call that breaks counts as unanswered,
so that the sale's own back-off tries it again.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, assert_never
from uuid import UUID

from offline_queue.retries import retry_until_recorded
from pengpos.core.effects import (
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
from pengpos.core.errors import JournalTransientError
from pengpos.core.events import (
    Approved,
    BackendCall,
    BackendStatus,
    CancelLeaving,
    Event,
    FieldEmpty,
    NoAnswer,
    StatusHeard,
)
from pengpos.core.machine.states import UNDOING_STATES
from pengpos.core.ports import Clock
from pengpos.core.sale import Refund, Sale, SaleState, Way
from pengpos.core.times import LATE_PAYMENT_S
from terminal.device.recording import end_tasks, report_if_broken, set_within
from terminal.sales.after_the_end import apply_checked
from terminal.sales.arming import Arming
from terminal.sales.commands import CommandRefusedError, SaleCommands
from terminal.sales.open_sales import OpenSales, UnknownSaleError

log = logging.getLogger(__name__)

WAIT_MOST_S = 3_600  # a time kept in a row was that of a clock which may since have been set back
JOURNAL_RETRY_S = 5.0
LINK_LOOK_S = 1.0  # while a cancel waits for the link


class Backend(Protocol):
    """What effects ask of the gateway; every answer is an event, also the lack of one."""

    async def pay(self, sale: Sale) -> Event:
        """POST the stored payment."""

    async def ask(self, sale: Sale) -> Event:
        """GET the intent."""

    async def cancel(self, sale: Sale) -> Event:
        """Cancel the intent."""

    async def refund(self, sale: Sale, refund: Refund) -> Event:
        """Send a refund."""


class ByUrl(Protocol):
    """Who lets tag and QR carry an intent."""

    def armed(self, sale: Sale) -> None:
        """A sale waits for a phone; returns at once."""


class AlarmBoard(Protocol):
    """Where alarms are kept."""

    def raise_alarm(self, kind: AlarmKind, sale: Sale) -> None:
        """Show an alarm about a sale until a person has seen to it."""


@dataclass(frozen=True, slots=True)
class _Key:
    """Which call for which sale."""

    sale_id: UUID
    call: BackendCall
    refund_id: UUID | None = None


class EffectRunner:
    """`daemon.open_sales.EffectSink`. Lives on the loop."""

    def __init__(
        self,
        *,
        open_sales: OpenSales,
        backend: Backend,
        arming: Arming,
        intent_urls: ByUrl,
        commands: SaleCommands,
        alarms: AlarmBoard,
        clock: Clock,
        link_up: Callable[[], bool],
        reader_there: Callable[[], bool],
        stored: Callable[[Sale], None],
    ) -> None:
        self._open_sales = open_sales
        self._backend = backend
        self._arming = arming
        self._intent_urls = intent_urls
        self._commands = commands
        self._alarms = alarms
        self._clock = clock
        self._link_up = link_up
        self._reader_there = reader_there
        self._stored = stored
        self._waiting: dict[_Key, asyncio.Task[None]] = {}
        self._on_the_way: dict[_Key, asyncio.Task[None]] = {}
        self._others: set[asyncio.Task[None]] = set()
        self._hurry = asyncio.Event()

    def carry_out(self, sale: Sale, effect: Effect) -> None:
        """Start what the effect asks for."""
        match effect:
            case Arm():
                self._arm(sale)
            case Disarm():
                self._if_current(sale, self._arming.disarm)
            case EmptyFieldFirst():
                self._if_current(sale, self._arming.empty_first)
            case SendPayment():
                self._send(_Key(sale.sale_id, BackendCall.PAYMENT))
            case AskBackend(not_before=not_before):
                self._send(_Key(sale.sale_id, BackendCall.QUESTION), not_before)
            case SendCancel(not_before=not_before):
                self._send(_Key(sale.sale_id, BackendCall.CANCEL), not_before)
            case SendRefund(refund_id=refund_id, not_before=not_before):
                self._send(_Key(sale.sale_id, BackendCall.REFUND, refund_id), not_before)
            case Forward():
                self._stored(sale)
            case SignAgain():
                self._beside(self._sign_again(sale))
            case RaiseAlarm(kind=kind):
                self._alarms.raise_alarm(kind, sale)
            case Then() | NotNow():
                pass  # `OpenSales` has dealt with these
            case _:
                assert_never(effect)

    def hurry(self) -> None:
        """The link is back: no call waits out a back-off that was meant for a dead one."""
        self._hurry.set()
        self._hurry = asyncio.Event()

    async def close(self) -> None:
        """Stop; what was under way is taken up from the journal at the next start."""
        await end_tasks([*self._waiting.values(), *self._on_the_way.values(), *self._others])

    def _arm(self, sale: Sale) -> None:
        """Where no reader is to offer it, or none is there, no field is waited for either.

        A reader that comes meanwhile must see its own field empty before it presents anything.
        """
        by_reader = Way.READER in sale.open_ways
        _ = self._arming.arm() if by_reader else self._arming.disarm()
        if not by_reader or not self._reader_there():
            self._beside(self._bring_back(sale.sale_id, FieldEmpty(at=self._clock.now())))
        self._intent_urls.armed(sale)

    def _if_current(self, sale: Sale, move: Callable[[], int]) -> None:
        """Only the current sale moves the readers: another's end says nothing about the phone in the field."""
        current = self._open_sales.current
        if current is not None and current.sale_id == sale.sale_id:
            move()

    # --- the calls ----------------------------------------------------------------------------------------------------

    async def _answer(self, key: _Key, sale: Sale) -> Event | None:
        """Make the call for the sale as it is now; None if it is not wanted any more."""
        match key.call:
            case BackendCall.PAYMENT:
                return await self._backend.pay(sale) if sale.state is SaleState.AUTHORISED else None
            case BackendCall.QUESTION:
                return await self._ask(sale)
            case BackendCall.CANCEL:
                return await self._cancel(sale)
            case BackendCall.REFUND:
                refund = next((known for known in sale.refunds if known.refund_id == key.refund_id), None)
                return await self._backend.refund(sale, refund) if refund is not None else None
            case BackendCall.FORWARD:
                raise AssertionError("the drainer's")

    async def _ask(self, sale: Sale) -> Event:
        answer = await self._backend.ask(sale)
        if isinstance(answer, StatusHeard) and self._may_resend(await self._open_sales.find(sale.sale_id), answer):
            return await self._backend.pay(sale)
        return answer

    def _may_resend(self, sale: Sale, answer: StatusHeard) -> bool:
        """The same body again, while the intent lives and the backend does not have it (state table, `unknown`)."""
        return (
            sale.state is SaleState.UNKNOWN  # still: once it is being cancelled no payment body may leave
            and answer.status in {BackendStatus.NOT_FOUND, BackendStatus.CREATED, BackendStatus.CLAIMED}
            and self._clock.now() < sale.intent.expires_at + LATE_PAYMENT_S
        )

    async def _cancel(self, sale: Sale) -> Event | None:
        """Once it leaves no code is taken any more: while it could not arrive, it does not leave.

        What is given up before money is asked about first: its event may have been held back.
        """
        while _takes_a_code(sale) and not self._link_up():
            await set_within(self._hurry, LINK_LOOK_S)
            sale = await self._open_sales.find(sale.sale_id)
        cancel = sale.cancel
        if sale.state not in UNDOING_STATES or cancel is None:
            return None
        if not cancel.sent and cancel.unless_paid:
            answer = await self._backend.ask(sale)
            if isinstance(answer, NoAnswer):
                return NoAnswer(at=answer.at, call=BackendCall.CANCEL, retry_after_s=answer.retry_after_s)
            if isinstance(answer, Approved):
                sale, _ = await self._open_sales.apply(sale.sale_id, answer)
        if not cancel.sent:
            sale, _ = await self._open_sales.apply(sale.sale_id, CancelLeaving(at=self._clock.now()))
        return await self._backend.cancel(sale) if sale.state in UNDOING_STATES else None

    async def _bring_back(self, sale_id: UUID, event: Event) -> None:
        """Give the answer to the sale; while the journal takes nothing, keep it and try again."""
        await retry_until_recorded(
            partial(apply_checked, self._open_sales, self._backend, sale_id, event),
            what=f"{type(event).__name__} of sale {sale_id}",
            every_s=JOURNAL_RETRY_S,
            pause=self._pause,
        )

    # --- when ---------------------------------------------------------------------------------------------------------

    def _send(self, key: _Key, not_before: int | None = None) -> None:
        """Make a call once its time has come."""
        earlier = self._waiting.pop(key, None)
        if earlier is not None:
            earlier.cancel()
        task = asyncio.get_running_loop().create_task(self._run(key, not_before))
        self._waiting[key] = task
        task.add_done_callback(lambda done: self._done(key, done))

    async def _run(self, key: _Key, not_before: int | None) -> None:
        if not_before is not None and (wait_s := not_before - self._clock.now()) > 0:
            await set_within(self._hurry, min(wait_s, WAIT_MOST_S))
        if (ahead := self._on_the_way.get(key)) is not None:
            await asyncio.wait({ahead})
        task = self._waiting.pop(key)  # from here on a newer one waits behind us and does not end us
        self._on_the_way[key] = task
        try:  # where it fails nothing has left: a cancel is journalled before its first byte
            answer = await retry_until_recorded(
                partial(self._answer_of, key),
                what=f"{key.call.name.lower()} of sale {key.sale_id}",
                every_s=JOURNAL_RETRY_S,
                pause=self._pause,
            )
        except UnknownSaleError:
            log.error("sale %s is gone from the journal", key.sale_id)
            return
        if answer is not None:
            await self._bring_back(key.sale_id, answer)

    async def _answer_of(self, key: _Key) -> Event | None:
        return await self._answer(key, await self._open_sales.find(key.sale_id))

    async def _pause(self, seconds: float) -> None:
        """Wait, unless `hurry` is called."""
        await set_within(self._hurry, seconds)

    def _done(self, key: _Key, task: asyncio.Task[None]) -> None:
        for tasks in (self._waiting, self._on_the_way):
            if tasks.get(key) is task:
                del tasks[key]
        if task.cancelled() or (error := task.exception()) is None:
            return
        log.critical("a call broke: %s of sale %s", key.call.name.lower(), key.sale_id, exc_info=error)
        self._beside(self._bring_back(key.sale_id, NoAnswer(at=self._clock.now(), call=key.call)))

    # --- beside -------------------------------------------------------------------------------------------------------

    async def _sign_again(self, sale: Sale) -> None:
        try:
            await self._commands.sign_again(sale)
        except (CommandRefusedError, JournalTransientError) as error:
            log.error("sale %s not tried again: %s", sale.number, error)

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._others.add(task)
        task.add_done_callback(self._others.discard)
        task.add_done_callback(report_if_broken)


def _takes_a_code(sale: Sale) -> bool:
    """Whether a shopper may still come back with a confirmation code (tap protocol §3)."""
    unsent = sale.state is SaleState.CANCELLING and sale.cancel is not None and not sale.cancel.sent
    return unsent and sale.intent.fragment_shown
