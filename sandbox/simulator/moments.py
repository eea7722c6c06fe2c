# SPDX-License-Identifier: Apache-2.0
"""Names the moments at which a phone leaves the reader, each a manner of `sandbox.phone.field.manners`."""

from enum import StrEnum

from pengpos.wire import apdu
from sandbox.phone.field.manners import Gone, Honest, Manner, Move, Respond, Says, TornAfterCommands, TornInReply


class Moment(StrEnum):
    """The moment at which a phone leaves the reader."""

    NEVER = "never"
    AT_ONCE = "at_once"
    """The reader has met it and not asked yet."""
    IN_REPLY = "in_reply"
    """It has signed; half of its answer is through."""
    BEFORE_RECEIPT = "before_receipt"
    """The terminal has its answer; the receipt does not reach it."""


class TornBeforeReceipt:
    """Answers well, and has left when the terminal pushes the receipt."""

    def start(self) -> None:
        """Nothing to begin."""

    def move(self, command: bytes, honest: Respond) -> Move:
        """The card's own answer, unless a receipt comes."""
        return Gone() if command[1:2] == bytes([apdu.INS_RESULT]) else Says(data=honest(command))


def manner_of(moment: Moment) -> Manner:
    """How a phone behaves that leaves at this moment."""
    match moment:
        case Moment.NEVER:
            return Honest()
        case Moment.AT_ONCE:
            return TornAfterCommands(1)
        case Moment.IN_REPLY:
            return TornInReply(40)
        case Moment.BEFORE_RECEIPT:
            return TornBeforeReceipt()
