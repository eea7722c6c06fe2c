# SPDX-License-Identifier: Apache-2.0
"""Sales by the page that a tag or a code leads to. Source: tap protocol §3; local API, `presented` and `pending`."""

import asyncio
import re

import httpx
import pytest

from pengpos.client import SaleView
from pengpos.wire.encoding.base64url import unb64u
from sandbox.phone.phone import VirtualPhone
from sandbox.phone.wallet.events import ReceiptKept
from sandbox.phone.wallet.owner import Owner
from tests.support.counter import Counter
from tests.support.page import Visitor
from tests.support.road import Pass, never_answers, refuses, says

CLAIM_S = 60
PUT = ("PUT", "/v1/intents/.*")


@pytest.fixture
def visitor(counter: Counter) -> Visitor:
    return Visitor.new(counter.sandbox)


def shown(counter: Counter, amount: str = "18.80", **more: object) -> tuple[SaleView, str]:
    """A sale that is presented, and its URL."""
    sale = counter.until(counter.present(amount, **more), lambda seen: seen.url)
    assert sale.url is not None
    return sale, sale.url


def claimed(counter: Counter, visitor: Visitor) -> tuple[SaleView, str]:
    """A sale that a phone is paying by the page."""
    sale, url = shown(counter)
    visitor.claim(url)
    return counter.until(sale, "pending"), url


# --- paid -------------------------------------------------------------------------------------------------------------


def test_a_sale_by_the_code_on_the_screen(counter: Counter, visitor: Visitor) -> None:
    sale, url = shown(counter)
    assert re.fullmatch(re.escape(counter.sandbox.backend.origin) + "/t/[A-Za-z0-9_-]{22}", url)
    assert unb64u(url[-22:]).hex() == sale.intents[-1].intent_id.replace("-", "")
    visitor.claim(url)
    pending = counter.until(sale, "pending")
    assert (pending.can, pending.parked) == (["park", "cancel"], False)
    visitor.pay(url)
    paid = counter.until(sale, "approved")
    assert [step.state for step in paid.history] == ["signed", "presented", "pending", "approved"]
    assert paid.receipt_url is not None
    assert paid.url == paid.receipt_url
    assert counter.booked == [18_80]


def test_a_tip_left_on_the_page_is_in_the_total(counter: Counter, visitor: Visitor) -> None:
    sale, url = shown(counter)
    visitor.pay(url, tip=2_00)
    paid = counter.until(sale, "approved")
    assert (paid.amount, paid.tip, paid.total) == (18_80, 2_00, 20_80)
    assert counter.booked == [20_80]


def test_only_by_code_no_reader_is_waited_for(counter: Counter, visitor: Visitor, phone: VirtualPhone) -> None:
    with counter.held(phone):
        sale = counter.until(counter.charge("18.80", ways=["qr"]), lambda seen: seen.url)
        assert (sale.state, sale.prompt) == ("presented", None)
        counter.look_round()
        visitor.pay(sale.url or "")
        counter.until(sale, "approved")
    assert counter.booked == [18_80]


def test_a_phone_that_lies_on_the_reader_hides_no_code(counter: Counter, visitor: Visitor, phone: VirtualPhone) -> None:
    with counter.held(phone):
        sale = counter.until(counter.charge("18.80"), lambda seen: seen.url)
        assert (sale.state, sale.prompt) == ("signed", "remove_phone")
        visitor.pay(sale.url or "")
        counter.until(sale, "approved")
    assert counter.booked == [18_80]


def test_without_any_reader_it_is_paid_by_the_code(counter: Counter, visitor: Visitor, phone: VirtualPhone) -> None:
    counter.fields[0].break_down()
    counter.until_status(lambda status: [reader.state for reader in status.readers] == ["lost"])
    sale = counter.until(counter.charge("18.80"), lambda seen: seen.url)
    assert (sale.state, sale.ways) == ("presented", ["reader", "qr"])
    counter.fields[0].bring(phone)
    counter.fields[0].mend()
    sale = counter.until(sale, lambda seen: seen.prompt == "remove_phone")  # it was there before the reader was
    visitor.pay(sale.url or "")
    counter.until(sale, "approved")
    assert counter.booked == [18_80]


def test_a_reader_that_is_lost_with_a_phone_on_it_holds_up_nobody(
    counter: Counter, visitor: Visitor, phone: VirtualPhone
) -> None:
    with counter.held(phone):
        sale = counter.until(counter.charge("18.80"), lambda seen: seen.prompt == "remove_phone")
        counter.fields[0].break_down()
        sale = counter.until(sale, lambda seen: seen.state == "presented" and seen.prompt is None and seen.url)
        visitor.pay(sale.url or "")
        counter.until(sale, "approved")


# --- beside the tap ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "obstacle", [never_answers(), refuses(), says(502, b"<html>")], ids=["silent", "refused", "a proxy's page"]
)
def test_no_tap_waits_for_the_page(counter: Counter, phone: VirtualPhone, obstacle: object) -> None:
    counter.road.put(obstacle, *PUT)  # type: ignore[arg-type]  # an Obstacle, from the table
    sale = counter.tap(counter.present("18.80"), phone, "approved")
    assert sale.mode == "online"
    assert counter.booked == [18_80]


def test_what_was_not_answered_is_tried_again(counter: Counter, visitor: Visitor) -> None:
    counter.road.put(says(503), *PUT, times=2)
    sale, url = shown(counter)
    assert counter.road.count(*PUT) == 3
    visitor.pay(url)
    counter.until(sale, "approved")


def test_by_reader_only_nobody_else_hears_of_it(counter: Counter, phone: VirtualPhone) -> None:
    sale = counter.tap(counter.present("18.80", ways=["reader"]), phone, "approved")
    assert (sale.ways, counter.road.count(*PUT)) == (["reader"], 0)


@pytest.mark.parametrize(
    ("amount", "reason"), [("18.05", "declined"), ("18.51", "insufficient_funds")], ids=["declined", "not enough money"]
)
def test_declined_by_the_page_it_is_declined(counter: Counter, visitor: Visitor, amount: str, reason: str) -> None:
    sale, url = shown(counter, amount)
    visitor.tries("pay", url)
    ended = counter.until(sale, "declined")
    assert ended.reason is not None
    assert (ended.reason.detail, ended.can) == (reason, ["again"])
    assert counter.booked == []


def test_held_by_the_page_it_is_parked_until_somebody_has_looked(counter: Counter, visitor: Visitor) -> None:
    sale, url = shown(counter, "18.27")
    visitor.pay(url)
    assert counter.until(sale, "pending").parked
    counter.pass_time(11)
    counter.sandbox.sweep()
    counter.until(sale, "approved")
    assert counter.booked == [18_27]


def test_who_has_too_little_money_ends_nothing(counter: Counter, visitor: Visitor, phone: VirtualPhone) -> None:
    sale, url = shown(counter, "2000.00")
    refused = visitor.tries("pay", url)
    assert (refused.status_code, refused.json()["code"]) == (409, "insufficient_funds")
    assert counter.sale(sale).state == "presented"


# --- claimed ----------------------------------------------------------------------------------------------------------


def test_whoever_stands_at_the_reader_pays_what_another_has_claimed(
    counter: Counter, visitor: Visitor, phone: VirtualPhone
) -> None:
    sale, url = claimed(counter, visitor)
    paid = counter.tap(sale, phone, "approved")
    assert [step.state for step in paid.history][-3:] == ["pending", "authorised", "approved"]
    late = visitor.tries("pay", url)
    assert (late.status_code, late.json()["status"]) == (200, "already_paid")
    assert (counter.booked, visitor.balance) == ([18_80], 1_000_00)


def test_claimed_again_and_again_from_afar_it_is_paid_at_the_reader_at_once(
    counter: Counter, visitor: Visitor, phone: VirtualPhone
) -> None:
    """The attack: free accounts, and the URL. They get no reader shut, and no journal filled."""
    sale, url = shown(counter)
    began = counter.sandbox.clock.now()
    for attacker in (visitor, Visitor.new(counter.sandbox), Visitor.new(counter.sandbox)):
        for _ in range(4):  # a fifth claim of one account is its last
            attacker.claim(url)
            attacker.release(url)
    visitor.claim(url)
    paid = counter.tap(sale, phone, "approved")
    assert counter.sandbox.clock.now() == began  # no claim had to lapse
    assert [step.state for step in paid.history].count("pending") <= 5
    assert counter.booked == [18_80]


def test_a_phone_that_is_to_confirm_is_told_so_whatever_is_claimed(
    counter: Counter, visitor: Visitor, phone: VirtualPhone
) -> None:
    phone.owner = Owner()
    sale, url = shown(counter)
    counter.tap(sale, phone, lambda seen: seen.prompt == "confirm")
    visitor.claim(url)
    asked = counter.until(sale, "pending")
    assert asked.prompt == "confirm"


def test_parked_no_reader_offers_it(counter: Counter, visitor: Visitor, phone: VirtualPhone) -> None:
    sale, url = claimed(counter, visitor)
    counter.tell(sale, "park")
    with counter.held(phone):
        counter.look_round()
        assert counter.sale(sale).state == "pending"
    visitor.pay(url)
    counter.until(sale, "approved")
    assert counter.booked == [18_80]


@pytest.mark.parametrize("how", ["released", "lapsed"])
def test_given_back_it_is_presented_again(counter: Counter, visitor: Visitor, phone: VirtualPhone, how: str) -> None:
    sale, url = claimed(counter, visitor)
    if how == "released":
        visitor.release(url)
    else:
        counter.pass_time(CLAIM_S)
        counter.sandbox.sweep()
    again = counter.until(sale, "presented")
    assert again.url == url
    counter.tap(again, phone, "approved")
    assert counter.booked == [18_80]


def test_lapsed_after_its_time_it_has_expired(counter: Counter, visitor: Visitor) -> None:
    sale, url = shown(counter)
    counter.pass_time(100)
    visitor.claim(url)
    counter.until(sale, "pending")
    counter.pass_time(CLAIM_S)
    counter.sandbox.sweep()
    ended = counter.until(sale, "expired")
    assert "cancelling" in [step.state for step in ended.history]
    assert visitor.tries("pay", url).status_code == 409
    assert counter.booked == []


def test_cancelled_by_the_cashier_it_cannot_be_paid(counter: Counter, visitor: Visitor) -> None:
    sale, url = claimed(counter, visitor)
    counter.tell(sale, "cancel", {"reason": "customer"})
    counter.until(sale, "cancelled")
    refused = visitor.tries("pay", url)
    assert (refused.status_code, refused.json()["code"]) == (409, "cancelled")
    assert counter.booked == []


def test_parked_it_is_paid_while_the_next_is_sold(counter: Counter, visitor: Visitor, phone: VirtualPhone) -> None:
    sale, url = claimed(counter, visitor)
    assert counter.tell(sale, "park").parked
    counter.tap(counter.present("6.00"), phone, "approved")
    assert [parked.id for parked in counter.status.parked] == [sale.id]
    visitor.pay(url)
    counter.until(sale, "approved")
    assert counter.booked == [6_00, 18_80]


def test_parked_and_given_back_it_is_over(counter: Counter, visitor: Visitor) -> None:
    sale, url = claimed(counter, visitor)
    counter.tell(sale, "park")
    visitor.release(url)
    counter.until(sale, "cancelled")
    assert counter.booked == []


# --- two payers -------------------------------------------------------------------------------------------------------


def test_the_page_was_first(counter: Counter, visitor: Visitor, phone: VirtualPhone) -> None:
    sale, url = shown(counter)
    counter.road.silence_events()
    visitor.pay(url, tip=1_00)
    paid = counter.tap(sale, phone, "approved")
    assert phone.wait_for_event(ReceiptKept, 0) is None  # somebody else's
    assert (paid.total, paid.payer_display) == (19_80, None)
    assert "authorised" in [step.state for step in paid.history]
    assert counter.booked == [19_80]
    assert visitor.balance == 1_000_00 - 19_80


def test_the_tap_was_first(counter: Counter, visitor: Visitor, phone: VirtualPhone) -> None:
    sale, url = shown(counter)
    counter.tap(sale, phone, "approved")
    second = visitor.tries("pay", url)
    assert (second.status_code, second.json()["status"]) == (200, "already_paid")
    assert counter.booked == [18_80]
    assert visitor.balance == 1_000_00


def test_two_pay_at_once_and_one_is_booked(counter: Counter, visitor: Visitor, phone: VirtualPhone) -> None:
    sale, url = claimed(counter, visitor)

    async def page_is_quicker(request: httpx.Request, forward: Pass) -> httpx.Response:
        await asyncio.to_thread(visitor.pay, url)
        return await forward(request)

    counter.road.put(page_is_quicker, "POST", "/v1/payments")
    counter.road.silence_events()
    counter.tap(sale, phone, "approved")
    assert phone.wait_for_event(ReceiptKept, 0) is None  # the page's: this phone was told that it is paid already
    assert (counter.booked, visitor.balance) == ([18_80], 1_000_00 - 18_80)


def test_a_claim_keeps_out_no_tap_that_has_not_heard_of_it(
    counter: Counter, visitor: Visitor, phone: VirtualPhone
) -> None:
    sale, url = shown(counter)
    counter.road.silence_events()
    visitor.claim(url)
    counter.tap(sale, phone, "approved")
    assert visitor.tries("pay", url).json()["status"] == "already_paid"
    assert counter.booked == [18_80]


@pytest.mark.parametrize("tip", [0, 3_00])
def test_the_page_paid_what_a_tap_has_left_unknown(hasty: Counter, phone: VirtualPhone, tip: int) -> None:
    visitor = Visitor.new(hasty.sandbox)
    sale, url = shown(hasty)
    hasty.road.silence_events()
    hasty.road.put(refuses(), "POST", "/v1/payments")
    sale = hasty.tap(sale, phone, "unknown")
    visitor.pay(url, **({"tip": tip} if tip else {}))
    paid = hasty.resolve(sale, "approved")
    assert paid.total == 18_80 + tip
    assert hasty.booked == [18_80 + tip]


# --- restart, and the link --------------------------------------------------------------------------------------------


def test_restarted_while_it_waits_it_keeps_its_url(counter: Counter, visitor: Visitor) -> None:
    sale, url = shown(counter)
    counter.restart()
    assert counter.sale(sale).url == url
    visitor.pay(url)
    counter.until(sale, "approved")
    assert counter.booked == [18_80]


@pytest.mark.parametrize("when", ["before it is paid", "after it is paid"])
def test_restarted_in_pending_it_is_asked_about(counter: Counter, visitor: Visitor, when: str) -> None:
    sale, url = claimed(counter, visitor)
    counter.close()
    if when == "after it is paid":
        visitor.pay(url)
    counter.open()
    if when == "before it is paid":
        assert counter.sale(sale).state == "pending"
        visitor.pay(url)
    counter.until(sale, "approved")
    assert counter.booked == [18_80]


def test_what_was_paid_while_nobody_listened_is_asked_about(counter: Counter, visitor: Visitor) -> None:
    sale, url = shown(counter)
    counter.road.silence_events()
    visitor.pay(url)
    assert counter.sale(sale).state == "presented"
    counter.terminal._backend.follower._place.now = None  # as where the place is lost: nothing is told again
    counter.road.clear()
    counter.until(sale, "approved")
    assert counter.booked == [18_80]


@pytest.mark.parametrize("ending", ["approved", "presented"])
def test_a_link_that_is_lost_in_pending_is_asked_when_it_is_back(
    counter: Counter, visitor: Visitor, ending: str
) -> None:
    sale, url = claimed(counter, visitor)
    counter.lose_the_backend()
    (visitor.pay if ending == "approved" else visitor.release)(url)
    assert counter.sale(sale).state == "pending"
    counter.resolve(sale, ending)
    assert counter.booked == ([18_80] if ending == "approved" else [])
