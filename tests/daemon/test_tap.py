# SPDX-License-Identifier: Apache-2.0
"""The reader threads' side of a tap against a judge that remembers: what each field's sight leads to.

Source: tap protocol §2, "A phone left lying there pays nobody's bill". Held to the clock by hand; no thread of its own
but the loop's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from sandbox.phone.applet import Applet
from terminal.core.errors import CardLostError, CardProtocolError, ReaderLostError, TapTimeoutError
from terminal.core.ports import ReaderHealth, ReaderState, Signal
from terminal.core.sale import Notice, Prompt
from terminal.daemon.arming import Arming
from terminal.daemon.tap import ASK_AGAIN_S, Answer, Offer, TapDesk
from tests.support.loop_thread import LoopThread

REPLY, RECEIPT = b"reply " * 60, b"receipt"
OFFER = Offer(UUID(int=1), UUID(int=2), b"presentation", 0)


@dataclass
class Judge:
    """Remembers what it was told; offers `offer` and answers `receipt`."""

    offer_made: Offer | None = OFFER
    receipt: bytes | None = RECEIPT
    signal: Signal | None = None
    told: list[tuple[Any, ...]] = field(default_factory=list)

    async def offer(self, arming: int) -> Offer | None:
        self.told.append(("offer", arming))
        return self.offer_made

    async def judge(self, offer: Offer, reply: bytes, turnaround_ms: int) -> Answer:
        assert turnaround_ms == 0  # the clock is held still
        self.told.append(("judge", offer, reply))
        return Answer(receipt=self.receipt, signal=self.signal)

    def field_empty(self, arming: int) -> None:
        self.told.append(("empty", arming))

    def prompt(self, arming: int, prompt: Prompt) -> None:
        self.told.append(("prompt", arming, prompt))

    def notice(self, arming: int, notice: Notice) -> None:
        self.told.append(("notice", arming, notice))

    def broken(self, arming: int, detail: str) -> None:
        self.told.append(("broken", arming))
        assert detail

    def health(self, health: ReaderHealth) -> None:
        self.told.append(("health", health.state))


@dataclass
class Wallet:
    """What an applet asks of a wallet."""

    locked: bool = False
    receipts: list[bytes] = field(default_factory=list)

    def answer(self, _presentation: bytes) -> bytes:
        return REPLY

    def take_receipt(self, receipt: bytes) -> None:
        self.receipts.append(receipt)


class Phone:
    """A card with our applet; `fails` at the numbered command (from 0) with that error."""

    def __init__(self, fails: dict[int, Exception] | None = None) -> None:
        self.wallet = Wallet()
        self.commands = 0
        self._applet = Applet(self.wallet)
        self._applet.power_cycle()
        self._fails = fails or {}

    def transceive(self, command: bytes, _timeout_s: float) -> bytes:
        number, self.commands = self.commands, self.commands + 1
        if number in self._fails:
            raise self._fails[number]
        return self._applet.respond(command)


class ForeignCard:
    """No wallet."""

    def __init__(self) -> None:
        self.commands = 0

    def transceive(self, _command: bytes, _timeout_s: float) -> bytes:
        self.commands += 1
        return b"\x6a\x82"


@dataclass
class HandClock:
    """Moved by the test."""

    at_s: float = 100.0

    def now(self) -> int:
        return int(self.at_s)

    def monotonic_s(self) -> float:
        return self.at_s


class Bench:
    """A tap desk with everything around it."""

    def __init__(self, loop: LoopThread) -> None:
        self.judge = Judge()
        self.clock = HandClock()
        self.arming = Arming()
        self.desk = TapDesk(loop.loop, self.judge, self.clock, self.arming)
        self._loop = loop

    def see(self, cards: Sequence[Any], reader: str = "one") -> list[tuple[Any, ...]]:
        """What one look at a field leads to."""
        self.judge.told.clear()
        self.desk.field(reader, cards)
        self._loop.run(_nothing())  # whatever was told has been heard once this has run
        return list(self.judge.told)

    def armed_and_empty(self, *readers: str) -> None:
        self.arming.arm()
        for reader in readers or ("one",):
            self.see([], reader)


async def _nothing() -> None:
    """Runs after all that was scheduled before it."""


@pytest.fixture
def bench() -> Iterator[Bench]:
    loop = LoopThread()
    yield Bench(loop)
    loop.close()
    assert loop.broken == []


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
    assert bench.see([phone])[0] == ("offer", number)


# --- one tap ----------------------------------------------------------------------------------------------------------


def test_a_tap(bench: Bench) -> None:
    phone = Phone()
    bench.armed_and_empty()
    assert bench.see([phone]) == [("offer", 1), ("judge", OFFER, REPLY)]
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
    assert bench.see([phone]) == [("offer", 1)]
    assert phone.commands == 1  # SELECT


def test_the_same_intent_is_presented_again_each_second_while_the_phone_stays(bench: Bench) -> None:
    phone = Phone()
    bench.judge.receipt = None
    bench.armed_and_empty()
    bench.see([phone])
    assert bench.see([phone]) == []
    bench.clock.at_s += ASK_AGAIN_S
    assert bench.see([phone]) == [("offer", 1), ("judge", OFFER, REPLY)]


def test_a_phone_that_comes_back_is_presented_to_at_once(bench: Bench) -> None:
    bench.judge.receipt = None
    bench.armed_and_empty()
    bench.see([Phone()])
    bench.see([])
    assert bench.see([Phone()]) == [("offer", 1), ("judge", OFFER, REPLY)]


class PhoneOnALoudReader(Phone):
    """Its reader has a light and a buzzer; notes after how many commands it was told what."""

    def __init__(self, fails: dict[int, Exception] | None = None) -> None:
        super().__init__(fails)
        self.shown: list[tuple[int, Signal]] = []

    def signal(self, signal: Signal) -> None:
        self.shown.append((self.commands, signal))


@pytest.mark.parametrize("signal", Signal)
@pytest.mark.parametrize("fails", [{}, {3: CardLostError()}], ids=["stays", "left before RESULT"])
def test_the_readers_own_light_shows_what_came_of_it_once_the_phone_has_its_receipt(
    bench: Bench, signal: Signal, fails: dict[int, Exception]
) -> None:
    phone = PhoneOnALoudReader(fails)
    bench.judge.signal = signal
    bench.armed_and_empty()
    bench.see([phone])
    assert phone.shown == [(phone.commands, signal)]
    assert phone.commands == 4


def test_it_shows_nothing_while_nobody_knows(bench: Bench) -> None:
    phone = PhoneOnALoudReader()
    bench.armed_and_empty()
    bench.see([phone])
    assert phone.shown == []


LOST, SILENT, GARBLED = CardLostError(), TapTimeoutError(1.5), CardProtocolError("6F00")

FAILURES = [
    ("torn in SELECT", {0: LOST}, []),
    ("torn in PRESENT", {1: LOST}, [("offer", 1), ("notice", 1, Notice.TOO_QUICK)]),
    ("torn in GET RESPONSE", {2: LOST}, [("offer", 1), ("notice", 1, Notice.TOO_QUICK)]),
    ("torn in RESULT", {3: LOST}, [("offer", 1), ("judge", OFFER, REPLY)]),
    ("silent when selected", {0: SILENT}, [("prompt", 1, Prompt.LOOK_AT_PHONE)]),
    ("silent when presented to", {1: SILENT}, [("offer", 1), ("prompt", 1, Prompt.LOOK_AT_PHONE)]),
    ("silent at the end", {3: SILENT}, [("offer", 1), ("judge", OFFER, REPLY)]),
    ("garbled when selected", {0: GARBLED}, [("broken", 1)]),
    ("garbled when presented to", {1: GARBLED}, [("offer", 1), ("broken", 1)]),
    ("garbled at the end", {3: GARBLED}, [("offer", 1), ("judge", OFFER, REPLY)]),
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
    assert bench.see([phone]) == [("offer", 1), ("judge", OFFER, REPLY)]


# --- other cards ------------------------------------------------------------------------------------------------------


def test_a_foreign_card_is_said_to_be_none_once_and_left_alone(bench: Bench) -> None:
    card = ForeignCard()
    bench.armed_and_empty()
    assert bench.see([card]) == [("notice", 1, Notice.NOT_A_WALLET)]
    assert bench.see([card]) == []
    assert card.commands == 1


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
    assert told == [("notice", 1, Notice.NOT_A_WALLET), ("offer", 1), ("judge", OFFER, REPLY)]


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
    bench.desk.health(ReaderHealth("one", ReaderState.LOST))
    bench.judge.offer_made = OFFER
    assert bench.see([Phone()], "two")[-1] == ("judge", OFFER, REPLY)
    assert bench.see([Phone()], "one") == [("prompt", 1, Prompt.REMOVE_PHONE)]  # it must be seen empty again
