# SPDX-License-Identifier: Apache-2.0
"""The supervisor on nfcpy's own PN532 driver: pulled out or reset, it sells again."""

import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from drivers.readers.pn53x.link import Pn53xLink
from drivers.readers.pn53x.place import SerialPlace
from drivers.readers.pn53x.reader import Pn53xReader
from drivers.readers.supervisor import ReaderSupervisor
from drivers.simulated.field import Field, RadioPhone
from drivers.simulated.pn532 import SimulatedPn532
from pengpos.core.errors import CardLostError, CardProtocolError, TapTimeoutError
from pengpos.core.ports import Card, ReaderState
from tests.support.listener import Listener

NAME = "PN532 on ttyUSB0"
LIMIT_S = 15.0
SELECT = bytes.fromhex("00A4040009F050454E475441500100")
OK = b"\x90\x00"
READY, LOST = ReaderState.READY, ReaderState.LOST


class Socket:
    """Where the module is plugged in; the air over it outlives it."""

    def __init__(self) -> None:
        self.air = Field()
        self.chip = SimulatedPn532(self.air)

    def open(self, name: str) -> Pn53xReader:
        return Pn53xReader(name, lambda: Pn53xLink(name, SerialPlace(self.chip.path)))

    def reset(self) -> None:
        self.chip.reset()

    def plug_in_another(self) -> None:
        old, self.chip = self.chip, SimulatedPn532(self.air)
        old.unplug()


class Till(Listener):
    """Selects each card that comes, and counts those that answered."""

    def __init__(self) -> None:
        super().__init__(self._sell)
        self.sold = threading.Semaphore(0)

    def _sell(self, name: str, cards: Sequence[Card]) -> None:
        del name
        for card in cards:
            try:
                if card.transceive(SELECT, 2.0) == OK:
                    self.sold.release()
            except (CardLostError, CardProtocolError, TapTimeoutError):
                return


@pytest.fixture
def socket() -> Iterator[Socket]:
    socket = Socket()
    yield socket
    socket.chip.unplug()


@pytest.mark.parametrize("when", ["idle", "in the middle of a command"])
@pytest.mark.parametrize(
    "trouble", [Socket.reset, Socket.plug_in_another], ids=["reset on the USB", "pulled out, another plugged in"]
)
def test_it_sells_again_by_itself(socket: Socket, trouble: Callable[[Socket], None], when: str) -> None:
    till = Till()
    supervisor = ReaderSupervisor(till, discover=lambda _timeout_s: (NAME,), open_reader=socket.open)
    supervisor.start()
    till.until(lambda heard: heard.states(NAME)[-1:] == [READY], LIMIT_S)
    struck = threading.Event()

    def answer(_command: bytes) -> bytes:
        if not struck.is_set():
            struck.set()
            trouble(socket)
        return OK

    if when == "idle":
        struck.set()
        trouble(socket)
    else:
        socket.air.put(phone := RadioPhone(socket.air, answer))
        assert struck.wait(LIMIT_S)
    till.until(lambda heard: LOST in heard.states(NAME), LIMIT_S)
    lost = next(health for health in till.healths if health.state is LOST)
    assert lost.cure
    if when != "idle":
        socket.air.take(phone)
    till.until(lambda heard: heard.states(NAME)[-1] == READY, LIMIT_S)
    while till.sold.acquire(blocking=False):
        pass
    socket.air.put(RadioPhone(socket.air, answer))
    assert till.sold.acquire(timeout=LIMIT_S)
    assert supervisor.stop()
