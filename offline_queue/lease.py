# SPDX-License-Identifier: Apache-2.0
"""Leases: what only one part of the process may do at a time, such as draining the queue.

They need no rows: the journal's file lock keeps every other process out, and a lease dies with its holder.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from offline_queue.values import JournalBusyError


class Leases:
    """Names held now. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: set[str] = set()

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Hold `name` alone while the context lasts. Raises JournalBusyError if it is held; never waits."""
        with self._lock:
            if name in self._held:
                raise JournalBusyError(f"the lease {name!r} is held", "Wait for its holder to finish")
            self._held.add(name)
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(name)
