# SPDX-License-Identifier: Apache-2.0
"""The health of every reader as it was reported last, and whether a phone can be held to one."""

from collections.abc import Callable, Sequence

from drivers.readers.supervisor import NO_READER
from drivers.tags.ntag_memory import NAME as TAG_CHIP
from pengpos.core.ports import ReaderHealth, ReaderState


class ReaderBoard:
    """Lives on the loop; `changed` is called with each report."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._readers: dict[str, ReaderHealth] = {}

    def reader_health(self, health: ReaderHealth) -> None:
        """Take the report of a reader that came, went, or is being opened again."""
        if health.name == NO_READER and health.state is ReaderState.READY:
            self._readers.pop(NO_READER, None)  # from here on each real one speaks for itself
        else:
            self._readers[health.name] = health
        self._changed()

    @property
    def has_reader(self) -> bool:
        """Whether there is one to hold a phone to, or may be in a moment: nothing is known yet, or it starts."""
        readers = [health for health in self._readers.values() if health.name != TAG_CHIP]
        return not readers or any(health.state is not ReaderState.LOST for health in readers)

    @property
    def readers(self) -> Sequence[ReaderHealth]:
        """All reports, by name."""
        return [health for _, health in sorted(self._readers.items())]
