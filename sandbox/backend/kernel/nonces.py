# SPDX-License-Identifier: Apache-2.0
"""Remembers which nonces this process has taken of late, so that a replay is known before any work is done for it.

The tables have the last word: another process may have taken it, or it is forgotten here.

Tests: tests/sandbox/backend/kernel/test_nonces.py
"""

import threading

MOST = 65_536
"""Remembered at most; half as many at least, once so many have come."""


class Nonces:
    """From any thread. Kept as hashes: of two that meet the second is refused, and its sender signs anew."""

    def __init__(self, most: int = MOST) -> None:
        self._half = most // 2
        self._young: set[int] = set()
        self._old: set[int] = set()
        self._lock = threading.Lock()

    def was_taken(self, kid: str, nonce: str) -> bool:
        """Whether it came before, as far as this process knows."""
        one = hash((kid, nonce))
        with self._lock:
            return one in self._young or one in self._old

    def take(self, kid: str, nonce: str) -> bool:
        """Remember it; False: it came before."""
        one = hash((kid, nonce))
        with self._lock:
            if one in self._young or one in self._old:
                return False
            if len(self._young) >= self._half:
                self._young, self._old = set(), self._young
            self._young.add(one)
            return True

    def give_back(self, kid: str, nonce: str) -> None:
        """Its request was not let in after all, and may come again."""
        with self._lock:
            for taken in (self._young, self._old):
                taken.discard(hash((kid, nonce)))
