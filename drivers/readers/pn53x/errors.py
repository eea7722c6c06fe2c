# SPDX-License-Identifier: Apache-2.0
"""What the trouble of a reader on USB or a serial port means, and what a technician does about it."""

import errno

from pengpos.core.errors import ReaderLostError

_NO_ACCESS_SERIAL = (
    "this account may not open the port",
    "Add the account to the group dialout (sudo usermod -aG dialout USER) and log in again",
)
_NO_ACCESS_USB = (
    "this account may not open the reader",
    "Give it to the group plugdev by a udev rule for its vendor, and plug it in again",
)
_BUSY_SERIAL = (
    "another program holds the port",
    "Stop the other program (ModemManager, nfc-poll, a second terminal)",
)
_BUSY_USB = (
    "another program or the kernel's own driver holds the reader",
    "Keep the kernel modules pn533_usb, pn533 and nfc from taking it (blacklist), and plug it in again",
)
_AWAY = ("the reader is not there", "Plug it in again")
_HALF_THERE = (
    "the reader does not answer as one",
    "Unplug it and plug it in again; a PN532 module must be switched to HSU (UART) and have all four wires",
)
_SILENT = (
    "the reader stopped answering",
    "It is opened again by itself; if that does not help, unplug it and plug it in again",
)
_KEPT_OUT = frozenset({errno.EACCES, errno.EPERM, errno.EBUSY, errno.EWOULDBLOCK})
_AWAY_NUMBERS = frozenset({errno.ENOENT, errno.ENXIO})


def reader_lost(reader: str, error: Exception, *, opening: bool, usb: bool) -> ReaderLostError:
    """The error for trouble of the reader or the machine. `opening`: it never was there; else it went."""
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.EACCES, errno.EPERM):
        known = _NO_ACCESS_USB if usb else _NO_ACCESS_SERIAL
    elif number in (errno.EBUSY, errno.EWOULDBLOCK):
        known = _BUSY_USB if usb else _BUSY_SERIAL
    elif number in _AWAY_NUMBERS:
        known = _AWAY
    else:
        known = _HALF_THERE if opening else _SILENT
    detail, cure = known
    return ReaderLostError(reader, f"{detail} ({str(error) or type(error).__name__})", cure)


def was_kept_out(trouble: ReaderLostError) -> bool:
    """Whether the port could not even be opened: what hangs there has not heard a byte."""
    return isinstance(trouble.__cause__, OSError) and trouble.__cause__.errno in _KEPT_OUT


def hung(reader: str) -> ReaderLostError:
    """The error for a card, or a driver, that comes to no end."""
    return ReaderLostError(
        reader,
        "the reader hangs on a phone that comes to no end, or in its driver",
        "Take the phone away; if that does not help, unplug the reader and plug it in again",
    )


def away(reader: str) -> ReaderLostError:
    """The error for a reader that is not plugged in any more."""
    return ReaderLostError(reader, *_AWAY)


def claimed(reader: str, driver: str) -> ReaderLostError:
    """The error for a reader that the kernel's own driver has taken."""
    return ReaderLostError(reader, f"the kernel's driver {driver} holds the reader", _BUSY_USB[1])


def closed(reader: str) -> ReaderLostError:
    """The error for a reader that was given back."""
    return ReaderLostError(reader, "the reader is closed", "Open it again")
