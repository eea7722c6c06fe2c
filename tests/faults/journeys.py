# SPDX-License-Identifier: Apache-2.0
"""The journeys as a table: what a cashier and shoppers do, and how it ends when nothing goes wrong.

Each begins again from its first line after a death, so each line says what is wanted, not what was done. The last two
digits of an amount choose what the backend does (backend API, "Money for testing").
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sandbox.phone.field.manners import Honest, TornInReply
from tests.faults import authority_journeys as others
from tests.faults.hands import LIFE_S, Hands
from tests.faults.play import OVER

Journey = Callable[[Hands], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Row:
    """One journey. `ends`: how its sales end when nothing goes wrong, in the order in which they were begun."""

    name: str
    journey: Journey
    ends: Sequence[str]
    phones: int = 1
    shoppers_stay: bool = True

    def __str__(self) -> str:
        return self.name


async def sale(hands: Hands) -> None:
    """A tap, online."""
    await hands.good_morning()
    await hands.tap(await hands.charge("a", 1_80), hands.phone())


async def sale_by_reader_only(hands: Hands) -> None:
    """A tap, online, of an intent that no page knows: of this one the backend hears with the payment only."""
    await hands.good_morning()
    await hands.tap(await hands.charge("a", 1_80, ways=["reader"]), hands.phone())


async def decline(hands: Hands) -> None:
    """The backend says no."""
    await hands.good_morning()
    await hands.tap(await hands.charge("a", 5_05), hands.phone())


async def torn(hands: Hands) -> None:
    """The phone is torn away in the middle of its reply, and tapped again."""
    await hands.good_morning()
    begun, phone = await hands.charge("a", 1_80), hands.phone()
    phone.manner = TornInReply(300)
    await hands.tap(begun, phone, times=1)
    phone.manner = Honest()
    await hands.tap(begun, phone)


async def two_sales(hands: Hands) -> None:
    """One shopper after the other."""
    await hands.good_morning()
    await hands.tap(await hands.charge("a", 1_80), hands.phone())
    await hands.tap(await hands.charge("b", 2_90), hands.phone(1))


async def nobody_comes(hands: Hands) -> None:
    """No phone is held to it."""
    await hands.good_morning()
    begun = await hands.charge("a", 1_80)
    await hands.see_empty_field()
    hands.let_time_pass(LIFE_S)
    await hands.until(begun)


async def cancel(hands: Hands) -> None:
    """Given up before any phone came."""
    await hands.good_morning()
    begun = await hands.charge("a", 1_80)
    await hands.see_empty_field()
    await hands.cancel(begun)


async def again(hands: Hands) -> None:
    """Declined softly; another try of the same sale goes through."""
    await hands.good_morning()
    begun = await hands.charge("a", 1_24)
    seen = await hands.tap(begun, hands.phone())
    if seen.state == "declined" and len(seen.intents) == 1:
        await hands.press(begun, "again")
        await hands.until(begun, {"signed", "presented"})
    await hands.tap(begun, hands.phone())


async def lost_answer(hands: Hands) -> None:
    """Approved, and the answer lost on its way."""
    await hands.good_morning()
    await hands.until(await hands.tap(await hands.charge("a", 3_28), hands.phone()))


async def link_dies(hands: Hands) -> None:
    """The link dies between amount and tap, and comes back: unknown ends right."""
    await hands.good_morning()
    begun = await hands.charge("a", 1_80)
    await hands.see_empty_field()
    hands.play.road.cut()
    await hands.tap(begun, hands.phone())
    hands.play.road.mend()
    await hands.until(begun)


async def other_money(hands: Hands) -> None:
    """The answer is lost and the link dies: the shopper pays in cash, the cashier undoes the unknown."""
    await hands.good_morning()
    begun = await hands.charge("a", 3_28)
    await hands.see_empty_field()
    hands.play.road.cut_after_acting()
    seen = await hands.tap(begun, hands.phone())
    if seen.state == "unknown":
        await hands.cancel(begun)
    hands.play.road.mend()
    await hands.until(begun)


async def offline_sale(hands: Hands) -> None:
    """The link is cut, the policy lets it in, the drainer brings it when the link is back."""
    await hands.good_morning()
    await hands.cut_link()
    await hands.tap(await hands.charge("a", 2_30), hands.phone())


async def sales_while_draining(hands: Hands) -> None:
    """Three are stored; the link comes back, and while they drain the next ones are sold."""
    await hands.good_morning()
    await hands.cut_link()
    for key, phone in zip("abc", (0, 1, 0), strict=True):
        await hands.tap(await hands.charge(key, 2_30), hands.phone(phone))
    hands.play.road.mend()
    await hands.tap(await hands.charge("d", 1_80), hands.phone(1))
    await hands.tap(await hands.charge("e", 1_90), hands.phone())


async def accept_offline(hands: Hands) -> None:
    """The link dies after the amount was shown; the cashier takes it offline."""
    await hands.good_morning()
    begun = await hands.charge("a", 2_30)
    await hands.see_empty_field()
    hands.play.road.cut()
    seen = await hands.tap(begun, hands.phone())
    if seen.state == "unknown":
        await hands.press(begun, "accept-offline")


async def declined_at_sync(hands: Hands) -> None:
    """Stored, and declined when it is sent."""
    await hands.good_morning()
    await hands.cut_link()
    await hands.tap(await hands.charge("a", 2_23), hands.phone())


async def held(hands: Hands) -> None:
    """Held for review, which ends well; another is sold meanwhile."""
    await hands.good_morning()
    begun = await hands.charge("a", 3_27)
    await hands.tap(begun, hands.phone())
    await hands.tap(await hands.charge("b", 1_80), hands.phone(1))
    hands.let_time_pass(15)
    await hands.until(begun)


async def refund(hands: Hands) -> None:
    """All of a sale is given back."""
    await hands.good_morning()
    begun = await hands.charge("a", 1_80)
    if (await hands.tap(begun, hands.phone())).state in OVER:
        await hands.refund(begun, "r")


async def part_refunds(hands: Hands) -> None:
    """Two parts of a sale are given back."""
    await hands.good_morning()
    begun = await hands.charge("a", 1_80)
    if (await hands.tap(begun, hands.phone())).state in OVER:
        await hands.refund(begun, "r", 50)
        await hands.refund(begun, "s", 70)


async def refund_of_a_stored_one(hands: Hands) -> None:
    """Given back before it was ever sent: the refund waits behind its payment."""
    await hands.good_morning()
    await hands.cut_link()
    begun = await hands.charge("a", 2_30)
    if (await hands.tap(begun, hands.phone())).state == "accepted_offline":
        await hands.refund(begun, "r")


async def paid_by_page(hands: Hands) -> None:
    """The tag's page takes the money."""
    await hands.good_morning()
    begun = await hands.charge("a", 1_80)
    begun = await hands.see_url(begun)
    await hands.pay_by_page(begun, hands.phone())
    await hands.until(begun)


async def cancel_what_a_page_could_pay(hands: Hands) -> None:
    """Given up while the tag still carries it: only the backend's answer ends it."""
    await hands.good_morning()
    begun = await hands.charge("a", 1_80)
    begun = await hands.see_url(begun)
    await hands.cancel(begun)
    await hands.until(begun)


async def paid_while_cancelling(hands: Hands) -> None:
    """Given up while the link is down, and paid by the page meanwhile."""
    await hands.good_morning()
    begun = await hands.charge("a", 1_80)
    begun = await hands.see_url(begun)
    hands.play.road.cut()
    await hands.cancel(begun)
    await hands.pay_by_page(begun, hands.phone())
    hands.play.road.mend()
    await hands.until(begun)


async def paid_by_code(hands: Hands) -> None:
    """The link is cut: a phone pays by the code on the screen, and its owner says the eight digits."""
    await hands.good_morning()
    await hands.cut_link()
    begun = await hands.see_url(await hands.charge("a", 1_80))
    if (code := await hands.pay_by_page(begun, hands.phone())) is not None:
        await hands.press(begun, "confirmation-code", {"code": code})
    hands.play.road.mend()
    await hands.until(begun)


async def paid_while_no_event_comes(hands: Hands) -> None:
    """A proxy holds the body of the event stream back; the page takes the money, and the shopper has a receipt."""
    await hands.good_morning()
    hands.play.road.hold_events_back()
    begun = await hands.see_url(await hands.charge("a", 18_80))
    await hands.pay_by_page(begun, hands.phone())
    await hands.until(begun)


async def claimed_and_released(hands: Hands) -> None:
    """A phone begins to pay by the page and lets go; another taps."""
    await hands.good_morning()
    begun = await hands.see_url(await hands.charge("a", 1_80))
    if await hands.claim(begun, hands.phone()):
        await hands.until(begun, {"pending"})
        await hands.release(begun, hands.phone())
        await hands.until(begun, {"presented"})
    await hands.tap(begun, hands.phone(1))


async def two_payers(hands: Hands) -> None:
    """One taps and the answer is lost; another pays by the page meanwhile: only one of them pays."""
    await hands.good_morning()
    begun = await hands.see_url(await hands.charge("a", 1_80))
    hands.play.road.cut()
    await hands.tap(begun, hands.phone())
    await hands.pay_by_page(begun, hands.phone(1))
    hands.play.road.mend()
    await hands.until(begun)


async def close_the_day(hands: Hands) -> None:
    """Sold, settled by the backend, and the day closed."""
    await hands.good_morning()
    begun = await hands.charge("a", 1_80)
    if (await hands.tap(begun, hands.phone())).state in OVER:
        await hands.close_day()


ONLINE = (
    Row("sale", sale, ("approved",)),
    Row("sale, the shopper leaves", sale, ("approved",), shoppers_stay=False),
    Row("by reader only, the shopper leaves", sale_by_reader_only, ("approved",), shoppers_stay=False),
    Row("decline", decline, ("declined",)),
    Row("torn tap", torn, ("approved",)),
    Row("two sales", two_sales, ("approved", "approved"), phones=2),
    Row("nobody comes", nobody_comes, ("expired",)),
    Row("again", again, ("approved",)),
    Row("lost answer", lost_answer, ("approved",)),
    Row("the link dies", link_dies, ("approved",)),
)
OFFLINE = (
    Row("offline sale", offline_sale, ("approved",)),
    Row("offline sale, the shopper leaves", offline_sale, ("approved",), shoppers_stay=False),
    Row("sales while draining", sales_while_draining, ("approved",) * 5, phones=2),
    Row("accepted offline by the cashier", accept_offline, ("approved",)),
    Row("declined at sync", declined_at_sync, ("declined_at_sync",)),
    Row("refund of a stored one", refund_of_a_stored_one, ("refunded",)),
)
UNDOING = (
    Row("cancel", cancel, ("cancelled",)),
    Row("other money", other_money, ("reversed",)),
    Row("held", held, ("approved", "approved"), phones=2),
    Row("refund", refund, ("refunded",)),
    Row("part refunds", part_refunds, ("partly_refunded",)),
    Row("paid by page", paid_by_page, ("approved",)),
    Row("cancel what a page could pay", cancel_what_a_page_could_pay, ("cancelled",)),
    Row("paid while cancelling", paid_while_cancelling, ("approved",)),
    Row("paid while no event comes", paid_while_no_event_comes, ("approved",)),
    Row("paid by code", paid_by_code, ("approved",)),
    Row("claimed and released", claimed_and_released, ("approved",), phones=2),
    Row("two payers", two_payers, ("approved",), phones=2),
    Row("close the day", close_the_day, ("settled",)),
)
AUTHORITY = (  # in the short form here and there a fault, not at each so many-th place
    Row("revoked in mid-sale", others.revoked_in_mid_sale, ("cancelled",)),
    Row("revoked while no event comes", others.revoked_while_no_event_comes, ("cancelled",)),
    Row("revoked while it was offline", others.revoked_while_it_was_offline, ("approved",)),
    Row("locked and unlocked", others.locked_and_unlocked, ("cancelled", "approved")),
    Row("cap lowered", others.cap_lowered, ("cancelled", "approved")),
    Row("refunded elsewhere", others.refunded_elsewhere, ("partly_refunded",)),
    Row("cancelled elsewhere", others.cancelled_elsewhere, ("reversed",)),
    Row("paid from a purse", others.paid_from_a_purse, ("refunded",)),
    Row("no purse offline", others.no_purse_offline, ("approved",), phones=2),
    Row("spent meanwhile", others.spent_meanwhile, ("approved",)),
    Row("a TLS end says no", others.a_tls_end_says_no, ("approved",)),
    Row("a TLS end says no at sync", others.a_tls_end_says_no_at_sync, ("approved",)),
    Row("a TLS end plays an approval back", others.a_tls_end_plays_an_approval_back, ("reversed",)),
    Row("an invented event", others.an_event_is_invented, ("declined_at_sync", "approved")),
    Row("a friend pays", others.a_friend_pays, ("approved",), phones=2),
    Row("a friend pays what was claimed", others.a_friend_pays_what_was_claimed, ("approved",), phones=2),
    Row(
        "a friend refuses", others.a_friend_refuses, ("declined",), phones=2
    ),  # the last: that friend is not asked again
)
MONEY = (*ONLINE, *OFFLINE, *UNDOING)
ROWS = (*MONEY, *AUTHORITY)
