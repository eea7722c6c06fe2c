# SPDX-License-Identifier: Apache-2.0
"""Every contactless reader of this machine, whichever library drives it, for the supervisor."""

from collections.abc import Sequence
from typing import Protocol

from pengpos.core.errors import ReaderLostError
from pengpos.core.ports import Reader


class Family(Protocol):
    """The readers of one library."""

    def discover(self, timeout_s: float) -> Sequence[str]:
        """Their names, when they change or the time is over. Raises ReaderLostError."""

    def open(self, name: str) -> Reader:
        """One of them. Raises ReaderLostError."""


class AllReaders:
    """Families side by side: trouble in one is raised only while no other has a reader. The last one may wait."""

    def __init__(self, *families: Family) -> None:
        self._families = families
        self._family_of: dict[str, Family] = {}

    def discover(self, timeout_s: float) -> tuple[str, ...]:
        """The names of all readers. Raises ReaderLostError, the first family's, if there are none."""
        found: dict[str, Family] = {}
        trouble: ReaderLostError | None = None
        for family in self._families:
            try:
                names = family.discover(timeout_s if family is self._families[-1] else 0.0)
            except ReaderLostError as error:
                trouble = trouble if trouble is not None else error
            else:
                found |= dict.fromkeys(names, family)
        if not found and trouble is not None:
            raise trouble
        self._family_of |= found
        return tuple(found)

    def open(self, name: str) -> Reader:
        """Open one that `discover` named. Raises ReaderLostError."""
        return self._family_of[name].open(name)
