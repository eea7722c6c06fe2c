# SPDX-License-Identifier: Apache-2.0
"""The simulated tag chip by its registers. Source: NXP NT3H2111/2211 data sheet, §8.3 and §9."""

import errno

import pytest

from drivers.simulated.ntag import Kind, SimulatedNtag
from drivers.tags.ntag_memory import ADDRESS, BLOCK, REGISTERS_BLOCK, NsReg, Register

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
    "data", [b"\x02" + LINE[:-1], b"\x02" + LINE + b"\x00", b"\x3b" + LINE], ids=["short", "long", "beyond its memory"]
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


def protected(auth0: int, *, access: int = 0) -> SimulatedNtag:
    """With the password `pass` asked from this page on."""
    chip = SimulatedNtag()
    chip.memory[0x38 * BLOCK + 15] = auth0
    chip.memory[0x39 * BLOCK], chip.memory[0x39 * BLOCK + 4 : 0x39 * BLOCK + 8] = access, b"pass"
    return chip


def test_from_the_maker_any_phone_writes_it_but_for_its_number() -> None:
    chip = SimulatedNtag()
    chip.phone_writes(4, b"\x03\x02hi\xfe")
    assert chip.phone_reads() == b"hi"
    with pytest.raises(PermissionError, match="page 01"):
        chip.phone_writes(1, bytes(4))
    with pytest.raises(PermissionError, match="page EC"):
        chip.phone_writes(0xEC, bytes(4))


@pytest.mark.parametrize(
    ("auth0", "page", "asked"),
    [(4, 3, False), (4, 4, True), (4, 0xE5, True), (4, 0xEB, True), (4, 0xE2, False), (0xEC, 0xEB, False)],
)
def test_from_auth0_to_the_registers_a_password_is_asked(auth0: int, page: int, asked: bool) -> None:
    chip = protected(auth0)
    if not asked:
        chip.phone_writes(page, bytes(4))
        return
    with pytest.raises(PermissionError, match="password"):
        chip.phone_writes(page, bytes(4))
    assert chip.phone_authenticates(b"pass")
    chip.phone_writes(page, bytes(4))
    chip.phone_goes()
    assert not chip.phone_is_there


def test_a_password_counts_for_its_session_only() -> None:
    chip = protected(4)
    assert chip.phone_authenticates(b"pass")
    chip.phone_goes()
    with pytest.raises(PermissionError, match="password"):
        chip.phone_writes(4, bytes(4))


def test_after_so_many_wrong_passwords_the_right_one_is_none() -> None:
    chip = protected(4, access=0x01)
    assert [chip.phone_authenticates(guess) for guess in (b"1111", b"pass", b"2222", b"3333", b"pass")] == [
        False, True, False, False, False,
    ]  # fmt: skip


def test_reading_may_be_protected_too() -> None:
    chip = protected(4, access=0x80)
    with pytest.raises(ValueError, match="password"):
        chip.phone_reads()
    assert chip.phone_authenticates(b"pass")
    assert chip.phone_reads() == b""


def test_a_lock_once_set_by_a_phone_stays_for_phones_and_goes_by_the_bus() -> None:
    chip = SimulatedNtag()
    chip.phone_writes(2, bytes.fromhex("00001000"))
    chip.phone_writes(2, bytes(4))
    with pytest.raises(PermissionError, match="page 04"):
        chip.phone_writes(4, bytes(4))
    chip.phone_writes(5, bytes(4))
    chip.phone_writes(0xE2, bytes.fromhex("01000000"))
    with pytest.raises(PermissionError, match="page 1F"):
        chip.phone_writes(0x1F, bytes(4))
    chip.phone_writes(0x20, bytes(4))
    chip.write(ADDRESS, b"\x00\xaa" + bytes(9) + bytes.fromhex("0000E1106D00"))
    until_written(chip)
    unlock(chip)
    chip.phone_writes(4, bytes(4))
    assert block(chip, 0)[0] == 0x04  # the maker's number, whatever was written there


def test_the_password_is_read_by_nobody() -> None:
    chip = protected(4)
    assert block(chip, 0x39)[4:10] == bytes(6)


@pytest.mark.parametrize(("rights", "reads", "writes"), [(0, True, True), (1, True, False), (2, False, False)])
def test_the_bus_has_the_rights_it_was_left(rights: int, reads: bool, writes: bool) -> None:
    chip = protected(4)
    chip.memory[0x39 * BLOCK + 12] = rights
    for allowed, data in ((reads, b"\x05"), (writes, b"\x05" + LINE)):
        if allowed:
            chip.write(ADDRESS, data)
        else:
            with pytest.raises(OSError, match="I/O"):
                chip.write(ADDRESS, data)


def test_frozen_it_keeps_protection_and_registers_and_its_memory_is_free() -> None:
    chip = protected(0xFF)
    chip.memory[0x3A * BLOCK + 6] = 0x02
    before = bytes(chip.memory[0x38 * BLOCK :])
    for number in (0x38, 0x39, 0x3A):
        chip.write(ADDRESS, bytes([number]) + bytes([0xFF] * 8) + before[8:15] + b"\x00")
        until_written(chip)
    assert chip.memory[0x38 * BLOCK + 15] == 0xFF
    assert bytes(chip.memory[0x39 * BLOCK :]) == before[BLOCK:]
    assert bytes(chip.memory[0x38 * BLOCK : 0x38 * BLOCK + 8]) == bytes([0xFF] * 8)


def test_the_generation_before_has_no_password() -> None:
    small, large = SimulatedNtag(kind=Kind.PLAIN_1K), SimulatedNtag(kind=Kind.PLAIN_2K)
    with pytest.raises(OSError, match="I/O"):
        small.write(ADDRESS, b"\x39")
    large.write(ADDRESS, b"\x39" + LINE)
    until_written(large)
    assert block(large, 0x39) == LINE
    for chip in (small, large):
        assert not chip.phone_authenticates(b"\xff\xff\xff\xff")


def test_the_register_of_the_mirror_is_set_by_its_mask() -> None:
    chip = SimulatedNtag()
    chip.nc_reg = 0x43
    chip.write(ADDRESS, bytes([REGISTERS_BLOCK, Register.NC_REG, 0x42, 0]))
    assert chip.read(ADDRESS, 1) == b"\x01"


def test_a_phone_finds_no_message() -> None:
    chip = SimulatedNtag()
    chip.memory[16] = 0x00
    with pytest.raises(ValueError, match="no NDEF"):
        chip.phone_reads()
