# SPDX-License-Identifier: Apache-2.0
"""One phone at one reader, held in every way a phone is held. Source: tap protocol §2."""

from dataclasses import replace

import pytest

from pengpos.core.money import Money
from pengpos.core.reasons import Reason
from pengpos.wire.objects.receipt import Outcome
from sandbox.phone.field.manners import (
    Endless,
    Faulty,
    Foreign,
    Garbage,
    Honest,
    Manner,
    SilentWhenSelected,
    TornAfterCommands,
    TornInReply,
)
from sandbox.phone.phone import VirtualPhone
from sandbox.phone.wallet.events import Asked, ReceiptKept, Refused
from sandbox.phone.wallet.owner import Owner
from tests.support.counter import ALL_IN, Counter, assert_says
from tests.support.counter_fixtures import MakePhone

LIMIT_S = 10.0


def test_a_sale(counter: Counter, phone: VirtualPhone) -> None:
    sale = counter.tap(counter.present("18.80"), phone, "approved")
    assert (sale.total, sale.tip, sale.mode) == (18_80, 0, "online")
    assert [step.state for step in sale.history] == ["signed", "presented", "authorised", "approved"]
    assert [line.kind for line in sale.lines] == ["amount"]
    assert sale.reason is None
    assert sale.receipt_url
    assert counter.booked == [18_80]


def test_the_phone_gets_its_receipt(counter: Counter, phone: VirtualPhone) -> None:
    counter.present("6.00")
    with counter.held(phone):
        kept = phone.wait_for_event(ReceiptKept, LIMIT_S)
    assert kept is not None
    assert kept.payment.total_minor == 6_00


def test_a_declined_phone_gets_its_receipt_too(counter: Counter, phone: VirtualPhone) -> None:
    sale = counter.present("6.05")
    with counter.held(phone):
        kept = phone.wait_for_event(ReceiptKept, LIMIT_S)
    assert kept is not None
    assert kept.payment.outcome is Outcome.DECLINED
    assert counter.sale(sale).state == "declined"


def test_a_tip_is_on_top(counter: Counter, phone: VirtualPhone) -> None:
    phone.owner = replace(ALL_IN, tip=Money(2_00, "CNY"))
    sale = counter.tap(counter.present("18.80"), phone, "approved")
    assert (sale.amount, sale.tip, sale.total) == (18_80, 2_00, 20_80)
    assert counter.booked == [20_80]


TORN = [
    ("in SELECT", TornAfterCommands(0), None),
    ("in the first half of PRESENT", TornAfterCommands(1), "too_quick"),
    ("in the second half, signed already", TornAfterCommands(2), "too_quick"),
    ("before the rest of the reply", TornAfterCommands(3), "too_quick"),
    ("at byte 0 of the reply", TornInReply(0), "too_quick"),
    ("at byte 120", TornInReply(120), "too_quick"),
    ("at the last byte of the first response", TornInReply(254), "too_quick"),
    ("at the first byte of the second response", TornInReply(255), "too_quick"),
    ("at byte 300", TornInReply(300), "too_quick"),
]


@pytest.mark.parametrize(("manner", "notice"), [row[1:] for row in TORN], ids=[row[0] for row in TORN])
def test_a_torn_tap_is_healed_by_the_second(
    counter: Counter, phone: VirtualPhone, manner: Manner, notice: str | None
) -> None:
    sale = counter.present("12.00")
    phone.manner = manner
    counter.fields[0].bring(phone)
    assert counter.fields[0].wait_until_left(phone, LIMIT_S)
    if notice is not None:
        counter.until(sale, lambda seen: seen.notice == notice)
    assert counter.sale(sale).state == "presented"
    assert counter.booked == []
    phone.manner = Honest()
    sale = counter.tap(sale, phone, "approved")
    assert sale.notice is None
    assert counter.booked == [12_00]


def test_torn_as_the_receipt_comes_it_is_paid_all_the_same(counter: Counter, phone: VirtualPhone) -> None:
    sale = counter.present("12.00")
    phone.manner = TornAfterCommands(4)
    counter.fields[0].bring(phone)
    counter.until(sale, "approved")
    assert counter.booked == [12_00]


def test_a_phone_left_lying_pays_nobody_elses_bill(counter: Counter, phone: VirtualPhone) -> None:
    first = counter.present("6.00")
    with counter.held(phone):
        counter.until(first, "approved")
        second = counter.until(counter.charge("99.00"), lambda seen: seen.prompt == "remove_phone")
        assert second.state == "signed"
    second = counter.until(second, "presented")
    assert second.prompt is None
    counter.tell(second, "cancel", {"reason": "customer"})
    assert counter.booked == [6_00]


def test_a_phone_there_before_the_amount_is_not_charged(counter: Counter, phone: VirtualPhone) -> None:
    with counter.held(phone):
        sale = counter.until(counter.charge("18.80"), lambda seen: seen.prompt == "remove_phone")
    counter.until(sale, "presented")
    assert counter.booked == []
    counter.tap(sale, phone, "approved")
    assert counter.booked == [18_80]


ASKING = [
    ("locked", Owner(locked=True), "unlock"),
    ("asks its owner first", Owner(), "confirm"),
    ("over its tap limit", Owner(tap_limits=(Money(1_00, "CNY"),)), "confirm"),
    ("wants to choose", Owner(chooses=True), "choose"),
]


@pytest.mark.parametrize(("owner", "prompt"), [row[1:] for row in ASKING], ids=[row[0] for row in ASKING])
def test_a_phone_that_asks_its_owner_pays_once_they_agree(
    counter: Counter, phone: VirtualPhone, owner: Owner, prompt: str
) -> None:
    phone.owner = owner
    sale = counter.present("18.80")
    with counter.held(phone):
        sale = counter.until(sale, lambda seen: seen.prompt == prompt)
        assert sale.state == "presented"
        asked = phone.wait_for_event(Asked, LIMIT_S)
        assert asked is not None
        phone.owner = Owner()
        phone.wallet.confirm(asked.offer.digest)
        counter.until(sale, "approved")  # the same intent again each second while the phone stays
    assert counter.booked == [18_80]


def test_a_shopper_who_says_no_may_think_again(counter: Counter, phone: VirtualPhone) -> None:
    phone.owner = replace(ALL_IN, says_no=True)
    sale = counter.tap(counter.present("18.80"), phone, lambda seen: seen.reason)
    assert sale.state == "presented"
    assert_says(sale, Reason.DECLINED_BY_SHOPPER)
    assert "again" in sale.can
    phone.owner = ALL_IN
    counter.tap(sale, phone, "approved")
    assert counter.booked == [18_80]


REFUSING = [
    ("blocked by its owner", replace(ALL_IN, blocked=True), Reason.BLOCKED_BY_OWNER),
    ("a clock an hour behind", replace(ALL_IN, clock_offset_s=-3_600), Reason.PHONE_CLOCK),
    ("over its spending limit", replace(ALL_IN, spending_limits=(Money(1_00, "CNY"),), asks_first=False), None),
]


@pytest.mark.parametrize(("owner", "reason"), [row[1:] for row in REFUSING], ids=[row[0] for row in REFUSING])
def test_a_phone_that_refuses_says_why_and_another_may_pay(
    counter: Counter, phones: MakePhone, owner: Owner, reason: Reason | None
) -> None:
    refusing, other = phones("refusing"), phones("other")
    refusing.owner = owner
    sale = counter.present("18.80")
    if reason is None:
        sale = counter.tap(sale, refusing, lambda seen: seen.prompt == "confirm")
    else:
        sale = counter.tap(sale, refusing, lambda seen: seen.reason)
        assert_says(sale, reason)
        refused = refusing.wait_for_event(Refused, LIMIT_S)
        assert refused is not None
        assert refused.reason is reason
        has_time = sale.reason is not None and sale.reason.phone_time is not None
        assert has_time == (reason is Reason.PHONE_CLOCK)
    counter.tap(sale, other, "approved")
    assert counter.booked == [18_80]


def test_more_than_the_balance_is_asked_first_then_refused(counter: Counter, phone: VirtualPhone) -> None:
    sale = counter.present("1200.00")
    with counter.held(phone):
        counter.until(sale, lambda seen: seen.prompt == "confirm")
        asked = phone.wait_for_event(Asked, LIMIT_S)
        assert asked is not None
        phone.wallet.confirm(asked.offer.digest)
        sale = counter.until(sale, lambda seen: seen.reason)
    assert_says(sale, Reason.NOT_ENOUGH_MONEY)
    assert counter.booked == []


BROKEN = [
    ("garbage", Garbage(), Reason.NOT_A_WALLET),
    ("other garbage", Garbage(seed=7), Reason.NOT_A_WALLET),
    ("endless 61FF", Endless(), Reason.NOT_A_WALLET),
]


@pytest.mark.parametrize(("manner", "reason"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_a_phone_that_breaks_the_protocol_is_no_wallet(
    counter: Counter, phone: VirtualPhone, manner: Manner, reason: Reason
) -> None:
    phone.manner = manner
    sale = counter.tap(counter.present("8.80"), phone, lambda seen: seen.reason)
    assert sale.state == "presented"
    assert_says(sale, reason)
    assert counter.booked == []
    phone.manner = Honest()
    counter.tap(sale, phone, "approved")
    assert counter.booked == [8_80]


@pytest.mark.parametrize("manner", [Foreign(), Faulty()], ids=["6A82", "6F00"])
def test_a_foreign_card_is_passed_over_and_the_sale_stays_armed(
    counter: Counter, phones: MakePhone, manner: Manner
) -> None:
    card, phone = phones("card"), phones("shopper")
    card.manner = manner
    sale = counter.present("8.80")
    with counter.held(card):  # it stays, in the phone's case
        sale = counter.until(sale, lambda seen: seen.notice == "not_a_wallet")
        assert sale.state == "presented"
        assert_says(sale, Reason.NOT_A_WALLET)
        counter.tap(sale, phone, "approved")
    assert counter.booked == [8_80]


def test_a_silent_phone_is_asked_to_be_looked_at(counter: Counter, phone: VirtualPhone) -> None:
    phone.manner = SilentWhenSelected()
    sale = counter.present("8.80")
    with counter.held(phone):
        sale = counter.until(sale, lambda seen: seen.prompt == "look_at_phone")
        assert sale.state == "presented"
        phone.manner = Honest()  # unlocked, still there
        counter.until(sale, "approved")
    assert counter.booked == [8_80]


@pytest.mark.parametrize("ends", ["given up", "paid by another"])
def test_torn_and_given_up_the_promise_is_free_again(counter: Counter, phones: MakePhone, ends: str) -> None:
    """Signed in a tap that was torn: no terminal delivers it, and the backend knows that nothing comes of it."""
    phone, other = phones("first"), phones("second")
    sale = counter.present("150.00")
    phone.manner = TornAfterCommands(2)
    counter.fields[0].bring(phone)
    counter.fields[0].wait_until_left(phone, LIMIT_S)
    counter.until(sale, lambda seen: seen.notice == "too_quick")
    phone.manner = Honest()
    now = counter.sandbox.clock.now
    assert phone.store.promised(now())["CNY"] == 150_00
    account = counter.sandbox.account(phone.store.note("token"))
    phone.sync(account)
    assert phone.store.promised(now())["CNY"] == 150_00  # it may still be paid
    if ends == "given up":
        counter.tell(sale, "cancel", {"reason": "customer"})
        counter.until(sale, "cancelled")
    else:
        counter.tap(sale, other, "approved")
    phone.sync(account)
    assert phone.store.promised(now())["CNY"] == 0
