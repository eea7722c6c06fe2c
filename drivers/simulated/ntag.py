# SPDX-License-Identifier: Apache-2.0
"""An NTAG I2C plus 1k by its registers: an I2C bus with this one chip on it, and a phone's view of its memory.

EEPROM blocks take a few accesses to be written, while a phone is being served the bus gets no acknowledgement, and
what the phone began to read is counted, so that a test can see whether it was changed under it.
"""

import errno
import os

from drivers.tags.ntag_i2c import ADDRESS, BLOCK, REGISTERS_BLOCK, NsReg, Register

_BLOCKS = 0x39
_BUSY_ACCESSES = 5
_PAGE = 4


class SimulatedNtag:
    """The chip and its bus, from the maker: capability container set, an empty message."""

    def __init__(self, *, capability: bytes = bytes.fromhex("E1106D00")) -> None:
        self.memory = bytearray(_BLOCKS * BLOCK)
        self.memory[12:16] = capability
        self.memory[16:19] = bytes.fromhex("0300FE")
        self.phone_is_there = False
        self.acknowledges = True
        self.keeps = True
        """False: a worn-out chip whose EEPROM takes nothing."""
        self.naks = 0
        """So many accesses more get no acknowledgement."""
        self.fails_writing = False
        self.writes: list[int] = []
        """The blocks written so far."""
        self._i2c_locked = False
        self._busy = 0
        self._pointer: tuple[int, int] | None = None

    # --- the bus ------------------------------------------------------------------------------------------------------

    def write(self, address: int, data: bytes) -> None:
        """See `I2cBus`."""
        self._acknowledge(address)
        block, rest = data[0], data[1:]
        if block == REGISTERS_BLOCK:
            if len(rest) == 3 and rest[0] == Register.NS_REG and rest[1] & NsReg.I2C_LOCKED:
                self._i2c_locked = bool(rest[2] & NsReg.I2C_LOCKED)
            self._pointer = (block, rest[0])
        elif not rest:
            self._refuse_memory_to_a_second()
            self._pointer = (block, 0)
        else:
            self._refuse_memory_to_a_second()
            if self._busy or len(rest) != BLOCK or block >= _BLOCKS:
                self._nak()
            self.writes.append(block)
            self._busy = _BUSY_ACCESSES
            if self.keeps:
                self.memory[block * BLOCK : (block + 1) * BLOCK] = rest

    def read(self, address: int, count: int) -> bytes:
        """See `I2cBus`."""
        self._acknowledge(address)
        if self._pointer is None:
            self._nak()
            return b""
        block, register = self._pointer
        if block == REGISTERS_BLOCK:
            return bytes([self._status() if register == Register.NS_REG else 0])[:count]
        return bytes(self.memory[block * BLOCK : (block + 1) * BLOCK])[:count]

    # --- the phone ----------------------------------------------------------------------------------------------------

    def phone_reads(self) -> bytes:
        """The NDEF message as a Type 2 reader finds it. Raises ValueError if there is none, or it is locked."""
        if self._i2c_locked:
            raise ValueError("the memory is locked by the bus")
        tlv = bytes(self.memory[4 * _PAGE :])
        if tlv[0] != 0x03:
            raise ValueError("no NDEF message TLV")
        at, size = (2, tlv[1]) if tlv[1] != 0xFF else (4, int.from_bytes(tlv[2:4], "big"))
        return tlv[at : at + size]

    def _status(self) -> int:
        status = NsReg(0)
        if self._busy:
            status |= NsReg.EEPROM_WR_BUSY
        if self.fails_writing:
            status |= NsReg.EEPROM_WR_ERR
        if self.phone_is_there:
            status |= NsReg.RF_FIELD_PRESENT
        if self._i2c_locked:
            status |= NsReg.I2C_LOCKED
        return int(status)

    def _refuse_memory_to_a_second(self) -> None:
        if self.phone_is_there:
            self._nak()
        self._i2c_locked = True

    def _acknowledge(self, address: int) -> None:
        self._busy = max(0, self._busy - 1)
        if self.naks:
            self.naks -= 1
            self._nak()
        if not self.acknowledges or address != ADDRESS:
            self._nak()

    def _nak(self) -> None:
        raise OSError(errno.EREMOTEIO, os.strerror(errno.EREMOTEIO))
