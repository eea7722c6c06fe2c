# SPDX-License-Identifier: Apache-2.0
"""The hands of a cashier and of shoppers, as a journey moves them. What they do may be said twice: it is done once."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from pengpos.client import DayReport, SaleView, Status
from sandbox.phone.phone import VirtualPhone
from tests.faults.play import OVER, REFUND_ENDS, GaveUpError, Play
from tests.faults.world import CURRENCY
from tests.support.in_loop import InLoop

PATIENCE_S = 40
TAPS_MOST = 8
LIFE_S = 130
"""Longer than an intent lives."""
WAITING = frozenset({"signed", "presented"})
DECIDED = OVER | {"unknown", "accepted_offline", "pending", "reversing", "cancelling"}


@dataclass(frozen=True, slots=True)
class Hands:
    """See the module."""

    play: Play

    def phone(self, number: int = 0) -> VirtualPhone:
        """One of the shoppers' phones."""
        return self.play.phones[number]

    def let_time_pass(self, seconds: int) -> None:
        """Nobody does anything; the backend's own doings become due."""
        self.play.leap(seconds)
        self.play.world.sweep()

    async def wait_a_second(self) -> None:
        """Nobody does anything, and what becomes due is done when it is."""
        await asyncio.sleep(1)

    async def good_morning(self) -> None:
        """The terminal has greeted its backend."""
        await asyncio.sleep(0.2)

    # --- the link -----------------------------------------------------------------------------------------------------

    async def cut_link(self) -> None:
        """Cut it, and wait until the terminal has noticed. Raises GaveUpError."""
        self.play.road.cut()
        if not await self.it_shows(lambda status: not status.link.online):
            raise GaveUpError("the terminal does not notice that the link is cut")

    async def it_shows(self, wanted: Callable[[Status], bool]) -> bool:
        """Wait as long as a cashier does until the terminal as a whole shows something; whether it came to be."""
        for _ in range(PATIENCE_S * 4):
            if wanted(await self.play.status()):
                return True
            await asyncio.sleep(0.5)
        return False

    # --- the till -----------------------------------------------------------------------------------------------------

    async def charge(self, key: str, amount: int, **more: object) -> SaleView:
        """Confirm an amount; the till says it again under the same key until it is answered. Raises GaveUpError."""
        sale = await self.try_to_charge(key, amount, **more)
        if sale is None:
            raise GaveUpError("it must not sell")
        return sale

    async def try_to_charge(self, key: str, amount: int, **more: object) -> SaleView | None:
        """The same where it may have been told not to sell; None: it says so. Raises GaveUpError."""
        body = {"idempotency_key": key, "amount": amount, "currency": CURRENCY, "reference": key} | more
        for _ in range(PATIENCE_S):
            answer = await self.play.call("POST", "/v1/sales", body)
            if answer.is_success:
                sale = msgspec.json.decode(answer.content, type=SaleView)
                self.play.witness.acknowledged(key, sale)
                return sale
            if answer.status_code == httpx.codes.FORBIDDEN:
                return None
            await asyncio.sleep(1)
        raise GaveUpError(f"no sale: {answer.status_code} {answer.text}")

    async def look_at(self, sale: SaleView) -> SaleView:
        """The sale as it is shown now.

        An answer that was under way while the terminal told of the sale by itself is not held against that: which of
        the two a person sees first is not the terminal's doing.
        """
        witness = self.play.witness
        asked = len(witness.seen)
        seen = msgspec.convert(await self.play.ask(f"/v1/sales/{sale.id}"), SaleView)
        if all(view.id != sale.id for view in witness.seen[asked:]):
            witness.saw_sale(seen)
        return seen

    async def press(self, sale: SaleView, button: str, body: object = None) -> httpx.Response:
        """Press a button of a sale; again while the terminal cannot do it, not if it must not."""
        for _ in range(PATIENCE_S):
            answer = await self.play.call("POST", f"/v1/sales/{sale.id}/{button}", body or {})
            if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                return answer
            await asyncio.sleep(1)
        return answer

    async def cancel(self, sale: SaleView) -> None:
        """Give it up."""
        self.play.witness.given_up.add(sale.id)
        await self.press(sale, "cancel", {"reason": "customer"})

    async def until(self, sale: SaleView, states: Collection[str] = OVER) -> SaleView:
        """Wait until a sale is in one of these states, or over, as long as a cashier does; what it is then."""
        for _ in range(PATIENCE_S * 4):
            sale = await self.look_at(sale)
            if sale.state in states or sale.state in OVER:
                break
            await asyncio.sleep(0.25)
        return sale

    async def refund(self, sale: SaleView, key: str, amount: int | None = None) -> None:
        """Give all or a part back, and wait for it."""
        body = {"idempotency_key": key, "reason": "returned"} | ({"amount": amount} if amount else {})
        answer = await self.press(sale, "refunds", body)
        if answer.is_success:
            self.play.witness.refunds[key] = sale.id
        for _ in range(PATIENCE_S):
            if all(refund.state in REFUND_ENDS for refund in (await self.look_at(sale)).refunds):
                return
            await asyncio.sleep(0.25)

    async def close_day(self) -> None:
        """The backend runs its settlement, the cashier closes the day."""
        day = (await self.play.status()).day
        assert day is not None
        await self.at_backend("POST", f"/admin/v1/settlements/{day.date}", self.play.world.backend.admin_token)
        for _ in range(PATIENCE_S):
            answer = await self.play.call("POST", "/v1/day/close", {"date": day.date})
            if answer.is_success:
                report = msgspec.json.decode(answer.content, type=DayReport)
                self.play.witness.differences |= {one.number for one in report.differences}
                return
            await asyncio.sleep(1)

    # --- the field ----------------------------------------------------------------------------------------------------

    async def see_empty_field(self) -> None:
        """Nobody is at the reader."""
        self.play.reader.take_away()
        await self.play.life.look()
        await asyncio.sleep(0.05)

    async def tap(self, sale: SaleView, phone: VirtualPhone, times: int = TAPS_MOST) -> SaleView:
        """Hold a phone to the reader until the sale waits for none any more, as often as a shopper does.

        If it comes to nothing, the shopper leaves and the sale's life runs out, unless there is only one try.
        """
        for _ in range(times):
            await self.see_empty_field()
            sale = await self.look_at(sale)
            if sale.state not in WAITING or self.play.shoppers_are_gone:
                break
            if sale.state == "presented":
                self.play.reader.bring(phone)
                for _ in range(2):
                    await self.play.life.look()
                    await asyncio.sleep(0.05)
            await asyncio.sleep(0.5)
        await self.see_empty_field()
        sale = await self.look_at(sale)
        self.play.look_at_promises(phone)
        if times < TAPS_MOST:
            return sale
        if sale.state in WAITING:
            self.play.leap(LIFE_S)
            await asyncio.sleep(1)
        return await self.until(sale, DECIDED)

    # --- by tag and QR ------------------------------------------------------------------------------------------------

    async def see_url(self, sale: SaleView) -> SaleView:
        """Wait until the sale's URL is on the screen, or the sale waits for nobody any more."""
        for _ in range(PATIENCE_S * 2):
            sale = await self.look_at(sale)
            if sale.state not in WAITING or sale.url is not None:
                return sale
            await asyncio.sleep(0.5)
        self.play.witness.waits_in_vain += 1
        return sale

    async def pay_by_page(self, sale: SaleView, phone: VirtualPhone) -> str | None:
        """A phone follows the URL and pays, if the intent may still be paid; the code it shows, if it shows one."""
        intent_id = sale.intents[-1].intent_id
        _, _, presentation = (sale.url or "").partition("#")
        body = {"presentation": presentation} if presentation else {}
        claimed = await self._at_page("claim", intent_id, phone, body)
        if not claimed.is_success:
            return None
        self.play.witness.paid_by_page.add(intent_id)
        paid = await self._at_page("pay", intent_id, phone, body)
        code = paid.json().get("confirmation_code") if paid.is_success else None
        return str(code) if code else None

    async def release(self, sale: SaleView, phone: VirtualPhone) -> None:
        """The phone's owner thinks better of it."""
        await self._at_page("release", sale.intents[-1].intent_id, phone, {})

    async def claim(self, sale: SaleView, phone: VirtualPhone) -> bool:
        """A phone follows the URL; true if the sale is its own to pay."""
        return (await self._at_page("claim", sale.intents[-1].intent_id, phone, {})).is_success

    async def _at_page(self, what: str, intent_id: str, phone: VirtualPhone, body: dict[str, str]) -> httpx.Response:
        token = phone.store.note("token") or ""
        return await self.at_backend("POST", f"/wallet/v1/intents/{intent_id}/{what}", token, body)

    async def at_backend(
        self, method: str, path: str, token: str, body: dict[str, Any] | None = None
    ) -> httpx.Response:
        """Somebody else's call, by a road of their own."""
        world, headers = self.play.world, {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(transport=InLoop(world.app), base_url=world.backend.origin) as client:
            return await client.request(method, path, headers=headers, json=body or {})
