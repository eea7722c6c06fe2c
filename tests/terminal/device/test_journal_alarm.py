# SPDX-License-Identifier: Apache-2.0
"""Each kind of failure under its own alarm: room, card, file, software."""

import re

import pytest

from offline_queue.journal.connection import UnsafeSettingError
from offline_queue.memory import MemoryJournal
from offline_queue.values import JournalHealth
from pengpos.core.errors import (
    JournalCorruptError,
    JournalDamagedError,
    JournalError,
    JournalFaultError,
    JournalForeignError,
    JournalFullError,
    JournalMediumError,
    JournalUnavailableError,
)
from terminal.device.alarm_words import AlarmWords
from terminal.device.alarms import Alarms
from terminal.device.journal_alarm import JournalAlarm, JournalUse, MediumAlarms, alarm_of
from tests.support.parts import HandClock, SlowJournal

ROOM = ("已满", "已滿", "is full")
CARD = ("存储卡读写失败", "記憶卡讀寫失敗", "storage card is failing")
WAITS = ("暂时无法写入", "暫時無法寫入", "can't be written just now")
FILE = ("流水文件无法使用", "交易紀錄檔無法使用", "file can't be used")
SOFTWARE = ("软件出错", "軟體發生錯誤", "software had a fault")
OF_STORAGE = re.compile("card|storage|存储|記憶卡")

TABLE: list[tuple[BaseException, str, tuple[str, str, str], bool]] = [
    (JournalFullError("no space left"), "journal", ROOM, True),
    (JournalMediumError("disk I/O error", "Replace it"), "journal", CARD, True),
    (JournalUnavailableError("locked"), "journal", WAITS, False),
    (JournalDamagedError("journal.db", "cut short", "Keep it"), "journal_damaged", FILE, False),
    (JournalCorruptError(7, "changed"), "journal_damaged", FILE, False),
    (JournalForeignError("journal.db", "another's", "Keep it"), "journal_damaged", FILE, False),
    (JournalFaultError("no such table: sale"), "software", SOFTWARE, False),
    (UnsafeSettingError("journal_mode", "delete", "wal"), "software", SOFTWARE, False),
    (ZeroDivisionError("a secret"), "software", SOFTWARE, False),
]
IDS = [type(row[0]).__name__ for row in TABLE]


def sentences(words: AlarmWords) -> tuple[str, str, str]:
    return words.text.zh_hans, words.text.zh_hant, words.text.en


@pytest.mark.parametrize(("error", "kind", "says", "of_storage"), TABLE, ids=IDS)
def test_the_alarm_for_a_failure(
    error: BaseException, kind: str, says: tuple[str, str, str], *, of_storage: bool
) -> None:
    found, words = alarm_of(error)
    assert found == kind
    for said, wanted in zip(sentences(words), says, strict=True):
        assert wanted in said
    assert bool(OF_STORAGE.search(f"{words.text} {words.cure}")) == of_storage
    assert "secret" not in words.text.en


OF_THE_JOURNAL = [(error, kind) for error, kind, _, _ in TABLE if isinstance(error, JournalError)]


@pytest.mark.parametrize(("error", "kind"), OF_THE_JOURNAL, ids=[type(row[0]).__name__ for row in OF_THE_JOURNAL])
def test_what_may_pass_is_shown_and_the_rest_ends_the_process(error: JournalError, kind: str) -> None:
    clock = HandClock()
    ended: list[JournalError] = []
    alarms = Alarms(SlowJournal(clock), clock, lambda: None)
    tell = JournalAlarm(alarms, ended.append).of(JournalUse.WRITES)
    tell(error)
    may_pass = kind == "journal"
    assert [alarm.kind for alarm in alarms.shown] == ([kind] if may_pass else [])
    assert ended == ([] if may_pass else [error])
    tell(None)
    assert alarms.shown == []


FULL, FAILING = JournalFullError("no space left"), JournalMediumError("disk I/O error", "Replace it")


@pytest.mark.parametrize(
    ("heals", "stands"), [(JournalUse.WRITES, CARD), (JournalUse.SUMS, ROOM)], ids=["writes first", "reads first"]
)
def test_a_good_write_clears_no_trouble_of_reading_nor_a_good_read_one_of_writing(
    heals: JournalUse, stands: tuple[str, str, str]
) -> None:
    clock = HandClock()
    alarms = Alarms(SlowJournal(clock), clock, lambda: None)
    ended: list[JournalError] = []
    journal_alarm = JournalAlarm(alarms, ended.append)
    journal_alarm.of(JournalUse.WRITES)(FULL)
    journal_alarm.of(JournalUse.SUMS)(FAILING)
    journal_alarm.of(heals)(None)
    journal_alarm.of(JournalUse.QUEUE)(None)  # it was well all along
    (alarm,) = alarms.shown
    assert stands[2] in alarm.text
    for use in JournalUse:
        journal_alarm.of(use)(None)
    assert (alarms.shown, ended) == ([], [])


def test_two_troubles_do_not_take_turns() -> None:
    clock = HandClock()
    changes: list[None] = []
    alarms = Alarms(SlowJournal(clock), clock, lambda: changes.append(None))
    ended: list[JournalError] = []
    journal_alarm = JournalAlarm(alarms, ended.append)
    for _ in range(3):
        journal_alarm.of(JournalUse.QUEUE)(FAILING)
        journal_alarm.of(JournalUse.SUMS)(FULL)
    assert (len(changes), ended) == (1, [])
    assert CARD[2] in alarms.shown[0].text


def test_what_works_badly_has_alarms_that_last_as_long() -> None:
    clock = HandClock()
    alarms = Alarms(MemoryJournal(clock), clock, lambda: None)
    health = [JournalHealth(slow=True, log_grows=True), JournalHealth(log_grows=True), JournalHealth()]
    medium = MediumAlarms(alarms, lambda: health[0])
    for kinds in ({"journal_slow", "journal_log"}, {"journal_log"}, set()):
        medium.look()
        assert {alarm.kind for alarm in alarms.shown} == kinds
        del health[0]
