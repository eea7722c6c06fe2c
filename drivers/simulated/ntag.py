# SPDX-License-Identifier: Apache-2.0
"""An NTAG I2C plus 1k by its registers: an I2C bus with this one chip on it, and a phone's view of its memory.

EEPROM blocks take a few accesses to be written, while a phone is being served the bus gets no acknowledgement. A phone
reads and writes pages of 4 bytes; from AUTH0 on it needs the password (AN11786 §3.2, §3.4), and lock bytes once set
keep it out (§3.1). The generation before has no password: its 1k chip lacks the block, its 2k chip has memory there.
"""

import errno
import os
from enum import StrEnum

from drivers.tags.ntag_memory import ADDRESS, BLOCK, REGISTERS_BLOCK, NsReg, Register
from drivers.tags.ntag_protection import (
    ACCESS,
    ACCESS_BLOCK,
    AUTH0,
    AUTH_BLOCK,
    CONFIG_BLOCK,
    I2C_PROT,
    LOCK_I2C,
    NFC_PROT,
    PACK,
    PASSWORD,
    PT_I2C,
    REG_LOCK,
)

_BLOCKS = CONFIG_BLOCK + 1
_BUSY_ACCESSES = 5
_PAGE = 4
_STATIC_LOCKS, _DYNAMIC_LOCKS = 0x02, 0xE2
"""The pages with the lock bytes; the second is never behind the password."""
_LAST_PROTECTED = 0xEB
_FACTORY_PASSWORD = b"\xff\xff\xff\xff"


class Kind(StrEnum):
    """What was soldered in."""

    PLUS = "NT3H2111"
    PLAIN_1K = "NT3H1101"
    PLAIN_2K = "NT3H1201"


class SimulatedNtag:
    """The chip and its bus, from the maker: capability container set, an empty message, writing free."""

    def __init__(self, *, capability: bytes = bytes.fromhex("E1106D00"), kind: Kind = Kind.PLUS) -> None:
        self.kind = kind
        self.memory = bytearray(_BLOCKS * BLOCK)
        self.memory[:7] = bytes.fromhex("04A1B2C3D4E5F6")
        self.memory[12:16] = capability
        self.memory[16:19] = bytes.fromhex("0300FE")
        if kind is Kind.PLUS:
            self.memory[AUTH_BLOCK * BLOCK + AUTH0] = 0xFF
            self._part(ACCESS_BLOCK)[PASSWORD] = _FACTORY_PASSWORD
        self.nc_reg = 0
        self.phone_is_there = False
        self.acknowledges = True
        self.keeps = True
        """False: a worn-out chip whose EEPROM takes nothing."""
        self.naks = 0
        """So many accesses more get no acknowledgement."""
        self.fails_writing = False
        self.writes: list[int] = []
        """The blocks written so far."""
        self._wrong_passwords = 0
        self._authenticated = False
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
            if len(rest) == 3 and rest[0] == Register.NC_REG:
                self.nc_reg = self.nc_reg & ~rest[1] | rest[2] & rest[1]
            self._pointer = (block, rest[0])
        elif not rest:
            self._refuse_memory_to_a_second()
            if self._i2c_prot(block) > 1 or not self._has(block):
                self._nak()
            self._pointer = (block, 0)
        else:
            self._refuse_memory_to_a_second()
            if self._busy or len(rest) != BLOCK or not self._has(block) or self._i2c_prot(block):
                self._nak()
            self.writes.append(block)
            self._busy = _BUSY_ACCESSES
            if self.keeps:
                self._keep(block, rest)

    def read(self, address: int, count: int) -> bytes:
        """See `I2cBus`."""
        self._acknowledge(address)
        if self._pointer is None:
            self._nak()
            return b""
        block, register = self._pointer
        if block == REGISTERS_BLOCK:
            values = {Register.NS_REG: self._status(), Register.NC_REG: self.nc_reg}
            return bytes([values.get(Register(register), 0)])[:count]
        content = bytearray(self._part(block))
        if self.kind is Kind.PLUS and block == ACCESS_BLOCK:
            content[PASSWORD], content[PACK] = bytes(4), bytes(2)
        return bytes(content)[:count]

    # --- the phone ----------------------------------------------------------------------------------------------------

    def phone_reads(self) -> bytes:
        """The NDEF message as a Type 2 reader finds it. Raises ValueError if there is none, or it is locked."""
        if self._i2c_locked:
            raise ValueError("the memory is locked by the bus")
        if self._asks_for_password(_PAGE) and self._part(ACCESS_BLOCK)[ACCESS] & NFC_PROT:
            raise ValueError("a password is asked for")
        tlv = bytes(self.memory[4 * _PAGE :])
        if tlv[0] != 0x03:
            raise ValueError("no NDEF message TLV")
        at, size = (2, tlv[1]) if tlv[1] != 0xFF else (4, int.from_bytes(tlv[2:4], "big"))
        return tlv[at : at + size]

    def phone_writes(self, page: int, data: bytes) -> None:
        """Write 4 bytes, or more from this page on. Raises PermissionError where the chip answers no."""
        for at in range(0, len(data), _PAGE):
            self._phone_writes_page(page + at // _PAGE, data[at : at + _PAGE].ljust(_PAGE, b"\x00"))

    def phone_authenticates(self, password: bytes) -> bool:
        """Try a password, for this session; after 2^AUTHLIM wrong ones the chip takes none any more."""
        part = self._part(ACCESS_BLOCK)
        limit = part[ACCESS] & 0x07
        if self.kind is not Kind.PLUS or (limit and self._wrong_passwords >= 1 << limit):
            return False
        self._authenticated = part[PASSWORD] == password
        self._wrong_passwords = 0 if self._authenticated else self._wrong_passwords + 1
        return self._authenticated

    def phone_goes(self) -> None:
        """The session is over."""
        self.phone_is_there = self._authenticated = False

    def _phone_writes_page(self, page: int, data: bytes) -> None:
        if self._i2c_locked or page < _STATIC_LOCKS or not self._has(page * _PAGE // BLOCK) or self._is_locked(page):
            raise PermissionError(f"page {page:02X} is not written")
        if self._asks_for_password(page):
            raise PermissionError(f"page {page:02X} asks for a password")
        old = bytes(self.memory[page * _PAGE : (page + 1) * _PAGE])
        if page == _STATIC_LOCKS:  # of its four bytes two are lock bytes, and a lock once set stays
            data = old[:2] + bytes(was | new for was, new in zip(old[2:], data[2:], strict=True))
        if page == _DYNAMIC_LOCKS:
            data = bytes(was | new for was, new in zip(old[:3], data[:3], strict=True)) + old[3:]
        self.memory[page * _PAGE : (page + 1) * _PAGE] = data

    def _asks_for_password(self, page: int) -> bool:
        auth0 = self.memory[AUTH_BLOCK * BLOCK + AUTH0] if self.kind is Kind.PLUS else 0xFF
        return auth0 <= page <= _LAST_PROTECTED and page != _DYNAMIC_LOCKS and not self._authenticated

    def _is_locked(self, page: int) -> bool:
        if page < 3:
            return False
        if page < BLOCK:
            return bool(int.from_bytes(self.memory[10:12], "little") >> page & 1)
        dynamic = int.from_bytes(self._part(AUTH_BLOCK)[8:11], "little")
        return page < _DYNAMIC_LOCKS and bool(dynamic >> (page - BLOCK) // BLOCK & 1)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _part(self, block: int) -> memoryview:
        return memoryview(self.memory)[block * BLOCK : (block + 1) * BLOCK]

    def _has(self, block: int) -> bool:
        return block < _BLOCKS and not (self.kind is Kind.PLAIN_1K and block == ACCESS_BLOCK)

    def _i2c_prot(self, block: int) -> int:
        """0: the bus may do all; 1: read; 2 and 3: nothing."""
        if self.kind is not Kind.PLUS or not self._asks_for_password(block * BLOCK // _PAGE + 3):
            return 0
        return self._part(ACCESS_BLOCK)[PT_I2C] & I2C_PROT

    def _keep(self, block: int, data: bytes) -> None:
        frozen = self.kind is Kind.PLUS and self._part(CONFIG_BLOCK)[REG_LOCK] & LOCK_I2C
        if block == AUTH_BLOCK and frozen:
            data = data[:AUTH0] + bytes([self._part(block)[AUTH0]])
        elif block in (ACCESS_BLOCK, CONFIG_BLOCK) and frozen:
            return
        if block == 0:  # the first byte is the bus address when written and the maker when read; the number stays
            data = bytes(self._part(0)[:10]) + data[10:]
        self._part(block)[:] = data

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
