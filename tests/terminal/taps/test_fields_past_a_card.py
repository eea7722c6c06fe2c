# SPDX-License-Identifier: Apache-2.0
"""A phone with a transit card in its case at a PN532: found past the card, and never taken for one that has just come.

Source: tap protocol §2, "A phone left lying there pays nobody's bill". Real fields, real reader, simulated chip.
"""

import time
from collections.abc import Iterator

import pytest

from drivers.readers.pn53x.link import Pn53xLink
from drivers.readers.pn53x.place import SerialPlace
from drivers.readers.pn53x.reader import Pn53xReader
from drivers.simulated.field import Identity, RadioPhone
from drivers.simulated.pn532 import SimulatedPn532
from pengpos.core.sale import Prompt
from sandbox.phone.wallet.applet import Applet
from tests.support.patient_chip import LIMIT_S, patient
from tests.terminal.taps.tap_bench import OFFER, REPLY, Bench, Wallet, bench

__all__ = ["bench"]

TRANSIT = Identity(sel_res=0x28, uid=bytes.fromhex("04112233445566"))
PHONE = Identity(sel_res=0x20, uid=bytes.fromhex("08010203"))
JUDGED = ("judge", OFFER, REPLY)
LOOKS = 6  # of 0.2 s: more than the second after which what sleeps is woken


class Counter:
    """Fields over a PN532, and a phone with a card in its case."""

    def __init__(self, bench: Bench, chip: SimulatedPn532, reader: Pn53xReader) -> None:
        self.bench, self.chip, self.reader = bench, chip, reader
        self.told: list[tuple[object, ...]] = []
        applet = Applet(Wallet())
        applet.power_cycle()
        self.transit = RadioPhone(chip.field, lambda _command: b"\x6a\x82", identity=TRANSIT)
        self.phone = RadioPhone(chip.field, applet.respond, identity=PHONE)

    def look(self, times: int = LOOKS) -> list[tuple[object, ...]]:
        """What so many looks at the field lead to."""
        told = []
        for _ in range(times):
            self.bench.clock.at_s = time.monotonic()
            told += self.bench.see(self.reader.wait(0.2))
        return told

    def first_told(self) -> tuple[object, ...]:
        """Look until it leads to something; what that is."""
        deadline_s = time.monotonic() + LIMIT_S
        while not (told := self.look(1)):
            assert time.monotonic() < deadline_s, "nothing comes of what lies there"
        return told[0]


@pytest.fixture
def counter(bench: Bench) -> Iterator[Counter]:
    bench.judge.receipt = None
    with patient(), SimulatedPn532() as chip:
        reader = Pn53xReader("PN532", lambda: Pn53xLink("PN532", SerialPlace(chip.path)))
        yield Counter(bench, chip, reader)
        reader.close()


@pytest.mark.parametrize("card_first", [True, False], ids=["the card answers first", "the phone answers first"])
def test_both_come_while_a_sale_waits(counter: Counter, card_first: bool) -> None:
    counter.bench.arming.arm()
    assert counter.look(1) == [("empty", 1)]
    both = [counter.transit, counter.phone]
    for card in both if card_first else reversed(both):
        counter.chip.field.put(card)
    assert counter.first_told() == JUDGED


@pytest.mark.parametrize("card_first", [True, False], ids=["the card answers first", "the phone answers first"])
def test_both_lay_there_before_the_sale(counter: Counter, card_first: bool) -> None:
    both = [counter.transit, counter.phone]
    for card in both if card_first else reversed(both):
        counter.chip.field.put(card)
    assert counter.look(2) == []
    counter.bench.arming.arm()
    assert counter.look() == [("prompt", 1, Prompt.REMOVE_PHONE)]
    counter.chip.field.take(counter.phone)
    counter.chip.field.take(counter.transit)
    told = counter.look()
    assert [word for word in told if word[0] != "notice"] == [("empty", 1)]
