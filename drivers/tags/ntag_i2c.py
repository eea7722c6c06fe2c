# SPDX-License-Identifier: Apache-2.0
"""NTAG I2C plus 1k/2k (NT3H2111/2211) as the tag: a Type 2 tag that the terminal writes over I2C. Never met a chip.

Memory is read and written in blocks of 16 bytes by their number; block 0 ends with the capability container, user
memory begins at block 1. Session registers are behind block FEh, one byte each. While a phone is in the field nothing
is written: it reads what it began with. A new message is written tail first; block 1, which makes it valid, last.
"""

import threading
import time
from collections.abc import Callable
from enum import IntEnum, IntFlag
from typing import Protocol

from drivers.tags.ndef import message_of
from pengpos.core.errors import ReaderLostError
from pengpos.core.ports import TagIdle, TagState

ADDRESS = 0x55
BLOCK = 16
REGISTERS_BLOCK = 0xFE
_CAPABILITY = frozenset({bytes.fromhex("E1106D00"), bytes.fromhex("E110EA00")})
_EMPTY_TLV = bytes.fromhex("0300FE").ljust(BLOCK, b"\x00")
_BUSY_MOST_S = 0.05  # an EEPROM block takes 4 ms
_LOOK_AGAIN_S = 0.002
NAME = "tag chip"


class Register(IntEnum):
    """Session registers (NT3H2111/2211 §8.3.12)."""

    NC_REG = 0
    NS_REG = 6


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


class NtagI2c:
    """The chip. `show` for any thread, `keep_up` for one. Raises ReaderLostError where there is no such chip."""

    def __init__(
        self,
        bus: I2cBus,
        *,
        shop_address: str | None = None,
        address: int = ADDRESS,
        monotonic_s: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._bus = bus
        self._address = address
        self._monotonic_s = monotonic_s
        self._pause = pause
        self._lock = threading.Lock()
        self._shop_address = shop_address
        self._wanted = _tlv(message_of(TagIdle(), shop_address))
        self._written: bytes | None = None
        capability = self._read_block(0)[12:]
        if capability not in _CAPABILITY:
            raise ReaderLostError(
                NAME,
                f"the chip on I2C address {address:02X} holds something else than an empty tag ({capability.hex()})",
                "Put in an NTAG I2C plus as it comes from its maker, or write its capability container anew",
            )

    def show(self, state: TagState) -> None:
        """See `core.ports.TagPresenter`: written by the next `keep_up` that finds no phone there."""
        tlv = _tlv(message_of(state, self._shop_address))
        with self._lock:
            self._wanted = tlv

    def keep_up(self) -> bool:
        """Write what is wanted, unless a phone reads right now; True if the chip says what is wanted.

        Raises ReaderLostError if the chip does not answer, or does not keep what was written.
        """
        with self._lock:
            wanted = self._wanted
        if wanted == self._written:
            return True
        if self._status() & (NsReg.RF_FIELD_PRESENT | NsReg.RF_LOCKED):
            return False
        self._written = None
        blocks = [wanted[at : at + BLOCK].ljust(BLOCK, b"\x00") for at in range(0, len(wanted), BLOCK)]
        try:
            self._write_block(1, _EMPTY_TLV)
            for number, block in list(enumerate(blocks, 1))[:0:-1]:
                self._write_block(number, block)
            self._write_block(1, blocks[0])
            kept = b"".join(self._read_block(number) for number in range(1, len(blocks) + 1))
        finally:
            self._set_register(Register.NS_REG, NsReg.I2C_LOCKED, 0)  # or no phone could read until its watchdog ends
        if kept != b"".join(blocks):
            raise ReaderLostError(NAME, "the tag chip does not keep what is written to it", "Put in another chip")
        self._written = wanted
        return True

    def phone_is_there(self) -> bool:
        """Whether a phone's field is over the chip. Raises ReaderLostError."""
        return bool(self._status() & NsReg.RF_FIELD_PRESENT)

    def _status(self) -> int:
        self._send(bytes([REGISTERS_BLOCK, Register.NS_REG]))
        return self._fetch(1)[0]

    def _set_register(self, register: Register, mask: int, value: int) -> None:
        self._send(bytes([REGISTERS_BLOCK, register, mask, value]))

    def _read_block(self, number: int) -> bytes:
        self._send(bytes([number]))
        return self._fetch(BLOCK)

    def _write_block(self, number: int, block: bytes) -> None:
        self._send(bytes([number]) + block)
        status = self._status()
        until_s = self._monotonic_s() + _BUSY_MOST_S
        while status & NsReg.EEPROM_WR_BUSY and self._monotonic_s() < until_s:
            self._pause(_LOOK_AGAIN_S)
            status = self._status()
        if status & (NsReg.EEPROM_WR_BUSY | NsReg.EEPROM_WR_ERR):
            raise ReaderLostError(NAME, "the tag chip reports a write error", "Put in another chip")

    def _send(self, data: bytes) -> None:
        """One transaction; a chip that is busy for a moment answers the next one."""
        until_s = self._monotonic_s() + _BUSY_MOST_S
        while True:
            try:
                self._bus.write(self._address, data)
            except OSError as error:
                if self._monotonic_s() >= until_s:
                    raise _no_answer(self._address, error) from error
                self._pause(_LOOK_AGAIN_S)
            else:
                return

    def _fetch(self, count: int) -> bytes:
        try:
            data = self._bus.read(self._address, count)
        except OSError as error:
            raise _no_answer(self._address, error) from error
        if len(data) != count:
            raise ReaderLostError(NAME, f"{len(data)} bytes instead of {count}", "See to the wires of the I2C bus")
        return data


def _no_answer(address: int, error: OSError) -> ReaderLostError:
    return ReaderLostError(
        NAME,
        f"nobody answers on I2C address {address:02X} ({error})",
        "See to the chip's wires, and that I2C is switched on (raspi-config)",
    )


def _tlv(message: bytes) -> bytes:
    """The message as Type 2 tags keep it: 03, its length, the message, FE."""
    size = bytes([len(message)]) if len(message) < 0xFF else b"\xff" + len(message).to_bytes(2, "big")
    return b"\x03" + size + message + b"\xfe"
