# SPDX-License-Identifier: Apache-2.0
"""A card at a PN53x reader: what it said while it was selected, and `core.ports.Card` for as long as it stays.

Tests: tests/drivers/readers/pn53x/test_reader.py, tests/drivers/readers/pn53x/test_passing_over.py
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Found:
    """A card that was selected: its UID and SAK (ISO/IEC 14443-3)."""

    uid: bytes
    sel_res: int

    @property
    def speaks_isodep(self) -> bool:
        """SAK bit 6. A phone says 20, or 60 if it speaks NFC-DEP as well: both are phones."""
        return bool(self.sel_res & 0x20)

    @property
    def may_change_uid(self) -> bool:
        """A UID that begins with 08 is drawn anew each time the field comes on (§6.5.4)."""
        return self.uid[:1] == b"\x08"

    def may_be(self, before: "Found") -> bool:
        """Whether these can be one card: a UID that is drawn anew at each activation says nothing."""
        return before.uid == self.uid or (before.may_change_uid and self.may_change_uid)


class HoldingReader(Protocol):
    """The reader, as its cards need it."""

    def holds(self, card: "Pn53xCard") -> bool:
        """Whether the card has not left yet."""

    def exchange(self, card: "Pn53xCard", command: bytes, timeout_s: float) -> bytes:
        """`card.transceive`."""

    def pass_over(self, card: "Pn53xCard") -> None:
        """`card.pass_over`."""


class Pn53xCard:
    """One stay of one card in the field. Made by Pn53xReader."""

    def __init__(self, reader: HoldingReader, found: Found) -> None:
        self._reader = reader
        self.found = found

    @property
    def in_field(self) -> bool:
        """Whether it has not left yet, as far as the reader knows."""
        return self._reader.holds(self)

    def transceive(self, command: bytes, timeout_s: float) -> bytes:
        """See `core.ports.Card`. A card without ISO-DEP (a sticker, a transit card) answers 6A82 to everything.

        Finding out whether a silent card left takes up to 0.1 s more than its own frame waiting times.
        """
        return self._reader.exchange(self, command, timeout_s)

    def pass_over(self) -> None:
        """See `core.ports.PassableCard`."""
        self._reader.pass_over(self)
