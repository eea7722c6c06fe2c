# SPDX-License-Identifier: Apache-2.0
"""Linux's I2C bus (/dev/i2c-N) as `ntag_memory.I2cBus`. Never met a bus: nothing here has one."""

import fcntl
import os

_I2C_SLAVE = 0x0703  # linux/i2c-dev.h


class LinuxI2c:
    """One bus. Raises OSError if it is not there, or this account may not open it."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._address: int | None = None

    def write(self, address: int, data: bytes) -> None:
        """See `I2cBus`."""
        self._talk_to(address)
        os.write(self._file, data)

    def read(self, address: int, count: int) -> bytes:
        """See `I2cBus`."""
        self._talk_to(address)
        return os.read(self._file, count)

    def close(self) -> None:
        """Give the bus back."""
        os.close(self._file)

    def _talk_to(self, address: int) -> None:
        if address != self._address:
            fcntl.ioctl(self._file, _I2C_SLAVE, address)
            self._address = address
