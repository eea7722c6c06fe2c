# SPDX-License-Identifier: Apache-2.0
"""Keeps what the backend was last heard to say beside the enrolment too, and gives it to a journal that is new.

Source: backend API, *Standing*. Lives on the loop; files are written in a thread, and never by a tap.

Tests: tests/journeys/test_standing.py
"""

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from pengpos.keys.last_heard import LastHeard, read_last_heard, write_last_heard


class HeardFile:
    """What the file said at the start, and what it says now. Made before anything waits for the loop: it reads it."""

    def __init__(self, path: Path, terminal_id: str) -> None:
        self._path = path
        self._writing = asyncio.Lock()
        self.found = read_last_heard(path, terminal_id)
        """None: it was lost, or taken away; or an older version enrolled this terminal."""
        self._now = self.found or LastHeard(terminal_id=terminal_id, policy=None, issuers=[])

    async def keep(self, **news: Any) -> None:
        """Put these members of `LastHeard` in the place of what was known, and write if the file says otherwise."""
        async with self._writing:
            self._now = msgspec.structs.replace(self._now, **news)
            await asyncio.to_thread(write_last_heard, self._path, self._now)
