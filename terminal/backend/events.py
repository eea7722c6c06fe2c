# SPDX-License-Identifier: Apache-2.0
"""What the backend says by itself. Nobody signs an event: it is a hint to ask, and the signed answer counts.

Of a backend that signs its answers an `intent` or a `payment` names an intent to ask for, and nothing more; of one that
does not they become events of their sale, as before page 1.3. Documents are fetched, and alarms stand in the policy.
Source: backend API, *Events*.

Tests: tests/terminal/backend/test_events.py, tests/terminal/backend/test_events_as_hints.py.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol, TypeVar
from uuid import UUID

from offline_queue.port import JournalPort
from offline_queue.retries import retry_until_read, retry_until_recorded
from pengpos.backend_api.calls import UnusableAnswerError
from pengpos.backend_api.messages import AlarmMessage, IntentMessage, PaymentMessage, read_message
from pengpos.core.errors import MalformedError
from pengpos.core.events import Event, NoAnswer, StatusHeard
from pengpos.core.machine import step
from pengpos.core.machine.states import PAYABLE_STATES
from pengpos.core.sale import Sale, SaleState
from terminal.backend.answers import Answers
from terminal.device.recording import set_within
from terminal.sales.after_the_end import Asks, apply_checked
from terminal.sales.open_sales import OpenSales

log = logging.getLogger(__name__)

JOURNAL_RETRY_S = 2.0
OWN_ANSWER_S = 0.25  # that of a call of ours says the same, and comes at the same moment
DRAINERS_ANSWER_S = 2.0  # it comes for two hundred payments at once, and each has an event
HINTED_MOST = 64
LOOKS_AT_ONCE = 20
LOOK_EVERY_S = 1.0
AGAIN_FIRST_S, AGAIN_MOST_S = 1.0, 60.0
PACES_KEPT = 256

Told = IntentMessage | PaymentMessage
M = TypeVar("M", AlarmMessage, IntentMessage, PaymentMessage)


class Looks(Asks, Protocol):
    """What this asks of the gateway."""

    async def look_up(self, intent_id: UUID) -> IntentMessage | None:
        """GET an intent; None: the backend never heard of it. Raises UnusableAnswerError."""


class Hints:
    """Of which intents events have come, and when each may be asked for: events cost who sends them nothing.

    An intent is asked for once, however many events name it, and while the answers bring no news after `AGAIN_FIRST_S`,
    doubled up to `AGAIN_MOST_S`; all together `LOOKS_AT_ONCE` times at once, and then every `LOOK_EVERY_S`. Seconds are
    of any clock that only rises.
    """

    def __init__(self) -> None:
        self._not_before_s: dict[UUID, float] = {}
        self._paces: dict[UUID, tuple[float, float]] = {}
        """By intent: when it may be asked for again, and after how long."""
        self._spent_until_s = 0.0

    def __len__(self) -> int:
        return len(self._not_before_s)

    def add(self, intent_id: UUID, now_s: float, after_s: float = 0.0) -> None:
        """An event has named it."""
        again_s, _ = self._paces.get(intent_id, (now_s, 0.0))
        self._not_before_s.setdefault(intent_id, max(now_s + after_s, again_s))

    def first(self, now_s: float) -> tuple[UUID, float] | None:
        """The one to ask for first, and in how many seconds; None: no event waits."""
        if not self._not_before_s:
            return None
        intent_id = min(self._not_before_s, key=self._not_before_s.__getitem__)
        free_s = self._spent_until_s - (LOOKS_AT_ONCE - 1) * LOOK_EVERY_S
        return intent_id, max(0.0, self._not_before_s[intent_id] - now_s, free_s - now_s)

    def drop(self, intent_id: UUID) -> None:
        """It is asked for now, or need not be."""
        self._not_before_s.pop(intent_id, None)

    def asked(self, intent_id: UUID, now_s: float, *, news: bool) -> None:
        """It was asked for; `news`: the answer has changed its sale."""
        self._spent_until_s = max(self._spent_until_s, now_s) + LOOK_EVERY_S
        _, gap_s = self._paces.pop(intent_id, (0.0, 0.0))
        gap_s = 0.0 if news else min(AGAIN_MOST_S, gap_s * 2 or AGAIN_FIRST_S)
        self._paces[intent_id] = now_s + gap_s, gap_s
        if intent_id in self._not_before_s:
            self._not_before_s[intent_id] = max(self._not_before_s[intent_id], now_s + gap_s)
        if len(self._paces) > PACES_KEPT:
            del self._paces[next(iter(self._paces))]


class BackendEvents:
    """Takes the events that `Follower.follow` brings, and asks for what they name. Lives on the loop.

    `alarmed`: an alarm that nobody has signed; `documents_changed`: fetch the signed ones. Both return at once.
    """

    def __init__(
        self,
        *,
        open_sales: OpenSales,
        journal: JournalPort,
        backend: Looks,
        answers: Answers,
        signs_answers: Callable[[], bool],
        documents_changed: Callable[[], None],
        alarmed: Callable[[str], None],
    ) -> None:
        self._open_sales = open_sales
        self._journal = journal
        self._backend = backend
        self._answers = answers
        self._signs_answers = signs_answers
        self._documents_changed = documents_changed
        self._alarmed = alarmed
        self._hints = Hints()
        self._said: dict[UUID, dict[type[Told], Told]] = {}
        """Of the hinted intents, by kind: the last that was said, which only says whether it is worth a question."""
        self._looking = False
        self._hinted = asyncio.Event()
        self._room = asyncio.Event()

    @property
    def all_taken_in(self) -> bool:
        """Of no event so far the answer is still to come."""
        return not self._hints and not self._looking

    async def told(self, name: str, data: bytes) -> None:
        """One event; what we do not know is left alone, what is malformed is logged."""
        match name:
            case "intent":
                await self._about_intent(_read(data, IntentMessage))
            case "payment":
                await self._about_intent(_read(data, PaymentMessage))
            case "config" | "denylist" | "command":  # a command stands in the policy, under a signature
                self._documents_changed()
            case "alarm":
                if (alarm := _read(data, AlarmMessage)) is not None:
                    if not self._signs_answers():
                        self._alarmed(alarm.kind)
                    self._documents_changed()  # the policy names it, and then it is known as shown
            case _:
                log.debug("event %s left alone", name)

    async def _about_intent(self, message: Told | None) -> None:
        """Of a payment only its refunds and its due are news: the rest comes with the intent."""
        if message is None or (isinstance(message, PaymentMessage) and not _has_news(message)):
            return
        try:
            intent_id = UUID(message.intent_id or "")
        except ValueError:
            log.warning("an event that names no intent")
            return
        if intent_id in self._said:  # asked for soon
            self._said[intent_id][type(message)] = message
        elif (sale := await self._sale_of(intent_id)) is None:
            return
        elif self._signs_answers():
            if self._is_news(sale, intent_id, message):
                await self._hint(sale, intent_id, message)
        else:
            told = self._read_told(sale.as_of(intent_id), message)
            await self._apply(sale, [event for event in told if not isinstance(event, NoAnswer)])

    # --- asking -------------------------------------------------------------------------------------------------------

    async def ask_about_hints(self) -> None:
        """Ask for what events have named, one after the other, for ever."""
        while True:
            self._hinted.clear()
            first = self._hints.first(_now_s())
            if first is None:
                await self._hinted.wait()
            elif first[1] > 0:
                await set_within(self._hinted, first[1])
            else:
                await self._look(first[0])

    async def _hint(self, sale: Sale, intent_id: UUID, *messages: Told) -> None:
        """Have it asked for; while so many are, the stream is not read on."""
        while len(self._hints) >= HINTED_MOST:
            self._room.clear()
            await self._room.wait()
        self._said.setdefault(intent_id, {}).update({type(message): message for message in messages})
        self._hints.add(intent_id, _now_s(), _after_s(sale))
        self._hinted.set()

    async def _look(self, intent_id: UUID) -> None:
        self._hints.drop(intent_id)
        said, self._looking = self._said.pop(intent_id, {}).values(), True
        try:
            sale = await self._sale_of(intent_id)
            if sale is None or not any(self._is_news(sale, intent_id, message) for message in said):
                return
            news = False
            try:
                found = await self._backend.look_up(intent_id)
            except UnusableAnswerError as error:
                log.info("sale %s: what its event says is not known: %s", sale.number, error)
                newer = self._said.get(intent_id, {})  # said while it was asked
                self._said[intent_id] = {type(message): message for message in said} | newer
                self._hints.add(intent_id, _now_s())
            else:
                news = found is not None and await self._take_in(sale, intent_id, found)
            self._hints.asked(intent_id, _now_s(), news=news)
        finally:
            self._looking = False
            self._room.set()

    async def _take_in(self, asked: Sale, intent_id: UUID, found: IntentMessage) -> bool:
        """What the answer says, signed, is as if an event had said it; whether it has changed the sale."""
        sale = await self._open_sales.find(asked.sale_id)
        status, *_ = self._read_told(sale.as_of(intent_id), found)
        if isinstance(status, NoAnswer):
            return False
        if isinstance(status, StatusHeard):
            status = replace(status, steps_when_asked=len(asked.history))
        behind = [] if found.payment is None else self._read_told(sale.as_of(intent_id), found.payment)
        await self._apply(sale, [status, *behind])
        return _but_for_tries(await self._open_sales.find(sale.sale_id)) != _but_for_tries(sale)

    def _is_news(self, sale: Sale, intent_id: UUID, message: Told) -> bool:
        """Whether it would change the sale if it were true: most say again what the answer to a call of ours has said.

        What cannot be read may be.
        """
        told = self._read_told(sale.as_of(intent_id), message)
        return any(isinstance(event, NoAnswer) or step(sale, event) != (sale, ()) for event in told)

    # --- reading ------------------------------------------------------------------------------------------------------

    def _read_told(self, sale: Sale, message: Told) -> list[Event]:
        match message:
            case IntentMessage():
                return [self._answers.intent_status(sale, message)]
            case PaymentMessage():
                return [*self._answers.refunds_told(sale, message), *self._answers.due_told(message)]

    async def _apply(self, sale: Sale, events: list[Event]) -> None:
        """It is not sent again: while the journal takes nothing, it is held and tried again."""
        for event in events:
            await retry_until_recorded(
                partial(apply_checked, self._open_sales, self._backend, sale.sale_id, event),
                what=f"what the backend says of sale {sale.number}",
                every_s=JOURNAL_RETRY_S,
            )

    async def _sale_of(self, intent_id: UUID) -> Sale | None:
        """Also one long over: it may have been paid after all, or its refund may have failed."""
        for sale in self._open_sales.sales:
            if any(intent.intent_id == intent_id for intent in sale.intents):
                return sale
        return await retry_until_read(
            partial(asyncio.to_thread, self._journal.sale_by_intent, intent_id),
            what=f"the sale of intent {intent_id}",
            every_s=JOURNAL_RETRY_S,
        )


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _after_s(sale: Sale) -> float:
    if sale.state is SaleState.FORWARDING:
        return DRAINERS_ANSWER_S
    return 0.0 if sale.state in PAYABLE_STATES else OWN_ANSWER_S


def _but_for_tries(sale: Sale) -> Sale:
    return replace(sale, attempts=0, retry_at=None)


def _has_news(payment: PaymentMessage) -> bool:
    return bool(payment.refunds) or bytes(payment.due) != b"null"


def _read(data: bytes, kind: type[M]) -> M | None:
    try:
        return read_message(data, kind)
    except MalformedError as error:
        log.warning("an event that is none: %s", error)
        return None
