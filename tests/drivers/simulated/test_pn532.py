# SPDX-License-Identifier: Apache-2.0
"""The simulated PN532 against the user manual's bytes, and two of them joined by the air, nfcpy on both."""

import os
import select
import termios
import threading
import time
import tty
from collections.abc import Iterator

import pytest

from drivers.isodep.card import Command, Picc, Send
from drivers.readers.pn53x.link import FieldLeftError, Pn53xLink
from drivers.readers.pn53x.place import SerialPlace
from drivers.simulated.field import Field, Identity, RadioPhone
from drivers.simulated.pn532 import Fault, SimulatedPn532
from drivers.simulated.uart import ACK, SYNTAX_ERROR, FrameReader, framed

LIMIT_S = 10.0
WAKE = bytes(10)
ATS = bytes.fromhex("0578807000")


class Host:
    """Raw bytes on the chip's port."""

    def __init__(self, path: str) -> None:
        self._port = os.open(path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._port)
        settings = termios.tcgetattr(self._port)
        settings[4] = settings[5] = termios.B115200
        termios.tcsetattr(self._port, termios.TCSANOW, settings)

    def say(self, command: str) -> list[bytes]:
        """A command's ACK and answer."""
        os.write(self._port, WAKE + framed(bytes.fromhex("D4" + command)))
        return self.hear(2)

    def hear(self, count: int) -> list[bytes]:
        reader = FrameReader()
        found: list[bytes] = []
        deadline_s = time.monotonic() + LIMIT_S
        while len(found) < count:
            assert time.monotonic() < deadline_s
            if select.select([self._port], [], [], 0.1)[0]:
                reader.feed(os.read(self._port, 512))
            while (frame := reader.next()) is not None:
                found.append(frame)
        return found

    def close(self) -> None:
        os.close(self._port)


@pytest.fixture
def chip() -> Iterator[SimulatedPn532]:
    with SimulatedPn532() as chip:
        yield chip


@pytest.fixture
def host(chip: SimulatedPn532) -> Iterator[Host]:
    host = Host(chip.path)
    yield host
    host.close()


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("02", "D50332010607"),
        ("14010000", "D515"),
        ("1200", "D513"),
        ("00001122", "D501001122"),
        ("3201 02", "D533"),
        ("06 6301 6302", "D5070000"),
        ("4A0100", "D54B00"),
        ("8A", "D58B0000"),
        ("88", "D58927"),
        ("400102", "D54127"),
        ("601001 00".replace("10", "01", 1), "D56100"),
    ],
)
def test_a_command_and_its_answer(host: Host, command: str, answer: str) -> None:
    assert host.say(command) == [ACK, bytes.fromhex(answer)]


def test_an_unknown_command_is_a_syntax_error(host: Host) -> None:
    assert host.say("FE") == [ACK, FrameReaderSays(SYNTAX_ERROR)]


def FrameReaderSays(raw: bytes) -> bytes:  # noqa: N802 # reads as a value
    reader = FrameReader()
    reader.feed(raw)
    frame = reader.next()
    assert frame is not None
    return frame


def test_a_missed_poll_leaves_the_request_in_the_fifo(host: Host) -> None:
    host.say("4A0100")
    assert host.say("06 6339")[1].hex() == "d50726"


def test_a_card_is_listed_with_its_ats_where_the_host_wants_that(chip: SimulatedPn532, host: Host) -> None:
    chip.field.put(RadioPhone(chip.field, lambda command: command + b"\x90\x00"))
    host.say("1200")
    assert host.say("4A0100")[1].hex() == "d54b01010004200408010203"
    chip.field.off()
    host.say("1210")
    assert host.say("4A0100")[1].hex() == "d54b01010004200408010203" + ATS.hex()
    assert host.say("4001 00A40400")[1].hex() == "d5410000a404009000"
    assert host.say("0006")[1].hex() == "d50100"


@pytest.mark.parametrize("fault", [Fault.LOST_ACK, Fault.GARBAGE, Fault.SYNTAX, Fault.MUTE])
def test_what_goes_wrong_goes_wrong_once(chip: SimulatedPn532, host: Host, fault: Fault) -> None:
    chip.inject(fault)
    os.write(host._port, WAKE + framed(bytes.fromhex("D402")))
    if fault is not Fault.MUTE:
        host.hear(1)
    assert bytes.fromhex("D50332010607") in [*host.say("02"), *host.say("02")]


def link_on(chip: SimulatedPn532) -> Pn53xLink:
    return Pn53xLink("PN532", SerialPlace(chip.path))


def listen(link: Pn53xLink, timeout_s: float = LIMIT_S) -> bytes | None:
    return link.listen(sens_res=b"\x04\x00", uid=b"\x08abc", sel_res=0x20, ats=ATS, timeout_s=timeout_s)


@pytest.fixture
def pair() -> Iterator[tuple[Pn53xLink, Pn53xLink]]:
    air = Field()
    with SimulatedPn532(air) as one, SimulatedPn532(air) as other:
        links = link_on(one), link_on(other)
        yield links
        for link in links:
            link.close()


def test_two_chips_meet_on_the_air(pair: tuple[Pn53xLink, Pn53xLink]) -> None:
    reader, card = pair
    served: list[bytes] = []

    def serve() -> None:
        picc = Picc()
        picc, _ = picc.hear(b"\xe0\x80")
        block = listen(card)
        try:
            while block:
                picc, outcome = picc.hear(block)
                answer = b""
                if isinstance(outcome, Command):
                    served.append(outcome.apdu)
                    picc, answer = picc.answer(outcome.apdu + b"\x90\x00")
                elif isinstance(outcome, Send):
                    answer = outcome.block
                block = card.reply(answer, LIMIT_S)
        except FieldLeftError:
            served.append(b"left")

    thread = threading.Thread(target=serve)
    thread.start()
    deadline_s = time.monotonic() + LIMIT_S
    while (found := reader.sense()) is None:
        assert time.monotonic() < deadline_s
    assert found.uid == b"\x08abc"
    assert found.speaks_isodep
    assert reader.exchange(b"\xe0\x80", 0.5) == ATS
    assert reader.exchange(b"\x02\x00\xa4\x04\x00", 0.5).hex() == "0200a404009000"
    assert reader.exchange(b"\xb3", 0.5).hex() == "a2"
    reader.mute()
    thread.join(LIMIT_S)
    assert served == [bytes.fromhex("00a40400"), b"left"]


def test_nobody_comes(pair: tuple[Pn53xLink, Pn53xLink]) -> None:
    reader, card = pair
    assert listen(card, 0.05) is None
    card.mute()  # the chip has read the end of its listening when it answers this
    assert reader.sense() is None  # it does not go on listening


def test_a_release_in_the_middle(chip: SimulatedPn532) -> None:
    link = link_on(chip)
    done = threading.Event()

    def reader() -> None:
        while not done.is_set():
            if chip.field.await_card(0.1) is not None:
                chip.field.exchange(b"\xe0\x80", 0.5)
                chip.field.exchange(b"\x02\x00\xa4\x04\x00", 0.5)

    thread = threading.Thread(target=reader)
    thread.start()
    assert listen(link) == b"\x02\x00\xa4\x04\x00"
    done.set()
    chip.inject(Fault.RELEASE)
    with pytest.raises(FieldLeftError):
        link.reply(b"\x02\x90\x00", LIMIT_S)
    link.close()
    thread.join(LIMIT_S)


def test_the_air_takes_its_time() -> None:
    air = Field(bit_rate=106_000)
    air.put(RadioPhone(air, lambda command: command, identity=Identity()))
    air.poll()
    began_s = time.monotonic()
    air.exchange(b"\xe0\x80", 1.0)
    air.exchange(b"\x02" + bytes(250), 1.0)
    assert time.monotonic() - began_s >= 2 * 250 * 9 / 106_000
