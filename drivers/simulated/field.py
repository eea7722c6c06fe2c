# SPDX-License-Identifier: Apache-2.0
"""The air over a simulated antenna, and a phone that can be held into it. One card answers a poll: the first there is.

Frames travel without CRC. A frame may take its time (`bit_rate`): 9 bits a byte and the delay either way.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import Protocol

from drivers.isodep.card import ATS, Command, Deselected, Picc, Quiet, Send
from pengpos.core.errors import PengposError

_FRAME_DELAY_S = 90e-6  # 1172 or 1236 carrier cycles, each way
_POLL_S = 0.002
_READS = tuple(
    bytes.fromhex(block) for block in ("E080", "0200A4040007D276000085010100", "0300A4000C02E104", "0200B0000000")
)
"""RATS; the NDEF application; its file; all of it (NFC Forum T4T)."""
_HLTA = bytes.fromhex("5000")
_FRAME_OVERHEAD = 3  # start, end and CRC, roughly, in bytes


class CorruptError(PengposError):
    """An answer came, and its CRC is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a card says while it is being selected (ISO/IEC 14443-3 Type A)."""

    sens_res: bytes = b"\x00\x04"
    """ATQA as the PN532 reports it, high byte first."""
    sel_res: int = 0x20
    """SAK: 20 ISO-DEP, 60 a phone that also speaks NFC-DEP, 00 a Type 2 tag."""
    uid: bytes = bytes.fromhex("08010203")


class RadioCard(Protocol):
    """Anything that can be in the field."""

    def select(self) -> Identity | None:
        """REQA to SELECT; None if it does not answer: it is selected already, or sleeps."""

    def hear(self, frame: bytes, timeout_s: float) -> bytes | None:
        """One frame and the answer to it; None for silence. Raises CorruptError."""

    def field_off(self) -> None:
        """The carrier is gone."""


class Field:
    """The air over one reader's antenna. Any thread."""

    def __init__(self, *, bit_rate: int | None = None) -> None:
        self._lock = threading.Lock()
        self._cards: list[RadioCard] = []
        self._selected: RadioCard | None = None
        self._bit_rate = bit_rate
        self.polls = 0
        self.frames: list[tuple[bytes, bytes | None]] = []
        """The newest exchanges, the last ones 1,000 at most."""

    def put(self, card: RadioCard) -> None:
        """Bring a card into the field."""
        with self._lock:
            self._cards.append(card)

    def take(self, card: RadioCard) -> None:
        """Take it out, nothing if it is not there."""
        with self._lock:
            if card in self._cards:
                self._cards.remove(card)
        card.field_off()

    def poll(self) -> Identity | None:
        """Field on, REQA, anticollision, SELECT."""
        with self._lock:
            cards = list(self._cards)
            self.polls += 1
        for card in cards:
            identity = card.select()
            if identity is not None:
                self._selected = card
                return identity
        return None

    def await_card(self, limit_s: float) -> Identity | None:
        """Poll until a card answers, as a reader does that has nothing else to do; None if none comes."""
        until_s = time.monotonic() + limit_s
        while (identity := self.poll()) is None and time.monotonic() < until_s:
            time.sleep(_POLL_S)
        return identity

    def exchange(self, frame: bytes, timeout_s: float) -> bytes | None:
        """A frame to whatever is selected. Raises CorruptError."""
        self._fly(frame)
        card = self._selected
        answer = None
        if card is not None and self._holds(card):
            answer = card.hear(frame, timeout_s)
            if not self._holds(card):
                answer = None
        if answer is not None:
            self._fly(answer)
        self.frames.append((frame, answer))
        del self.frames[:-1_000]
        return answer

    def off(self) -> None:
        """The carrier is switched off."""
        with self._lock:
            cards = list(self._cards)
            self._selected = None
        for card in cards:
            card.field_off()

    def _holds(self, card: RadioCard) -> bool:
        with self._lock:
            return card in self._cards

    def _fly(self, frame: bytes) -> None:
        if self._bit_rate is not None:
            time.sleep(_FRAME_DELAY_S + 9 * (len(frame) + _FRAME_OVERHEAD) / self._bit_rate)


def read_tag(air: Field, limit_s: float) -> bytes | None:
    """A phone that looks for a Type 4 tag and reads up to 254 bytes of its message; None if it finds none in time.

    As phones do, it begins anew when the tag goes in the middle.
    """
    until_s = time.monotonic() + limit_s
    while (left_s := until_s - time.monotonic()) > 0:
        if air.await_card(left_s) is None:
            return None
        answer: bytes | None = None
        for block in _READS:
            answer = air.exchange(block, 1.0)
            if answer is None:
                break
        air.off()
        if answer is not None:
            return answer[3:-2]
    return None


class LeftError(PengposError):
    """For a phone's `respond` to raise: it leaves the field now, its answer unsent."""


class RadioPhone:
    """A phone: ISO-DEP around `respond(C-APDU) -> R-APDU`, which runs in a thread of its own and may take its time.

    While it does, the phone asks for more time by S(WTX). `respond` may raise LeftError. `identity.sel_res` without
    bit 6 makes it a card that knows no ISO-DEP and is silent.
    """

    def __init__(
        self,
        field: Field,
        respond: Callable[[bytes], bytes],
        *,
        identity: Identity | None = None,
        ats: bytes = ATS,
        on_field_off: Callable[[], None] = lambda: None,
        wtx_after_s: float = 0.02,
    ) -> None:
        self.identity = identity if identity is not None else Identity()
        self._field = field
        self._respond = respond
        self._picc = Picc(ats=ats)
        self._on_field_off = on_field_off
        self._wtx_after_s = wtx_after_s
        self._selected = False
        self._halted = False
        self._answer: Future[bytes] | None = None
        self.extensions = 0
        """How often it asked for more time."""

    def select(self) -> Identity | None:
        """See RadioCard."""
        if self._selected or self._halted:
            return None
        self._selected = True
        return self.identity

    def hear(self, frame: bytes, timeout_s: float) -> bytes | None:
        """See RadioCard."""
        del timeout_s  # it never keeps anyone waiting without saying so
        if frame == _HLTA and self._selected and not self._picc.active:
            self._selected, self._halted = False, True
            return None
        if not self.identity.sel_res & 0x20:
            return None
        self._picc, outcome = self._picc.hear(frame)
        match outcome:
            case Send(block):
                return block
            case Command(apdu):
                self._answer = Future()
                threading.Thread(target=self._work, args=(apdu, self._answer), name="radio phone", daemon=True).start()
                return self._when_worked()
            case Deselected(block):
                self._selected, self._halted = False, True
                return block
            case Quiet.WAITING_FOR_ANSWER if frame[0] == 0xF2:
                return self._when_worked()
            case Quiet():
                return None

    def field_off(self) -> None:
        """See RadioCard; what it works on goes on, and is thrown away."""
        self._picc = Picc(ats=self._picc.ats)
        self._selected = self._halted = False
        self._on_field_off()

    def _work(self, apdu: bytes, answer: "Future[bytes]") -> None:
        try:
            answer.set_result(self._respond(apdu))
        except LeftError:
            self._field.take(self)
            answer.cancel()

    def _when_worked(self) -> bytes | None:
        answer = self._answer
        assert answer is not None
        try:
            response = answer.result(self._wtx_after_s)
        except FutureTimeoutError:
            response = None
        except CancelledError:
            return None
        picc = self._picc
        if not picc.working:  # the field went meanwhile
            return None
        if response is None:
            self._picc, block = picc.ask_for_time()
            self.extensions += 1
        else:
            self._picc, block = picc.answer(response)
        return block
