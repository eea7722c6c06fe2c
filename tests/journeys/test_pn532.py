# SPDX-License-Identifier: Apache-2.0
"""Selling with one PN532: phones that are cards, phones that read, and a reader that is pulled out."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pengpos.client import Home
from sandbox.phone.phone import VirtualPhone
from sandbox.phone.wallet.events import ReceiptKept
from tests.support.counter import until
from tests.support.counter_fixtures import MakePhone
from tests.support.live_sandbox import LiveSandbox
from tests.support.loop_thread import LIMIT_S, LoopThread
from tests.support.page import Visitor
from tests.support.pn532_counter import SHOP, Pn532Counter


@pytest.fixture
def counter(tmp_path: Path, sandbox: LiveSandbox, loop: LoopThread) -> Iterator[Pn532Counter]:
    counter = Pn532Counter(Home(tmp_path / "home"), sandbox, loop)
    counter.enrol()
    counter.open()
    counter.until_status(lambda status: status.link.online and len(status.readers) == 1)
    yield counter
    counter.close()
    counter.antenna.chip.unplug()


def test_a_sale_by_tap(counter: Pn532Counter, phone: VirtualPhone) -> None:
    counter.present("18.80")
    with counter.held(phone):
        kept = phone.wait_for_event(ReceiptKept, LIMIT_S)
    assert kept is not None
    assert kept.payment.total_minor == 18_80
    assert counter.booked == [18_80]


def test_a_sale_by_the_tag_and_the_page(counter: Pn532Counter, sandbox: LiveSandbox) -> None:
    assert counter.antenna.read_tag() == SHOP
    sale = counter.until(counter.present("6.00"), lambda seen: seen.url)
    url = counter.antenna.read_tag()
    assert url == sale.url
    visitor = Visitor.new(sandbox)
    visitor.claim(url or "")
    counter.until(sale, "pending")
    assert counter.antenna.read_tag() == url  # a claim from afar takes the tag from no shopper
    visitor.pay(url or "")
    paid = counter.until(sale, "approved")
    until(lambda: counter.antenna.read_tag() == paid.receipt_url, "the tag says the receipt")
    assert counter.booked == [6_00]


def test_whichever_phone_comes_first_the_other_pays_nothing(
    counter: Pn532Counter, phones: MakePhone, sandbox: LiveSandbox
) -> None:
    sale = counter.until(counter.present("7.00"), lambda seen: seen.url)
    url = counter.antenna.read_tag() or ""
    counter.tap(sale, phones("taps"), "approved")
    until(lambda: counter.antenna.read_tag() != url, "the tag no longer says what was paid")
    assert "/t/" not in (counter.antenna.read_tag() or "")
    assert counter.booked == [7_00]


def test_cancelled_there_is_nothing_on_the_tag(counter: Pn532Counter) -> None:
    sale = counter.until(counter.present("8.00"), lambda seen: seen.url)
    assert counter.antenna.read_tag() == sale.url
    counter.tell(sale, "cancel")
    until(lambda: counter.antenna.read_tag() != sale.url, "nothing that can be paid")
    assert "/t/" not in (counter.antenna.read_tag() or "")


def test_pulled_out_and_another_plugged_in_it_sells_again(counter: Pn532Counter, phone: VirtualPhone) -> None:
    openings = counter.antenna.openings
    counter.antenna.plug_in_another()
    until(lambda: counter.antenna.openings > openings, "the other reader is opened")
    counter.until_status(lambda status: status.readers[0].state == "ready")
    counter.tap(counter.present("9.00"), phone, "approved")
    assert counter.booked == [9_00]
