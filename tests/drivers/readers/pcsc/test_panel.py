# SPDX-License-Identifier: Apache-2.0
"""A reader's own light and buzzer: told between two uses of the card, never in the way, and no other reader's business.

The card of the virtual reader hears what an ACR122U would keep to itself: so it can be counted.
"""

from collections.abc import Callable, Iterator

import pytest

from drivers.readers.pcsc.discovery import PcscReaders
from drivers.readers.pcsc.link import Link
from drivers.readers.pcsc.panel import ACR122U, Panel, panel_of
from drivers.readers.pcsc.reader import PcscCard, PcscReader
from drivers.readers.pcsc.winscard import Status, WinscardError
from pengpos.core.errors import CardProtocolError
from pengpos.core.ports import Signal, SignallingCard
from sandbox.phone.field.vpcd import TornError
from tests.support.pcscd import LIMIT_S, VirtualSlot

SELECT = bytes.fromhex("00A40400")
OK = b"\x90\x00"


@pytest.mark.parametrize(
    ("name", "panel"),
    [
        ("ACS ACR122U PICC Interface 00 00", ACR122U),
        ("ACS ACR122U 01 00", ACR122U),
        ("ACS ACR1222 3S PICC Reader 00 00", None),
        ("ACS ACR1252 1S CL Reader [ACR1252 Reader PICC] 00 00", None),
        ("Identive CLOUD 4700 F Contactless Reader 00 00", None),
        ("pengpos virtual reader 00 00", None),
    ],
)
def test_the_name_says_who_has_one(name: str, panel: Panel | None) -> None:
    assert panel_of(name) is panel


def test_no_two_outcomes_look_and_sound_alike() -> None:
    assert set(ACR122U.signals) == set(Signal)
    assert len(set(ACR122U.signals.values())) == len(Signal)
    assert all(command[:3] == b"\xff\x00\x40" and len(command) == 9 for command in ACR122U.signals.values())


class Recorder:
    """A card that keeps what it was sent; answers pseudo-APDUs by `to_the_reader`, all else by 9000."""

    def __init__(self, to_the_reader: Callable[[], bytes] = lambda: OK) -> None:
        self.heard: list[bytes] = []
        self._to_the_reader = to_the_reader

    def respond(self, command: bytes) -> bytes:
        self.heard.append(command)
        return self._to_the_reader() if command[0] == 0xFF else OK


@pytest.fixture
def reader(slot: VirtualSlot) -> Iterator[PcscReader]:
    reader = PcscReader(slot.reader.name, panel=ACR122U)
    yield reader
    reader.close()


def put(slot: VirtualSlot, reader: PcscReader, recorder: Recorder) -> PcscCard:
    slot.insert(recorder.respond)
    (card,) = reader.wait(LIMIT_S)
    return card


def test_the_reader_is_told_not_to_beep_by_itself_once_and_after_the_phone_was_served(
    slot: VirtualSlot, reader: PcscReader
) -> None:
    recorder = Recorder()
    card = put(slot, reader, recorder)
    card.transceive(SELECT, LIMIT_S)
    for _ in range(3):
        reader.wait(0)
    assert card.transceive(SELECT, LIMIT_S) == OK
    assert recorder.heard == [SELECT, ACR122U.hush, SELECT]


def test_a_card_nobody_talks_to_does_for_that(slot: VirtualSlot, reader: PcscReader) -> None:
    recorder = Recorder()
    put(slot, reader, recorder)
    for _ in range(3):
        reader.wait(0)
    assert recorder.heard == [ACR122U.hush]


@pytest.mark.parametrize("signal", Signal)
def test_an_outcome_is_shown(slot: VirtualSlot, reader: PcscReader, signal: Signal) -> None:
    recorder = Recorder()
    card = put(slot, reader, recorder)
    assert isinstance(card, SignallingCard)
    card.transceive(SELECT, LIMIT_S)
    card.signal(signal)
    assert recorder.heard == [SELECT, ACR122U.signals[signal]]


@pytest.mark.parametrize("refusal", ["6300", "6E00", "6F00"])
def test_a_refusal_harms_no_tap(slot: VirtualSlot, reader: PcscReader, refusal: str) -> None:
    recorder = Recorder(lambda: bytes.fromhex(refusal))
    card = put(slot, reader, recorder)
    card.transceive(SELECT, LIMIT_S)
    card.signal(Signal.APPROVED)
    assert reader.wait(0) == (card,)
    assert card.transceive(SELECT, LIMIT_S) == OK
    assert [command for command in recorder.heard if command == SELECT] == [SELECT, SELECT]


def test_a_phone_lifted_as_the_reader_beeps_has_left_and_no_more(slot: VirtualSlot, reader: PcscReader) -> None:
    def torn() -> bytes:
        raise TornError

    card = put(slot, reader, Recorder(torn))
    card.transceive(SELECT, LIMIT_S)
    card.signal(Signal.APPROVED)
    assert reader.wait(LIMIT_S) == ()
    assert put(slot, reader, Recorder()).transceive(SELECT, LIMIT_S) == OK


@pytest.fixture
def escapes(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What the reader was sent without a card, as where its driver allows that."""
    sent: list[bytes] = []
    monkeypatch.setattr(Link, "tell_reader", lambda _link, command: sent.append(command))
    return sent


def test_where_its_driver_allows_it_no_card_is_needed(
    slot: VirtualSlot, reader: PcscReader, escapes: list[bytes]
) -> None:
    reader.wait(0)
    assert escapes == [ACR122U.hush]
    recorder = Recorder()
    card = put(slot, reader, recorder)
    card.transceive(SELECT, LIMIT_S)
    reader.wait(0)
    slot.remove()
    assert reader.wait(LIMIT_S) == ()
    card.signal(Signal.ACCEPTED_OFFLINE)
    assert escapes == [ACR122U.hush, ACR122U.signals[Signal.ACCEPTED_OFFLINE]]
    assert recorder.heard == [SELECT]


def test_after_a_failed_exchange_the_power_is_cut_and_nothing_shown(
    slot: VirtualSlot, reader: PcscReader, escapes: list[bytes]
) -> None:
    answers = iter([b"\x90"])
    heard: list[bytes] = []

    def odd(command: bytes) -> bytes:
        heard.append(command)
        return next(answers, OK)

    slot.insert(odd)
    (card,) = reader.wait(LIMIT_S)
    escapes.clear()
    with pytest.raises(CardProtocolError):
        card.transceive(SELECT, LIMIT_S)
    card.signal(Signal.REFUSED)
    assert (heard, escapes) == ([SELECT], [])


def test_vpcds_own_refusal_of_the_escape_is_no_error(slot: VirtualSlot, reader: PcscReader) -> None:
    link = Link(slot.reader.name)
    with pytest.raises(WinscardError) as refused:
        link.tell_reader(ACR122U.hush)
    link.close()
    assert refused.value.status != Status.OK
    assert reader.wait(0) == ()


def test_a_closed_reader_shows_nothing(slot: VirtualSlot, reader: PcscReader, escapes: list[bytes]) -> None:
    card = put(slot, reader, Recorder())
    escapes.clear()
    reader.close()
    card.signal(Signal.APPROVED)
    assert escapes == []


@pytest.mark.parametrize("panel", [None, ACR122U], ids=["any other reader", "an ACR122U"])
def test_only_a_reader_of_that_name_is_ever_sent_these_bytes(slot: VirtualSlot, panel: Panel | None) -> None:
    readers = PcscReaders() if panel is None else PcscReaders(panel_of=lambda _name: panel)
    reader = readers.open(slot.reader.name)
    recorder = Recorder()
    card = put(slot, reader, recorder)
    card.transceive(SELECT, LIMIT_S)
    for signal in Signal:
        card.signal(signal)
    reader.wait(0)
    reader.close()
    readers.close()
    pseudo = [command for command in recorder.heard if command[0] == 0xFF]
    assert pseudo == ([] if panel is None else [*panel.signals.values(), panel.hush])
