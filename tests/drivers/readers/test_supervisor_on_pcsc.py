# SPDX-License-Identifier: Apache-2.0
"""The supervisor on the true stack: taps, hot plug of cards, and a pcscd that dies and comes back."""

import threading
from collections.abc import Iterator, Sequence

import pytest

from drivers.readers.pcsc.discovery import PcscReaders
from drivers.readers.supervisor import ReaderSupervisor
from pengpos.core.errors import CardLostError, TapTimeoutError
from pengpos.core.ports import Card, ReaderState
from sandbox.phone.field.reader_service import ReaderService
from tests.support.listener import Listener
from tests.support.pcscd import LIMIT_S, OtherProgram, VirtualSlot

SELECT = bytes.fromhex("00A40400")
OK = b"\x90\x00"
STARTING, READY, LOST = ReaderState.STARTING, ReaderState.READY, ReaderState.LOST


class Till(Listener):
    """Sells once to every card that comes into an empty field, as the terminal does."""

    def __init__(self, limit_s: float = 5.0) -> None:
        super().__init__(self._sell)
        self._limit_s = limit_s
        self.sold = threading.Semaphore(0)
        self._served: dict[str, bool] = {}

    def _sell(self, name: str, cards: Sequence[Card]) -> None:
        if not cards:
            self._served[name] = False
        elif not self._served.get(name, False):
            self._served[name] = True
            try:
                if cards[0].transceive(SELECT, self._limit_s) == OK:
                    self.sold.release()
            except (CardLostError, TapTimeoutError):
                return

    def sells(self) -> bool:
        return self.sold.acquire(timeout=LIMIT_S)


@pytest.fixture
def till(reader_service: ReaderService) -> Iterator[Till]:
    till, readers = Till(), PcscReaders()
    supervisor = ReaderSupervisor(till, discover=readers.discover, open_reader=readers.open)
    supervisor.start()
    till.until(
        lambda heard: all(heard.states(reader.name)[-1:] == [READY] for reader in reader_service.readers), LIMIT_S
    )
    yield till
    assert supervisor.stop()
    readers.close()


def polite(_command: bytes) -> bytes:
    return OK


def test_cards_come_and_go_on_both_readers(till: Till, slots: tuple[VirtualSlot, VirtualSlot]) -> None:
    for slot in slots:
        slot.insert(polite)
    assert [till.sells(), till.sells()] == [True, True]
    for slot in slots:
        slot.remove()
        till.until(lambda heard, name=slot.reader.name: heard.cards[name] == ())  # type: ignore[misc]  # mypy cannot type a lambda's default
    slots[0].insert(polite)
    assert till.sells()


def test_beside_a_security_key_that_another_program_uses_the_other_reader_sells(
    till: Till, slots: tuple[VirtualSlot, VirtualSlot]
) -> None:
    heard: list[bytes] = []

    def key(command: bytes) -> bytes:
        heard.append(command)
        return OK

    slots[1].insert(key, bytes.fromhex("3BFD1300008131FE158073C021C057597562694B657940"))
    till.until(lambda heard: heard.states(slots[1].reader.name)[-1] == LOST)
    assert "no phone can be held to this slot" in till.healths[-1].detail
    with OtherProgram(slots[1].reader.name) as theirs:
        for _ in range(2):
            slots[0].insert(polite)
            assert till.sells()
            assert theirs.transmit(SELECT) == OK
            slots[0].remove()
            till.until(lambda heard: heard.cards[slots[0].reader.name] == ())
    assert till.states(slots[1].reader.name) == [STARTING, READY, LOST]
    assert till.states(slots[0].reader.name) == [STARTING, READY]
    assert heard == 2 * [SELECT]


def test_a_phone_left_lying_is_sold_to_once(till: Till, slot: VirtualSlot) -> None:
    slot.insert(polite)
    assert till.sells()
    fields = till.fields[slot.reader.name]
    till.until(lambda heard: heard.fields[slot.reader.name] > fields + 5)
    assert not till.sold.acquire(blocking=False)


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_a_restarted_pcscd_sells_again_by_itself(
    till: Till, slot: VirtualSlot, reader_service: ReaderService, end: str
) -> None:
    slot.insert(polite)
    assert till.sells()
    getattr(reader_service, end)()
    till.until(lambda heard: heard.states(slot.reader.name)[-1] == LOST)
    lost = next(health for health in till.healths if health.state is LOST)
    assert "pcscd" in lost.detail
    assert lost.cure
    reader_service.start()
    till.until(lambda heard: heard.states(slot.reader.name)[-1] == READY, limit_s=5.0)  # the bound we promise
    till.until(lambda heard: heard.cards[slot.reader.name] == ())
    slot.insert(polite)
    assert till.sells()


def test_a_reader_that_hung_in_the_middle_of_a_command_sells_again(slot: VirtualSlot) -> None:
    """The driver's call returns when the phone goes; until then the alarm names the cure, and nothing else is begun."""
    till, readers = Till(limit_s=0.1), PcscReaders(hung_after_s=0.2)
    supervisor = ReaderSupervisor(till, discover=readers.discover, open_reader=readers.open)
    supervisor.start()
    name = slot.reader.name
    till.until(lambda heard: heard.states(name)[-1:] == [READY])
    asked, let = threading.Event(), threading.Event()

    def hangs(_command: bytes) -> bytes:
        asked.set()
        let.wait(2 * LIMIT_S)
        return OK

    slot.insert(hangs)
    assert asked.wait(LIMIT_S)
    till.until(lambda heard: heard.states(name)[-1] == LOST)
    lost = next(health for health in till.healths if health.state is LOST)
    assert "hangs" in lost.detail
    assert "Take the phone away" in lost.cure
    let.set()
    slot.remove()
    till.until(lambda heard: heard.states(name)[-1] == READY, limit_s=5.0)  # the bound we promise
    till.until(lambda heard: heard.cards[name] == ())
    slot.insert(polite)
    assert till.sells()
    assert supervisor.stop()
    readers.close()


def test_a_pcscd_that_starts_after_us_is_found(reader_service: ReaderService) -> None:
    reader_service.stop()
    till, readers = Till(), PcscReaders()
    supervisor = ReaderSupervisor(till, discover=readers.discover, open_reader=readers.open)
    supervisor.start()
    till.until(lambda heard: any("pcscd" in health.detail for health in heard.healths))
    reader_service.start()
    till.until(lambda heard: heard.states(reader_service.readers[0].name) == [STARTING, READY])
    assert supervisor.stop()
    readers.close()
