# SPDX-License-Identifier: Apache-2.0
"""What is said of a failure: the alarm for each kind, and whether the process goes on after it."""

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Final

from offline_queue.values import JournalHealth
from pengpos.core.errors import (
    JournalError,
    JournalFullError,
    JournalMediumError,
    JournalTransientError,
    JournalUnavailableError,
    JournalUnusableError,
    PengposError,
)
from terminal.device import alarm_words
from terminal.device.alarm_words import AlarmWords
from terminal.device.alarms import Alarms

JOURNAL: Final = "journal"
DAMAGED: Final = "journal_damaged"
JOURNAL_SLOW: Final = "journal_slow"
JOURNAL_LOG: Final = "journal_log"
SOFTWARE: Final = "software"
"""Kinds of alarm."""


def alarm_of(error: BaseException) -> tuple[str, AlarmWords]:
    """Kind and words of the alarm for what broke. Whatever is not the journal's file or medium is our software."""
    match error:
        case JournalFullError():
            return JOURNAL, alarm_words.storage_full(error)
        case JournalMediumError():
            return JOURNAL, alarm_words.storage_failing(error)
        case JournalUnavailableError():
            return JOURNAL, alarm_words.journal_unavailable(error)
        case JournalUnusableError():
            return DAMAGED, alarm_words.journal_damaged(error)
        case _:
            return SOFTWARE, alarm_words.software_fault(fault_detail(error))


def fault_detail(error: BaseException) -> str:
    """What a person is shown of a fault: our own words, and of another's error its name only."""
    return str(error) if isinstance(error, PengposError) else type(error).__name__


class MediumAlarms:
    """What is said of a medium that works, and not well. `look` costs nothing and may come often."""

    def __init__(self, alarms: Alarms, health: Callable[[], JournalHealth]) -> None:
        self._alarms = alarms
        self._health = health

    def look(self) -> None:
        """Show or clear what follows from its health now."""
        found = self._health()
        for stands, kind, words in (
            (found.slow, JOURNAL_SLOW, alarm_words.storage_slow),
            (found.log_grows, JOURNAL_LOG, alarm_words.log_grows),
        ):
            if stands:
                self._alarms.show(kind, words())
            else:
                self._alarms.clear(kind)


class JournalUse(StrEnum):
    """What the journal is used for. Each has its own trouble: a good write mends no read, nor a good read a write."""

    WRITES = "writes"
    SUMS = "sums"
    QUEUE = "queue"
    DUES = "dues"


class JournalAlarm:
    """One alarm for all uses of the journal: it stands until each of them is well. `broken` ends the process."""

    def __init__(self, alarms: Alarms, broken: Callable[[JournalError], None]) -> None:
        self._alarms = alarms
        self._broken = broken
        self._troubles: dict[JournalUse, JournalTransientError] = {}

    def of(self, use: JournalUse) -> Callable[[JournalError | None], None]:
        """To be called with what the journal raised in this use, and with None once it serves this use again."""
        return partial(self._report, use)

    def _report(self, use: JournalUse, trouble: JournalError | None) -> None:
        """Show it, clear it, or end: `broken` says why."""
        if trouble is None:
            if self._troubles.pop(use, None) is not None:
                self._show()
        elif isinstance(trouble, JournalTransientError):
            self._troubles[use] = trouble
            self._show()
        else:
            self._broken(trouble)

    def _show(self) -> None:
        """Show the trouble that has lasted longest; two that differ must not take turns."""
        if self._troubles:
            self._alarms.show(*alarm_of(next(iter(self._troubles.values()))))
        else:
            self._alarms.clear(JOURNAL)
