# SPDX-License-Identifier: Apache-2.0
"""What others do from elsewhere: the operator, a program with a copy of the device's key, a shopper's own phone.

Their calls take a road of their own, which no fault befalls. What is said twice is done once.
"""

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID, uuid5

import httpx
import msgspec

from pengpos.client import SaleView, Status
from pengpos.keys.file import FileKey
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.objects.authorisation import Funding
from sandbox.backend.people import accounts
from sandbox.phone.phone import VirtualPhone
from tests.faults.hands import PATIENCE_S, Hands
from tests.faults.world import CURRENCY
from tests.support.in_loop import InLoop
from tests.support.request_signing import Signing

FRESH_MONEY = 900_00


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever holds the operator's token."""

    hands: Hands

    async def revoke(self) -> None:
        """For good."""
        self.hands.play.witness.ordered = "revoked"
        await self._order("POST", "revoke")

    async def lock(self) -> None:
        """Until it is unlocked."""
        self.hands.play.witness.ordered = "locked"
        await self._order("POST", "commands", {"command": "lock"})

    async def unlock(self) -> None:
        """It may sell again."""
        self.hands.play.witness.unlocks += 1
        self.hands.play.witness.ordered = "active"
        await self._order("POST", "commands", {"command": "unlock"})

    async def cap(self, per_payment: int) -> None:
        """Let the terminal accept so much offline in one payment."""
        await self._order("PUT", "settings", {"risk": {"per_payment": per_payment}})

    async def approve(self, sale: SaleView) -> None:
        """Say yes to a payment that is held, once it has come."""
        path = f"/admin/v1/payments/{sale.intents[-1].intent_id}/review"
        for _ in range(PATIENCE_S):
            if (await self._call("POST", path, {"approve": True})).is_success:
                return
            await asyncio.sleep(1)

    async def is_obeyed(self, standing: str) -> bool:
        """Wait until the terminal shows that it obeys; one whose clock is wrong, say, has heard of nothing yet."""

        def shown(status: Status) -> bool:
            return status.terminal is not None and status.terminal.standing == standing

        return await self.hands.it_shows(shown)

    async def _order(self, method: str, what: str, body: dict[str, Any] | None = None) -> None:
        play = self.hands.play
        play.documents_stand = False
        terminal_id = msgspec.json.decode(play.home.enrolment.read_bytes())["terminal_id"]
        (await self._call(method, f"/admin/v1/terminals/{terminal_id}/{what}", body)).raise_for_status()

    async def _call(self, method: str, path: str, body: dict[str, Any] | None) -> httpx.Response:
        return await self.hands.at_backend(method, path, self.hands.play.world.backend.admin_token, body)


@dataclass(frozen=True, slots=True)
class Copier:
    """A program elsewhere that has the device's key, and saw the sale."""

    hands: Hands

    async def refund(self, sale: SaleView, amount: int) -> None:
        """Give a part back."""
        intent_id = sale.intents[-1].intent_id
        refund_id = str(uuid5(UUID(intent_id), "mine now"))
        body = {"refund_id": refund_id, "amount": amount, "reason": "mine now"}
        if (await self._call(f"/v1/payments/{intent_id}/refunds", body)).is_success:
            self.hands.play.witness.elsewhere[refund_id] = sale.id

    async def cancel(self, sale: SaleView) -> None:
        """Give all of it back."""
        intent_id = sale.intents[-1].intent_id
        stored = self.hands.play.life.on_the_card(UUID(intent_id))
        body = {"presentation": b64u(stored.intent.presentation), "reason": "merchant"}
        if (await self._call(f"/v1/intents/{intent_id}/cancel", body)).is_success:
            self.hands.play.witness.elsewhere[intent_id] = sale.id

    async def _call(self, path: str, body: dict[str, Any]) -> httpx.Response:
        world, home = self.hands.play.world, self.hands.play.home
        key = SoftwareKey(FileKey.load(home.device_key).private)
        async with httpx.AsyncClient(transport=InLoop(world.app), base_url=world.backend.origin) as client:
            request = client.build_request("POST", path, json=body)
            Signing(signer=key, created=world.time.now()).apply(request)
            return await client.send(request)


@dataclass(frozen=True, slots=True)
class Shopper:
    """The owner of a phone, who does something with it."""

    hands: Hands
    phone: VirtualPhone

    def pay_with(self, funding: Funding) -> None:
        """From now on, whenever this phone is held to a reader."""
        self.phone.owner = replace(self.phone.owner, funding=funding)

    async def fill_purse(self, amount: int) -> None:
        """Have a purse, and put money of one's own into it."""
        purses = (await self._call("GET", "purses")).json()["purses"]
        purse = purses[0] if purses else (await self._call("POST", "purses", {"name": "周末"})).json()
        body = {"amount": amount, "currency": CURRENCY}
        (await self._call("POST", f"purses/{purse['purse_id']}/deposits", body)).raise_for_status()

    async def spend_all(self) -> None:
        """All that is free goes into a purse."""
        held = (await self._call("GET", "balance")).json()
        if held["available"] > 0:
            await self.fill_purse(held["available"])

    def earn(self) -> None:
        """As if it were pay day."""
        backend = self.hands.play.world.backend
        assert self.phone.account_id is not None
        given = partial(accounts.top_up, account_id=self.phone.account_id, amount_minor=FRESH_MONEY, currency=CURRENCY)
        backend.db.write(partial(given, now=backend.clock.now()))

    async def ask(self, friend: VirtualPhone, sale: SaleView) -> None:
        """Ask a friend to pay what one holds by a tap, or has claimed."""
        body = {"intent_id": sale.intents[-1].intent_id, "friend_id": friend.account_id}
        await self._call("POST", "payment-requests", body)

    async def answer(self, sale: SaleView, answer: str) -> None:
        """Answer a friend who asks for that: accept or refuse."""
        asked = (await self._call("GET", "payment-requests")).json()["payment_requests"]
        for one in asked:
            if one["intent_id"] == sale.intents[-1].intent_id and one["state"] == "open":
                await self._call("POST", f"payment-requests/{one['request_id']}/{answer}")

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        token = self.phone.store.note("token") or ""
        return await self.hands.at_backend(method, f"/wallet/v1/{path}", token, body)
