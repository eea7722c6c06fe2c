# SPDX-License-Identifier: Apache-2.0
"""The tag chip under the supervisor: kept to what it shall say, told when it fails, taken up again."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from drivers.readers.supervisor import Pace, ReaderSupervisor
from drivers.simulated.ntag import Kind, SimulatedNtag
from drivers.tags.chip import TagChip
from drivers.tags.ndef import message_of, uri_message
from pengpos.core.ports import ReaderState, TagCancelled, TagNews, TagWaiting
from tests.support.listener import Listener

LIMIT_S = 10.0
URL = "https://pay.example/t/AZizVQAAcACAAAAAAAAAAA"
PACE = Pace(wait_s=0.02, discover_s=0.05, first_retry_s=0.01, last_retry_s=0.05)


class Bus(SimulatedNtag):
    """The chip's bus, which can be switched off in raspi-config."""

    enabled = True
    trouble: OSError = FileNotFoundError(2, "No such file or directory")
    looks_at_a_phone = 0

    def write(self, address: int, data: bytes) -> None:
        self.looks_at_a_phone += self.phone_is_there
        super().write(address, data)

    def open(self) -> "Bus":
        if not self.enabled:
            raise self.trouble
        return self

    def close(self) -> None:
        self.enabled = True


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def tag(bus: Bus, listener: Listener) -> Iterator[TagChip]:
    tag = TagChip(bus.open, "https://shop.example/")
    supervisor = ReaderSupervisor(listener, discover=tag.discover, open_reader=tag.open, pace=PACE)
    supervisor.start()
    yield tag
    assert supervisor.stop()


def until(holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < deadline_s
        threading.Event().wait(0.005)


def reads(bus: Bus, message: bytes) -> Callable[[], bool]:
    def holds() -> bool:
        try:
            return bus.phone_reads() == message
        except ValueError:
            return False

    return holds


def test_it_says_what_it_shall(bus: Bus, tag: TagChip) -> None:
    until(reads(bus, uri_message("https://shop.example/")))
    tag.show(TagWaiting(URL))
    until(reads(bus, uri_message(URL)))


def test_a_phone_that_rewrites_it_is_told_and_put_right(listener: Listener) -> None:
    bus, news = Bus(kind=Kind.PLAIN_1K), list[TagNews]()
    tag = TagChip(bus.open, "https://shop.example/")
    tag.tell(news.append)
    supervisor = ReaderSupervisor(listener, discover=tag.discover, open_reader=tag.open, pace=PACE)
    supervisor.start()
    until(reads(bus, uri_message("https://shop.example/")))
    until(lambda: news == [TagNews.UNPROTECTED])
    bus.phone_is_there = True
    bus.memory[4 * 4 + 5] ^= 0xFF
    until(lambda: bus.looks_at_a_phone > 1)
    bus.phone_goes()
    until(reads(bus, uri_message("https://shop.example/")))
    until(lambda: news == [TagNews.UNPROTECTED, TagNews.REWRITTEN])
    assert supervisor.stop()


def test_trouble_is_told_and_mended(bus: Bus, tag: TagChip, listener: Listener) -> None:
    tag.show(TagWaiting(URL))
    until(reads(bus, uri_message(URL)))
    bus.acknowledges = False
    tag.show(TagCancelled())
    until(lambda: any(health.state is ReaderState.LOST and "I2C" in health.cure for health in listener.healths))
    bus.acknowledges = True
    until(reads(bus, message_of(TagCancelled())))
    until(lambda: listener.healths[-1].state is ReaderState.READY)


@pytest.mark.parametrize(
    ("trouble", "cure"),
    [
        pytest.param(FileNotFoundError(2, "No such file or directory"), "raspi-config", id="I2C is switched off"),
        pytest.param(PermissionError(13, "Permission denied"), "the group i2c", id="permissions missing"),
    ],
)
def test_without_a_bus_the_cure_is_said(listener: Listener, trouble: OSError, cure: str) -> None:
    bus = Bus()
    bus.enabled, bus.trouble = False, trouble
    tag = TagChip(bus.open)
    supervisor = ReaderSupervisor(listener, discover=tag.discover, open_reader=tag.open, pace=PACE)
    supervisor.start()
    until(lambda: any(cure in health.cure for health in listener.healths))
    bus.enabled = True
    until(reads(bus, bytes.fromhex("D00000")))
    assert supervisor.stop()


def test_a_chip_with_other_content_is_an_alarm_until_another_is_put_in(listener: Listener) -> None:
    chips = [Bus(capability=bytes.fromhex("E1403F00"))]
    tag = TagChip(lambda: chips[-1].open())
    tag.show(TagWaiting(URL))
    supervisor = ReaderSupervisor(listener, discover=tag.discover, open_reader=tag.open, pace=PACE)
    supervisor.start()
    until(lambda: any("Put in an NTAG I2C plus" in health.cure for health in listener.healths))
    chips.append(Bus())
    until(reads(chips[-1], uri_message(URL)))
    until(lambda: listener.healths[-1].state is ReaderState.READY)
    assert chips[0].writes == []
    assert supervisor.stop()
