# SPDX-License-Identifier: Apache-2.0
"""`pengpos bench soak`: a day's taps and more in a row on a simulated PN532, with faults; memory flat, no dead reader.

Each tap is a phone that comes, pays and leaves. One in twenty meets a fault on the air or on the wire; every five
thousandth finds the reader pulled out and another plugged in. The phone's memory is on disk: it is not the terminal's.
"""

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from drivers.readers.pn53x import Pn53xReader
from drivers.readers.pn53x_link import Pn53xLink, SerialPlace
from drivers.simulated.field import RadioPhone
from drivers.simulated.pn532 import Fault, SimulatedPn532
from sandbox.phone.store import WalletStore
from terminal.core.errors import ReaderLostError
from terminal.core.ports import Card, Reader
from terminal.programs.bench_tap_parts import LIMIT_S, Till

_FAULTS = (Fault.CRC, Fault.TIMEOUT, Fault.LOST_FRAME, Fault.LOST_ACK, Fault.GARBAGE)
_PULLED_OUT_EVERY = 5_000
_REPORTS = 10


def run(directory: Path, *, taps: int) -> Iterator[str]:
    """Says how it goes ten times on the way. Raises RuntimeError for a tap that is not taken."""
    till = Till(directory, WalletStore(directory / "wallet.db"))
    dice = random.Random(1)  # noqa: S311 # the same faults each time, nothing secret
    chip = SimulatedPn532()
    reader = _open(chip)
    openings, faults, began_s = 1, 0, time.monotonic()
    memory_kib: list[int] = []
    try:
        for number in range(1, taps + 1):
            if number % _PULLED_OUT_EVERY == 0:
                chip.unplug()
                chip = SimulatedPn532()
                reader = _lost_and_opened(reader, chip)
                openings += 1
            if dice.random() < 0.05:
                chip.inject(dice.choice(_FAULTS))
                faults += 1
            _tap(till, chip, reader)
            if number % max(1, taps // _REPORTS) == 0:
                memory_kib.append(_resident_kib())
                rate = number / (time.monotonic() - began_s)
                yield f"  {number:>7} taps {rate:4.0f}/s  {memory_kib[-1]:>7} KiB  {faults} faults  {openings} openings"
    finally:
        reader.close()
        chip.unplug()
        till.close()
    grown = memory_kib[-1] - memory_kib[0]
    yield f"memory from the first tenth to the last: {grown:+} KiB, {1024 * grown / taps:+.0f} bytes a tap"


def _tap(till: Till, chip: SimulatedPn532, reader: Reader) -> None:
    phone = RadioPhone(chip.field, till.wallet, on_field_off=till.new_stay)
    chip.field.put(phone)
    till.tap(_until(reader, lambda cards: len(cards) == 1)[0])
    till.bench.events.clear()
    chip.field.take(phone)
    _until(reader, lambda cards: not cards)


def _until(reader: Reader, holds: Callable[[list[Card]], bool]) -> list[Card]:
    until_s = time.monotonic() + LIMIT_S
    while not holds(cards := list(reader.wait(0.0))):
        if time.monotonic() > until_s:
            raise RuntimeError("the reader is dead")
    return cards


def _open(chip: SimulatedPn532) -> Pn53xReader:
    return Pn53xReader("PN532", lambda: Pn53xLink("PN532", SerialPlace(chip.path)))


def _lost_and_opened(reader: Pn53xReader, chip: SimulatedPn532) -> Pn53xReader:
    try:
        reader.wait(0.0)
    except ReaderLostError:
        reader.close()
        return _open(chip)
    raise RuntimeError("a reader that was pulled out was not missed")


def _resident_kib() -> int:
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text("ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0
