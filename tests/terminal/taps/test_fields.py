# SPDX-License-Identifier: Apache-2.0
"""The reader threads' side of a tap against a judge that remembers: what each field's sight leads to.

Source: tap protocol §2, "A phone left lying there pays nobody's bill". Held to the clock by hand; no thread of its own
but the loop's.
"""

from typing import Any

import pytest

from pengpos.core.errors import CardLostError, CardProtocolError, ReaderLostError, TapTimeoutError
from pengpos.core.ports import ReaderHealth, ReaderState
from pengpos.core.sale import Notice, Prompt
from terminal.taps.field_state import ASK_AGAIN_S
from tests.terminal.taps.tap_bench import (
    OFFER,
    RECEIPT,
    REPLY,
    Bench,
    ConversingPhone,
    ForeignCard,
    PassableCard,
    Phone,
    bench,
)

__all__ = ["bench"]


# --- empty fields -----------------------------------------------------------------------------------------------------


def test_nothing_is_told_while_no_sale_waits(bench: Bench) -> None:
    assert bench.see([]) == []
    assert bench.see([Phone()]) == []


def test_an_empty_field_is_told_once_for_each_arming(bench: Bench) -> None:
    bench.see([])
    number = bench.arming.arm()
    assert bench.see([]) == [("empty", number)]
    assert bench.see([]) == []
    number = bench.arming.arm()
    assert bench.see([]) == [("empty", number)]


def test_a_phone_from_before_is_asked_who_it_is_and_away_once_and_for_no_money(bench: Bench) -> None:
    phone = Phone()
    bench.see([phone])
    assert phone.commands == 0
    number = bench.arming.arm()
    assert bench.see([phone]) == [("prompt", number, Prompt.REMOVE_PHONE)]
    assert bench.see([phone]) == []
    assert phone.commands == 1
    assert bench.see([]) == [("empty", number)]
    assert ("judge", OFFER, REPLY) in bench.see([phone])


def test_after_an_outcome_the_phone_must_go_first(bench: Bench) -> None:
    phone = Phone()
    bench.armed_and_empty()
    bench.see([phone])
    bench.arming.disarm()
    spoken = phone.commands
    number = bench.arming.arm()
    assert bench.see([phone]) == [("prompt", number, Prompt.REMOVE_PHONE)]
    assert phone.commands == spoken


def test_empty_first_keeps_it_armed(bench: Bench) -> None:
    phone = Phone()
    bench.armed_and_empty()
    number = bench.arming.empty_first()
    assert bench.see([phone]) == [("prompt", number, Prompt.REMOVE_PHONE)]
    assert bench.see([]) == [("empty", number)]
    assert bench.see([phone]) == [("judge", OFFER, REPLY)]
    assert bench.judge.asked_under[-1] == number


# --- one tap ----------------------------------------------------------------------------------------------------------


def test_a_tap(bench: Bench) -> None:
    phone = Phone()
    bench.armed_and_empty()
    assert bench.see([phone]) == [("judge", OFFER, REPLY)]
    assert phone.wallet.receipts == [RECEIPT]


def test_without_a_receipt_none_is_pushed(bench: Bench) -> None:
    phone = Phone()
    bench.judge.receipt = None
    bench.armed_and_empty()
    bench.see([phone])
    assert phone.wallet.receipts == []


def test_nothing_is_presented_when_there_is_nothing_to_offer(bench: Bench) -> None:
    phone = Phone()
    bench.judge.offer_made = None
    bench.armed_and_empty()
    assert bench.see([phone]) == []
    assert phone.commands == 1  # SELECT


def test_what_is_presented_is_what_there_is_once_the_phone_has_answered_select(bench: Bench) -> None:
    phone = Phone()
    bench.judge.offer_made = None
    phone.when_asked = lambda: setattr(bench.judge, "offer_made", OFFER)
    bench.armed_and_empty()
    assert bench.see([phone]) == [("judge", OFFER, REPLY)]
    assert bench.judge.expected == 1


def test_from_select_to_the_reply_is_one_conversation(bench: Bench) -> None:
    """A reader whose every exchange costs two changes of threads is spared them; the receipt is nobody's wait."""
    phone = ConversingPhone()
    bench.armed_and_empty()
    assert bench.see([phone]) == [("judge", OFFER, REPLY)]
    assert phone.wallet.receipts == [RECEIPT]
    assert phone.commands_together == [3]  # SELECT, PRESENT, GET RESPONSE
    assert phone.commands == 4  # RESULT


def test_the_same_intent_is_presented_again_each_second_while_the_phone_stays(bench: Bench) -> None:
    phone = Phone()
    bench.judge.receipt = None
    bench.armed_and_empty()
    bench.see([phone])
    assert bench.see([phone]) == []
    bench.clock.at_s += ASK_AGAIN_S
    assert bench.see([phone]) == [("judge", OFFER, REPLY)]


def test_a_phone_that_comes_back_is_presented_to_at_once(bench: Bench) -> None:
    bench.judge.receipt = None
    bench.armed_and_empty()
    bench.see([Phone()])
    bench.see([])
    assert bench.see([Phone()]) == [("judge", OFFER, REPLY)]


LOST, SILENT, GARBLED = CardLostError(), TapTimeoutError(1.5), CardProtocolError("6F00")

FAILURES = [
    ("torn in SELECT", {0: LOST}, []),
    ("torn in PRESENT", {1: LOST}, [("notice", 1, Notice.TOO_QUICK)]),
    ("torn in GET RESPONSE", {2: LOST}, [("notice", 1, Notice.TOO_QUICK)]),
    ("torn in RESULT", {3: LOST}, [("judge", OFFER, REPLY)]),
    ("silent when selected", {0: SILENT}, [("prompt", 1, Prompt.LOOK_AT_PHONE)]),
    ("silent when presented to", {1: SILENT}, [("prompt", 1, Prompt.LOOK_AT_PHONE)]),
    ("silent at the end", {3: SILENT}, [("judge", OFFER, REPLY)]),
    ("garbled when selected", {0: GARBLED}, [("broken", 1)]),
    ("garbled when presented to", {1: GARBLED}, [("broken", 1)]),
    ("garbled at the end", {3: GARBLED}, [("judge", OFFER, REPLY)]),
]


@pytest.mark.parametrize(("fails", "told"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
def test_what_goes_wrong_in_a_tap(bench: Bench, fails: dict[int, Exception], told: list[tuple[Any, ...]]) -> None:
    bench.armed_and_empty()
    assert bench.see([Phone(fails)]) == told


def test_a_lost_reader_is_the_supervisors(bench: Bench) -> None:
    bench.armed_and_empty()
    with pytest.raises(ReaderLostError):
        bench.see([Phone({1: ReaderLostError("one", "pulled out", "plug it in")})])


def test_a_card_that_broke_the_protocol_is_passed_over_until_it_has_gone(bench: Bench) -> None:
    phone = Phone({1: GARBLED})
    bench.armed_and_empty()
    bench.see([phone])
    spoken = phone.commands
    bench.clock.at_s += 60
    assert bench.see([phone]) == []
    assert phone.commands == spoken


def test_a_silent_phone_is_not_asked_again_before_a_second_has_passed(bench: Bench) -> None:
    phone = Phone({0: SILENT})
    bench.armed_and_empty()
    bench.see([phone])
    assert bench.see([phone]) == []
    bench.clock.at_s += ASK_AGAIN_S
    assert bench.see([phone]) == [("judge", OFFER, REPLY)]


# --- other cards ------------------------------------------------------------------------------------------------------


def test_a_foreign_card_is_said_to_be_none_once_and_left_alone(bench: Bench) -> None:
    card = ForeignCard()
    bench.armed_and_empty()
    assert bench.see([card]) == [("notice", 1, Notice.NOT_A_WALLET)]
    assert bench.see([card]) == []
    assert card.commands == 1


@pytest.mark.parametrize("phone_behind_it", [False, True])
def test_of_a_card_that_can_be_passed_over_nothing_is_said_before_it_is_known_what_is_behind_it(
    bench: Bench, phone_behind_it: bool
) -> None:
    transit = PassableCard()
    bench.armed_and_empty()
    assert bench.see([transit]) == []
    if phone_behind_it:
        assert bench.see([transit, Phone()]) == [("judge", OFFER, REPLY)]
    else:
        assert bench.see([transit]) == [("notice", 1, Notice.NOT_A_WALLET)]
    assert bench.see([transit]) == []
    assert (transit.commands, transit.passed_over) == (1, 1)


def test_a_card_from_before_the_sale_is_passed_over_as_well(bench: Bench) -> None:
    transit = PassableCard()
    bench.arming.arm()
    assert bench.see([transit]) == [], "a phone behind it was there before the sale as well"
    assert bench.see([transit]) == [("empty", 1)]
    assert bench.see([transit, Phone()]) == [("judge", OFFER, REPLY)]
    assert transit.passed_over == 1


def test_a_phone_behind_a_card_from_before_the_sale_was_there_before_it_too(bench: Bench) -> None:
    transit, phone = PassableCard(), Phone()
    bench.arming.arm()
    assert bench.see([transit]) == []
    assert bench.see([transit, phone]) == [("prompt", 1, Prompt.REMOVE_PHONE)]
    assert bench.see([transit]) == [("empty", 1)]
    assert bench.see([transit, phone]) == [("judge", OFFER, REPLY)]


def test_a_sticker_that_was_there_before_is_no_phone_to_be_taken_away(bench: Bench) -> None:
    sticker, phone = ForeignCard(), Phone()
    for number in (1, 2):
        bench.arming.arm()
        assert bench.see([sticker]) == [("empty", number)]
        assert bench.see([sticker]) == []
        assert bench.see([sticker, phone])[-1] == ("judge", OFFER, REPLY)
        bench.see([sticker])
    assert sticker.commands == 1


def test_a_phone_beside_a_sticker_must_go_all_the_same(bench: Bench) -> None:
    sticker, phone = ForeignCard(), Phone()
    bench.arming.arm()
    assert bench.see([sticker, phone]) == [("prompt", 1, Prompt.REMOVE_PHONE)]
    assert bench.see([sticker]) == [("empty", 1)]


@pytest.mark.parametrize("error", [TapTimeoutError(1.5), CardProtocolError("?")], ids=["silent", "garbled"])
def test_a_card_from_before_that_says_nothing_may_be_a_phone(bench: Bench, error: Exception) -> None:
    phone = Phone({0: error})
    bench.arming.arm()
    assert bench.see([phone]) == [("prompt", 1, Prompt.REMOVE_PHONE)]
    assert bench.see([phone]) == []
    assert phone.commands == 1


def test_a_foreign_card_in_the_phones_case_is_passed_over(bench: Bench) -> None:
    card, phone = ForeignCard(), Phone()
    bench.armed_and_empty()
    told = bench.see([card, phone])
    assert told == [("notice", 1, Notice.NOT_A_WALLET), ("judge", OFFER, REPLY)]


def test_two_wallets_in_one_field_are_charged_neither(bench: Bench) -> None:
    one, other = Phone(), Phone()
    bench.armed_and_empty()
    assert bench.see([one, other]) == [("prompt", 2, Prompt.TWO_PHONES)]
    assert bench.see([one, other]) == []  # "take it away" would hide it
    assert bench.see([one]) == [("prompt", 2, Prompt.REMOVE_PHONE)]
    assert bench.see([one]) == []
    assert bench.see([]) == [("empty", 2)]
    assert bench.see([one])[-1] == ("judge", OFFER, REPLY)


def test_what_two_phones_were_told_stands_whatever_another_reader_sees(bench: Bench) -> None:
    one, other = Phone(), Phone()
    bench.armed_and_empty("one", "two")
    assert bench.see([one, other], "one") == [("prompt", 2, Prompt.TWO_PHONES)]
    assert bench.see([], "two") == []
    assert bench.see([one, other], "one") == []
    assert bench.see([other], "one") == [("prompt", 2, Prompt.REMOVE_PHONE)]
    assert bench.see([], "two") == []
    assert bench.see([], "one") == [("empty", 2)]


def test_two_wallets_at_two_readers_are_charged_neither(bench: Bench) -> None:
    one, other = Phone(), Phone()
    bench.judge.offer_made = None  # the first has been selected and not yet answered
    bench.armed_and_empty("one", "two")
    bench.see([one], "one")
    assert bench.see([other], "two") == [("prompt", 2, Prompt.TWO_PHONES)]
    assert bench.see([one], "one") == []
    assert bench.see([], "one") == [("empty", 2), ("prompt", 2, Prompt.REMOVE_PHONE)]  # the other is still there


def test_a_wallet_left_from_an_earlier_sale_makes_no_two(bench: Bench) -> None:
    lying, paying = Phone(), Phone()
    bench.armed_and_empty("one", "two")
    bench.see([lying], "one")
    bench.arming.disarm()
    bench.armed_and_empty("two")
    bench.see([lying], "one")
    assert bench.see([paying], "two")[-1] == ("judge", OFFER, REPLY)


def test_of_a_lost_readers_field_nothing_is_known_any_more(bench: Bench) -> None:
    bench.judge.offer_made = None
    bench.armed_and_empty("one", "two")
    bench.see([Phone()], "one")
    bench.health(ReaderHealth("one", ReaderState.LOST))
    bench.judge.offer_made = OFFER
    assert bench.see([Phone()], "two")[-1] == ("judge", OFFER, REPLY)
    assert bench.see([Phone()], "one") == [("prompt", 1, Prompt.REMOVE_PHONE)]  # it must be seen empty again
