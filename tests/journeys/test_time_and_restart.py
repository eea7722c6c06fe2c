# SPDX-License-Identifier: Apache-2.0
"""An intent's life, and the daemon's: the journal decides. Source: local API, state table and "After a restart"."""

import pytest

from pengpos.core.reasons import Reason
from sandbox.phone.field.manners import Foreign, Honest
from sandbox.phone.phone import VirtualPhone
from tests.support.counter import Counter, assert_says
from tests.support.road import loses_the_answer, never_answers, refuses

LIFE_S = 120
PAYMENTS = "/v1/payments"


# --- time, cancel, again ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("in_the_field", [False, True], ids=["presented", "waiting for an empty field"])
def test_a_sale_expires(counter: Counter, phone: VirtualPhone, in_the_field: bool) -> None:
    if in_the_field:
        counter.fields[0].bring(phone)
    sale = counter.charge("18.80")
    counter.until(sale, "signed" if in_the_field else "presented")
    counter.pass_time(LIFE_S - 10)
    assert counter.sale(sale).state in {"signed", "presented"}
    counter.pass_time(20)  # the device's own seconds go on too, if only some
    sale = counter.until(sale, "expired")
    assert sale.can == ["again"]
    assert counter.booked == []


def test_an_expired_sale_is_tried_again_and_paid(counter: Counter, phone: VirtualPhone) -> None:
    sale = counter.present("18.80")
    counter.pass_time(LIFE_S)
    counter.until(sale, "expired")
    counter.tell(sale, "again")
    sale = counter.tap(counter.until(sale, "presented"), phone, "approved")
    assert [intent.state for intent in sale.intents] == ["expired", "approved"]
    assert counter.booked == [18_80]


def test_a_cancelled_sale_takes_no_phone(counter: Counter, phone: VirtualPhone) -> None:
    sale = counter.present("18.80")
    counter.tell(sale, "cancel", {"reason": "customer"})
    counter.until(sale, "cancelled")
    with counter.held(phone):
        counter.until(counter.charge("6.00"), lambda seen: seen.prompt == "remove_phone")
    assert counter.sale(sale).state == "cancelled"
    assert counter.booked == []


def test_from_presented_with_a_reason_it_is_tried_again(counter: Counter, phone: VirtualPhone) -> None:
    sale = counter.present("18.80")
    assert counter.refused("POST", f"/v1/sales/{sale.id}/again").code == "not_now"
    phone.manner = Foreign()
    sale = counter.tap(sale, phone, lambda seen: seen.reason)
    assert_says(sale, Reason.NOT_A_WALLET)
    assert "again" in sale.can
    counter.tell(sale, "again")
    sale = counter.until(sale, lambda seen: len(seen.intents) == 2 and seen.state == "presented")
    assert sale.reason is None
    phone.manner = Honest()
    counter.tap(sale, phone, "approved")
    assert counter.booked == [18_80]


def test_an_old_sale_that_is_tried_again_holds_the_counter(counter: Counter, phone: VirtualPhone) -> None:
    """Its decline was long ago, another sale has been at the counter since."""
    old = counter.tap(counter.present("18.24"), phone, "declined")
    counter.tap(counter.present("6.00"), phone, "approved")
    counter.tell(old, "again")
    old = counter.until(old, "presented")
    assert counter.status.sale is not None
    assert counter.status.sale.id == old.id
    busy = counter.refused("POST", "/v1/sales", {"idempotency_key": "other", "amount": 1, "currency": "CNY"})
    assert busy.code == "busy"
    counter.tap(old, phone, "approved")
    assert counter.booked == [6_00, 18_24]


# --- restarts ---------------------------------------------------------------------------------------------------------


def test_restarted_while_presented_it_is_armed_again(counter: Counter, phone: VirtualPhone) -> None:
    sale = counter.present("18.80")
    counter.restart()
    counter.until_status(lambda status: status.readers)
    assert counter.status.sale is not None
    assert counter.status.sale.id == sale.id
    counter.look_round()  # the field is to be seen empty once more
    counter.tap(counter.until(sale, "presented"), phone, "approved")
    assert len(counter.sale(sale).intents) == 1
    assert counter.booked == [18_80]


def test_restarted_with_a_phone_lying_there_it_is_not_charged(counter: Counter, phone: VirtualPhone) -> None:
    with counter.held(phone):
        sale = counter.charge("18.80")
        counter.restart()
        sale = counter.until(sale, lambda seen: seen.prompt == "remove_phone")
        assert sale.state == "signed"
    counter.until(sale, "presented")
    assert counter.booked == []


def test_restarted_after_its_life_it_has_expired(counter: Counter) -> None:
    sale = counter.present("18.80")
    counter.close()
    counter.pass_time(LIFE_S)
    counter.open()
    counter.until(sale, "expired")


def test_restarted_between_the_shoppers_yes_and_the_answer_it_is_unknown_then_resolved(
    counter: Counter, phone: VirtualPhone
) -> None:
    counter.road.put(never_answers(), "POST", PAYMENTS)
    counter.road.put(refuses(), "GET", "/v1/intents/.*")
    sale = counter.tap(counter.present("18.80"), phone, "authorised")
    counter.restart()
    assert counter.sale(sale).state == "unknown"
    assert counter.booked == []
    sale = counter.resolve(sale, "approved")
    assert [step.state for step in sale.history] == ["signed", "presented", "authorised", "unknown", "approved"]
    assert counter.booked == [18_80]


def test_restarted_after_the_backend_booked_it_is_charged_once(counter: Counter, phone: VirtualPhone) -> None:
    counter.road.silence_events()
    counter.road.put(loses_the_answer(), "POST", PAYMENTS)
    counter.road.put(refuses(), "GET", "/v1/intents/.*")
    sale = counter.tap(counter.present("18.80"), phone, "unknown")
    counter.restart()
    counter.resolve(sale, "approved")
    assert counter.booked == [18_80]


def test_restarted_in_unknown_the_counter_is_free(counter: Counter, phone: VirtualPhone) -> None:
    counter.road.silence_events()
    counter.road.put(refuses(), "POST", PAYMENTS)
    counter.road.put(refuses(), "GET", "/v1/intents/.*")
    unknown = counter.tap(counter.present("18.80"), phone, "unknown")
    counter.restart()
    counter.until_status(lambda status: status.link.online and status.readers)
    other = counter.present("6.00")
    assert [sale.id for sale in counter.status.unknown] == [unknown.id]
    counter.tell(other, "cancel", {"reason": "customer"})
    counter.resolve(unknown, "approved")
    assert counter.booked == [18_80]


def test_restarted_while_it_is_being_reversed_the_cancel_goes_on(counter: Counter, phone: VirtualPhone) -> None:
    counter.road.silence_events()
    counter.road.put(loses_the_answer(), "POST", PAYMENTS)
    counter.road.put(refuses(), "GET", "/v1/intents/.*")
    counter.road.put(refuses(), "POST", "/v1/intents/.*/cancel")
    sale = counter.tap(counter.present("18.80"), phone, "unknown")
    assert counter.booked == [18_80]
    assert counter.tell(sale, "cancel", {"reason": "customer"}).state == "reversing"
    counter.restart()
    assert counter.sale(sale).state == "reversing"
    counter.resolve(sale, "reversed")
    assert counter.road.count("POST", PAYMENTS) == 0  # since the restart: no payment body after a cancel
    assert counter.booked == []


def test_restarted_with_an_approved_sale_nothing_is_at_the_counter(counter: Counter, phone: VirtualPhone) -> None:
    sale = counter.tap(counter.present("18.80"), phone, "approved")
    assert counter.status.sale is not None
    counter.restart()
    assert counter.status.sale is None
    assert counter.sale(sale).state == "approved"
    assert counter.status.day is not None
    assert counter.status.day.total == 18_80


def test_a_listener_of_before_the_restart_gets_the_newest_snapshot(counter: Counter) -> None:
    before = counter.terminal._device.feed.event_id
    counter.pass_time(1)
    counter.restart()
    assert counter.terminal._device.feed.event_id > before
