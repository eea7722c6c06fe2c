# SPDX-License-Identifier: Apache-2.0
"""Which readers there are, as pcscd comes, goes and comes back; and opening one whose driver still hangs."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from drivers.readers.choice import Choice
from drivers.readers.pcsc.discovery import PcscReaders, list_readers
from drivers.readers.pcsc.reader import PcscReader
from drivers.readers.pcsc.winscard import Context
from pengpos.core.errors import ReaderLostError, TapTimeoutError
from sandbox.phone.field.reader_service import ReaderService
from tests.support.pcscd import LIMIT_S, VirtualSlot

SELECT = bytes.fromhex("00A40400")
OK = b"\x90\x00"


@pytest.fixture
def readers() -> Iterator[PcscReaders]:
    readers = PcscReaders()
    yield readers
    readers.close()


def names_of(service: ReaderService) -> tuple[str, ...]:
    return tuple(reader.name for reader in service.readers)


def test_all_readers_are_listed(reader_service: ReaderService, readers: PcscReaders) -> None:
    assert list_readers() == names_of(reader_service)
    assert readers.discover(LIMIT_S) == names_of(reader_service)


def test_nothing_new_takes_the_time_it_was_given(reader_service: ReaderService, readers: PcscReaders) -> None:
    first = readers.discover(LIMIT_S)
    assert readers.discover(0.05) == first


@pytest.mark.parametrize("ask", [lambda _readers: list_readers(), lambda readers: readers.discover(0.1)])
def test_without_pcscd_the_cause_and_the_cure_are_said(
    reader_service: ReaderService, readers: PcscReaders, ask: Callable[[PcscReaders], object]
) -> None:
    reader_service.stop()
    with pytest.raises(ReaderLostError) as caught:
        ask(readers)
    assert caught.value.reader == "PC/SC"
    assert "pcscd" in caught.value.detail
    assert "systemctl start pcscd.socket" in caught.value.cure


def test_a_waiting_discovery_notices_that_pcscd_died(reader_service: ReaderService, readers: PcscReaders) -> None:
    readers.discover(0)
    dies = threading.Timer(0.1, reader_service.kill)
    dies.start()
    with pytest.raises(ReaderLostError):
        readers.discover(LIMIT_S)
    dies.join()  # it has not ended for its owner before it is waited for, and would not be started again


def test_a_restarted_pcscd_is_found_again(reader_service: ReaderService, readers: PcscReaders) -> None:
    before = readers.discover(0)
    reader_service.kill()
    with pytest.raises(ReaderLostError):
        readers.discover(0.1)
    reader_service.start()
    assert eventually_found(readers) == before


def test_a_reader_that_is_not_there_is_not_opened(reader_service: ReaderService, readers: PcscReaders) -> None:
    with pytest.raises(ReaderLostError) as caught:
        readers.open("no such reader 00 00")
    assert caught.value.reader == "no such reader 00 00"
    assert "Plug it in" in caught.value.cure


PICC, ICC, TOKEN, UNSAID = (
    "ACS ACR1281 1S Dual Reader [ACR1281U Dual Reader PICC] 00 01",
    "ACS ACR1281 1S Dual Reader [ACR1281U Dual Reader ICC] 00 00",
    "Yubico YubiKey OTP+FIDO+CCID 00 00",
    "SAMSUNG SCR 00 00",
)


@pytest.mark.parametrize(
    ("choice", "offered"),
    [
        (Choice(), (PICC, UNSAID)),
        (Choice(exclude=("samsung",)), (PICC,)),
        (Choice(include=("dual reader icc",)), (PICC, ICC, UNSAID)),
        (Choice(include=("dual reader",), exclude=("ICC]",)), (UNSAID,)),
        (Choice(include=("yubi",)), (PICC, TOKEN, UNSAID)),
    ],
    ids=["as they come", "one left out", "one taken in", "both", "whatever the technician says"],
)
def test_slots_no_phone_can_reach_are_left_out(
    reader_service: ReaderService, monkeypatch: pytest.MonkeyPatch, choice: Choice, offered: tuple[str, ...]
) -> None:
    readers = PcscReaders(choice=choice)
    monkeypatch.setattr(Context, "readers", lambda _self: (PICC, ICC, TOKEN, UNSAID))
    assert readers.discover(0) == offered
    readers.close()


def test_where_all_are_left_alone_the_cure_is_said(
    reader_service: ReaderService, readers: PcscReaders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Context, "readers", lambda _self: (ICC, TOKEN))
    for _ in range(2):
        with pytest.raises(ReaderLostError, match="only slots no phone can be held to") as caught:
            readers.discover(0)
        assert "include" in caught.value.cure
    monkeypatch.setattr(Context, "readers", lambda _self: (ICC, PICC))
    assert readers.discover(0) == (PICC,)
    monkeypatch.setattr(Context, "readers", lambda _self: ())
    assert readers.discover(0) == ()


def eventually_found(readers: PcscReaders) -> tuple[str, ...]:
    """A pcscd that has just come back may still refuse a client; the supervisor asks again, and so do we."""
    deadline_s = time.monotonic() + LIMIT_S
    while True:
        try:
            return readers.discover(0.1)
        except ReaderLostError:
            assert time.monotonic() < deadline_s


def eventually_open(readers: PcscReaders, name: str) -> PcscReader:
    deadline_s = time.monotonic() + LIMIT_S
    while True:
        try:
            return readers.open(name)
        except ReaderLostError:
            assert time.monotonic() < deadline_s


def test_a_hung_reader_is_not_opened_a_second_time(slot: VirtualSlot, readers: PcscReaders) -> None:
    """At most one stuck thread a reader, however often the supervisor tries."""
    let = threading.Event()

    def slow(command: bytes) -> bytes:
        let.wait(2 * LIMIT_S)
        return command + OK

    slot.insert(slow)
    reader = readers.open(slot.reader.name)
    (card,) = reader.wait(LIMIT_S)
    with pytest.raises(TapTimeoutError):
        card.transceive(SELECT, 0.1)
    reader.close()
    with pytest.raises(ReaderLostError, match="hangs"):
        readers.open(slot.reader.name)
    let.set()
    again = eventually_open(readers, slot.reader.name)
    (card,) = again.wait(LIMIT_S)
    assert card.transceive(SELECT, LIMIT_S) == SELECT + OK
    again.close()
