# SPDX-License-Identifier: Apache-2.0
"""Money back. Source: local API, `POST /v1/sales/{id}/refunds`; backend API, refunds."""

import threading

import httpx
import pytest

from pengpos.client import SaleView
from sandbox.phone.phone import VirtualPhone
from tests.support.counter import Counter, until
from tests.support.road import loses_the_answer, refuses

ALL = {"idempotency_key": "refund-1", "reason": "returned"}


@pytest.fixture
def paid(counter: Counter, phone: VirtualPhone) -> SaleView:
    return counter.tap(counter.present("18.80"), phone, "approved")


def refund(counter: Counter, sale: SaleView, body: object) -> httpx.Response:
    return counter.call("POST", f"/v1/sales/{sale.id}/refunds", body)


def balance(counter: Counter, phone: VirtualPhone) -> int:
    return counter.sandbox.account(phone.store.note("token")).balances()[0].amount


def test_all_of_it_goes_back(counter: Counter, phone: VirtualPhone, paid: SaleView) -> None:
    assert balance(counter, phone) == 1_000_00 - 18_80
    answer = refund(counter, paid, ALL)
    assert answer.status_code == 201
    assert answer.json()["state"] in {"queued", "done"}
    sale = counter.until(paid, "refunded")
    assert [(refund.amount, refund.state) for refund in sale.refunds] == [(18_80, "done")]
    assert balance(counter, phone) == 1_000_00


def test_a_part_and_then_the_rest(counter: Counter, phone: VirtualPhone, paid: SaleView) -> None:
    refund(counter, paid, ALL | {"amount": 5_00})
    sale = counter.until(paid, "partly_refunded")
    assert "refunds" in sale.can
    too_much = ALL | {"idempotency_key": "2", "amount": 13_81}
    refused = counter.refused("POST", f"/v1/sales/{sale.id}/refunds", too_much)
    assert (refused.status, refused.code) == (422, "too_much")
    assert "13.80 CNY" in refused.detail
    refund(counter, paid, {"idempotency_key": "3", "reason": "returned", "amount": 13_80})
    sale = counter.until(paid, "refunded")
    assert "refunds" not in sale.can
    none_left = counter.refused("POST", f"/v1/sales/{sale.id}/refunds", too_much)
    assert (none_left.status, none_left.code) == (409, "nothing_left")
    day = counter.status.day
    assert day is not None
    assert (day.count, day.total, day.refunded_count, day.refunded_total) == (1, 18_80, 2, 18_80)
    assert balance(counter, phone) == 1_000_00


def test_the_same_call_again_is_the_same_refund(counter: Counter, phone: VirtualPhone, paid: SaleView) -> None:
    part = ALL | {"amount": 5_00}
    first, again = refund(counter, paid, part), refund(counter, paid, part)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["refund_id"] == first.json()["refund_id"]
    assert counter.refused("POST", f"/v1/sales/{paid.id}/refunds", part | {"amount": 6_00}).code == "conflict"
    counter.until(paid, "partly_refunded")
    assert balance(counter, phone) == 1_000_00 - 13_80


def test_the_same_call_many_times_at_once_is_one_refund(counter: Counter, phone: VirtualPhone, paid: SaleView) -> None:
    answers: list[str] = []
    calls = [
        threading.Thread(
            target=lambda: answers.append(refund(counter, paid, ALL | {"amount": 5_00}).json()["refund_id"])
        )
        for _ in range(5)
    ]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert len(set(answers)) == 1
    counter.until(paid, "partly_refunded")
    assert balance(counter, phone) == 1_000_00 - 13_80


def test_a_refund_waits_for_the_backend_without_hurrying_it(
    counter: Counter, phone: VirtualPhone, paid: SaleView
) -> None:
    counter.road.put(refuses(), "POST", "/v1/payments/.*/refunds")
    refund(counter, paid, ALL)
    until(lambda: counter.road.count("POST", "/v1/payments/.*/refunds") >= 1, "one try")
    for _ in range(20):
        counter.call("GET", "/v1/status")
    assert counter.road.count("POST", "/v1/payments/.*/refunds") <= 2  # the next not before a second has passed
    assert counter.sale(paid).refunds[0].state == "queued"
    counter.restart()
    assert counter.sale(paid).refunds[0].state == "queued"
    counter.resolve(paid, "refunded")
    assert balance(counter, phone) == 1_000_00


def test_a_refund_whose_answer_was_lost_is_given_once(counter: Counter, phone: VirtualPhone, paid: SaleView) -> None:
    counter.road.put(loses_the_answer(), "POST", "/v1/payments/.*/refunds", times=1)
    refund(counter, paid, ALL)
    counter.resolve(paid, "refunded")
    assert balance(counter, phone) == 1_000_00


def test_a_refund_that_fails_later_rings_and_may_be_given_again(counter: Counter, phone: VirtualPhone) -> None:
    sale = counter.tap(counter.present("18.26"), phone, "approved")
    refund(counter, sale, ALL)
    counter.until(sale, "refunded")
    counter.tap(counter.present("6.00"), phone, "approved")  # another sale is at the counter by then
    counter.pass_time(6)
    counter.sandbox.sweep()
    sale = counter.until(sale, "approved")
    assert [refund.state for refund in sale.refunds] == ["failed"]
    assert "refunds" in sale.can
    alarms = counter.until_status(lambda status: status.alarms).alarms
    assert [(alarm.kind, alarm.sale_id) for alarm in alarms] == [("refund_failed", sale.id)]


UNFIT = [
    ("nothing", {"amount": 0}, "invalid_amount"),
    ("less than nothing", {"amount": -1}, "invalid_amount"),
    ("more than was taken", {"amount": 18_81}, "too_much"),
    ("more than 64 bits", {"amount": 1 << 70}, "too_much"),
    ("a float", {"amount": 1.5}, "invalid_request"),
    ("no reason", {"reason": ""}, "invalid_request"),
    ("a reason without end", {"reason": "x" * 10_000}, "invalid_request"),
    ("no key", {"idempotency_key": ""}, "invalid_request"),
    ("a key without end", {"idempotency_key": "x" * 256}, "invalid_request"),
    ("something unheard of", {"tip": 1}, "invalid_request"),
]


@pytest.mark.parametrize(("change", "code"), [row[1:] for row in UNFIT], ids=[row[0] for row in UNFIT])
def test_no_refund_of(
    counter: Counter, phone: VirtualPhone, paid: SaleView, change: dict[str, object], code: str
) -> None:
    assert counter.refused("POST", f"/v1/sales/{paid.id}/refunds", ALL | change).code == code
    assert counter.sale(paid).refunds == []
    assert balance(counter, phone) == 1_000_00 - 18_80
