# SPDX-License-Identifier: Apache-2.0
"""The memory and session registers of an NTAG I2C plus 1k/2k (NT3H2111/2211) over I2C. Never met a chip.

Memory is read and written in blocks of 16 bytes by their number; block 0 ends with the capability container, user
memory begins at block 1. Session registers are behind block FEh, one byte each.

Tests: tests/drivers/tags/test_ntag_i2c.py
"""

import time
from collections.abc import Callable
from enum import IntEnum, IntFlag
from typing import Protocol

from drivers import words
from pengpos.core.errors import ReaderLostError

ADDRESS = 0x55
BLOCK = 16
REGISTERS_BLOCK = 0xFE
NAME = "tag chip"
_BUSY_MOST_S = 0.05  # an EEPROM block takes 4 ms
_LOOK_AGAIN_S = 0.002


class Register(IntEnum):
    """Session registers (NT3H2111/2211 §8.3.12)."""

    NC_REG = 0
    NS_REG = 6


class NcReg(IntFlag):
    """Bits of NC_REG that give a phone the SRAM in the memory's place."""

    SRAM_MIRROR = 0x02
    PASS_THROUGH = 0x40


class NsReg(IntFlag):
    """Bits of NS_REG."""

    RF_FIELD_PRESENT = 0x01
    EEPROM_WR_BUSY = 0x02
    EEPROM_WR_ERR = 0x04
    RF_LOCKED = 0x20
    I2C_LOCKED = 0x40
    NDEF_DATA_READ = 0x80


class I2cBus(Protocol):
    """An I2C bus, one transaction a call; OSError where the chip does not acknowledge."""

    def write(self, address: int, data: bytes) -> None:
        """Send these bytes."""

    def read(self, address: int, count: int) -> bytes:
        """Fetch so many bytes."""


class NtagMemory:
    """Blocks and registers of the chip, for one thread. Every call raises ReaderLostError."""

    def __init__(
        self,
        bus: I2cBus,
        address: int = ADDRESS,
        *,
        monotonic_s: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._bus = bus
        self._address = address
        self._monotonic_s = monotonic_s
        self._pause = pause

    @property
    def phone_is_there(self) -> bool:
        """Whether a phone's field is over the chip, or it holds the memory."""
        return bool(self._status() & (NsReg.RF_FIELD_PRESENT | NsReg.RF_LOCKED))

    def read_block(self, number: int) -> bytes:
        """16 bytes; from here on no phone reaches the memory until `release`."""
        self._send(bytes([number]))
        return self._fetch(BLOCK)

    def write_block(self, number: int, block: bytes) -> None:
        """Write 16 bytes and wait until they are kept."""
        self._send(bytes([number]) + block)
        status = self._status()
        until_s = self._monotonic_s() + _BUSY_MOST_S
        while status & NsReg.EEPROM_WR_BUSY and self._monotonic_s() < until_s:
            self._pause(_LOOK_AGAIN_S)
            status = self._status()
        if status & (NsReg.EEPROM_WR_BUSY | NsReg.EEPROM_WR_ERR):
            raise ReaderLostError(NAME, words.WRITE_ERROR.said(), words.ANOTHER_CHIP.said())

    def release(self) -> None:
        """Let phones reach the memory: without this none could until the chip's watchdog ends."""
        self.clear_bits(Register.NS_REG, NsReg.I2C_LOCKED)

    def register(self, register: Register) -> int:
        """One session register."""
        self._send(bytes([REGISTERS_BLOCK, register]))
        return self._fetch(1)[0]

    def clear_bits(self, register: Register, mask: int) -> None:
        """Clear these bits of a session register."""
        self._send(bytes([REGISTERS_BLOCK, register, mask, 0]))

    def _status(self) -> int:
        return self.register(Register.NS_REG)

    def _send(self, data: bytes) -> None:
        """One transaction; a chip that is busy for a moment answers the next one."""
        until_s = self._monotonic_s() + _BUSY_MOST_S
        while True:
            try:
                self._bus.write(self._address, data)
            except OSError as error:
                if self._monotonic_s() >= until_s:
                    raise self._no_answer(error) from error
                self._pause(_LOOK_AGAIN_S)
            else:
                return

    def _fetch(self, count: int) -> bytes:
        try:
            data = self._bus.read(self._address, count)
        except OSError as error:
            raise self._no_answer(error) from error
        if len(data) != count:
            detail = words.TOO_SHORT.said(found=len(data), count=count)
            raise ReaderLostError(NAME, detail, words.SEE_WIRES.said())
        return data

    def _no_answer(self, error: OSError) -> ReaderLostError:
        detail = words.NO_ANSWER.said(address=f"{self._address:02X}", error=str(error))
        return ReaderLostError(NAME, detail, words.WIRES_AND_I2C.said())
