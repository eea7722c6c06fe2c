# SPDX-License-Identifier: Apache-2.0
"""Confirmation codes by the local API: five tries, and what costs none. Source: tap protocol §3."""

from uuid import UUID

import pytest

from pengpos.client import SaleView
from pengpos.wire.confirmation_code import confirmation_code
from sandbox.phone.phone import VirtualPhone
from tests.support.counter import Counter


def right_code(counter: Counter, sale: SaleView) -> str:
    secret = counter.terminal._device.identity().confirmation_secret
    return confirmation_code(secret, UUID(sale.intents[-1].intent_id).bytes, sale.amount)


def shown(counter: Counter) -> SaleView:
    """A sale that was begun without a line: its URL carries all of it, and a page that pays it shows a code."""
    counter.lose_the_backend()
    return counter.until(counter.present("18.80"), lambda seen: seen.url)


def test_of_an_online_sale_there_is_no_code_and_its_pad_is_not_closed(counter: Counter, phone: VirtualPhone) -> None:
    sale = counter.until(counter.present("18.80"), lambda seen: seen.url)
    assert "confirmation-code" not in sale.can
    for code in ("12345678", right_code(counter, sale), "x"):
        refused = counter.refused("POST", f"/v1/sales/{sale.id}/confirmation-code", {"code": code})
        assert (refused.status, refused.code) == (409, "not_now")
    assert counter.sale(sale).code_tries_left == 5
    counter.tap(sale, phone, "approved")


def test_five_wrong_codes_close_the_pad(counter: Counter) -> None:
    sale = shown(counter)
    assert "confirmation-code" in sale.can
    right = right_code(counter, sale)
    wrong = f"{(int(right) + 1) % 10**8:08}"
    for left in (4, 3, 2, 1, 0):
        refused = counter.refused("POST", f"/v1/sales/{sale.id}/confirmation-code", {"code": wrong})
        assert (refused.status, refused.code) == (422, "wrong_code")
        assert f"{left} tries" in refused.detail
        assert counter.sale(sale).code_tries_left == left
    closed = counter.refused("POST", f"/v1/sales/{sale.id}/confirmation-code", {"code": right})
    assert (closed.status, closed.code) == (409, "code_closed")
    assert "Cancel it" in closed.detail
    assert "confirmation-code" not in counter.sale(sale).can
    counter.restart()
    assert counter.sale(sale).code_tries_left == 0


@pytest.mark.parametrize(
    "code",
    ["", "x", "１２３４５６７８", "0" * 60_000, "1234567", "123456789", "1234567a", " 1234567", "12345678\n"],
    ids=["empty", "a letter", "wide", "long", "seven", "nine", "letter", "space", "line"],
)
def test_what_is_no_code_costs_no_try(counter: Counter, code: str) -> None:
    sale = shown(counter)
    refused = counter.refused("POST", f"/v1/sales/{sale.id}/confirmation-code", {"code": code})
    assert (refused.status, refused.code) == (422, "invalid_code")
    assert counter.sale(sale).code_tries_left == 5


def test_a_right_code_approves_and_is_held_against_the_backends_word(counter: Counter) -> None:
    sale = shown(counter)
    sale = counter.tell(sale, "confirmation-code", {"code": right_code(counter, sale)})
    assert sale.state == "approved"
    counter.road.clear()
    (alarm,) = counter.until_status(lambda status: status.alarms).alarms  # for nobody has paid
    assert (alarm.kind, alarm.sale_id) == ("code_not_confirmed", sale.id)


def shown_for(counter: Counter, amount: str) -> SaleView:
    return counter.until(counter.present(amount), lambda seen: seen.url)


def code_call(sale: SaleView) -> str:
    return f"/v1/sales/{sale.id}/confirmation-code"


def test_a_computed_code_takes_no_more_than_the_limit(counter: Counter) -> None:
    """Who has read the secret once, with the line down."""
    counter.lose_the_backend()
    most = {"idempotency_key": "n", "currency": "CNY", "amount": 99_999_99}
    assert counter.refused("POST", "/v1/sales", most).code == "too_much_offline"
    given_up = shown_for(counter, "500.00")
    counter.tell(given_up, "cancel", {"reason": "customer"})
    for _ in range(4):
        sale = shown_for(counter, "400.00")
        counter.tell(sale, "confirmation-code", {"code": right_code(counter, sale)})
    refused = counter.refused("POST", code_call(given_up), {"code": right_code(counter, given_up)})
    assert (refused.status, refused.code) == (409, "code_over_limit")
    assert "400.00 CNY" in refused.detail
    assert counter.sale(given_up).code_tries_left == 5
    wrong = f"{(int(right_code(counter, given_up)) + 1) % 10**8:08}"
    assert counter.refused("POST", code_call(given_up), {"code": wrong}).code == "code_over_limit"


def test_codes_that_the_backend_has_not_confirmed_add_up(counter: Counter) -> None:
    counter.lose_the_backend()
    for _ in range(4):
        sale = shown_for(counter, "500.00")
        assert counter.tell(sale, "confirmation-code", {"code": right_code(counter, sale)}).state == "approved"
    queue = counter.status.queue
    assert (queue.by_code, queue.by_code_total, queue.count) == (4, 2_000_00, 0)
    assert queue.oldest is not None
    assert queue.caps is not None
    assert queue.caps.amount_left == 0
    refused = counter.refused("POST", "/v1/sales", {"idempotency_key": "n", "currency": "CNY", "amount": 1})
    assert (refused.code, refused.detail.split(":")[0]) == ("too_much_offline", "stored_total")
    counter.restart()
    assert counter.status.queue.by_code_total == 2_000_00


def test_what_a_code_approved_counts_as_stored(counter: Counter, phone: VirtualPhone) -> None:
    counter.lose_the_backend()
    before = counter.status.queue.caps
    for amount in ("500.00", "500.00", "500.00", "400.00"):
        sale = shown_for(counter, amount)
        counter.tell(sale, "confirmation-code", {"code": right_code(counter, sale)})
    after = counter.status.queue.caps
    assert before is not None
    assert after is not None
    assert (before.amount_left - after.amount_left, before.count_left - after.count_left) == (1_900_00, 4)
    refused = counter.refused("POST", "/v1/sales", {"idempotency_key": "n", "currency": "CNY", "amount": 100_01})
    assert "at most 100.00 CNY" in refused.detail
    counter.tap(counter.present("100.00"), phone, "accepted_offline")


def test_the_backends_word_makes_room_again_whatever_it_is(counter: Counter) -> None:
    sale = shown(counter)
    counter.tell(sale, "confirmation-code", {"code": right_code(counter, sale)})
    assert counter.status.queue.by_code == 1
    counter.road.clear()
    counter.until_status(lambda status: status.alarms)  # for nobody has paid
    assert counter.until_status(lambda status: status.queue.by_code == 0).queue.by_code_total == 0
