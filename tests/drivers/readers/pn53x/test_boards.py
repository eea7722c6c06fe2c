# SPDX-License-Identifier: Apache-2.0
"""A PN532 on boards that sleep for good, wake slowly, answer late, or lose a first byte: found, opened, sold with."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.readers.pn53x.link import Pn53xLink
from drivers.readers.pn53x.place import SerialPlace
from drivers.readers.pn53x.reader import Pn53xReader
from drivers.readers.pn53x.serial_port import SerialPort, _refuse_if_locked
from drivers.simulated.board import Board
from drivers.simulated.field import RadioPhone
from drivers.simulated.pn532 import SimulatedPn532
from pengpos.core.errors import ReaderLostError

LIMIT_S = 10.0
POWER_DOWN = 0x16
SELECT = bytes.fromhex("00A40400")
OK = b"\x90\x00"

BOARDS = {
    "by the book": Board(),
    "wakes no more": Board(wakes_after_power_down=False),
    "wakes after 5 ms": Board(wakes_after_s=0.005),
    "wakes after 0.3 s": Board(wakes_after_s=0.3),
    "answers after 0.2 s": Board(answers_after_s=0.2),
    "loses its first byte": Board(loses_first_byte=True),
    "all at once": Board(
        wakes_after_power_down=False, wakes_after_s=0.1, answers_after_s=0.12, loses_first_byte=True
    ),
}  # fmt: skip


@pytest.fixture(params=list(BOARDS.values()), ids=list(BOARDS))
def chip(request: pytest.FixtureRequest) -> Iterator[SimulatedPn532]:
    with SimulatedPn532(board=request.param) as chip:
        yield chip


def opened(chip: SimulatedPn532) -> Pn53xLink:
    return Pn53xLink("PN532", SerialPlace(chip.path))


def test_it_is_found_and_then_opened_and_opened_again(chip: SimulatedPn532) -> None:
    for _ in range(3):
        opened(chip).close()
    assert chip.commands[POWER_DOWN] == 0


def test_it_sells(chip: SimulatedPn532) -> None:
    opened(chip).close()
    chip.field.put(RadioPhone(chip.field, lambda command: command + OK))
    reader = Pn53xReader("PN532", lambda: opened(chip))
    (card,) = reader.wait(LIMIT_S)
    assert [card.transceive(SELECT, LIMIT_S) for _ in range(3)] == 3 * [SELECT + OK]
    reader.close()


def test_a_chip_that_is_left_awake_has_its_field_off(chip: SimulatedPn532) -> None:
    phone = RadioPhone(chip.field, lambda command: OK)
    chip.field.put(phone)
    link = opened(chip)
    assert link.sense() is not None
    assert phone.select() is None  # it is selected
    link.close()
    assert phone.select() is not None


def test_one_that_was_put_to_sleep_for_good_by_another_program_is_to_be_plugged_in_again() -> None:
    with SimulatedPn532(board=Board(wakes_after_power_down=False)) as chip:
        link = opened(chip)
        link._frontend.device.chipset.command(POWER_DOWN, bytearray(b"\xb0\x00"), timeout=0.1)
        link.close()
        with pytest.raises(ReaderLostError, match="does not answer as one") as caught:
            opened(chip)
        assert "Unplug it" in caught.value.cure
        chip.reset()
        opened(chip).close()


# --- frames in what comes ---------------------------------------------------------------------------------------------

ACK = bytes.fromhex("0000FF00FF00")
VERSION = bytes.fromhex("0000FF06FAD50332010607E800")
LONG = bytes.fromhex("0000FFFFFF0103FC") + bytes(range(1, 255)) + bytes(7)


class Line:
    """Stands for pyserial's port: what has come, and no more."""

    def __init__(self, heard: bytes) -> None:
        self._heard = heard
        self.timeout = 0.0

    def read(self, count: int) -> bytes:
        taken, self._heard = self._heard[:count], self._heard[count:]
        return taken


@pytest.mark.parametrize(
    ("heard", "frames"),
    [
        pytest.param(ACK + VERSION, [ACK, VERSION], id="as they should come"),
        pytest.param(ACK[1:] + VERSION, [ACK, VERSION], id="without the first byte"),
        pytest.param(ACK + VERSION[1:], [ACK, VERSION], id="without that of the answer"),
        pytest.param(ACK[1:] + VERSION[1:], [ACK, VERSION], id="without either"),
        pytest.param(b"\x55\x00\x12" + ACK + b"\x00\x00" + VERSION, [ACK, VERSION], id="with noise"),
        pytest.param(ACK + LONG, [ACK, LONG], id="extended"),
        pytest.param(ACK + LONG[1:], [ACK, LONG], id="extended, without the first byte"),
    ],
)
def test_frames_are_found(heard: bytes, frames: list[bytes]) -> None:
    port = SerialPort.__new__(SerialPort)
    port.patience_s, port._ahead, port.tty = 0.0, b"", Line(heard)
    assert [bytes(port.read(100)) for _ in frames] == frames
    with pytest.raises(OSError, match="timed out"):
        port.read(100)


@pytest.mark.parametrize("noise", [b"", b"\x00", b"\x55" * 4_000, b"\x00" * 4_000], ids=len)
def test_noise_without_end_is_no_frame(noise: bytes) -> None:
    port = SerialPort.__new__(SerialPort)
    port.patience_s, port._ahead, port.tty = 0.0, b"", Line(noise)
    with pytest.raises(OSError, match="timed out"):
        port.read(100)


@given(st.binary(max_size=700))
def test_whatever_comes_is_a_frame_or_none_and_nothing_waits_without_end(heard: bytes) -> None:
    port = SerialPort.__new__(SerialPort)
    port.patience_s, port._ahead, port.tty = 0.0, b"", Line(heard)
    with contextlib.suppress(OSError):
        for _ in range(len(heard) + 1):
            assert port.read(100).startswith(b"\x00\x00\xff")
        raise AssertionError("more frames than bytes")


# --- another program's port -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lock", "refused"),
    [(None, False), ("", False), ("x", False), ("999999999", False), (" {alive}\n", True), ("1\n", True)],
    ids=["no lock", "an empty one", "a broken one", "of one that ended", "of one that runs", "of another's"],
)
def test_a_port_that_another_program_has_locked_is_not_asked(tmp_path: Path, lock: str | None, refused: bool) -> None:
    if lock is not None:
        (tmp_path / "LCK..ttyUSB0").write_text(lock.format(alive=os.getpid()))
    if refused:
        with pytest.raises(OSError, match="busy"):
            _refuse_if_locked("/dev/ttyUSB0", tmp_path)
    else:
        _refuse_if_locked("/dev/ttyUSB0", tmp_path)
