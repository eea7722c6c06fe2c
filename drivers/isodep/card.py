# SPDX-License-Identifier: Apache-2.0
"""The card's side of ISO/IEC 14443-4 as a pure machine: blocks in, blocks or a whole C-APDU out. nfcpy has none.

I-block  0x02 | chaining 0x10 | number, then INF        R(ACK) 0xA2 | number        R(NAK) 0xB2 | number
S(DESELECT) 0xC2        S(WTX) 0xF2, then WTXM 1..59        RATS 0xE0, FSDI and CID        PPS 0xD0 | CID, PPS0 [PPS1]
No CID, no NAD: a block that carries one is for another card, and gets silence. Rules by their numbers in §7.5.4.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from drivers.isodep.ats import FRAME_SIZES, frame_size

ATS = bytes.fromhex("0578807000")
"""FSC 256, 106 kbit/s both ways, FWT 38.7 ms, neither CID nor NAD."""

_BLOCK_OVERHEAD = 3  # PCB and CRC
_COMMAND_MOST = 1_024
_WTXM_MOST = 59


class Quiet(Enum):
    """Why no block is sent."""

    NOT_FOR_US = "not for us"
    WAITING_FOR_ANSWER = "the command is still being worked on"


@dataclass(frozen=True, slots=True)
class Send:
    """Put this block on the air."""

    block: bytes


@dataclass(frozen=True, slots=True)
class Command:
    """A whole C-APDU: work on it, then `answer`, or `ask_for_time` meanwhile."""

    apdu: bytes


@dataclass(frozen=True, slots=True)
class Deselected:
    """Put this block on the air, and be silent until the next RATS."""

    block: bytes


Outcome = Send | Command | Deselected | Quiet


@dataclass(frozen=True, slots=True, kw_only=True)
class Picc:
    """The card between two blocks. Each verb returns the next one and what to do."""

    ats: bytes = ATS
    active: bool = False
    frame_size: int = FRAME_SIZES[2]
    """FSD: the largest frame the reader takes, bytes."""
    number: int = 1
    gathered: bytes = b""
    working: bool = False
    """A command is out and not answered yet."""
    asked_for_time: bool = False
    to_send: tuple[bytes, ...] = ()
    """The INF fields of a chained answer still to go."""
    last: bytes = b""

    def hear(self, block: bytes) -> tuple["Picc", Outcome]:
        """One block from the reader."""
        if not block:
            return self, Quiet.NOT_FOR_US
        pcb = block[0]
        if pcb == 0xE0 and len(block) == 2:
            return self._activate(block[1])
        if not self.active:
            return self, Quiet.NOT_FOR_US
        if pcb & 0xEE == 0x02:
            return self._i_block(pcb, block[1:])
        if pcb & 0xEE == 0xA2 and len(block) == 1:
            return self._r_block(pcb)
        if pcb == 0xC2 and len(block) == 1:
            return Picc(ats=self.ats), Deselected(block)
        if pcb == 0xF2 and len(block) == 2 and self.asked_for_time:
            return replace(self, asked_for_time=False), Quiet.WAITING_FOR_ANSWER
        if pcb == 0xD0 and block[1:2] == b"\x11" and block[2:] == b"\x00":  # PPS: stay at 106 kbit/s
            return self._say(bytes([pcb]))
        return self, Quiet.NOT_FOR_US

    def answer(self, response: bytes) -> tuple["Picc", bytes]:
        """The R-APDU to the command that `hear` gave out, as the first block to send. Raises ValueError without one."""
        if not self.working:
            raise ValueError("there is no command to answer")
        room = self.frame_size - _BLOCK_OVERHEAD
        first, *rest = [response[at : at + room] for at in range(0, len(response), room)] or [b""]
        return self._saying_inf(first, tuple(rest), working=False, asked_for_time=False)

    def ask_for_time(self, multiplier: int = 1) -> tuple["Picc", bytes]:
        """S(WTX): ask for that many frame waiting times more. Raises ValueError where nothing is worked on."""
        if not self.working or not 1 <= multiplier <= _WTXM_MOST:
            raise ValueError("time is asked for while a command is worked on, 1..59 times")
        block = bytes([0xF2, multiplier])
        return replace(self, asked_for_time=True, last=block), block

    def _activate(self, parameter: int) -> tuple["Picc", Outcome]:
        fresh = Picc(ats=self.ats, active=True, frame_size=frame_size(parameter >> 4))
        return fresh, Send(self.ats)

    def _i_block(self, pcb: int, inf: bytes) -> tuple["Picc", Outcome]:
        if self.working:
            return self, Quiet.WAITING_FOR_ANSWER
        gathered = self.gathered + inf
        if len(gathered) > _COMMAND_MOST:
            return replace(self, gathered=b""), Quiet.NOT_FOR_US
        if pcb & 0x10:  # rules D and 2: acknowledge each link under the next number
            return self._say(bytes([0xA2 | self.number ^ 1]), gathered=gathered, number=self.number ^ 1)
        return replace(self, gathered=b"", working=True, to_send=()), Command(gathered)

    def _r_block(self, pcb: int) -> tuple["Picc", Outcome]:
        if pcb & 1 == self.number or self.asked_for_time:  # rule 11: say it again; a lost S(WTX) is one of those
            return (self, Send(self.last)) if self.last else (self, Quiet.NOT_FOR_US)
        if self.working:
            return self, Quiet.WAITING_FOR_ANSWER
        if pcb & 0x10:  # rule 12: the block it means was not heard; say which one was
            return self._say(bytes([0xA2 | self.number]))
        if self.to_send:  # rules E and 13
            inf, *rest = self.to_send
            after, block = self._saying_inf(inf, tuple(rest))
            return after, Send(block)
        return self, Quiet.NOT_FOR_US

    def _saying_inf(self, inf: bytes, rest: tuple[bytes, ...], **changes: Any) -> tuple["Picc", bytes]:
        number = self.number ^ 1
        block = bytes([0x02 | (0x10 if rest else 0) | number]) + inf
        return replace(self, number=number, to_send=rest, last=block, **changes), block

    def _say(self, block: bytes, **changes: Any) -> tuple["Picc", Send]:
        return replace(self, last=block, **changes), Send(block)
