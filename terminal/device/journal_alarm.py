# SPDX-License-Identifier: Apache-2.0
"""What becomes of trouble with the journal: an alarm while it takes nothing, or the end of the process."""

from collections.abc import Callable
from typing import Final

from pengpos.core.errors import JournalError, JournalFullError
from terminal.device.alarm_words import storage_full
from terminal.device.alarms import Alarms

_ALARM: Final = "journal"


class JournalAlarm:
    """Called with what the journal raised, and with None once it takes rows again. `broken` ends the process."""

    def __init__(self, alarms: Alarms, broken: Callable[[JournalError], None]) -> None:
        self._alarms = alarms
        self._broken = broken

    def __call__(self, trouble: JournalError | None) -> None:
        """Show it, clear it, or end."""
        if trouble is None:
            self._alarms.clear(_ALARM)
        elif isinstance(trouble, JournalFullError):
            self._alarms.show(_ALARM, storage_full(trouble))
        else:
            self._broken(trouble)
