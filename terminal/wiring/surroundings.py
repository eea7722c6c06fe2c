# SPDX-License-Identifier: Apache-2.0
"""What a terminal is given by the program that starts it.

Tests: tests/terminal/test_app.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import httpx

from offline_queue.journal.journal import Journal
from offline_queue.port import JournalPort
from pengpos.client import Home, Language
from pengpos.core.ports import Clock, TagPresenter, TapListener
from terminal.backend.gateway import Deadlines
from terminal.device.clock import DeviceClock


class Readers(Protocol):
    """All readers of the device, each in its own thread."""

    def start(self) -> None:
        """Begin to watch."""

    def look_again(self) -> None:
        """Have each field looked at now; returns at once, in any thread."""

    def stop(self) -> bool:
        """End every thread, within a bound; false if one did not end."""


OpenJournal = Callable[[Path, bytes, Clock], JournalPort]


def _open_journal(path: Path, key: bytes, clock: Clock) -> JournalPort:
    return Journal.open(path, key=key, clock=clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a terminal is given; what is left out is the device's own.

    `transport`, `clock` and `open_journal` are the three ways in which the world can fail it: tests put their own in.
    """

    home: Home
    readers: Callable[[TapListener], Readers]
    tag: TagPresenter | None = None
    """Where there is one; else no sale is presented by tag."""
    language: Language = "zh-Hans"
    diagnose: Callable[[], dict[str, object]] | None = None
    """What `pengpos doctor --json` prints; blocks for seconds."""
    transport: httpx.AsyncBaseTransport | None = None
    clock: DeviceClock = field(default_factory=DeviceClock)
    open_journal: OpenJournal = _open_journal
    deadlines: Deadlines = field(default_factory=Deadlines)
