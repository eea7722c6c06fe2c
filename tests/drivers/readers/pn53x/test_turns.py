# SPDX-License-Identifier: Apache-2.0
"""One PN53x that is a reader and a tag by turns: whichever phone comes is served, and neither way stops the other."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from drivers.readers.pn53x.card import Pn53xCard
from drivers.readers.pn53x.link import Pn53xLink
from drivers.readers.pn53x.place import SerialPlace
from drivers.readers.pn53x.reader import Pn53xReader
from drivers.simulated.field import Field, RadioPhone, read_tag
from drivers.simulated.pn532 import Fault, SimulatedPn532
from drivers.tags.ndef import uri_message
from drivers.tags.pn53x_tag import listen
from drivers.tags.type4 import Type4Tag
from pengpos.core.errors import ReaderLostError
from pengpos.core.ports import TagWaiting

LIMIT_S = 10.0
URL = "https://pay.example/t/AZizVQAAcACAAAAAAAAAAA"


@pytest.fixture
def chip() -> Iterator[SimulatedPn532]:
    with SimulatedPn532() as chip:
        yield chip


@pytest.fixture
def tag() -> Type4Tag:
    tag = Type4Tag()
    tag.show(TagWaiting(URL))
    return tag


@pytest.fixture
def reader(chip: SimulatedPn532, tag: Type4Tag) -> Iterator[Pn53xReader]:
    reader = Pn53xReader(
        "PN532",
        lambda: Pn53xLink("PN532", SerialPlace(chip.path)),
        play_tag=lambda link, seconds: listen(link, tag, seconds),
    )
    yield reader
    reader.close()


class ReadingPhone:
    """A phone that looks for tags, in a thread of the test's."""

    def __init__(self, air: Field) -> None:
        self.air = air

    def read(self, reader: Pn53xReader) -> bytes:
        """The message, while the terminal does its turns."""
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(self._read)
            while not reading.done():
                reader.wait(0.1)
            return reading.result()

    def _read(self) -> bytes:
        message = read_tag(self.air, LIMIT_S)
        assert message is not None
        return message


def test_a_phone_that_reads_finds_the_tag(chip: SimulatedPn532, reader: Pn53xReader) -> None:
    assert ReadingPhone(chip.field).read(reader) == uri_message(URL)


def test_a_phone_that_is_a_card_is_found_between(chip: SimulatedPn532, reader: Pn53xReader) -> None:
    assert ReadingPhone(chip.field).read(reader) == uri_message(URL)
    phone = RadioPhone(chip.field, lambda command: b"\x90\x00")
    chip.field.put(phone)
    (card,) = until_a_card(reader)
    assert card.transceive(bytes.fromhex("00A40400"), LIMIT_S) == b"\x90\x00"
    listened = chip.commands[0x8C]
    for _ in range(10):
        assert reader.wait(0.1) == (card,)
    assert chip.commands[0x8C] == listened  # while a card lies there it stays a reader
    chip.field.take(phone)
    assert reader.wait(LIMIT_S) == ()
    assert ReadingPhone(chip.field).read(reader) == uri_message(URL)


def until_a_card(reader: Pn53xReader) -> tuple[Pn53xCard, ...]:
    deadline_s = time.monotonic() + LIMIT_S
    while not (cards := reader.wait(0.1)):
        assert time.monotonic() < deadline_s
    return cards


def test_a_chip_that_fails_as_a_tag_is_a_lost_reader(chip: SimulatedPn532, reader: Pn53xReader) -> None:
    deadline_s = time.monotonic() + LIMIT_S
    with pytest.raises(ReaderLostError):
        fail_while_it_listens(chip, reader, deadline_s)


def fail_while_it_listens(chip: SimulatedPn532, reader: Pn53xReader, deadline_s: float) -> None:
    while time.monotonic() < deadline_s:
        reader.wait(0.05)
        if chip.commands[0x8C]:
            chip.inject(Fault.SYNTAX, 100)
