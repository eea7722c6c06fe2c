# SPDX-License-Identifier: Apache-2.0
"""Where a reader that nfcpy drives is plugged in: without nfcpy, which is loaded once there is a reader for it.

Tests: tests/drivers/readers/pn53x/test_discovery.py, tests/drivers/readers/pn53x/test_link.py
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SerialPlace:
    """A PN532 on a serial port: a UART, a USB-serial adapter, a pseudo-terminal."""

    path: str


@dataclass(frozen=True, slots=True)
class UsbPlace:
    """A reader on USB."""

    bus: int
    address: int


@dataclass(frozen=True, slots=True)
class UdpPlace:
    """nfcpy's reader over UDP: for tests."""

    host: str
    port: int


Place = SerialPlace | UsbPlace | UdpPlace
