# SPDX-License-Identifier: Apache-2.0
"""The device itself: who it is, its clock, settings, alarms, and recording in the journal. Knows no sale's rules.

Reading order: words, alarm_words, clock, executor, identity, recording, settings, alarms, journal_alarm, last_fault,
second_copy, timekeeping.
"""

__all__ = [
    "alarm_words",
    "alarms",
    "clock",
    "executor",
    "identity",
    "journal_alarm",
    "last_fault",
    "recording",
    "second_copy",
    "settings",
    "timekeeping",
    "words",
]
