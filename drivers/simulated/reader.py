# SPDX-License-Identifier: Apache-2.0
"""A reader and its cards in this very process, to be played by a script: for tests, and where there is no PC/SC.

Held to the same contract suite as the real readers. One thread reads (`wait`, `transceive`, `close`); any thread puts
cards into the field, takes them out, or breaks the reader.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from pengpos.core.errors import (
    CardLostError,
    CardProtocolError,
    PengposError,
    ReaderError,
    ReaderLostError,
    TapTimeoutError,
)

_COMMAND_SIZES = range(4, 261 + 1)
_RESPONSE_SIZES = range(2, 258 + 1)


class TornError(PengposError):
    """For a card's `respond` to raise: the card leaves the field now, its answer unsent."""


class FakeCard:
    """One stay of one card in the field. Made by FakeReader."""

    def __init__(self, reader: "FakeReader", respond: Callable[[bytes], bytes]) -> None:
        self._reader = reader
        self.respond = respond
        self.in_field = True

    def transceive(self, command: bytes, timeout_s: float) -> bytes:
        """See `core.ports.Card`."""
        return self._reader.exchange(self, command, timeout_s)


class FakeReader:
    """A `core.ports.Reader` that plays a script."""

    def __init__(self, name: str = "fake reader", *, hung_after_s: float = 5.0) -> None:
        self.name = name
        self.closed = False
        self._hung_after_s = hung_after_s
        self._news = threading.Condition()
        self._card: FakeCard | None = None
        self._reported: FakeCard | None = None
        self._broken: tuple[str, str] | None = None
        self._answer: Future[bytes] | None = None
        self._nudged = False
        self._late_since_s: float | None = None

    def insert(self, respond: Callable[[bytes], bytes]) -> None:
        """Put a card into the empty field; `respond` answers each C-APDU, in its own thread, or raises TornError."""
        with self._news:
            if self._card is not None:
                raise ValueError("there is a card in the field")
            self._card = FakeCard(self, respond)
            self._news.notify_all()

    def remove(self) -> None:
        """Take the card out of the field, in the middle of a command too; nothing if there is none."""
        with self._news:
            if self._card is not None:
                self._card.in_field = False
                self._card = None
                self._end_command(CardLostError())
                self._news.notify_all()

    def lose(self, detail: str = "the reader is not there", cure: str = "Plug it in again") -> None:
        """Break the reader: from now on everything raises ReaderLostError."""
        self.remove()
        with self._news:
            self._broken = (detail, cure)
            self._news.notify_all()

    def mend(self) -> None:
        """Undo `lose`."""
        with self._news:
            self._broken = None

    def wait(self, timeout_s: float) -> tuple[FakeCard, ...]:
        """See `core.ports.Reader`; a card that went and came between two calls is reported as () first."""
        deadline_s = time.monotonic() + timeout_s
        with self._news:
            while True:
                self._refuse_if_lost()
                if self._reported is not None and not self._reported.in_field:
                    self._reported = None
                    return ()
                remaining_s = deadline_s - time.monotonic()
                if self._card is not self._reported or remaining_s <= 0 or self._nudged:
                    self._nudged = False
                    self._reported = self._card
                    return () if self._card is None else (self._card,)
                self._news.wait(remaining_s)

    def nudge(self) -> None:
        """See `core.ports.NudgeableReader`."""
        with self._news:
            self._nudged = True
            self._news.notify_all()

    def close(self) -> None:
        """See `core.ports.Reader`."""
        with self._news:
            self.closed = True
            if self._card is not None:
                self._card.in_field = False
            self._end_command(CardLostError())

    def open(self) -> "FakeReader":
        """This reader again, as a fresh one, the card still in the field. Raises ReaderLostError while it is lost."""
        with self._news:
            self.closed, self._reported = False, None
            self._refuse_if_lost()
            if self._card is not None:
                self._card = FakeCard(self, self._card.respond)
        return self

    def exchange(self, card: FakeCard, command: bytes, timeout_s: float) -> bytes:
        """`card.transceive`."""
        if len(command) not in _COMMAND_SIZES:
            raise ValueError(f"{len(command)} bytes are no short C-APDU")
        with self._news:
            self._refuse_if_lost()
            if not card.in_field:
                raise CardLostError
            if self._late:
                raise TapTimeoutError(timeout_s)
            answer: Future[bytes] = Future()
            self._answer, self._late_since_s = answer, None
        threading.Thread(target=self._play, args=(card, command, answer), name="fake card", daemon=True).start()
        try:
            response = answer.result(timeout_s)
        except TimeoutError:
            self._late_since_s = time.monotonic()
            raise TapTimeoutError(timeout_s) from None
        if len(response) not in _RESPONSE_SIZES:
            raise CardProtocolError(f"an answer of {len(response)} bytes")
        return response

    def _play(self, card: FakeCard, command: bytes, answer: "Future[bytes]") -> None:
        try:
            response = card.respond(command)
        except TornError:
            if card.in_field:
                self.remove()
        except Exception as error:  # noqa: BLE001 - the thread's entry: raised again where the script is read
            with self._news:
                if not answer.done():
                    answer.set_exception(error)
        else:
            with self._news:
                if not answer.done():
                    answer.set_result(response)

    def _end_command(self, error: ReaderError) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)

    @property
    def _late(self) -> bool:
        return self._late_since_s is not None and self._answer is not None and not self._answer.done()

    def _refuse_if_lost(self) -> None:
        if self.closed:
            raise ReaderLostError(self.name, "the reader is closed", "Open it again")
        if self._broken is not None:
            raise ReaderLostError(self.name, *self._broken)
        if self._late and time.monotonic() - (self._late_since_s or 0.0) > self._hung_after_s:
            raise ReaderLostError(self.name, "the reader hangs", "Take the phone away")
