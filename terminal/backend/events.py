# SPDX-License-Identifier: Apache-2.0
"""What the backend says by itself: `intent` and `payment` events become events of their sale, documents are fetched,
and its alarms about this terminal are shown to the shop.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar
from uuid import UUID

from offline_queue.port import JournalPort
from offline_queue.retries import retry_until_read, retry_until_recorded
from pengpos.backend_api.messages import AlarmMessage, IntentMessage, PaymentMessage, read_message
from pengpos.core.errors import MalformedError
from pengpos.core.events import Event, NoAnswer
from pengpos.core.sale import Sale
from terminal.backend.answers import Answers
from terminal.sales.after_the_end import Asks, apply_checked
from terminal.sales.open_sales import OpenSales

log = logging.getLogger(__name__)

JOURNAL_RETRY_S = 2.0

M = TypeVar("M", AlarmMessage, IntentMessage, PaymentMessage)


class BackendEvents:
    """Takes the events that `Follower.follow` brings. Lives on the loop; its callbacks return at once."""

    def __init__(
        self,
        *,
        open_sales: OpenSales,
        journal: JournalPort,
        backend: Asks,
        answers: Answers,
        documents_changed: Callable[[], None],
        alarmed: Callable[[str], None],
    ) -> None:
        self._open_sales = open_sales
        self._journal = journal
        self._backend = backend
        self._answers = answers
        self._documents_changed = documents_changed
        self._alarmed = alarmed

    async def told(self, name: str, data: bytes) -> None:
        """One event; what we do not know is left alone, what is malformed is logged."""
        match name:
            case "intent":
                await self._intent(data)
            case "payment":
                await self._payment(data)
            case "config" | "denylist" | "command":  # a command stands in the policy, under a signature
                self._documents_changed()
            case "alarm":
                if (alarm := _read(data, AlarmMessage)) is not None:
                    self._alarmed(alarm.kind)
                    self._documents_changed()  # the policy names it, too, and then it is known as shown
            case _:
                log.debug("event %s left alone", name)

    async def _intent(self, data: bytes) -> None:
        message = _read(data, IntentMessage)
        if message is None or (sale := await self._sale_of(message)) is None:
            return
        event = self._answers.intent_status(sale.as_of(UUID(message.intent_id)), message)
        if not isinstance(event, NoAnswer):
            await self._apply(sale, [event])

    async def _payment(self, data: bytes) -> None:
        """Of a payment only its refunds and its due are news: the rest comes with the intent."""
        message = _read(data, PaymentMessage)
        if message is None:
            return
        due = self._answers.due_told(message)
        if not due and not message.refunds:
            return
        sale = await self._sale_of(message)
        if sale is None:
            return
        refunds = self._answers.refunds_told(sale.as_of(UUID(message.intent_id or "")), message)
        if news := [*refunds, *due]:
            await self._apply(sale, news)

    async def _apply(self, sale: Sale, events: list[Event]) -> None:
        """It is not sent again: while the journal takes nothing, it is held and tried again."""
        for event in events:
            await retry_until_recorded(
                partial(apply_checked, self._open_sales, self._backend, sale.sale_id, event),
                what=f"what the backend says of sale {sale.number}",
                every_s=JOURNAL_RETRY_S,
            )

    async def _sale_of(self, message: IntentMessage | PaymentMessage) -> Sale | None:
        """Also one long over: it may have been paid after all, or its refund may have failed."""
        try:
            intent_id = UUID(message.intent_id or "")
        except ValueError:
            log.warning("an event that names no intent")
            return None
        for sale in self._open_sales.sales:
            if any(intent.intent_id == intent_id for intent in sale.intents):
                return sale
        return await retry_until_read(
            partial(asyncio.to_thread, self._journal.sale_by_intent, intent_id),
            what=f"the sale of intent {intent_id}",
            every_s=JOURNAL_RETRY_S,
        )


def _read(data: bytes, kind: type[M]) -> M | None:
    try:
        return read_message(data, kind)
    except MalformedError as error:
        log.warning("an event that is none: %s", error)
        return None
