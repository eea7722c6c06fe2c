# SPDX-License-Identifier: Apache-2.0
"""A `core.ports.TapListener` that remembers, lets a test wait for what it should have heard, and fails on demand."""

import threading
from collections.abc import Callable, Sequence

from pengpos.core.ports import Card, ReaderHealth, ReaderState


class Listener:
    """`on_field` is what it does with cards, in the reader's thread; it may raise."""

    def __init__(self, on_field: Callable[[str, Sequence[Card]], None] | None = None) -> None:
        self.on_field = on_field
        self.healths: list[ReaderHealth] = []
        self.fields: dict[str, int] = {}
        self.cards: dict[str, Sequence[Card]] = {}
        self._news = threading.Condition()

    def field(self, reader: str, cards: Sequence[Card]) -> None:
        """See `core.ports.TapListener`."""
        with self._news:
            self.fields[reader] = self.fields.get(reader, 0) + 1
            self.cards[reader] = cards
            self._news.notify_all()
        if self.on_field is not None:
            self.on_field(reader, cards)

    def health(self, health: ReaderHealth) -> None:
        """See `core.ports.TapListener`."""
        with self._news:
            self.healths.append(health)
            self._news.notify_all()

    def until(self, holds: Callable[["Listener"], bool], limit_s: float = 15.0) -> None:
        """Wait until something has been heard."""
        with self._news:
            assert self._news.wait_for(lambda: holds(self), limit_s), f"{self.healths} {self.fields} {self.cards}"

    def states(self, reader: str) -> list[ReaderState]:
        """What was heard of one reader, in order."""
        return [health.state for health in self.healths if health.name == reader]

    def details(self, reader: str) -> list[str]:
        """What was said of it each time, in order."""
        return [health.detail for health in self.healths if health.name == reader]

    def until_told(self, reader: str, *states: ReaderState) -> None:
        """Wait until exactly these states were heard of it, in this order."""
        self.until(lambda heard: heard.states(reader) == list(states))
