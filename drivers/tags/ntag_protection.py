# SPDX-License-Identifier: Apache-2.0
"""Locks an NTAG I2C plus against writing by phones: a password that the chip asks of RF and not of I2C.

Sources: NXP AN11786 rev. 1.1 §3.2 (AUTH0, NFC_PROT, SRAM_PROT, 2K_PROT) and §3.4 (I2C_PROT); the data sheet
NT3H2111/2211, password and access configuration. As blocks over I2C:

38h  bytes 0-7 user memory, 8-10 dynamic lock bytes, 15 AUTH0: from this page to EBh a phone needs the password
39h  byte 0 ACCESS, 4-7 PWD and 8-9 PACK (both read back as nought), 12 PT_I2C
3Ah  byte 0 NC_REG at power-on, byte 6 REG_LOCK: bit 1 freezes all of this for I2C, for ever

The terminal writes over I2C and never needs the password: each is random and kept by no one.
"""

import logging
import secrets
from enum import StrEnum
from typing import Final

from drivers import words
from drivers.tags.ntag_memory import BLOCK, NAME, NcReg, NtagMemory, Register
from pengpos.core.errors import ReaderLostError
from pengpos.i18n import Message

log = logging.getLogger(__name__)

AUTH_BLOCK, ACCESS_BLOCK, CONFIG_BLOCK = 0x38, 0x39, 0x3A
AUTH0, ACCESS, PT_I2C, REG_LOCK = 15, 0, 12, 6
"""Where they stand in their blocks."""
PASSWORD, PACK = slice(4, 8), slice(8, 10)
LOCK_I2C = 0x02
NFC_PROT = 0x80
I2C_PROT = 0x03
PT_SRAM = 0x04
AUTH0_WANTED: Final = 0x02  # static lock bytes, capability container, the message, and this configuration itself
_AUTH0_ENOUGH = 0x04  # what another has protected: the message
_ACCESS_WANTED = 0x07  # reading is free; after 2^7 wrong passwords none is taken any more
_SRAM_IN_PLACE_OF_MEMORY = NcReg.SRAM_MIRROR | NcReg.PASS_THROUGH
_HIDDEN = bytes(6)


class Protection(StrEnum):
    """Whether a phone can rewrite the chip."""

    PROTECTED = "protected"
    NO_PASSWORD = "no password"  # noqa: S105  # a kind of chip: an NTAG I2C that is no plus
    FROZEN_OPEN = "frozen open"
    """Its configuration was locked for ever while writing was free."""


def protect(memory: NtagMemory) -> Protection:
    """Give the chip a new password and have it asked of phones that write; it takes effect with the last block.

    A chip that came protected and frozen is taken as it is. Raises ReaderLostError for one that the terminal cannot
    write, or that phones cannot read, and for what `NtagMemory` raises.
    """
    access = _access_block(memory)
    if access is None:
        return Protection.NO_PASSWORD
    auth, config = memory.read_block(AUTH_BLOCK), memory.read_block(CONFIG_BLOCK)
    if config[REG_LOCK] & LOCK_I2C:
        return _frozen(auth, access)
    if access[PT_I2C] & I2C_PROT:
        raise _unusable(words.PHONES_WRITE)
    secret = secrets.token_bytes(6)
    memory.write_block(ACCESS_BLOCK, bytes([_ACCESS_WANTED, 0, 0, 0]) + secret + bytes([0, 0, PT_SRAM, 0, 0, 0]))
    if memory.read_block(ACCESS_BLOCK)[4:10] != _HIDDEN:  # plain memory: a 2k chip of the generation before
        memory.write_block(ACCESS_BLOCK, access)
        return Protection.NO_PASSWORD
    if config[0] & _SRAM_IN_PLACE_OF_MEMORY:
        memory.write_block(CONFIG_BLOCK, bytes([config[0] & ~_SRAM_IN_PLACE_OF_MEMORY]) + config[1:])
    memory.clear_bits(Register.NC_REG, _SRAM_IN_PLACE_OF_MEMORY)
    memory.write_block(AUTH_BLOCK, auth[:AUTH0] + bytes([AUTH0_WANTED]))
    if not holds(memory):
        raise _unusable(words.NOT_PROTECTED)
    return Protection.PROTECTED


def holds(memory: NtagMemory) -> bool:
    """Whether the chip still is as `protect` left it."""
    auth, access = memory.read_block(AUTH_BLOCK), memory.read_block(ACCESS_BLOCK)
    return _is_protected(auth, access) and not access[PT_I2C] & I2C_PROT and not access[ACCESS] & NFC_PROT


def _access_block(memory: NtagMemory) -> bytes | None:
    """None from a chip that answers, but has no such block: a 1k chip of the generation before."""
    try:
        return memory.read_block(ACCESS_BLOCK)
    except ReaderLostError:
        if memory.phone_is_there:
            raise
        memory.read_block(0)
    try:
        memory.read_block(1)
    except ReaderLostError as error:
        raise _unusable(words.PHONES_ONLY) from error
    return None


def _frozen(auth: bytes, access: bytes) -> Protection:
    if _is_protected(auth, access) and access[PT_I2C] & I2C_PROT:
        raise _unusable(words.LOCKED_OUT)
    if _is_protected(auth, access) and access[ACCESS] & NFC_PROT:
        raise _unusable(words.LOCKED_PHONES)
    return Protection.PROTECTED if _is_protected(auth, access) else Protection.FROZEN_OPEN


def _is_protected(auth: bytes, access: bytes) -> bool:
    return len(auth) == len(access) == BLOCK and auth[AUTH0] <= _AUTH0_ENOUGH


def _unusable(detail: Message) -> ReaderLostError:
    return ReaderLostError(NAME, words.CHIP_UNUSABLE.said(detail=detail), words.ANOTHER_PLUS.said())
