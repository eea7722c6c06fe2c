# SPDX-License-Identifier: Apache-2.0
"""The moods of true PN532 boards: what a module, its adapter and its supply make of the same chip.

Tests: tests/drivers/simulated/test_pn532.py, tests/drivers/readers/pn53x/test_boards.py
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One module on its adapter; as it comes, the chip by its book."""

    wakes_after_power_down: bool = True
    """False: only its plug brings it back."""
    wakes_after_s: float = 0.0
    """What the host says in this time after its first byte is lost."""
    answers_after_s: float = 0.0
    """How late it acknowledges each command; 15 ms is the longest by the book."""
    loses_first_byte: bool = False
    """Of what it sends first after it slept or changed its speed."""
