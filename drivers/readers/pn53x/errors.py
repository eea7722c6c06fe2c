# SPDX-License-Identifier: Apache-2.0
"""What the trouble of a reader on USB or a serial port means, and what a technician does about it."""

import errno

from drivers import words
from pengpos.core.errors import ReaderLostError

_NO_ACCESS_SERIAL = (words.NO_ACCESS_PORT, words.DIALOUT)
_NO_ACCESS_USB = (words.NO_ACCESS_USB, words.UDEV)
_BUSY_SERIAL = (words.BUSY_PORT, words.STOP_MODEM)
_BUSY_USB = (words.BUSY_USB, words.BLACKLIST)
_AWAY = (words.AWAY, words.PLUG_AGAIN)
_HALF_THERE = (words.HALF_THERE, words.SWITCH_UART)
_SILENT = (words.SILENT, words.OPENED_AGAIN)
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
    said = words.WITH_ERROR.said(detail=detail, error=str(error) or type(error).__name__)
    return ReaderLostError(reader, said, cure.said())


def was_kept_out(trouble: ReaderLostError) -> bool:
    """Whether the port could not even be opened: what hangs there has not heard a byte."""
    return isinstance(trouble.__cause__, OSError) and trouble.__cause__.errno in _KEPT_OUT


def hung(reader: str) -> ReaderLostError:
    """The error for a card, or a driver, that comes to no end."""
    return ReaderLostError(reader, words.PHONE_HANGS.said(), words.TAKE_PHONE.said())


def away(reader: str) -> ReaderLostError:
    """The error for a reader that is not plugged in any more."""
    return ReaderLostError(reader, words.AWAY.said(), words.PLUG_AGAIN.said())


def claimed(reader: str, driver: str) -> ReaderLostError:
    """The error for a reader that the kernel's own driver has taken."""
    return ReaderLostError(reader, words.KERNEL_HOLDS.said(driver=driver), words.BLACKLIST.said())


def closed(reader: str) -> ReaderLostError:
    """The error for a reader that was given back."""
    return ReaderLostError(reader, words.CLOSED.said(), words.OPEN_AGAIN.said())
