# SPDX-License-Identifier: Apache-2.0
"""nfcpy's PN532 driver over a wire that says what a fuzzer wants: no pseudo-terminal, no waiting."""

import logging

import nfc
from nfc.clf import pn532, transport

from drivers.readers.pn53x.link import Pn53xLink
from drivers.simulated.uart import ACK, framed


class _Wire:
    """pyserial's side of nfcpy's transport: what is read is in `raw`; nothing waits."""

    port = "fuzzed"
    baudrate = 115_200
    timeout = 0.0

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def read(self, count: int) -> bytes:
        taken, self._raw = self._raw[:count], self._raw[count:]
        return taken

    def write(self, frame: bytes) -> None:
        """Nobody listens."""

    def flushInput(self) -> None:  # noqa: N802 # pyserial's name
        """What was not read is not lost: the fuzzer means it for the next command."""


def link_on(raw: bytes) -> Pn53xLink:
    """Our link with the driver as it is after a good opening, and `raw` as all that the chip will say."""
    logging.getLogger("nfc").setLevel(logging.CRITICAL)
    port = transport.TTY.__new__(transport.TTY)
    port.tty = _Wire(raw)
    chipset = pn532.Chipset(port, logger=pn532.log)
    driver = pn532.Device.__new__(pn532.Device)
    driver.chipset, driver.log, driver._path = chipset, pn532.log, "fuzzed"
    link = Pn53xLink.__new__(Pn53xLink)
    link._name, link._usb, link._claim = "fuzzed", False, None
    link._set_for_s = None
    link._frontend = nfc.ContactlessFrontend()
    link._frontend.device = driver
    return link


def answers_of_a_chip() -> tuple[bytes, ...]:
    """What it says to a poll that finds a card, and to RATS; and to a poll that finds none."""

    def said(*bodies: str) -> bytes:
        return b"".join(ACK + framed(bytes.fromhex(body)) for body in bodies)

    found = said("D533", "D54B01010004200408010203", "D507000000", "D509", "D533", "D543000578807000")
    return found, said("D533", "D54B00", "D50726")
