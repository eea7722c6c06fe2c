# SPDX-License-Identifier: Apache-2.0
"""A PC/SC service for each test process, and cards in its two virtual readers. Never meets the machine's own pcscd.

`reader_service` is for every test (see `tests/conftest.py`). libpcsclite keeps the first socket it was given as
long as the process lives, so there is one service a process; a test may end it, and the next that asks for it starts it
again at the same socket.
"""

import os
import time
from collections.abc import Callable, Iterator
from types import TracebackType

import pytest
from smartcard import scard

from drivers.readers.pcsc.winscard import Context, SlotState
from sandbox.phone.field.reader_service import ReaderService, VirtualReader
from sandbox.phone.field.vpcd import CONTACTLESS_ATR, Power, VpcdCard

LIMIT_S = 10.0
"""How long anything on this stack may take on a busy machine before a test gives it up."""


@pytest.fixture(scope="session")
def _service_of_the_process() -> Iterator[ReaderService]:
    with ReaderService() as service:
        os.environ.update(service.environment)
        yield service


@pytest.fixture
def reader_service(_service_of_the_process: ReaderService) -> ReaderService:
    """pcscd with two empty virtual readers, running; this process and its children meet no other."""
    _service_of_the_process.start()
    return _service_of_the_process


class VirtualSlot:
    """One virtual reader as the world sees it: what lies on it, and what pcscd has noticed of that."""

    def __init__(self, reader: VirtualReader) -> None:
        self.reader = reader
        self.power: list[Power] = []
        self._card: VpcdCard | None = None

    def insert(self, respond: Callable[[bytes], bytes], atr: bytes = CONTACTLESS_ATR) -> VpcdCard:
        """Put a card on the reader; pcscd notices within half a second."""
        self._card = VpcdCard("127.0.0.1", self.reader.port, atr, respond, on_power=self.power.append)
        self._card.insert()
        return self._card

    def remove(self) -> None:
        """Take the card away, and return when pcscd has noticed."""
        if self._card is not None:
            self._card.remove()
            self._card = None
            self.await_presence(present=False)

    def swap(self, respond: Callable[[bytes], bytes]) -> None:
        """Take the card away and put another there; return when pcscd has noticed both."""
        self.remove()
        self.insert(respond)
        self.await_presence(present=True)

    def await_presence(self, *, present: bool) -> None:
        """Return when pcscd sees a card there, or none."""
        context = Context()
        try:
            deadline_s = time.monotonic() + LIMIT_S
            slot = SlotState()
            while (slot := context.await_slot(self.reader.name, slot, 0.5)).present != present:
                assert time.monotonic() < deadline_s, f"pcscd does not see {self.reader.name} {present=}"
        finally:
            context.close()


class OtherProgram:
    """Holds the card on a reader and shares it with no one, as GnuPG's scdaemon does; a context manager."""

    def __init__(self, reader: str) -> None:
        self._reader = reader

    def __enter__(self) -> "OtherProgram":
        status, self._context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        assert status == scard.SCARD_S_SUCCESS
        status, self._card, _ = scard.SCardConnect(
            self._context, self._reader, scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T1
        )
        assert status == scard.SCARD_S_SUCCESS, scard.SCardGetErrorMessage(status)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        scard.SCardReleaseContext(self._context)

    def transmit(self, command: bytes) -> bytes:
        """One C-APDU, its R-APDU."""
        status, response = scard.SCardTransmit(self._card, scard.SCARD_PCI_T1, list(command))
        assert status == scard.SCARD_S_SUCCESS, scard.SCardGetErrorMessage(status)
        return bytes(response)


@pytest.fixture
def slots(reader_service: ReaderService) -> Iterator[tuple[VirtualSlot, VirtualSlot]]:
    """The two virtual readers, empty before and after."""
    first, second = (VirtualSlot(reader) for reader in reader_service.readers)
    yield first, second
    reader_service.start()
    first.remove()
    second.remove()


@pytest.fixture
def slot(slots: tuple[VirtualSlot, VirtualSlot]) -> VirtualSlot:
    """The first virtual reader, where one is enough."""
    return slots[0]
