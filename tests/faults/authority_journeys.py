# SPDX-License-Identifier: Apache-2.0
"""Journeys in which others have a say: the operator, a copied key, a shopper's purse, a friend, a proxy on the way."""

import asyncio
from typing import Any

from pengpos.client import SaleView
from pengpos.wire.objects.authorisation import Funding
from tests.faults.afar import Copier, Operator, Shopper
from tests.faults.hands import PATIENCE_S, Hands
from tests.faults.play import OVER
from tests.faults.world import CURRENCY


async def revoked_in_mid_sale(hands: Hands) -> None:
    """Revoked while it waits for a phone: the sale ends, the next is refused, also without a link."""
    await hands.good_morning()
    begun, operator = await hands.try_to_charge("a", 1_80), Operator(hands)
    await operator.revoke()
    await _sells_no_more(hands, begun, "revoked")


async def revoked_while_no_event_comes(hands: Hands) -> None:
    """The same, and a proxy holds the event stream back."""
    await hands.good_morning()
    hands.play.road.hold_events_back()
    begun, operator = await hands.try_to_charge("a", 1_80), Operator(hands)
    await operator.revoke()
    await _sells_no_more(hands, begun, "revoked")


async def locked_and_unlocked(hands: Hands) -> None:
    """Sold, locked in mid-sale, unlocked, sold again."""
    await hands.good_morning()
    operator = Operator(hands)
    begun = await hands.try_to_charge("a", 1_80)
    await operator.lock()
    await _sells_no_more(hands, begun, "locked")
    hands.play.road.mend()
    await operator.unlock()
    if await operator.is_obeyed("active"):
        await hands.tap(await hands.charge("d", 1_90), hands.phone())


async def _sells_no_more(hands: Hands, begun: SaleView | None, standing: str) -> None:
    if not await Operator(hands).is_obeyed(standing):
        return
    if begun is not None:
        await hands.tap(begun, hands.phone(), times=1)
        await hands.until(begun)
    await _try_to_sell(hands, "b")
    hands.play.road.cut()
    await asyncio.sleep(3)
    await _try_to_sell(hands, "c")


async def _try_to_sell(hands: Hands, key: str) -> None:
    if (sale := await hands.try_to_charge(key, 2_30)) is not None:
        await hands.tap(sale, hands.phone())


async def revoked_while_it_was_offline(hands: Hands) -> None:
    """Stored before it could know: delivered, held for a person, approved."""
    await hands.good_morning()
    operator = Operator(hands)
    await hands.cut_link()
    if (begun := await hands.try_to_charge("a", 2_30)) is None:
        return
    begun = await hands.tap(begun, hands.phone())
    await operator.revoke()
    hands.play.road.mend()
    if await operator.is_obeyed("revoked") and begun.state not in OVER:
        await operator.approve(begun)
        await hands.until(begun)


async def cap_lowered(hands: Hands) -> None:
    """The policy lets in less: what is over it is not taken offline, what is under it is."""
    await hands.good_morning()
    await Operator(hands).cap(2_00)
    await hands.it_shows(lambda status: status.queue.caps is not None and status.queue.caps.per_payment == 2_00)
    await hands.cut_link()
    begun = await hands.charge("a", 2_30)
    await hands.tap(begun, hands.phone(), times=1)
    await hands.cancel(begun)
    await hands.tap(await hands.charge("b", 1_50), hands.phone())
    hands.play.road.mend()
    await hands.until(begun)


async def refunded_elsewhere(hands: Hands) -> None:
    """A copy of the key gives a part back: the sale and an alarm say so."""
    await hands.good_morning()
    begun = await hands.charge("a", 1_80)
    if (await hands.tap(begun, hands.phone())).state in OVER:
        await Copier(hands).refund(begun, 80)
        await _until_noticed(hands, begun)


async def cancelled_elsewhere(hands: Hands) -> None:
    """A copy of the key cancels what was paid."""
    await hands.good_morning()
    begun = await hands.charge("a", 1_80)
    if (await hands.tap(begun, hands.phone())).state in OVER:
        await Copier(hands).cancel(begun)
        await _until_noticed(hands, begun)


async def _until_noticed(hands: Hands, sale: SaleView) -> None:
    """By an event, else, where the terminal was dead when it was told, by the day's close."""
    for _ in range(PATIENCE_S):
        seen = await hands.look_at(sale)
        if seen.refunds or seen.state == "reversed":
            return
        await asyncio.sleep(0.5)
    await hands.close_day()


async def paid_from_a_purse(hands: Hands) -> None:
    """A tap with funding 1, and all of it back into the purse."""
    await hands.good_morning()
    shopper = Shopper(hands, hands.phone())
    shopper.pay_with(Funding.SHARED_PURSE)
    await shopper.fill_purse(10_00)
    begun = await hands.charge("a", 1_80)
    if (await hands.tap(begun, hands.phone())).state in OVER:
        await hands.refund(begun, "r")


async def no_purse_offline(hands: Hands) -> None:
    """Offline a purse pays nothing; another shopper does, of money set aside."""
    await hands.good_morning()
    shopper = Shopper(hands, hands.phone())
    shopper.pay_with(Funding.SHARED_PURSE)
    await shopper.fill_purse(10_00)
    await hands.cut_link()
    begun = await hands.charge("a", 2_30)
    await hands.tap(begun, hands.phone(), times=1)
    await hands.tap(begun, hands.phone(1))


async def spent_meanwhile(hands: Hands) -> None:
    """Stored; before it is sent the shopper spends all that is free: the promise is paid all the same."""
    await hands.good_morning()
    shopper = Shopper(hands, hands.phone())
    await hands.cut_link()
    begun = await hands.charge("a", 2_30)
    await hands.tap(begun, hands.phone())
    await shopper.spend_all()
    hands.play.road.mend()
    await hands.until(begun)
    shopper.earn()


async def a_friend_pays(hands: Hands) -> None:
    """A tap with funding 2 (代付): held until a friend has paid."""
    await _asks_a_friend(hands, "accept")


async def a_friend_refuses(hands: Hands) -> None:
    """The same, and the friend will not."""
    await _asks_a_friend(hands, "refuse")


async def _asks_a_friend(hands: Hands, answer: str) -> None:
    await hands.good_morning()
    shopper, friend = Shopper(hands, hands.phone()), Shopper(hands, hands.phone(1))
    shopper.pay_with(Funding.FRIEND)
    begun = await hands.charge("a", 1_80)
    await hands.tap(begun, shopper.phone)
    await shopper.ask(friend.phone, begun)
    await friend.answer(begun, answer)
    await hands.until(begun)


async def a_friend_pays_what_was_claimed(hands: Hands) -> None:
    """Claimed by the page, parked, and a friend pays."""
    await hands.good_morning()
    shopper, friend = Shopper(hands, hands.phone()), Shopper(hands, hands.phone(1))
    begun = await hands.see_url(await hands.charge("a", 1_80))
    if await hands.claim(begun, shopper.phone):
        hands.play.witness.paid_by_page.add(begun.intents[-1].intent_id)
        await hands.until(begun, {"pending"})
        await hands.press(begun, "park")
        await shopper.ask(friend.phone, begun)
        await friend.answer(begun, "accept")
    await hands.until(begun)


async def a_tls_end_says_no(hands: Hands) -> None:
    """Somebody on the way answers the payment with a no of their own; the backend has taken the money."""
    await hands.good_morning()
    begun = await hands.charge("a", 1_80)
    await hands.see_empty_field()
    hands.play.road.deny()
    await hands.tap(begun, hands.phone())
    hands.play.road.mend()
    await hands.until(begun)


async def a_tls_end_says_no_at_sync(hands: Hands) -> None:
    """The same to what was stored."""
    await hands.good_morning()
    await hands.cut_link()
    begun = await hands.charge("a", 2_30)
    await hands.tap(begun, hands.phone())
    hands.play.road.mend()
    hands.play.road.deny()
    await asyncio.sleep(5)
    hands.play.road.mend()
    await hands.until(begun)


async def a_tls_end_plays_an_approval_back(hands: Hands) -> None:
    """It keeps the approval, and gives it to the cancel that has given the money back."""
    await hands.good_morning()
    begun = await hands.charge("a", 1_80)
    await hands.see_empty_field()
    hands.play.road.play_back()
    await hands.tap(begun, hands.phone())
    await hands.cancel(begun)
    await asyncio.sleep(5)
    hands.play.road.mend()
    await hands.until(begun)


async def an_event_is_invented(hands: Hands) -> None:
    """Somebody on the way says by an event that a due was paid, and that a payment is held which nobody began."""
    await hands.good_morning()
    await hands.cut_link()
    begun = await hands.charge("a", 2_23)
    await hands.tap(begun, hands.phone())
    hands.play.road.mend()
    seen = await hands.until(begun)
    if seen.state == "declined_at_sync":
        paid = {"state": "paid", "amount": 2_23}
        await _invent(hands, seen, "payment", {"status": "declined", "code": "insufficient_funds", "due": paid})
    begun = await hands.see_url(await hands.charge("b", 1_80))
    await _invent(hands, begun, "intent", {"status": "held", "amount": 1_80, "currency": CURRENCY})
    await hands.tap(begun, hands.phone())


async def _invent(hands: Hands, sale: SaleView, name: str, data: dict[str, Any]) -> None:
    road = hands.play.road
    road.invent(name, {"intent_id": sale.intents[-1].intent_id, **data})
    for _ in range(PATIENCE_S):
        if road.invented_is_heard:
            break
        await asyncio.sleep(1)
    await asyncio.sleep(2)
