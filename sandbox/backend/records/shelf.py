# SPDX-License-Identifier: Apache-2.0
"""A bounded place in memory for values by key, from any thread.

Tests: tests/sandbox/backend/records/test_shelf.py
"""

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
KEPT_MOST = 2_048
"""The one that was asked for longest ago is forgotten first."""


class Shelf(Generic[K, V]):
    """At most so many values."""

    def __init__(self, most: int = KEPT_MOST) -> None:
        self._most = most
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """What is kept under a key, or None."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: K, value: V) -> None:
        """Keep a value, in place of the one before."""
        with self._lock:
            self._kept[key] = value
            self._kept.move_to_end(key)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def drop(self, key: K) -> None:
        """Keep it no more."""
        with self._lock:
            self._kept.pop(key, None)
