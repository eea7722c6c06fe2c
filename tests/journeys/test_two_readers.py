# SPDX-License-Identifier: Apache-2.0
"""Two readers, one sale. Source: tap protocol §2: two wallets at once, a second reader's late reply."""

import threading

from sandbox.phone.field.manners import Foreign, Move, Respond, Says
from sandbox.phone.phone import VirtualPhone
from tests.support.counter import Counter
from tests.support.counter_fixtures import MakePhone
from tests.support.loop_thread import LIMIT_S


class Gated:
    """An honest phone whose answer to the `nth` command waits until `gate` is set; `reached` says that it waits."""

    def __init__(self, nth: int) -> None:
        self._nth = nth
        self._seen = 0
        self.reached = threading.Event()
        self.gate = threading.Event()

    def start(self) -> None:
        self._seen = 0

    def move(self, command: bytes, honest: Respond) -> Move:
        answer = honest(command)
        if self._seen == self._nth:
            self.reached.set()
            assert self.gate.wait(LIMIT_S)
        self._seen += 1
        return Says(data=answer)


def test_either_reader_takes_a_phone(two_readers: Counter, phone: VirtualPhone) -> None:
    for reader in (0, 1):
        sale = two_readers.present("6.00")
        with two_readers.held(phone, reader):
            two_readers.until(sale, "approved")
    assert two_readers.booked == [6_00, 6_00]


def test_two_wallets_at_once_are_charged_neither(two_readers: Counter, phones: MakePhone) -> None:
    one, other = phones("one"), phones("other")
    slow = Gated(1)  # selected, now asked to pay: its answer comes when the other has been selected, too
    one.manner = slow
    sale = two_readers.present("18.80")
    with two_readers.held(one, 0):
        assert slow.reached.wait(LIMIT_S)
        with two_readers.held(other, 1):
            sale = two_readers.until(sale, lambda seen: seen.prompt == "two_phones")
            slow.gate.set()
            assert sale.state == "presented"
        sale = two_readers.until(sale, lambda seen: seen.prompt != "two_phones")
    assert two_readers.booked == []
    sale = two_readers.until(sale, lambda seen: seen.prompt is None)
    with two_readers.held(other, 1):
        two_readers.until(sale, "approved")
    assert two_readers.booked == [18_80]


def test_what_two_phones_were_told_stays_while_both_stay(two_readers: Counter, phones: MakePhone) -> None:
    one, other = phones("one"), phones("other")
    slow = Gated(1)
    one.manner = slow
    sale = two_readers.present("18.80")
    with two_readers.held(one, 0):
        assert slow.reached.wait(LIMIT_S)
        with two_readers.held(other, 1):
            two_readers.until(sale, lambda seen: seen.prompt == "two_phones")
            slow.gate.set()
            two_readers.look_round()
            assert two_readers.sale(sale).prompt == "two_phones"
    assert two_readers.booked == []


def test_a_reply_that_comes_after_the_sale_was_given_up_is_dropped(two_readers: Counter, phone: VirtualPhone) -> None:
    slow = Gated(2)
    phone.manner = slow
    sale = two_readers.present("18.80")
    with two_readers.held(phone, 1):
        assert slow.reached.wait(LIMIT_S)
        two_readers.tell(sale, "cancel", {"reason": "customer"})
        two_readers.until(sale, "cancelled")
        slow.gate.set()
    following = two_readers.present("6.00")
    assert two_readers.sale(sale).state == "cancelled"
    assert two_readers.sale(following).history[-1].state == "presented"
    assert two_readers.booked == []


def test_a_phone_on_the_other_reader_is_asked_away_and_does_not_stop_the_sale(
    two_readers: Counter, phones: MakePhone
) -> None:
    lying, paying = phones("lying"), phones("paying")
    with two_readers.held(lying, 0):
        sale = two_readers.until(two_readers.charge("6.00"), "presented")  # the second reader is free
        sale = two_readers.until(sale, lambda seen: seen.prompt == "remove_phone")
        with two_readers.held(paying, 1):
            two_readers.until(sale, "approved")
    assert two_readers.booked == [6_00]


def test_a_sticker_on_the_other_reader_is_passed_over(two_readers: Counter, phones: MakePhone) -> None:
    sticker, paying = phones("sticker"), phones("paying")
    sticker.manner = Foreign()
    with two_readers.held(sticker, 0):
        for _ in range(2):
            sale = two_readers.present("6.00")
            two_readers.look_round()
            assert two_readers.sale(sale).prompt is None
            with two_readers.held(paying, 1):
                two_readers.until(sale, "approved")
    assert two_readers.booked == [6_00, 6_00]


def test_two_phones_on_one_reader_are_told_so_until_one_has_gone(two_readers: Counter, phones: MakePhone) -> None:
    one, other = phones("one"), phones("other")
    sale = two_readers.present("6.00")
    with two_readers.fields[0]._changed:  # both at the same moment
        two_readers.fields[0].bring(one)
        two_readers.fields[0].bring(other)
    two_readers.until(sale, lambda seen: seen.prompt == "two_phones")
    two_readers.look_round()
    two_readers.look_round()
    assert two_readers.sale(sale).prompt == "two_phones"
    two_readers.fields[0].take_away(one)
    two_readers.until(sale, lambda seen: seen.prompt == "remove_phone")
    two_readers.fields[0].take_away(other)
    two_readers.until(sale, lambda seen: seen.prompt is None)
    assert two_readers.booked == []


def test_a_phone_left_from_the_last_sale_does_not_count_as_a_second(two_readers: Counter, phones: MakePhone) -> None:
    lying, paying = phones("lying"), phones("paying")
    first = two_readers.present("6.00")
    with two_readers.held(lying, 0):
        two_readers.until(first, "approved")
        second = two_readers.until(two_readers.charge("8.00"), "presented")
        with two_readers.held(paying, 1):
            second = two_readers.until(second, "approved")
    assert two_readers.booked == [6_00, 8_00]


def test_a_reader_that_is_pulled_out_takes_its_phone_with_it(two_readers: Counter, phones: MakePhone) -> None:
    gone, paying = phones("gone"), phones("paying")
    slow = Gated(1)
    gone.manner = slow
    sale = two_readers.present("6.00")
    with two_readers.held(gone, 0):
        assert slow.reached.wait(LIMIT_S)
        two_readers.fields[0].break_down()
        slow.gate.set()
        two_readers.until_status(lambda status: "lost" in [reader.state for reader in status.readers])
        with two_readers.held(paying, 1):
            two_readers.until(sale, "approved")
    assert two_readers.booked == [6_00]
