# SPDX-License-Identifier: Apache-2.0
"""Which thread writes which attribute: an attribute that two threads write is a race, or will be one."""

import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

Place = tuple[str, str]
"""A class or mapping, and the attribute or key."""


class Writers:
    """Watches the attributes of some classes' objects, from `watch` on until the test ends."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._lock = threading.Lock()
        self._objects: dict[int, object] = {}
        """Kept, so that none takes over another's identity; so are the threads."""
        self._by: defaultdict[tuple[int, Place], set[threading.Thread]] = defaultdict(set)

    def watch(self, *classes: type) -> None:
        """Note each write to an attribute of their objects."""
        for cls in classes:
            self._watch(cls)

    def mapping(self, name: str) -> dict[Any, Any]:
        """An empty dictionary whose every key is watched as an attribute is."""
        writers = self

        class Watched(dict[Any, Any]):
            def __setitem__(self, key: Any, value: Any) -> None:
                writers._note(self, (name, str(key)))
                super().__setitem__(key, value)

            def __delitem__(self, key: Any) -> None:
                writers._note(self, (name, str(key)))
                super().__delitem__(key)

            def pop(self, key: Any, *default: Any) -> Any:
                writers._note(self, (name, str(key)))
                return super().pop(key, *default)

        return Watched()

    @property
    def written(self) -> set[Place]:
        """What has been written at all."""
        with self._lock:
            return {place for _, place in self._by}

    def shared(self) -> dict[Place, set[str]]:
        """What more than one thread has written, and the names of those threads."""
        with self._lock:
            return {place: {thread.name for thread in by} for (_, place), by in self._by.items() if len(by) > 1}

    def _watch(self, cls: type) -> None:
        before: Callable[[object, str, object], None] = cls.__setattr__  # type: ignore[assignment] # taken unbound

        def noting(target: object, name: str, value: object) -> None:
            self._note(target, (cls.__name__, name))
            before(target, name, value)

        self._monkeypatch.setattr(cls, "__setattr__", noting)

    def _note(self, target: object, place: Place) -> None:
        with self._lock:
            self._objects[id(target)] = target
            self._by[id(target), place].add(threading.current_thread())
