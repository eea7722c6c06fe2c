# SPDX-License-Identifier: Apache-2.0
"""A medium that takes seconds, and a log that cannot be folded, are noticed while it sells (`Writes.health`)."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from offline_queue.journal import writer
from offline_queue.journal.connection import connect_read_only
from offline_queue.journal.journal import Journal
from offline_queue.values import JournalHealth, ValueStored
from workshop.samples.journal import HeldClock

KEY = bytes(range(32))


@dataclass
class SlowClock(HeldClock):
    """Each look at it comes `step_s` after the one before."""

    step_s: float = 0.0
    passed_s: float = 0.0

    def monotonic_s(self) -> float:
        self.passed_s += self.step_s
        return self.passed_s


def put(journal: Journal, count: int) -> None:
    for number in range(count):
        journal.record([ValueStored(kind="n", key=str(number), body=bytes(2_000))]).result(10)


def test_a_medium_is_slow_while_it_is(tmp_path: Path) -> None:
    clock = SlowClock()
    with Journal.open(tmp_path / "journal.db", key=KEY, clock=clock) as journal:
        put(journal, 1)
        assert journal.health() == JournalHealth()
        clock.step_s = 2.5
        put(journal, 1)
        assert journal.health() == JournalHealth(slow=True)
        clock.step_s = 0.1
        put(journal, 1)
        assert journal.health() == JournalHealth()


def test_a_read_that_does_not_end_lets_the_log_grow_and_that_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LOG_PAGES_MOST", 50)
    monkeypatch.setattr(writer, "FOLD_ROWS_AT_MOST", 10)
    path = tmp_path / "journal.db"
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal:
        put(journal, 11)
        with closing(connect_read_only(path, KEY)) as other:
            other.execute("BEGIN")
            other.execute("SELECT count(*) FROM journal").fetchone()
            put(journal, 60)
            assert journal.health() == JournalHealth(log_grows=True)
        put(journal, 11)
        assert journal.health() == JournalHealth()
        size = path.with_name("journal.db-wal").stat().st_size
        put(journal, 60)
        assert path.with_name("journal.db-wal").stat().st_size <= 2 * size  # it begins anew
