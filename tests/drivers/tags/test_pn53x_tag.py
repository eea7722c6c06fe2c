# SPDX-License-Identifier: Apache-2.0
"""Our tag played by one simulated PN532, read by our own reader on another; by a phone that leaves; by nobody."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from drivers.readers.pn53x.link import Pn53xLink
from drivers.readers.pn53x.place import SerialPlace
from drivers.readers.pn53x.reader import Pn53xReader
from drivers.simulated.field import Field, read_tag
from drivers.simulated.pn532 import SimulatedPn532
from drivers.tags.ndef import uri_message
from drivers.tags.pn53x_tag import listen
from drivers.tags.type4 import Type4Tag
from pengpos.core.ports import TagCancelled, TagWaiting

LIMIT_S = 10.0
URL = "https://pay.example/t#" + "A" * 600


@dataclass(frozen=True, slots=True)
class Two:
    """A reader, and a tag opposite it."""

    reader: Pn53xReader
    tag: Type4Tag
    link: Pn53xLink
    air: Field


@pytest.fixture
def two() -> Iterator[Two]:
    air = Field()
    with SimulatedPn532(air) as one, SimulatedPn532(air) as other:
        link = Pn53xLink("tag", SerialPlace(other.path))
        reader = Pn53xReader("reader", lambda: Pn53xLink("reader", SerialPlace(one.path)))
        yield Two(reader, Type4Tag(), link, air)
        reader.close()
        link.close()


def read(two: Two) -> bytes:
    (card,) = two.reader.wait(LIMIT_S)
    assert card.transceive(bytes.fromhex("00A4040007D276000085010100"), LIMIT_S).hex() == "9000"
    assert card.transceive(bytes.fromhex("00A4000C02E104"), LIMIT_S).hex() == "9000"
    size = int.from_bytes(card.transceive(bytes.fromhex("00B0000002"), LIMIT_S)[:2], "big")
    message = b""
    while len(message) < size:
        offset = (2 + len(message)).to_bytes(2, "big")
        message += card.transceive(b"\x00\xb0" + offset + b"\x00", LIMIT_S)[:-2]
    return message


def test_our_reader_reads_our_tag(two: Two) -> None:
    two.tag.show(TagWaiting(URL))
    came: list[bool] = []
    times_s: list[float] = []
    thread = threading.Thread(target=lambda: came.append(listen(two.link, two.tag, LIMIT_S, answered=times_s.append)))
    thread.start()
    assert read(two) == uri_message(URL)
    two.reader.close()
    thread.join(LIMIT_S)
    assert came == [True]
    assert len(times_s) >= 6


def test_nobody_comes(two: Two) -> None:
    began_s = time.monotonic()
    assert not listen(two.link, two.tag, 0.1)
    assert time.monotonic() - began_s < LIMIT_S
    assert two.reader.wait(0) == ()


def test_the_next_session_reads_the_next_content(two: Two) -> None:
    two.tag.show(TagWaiting(URL))
    done = threading.Event()

    def serve() -> None:
        while not done.is_set():
            listen(two.link, two.tag, 0.2)

    thread = threading.Thread(target=serve)
    thread.start()
    first = raw_read(two.air)
    two.tag.show(TagCancelled())
    second = raw_read(two.air)
    done.set()
    thread.join(LIMIT_S)
    assert first.startswith(uri_message(URL)[:50])
    assert second.hex() == "d00000"


def raw_read(air: Field) -> bytes:
    """A reader without mercy: field on, a few blocks, field off in the middle of everything."""
    message = read_tag(air, LIMIT_S)
    assert message is not None
    return message
