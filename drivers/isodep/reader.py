# SPDX-License-Identifier: Apache-2.0
"""The reader's side of ISO/IEC 14443-4 over a radio that carries one block each way. Source: §7.5.

It stands in the place of nfcpy's, which reads short ATS into an IndexError, lets a card that leaves during S(WTX)
escape its own exceptions, and never repeats a block to a card with a long frame waiting time.
"""

from collections.abc import Callable
from typing import Protocol

from drivers.isodep.ats import FWT_MOST_S, Ats
from pengpos.core.errors import PengposError

RATS = bytes.fromhex("E080")
"""The reader takes frames of 256 bytes; CID 0."""

ANSWER_MOST = 4_096
"""What is gathered from one chained answer at most."""

_TOLERANCE_S = 49_152 / 13_560_000  # ΔFWT, §7.2
_REPEATS_MOST = 3
_OVERHEAD = 3  # PCB and CRC


class SilentError(PengposError):
    """Nothing came within the frame waiting time, after every repetition."""


class GarbledError(PengposError):
    """What came was no frame: CRC, parity, collision; or no block that this protocol knows."""


class GivenUpError(PengposError):
    """The exchange was stopped: the answer is not waited for any more."""


class Radio(Protocol):
    """One frame out, the answer in; CRC is the radio's."""

    def exchange(self, frame: bytes, timeout_s: float) -> bytes:
        """Raises SilentError, GarbledError."""


class IsoDep:
    """One activated card. `given_up` is asked before each block: true ends the exchange, and the card with it."""

    def __init__(
        self, radio: Radio, ats: Ats, *, frame_most: int, given_up: Callable[[], bool] = lambda: False
    ) -> None:
        self._radio = radio
        self._fwt_s = ats.frame_waiting_time_s + _TOLERANCE_S
        self._inf_most = min(ats.frame_size, frame_most) - _OVERHEAD
        self._given_up = given_up
        self._number = 0

    def exchange(self, command: bytes) -> bytes:
        """One C-APDU, its R-APDU. After any exception the card must be activated anew.

        Raises SilentError, GarbledError, GivenUpError.
        """
        links = [command[at : at + self._inf_most] for at in range(0, len(command), self._inf_most)] or [b""]
        for inf in links[:-1]:
            answer = self._send(bytes([0x12 | self._number]) + inf, chained=True)
            if answer[0] & 0xFE != 0xA2:
                raise GarbledError("no acknowledgement of a link")
            self._number ^= 1
        answer = self._send(bytes([0x02 | self._number]) + links[-1], chained=False)
        response = self._take(answer)
        while answer[0] & 0x10:
            answer = self._send(bytes([0xA2 | self._number]), chained=False)
            response += self._take(answer)
            if len(response) > ANSWER_MOST:
                raise GarbledError(f"an answer beyond {ANSWER_MOST} bytes")
        return response

    def is_present(self) -> bool:
        """Whether the card still answers: R(NAK), which asks for nothing (§7.5.4.3 rule 12)."""
        for _ in range(_REPEATS_MOST):
            try:
                if self._radio.exchange(bytes([0xB2 | self._number]), self._fwt_s):
                    return True
            except GarbledError:
                return True  # something is there
            except SilentError:
                continue
        return False

    def _take(self, block: bytes) -> bytes:
        if block[0] & 0xEE != 0x02:
            raise GarbledError("no I-block where the answer was due")
        self._number ^= 1
        return block[1:]

    def _send(self, block: bytes, *, chained: bool) -> bytes:
        """One block, repeated and waited for as the rules say, until the card's own next block."""
        acknowledges = block[0] & 0xFE == 0xA2
        sending, timeout_s, failures, resent = block, self._fwt_s, 0, 0
        while True:
            if self._given_up():
                raise GivenUpError
            try:
                answer = self._checked(self._radio.exchange(sending, timeout_s))
            except (SilentError, GarbledError):
                failures += 1
                if failures > _REPEATS_MOST:
                    raise
                sending, timeout_s = bytes([(0xA2 if acknowledges else 0xB2) | self._number]), self._fwt_s
                continue
            if answer[0] == 0xF2:  # rule 3: the time holds for the next block only
                multiplier = answer[1] & 0x3F
                sending = bytes([0xF2, multiplier])
                timeout_s = min(self._fwt_s * multiplier, FWT_MOST_S)
            elif answer[0] & 0xFE == 0xA2 and answer[0] & 1 != self._number:  # rule 6: it never heard the block
                resent += 1
                if resent > _REPEATS_MOST or acknowledges:
                    raise GarbledError("a block is asked for again and again")
                sending, timeout_s = block, self._fwt_s
            elif answer[0] & 0xFE == 0xA2 and not chained:
                raise GarbledError("an acknowledgement where the answer was due")
            else:
                return answer

    def _checked(self, answer: bytes) -> bytes:
        """The block if it is one that may come now. Raises GarbledError."""
        if answer:
            pcb = answer[0]
            if pcb == 0xF2 and len(answer) == 2 and 1 <= answer[1] & 0x3F <= 59:
                return answer
            if pcb & 0xFE == 0xA2 and len(answer) == 1:
                return answer
            if pcb & 0xEE == 0x02 and pcb & 1 == self._number:
                return answer
        raise GarbledError("no block that is due")
