# SPDX-License-Identifier: Apache-2.0
"""A simulated PN532 as a card: between the frames of a reader in its field and the Tg… commands of its host.

Raw (as nfcpy uses it): each frame is the host's to answer. As a PICC (SetParameters bit 20h, as libnfc uses it): the
firmware speaks ISO-DEP, the host sees APDUs.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from drivers.isodep.card import Command, Deselected, Picc, Quiet, Send
from drivers.simulated.field import Identity
from pengpos.core.errors import PengposError

RELEASED = 0x29
_LENIENCE_S = 0.08  # a host in Python behind a simulated UART is not as fast as a chip
_FIRMWARE_ATS = bytes.fromhex("0575339200")  # FSC 64, FWT 154 ms, as a PN532 answers by itself (without CID)


class ReleasedError(PengposError):
    """The reader went away, or released the card."""


class TargetMode:
    """One stay in target mode: from TgInitAsTarget until the reader leaves. A RadioCard for the field."""

    def __init__(self, identity: Identity, *, as_picc: bool, historical: bytes = b"") -> None:
        self._identity = identity
        self._as_picc = as_picc
        ats = bytes([len(_FIRMWARE_ATS) + len(historical)]) + _FIRMWARE_ATS[1:] + historical
        self._picc = Picc(ats=ats)
        self._news = threading.Condition()
        self._selected = False
        self._heard: list[bytes] = []
        self._answers: list[bytes] = []
        self._released = False

    # --- the reader's side, in the reader's thread --------------------------------------------------------------------

    def select(self) -> Identity | None:
        """See RadioCard."""
        with self._news:
            if self._selected or self._released:
                return None
            self._selected = True
            return self._identity

    def hear(self, frame: bytes, timeout_s: float) -> bytes | None:
        """See RadioCard; waits for the host."""
        deadline_s = time.monotonic() + timeout_s + _LENIENCE_S
        with self._news:
            self._answers.clear()
            if not self._as_picc:
                self._heard.append(frame)
            else:
                was_active = self._picc.active
                self._picc, outcome = self._picc.hear(frame)
                match outcome:
                    case Send(block):
                        if not was_active:
                            self._tell(frame)
                        return block
                    case Deselected(block):
                        self._release()
                        return block
                    case Command(apdu):
                        self._heard.append(apdu)
                    case Quiet():
                        return None
            self._news.notify_all()
            while not self._answers:
                left_s = deadline_s - time.monotonic()
                if left_s <= 0 or self._released:
                    return None
                self._news.wait(left_s)
            answer = self._answers.pop(0)
            if not self._as_picc and frame[0] & 0xF7 == 0xC2 and answer == frame:
                self._selected = False  # S(DESELECT): it may be selected anew, and asked for its ATS again
            return answer

    def field_off(self) -> None:
        """See RadioCard."""
        with self._news:
            if self._selected:
                self._release()

    # --- the host's side, in the chip's thread ------------------------------------------------------------------------

    def next(self, cancelled: Callable[[], bool]) -> bytes | None:
        """The next frame or APDU; None once `cancelled`. Raises ReleasedError."""
        with self._news:
            while not self._heard:
                if self._released:
                    raise ReleasedError
                if cancelled():
                    return None
                self._news.wait()
            return self._heard.pop(0)

    def answer(self, data: bytes) -> None:
        """What the host answers to what it got last. Raises ReleasedError."""
        with self._news:
            if self._released:
                raise ReleasedError
            if self._as_picc:
                if not self._picc.working:
                    return
                self._picc, data = self._picc.answer(data)
            self._answers.append(data)
            self._news.notify_all()

    def wake(self) -> None:
        """Let `next` look again whether it is cancelled."""
        with self._news:
            self._news.notify_all()

    def _tell(self, frame: bytes) -> None:
        self._heard.append(frame)
        self._news.notify_all()

    def _release(self) -> None:
        self._released = True
        self._picc = replace(self._picc, active=False)
        self._news.notify_all()
