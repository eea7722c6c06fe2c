# SPDX-License-Identifier: Apache-2.0
"""A reader over nfcpy's own PN532 driver: each thing that can go wrong, as the one error the terminal knows for it."""

import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.isodep.card import ATS
from drivers.readers.pn53x.card import Pn53xCard
from drivers.readers.pn53x.errors import reader_lost
from drivers.readers.pn53x.link import Pn53xLink
from drivers.readers.pn53x.place import SerialPlace
from drivers.readers.pn53x.reader import Pn53xReader
from drivers.simulated.field import Identity, LeftError, RadioPhone
from drivers.simulated.pn532 import Fault, SimulatedPn532
from drivers.simulated.uart import framed
from pengpos.core.errors import CardLostError, CardProtocolError, ReaderLostError, TapTimeoutError

LIMIT_S = 10.0
SELECT = bytes.fromhex("00A4040009F050454E475441500100")
OK = b"\x90\x00"
Respond = Callable[[bytes], bytes]


def echo(command: bytes) -> bytes:
    return command[:255] + OK


@pytest.fixture
def chip() -> Iterator[SimulatedPn532]:
    with SimulatedPn532() as chip:
        yield chip


def open_on(chip: SimulatedPn532, *, hung_after_s: float = 5.0) -> Pn53xReader:
    return Pn53xReader("PN532", lambda: Pn53xLink("PN532", SerialPlace(chip.path)), hung_after_s=hung_after_s)


@pytest.fixture
def reader(chip: SimulatedPn532) -> Iterator[Pn53xReader]:
    reader = open_on(chip)
    yield reader
    reader.close()


def hold(chip: SimulatedPn532, respond: Respond = echo, **manner: object) -> RadioPhone:
    phone = RadioPhone(chip.field, respond, **manner)  # type: ignore[arg-type] # each test knows which it gives
    chip.field.put(phone)
    return phone


def watch_for_ever(reader: Pn53xReader) -> None:
    while True:
        reader.wait(0.1)


def card_in(reader: Pn53xReader) -> Pn53xCard:
    (card,) = reader.wait(LIMIT_S)
    return card


@pytest.mark.parametrize(
    ("sel_res", "uid"),
    [
        pytest.param(0x20, "08010203", id="SAK 20"),
        pytest.param(0x60, "08010203", id="SAK 60: a phone that speaks NFC-DEP too"),
        pytest.param(0x28, "04112233445566", id="a card of seven bytes"),
        pytest.param(0x20, "0411223344556677889A", id="a card of ten"),
        pytest.param(0x20, "04" * 255, id="a UID of 255 bytes, which no card has"),
        pytest.param(0x20, "", id="a UID of none"),
    ],
)
def test_every_isodep_card_is_a_card(chip: SimulatedPn532, reader: Pn53xReader, sel_res: int, uid: str) -> None:
    hold(chip, identity=Identity(sel_res=sel_res, uid=bytes.fromhex(uid)))
    assert card_in(reader).transceive(SELECT, LIMIT_S) == SELECT + OK


@pytest.mark.parametrize(
    "ats", ["01", "0208", "031880", "032881", "04688102", "0578807002", "0578 80 E0 00", "0200", "067880700041"]
)
def test_every_legal_ats_is_read(chip: SimulatedPn532, reader: Pn53xReader, ats: str) -> None:
    hold(chip, ats=bytes.fromhex(ats))
    command = bytes([0, 0xA4, 4, 0, 200]) + bytes(range(200))
    assert card_in(reader).transceive(command, LIMIT_S) == command + OK


def test_a_sticker_is_no_wallet(chip: SimulatedPn532, reader: Pn53xReader) -> None:
    hold(chip, identity=Identity(sel_res=0x00, uid=bytes.fromhex("04112233445566")))
    card = card_in(reader)
    assert card.transceive(SELECT, LIMIT_S).hex() == "6a82"
    assert [reader.wait(0.01) for _ in range(3)] == [(card,)] * 3


@pytest.mark.parametrize("ats", ["02", "0578", ""])
def test_a_card_that_answers_rats_wrongly(chip: SimulatedPn532, reader: Pn53xReader, ats: str) -> None:
    hold(chip, ats=bytes.fromhex(ats))
    card = card_in(reader)
    with pytest.raises(CardProtocolError, match="ISO-DEP"):
        card.transceive(SELECT, LIMIT_S)


def test_a_status_word_is_an_answer(chip: SimulatedPn532, reader: Pn53xReader) -> None:
    hold(chip, lambda command: bytes.fromhex("6F00"))
    card = card_in(reader)
    assert [card.transceive(SELECT, LIMIT_S).hex() for _ in range(3)] == ["6f00"] * 3


def test_the_chip_is_set_up_once_for_a_card(chip: SimulatedPn532, reader: Pn53xReader) -> None:
    hold(chip)
    card = card_in(reader)
    card.transceive(SELECT, LIMIT_S)
    before = chip.commands.copy()
    for _ in range(10):
        card.transceive(SELECT, LIMIT_S)
    assert chip.commands - before == {0x42: 10}


def test_no_card(reader: Pn53xReader) -> None:
    assert reader.wait(0.1) == ()


def test_a_phone_of_a_new_uid_is_another(chip: SimulatedPn532, reader: Pn53xReader) -> None:
    first = hold(chip, identity=Identity(uid=b"\x04abc"))
    card = card_in(reader)
    chip.field.take(first)
    hold(chip, identity=Identity(uid=b"\x04xyz"))
    assert reader.wait(LIMIT_S) == ()
    with pytest.raises(CardLostError):
        card.transceive(SELECT, LIMIT_S)
    assert card_in(reader) is not card


def leaves(chip: SimulatedPn532) -> Respond:
    def respond(command: bytes) -> bytes:
        raise LeftError

    return respond


def leaves_while_it_thinks(chip: SimulatedPn532) -> Respond:
    def respond(command: bytes) -> bytes:
        deadline_s = time.monotonic() + LIMIT_S
        while not any(frame[:1] == b"\xf2" for frame, _ in chip.field.frames):  # until an S(WTX) was granted
            assert time.monotonic() < deadline_s
            threading.Event().wait(0.005)
        raise LeftError

    return respond


@pytest.mark.parametrize("manner", [leaves, leaves_while_it_thinks], ids=["at once", "during S(WTX)"])
def test_a_phone_that_leaves(
    chip: SimulatedPn532, reader: Pn53xReader, manner: Callable[[SimulatedPn532], Respond]
) -> None:
    hold(chip, manner(chip))
    card = card_in(reader)
    with pytest.raises(CardLostError):
        card.transceive(SELECT, LIMIT_S)
    assert reader.wait(LIMIT_S) == ()


@pytest.mark.parametrize("fault", [Fault.CRC, Fault.TIMEOUT, Fault.LOST_FRAME])
@pytest.mark.parametrize("times", [1, 3])
def test_a_bad_moment_on_the_air_is_mended(chip: SimulatedPn532, reader: Pn53xReader, fault: Fault, times: int) -> None:
    heard: list[bytes] = []

    def respond(command: bytes) -> bytes:
        heard.append(command)
        return command + OK

    hold(chip, respond)
    card = card_in(reader)
    chip.inject(fault, times)
    assert card.transceive(SELECT, LIMIT_S) == SELECT + OK
    assert heard == [SELECT]


@pytest.mark.parametrize(
    ("fault", "error"), [(Fault.CRC, CardProtocolError), (Fault.TIMEOUT, TapTimeoutError)], ids=["CRC", "silence"]
)
def test_a_phone_that_stays_and_cannot_be_understood(
    chip: SimulatedPn532, reader: Pn53xReader, fault: Fault, error: type[Exception]
) -> None:
    hold(chip)
    card = card_in(reader)
    chip.inject(fault, 20)
    with pytest.raises(error):
        card.transceive(SELECT, LIMIT_S)
    chip.calm()
    assert reader.wait(0.01) == (card,)
    assert card.transceive(SELECT, LIMIT_S) == SELECT + OK


def test_a_slow_phone_is_given_its_time(chip: SimulatedPn532, reader: Pn53xReader) -> None:
    let = threading.Event()
    phone = hold(chip, lambda command: OK if let.wait(LIMIT_S) else b"")
    card = card_in(reader)
    threading.Timer(0.2, let.set).start()
    assert card.transceive(SELECT, LIMIT_S) == OK
    assert phone.extensions >= 3


def test_endless_s_wtx_hangs_nobody_for_ever(chip: SimulatedPn532) -> None:
    let = threading.Event()
    hold(chip, lambda command: OK if let.wait(2 * LIMIT_S) else b"")
    reader = open_on(chip, hung_after_s=0.3)
    card = card_in(reader)
    with pytest.raises(TapTimeoutError):
        card.transceive(SELECT, 0.1)
    with pytest.raises(ReaderLostError, match="Take the phone away"):
        watch_for_ever(reader)
    reader.close()
    assert not reader.worker.abandoned  # it gave up between two blocks
    again = open_on(chip)
    assert again.wait(LIMIT_S)
    let.set()
    again.close()


@pytest.mark.parametrize(
    "fault",
    [Fault.GARBAGE, Fault.SYNTAX, Fault.MUTE],
    ids=["noise on the UART", "an error frame", "a dead chip"],
)
def test_a_chip_that_fails_is_a_lost_reader(chip: SimulatedPn532, reader: Pn53xReader, fault: Fault) -> None:
    chip.inject(fault, 100)
    with pytest.raises(ReaderLostError) as caught:
        reader.wait(LIMIT_S)
    assert caught.value.reader == "PN532"
    assert "opened again" in caught.value.cure
    reader.close()
    chip.calm()
    fresh = open_on(chip)
    assert fresh.wait(0.05) == ()
    fresh.close()


@pytest.mark.parametrize("fault", [Fault.LOST_ACK, Fault.GARBAGE, Fault.SYNTAX, Fault.MUTE])
def test_a_bad_moment_on_the_wire_is_mended(chip: SimulatedPn532, reader: Pn53xReader, fault: Fault) -> None:
    heard: list[bytes] = []

    def respond(command: bytes) -> bytes:
        heard.append(command)
        return command + OK

    chip.inject(fault)
    assert reader.wait(0) == ()
    hold(chip, respond)
    card = card_in(reader)
    chip.inject(fault)
    assert card.transceive(SELECT, LIMIT_S) == SELECT + OK
    assert heard == [SELECT]


def test_no_flipped_bit_reaches_who_asked(chip: SimulatedPn532, reader: Pn53xReader) -> None:
    """Each byte of an answer's frame in turn, its sums, head and end too: the card is asked once, and answers right."""
    heard: list[bytes] = []

    def respond(command: bytes) -> bytes:
        heard.append(command)
        return command + OK

    hold(chip, respond)
    card = card_in(reader)
    commands = [SELECT + bytes([number]) for number in range(len(framed(SELECT)) + 8)]
    for command in commands:
        chip.inject(Fault.FLIPPED)
        assert card.transceive(command, LIMIT_S) == command + OK
    assert heard == commands


@pytest.mark.parametrize("when", ["the field is empty", "a card lies there", "in the middle of a command"])
def test_unplugged(chip: SimulatedPn532, reader: Pn53xReader, when: str) -> None:
    if when == "the field is empty":
        chip.unplug()
        with pytest.raises(ReaderLostError):
            reader.wait(LIMIT_S)
        return

    def respond(command: bytes) -> bytes:
        chip.unplug()
        return OK

    hold(chip, respond if when == "in the middle of a command" else echo)
    card = card_in(reader)
    if when == "a card lies there":
        chip.unplug()
    with pytest.raises(ReaderLostError):
        card.transceive(SELECT, LIMIT_S)
    with pytest.raises(ReaderLostError):
        reader.wait(LIMIT_S)


@pytest.mark.parametrize("fault", [Fault.MUTE, Fault.GARBAGE, Fault.SYNTAX])
def test_half_there(chip: SimulatedPn532, fault: Fault) -> None:
    chip.inject(fault, 100)
    with pytest.raises(ReaderLostError, match="four wires"):
        open_on(chip)


def test_nothing_at_that_path(tmp_path: Path) -> None:
    with pytest.raises(ReaderLostError, match="Plug it in"):
        Pn53xLink("PN532", SerialPlace(str(tmp_path / "ttyUSB9")))


def test_two_programs_want_one_reader(chip: SimulatedPn532, reader: Pn53xReader) -> None:
    with pytest.raises(ReaderLostError, match="another program"):
        open_on(chip)
    assert reader.wait(0.01) == ()


@pytest.mark.parametrize("fault", [Fault.LOST_ACK, Fault.MUTE])
def test_a_chip_that_misses_the_first_command_is_asked_again(chip: SimulatedPn532, fault: Fault) -> None:
    chip.inject(fault)
    reader = open_on(chip)
    hold(chip)
    assert card_in(reader).transceive(SELECT, LIMIT_S) == SELECT + OK
    reader.close()


def test_a_chip_left_at_high_speed_by_a_program_that_was_killed(chip: SimulatedPn532) -> None:
    link = Pn53xLink("PN532", SerialPlace(chip.path))
    assert link._frontend.device.chipset.transport.baudrate == 921_600
    link._frontend.device.chipset.transport.tty.close()  # what the kernel does for the dead
    link._unclaim()
    reader = open_on(chip)
    assert reader.wait(0.01) == ()
    reader.close()


@pytest.mark.parametrize(
    ("number", "opening", "usb", "cure"),
    [
        (errno.EACCES, True, False, "dialout"),
        (errno.EACCES, True, True, "udev"),
        (errno.EBUSY, True, False, "ModemManager"),
        (errno.EBUSY, True, True, "pn533_usb"),
        (errno.ENOENT, True, False, "Plug it in"),
        (errno.ENODEV, True, True, "HSU"),
        (errno.ENODEV, False, True, "unplug"),
        (errno.EIO, False, False, "unplug"),
        (errno.ETIMEDOUT, False, True, "unplug"),
    ],
)
def test_each_trouble_names_its_cure(number: int, opening: bool, usb: bool, cure: str) -> None:
    lost = reader_lost("PN532", OSError(number, os.strerror(number)), opening=opening, usb=usb)
    assert cure in lost.cure
    assert os.strerror(number) in lost.detail


def test_the_field_rests_after_a_failure(chip: SimulatedPn532, reader: Pn53xReader) -> None:
    off: list[float] = []
    hold(chip, on_field_off=lambda: off.append(time.monotonic()))
    card = card_in(reader)
    chip.inject(Fault.CRC, 20)
    with pytest.raises(CardProtocolError):
        card.transceive(SELECT, LIMIT_S)
    chip.calm()
    off.clear()
    selects = chip.field.polls
    assert reader.wait(0) == (card,)
    assert off
    assert time.monotonic() - off[0] >= 0.3
    assert chip.field.polls > selects


def test_the_ats_of_our_own_tag_is_legal() -> None:
    assert ATS[0] == len(ATS)
