# SPDX-License-Identifier: Apache-2.0
"""What every `core.ports.Reader` owes: the real PC/SC stack, nfcpy on a simulated PN532, and the shipped fake."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest

from drivers.readers.pcsc.reader import PcscReader
from drivers.readers.pn53x.link import Pn53xLink
from drivers.readers.pn53x.place import SerialPlace
from drivers.readers.pn53x.reader import Pn53xReader
from drivers.simulated.field import LeftError, RadioPhone
from drivers.simulated.pn532 import SimulatedPn532
from drivers.simulated.reader import FakeReader
from drivers.simulated.reader import TornError as FakeTornError
from pengpos.core.errors import CardLostError, CardProtocolError, ReaderLostError, TapTimeoutError
from pengpos.core.ports import Card, NudgeableReader, Reader
from sandbox.phone.field.reader_service import ReaderService
from sandbox.phone.field.vpcd import TornError as VpcdTornError
from tests.support.patient_chip import patient
from tests.support.pcscd import LIMIT_S, VirtualSlot

SELECT = bytes.fromhex("00A40400")
OK = b"\x90\x00"
Respond = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """A reader, and the hand that holds cards to it."""

    reader: Reader
    insert: Callable[[Respond], object]
    remove: Callable[[], None]
    swap: Callable[[Respond], None]
    """Out and in again, another card, while nobody waits."""
    lose: Callable[[], None]
    """Pull the reader out, or end its service."""
    torn: type[Exception]
    """For a card to raise: it leaves without an answer."""


def fake_rig(hung_after_s: float) -> Rig:
    reader = FakeReader(hung_after_s=hung_after_s)

    def swap(respond: Respond) -> None:
        reader.remove()
        reader.insert(respond)

    return Rig(
        reader=reader, insert=reader.insert, remove=reader.remove, swap=swap, lose=reader.lose, torn=FakeTornError
    )


def pcsc_rig(hung_after_s: float, slot: VirtualSlot, service: ReaderService) -> Rig:
    reader = PcscReader(slot.reader.name, hung_after_s=hung_after_s)
    return Rig(
        reader=reader, insert=slot.insert, remove=slot.remove, swap=slot.swap, lose=service.kill, torn=VpcdTornError
    )


def pn53x_rig(hung_after_s: float, chip: SimulatedPn532) -> Rig:
    reader = Pn53xReader("PN532", lambda: Pn53xLink("PN532", SerialPlace(chip.path)), hung_after_s=hung_after_s)
    held: list[RadioPhone] = []

    def insert(respond: Respond) -> None:
        held.append(RadioPhone(chip.field, respond))
        chip.field.put(held[-1])

    def remove() -> None:
        while held:
            chip.field.take(held.pop())

    def swap(respond: Respond) -> None:
        remove()
        insert(respond)

    return Rig(reader=reader, insert=insert, remove=remove, swap=swap, lose=chip.unplug, torn=LeftError)


@pytest.fixture
def hung_after_s() -> float:
    """Where a reader is not to hang: longer than a busy machine lets it wait for a processor."""
    return LIMIT_S


@pytest.fixture(params=["fake", "pcsc", "pn53x"])
def rig(request: pytest.FixtureRequest, hung_after_s: float) -> Iterator[Rig]:
    with contextlib.ExitStack() as cleanup:
        if request.param == "pcsc":
            rig = pcsc_rig(hung_after_s, request.getfixturevalue("slot"), request.getfixturevalue("reader_service"))
        elif request.param == "pn53x":
            cleanup.enter_context(patient())
            rig = pn53x_rig(hung_after_s, cleanup.enter_context(SimulatedPn532()))
        else:
            rig = fake_rig(hung_after_s)
        yield rig
        rig.reader.close()


def echo(command: bytes) -> bytes:
    return command[: 255 + 1] + OK


def card_of(rig: Rig, respond: Respond) -> Card:
    rig.insert(respond)
    (card,) = rig.reader.wait(LIMIT_S)
    return card


def until(rig: Rig, holds: Callable[[Sequence[Card]], bool]) -> Sequence[Card]:
    """Watch the field until it is as it should be."""
    deadline_s = time.monotonic() + LIMIT_S
    while not holds(cards := rig.reader.wait(0.2)):
        assert time.monotonic() < deadline_s, f"the field stays {cards}"
    return cards


def test_an_empty_field_is_told_when_the_time_is_over(rig: Rig) -> None:
    assert rig.reader.wait(0.05) == ()


def test_a_card_is_the_same_object_while_it_stays(rig: Rig) -> None:
    card = card_of(rig, echo)
    assert [rig.reader.wait(0.02) for _ in range(3)] == [(card,)] * 3


@pytest.mark.parametrize("size", [4, 5, 255, 261])
def test_bytes_go_out_and_come_back_as_they_are(rig: Rig, size: int) -> None:
    command = bytes(byte % 251 for byte in range(size))
    assert card_of(rig, echo).transceive(command, LIMIT_S) == echo(command)


@pytest.mark.parametrize("size", [0, 1, 3, 262])
def test_what_is_no_short_apdu_is_not_sent(rig: Rig, size: int) -> None:
    heard: list[bytes] = []

    def listen(command: bytes) -> bytes:
        heard.append(command)
        return OK

    card = card_of(rig, listen)
    with pytest.raises(ValueError, match="C-APDU"):
        card.transceive(bytes(size), LIMIT_S)
    assert card.transceive(SELECT, LIMIT_S) == OK
    assert heard == [SELECT]


def test_a_card_that_left_is_told_and_dead(rig: Rig) -> None:
    card = card_of(rig, echo)
    rig.remove()
    assert until(rig, lambda cards: cards == ()) == ()
    with pytest.raises(CardLostError):
        card.transceive(SELECT, LIMIT_S)


def test_a_nudge_ends_a_wait_that_would_last(rig: Rig) -> None:
    """Where a reader can be nudged. PC/SC may lose one that comes just before its wait begins: so it is said again."""
    reader = rig.reader
    if not isinstance(reader, NudgeableReader):
        assert isinstance(reader, Pn53xReader), "it polls the field itself, and is looked at often"
        return
    seen: list[Sequence[Card]] = []
    waiting = threading.Thread(target=lambda: seen.append(reader.wait(600)))
    waiting.start()
    while waiting.is_alive():
        reader.nudge()
        waiting.join(0.05)
    assert seen == [()]
    assert reader.wait(0.02) == (), "it counts for one wait"
    card = card_of(rig, echo)
    assert card.transceive(SELECT, LIMIT_S) == SELECT + OK


def test_out_and_in_between_two_looks_was_an_empty_field(rig: Rig) -> None:
    """A phone that comes back is another tap; the rule "seen empty before presented again" rests on this."""
    first = card_of(rig, echo)
    rig.swap(echo)
    assert rig.reader.wait(LIMIT_S) == ()
    (second,) = rig.reader.wait(LIMIT_S)
    assert second is not first
    with pytest.raises(CardLostError):
        first.transceive(SELECT, LIMIT_S)
    assert second.transceive(SELECT, LIMIT_S) == SELECT + OK


def test_a_card_torn_away_in_the_middle_of_a_command(rig: Rig) -> None:
    def torn(command: bytes) -> bytes:
        raise rig.torn

    card = card_of(rig, torn)
    with pytest.raises(CardLostError):
        card.transceive(SELECT, LIMIT_S)
    assert until(rig, lambda cards: cards == ()) == ()
    assert card_of(rig, echo).transceive(SELECT, LIMIT_S) == SELECT + OK


@pytest.mark.parametrize("answer", [b"\x90", bytes(257) + OK], ids=["too short", "too long"])
def test_an_answer_of_impossible_length(rig: Rig, answer: bytes) -> None:
    answers = iter([answer, OK])
    card = card_of(rig, lambda _command: next(answers))
    with pytest.raises(CardProtocolError, match=f"{len(answer)} bytes"):
        card.transceive(SELECT, LIMIT_S)
    assert rig.reader.wait(0.02) == (card,)
    assert card.transceive(SELECT, LIMIT_S) == OK


class Slow:
    """A card that answers its first command when it is let, and all others at once."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.let = threading.Event()

    def respond(self, command: bytes) -> bytes:
        if not self.asked.is_set():
            self.asked.set()
            self.let.wait(2 * LIMIT_S)
        return command + OK


@pytest.fixture
def slow() -> Iterator[Slow]:
    slow = Slow()
    yield slow
    slow.let.set()


def test_a_slow_card_ends_the_exchange_not_the_reader(rig: Rig, slow: Slow) -> None:
    card = card_of(rig, slow.respond)
    with pytest.raises(TapTimeoutError) as caught:
        card.transceive(SELECT, 0.1)
    assert caught.value.limit_s == 0.1
    assert slow.asked.is_set()
    assert rig.reader.wait(0) == (card,)
    with pytest.raises(TapTimeoutError):
        card.transceive(SELECT, 0.05)
    slow.let.set()
    assert _answer_at_last(rig, card) == SELECT + OK


@pytest.mark.parametrize("hung_after_s", [1.5])
def test_a_card_that_stays_silent_hangs_the_reader_until_it_answers(rig: Rig, slow: Slow) -> None:
    card = card_of(rig, slow.respond)
    with pytest.raises(TapTimeoutError):
        card.transceive(SELECT, 0.1)
    with pytest.raises(ReaderLostError) as hung:
        until(rig, lambda _cards: False)
    assert hung.value.cure
    with pytest.raises(ReaderLostError):
        card.transceive(SELECT, 0.05)
    slow.let.set()
    assert _answer_at_last(rig, card) == SELECT + OK


def test_a_card_that_stays_silent_frees_the_reader_when_it_leaves(rig: Rig, slow: Slow) -> None:
    card = card_of(rig, slow.respond)
    with pytest.raises(TapTimeoutError):
        card.transceive(SELECT, 0.1)
    slow.let.set()
    rig.remove()
    deadline_s = time.monotonic() + LIMIT_S
    while _look(rig) != ():
        assert time.monotonic() < deadline_s
    assert card_of(rig, echo).transceive(SELECT, LIMIT_S) == SELECT + OK


def test_a_lost_reader_says_so_and_how_to_mend_it(rig: Rig) -> None:
    card = card_of(rig, echo)
    rig.lose()
    with pytest.raises(ReaderLostError) as waiting:
        until(rig, lambda _cards: False)
    with pytest.raises((ReaderLostError, CardLostError)):
        card.transceive(SELECT, LIMIT_S)
    assert waiting.value.reader == rig.reader.name
    assert waiting.value.detail
    assert waiting.value.cure


def test_closed_is_closed(rig: Rig) -> None:
    card = card_of(rig, echo)
    assert card.transceive(SELECT, LIMIT_S) == SELECT + OK
    rig.reader.close()
    rig.reader.close()
    with pytest.raises(ReaderLostError):
        rig.reader.wait(0.01)
    with pytest.raises(ReaderLostError):
        card.transceive(SELECT, LIMIT_S)


def _look(rig: Rig) -> Sequence[Card] | None:
    try:
        return rig.reader.wait(0.1)
    except ReaderLostError:
        return None


def _answer_at_last(rig: Rig, card: Card) -> bytes:
    """The reader comes back by itself; the same card still lies there."""
    deadline_s = time.monotonic() + LIMIT_S
    while True:
        assert time.monotonic() < deadline_s, "the reader does not recover"
        if _look(rig) == (card,):
            try:
                return card.transceive(SELECT, 1.0)
            except ReaderLostError:
                continue
