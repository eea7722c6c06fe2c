# SPDX-License-Identifier: Apache-2.0
"""What is said to a PC/SC card in one go: in the worker's thread, in one transaction, while the reader's thread waits.

Tests: tests/drivers/readers/pcsc/test_reader.py, tests/drivers/readers/pcsc/test_foreign_cards.py
"""

import math
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from drivers.readers.pcsc.link import Link
from drivers.readers.worker import OutlivedError
from pengpos.core.errors import CardProtocolError
from pengpos.core.ports import Transceive

T = TypeVar("T")

_COMMAND_SIZES = range(4, 261 + 1)  # a short C-APDU (ISO 7816-4); to vpcd a single byte would be a control
_RESPONSE_SIZES = range(2, 258 + 1)


class Conversation:
    """One or more exchanges in the worker's thread, until the reader's has lost its patience with one of them."""

    def __init__(self, link: Link, stay: int, begin_within_s: float) -> None:
        self._link = link
        self._stay = stay
        self._lock = threading.Lock()
        """Either an exchange came to its end in time or it did not: the same for both threads."""
        self._until_s = time.monotonic() + begin_within_s
        self.limit_s = begin_within_s
        """Of the exchange under way."""
        self.is_over = False
        self.agreed: bool | None = None
        """The last exchange came to its end: card and reader agree on where they are. None: nothing was sent."""

    def hold(self, talk: Callable[[Transceive], T]) -> T:
        """In the worker's thread. Raises what `talk` raises, WinscardError, EmptyAnswerError, CardProtocolError."""
        self._go_on_until(math.inf)
        try:
            return talk(self._transceive)
        finally:
            self._link.rest()

    def left_s(self) -> float:
        """For the exchange under way; what is done between two has an end of its own. Nothing left: it is over."""
        with self._lock:
            left_s = self._until_s - time.monotonic()
            self.is_over = self.is_over or left_s <= 0
            return left_s

    def _transceive(self, command: bytes, timeout_s: float) -> bytes:
        if len(command) not in _COMMAND_SIZES:
            raise ValueError(f"{len(command)} bytes are no short C-APDU")
        self.limit_s, until_s = timeout_s, time.monotonic() + timeout_s
        self._go_on_until(until_s)
        self._link.begin(self._stay)
        self._go_on_until(until_s)  # another program's transaction may have taken all the time
        self.agreed = False
        response = self._link.exchange(self._stay, command)
        self._go_on_until(math.inf)
        if len(response) not in _RESPONSE_SIZES:
            raise CardProtocolError(f"an answer of {len(response)} bytes")
        self.agreed = True
        return response

    def _go_on_until(self, until_s: float) -> None:
        with self._lock:
            if self.is_over:
                raise OutlivedError
            self._until_s = until_s

    @property
    def left_in_doubt(self) -> bool:
        """Card and reader may no longer agree on where they are."""
        return self.agreed is not None and (self.is_over or not self.agreed)
