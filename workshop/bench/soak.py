# SPDX-License-Identifier: Apache-2.0
"""`pengpos bench soak`: a day's taps and more in a row on a simulated PN532, with faults; memory flat, no dead reader.

Each tap is a phone that comes, pays and leaves. One in twenty meets a fault on the air or on the wire; every five
thousandth finds the reader pulled out and another plugged in. The phone's memory is on disk: it is not the terminal's.
"""

import contextlib
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from drivers.readers.pn53x.link import Pn53xLink
from drivers.readers.pn53x.place import SerialPlace
from drivers.readers.pn53x.reader import Pn53xReader
from drivers.simulated.field import RadioPhone
from drivers.simulated.pn532 import Fault, SimulatedPn532
from pengpos.core.errors import ReaderLostError
from pengpos.core.ports import Card
from sandbox.phone.wallet.store import WalletStore
from workshop.bench.tap_parts import LIMIT_S, MeasuredTerminal

_FAULTS = (Fault.CRC, Fault.TIMEOUT, Fault.LOST_FRAME, Fault.LOST_ACK, Fault.GARBAGE)
_PULLED_OUT_EVERY = 5_000
_REPORTS = 10
_FAULTY = 0.05


def run(directory: Path, *, taps: int) -> Iterator[str]:
    """Says how it goes ten times on the way. Raises RuntimeError for a tap not taken, or a reader that is dead."""
    terminal = MeasuredTerminal(directory, WalletStore(directory / "wallet.db"))
    bed = _TestBed(terminal)
    dice = random.Random(1)  # noqa: S311 # the same faults each time, nothing secret
    faults, began_s = 0, time.monotonic()
    memory_kib: list[int] = []
    try:
        for number in range(1, taps + 1):
            if number % _PULLED_OUT_EVERY == 0:
                bed.plug_in_another()
            if dice.random() < _FAULTY:
                bed.chip.inject(dice.choice(_FAULTS))
                faults += 1
            bed.tap()
            if number % max(1, taps // _REPORTS) == 0:
                memory_kib.append(_resident_kib())
                rate = number / (time.monotonic() - began_s)
                said = f"{faults} faults, {terminal.torn} torn, opened {bed.openings} times"
                yield f"  {number:>7} taps {rate:4.0f}/s  {memory_kib[-1]:>7} KiB  {said}"
    finally:
        bed.close()
        terminal.close()
    grown = memory_kib[-1] - memory_kib[0]
    yield f"memory from the first tenth to the last: {grown:+} KiB, {1024 * grown / taps:+.0f} bytes a tap"


class _TestBed:
    """Holds phones to one simulated reader and opens it again whenever it was lost, as the supervisor does."""

    def __init__(self, terminal: MeasuredTerminal) -> None:
        self._terminal = terminal
        self._reader: Pn53xReader | None = None
        self.chip = SimulatedPn532()
        self.openings = 0

    def tap(self) -> None:
        """A phone comes, pays and leaves."""
        phone = RadioPhone(self.chip.field, self._terminal.wallet, on_field_off=self._terminal.new_stay)
        self.chip.field.put(phone)
        self._terminal.tap(self._card(), self._card)
        self._terminal.bench.events.clear()
        self.chip.field.take(phone)
        self._until(lambda cards: not cards)

    def plug_in_another(self) -> None:
        """Pull the reader out between two taps."""
        old, self.chip = self.chip, SimulatedPn532()
        old.unplug()

    def close(self) -> None:
        """Give the reader back."""
        self._close_reader()
        self.chip.unplug()

    def _card(self) -> Card:
        return self._until(lambda cards: len(cards) == 1)[0]

    def _until(self, holds: Callable[[Sequence[Card]], bool]) -> Sequence[Card]:
        until_s = time.monotonic() + LIMIT_S
        while time.monotonic() < until_s:
            try:
                if holds(cards := self._opened().wait(0.0)):
                    return cards
            except ReaderLostError:
                self._close_reader()
        raise RuntimeError("the reader is dead")

    def _opened(self) -> Pn53xReader:
        if self._reader is None:
            path = self.chip.path
            self._reader = Pn53xReader("PN532", lambda: Pn53xLink("PN532", SerialPlace(path)))
            self.openings += 1
        return self._reader

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def _resident_kib() -> int:
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text("ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0
