# SPDX-License-Identifier: Apache-2.0
"""The tag chip by its registers: what a phone finds on it, and each thing that can be wrong with a chip."""

import os
from pathlib import Path

import pytest

from drivers.simulated.ntag import SimulatedNtag
from drivers.tags.i2c import LinuxI2c
from drivers.tags.ndef import message_of, uri_message
from drivers.tags.ntag_i2c import NtagI2c
from drivers.tags.ntag_memory import ADDRESS
from pengpos.core.errors import ReaderLostError
from pengpos.core.ports import TagCancelled, TagClaimed, TagIdle, TagPaid, TagState, TagWaiting

SHOP = "https://shop.example/"
URL = "https://pay.example/t/AZizVQAAcACAAAAAAAAAAA"
LONG = "https://pay.example/t#" + "A" * 680


class Seconds:
    """Time that passes only while somebody pauses."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic_s(self) -> float:
        return self.now_s

    def pause(self, seconds: float) -> None:
        self.now_s += seconds


def tag_on(chip: SimulatedNtag) -> NtagI2c:
    seconds = Seconds()
    return NtagI2c(chip, shop_address=SHOP, monotonic_s=seconds.monotonic_s, pause=seconds.pause)


@pytest.mark.parametrize(
    "state",
    [TagIdle(), TagWaiting(URL), TagWaiting(LONG), TagClaimed(), TagPaid(None), TagCancelled()],
    ids=["idle", "waiting", "offline", "being paid", "paid", "cancelled"],
)
def test_a_phone_reads_what_is_shown(state: TagState) -> None:
    chip = SimulatedNtag()
    tag = tag_on(chip)
    tag.show(state)
    assert tag.keep_up()
    assert chip.phone_reads() == message_of(state, SHOP)


def test_one_state_after_the_other() -> None:
    chip = SimulatedNtag()
    tag = tag_on(chip)
    for state in (TagWaiting(LONG), TagClaimed(), TagPaid(URL), TagIdle(), TagWaiting(URL), TagCancelled()):
        tag.show(state)
        assert tag.keep_up()
        assert chip.phone_reads() == message_of(state, SHOP)


def test_what_is_there_already_is_not_written_again() -> None:
    chip = SimulatedNtag()
    tag = tag_on(chip)
    tag.keep_up()
    chip.writes.clear()
    tag.show(TagIdle())
    assert tag.keep_up()
    assert chip.writes == []


def test_while_a_phone_reads_nothing_is_written() -> None:
    chip = SimulatedNtag()
    tag = tag_on(chip)
    tag.show(TagWaiting(URL))
    tag.keep_up()
    chip.writes.clear()
    chip.phone_is_there = True
    tag.show(TagCancelled())
    assert not tag.keep_up()
    assert tag.phone_is_there()
    assert (chip.writes, chip.phone_reads()) == ([], uri_message(URL))
    chip.phone_is_there = False
    assert tag.keep_up()
    assert chip.phone_reads() == message_of(TagCancelled())


@pytest.mark.parametrize("cut_after", range(8))
def test_cut_off_in_the_middle_there_is_no_half_message(cut_after: int) -> None:
    chip = SimulatedNtag()
    tag = tag_on(chip)
    tag.show(TagWaiting(LONG))
    tag.keep_up()
    tag.show(TagWaiting(LONG.replace("A", "B")))
    written = len(chip.writes)
    write = chip.write

    def cut(address: int, data: bytes) -> None:
        if len(chip.writes) - written >= cut_after:
            raise OSError(5, "cut")
        write(address, data)

    chip.write = cut  # type: ignore[method-assign] # the wire breaks
    with pytest.raises(ReaderLostError):
        tag.keep_up()
    chip._i2c_locked = False  # its watchdog
    assert chip.phone_reads() in (b"", uri_message(LONG))
    chip.write = write  # type: ignore[method-assign] # and is mended
    assert tag.keep_up()
    assert chip.phone_reads() == uri_message(LONG.replace("A", "B"))


def test_a_chip_that_is_busy_for_a_moment_is_asked_again() -> None:
    chip = SimulatedNtag()
    tag = tag_on(chip)
    chip.naks = 5
    tag.show(TagWaiting(URL))
    assert tag.keep_up()
    assert chip.phone_reads() == uri_message(URL)


def nobody(chip: SimulatedNtag) -> None:
    chip.acknowledges = False


def worn_out(chip: SimulatedNtag) -> None:
    chip.keeps = False


def fails(chip: SimulatedNtag) -> None:
    chip.fails_writing = True


@pytest.mark.parametrize(
    ("trouble", "said"),
    [(nobody, "nobody answers"), (worn_out, "does not keep"), (fails, "write error")],
)
def test_a_chip_that_fails_is_named_with_its_cure(trouble: object, said: str) -> None:
    chip = SimulatedNtag()
    tag = tag_on(chip)
    trouble(chip)  # type: ignore[operator] # one of the three above
    tag.show(TagWaiting(URL))
    with pytest.raises(ReaderLostError, match=said) as caught:
        tag.keep_up()
    assert caught.value.reader == "tag chip"
    assert caught.value.cure


@pytest.mark.parametrize("capability", ["00000000", "FFFFFFFF", "E1403F00"], ids=["blank", "erased", "another chip"])
def test_other_content_is_not_overwritten(capability: str) -> None:
    chip = SimulatedNtag(capability=bytes.fromhex(capability))
    with pytest.raises(ReaderLostError, match="something else"):
        tag_on(chip)
    assert chip.writes == []


def test_no_chip_at_all() -> None:
    chip = SimulatedNtag()
    chip.acknowledges = False
    with pytest.raises(ReaderLostError, match="I2C address 55"):
        tag_on(chip)


def test_a_bus_that_is_no_bus(tmp_path: Path) -> None:
    (tmp_path / "i2c-1").touch()
    bus = LinuxI2c(str(tmp_path / "i2c-1"))
    with pytest.raises(OSError, match=os.strerror(25)):
        bus.write(ADDRESS, b"\x00")
    bus.close()
