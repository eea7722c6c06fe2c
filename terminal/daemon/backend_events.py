# SPDX-License-Identifier: Apache-2.0
"""What the backend says by itself: `intent` and `payment` events become events of their sale, documents are fetched."""

import logging
from uuid import UUID

import msgspec

from terminal.core.errors import JournalFullError
from terminal.core.events import NoAnswer
from terminal.core.sale import Sale
from terminal.daemon.desk import Desk
from terminal.daemon.upkeep import Upkeep
from terminal.gateway.backend import BackendGateway
from terminal.gateway.messages import IntentMessage

log = logging.getLogger(__name__)


class BackendEvents:
    """Takes the events that `Link.follow` brings. Lives on the loop."""

    def __init__(self, *, desk: Desk, backend: BackendGateway, upkeep: Upkeep) -> None:
        self._desk = desk
        self._backend = backend
        self._upkeep = upkeep

    async def told(self, name: str, data: bytes) -> None:
        """One event; what we do not know is left alone, what is malformed is logged."""
        match name:
            case "intent":
                await self._intent(data)
            case "config" | "denylist":
                await self._upkeep.refresh()
            case _:
                log.debug("event %s left alone", name)

    async def _intent(self, data: bytes) -> None:
        try:
            message = msgspec.json.decode(data, type=IntentMessage)
            intent_id = UUID(message.intent_id or "")
        except (msgspec.DecodeError, ValueError) as error:
            log.warning("an event that is none: %s", error)
            return
        sale = self._sale_of(intent_id)
        if sale is None:
            return
        event = self._backend.intent_status(sale, message)
        if isinstance(event, NoAnswer):
            return
        try:
            await self._desk.apply(sale.sale_id, event)
        except JournalFullError as error:
            log.error("event about sale %s not recorded: %s", sale.number, error)

    def _sale_of(self, intent_id: UUID) -> Sale | None:
        return next((sale for sale in self._desk.sales if sale.intent.intent_id == intent_id), None)
