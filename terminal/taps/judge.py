# SPDX-License-Identifier: Apache-2.0
"""What the reader threads ask of the loop in a tap, as one port. `terminal.taps.acceptance` is behind it.

Tests: tests/terminal/taps/test_fields.py
"""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from pengpos.core.ports import ReaderHealth, Signal
from pengpos.core.sale import Notice, Prompt


@dataclass(frozen=True, slots=True)
class Offer:
    """What to present, and to which arming it belongs: a reply to an older one is dropped."""

    sale_id: UUID
    intent_id: UUID
    presentation: bytes
    arming: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a reply in time: what the phone is given, and what the reader shows."""

    receipt: bytes | None = None
    signal: Signal | None = None


class TapJudge(Protocol):
    """The loop's side. `judge` is asked; `offer` is read where it is needed; the rest is posted.

    What is posted carries the arming it was seen under: a sale that began since has nothing to do with it.
    """

    def offer(self, arming: int) -> Offer | None:
        """What to present now, or nothing. Called from a reader's thread: it reads a sale as it stands."""

    def expect(self) -> None:
        """A phone has been presented to, and thinks: what can be looked up before its reply comes may be."""

    async def judge(self, offer: Offer, reply: bytes, turnaround_ms: int) -> Answer:
        """Check the reply, take it or not; what to push to the phone, when there is one in time, and to show.

        `turnaround_ms`: how long this phone takes for a command.
        """

    def field_empty(self, arming: int) -> None:
        """A reader's field is empty since this arming."""

    def prompt(self, arming: int, prompt: Prompt) -> None:
        """Ask the shopper for something."""

    def notice(self, arming: int, notice: Notice) -> None:
        """Say what went wrong in the field."""

    def broken(self, arming: int, detail: str) -> None:
        """The phone broke the protocol."""

    def health(self, health: ReaderHealth) -> None:
        """A reader came or went."""
