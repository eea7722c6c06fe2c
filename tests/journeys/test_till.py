# SPDX-License-Identifier: Apache-2.0
"""What a till may do twice, and what it may not. Source: local API, `POST /v1/sales`."""

import threading
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pengpos.core.business_day import BusinessDay
from pengpos.core.times import parse_rfc3339
from sandbox.phone.phone import VirtualPhone
from tests.support.counter import Counter
from tests.support.road import loses_the_answer, refuses

ORDER: dict[str, Any] = {"idempotency_key": "order 7", "amount": 18_80, "currency": "CNY"}


def test_the_same_call_again_gives_the_same_sale(counter: Counter, phone: VirtualPhone) -> None:
    first = counter.call("POST", "/v1/sales", ORDER)
    again = counter.call("POST", "/v1/sales", ORDER)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    sale = counter.until_status(lambda status: status.sale and status.sale.state == "presented").sale
    assert sale is not None
    counter.tap(sale, phone, "approved")
    paid = counter.call("POST", "/v1/sales", ORDER)
    assert (paid.status_code, paid.json()["state"]) == (200, "approved")
    counter.restart()
    assert counter.call("POST", "/v1/sales", ORDER).json()["state"] == "approved"
    assert counter.booked == [18_80]


@pytest.mark.parametrize(
    "change", [{"amount": 18_81}, {"currency": "USD"}, {"reference": "7"}, {"ways": ["reader"]}], ids=str
)
def test_the_same_key_with_another_body_is_a_conflict(counter: Counter, change: dict[str, Any]) -> None:
    counter.call("POST", "/v1/sales", ORDER)
    refused = counter.refused("POST", "/v1/sales", ORDER | change)
    assert (refused.status, refused.code) == (409, "conflict")


def test_the_same_call_many_times_at_once_is_one_sale(counter: Counter) -> None:
    answers: list[tuple[int, str]] = []

    def call() -> None:
        answer = counter.call("POST", "/v1/sales", ORDER)
        answers.append((answer.status_code, answer.json()["id"]))

    calls = [threading.Thread(target=call) for _ in range(5)]
    for started in calls:
        started.start()
    for started in calls:
        started.join()
    assert sorted(status for status, _ in answers) == [200, 200, 200, 200, 201]
    assert len({sale_id for _, sale_id in answers}) == 1


def test_one_sale_at_a_time(counter: Counter, phone: VirtualPhone) -> None:
    sale = counter.present("18.80")
    other = ORDER | {"idempotency_key": "other"}
    refused = counter.refused("POST", "/v1/sales", other)
    assert (refused.status, refused.code) == (409, "busy")
    assert sale.number in refused.detail
    counter.tell(sale, "cancel", {"reason": "customer"})
    assert counter.call("POST", "/v1/sales", other).status_code == 201


@pytest.mark.parametrize(("change", "code"), [({"amount": 0}, "invalid_amount"), ({"ways": []}, "invalid_request")])
def test_what_is_wrong_is_said_before_that_it_is_busy(counter: Counter, change: dict[str, Any], code: str) -> None:
    counter.present("18.80")
    assert counter.refused("POST", "/v1/sales", ORDER | {"idempotency_key": "other"} | change).code == code


def test_an_unknown_sale_lets_the_next_begin(hasty: Counter, phone: VirtualPhone) -> None:
    hasty.road.silence_events()
    hasty.road.put(loses_the_answer(), "POST", "/v1/payments", times=1)
    hasty.road.put(refuses(), "GET", "/v1/intents/.*")
    unknown = hasty.tap(hasty.present("18.80"), phone, "unknown")
    following = hasty.tap(hasty.present("6.00"), phone, lambda seen: seen.state in {"approved", "unknown"})
    assert [sale.id for sale in hasty.status.unknown if sale.id == unknown.id] == [unknown.id]
    hasty.resolve(unknown, "approved")
    hasty.resolve(following, "approved")
    assert hasty.booked == [6_00, 18_80]


UNFIT = [
    ("nothing", {"amount": 0}, "invalid_amount"),
    ("less than nothing", {"amount": -1}, "invalid_amount"),
    ("more than there is", {"amount": 10**12 + 1}, "invalid_amount"),
    ("more than 64 bits", {"amount": 1 << 80}, "invalid_amount"),
    ("a float", {"amount": 18.8}, "invalid_request"),
    ("text", {"amount": "18.80"}, "invalid_request"),
    ("true", {"amount": True}, "invalid_request"),
    ("a currency in small letters", {"currency": "cny"}, "invalid_amount"),
    ("no currency", {"currency": ""}, "invalid_amount"),
    ("an empty key", {"idempotency_key": ""}, "invalid_request"),
    ("a key without end", {"idempotency_key": "x" * 256}, "invalid_request"),
    ("a reference too long", {"reference": "x" * 33}, "invalid_request"),
    ("a reference with a control character", {"reference": "a\u0000b"}, "invalid_request"),
    ("a reference that turns the writing round", {"reference": "a\u202eb"}, "invalid_request"),
    ("a reference with an emoji of three joined", {"reference": "\U0001f469\u200d\U0001f467"}, "invalid_request"),
    ("a reference over two lines", {"reference": "a\u2028b"}, "invalid_request"),
    ("a reference with nothing to see", {"reference": "\u3164"}, "invalid_request"),
    ("a way there is not", {"ways": ["telepathy"]}, "invalid_request"),
    ("a way that this terminal has not", {"ways": ["reader", "tag"]}, "way_not_here"),
    ("no way at all", {"ways": []}, "invalid_request"),
    ("a way twice", {"ways": ["qr", "reader", "qr"]}, "invalid_request"),
    ("something unheard of", {"tip": 5}, "invalid_request"),
]


@pytest.mark.parametrize(("change", "code"), [row[1:] for row in UNFIT], ids=[row[0] for row in UNFIT])
def test_no_sale_of(counter: Counter, change: dict[str, Any], code: str) -> None:
    refused = counter.refused("POST", "/v1/sales", ORDER | change)
    assert (refused.status, refused.code) == (422, code)
    assert counter.status.sale is None
    assert counter.call("POST", "/v1/sales", ORDER | {"idempotency_key": "good"}).json()["number"].endswith("-0001")


@pytest.mark.parametrize("reference", ["", "  "])
def test_a_reference_that_a_till_leaves_empty_is_none(counter: Counter, reference: str) -> None:
    assert counter.charge("18.80", reference=reference).reference is None


def test_the_order_reference_goes_with_the_sale(counter: Counter, phone: VirtualPhone) -> None:
    sale = counter.charge("18.80", reference="桌7")
    assert sale.reference == "桌7"
    counter.tap(counter.until(sale, "presented"), phone, "approved")
    found = counter.call("GET", "/v1/sales?reference=桌7").json()
    assert [entry["id"] for entry in found["sales"]] == [sale.id]


def test_sales_are_found_by_the_business_date_on_which_they_were_begun(counter: Counter) -> None:
    """In pages: what a page leaves out is on the next one, and no other date has any."""
    for _ in range(3):
        sale = counter.present("6.00")
        counter.tell(sale, "cancel", {"reason": "customer"})
        counter.until(sale, "cancelled")
    day = BusinessDay(ZoneInfo("Asia/Shanghai"), 0)
    by_date: dict[date, list[str]] = {}
    for sale_view in counter.call("GET", "/v1/sales").json()["sales"]:
        by_date.setdefault(day.date_of(parse_rfc3339(sale_view["created_at"])), []).append(sale_view["id"])
    for on, begun in by_date.items():
        first = counter.call("GET", f"/v1/sales?date={on}&limit=1").json()
        found = first["sales"]
        if first["next"] is not None:
            found += counter.call("GET", f"/v1/sales?date={on}&before={first['next']}").json()["sales"]
        assert [sale_view["id"] for sale_view in found] == begun
    assert counter.call("GET", f"/v1/sales?date={min(by_date) - timedelta(days=1)}").json()["sales"] == []
