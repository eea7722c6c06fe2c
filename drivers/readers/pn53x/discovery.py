# SPDX-License-Identifier: Apache-2.0
"""Which readers nfcpy could drive are plugged in, by sysfs: PN532 modules behind USB-serial adapters, USB readers.

A USB-serial adapter may as well be a printer's: it is asked three times at most whether a PN532 answers there, half a
minute and two minutes apart, until it is plugged in again; where a setting includes it, each half minute. A UART that
is no USB adapter (a Pi's pins) is asked only where a setting names it. The ACR122U is left to PC/SC, which drives all
of its revisions.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.readers.choice import Choice
from drivers.readers.pn53x import errors as pn53x_errors
from drivers.readers.pn53x.place import Place, SerialPlace, UsbPlace
from drivers.readers.worker import OutlivedError, StuckError, Worker
from pengpos.core.errors import ReaderLostError

if TYPE_CHECKING:  # nfcpy takes a tenth of a second and 10 MB: loaded where there is a reader for it
    from drivers.readers.pn53x.link import Pn53xLink
    from drivers.readers.pn53x.reader import PlayTag, Pn53xReader

_ADAPTERS = frozenset({
    "0403:6001", "0403:6010", "0403:6014", "0403:6015",  # FTDI
    "067b:2303", "067b:23a3",  # Prolific
    "10c4:ea60",  # Silicon Labs
    "1a86:5523", "1a86:7523", "1a86:55d4",  # QinHeng CH340, CH9102
})  # fmt: skip
"""USB-serial adapters that modules are sold with."""

_USB_READERS = {
    "04cc:0531": "PN531",
    "04cc:2533": "PN533",
    "04e6:5591": "SCL3711",
    "04e6:5593": "SCL3712",
    "054c:0193": "PN531 (Sony)",
    "054c:02e1": "RC-S330",
    "054c:06c1": "RC-S380",
    "054c:06c3": "RC-S380",
}
_ASK_AGAIN_S = (30.0, 120.0)
"""After the first time, and the second; not after a third."""
_EVERY = Choice()


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that may be a reader. `adapter`: a USB-serial adapter, which may be anything else."""

    name: str
    place: Place
    adapter: bool = False
    kernel_driver: str = ""
    """The kernel's own NFC driver, where it has taken the reader."""


def candidates(
    serial_ports: Sequence[str] = (), root: Path = Path("/"), choice: Choice = _EVERY
) -> Sequence[Candidate]:
    """What is plugged in, and the serial ports a setting names, without what is excluded. `root`: of sys and dev."""
    return [one for one in _plugged_in(serial_ports, root) if not choice.excludes(one.name)]


def _plugged_in(serial_ports: Sequence[str], root: Path) -> Iterator[Candidate]:
    for path in serial_ports:
        if (root / path.lstrip("/")).exists():
            yield Candidate(f"PN532 on {Path(path).name}", SerialPlace(path))
    for tty in _usb_ttys(root / "sys/class/tty"):
        path = f"/dev/{tty.name}"
        if path not in serial_ports and _usb_identity_above(tty) in _ADAPTERS:
            yield Candidate(f"PN532 on {tty.name}", SerialPlace(path), adapter=True)
    for device in sorted((root / "sys/bus/usb/devices").glob("*")):
        kind = _USB_READERS.get(_identity(device))
        if kind is not None:
            place = UsbPlace(int(_read(device / "busnum")), int(_read(device / "devnum")))
            yield Candidate(f"{kind} on USB {device.name}", place, kernel_driver=_kernel_driver(device))


class Pn53xReaders:
    """The readers there are. `discover` is for one thread, `open` for each reader's own.

    `play_tag` makes what each of them plays as a tag between polls.
    """

    def __init__(
        self,
        *,
        serial_ports: Sequence[str] = (),
        root: Path = Path("/"),
        hung_after_s: float = 5.0,
        open_link: "Callable[[str, Place], Pn53xLink] | None" = None,
        monotonic_s: Callable[[], float] = time.monotonic,
        play_tag: "Callable[[], PlayTag] | None" = None,
        choice: Choice = _EVERY,
        ask_within_s: float = 0.5,
    ) -> None:
        """`ask_within_s`: a printer's adapter holds up the readers of other libraries no longer; it is asked on."""
        self._choice = choice
        self._ask_within_s = ask_within_s
        self._asked: dict[Candidate, _Asked] = {}
        self._serial_ports = serial_ports
        self._root = root
        self._hung_after_s = hung_after_s
        self._open_link = open_link if open_link is not None else _open_link
        self._monotonic_s = monotonic_s
        self._play_tag = play_tag
        self._readers: dict[str, Candidate] = {}
        self._refused: dict[Candidate, _Refused] = {}
        self._workers: dict[str, Worker] = {}

    def discover(self, timeout_s: float) -> tuple[str, ...]:
        """The readers there are, at once. Raises ReaderLostError if there are none, but something is odd."""
        del timeout_s
        here = candidates(self._serial_ports, self._root, self._choice)
        self._refused = {old: found for old, found in self._refused.items() if old in here}
        for old in [old for old in self._asked if old not in here]:
            self._asked.pop(old).leave()
        self._readers = {one.name: one for one in here if self._is_reader(one)}
        if not self._readers:
            for refused in self._refused.values():
                raise refused.trouble
        return tuple(self._readers)

    def open(self, name: str) -> "Pn53xReader":
        """Open one of them. Raises ReaderLostError, also while its last opening still hangs."""
        from drivers.readers.pn53x.reader import Pn53xReader

        candidate = self._readers.get(name)
        if candidate is None:
            raise pn53x_errors.away(name)
        if candidate.kernel_driver:
            raise pn53x_errors.claimed(name, candidate.kernel_driver)
        last = self._workers.get(name)
        if last is not None and last.abandoned:
            raise pn53x_errors.hung(name)
        open_link = partial(self._open_link, name, candidate.place)
        play_tag = None if self._play_tag is None else self._play_tag()
        reader = Pn53xReader(name, open_link, hung_after_s=self._hung_after_s, play_tag=play_tag)
        self._workers[name] = reader.worker
        return reader

    def _is_reader(self, candidate: Candidate) -> bool:
        if not candidate.adapter or candidate == self._readers.get(candidate.name):
            return True
        refused = self._refused.get(candidate)
        if refused is not None and self._monotonic_s() < refused.ask_from_s:
            return False
        asked = self._asked.get(candidate)
        if asked is None:
            asked = self._asked[candidate] = _Asked(
                candidate.name, partial(self._open_link, candidate.name, candidate.place)
            )
        if not asked.has_answered(self._ask_within_s):
            return False
        del self._asked[candidate]
        if asked.trouble is not None:
            self._refused[candidate] = self._refusal(candidate, asked.trouble)
            return False
        self._refused.pop(candidate, None)
        return True

    def _refusal(self, candidate: Candidate, trouble: ReaderLostError) -> "_Refused":
        """How it answered, and when it is asked again; a port that could not be opened has not been asked."""
        before = self._refused.get(candidate)
        asked = (0 if before is None else before.asked) + (0 if pn53x_errors.was_kept_out(trouble) else 1)
        if asked <= 1 or self._choice.includes(candidate.name):
            again_s = _ASK_AGAIN_S[0]
        else:
            again_s = _ASK_AGAIN_S[1] if asked == 2 else math.inf
        return _Refused(ask_from_s=self._monotonic_s() + again_s, asked=asked, trouble=trouble)


class _Asked:
    """An adapter that is asked whether a PN532 answers there, in a thread of its own; that takes seconds at most."""

    def __init__(self, name: str, open_link: "Callable[[], Pn53xLink]") -> None:
        self.trouble: ReaderLostError | None = pn53x_errors.away(name)
        self._open_link = open_link
        self._worker = Worker("PN532 there?")
        self._has_begun = False

    def has_answered(self, within_s: float) -> bool:
        """Whether `trouble` says what came of it; then the thread has ended."""
        call, self._has_begun = _nothing if self._has_begun else self._ask, True
        try:
            self._worker.run(call, within_s)
        except (OutlivedError, StuckError):
            return False
        self.leave()
        return True

    def leave(self) -> None:
        """End the thread as soon as it may."""
        self._worker.close(_nothing, 0)

    def _ask(self) -> None:
        try:
            self._open_link().close()
        except ReaderLostError as trouble:
            self.trouble = trouble
        else:
            self.trouble = None


def _nothing() -> None:
    """A call that waits for the one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refused:
    """An adapter where no PN532 answered."""

    ask_from_s: float
    asked: int
    """How often bytes were sent to it."""
    trouble: ReaderLostError


def _open_link(name: str, place: Place) -> "Pn53xLink":
    from drivers.readers.pn53x.link import Pn53xLink

    return Pn53xLink(name, place)


def _usb_ttys(ttys: Path) -> Sequence[Path]:
    """The ttys that can hang on USB, by name: Linux has 64 others, and looking at each is a thousand calls a second."""
    return sorted([*ttys.glob("ttyUSB*"), *ttys.glob("ttyACM*")])


def _identity(device: Path) -> str:
    return f"{_read(device / 'idVendor')}:{_read(device / 'idProduct')}"


def _usb_identity_above(tty: Path) -> str:
    """Vendor and product of the USB device a tty hangs on; ":" if it hangs on none."""
    here = tty.resolve()
    for above in list(here.parents)[:6]:
        if (above / "idVendor").exists():
            return _identity(above)
    return ":"


def _kernel_driver(device: Path) -> str:
    for interface in device.glob(f"{device.name}:*"):
        driver = interface / "driver"
        if driver.exists() and "pn533" in driver.resolve().name:
            return driver.resolve().name
    return ""


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except OSError:
        return ""
