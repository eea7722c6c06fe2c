# SPDX-License-Identifier: Apache-2.0
"""What the trouble of a reader on USB or a serial port is told as: its detail, and a cure that fits where it hangs."""

import errno
import os

import pytest

from drivers.readers.pn53x import errors
from drivers.readers.pn53x.errors import reader_lost
from pengpos.core.errors import ReaderLostError

EVERY_WAY = [
    pytest.param(opening, usb, id=f"{'opening' if opening else 'open'}, {'USB' if usb else 'serial'}")
    for opening in (True, False)
    for usb in (True, False)
]


def of(number: int, *, opening: bool, usb: bool) -> ReaderLostError:
    return reader_lost("PN532", OSError(number, os.strerror(number)), opening=opening, usb=usb)


@pytest.mark.parametrize(("opening", "usb"), EVERY_WAY)
@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_no_access(number: int, opening: bool, usb: bool) -> None:
    lost = of(number, opening=opening, usb=usb)
    assert ("udev" in lost.cure, "dialout" in lost.cure) == (usb, not usb)


@pytest.mark.parametrize(("opening", "usb"), EVERY_WAY)
@pytest.mark.parametrize("number", [errno.EBUSY, errno.EWOULDBLOCK])
def test_taken(number: int, opening: bool, usb: bool) -> None:
    lost = of(number, opening=opening, usb=usb)
    assert ("kernel" in lost.cure, "other program" in lost.cure) == (usb, not usb)


@pytest.mark.parametrize(("opening", "usb"), EVERY_WAY)
@pytest.mark.parametrize("number", [errno.ENOENT, errno.ENXIO])
def test_away(number: int, opening: bool, usb: bool) -> None:
    lost = of(number, opening=opening, usb=usb)
    assert lost.cure == "Plug it in again"


@pytest.mark.parametrize(("opening", "usb"), EVERY_WAY)
@pytest.mark.parametrize(
    "error", [OSError(errno.EIO, "I/O"), OSError("no number"), ValueError("short frame"), IndexError()]
)
def test_all_else_is_half_there_or_silent(error: Exception, opening: bool, usb: bool) -> None:
    lost = reader_lost("PN532", error, opening=opening, usb=usb)
    assert ("four wires" in lost.cure, "opened again by itself" in lost.cure) == (opening, not opening)
    assert (str(error) or type(error).__name__) in lost.detail


@pytest.mark.parametrize(
    ("lost", "detail", "cure"),
    [
        (errors.hung("PN532"), "hangs", "Take the phone away"),
        (errors.away("PN532"), "not there", "Plug it in again"),
        (errors.claimed("PN532", "pn533_usb"), "pn533_usb", "blacklist"),
        (errors.closed("PN532"), "closed", "Open it again"),
    ],
    ids=["hung", "away", "claimed", "closed"],
)
def test_what_is_no_error_of_the_system_has_words_as_well(lost: ReaderLostError, detail: str, cure: str) -> None:
    assert lost.reader == "PN532"
    assert detail in lost.detail
    assert cure in lost.cure
