# SPDX-License-Identifier: Apache-2.0
"""A tag chip kept to what it shall say, for as long as the terminal runs: shown to the supervisor as one more reader.

Its field is of no concern to a sale; only its health is, and that it is opened again after trouble.
"""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from drivers import words
from drivers.tags.ntag_i2c import NtagI2c
from drivers.tags.ntag_memory import NAME, I2cBus
from pengpos.core.errors import ReaderLostError
from pengpos.core.ports import Card, TagIdle, TagNews, TagState

_LOOK_S = 0.05


class ClosableBus(I2cBus, Protocol):
    """A bus that is given back."""

    def close(self) -> None:
        """Give it back."""


class TagChip:
    """`core.ports.TagPresenter`, and what the supervisor asks for: `discover` and `open`."""

    def __init__(self, open_bus: Callable[[], ClosableBus], shop_address: str | None = None) -> None:
        self._open_bus = open_bus
        self._shop_address = shop_address
        self._state: TagState = TagIdle()
        self._listener: Callable[[TagNews], None] = lambda _news: None

    def tell(self, listener: Callable[[TagNews], None]) -> None:
        """See `core.ports.TagPresenter`."""
        self._listener = listener

    def show(self, state: TagState) -> None:
        """See `core.ports.TagPresenter`; also before there is a chip."""
        self._state = state

    def discover(self, timeout_s: float) -> Sequence[str]:
        """There is one, whatever its health."""
        del timeout_s
        return (NAME,)

    def open(self, name: str) -> "AttendedChip":
        """The chip. Raises ReaderLostError where there is no bus, or no such chip on it."""
        try:
            bus = self._open_bus()
        except OSError as error:
            raise ReaderLostError(name, words.NO_BUS.said(error=str(error)), words.SWITCH_I2C.said()) from error
        try:
            chip = NtagI2c(bus, shop_address=self._shop_address, tell=lambda news: self._listener(news))
        except ReaderLostError:
            bus.close()
            raise
        return AttendedChip(chip, bus, lambda: self._state)


class AttendedChip:
    """A `core.ports.Reader` in whose field there never is anything."""

    name = NAME

    def __init__(self, chip: NtagI2c, bus: ClosableBus, wanted: Callable[[], TagState]) -> None:
        self._chip = chip
        self._bus = bus
        self._wanted = wanted

    def wait(self, timeout_s: float) -> Sequence[Card]:
        """Keep the chip to what it shall say. Raises ReaderLostError."""
        until_s = time.monotonic() + timeout_s
        while True:
            self._chip.show(self._wanted())
            self._chip.keep_up()
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                return ()
            time.sleep(min(left_s, _LOOK_S))

    def close(self) -> None:
        """Give the bus back."""
        self._bus.close()
