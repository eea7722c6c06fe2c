# SPDX-License-Identifier: Apache-2.0
"""A tag chip and phones that write it: locked, read back, put right, told. Source: NXP AN11786 rev. 1.1 §3; case 54."""

import logging

import pytest

from drivers.simulated.ntag import Kind, SimulatedNtag
from drivers.tags.ndef import message_of, uri_message
from drivers.tags.ntag_i2c import LOOK_EVERY_S, NtagI2c
from drivers.tags.ntag_memory import BLOCK
from drivers.tags.ntag_protection import (
    ACCESS,
    ACCESS_BLOCK,
    AUTH0,
    AUTH0_WANTED,
    AUTH_BLOCK,
    CONFIG_BLOCK,
    LOCK_I2C,
    NFC_PROT,
    PASSWORD,
    PT_I2C,
    REG_LOCK,
)
from pengpos.core.errors import ReaderLostError
from pengpos.core.ports import TagIdle, TagNews, TagWaiting

SHOP = "https://shop.example/"
URL = "https://pay.example/t/AZizVQAAcACAAAAAAAAAAA"
EVIL = uri_message("https://evil.example/")
EVIL_TLV = bytes([0x03, len(EVIL)]) + EVIL + b"\xfe"
FIRST_PAGE = 4


class Bench:
    """A chip with its tag, at a standing time; `news` is what the shop heard."""

    def __init__(self, chip: SimulatedNtag) -> None:
        self.chip = chip
        self.now_s = 0.0
        self.news: list[TagNews] = []
        self.tag = self.opened()

    def opened(self) -> NtagI2c:
        return NtagI2c(
            self.chip, shop_address=SHOP, tell=self.news.append, monotonic_s=lambda: self.now_s, pause=self.pause
        )

    def pause(self, seconds: float) -> None:
        self.now_s += seconds

    def shows(self, url: str) -> None:
        self.tag.show(TagWaiting(url))
        assert self.tag.keep_up()
        assert self.chip.phone_reads() == uri_message(url)

    def rewritten(self) -> None:
        """A phone comes, writes another address if the chip lets it, and goes."""
        self.chip.phone_is_there = True
        self.tag.keep_up()
        self.chip.phone_writes(FIRST_PAGE, EVIL_TLV)
        self.chip.phone_goes()


def part(chip: SimulatedNtag, block: int) -> memoryview:
    return memoryview(chip.memory)[block * BLOCK : (block + 1) * BLOCK]


def delivered(*, auth0: int = 0x02, access: int = 0x07, pt_i2c: int = 0x04, reg_lock: int = 0) -> SimulatedNtag:
    """A chip that somebody has set before it came here, with a password of theirs."""
    chip = SimulatedNtag()
    part(chip, AUTH_BLOCK)[AUTH0] = auth0
    part(chip, ACCESS_BLOCK)[ACCESS], part(chip, ACCESS_BLOCK)[PT_I2C] = access, pt_i2c
    part(chip, ACCESS_BLOCK)[PASSWORD] = b"THEM"
    part(chip, CONFIG_BLOCK)[REG_LOCK] = reg_lock
    return chip


# --- locked ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(0x02, id="lock bytes"),
        pytest.param(0x03, id="capability container"),
        pytest.param(0x04, id="the message"),
        pytest.param(0x0F, id="its middle"),
        pytest.param(0xDF, id="the end of the memory"),
        pytest.param(0xE3, id="where the protection begins"),
        pytest.param(0xE4, id="access"),
        pytest.param(0xE5, id="the password"),
        pytest.param(0xE7, id="the bus's rights"),
        pytest.param(0xE8, id="registers at power-on"),
    ],
)
def test_a_phone_writes_nothing_on_a_new_chip_and_reads_on(page: int) -> None:
    bench = Bench(SimulatedNtag())
    bench.shows(URL)
    before = bytes(bench.chip.memory)
    bench.chip.phone_is_there = True
    with pytest.raises(PermissionError, match="password"):
        bench.chip.phone_writes(page, b"\x03\x00\xfe\x00")
    assert bytes(bench.chip.memory) == before
    assert bench.chip.phone_reads() == uri_message(URL)
    assert bench.news == [TagNews.PROTECTED]


def test_before_it_was_locked_a_phone_could() -> None:
    chip = SimulatedNtag()
    chip.phone_writes(FIRST_PAGE, EVIL_TLV)
    assert chip.phone_reads() == EVIL


def test_the_password_is_the_makers_no_more_each_chip_has_another_and_no_log_has_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    passwords = set()
    with caplog.at_level(logging.DEBUG):
        for _ in range(8):
            bench = Bench(SimulatedNtag())
            bench.shows(URL)
            password = bytes(part(bench.chip, ACCESS_BLOCK)[PASSWORD])
            passwords.add(password)
            assert password.hex() not in caplog.text.lower().replace(" ", "")
            assert repr(password)[2:-1] not in caplog.text
    assert len(passwords) == 8
    assert b"\xff\xff\xff\xff" not in passwords


def test_passwords_cannot_be_tried_without_end() -> None:
    bench = Bench(SimulatedNtag())
    bench.shows(URL)
    chip, password = bench.chip, bytes(part(bench.chip, ACCESS_BLOCK)[PASSWORD])
    for guess in range(128):
        assert not chip.phone_authenticates(guess.to_bytes(4, "big"))
    assert not chip.phone_authenticates(password)
    with pytest.raises(PermissionError):
        chip.phone_writes(FIRST_PAGE, EVIL_TLV)
    bench.shows(SHOP)  # the terminal, over its own wire, goes on


def test_the_bus_may_write_what_the_phone_may_not() -> None:
    bench = Bench(SimulatedNtag())
    for url in (URL, SHOP, URL):
        bench.shows(url)
    assert part(bench.chip, AUTH_BLOCK)[AUTH0] == AUTH0_WANTED


def test_protection_leaves_the_memory_beside_it_alone() -> None:
    chip = SimulatedNtag()
    part(chip, AUTH_BLOCK)[:11] = bytes(range(1, 12))
    Bench(chip).shows(URL)
    assert bytes(part(chip, AUTH_BLOCK)[:11]) == bytes(range(1, 12))


def test_a_memory_that_phones_would_find_in_place_of_ours_is_taken_away() -> None:
    chip = SimulatedNtag()
    part(chip, CONFIG_BLOCK)[0] = 0x43
    chip.nc_reg = 0x43
    Bench(chip).shows(URL)
    assert (part(chip, CONFIG_BLOCK)[0], chip.nc_reg) == (0x01, 0x01)


# --- as delivered ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "chip",
    [
        pytest.param(delivered(), id="under another's password"),
        pytest.param(delivered(auth0=0x04, access=0x00, pt_i2c=0x00), id="from the message on"),
        pytest.param(delivered(access=NFC_PROT), id="reading too: opened for phones"),
        pytest.param(delivered(reg_lock=LOCK_I2C), id="and frozen"),
        pytest.param(SimulatedNtag(capability=bytes.fromhex("E1106D0F")), id="capability container: read-only"),
        pytest.param(SimulatedNtag(capability=bytes.fromhex("E110EA08")), id="capability container: by password"),
    ],
)
def test_a_chip_that_comes_protected_is_taken(chip: SimulatedNtag) -> None:
    bench = Bench(chip)
    bench.shows(URL)
    with pytest.raises(PermissionError):
        chip.phone_writes(FIRST_PAGE, EVIL_TLV)
    assert bench.news == [TagNews.PROTECTED]


def test_lock_bytes_that_a_phone_has_set_keep_phones_out_and_not_the_terminal() -> None:
    chip = SimulatedNtag()
    chip.phone_writes(0x02, b"\x00\x00\xff\xff")
    chip.phone_writes(0xE2, b"\xff\x3f\x00\x00")
    with pytest.raises(PermissionError):
        chip.phone_writes(FIRST_PAGE, EVIL_TLV)
    Bench(chip).shows(URL)


@pytest.mark.parametrize(
    ("chip", "said"),
    [
        pytest.param(delivered(pt_i2c=0x01), "only phones write", id="the bus may only read"),
        pytest.param(delivered(auth0=0x04, pt_i2c=0x02), "only phones read and write", id="the bus may nothing"),
        pytest.param(delivered(pt_i2c=0x01, reg_lock=LOCK_I2C), "for ever", id="frozen against the bus"),
        pytest.param(delivered(access=NFC_PROT, reg_lock=LOCK_I2C), "reading by phones", id="frozen against reading"),
    ],
)
def test_a_chip_that_cannot_serve_is_named_with_its_cure(chip: SimulatedNtag, said: str) -> None:
    with pytest.raises(ReaderLostError, match=said) as caught:
        Bench(chip).tag.keep_up()
    assert "NTAG I2C plus" in caught.value.cure


@pytest.mark.parametrize(
    "chip",
    [
        pytest.param(SimulatedNtag(kind=Kind.PLAIN_1K), id="NTAG I2C 1k"),
        pytest.param(SimulatedNtag(kind=Kind.PLAIN_2K, capability=bytes.fromhex("E110EA00")), id="NTAG I2C 2k"),
        pytest.param(delivered(auth0=0xFF, reg_lock=LOCK_I2C), id="frozen while open"),
    ],
)
def test_what_cannot_be_locked_says_so_and_works(chip: SimulatedNtag) -> None:
    before = bytes(part(chip, ACCESS_BLOCK))
    bench = Bench(chip)
    bench.shows(URL)
    assert bench.news == [TagNews.UNPROTECTED]
    assert bytes(part(chip, ACCESS_BLOCK)) == before  # no password stands where everybody could read it
    bench.rewritten()
    assert bench.tag.keep_up()
    assert chip.phone_reads() == uri_message(URL)
    assert bench.news == [TagNews.UNPROTECTED, TagNews.REWRITTEN]


# --- read back ------------------------------------------------------------------------------------------------------


def unlockable() -> Bench:
    bench = Bench(SimulatedNtag(kind=Kind.PLAIN_1K))
    bench.shows(URL)
    bench.news.clear()
    return bench


def test_block_1_rewritten_by_a_phone_is_put_right_as_soon_as_it_has_gone() -> None:
    bench = unlockable()
    bench.rewritten()
    assert bench.chip.phone_reads() == EVIL
    assert bench.tag.keep_up()
    assert bench.chip.phone_reads() == uri_message(URL)
    assert bench.news == [TagNews.REWRITTEN]


def test_a_phone_too_quick_to_be_seen_is_found_out_a_few_seconds_later() -> None:
    bench = unlockable()
    bench.chip.phone_writes(FIRST_PAGE, EVIL_TLV)
    bench.now_s += LOOK_EVERY_S - 0.1
    assert bench.tag.keep_up()
    assert bench.chip.phone_reads() == EVIL
    bench.now_s += 0.1
    assert bench.tag.keep_up()
    assert bench.chip.phone_reads() == uri_message(URL)
    assert bench.news == [TagNews.REWRITTEN]


@pytest.mark.parametrize("page", range(FIRST_PAGE, FIRST_PAGE + 12))
def test_any_page_of_the_message_is_looked_at(page: int) -> None:
    bench = unlockable()
    before = bytes(bench.chip.memory)
    bench.chip.phone_writes(page, bytes(255 - byte for byte in before[page * 4 : page * 4 + 4]))
    bench.now_s += LOOK_EVERY_S
    bench.tag.keep_up()
    assert bytes(bench.chip.memory) == before
    assert bench.news == [TagNews.REWRITTEN]


def test_an_idle_tag_is_read_at_a_bounded_rate_and_written_by_nobody() -> None:
    bench = unlockable()
    bench.tag.show(TagIdle())
    bench.tag.keep_up()
    bench.chip.writes.clear()
    reads: list[int] = []
    write = bench.chip.write

    def counted(address: int, data: bytes) -> None:
        if len(data) == 1:
            reads.append(data[0])
        write(address, data)

    bench.chip.write = counted  # type: ignore[method-assign] # every block asked for
    for _ in range(60 * 16):
        bench.now_s += 1 / 16
        assert bench.tag.keep_up()
    assert reads.count(1) == 60 / LOOK_EVERY_S
    assert bench.chip.writes == []
    assert bench.chip.phone_reads() == message_of(TagIdle(), SHOP)  # and nothing holds the memory meanwhile
    assert bench.news == []


def test_while_the_phone_stays_nothing_is_read_or_written() -> None:
    bench = unlockable()
    bench.chip.phone_is_there = True
    bench.chip.phone_writes(FIRST_PAGE, EVIL_TLV)
    bench.chip.writes.clear()
    for _ in range(100):
        bench.now_s += 1
        assert bench.tag.keep_up()
    assert (bench.chip.writes, bench.news) == ([], [])
    bench.chip.phone_goes()
    assert bench.tag.keep_up()
    assert bench.chip.phone_reads() == uri_message(URL)


@pytest.mark.parametrize("moment", range(12))
def test_a_phone_that_comes_in_the_middle_of_a_look_is_no_trouble(moment: int) -> None:
    bench = unlockable()
    bench.now_s += LOOK_EVERY_S
    write, calls = bench.chip.write, iter(range(moment))

    def interrupted(address: int, data: bytes) -> None:
        if next(calls, None) is None:
            bench.chip.phone_is_there = True
        write(address, data)

    bench.chip.write = interrupted  # type: ignore[method-assign] # the phone's moment
    bench.tag.keep_up()
    bench.chip.write = write  # type: ignore[method-assign] # and it goes again
    bench.chip.phone_goes()
    assert bench.tag.keep_up()
    assert bench.chip.phone_reads() == uri_message(URL)
    assert bench.news == []


def test_a_protection_that_went_is_set_again_and_told() -> None:
    bench = Bench(SimulatedNtag())
    bench.shows(URL)
    part(bench.chip, AUTH_BLOCK)[AUTH0] = 0xFF
    bench.now_s += LOOK_EVERY_S
    assert bench.tag.keep_up()
    assert part(bench.chip, AUTH_BLOCK)[AUTH0] == AUTH0_WANTED
    assert TagNews.REWRITTEN in bench.news


def test_a_capability_container_that_a_phone_changed_ends_in_an_alarm_with_a_cure() -> None:
    bench = unlockable()
    bench.chip.phone_writes(0x03, bytes.fromhex("E1106DFF"))
    bench.now_s += LOOK_EVERY_S
    with pytest.raises(ReaderLostError, match="something else") as caught:
        bench.tag.keep_up()
    assert caught.value.cure
    with pytest.raises(ReaderLostError, match="something else"):
        bench.opened()
