# SPDX-License-Identifier: Apache-2.0
"""The simulated tag chip by its registers. Source: NXP NT3H2111/2211 data sheet, §8.3 and §9."""

import errno

import pytest

from drivers.simulated.ntag import SimulatedNtag
from drivers.tags.ntag_i2c import ADDRESS, BLOCK, REGISTERS_BLOCK, NsReg, Register

LINE = bytes(range(BLOCK))


def block(chip: SimulatedNtag, number: int) -> bytes:
    chip.write(ADDRESS, bytes([number]))
    return chip.read(ADDRESS, BLOCK)


def status(chip: SimulatedNtag) -> NsReg:
    chip.write(ADDRESS, bytes([REGISTERS_BLOCK, Register.NS_REG]))
    return NsReg(chip.read(ADDRESS, 1)[0])


def until_written(chip: SimulatedNtag) -> int:
    """How often it said that it is busy."""
    looks = 0
    while status(chip) & NsReg.EEPROM_WR_BUSY:
        looks += 1
        assert looks < 20
    return looks


def unlock(chip: SimulatedNtag) -> None:
    chip.write(ADDRESS, bytes([REGISTERS_BLOCK, Register.NS_REG, NsReg.I2C_LOCKED, 0]))


def test_from_the_maker_it_is_an_empty_tag() -> None:
    chip = SimulatedNtag()
    assert block(chip, 0)[12:].hex() == "e1106d00"
    assert block(chip, 1)[:3].hex() == "0300fe"
    unlock(chip)
    assert chip.phone_reads() == b""


def test_another_capability_container() -> None:
    assert block(SimulatedNtag(capability=bytes.fromhex("E110EA00")), 0)[12:].hex() == "e110ea00"


def test_a_block_is_kept_and_takes_its_time() -> None:
    chip = SimulatedNtag()
    chip.write(ADDRESS, b"\x02" + LINE)
    assert until_written(chip) > 0
    assert block(chip, 2) == LINE
    assert chip.writes == [2]


def test_while_it_writes_the_next_block_is_refused() -> None:
    chip = SimulatedNtag()
    chip.write(ADDRESS, b"\x02" + LINE)
    with pytest.raises(OSError) as caught:  # noqa: PT011 - its number is looked at
        chip.write(ADDRESS, b"\x03" + LINE)
    assert caught.value.errno == errno.EREMOTEIO
    until_written(chip)
    chip.write(ADDRESS, b"\x03" + LINE)
    assert chip.writes == [2, 3]


@pytest.mark.parametrize(
    "data", [b"\x02" + LINE[:-1], b"\x02" + LINE + b"\x00", b"\x39" + LINE], ids=["short", "long", "beyond its memory"]
)
def test_what_is_no_block_of_it_is_refused(data: bytes) -> None:
    chip = SimulatedNtag()
    with pytest.raises(OSError, match="I/O"):
        chip.write(ADDRESS, data)
    assert chip.writes == []


def test_another_address_is_not_acknowledged() -> None:
    chip = SimulatedNtag()
    with pytest.raises(OSError, match="I/O"):
        chip.write(ADDRESS + 1, b"\x00")
    with pytest.raises(OSError, match="I/O"):
        chip.read(ADDRESS + 1, 1)


def test_a_read_before_any_address_was_set() -> None:
    with pytest.raises(OSError, match="I/O"):
        SimulatedNtag().read(ADDRESS, 1)


@pytest.mark.parametrize("naks", [1, 3])
def test_so_many_accesses_are_not_acknowledged(naks: int) -> None:
    chip = SimulatedNtag()
    chip.naks = naks
    for _ in range(naks):
        with pytest.raises(OSError, match="I/O"):
            chip.write(ADDRESS, b"\x00")
    assert block(chip, 0)


def test_one_that_is_not_there_acknowledges_nothing() -> None:
    chip = SimulatedNtag()
    chip.acknowledges = False
    with pytest.raises(OSError, match="I/O"):
        status(chip)


def test_a_worn_out_chip_keeps_nothing() -> None:
    chip = SimulatedNtag()
    chip.keeps = False
    chip.write(ADDRESS, b"\x02" + LINE)
    until_written(chip)
    assert block(chip, 2) == bytes(BLOCK)


def test_a_write_that_fails_is_in_its_status() -> None:
    chip = SimulatedNtag()
    chip.fails_writing = True
    assert status(chip) & NsReg.EEPROM_WR_ERR


def test_while_a_phone_reads_the_bus_gets_no_memory_but_registers() -> None:
    chip = SimulatedNtag()
    chip.phone_is_there = True
    assert status(chip) & NsReg.RF_FIELD_PRESENT
    for data in (b"\x01", b"\x01" + LINE):
        with pytest.raises(OSError, match="I/O"):
            chip.write(ADDRESS, data)


def test_while_the_bus_holds_it_a_phone_reads_nothing() -> None:
    chip = SimulatedNtag()
    block(chip, 1)
    assert status(chip) & NsReg.I2C_LOCKED
    with pytest.raises(ValueError, match="locked"):
        chip.phone_reads()
    unlock(chip)
    assert not status(chip) & NsReg.I2C_LOCKED
    assert chip.phone_reads() == b""


@pytest.mark.parametrize(
    ("tlv", "message"),
    [
        (b"\x03\x02hi\xfe", b"hi"),
        (b"\x03\xff\x01\x04" + bytes(260) + b"\xfe", bytes(260)),
    ],
    ids=["short", "long"],
)
def test_a_phone_finds_the_message(tlv: bytes, message: bytes) -> None:
    chip = SimulatedNtag()
    chip.memory[16 : 16 + len(tlv)] = tlv
    assert chip.phone_reads() == message


def test_a_phone_finds_no_message() -> None:
    chip = SimulatedNtag()
    chip.memory[16] = 0x00
    with pytest.raises(ValueError, match="no NDEF"):
        chip.phone_reads()
