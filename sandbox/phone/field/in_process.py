# SPDX-License-Identifier: Apache-2.0
"""A reader inside this process, into whose field virtual phones are brought and taken (`pengpos.core.ports.Reader`).

Knows presence, exchanges and tears; no payment bytes. Thread-safe: the terminal's reader thread waits and transceives
while a test or a person moves phones. What a driver does about a card, this does: a phone taken away in the middle of
a command raises CardLostError, one that keeps silent TapTimeoutError.
"""

from collections.abc import Sequence
from threading import Condition
from time import monotonic
from typing import Protocol

from pengpos.core.errors import CardLostError, CardProtocolError, ReaderLostError, TapTimeoutError
from pengpos.core.ports import Card, Signal
from sandbox.phone.field.manners import Gone, Move, Says, Silence

_COMMAND_SIZES = range(4, 261 + 1)
_RESPONSE_SIZES = range(2, 258 + 1)


class FieldPhone(Protocol):
    """What can be brought into the field: a virtual phone, or a card of a test's own."""

    def power_cycle(self) -> None:
        """The card enters the field."""

    def exchange(self, command: bytes) -> Move:
        """What the reader gets for one command."""


class _PhoneInField:
    """One stay of one phone; a new object each time it is brought."""

    def __init__(self, field: "VirtualField", phone: FieldPhone) -> None:
        self._field = field
        self.phone = phone

    def transceive(self, command: bytes, timeout_s: float) -> bytes:
        """As `pengpos.core.ports.Card`: raises CardLostError, CardProtocolError, TapTimeoutError, ReaderLostError."""
        return self._field._transceive(self, command, timeout_s)  # noqa: SLF001  # two halves of one thing

    def signal(self, signal: Signal) -> None:
        """As `pengpos.core.ports.SignallingCard`: this reader has a light, which remembers."""
        self._field.shown.append(signal)


class VirtualField:
    """A contactless reader without hardware.

    `hurried`: a phone's silence and delays take no real time, so that tests need not wait for them; a delay longer
    than the timeout is a timeout all the same.
    """

    def __init__(self, name: str = "virtual field", *, hurried: bool = False) -> None:
        self.name = name
        self.shown: list[Signal] = []
        """What the reader's own light has shown, in order."""
        self._hurried = hurried
        self._changed = Condition()
        self._cards: tuple[_PhoneInField, ...] = ()
        self._told: tuple[_PhoneInField, ...] = ()
        self._closed = False
        self._fault = ""

    # --- for the test that holds the phones ---------------------------------------------------------------------

    def bring(self, phone: FieldPhone) -> None:
        """Put a phone into the field, beside what is there; nothing if it is there already."""
        with self._changed:
            if any(card.phone is phone for card in self._cards):
                return
            phone.power_cycle()
            self._cards = (*self._cards, _PhoneInField(self, phone))
            self._changed.notify_all()

    def take_away(self, phone: FieldPhone | None = None) -> None:
        """Take one phone, or all, out of the field; an exchange under way ends in CardLostError."""
        with self._changed:
            left = () if phone is None else tuple(card for card in self._cards if card.phone is not phone)
            if left != self._cards:
                self._cards = left
                self._changed.notify_all()

    def break_down(self, detail: str = "unplugged") -> None:
        """From now on every call of the terminal raises ReaderLostError, until `mend`."""
        with self._changed:
            self._fault = detail
            self._changed.notify_all()

    def mend(self) -> None:
        """The reader works again, its field as it is."""
        with self._changed:
            self._fault = ""
            self._changed.notify_all()

    def wait_until_left(self, phone: FieldPhone, timeout_s: float) -> bool:
        """Block until this phone is out of the field (it may tear itself away); False if `timeout_s` was over."""
        with self._changed:
            return self._changed.wait_for(lambda: all(card.phone is not phone for card in self._cards), timeout_s)

    # --- pengpos.core.ports.Reader ------------------------------------------------------------------------------

    def wait(self, timeout_s: float) -> Sequence[Card]:
        """Block until the field changes or `timeout_s` is over; the cards in it now. Raises ReaderLostError.

        No leaving is missed: a phone that went and came between two calls is seen as gone first.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._cards != self._told or bool(self._fault) or self._closed, timeout_s)
            self._check()
            stayed = tuple(card for card in self._told if card in self._cards)
            self._told = stayed if stayed != self._told else self._cards
            return self._told

    def close(self) -> None:
        """Give the reader back: a `wait` that is under way returns."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    # --- inside --------------------------------------------------------------------------------------------------

    def _transceive(self, card: _PhoneInField, command: bytes, timeout_s: float) -> bytes:
        if len(command) not in _COMMAND_SIZES:
            raise ValueError(f"{len(command)} bytes are no short C-APDU")
        with self._changed:
            self._check()
            self._check_present(card)
        move = card.phone.exchange(command)
        match move:
            case Gone():
                self.take_away(card.phone)
                raise CardLostError
            case Silence():
                self._pass_time(card, timeout_s)
                raise TapTimeoutError(timeout_s)
            case Says(data=data, delay_s=delay_s):
                self._pass_time(card, min(delay_s, timeout_s))
                if delay_s > timeout_s:
                    raise TapTimeoutError(timeout_s)
                if len(data) not in _RESPONSE_SIZES:
                    raise CardProtocolError(f"an answer of {len(data)} bytes")
                return data

    def _pass_time(self, card: _PhoneInField, seconds: float) -> None:
        """Let a phone take its time; raises CardLostError as soon as it is taken away."""
        deadline = monotonic() + (0 if self._hurried else seconds)
        with self._changed:
            self._changed.wait_for(lambda: card not in self._cards or self._closed, deadline - monotonic())
            self._check()
            self._check_present(card)

    def _check(self) -> None:
        if self._closed:
            raise ReaderLostError(self.name, "closed", "Open it again")
        if self._fault:
            raise ReaderLostError(self.name, self._fault, "Plug the reader in again")

    def _check_present(self, card: _PhoneInField) -> None:
        if card not in self._cards:
            raise CardLostError
