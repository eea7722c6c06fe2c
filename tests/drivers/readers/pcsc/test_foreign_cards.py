# SPDX-License-Identifier: Apache-2.0
"""Cards that are none of ours, and other programs at our readers: left alone, or shared with."""

import time
from collections.abc import Callable, Iterator

import pytest

from drivers.readers.pcsc.reader import PcscReader
from drivers.readers.pcsc.winscard import Context
from pengpos.core.errors import ReaderLostError
from tests.support.pcscd import LIMIT_S, OtherProgram, VirtualSlot

SELECT = bytes.fromhex("00A40400")
OK = b"\x90\x00"
YUBIKEY = bytes.fromhex("3BFD1300008131FE158073C021C057597562694B657940")
MIFARE_1K = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")


def polite(command: bytes) -> bytes:
    return command + OK


def noting(heard: list[bytes]) -> Callable[[bytes], bytes]:
    """A card that keeps what it hears."""

    def respond(command: bytes) -> bytes:
        heard.append(command)
        return polite(command)

    return respond


@pytest.fixture
def reader(slot: VirtualSlot) -> Iterator[PcscReader]:
    reader = PcscReader(slot.reader.name)
    yield reader
    reader.close()


def test_a_slot_with_a_security_key_in_it_is_no_reader_and_the_key_hears_nothing(
    slot: VirtualSlot, reader: PcscReader
) -> None:
    heard: list[bytes] = []
    slot.insert(noting(heard), YUBIKEY)
    with pytest.raises(ReaderLostError, match="no phone can be held to this slot") as caught:
        reader.wait(LIMIT_S)
    assert "exclude" in caught.value.cure
    reader.close()
    with pytest.raises(ReaderLostError, match="no phone can be held to this slot"):
        PcscReader(slot.reader.name)
    slot.remove()
    again = PcscReader(slot.reader.name)
    assert again.wait(0) == ()
    again.close()
    assert heard == []


def test_another_program_may_have_the_key_alone(slot: VirtualSlot) -> None:
    slot.insert(polite, YUBIKEY)
    slot.await_presence(present=True)
    with pytest.raises(ReaderLostError):
        PcscReader(slot.reader.name)
    with OtherProgram(slot.reader.name) as theirs:
        assert theirs.transmit(SELECT) == SELECT + OK
        with pytest.raises(ReaderLostError, match="no phone can be held to this slot"):
            PcscReader(slot.reader.name)


def test_what_the_technician_includes_is_used_whatever_lies_there(slot: VirtualSlot) -> None:
    slot.insert(polite, YUBIKEY)
    included = PcscReader(slot.reader.name, any_card=True)
    (card,) = included.wait(LIMIT_S)
    assert card.transceive(SELECT, LIMIT_S) == SELECT + OK
    included.close()


def test_a_memory_card_is_a_card_without_applications_and_hears_nothing(slot: VirtualSlot, reader: PcscReader) -> None:
    heard: list[bytes] = []
    slot.insert(noting(heard), MIFARE_1K)
    (card,) = reader.wait(LIMIT_S)
    assert card.transceive(SELECT, LIMIT_S) == bytes.fromhex("6A82")
    assert card.converse(lambda transceive: transceive(SELECT, LIMIT_S)) == bytes.fromhex("6A82")
    assert heard == []


def test_a_phone_that_has_left_is_let_go(slot: VirtualSlot, reader: PcscReader) -> None:
    slot.insert(polite)
    (card,) = reader.wait(LIMIT_S)
    card.converse(lambda transceive: [transceive(SELECT, LIMIT_S), transceive(SELECT, LIMIT_S)])
    slot.remove()
    assert reader.wait(LIMIT_S) == ()
    reader.wait(0)
    slot.insert(polite)
    slot.await_presence(present=True)
    with OtherProgram(slot.reader.name) as theirs:
        assert theirs.transmit(SELECT) == SELECT + OK


def test_a_reader_whose_card_another_program_has_alone_stays_lost(slot: VirtualSlot) -> None:
    """It would else be ready until the next look, lost, ready, as long as the other program runs."""
    slot.insert(polite)
    slot.await_presence(present=True)
    with OtherProgram(slot.reader.name):
        for _ in range(2):
            with pytest.raises(ReaderLostError, match="another program holds the card"):
                PcscReader(slot.reader.name)
    ours = PcscReader(slot.reader.name)
    (card,) = ours.wait(LIMIT_S)
    assert card.transceive(SELECT, LIMIT_S) == SELECT + OK
    ours.close()


def test_nothing_is_said_once_another_programs_transaction_has_taken_all_the_time(
    slot: VirtualSlot, reader: PcscReader
) -> None:
    heard: list[bytes] = []
    slot.insert(noting(heard))
    (card,) = reader.wait(LIMIT_S)
    reader.wait(0.01)
    theirs = Context()
    key = theirs.connect(slot.reader.name)
    key.begin()
    with pytest.raises(ReaderLostError, match="another program holds the card"):
        card.transceive(SELECT, 0.2)
    slot.power.clear()
    key.end()
    theirs.close()
    deadline_s = time.monotonic() + LIMIT_S
    while reader.worker.stuck_s is not None:
        assert time.monotonic() < deadline_s
    assert reader.wait(0) == (card,)
    assert heard == []
    assert slot.power == []  # nothing was said, so nothing is in doubt
    assert card.transceive(SELECT, LIMIT_S) == SELECT + OK
