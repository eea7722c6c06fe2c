# SPDX-License-Identifier: Apache-2.0
"""NTAG I2C plus 1k/2k (NT3H2111/2211) as the tag: a Type 2 tag that the terminal writes over I2C. Never met a chip.

While a phone is in the field nothing is written: it reads what it began with. A new message is written tail first;
block 1, which makes it valid, last. Before the first one the chip is locked against writing by phones. After each
phone, and now and then without one, the message is read back, and put right if something else stands there.
"""

import logging
import threading
import time
from collections.abc import Callable

from drivers import words
from drivers.tags.ndef import message_of
from drivers.tags.ntag_memory import ADDRESS, BLOCK, NAME, I2cBus, NtagMemory
from drivers.tags.ntag_protection import Protection, holds, protect
from pengpos.core.errors import ReaderLostError
from pengpos.core.ports import TagIdle, TagNews, TagState

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
_CAPABILITIES = frozenset(
    bytes.fromhex(f"E110{size}{access}") for size in ("6D", "EA") for access in ("00", "08", "0F")
)
"""Type 2 tag operation §2.1: sizes of the two chips; writing free, by password, or not at all (by RF)."""
_EMPTY_TLV = bytes.fromhex("0300FE").ljust(BLOCK, b"\x00")


class NtagI2c:
    """The chip. `show` for any thread, `keep_up` for one. Raises ReaderLostError where there is no such chip."""

    def __init__(
        self,
        bus: I2cBus,
        *,
        shop_address: str | None = None,
        address: int = ADDRESS,
        tell: Callable[[TagNews], None] = lambda _news: None,
        monotonic_s: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._memory = NtagMemory(bus, address, monotonic_s=monotonic_s, pause=pause)
        self._tell = tell
        self._monotonic_s = monotonic_s
        self._lock = threading.Lock()
        self._shop_address = shop_address
        self._wanted = _tlv(message_of(TagIdle(), shop_address))
        self._written: bytes | None = None
        self._protection: Protection | None = None
        self._looked_at_s = monotonic_s()
        self._phone_was_there = False
        self._check_capability()
        self._memory.release()

    def show(self, state: TagState) -> None:
        """See `core.ports.TagPresenter`: written by the next `keep_up` that finds no phone there."""
        tlv = _tlv(message_of(state, self._shop_address))
        with self._lock:
            self._wanted = tlv

    def keep_up(self) -> bool:
        """Lock the chip, write what is wanted, or look whether it stands there still; nothing while a phone is there.

        True if the chip says what is wanted. Raises ReaderLostError if the chip does not answer, or does not keep what
        was written.
        """
        with self._lock:
            wanted = self._wanted
        if self._memory.phone_is_there:
            self._phone_was_there = True
            return wanted == self._written
        try:
            return self._keep_up(wanted)
        except ReaderLostError:
            if not self._memory.phone_is_there:
                raise
            self._phone_was_there = True  # it came in between, and the memory is its own until it goes
            return False

    def phone_is_there(self) -> bool:
        """Whether a phone's field is over the chip. Raises ReaderLostError."""
        return self._memory.phone_is_there

    def _keep_up(self, wanted: bytes) -> bool:
        if self._protection is None:
            self._protect()
        if wanted != self._written:
            return self._write(wanted)
        if not self._phone_was_there and self._monotonic_s() < self._looked_at_s + LOOK_EVERY_S:
            return True
        if self._stands(wanted):
            return True
        log.warning("the tag did not say what this terminal had written: it is written again")
        self._tell(TagNews.REWRITTEN)
        if self._protection is Protection.PROTECTED:
            self._protect()
        return self._write(wanted)

    def _protect(self) -> None:
        try:
            self._protection = protect(self._memory)
        finally:
            self._memory.release()
        protected = self._protection is Protection.PROTECTED
        log.info("the tag chip against writing by phones: %s", self._protection.value)
        self._tell(TagNews.PROTECTED if protected else TagNews.UNPROTECTED)

    def _stands(self, message: bytes) -> bool:
        """Whether message and protection are as they were left."""
        try:
            self._check_capability()
            stands = self._read_message(len(_blocks(message))) == b"".join(_blocks(message))
            if stands and self._protection is Protection.PROTECTED:
                stands = holds(self._memory)
        finally:
            self._memory.release()
        self._phone_was_there, self._looked_at_s = False, self._monotonic_s()
        return stands

    def _write(self, message: bytes) -> bool:
        self._written = None
        blocks = _blocks(message)
        try:
            self._memory.write_block(1, _EMPTY_TLV)
            for number, block in list(enumerate(blocks, 1))[:0:-1]:
                self._memory.write_block(number, block)
            self._memory.write_block(1, blocks[0])
            kept = self._read_message(len(blocks))
        finally:
            self._memory.release()
        if kept != b"".join(blocks):
            raise ReaderLostError(NAME, words.NOT_KEPT.said(), words.ANOTHER_CHIP.said())
        self._written = message
        self._phone_was_there, self._looked_at_s = False, self._monotonic_s()
        return True

    def _read_message(self, blocks: int) -> bytes:
        return b"".join(self._memory.read_block(number) for number in range(1, blocks + 1))

    def _check_capability(self) -> None:
        capability = self._memory.read_block(0)[12:]
        if capability not in _CAPABILITIES:
            detail = words.NO_EMPTY_TAG.said(capability=capability.hex())
            raise ReaderLostError(NAME, detail, words.NEW_CHIP.said())


def _blocks(message: bytes) -> list[bytes]:
    return [message[at : at + BLOCK].ljust(BLOCK, b"\x00") for at in range(0, len(message), BLOCK)]


def _tlv(message: bytes) -> bytes:
    """The message as Type 2 tags keep it: 03, its length, the message, FE."""
    size = bytes([len(message)]) if len(message) < 0xFF else b"\xff" + len(message).to_bytes(2, "big")
    return b"\x03" + size + message + b"\xfe"
