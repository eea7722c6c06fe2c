# SPDX-License-Identifier: Apache-2.0
"""Offline, by the code that carries the presentation, and the eight digits. Source: tap protocol §3."""

import re
from collections.abc import Callable

import pytest

from pengpos.client import SaleView
from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.objects.presentation import Presentation
from sandbox.phone.phone import VirtualPhone
from tests.support.counter import Counter, until
from tests.support.page import Visitor
from tests.support.road import refuses

LIFE_S = 120
CANCEL = ("POST", "/v1/intents/.*/cancel")
Shown = tuple[SaleView, str]


@pytest.fixture
def visitor(counter: Counter) -> Visitor:
    return Visitor.new(counter.sandbox)


def shown(counter: Counter, amount: str = "18.80") -> Shown:
    """A sale at a terminal whose link is down, and its URL."""
    if counter.status.link.online:
        counter.lose_the_backend()
    sale = counter.until(counter.present(amount), lambda seen: seen.url)
    assert sale.url is not None
    return sale, sale.url


def enter(counter: Counter, sale: SaleView, code: str) -> SaleView:
    return counter.tell(sale, "confirmation-code", {"code": code})


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08}"


def confirmed(counter: Counter, sale: SaleView) -> bool:
    """The backend has said the same."""
    stored = counter.journal.sale(counter.terminal._sales.open_sales.sales[0].sale_id)
    assert str(stored.sale_id) == sale.id if stored else False
    return bool(stored and stored.booking and stored.booking.confirmed)


def test_a_sale_by_the_shoppers_own_link(counter: Counter, visitor: Visitor) -> None:
    sale, url = shown(counter)
    assert (sale.mode, "confirmation-code" in sale.can) == ("offline", True)
    address, _, presentation = url.partition("#")
    assert address == counter.sandbox.backend.origin + "/t"
    assert len(presentation) <= 680
    read = Presentation.read(unb64u(presentation), counter.terminal._device.identity().issuers)
    assert read.intent.claims.amount_minor == 18_80
    visitor.claim(url)
    code = visitor.pay(url)["confirmation_code"]
    assert re.fullmatch(r"\d{8}", code)
    paid = enter(counter, sale, code)
    assert (paid.state, paid.total) == ("approved", 18_80)
    counter.road.clear()
    counter.until_status(lambda status: status.link.online)
    until(lambda: confirmed(counter, sale), "the backend says the same")
    seen = counter.status
    assert (seen.alarms, seen.day.count if seen.day else 0) == ([], 1)
    assert counter.booked == [18_80]


def test_after_a_wrong_one_the_right_one_is_taken(counter: Counter, visitor: Visitor) -> None:
    sale, url = shown(counter)
    code = visitor.pay(url)["confirmation_code"]
    for digits, answer in ((code[:7], "invalid_code"), (code + "0", "invalid_code"), (wrong(code), "wrong_code")):
        refused = counter.refused("POST", f"/v1/sales/{sale.id}/confirmation-code", {"code": digits})
        assert (refused.status, refused.code) == (422, answer)
    assert counter.sale(sale).code_tries_left == 4
    assert enter(counter, sale, code).state == "approved"


def test_a_code_of_another_sale_is_refused(counter: Counter, visitor: Visitor) -> None:
    first, url = shown(counter)
    code = visitor.pay(url)["confirmation_code"]
    counter.tell(first, "cancel", {"reason": "customer"})
    second, _ = shown(counter, "6.00")
    refused = counter.refused("POST", f"/v1/sales/{second.id}/confirmation-code", {"code": code})
    assert refused.code == "wrong_code"
    assert counter.sale(second).state == "presented"
    assert enter(counter, first, code).state == "approved"


def cancel(counter: Counter, sale: SaleView) -> None:
    counter.tell(sale, "cancel", {"reason": "customer"})


def outlive(counter: Counter, _sale: SaleView) -> None:
    counter.pass_time(LIFE_S + 10)  # by the device's own seconds it was signed a little later


ENDINGS = pytest.mark.parametrize(
    ("end", "ended"), [(cancel, "cancelled"), (outlive, "expired")], ids=["given up", "out of time"]
)


@ENDINGS
def test_the_pad_stays_open_until_the_backend_has_the_cancel(
    counter: Counter, visitor: Visitor, end: Callable[[Counter, SaleView], None], ended: str
) -> None:
    sale, url = shown(counter)
    end(counter, sale)
    waiting = counter.until(sale, "cancelling")
    assert "confirmation-code" in waiting.can
    counter.present("6.00")  # the counter is free
    assert counter.road.count(*CANCEL) == 0
    code = visitor.pay(url)["confirmation_code"]
    assert enter(counter, sale, code).state == "approved"
    counter.resolve(sale, "approved")
    assert counter.booked == [18_80]


def test_who_comes_back_with_a_code_finds_the_sale_and_sees_it_approved(
    counter: Counter, visitor: Visitor, phone: VirtualPhone
) -> None:
    sale, url = shown(counter)
    code = visitor.pay(url)["confirmation_code"]
    cancel(counter, sale)
    counter.tap(counter.present("6.00"), phone, "accepted_offline")  # somebody else was served meanwhile
    assert [given_up.id for given_up in counter.status.cancelling] == [sale.id]
    enter(counter, sale, code)
    status = counter.status
    assert status.sale is not None
    assert (status.sale.id, status.sale.state, status.cancelling) == (sale.id, "approved", [])


@ENDINGS
def test_it_ends_once_the_link_is_back(
    counter: Counter, visitor: Visitor, end: Callable[[Counter, SaleView], None], ended: str
) -> None:
    sale, url = shown(counter)
    end(counter, sale)
    counter.until(sale, "cancelling")
    counter.road.clear()
    counter.until(sale, ended)
    assert visitor.tries("pay", url).status_code == 409
    assert counter.booked == []


def test_paid_and_given_up_the_money_goes_back(counter: Counter, visitor: Visitor) -> None:
    sale, url = shown(counter)
    visitor.pay(url)
    counter.tell(sale, "cancel", {"reason": "customer"})
    counter.pass_time(11)  # the cashier has gone on, and may have taken other money
    counter.road.clear()
    counter.until(sale, "cancelled")
    assert visitor.balance == 1_000_00
    assert counter.booked == []


def test_paid_and_given_up_in_the_same_moment_the_cashier_sees_that_it_is_paid(
    counter: Counter, visitor: Visitor
) -> None:
    sale, url = shown(counter)
    visitor.pay(url)
    counter.tell(sale, "cancel", {"reason": "customer"})
    counter.road.clear()
    assert counter.until(sale, "approved").refunds == []
    assert counter.booked == [18_80]


def test_restarted_the_pad_is_still_open(counter: Counter, visitor: Visitor) -> None:
    sale, url = shown(counter)
    code = visitor.pay(url)["confirmation_code"]
    counter.tell(sale, "cancel", {"reason": "customer"})
    counter.road.put(refuses())
    counter.restart()  # over the same dead line
    assert counter.sale(sale).state == "cancelling"
    assert enter(counter, sale, code).state == "approved"


def test_a_tap_is_as_good_as_ever(counter: Counter, visitor: Visitor, phone: VirtualPhone) -> None:
    sale, url = shown(counter)
    counter.tap(sale, phone, "accepted_offline")
    visitor.pay(url)  # somebody else: the first that is booked wins, the other is told
    counter.resolve(sale, "approved")
    assert counter.booked == [18_80]
