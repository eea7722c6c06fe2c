# SPDX-License-Identifier: Apache-2.0
"""A PN532 on a serial port as true boards are: asleep, slow to wake, late to answer, short of a first byte.

nfcpy's driver wakes the chip and asks it in one go, waits 100 ms, takes six bytes for the head of a frame whatever they
are, and sends the chip to sleep when it closes. So the chip is woken and asked here first, and given time; frames are
looked for in what comes; and the chip stays awake, with its field off: not every board wakes again (PN532 user manual
§3.1.3.1: the host's first bytes wake it; what follows at once may be lost while its oscillator starts).

Tests: tests/drivers/readers/pn53x/test_boards.py
"""

import contextlib
import errno
import os
import termios
import time
from functools import partial
from pathlib import Path
from typing import Any

from nfc.clf import pn532 as pn532_driver
from nfc.clf import transport
from nfc.clf.transport import serial

_ACK = bytes.fromhex("0000FF00FF00")
_WAKE = bytes.fromhex("5555") + bytes(14)
_GET_FIRMWARE_VERSION = bytes.fromhex("0000FF02FED4022A00")
_TO_115200 = bytes.fromhex("0000FF03FDD410041800")  # SetSerialBaudrate
_PN532 = bytes.fromhex("D50332")
_FASTER = (921_600, 460_800, 230_400)
_RESCUE_S = 0.1
_WAKING_S = 0.01
_FIRST_ANSWER_S = 1.5  # a Pi's USB may hold the first byte back for a second
_ANSWER_S = 0.5
_ANSWERED_S = 0.05
_LATENESS = 4  # how much longer than the second answer any other may take
_PATIENCE_MOST_S = 1.0
_FRAME_MOST = 300
_LOCKS = Path("/run/lock")


class SerialPort(transport.TTY):  # type: ignore[misc]  # nfcpy has no types
    """nfcpy's transport, with a `read` that finds the frame."""

    def __init__(self, path: str) -> None:
        self.patience_s = 0.0
        self._ahead = b""
        super().__init__(path)

    def write(self, frame: bytes) -> None:
        """Bytes to the chip; what came before them is forgotten."""
        self._ahead = b""
        super().write(frame)

    def read(self, timeout: int) -> bytearray:
        """A frame, 00 00 FF first, within so many milliseconds, or longer for a board that is known to be late.

        Its first byte may be missing, and anything else may be before it. Raises OSError (ETIMEDOUT).
        """
        self.tty.timeout = max(timeout / 1_000, _ANSWERED_S, self.patience_s)
        heard = self._take(6)
        if not heard:
            raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        while (at := heard.find(b"\x00\xff")) < 0 or len(heard) < at + 4:
            more = self._take(1) if len(heard) < _FRAME_MOST else b""
            if not more:
                raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
            heard += more
        frame = b"\x00" + heard[at:]
        size = 6 if frame.startswith(_ACK[:5]) else 5 + frame[3] + 2
        if frame[3:5] == b"\xff\xff":
            frame += self._take(max(0, 8 - len(frame)))
            size = 8 + int.from_bytes(frame[5:7], "big") + 2
        frame += self._take(max(0, size - len(frame)))
        self._ahead = frame[size:]
        return bytearray(frame[:size])

    def _take(self, count: int) -> bytes:
        ahead, self._ahead = self._ahead[:count], self._ahead[count:]
        return ahead + bytes(self.tty.read(count - len(ahead))) if len(ahead) < count else ahead


def open_serial(path: str) -> Any:
    """nfcpy's driver on its port, at the second try at the latest. Raises OSError, and what nfcpy's driver raises.

    A chip left at a higher speed by a program that was killed is called back between the two.
    """
    _refuse_if_locked(path)
    try:
        return _init(path, _FIRST_ANSWER_S)
    except OSError:
        _call_back(path)
        return _init(path, _ANSWER_S)


def _init(path: str, within_s: float) -> Any:
    port = SerialPort(path)
    try:
        _awake(port, within_s)
        opened = pn532_driver.init(port)
    except BaseException:
        with contextlib.suppress(OSError, termios.error):
            port.close()
        raise
    opened._path = path  # noqa: SLF001 # nfcpy sets it itself where it opens by name, which fits no such path
    opened.chipset.power_down = partial(_stay_awake, opened)
    return opened


def _awake(port: SerialPort, within_s: float) -> None:
    """Wake the chip, and learn how late it answers once it is awake. Raises OSError where there is none."""
    for patience_s in (within_s, _ANSWER_S):  # what the first answer takes is the waking's, or the adapter's
        port.write(_WAKE)
        time.sleep(_WAKING_S)
        port.patience_s = patience_s
        answered_s = _firmware_asked(port)
    if answered_s is None:
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
    port.patience_s = min(_PATIENCE_MOST_S, _LATENESS * answered_s) if answered_s > _ANSWERED_S else 0.0


def _firmware_asked(port: SerialPort) -> float | None:
    """How long the chip took to say its version, s; None if it did not."""
    began_s = time.monotonic()
    port.write(_GET_FIRMWARE_VERSION)
    with contextlib.suppress(OSError):
        for _ in range(2):  # its ACK, perhaps, and the answer
            if _PN532 in port.read(0):
                return time.monotonic() - began_s
    return None


def _stay_awake(opened: Any, **_wakeup: object) -> None:
    """In place of PowerDown, when nfcpy's driver closes: the field is off all the same."""
    opened.mute()


def _call_back(path: str) -> None:
    for baud_rate in _FASTER:
        with contextlib.suppress(OSError, termios.error), serial.Serial(path, baud_rate, timeout=_RESCUE_S) as port:
            port.write(_ACK)  # ends whatever it was doing
            port.reset_input_buffer()
            port.write(_TO_115200)
            if _ACK in port.read(len(_ACK) + 9):
                port.write(_ACK)
                port.flush()
                return


def _refuse_if_locked(path: str, locks: Path = _LOCKS) -> None:
    """Another program says by a lock file of UUCP's kind that the port is its own. Raises OSError (EBUSY)."""
    try:
        pid = int((locks / f"LCK..{Path(path).name}").read_text("ascii").split()[0])
        os.kill(pid, 0)
    except PermissionError:
        pass  # it is alive, and not ours
    except (OSError, ValueError, IndexError):
        return
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
