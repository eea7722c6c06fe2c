# SPDX-License-Identifier: Apache-2.0
"""What the clock knows after a restart, and whom it believes. Source: tap protocol §1, *Clock*."""

from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from offline_queue.memory import MemoryJournal
from offline_queue.records.rows import read_boot_id
from offline_queue.values import IssuerTimeSeen, ValueStored
from pengpos.core.errors import JournalFullError
from terminal.device.alarms import Alarms
from terminal.device.clock import DeviceClock
from terminal.device.identity import Identity
from terminal.device.timekeeping import Timekeeper
from tests.support.parts import run

NOON = 1_800_000_000


@dataclass
class Bench:
    """A clock whose system time and uptime stand still, a journal in memory, alarms."""

    system: float = NOON
    uptime: float = 100.0

    def __post_init__(self) -> None:
        self.clock = DeviceClock(system=lambda: self.system, since_boot_s=lambda: self.uptime)
        self.journal = MemoryJournal(self.clock)
        self.alarms = Alarms(self.journal, self.clock, lambda: None)
        self.keeper = Timekeeper(self.clock, self.journal, self.alarms)

    def restore(self, *, issued_at: int = 0, enrolled_at: int = 0) -> None:
        credential = cast("Any", _Issued(issued_at))
        blank = Identity(
            backend="", credential=credential, issuers=cast("Any", None), confirmation_secret=b"", policy=None
        )
        self.keeper.restore(replace(blank, enrolled_at=enrolled_at))

    @property
    def kinds(self) -> list[str]:
        return [alarm.kind for alarm in self.alarms.shown]


@dataclass
class _Issued:
    issued_at: int


@pytest.mark.parametrize(
    ("journal_knows", "issued_at", "now"),
    [(0, 0, NOON), (NOON + 50, 0, NOON + 50), (0, NOON + 70, NOON + 70), (NOON + 50, NOON + 70, NOON + 70)],
    ids=["neither", "a signed time", "the credential", "the later of both"],
)
def test_after_a_restart_it_is_never_before_what_an_issuer_signed(journal_knows: int, issued_at: int, now: int) -> None:
    bench = Bench()
    if journal_knows:
        bench.journal.record([IssuerTimeSeen(at=journal_knows)]).result(0)
    bench.restore(issued_at=issued_at)
    assert bench.clock.now() == now


@pytest.mark.parametrize(
    ("confirmed_in", "enrolled_at", "doubtful"),
    [(None, 0, True), (read_boot_id(), 0, False), (bytes(15) + b"x", 0, True), (None, NOON - 10, False),
     (None, NOON - 200, True)],
    ids=["never", "this boot", "an earlier boot", "enrolled since boot", "enrolled before boot"],
)  # fmt: skip
def test_whether_this_boots_time_was_confirmed(confirmed_in: bytes | None, enrolled_at: int, doubtful: bool) -> None:
    bench = Bench()
    if confirmed_in is not None:
        bench.journal.record([ValueStored(kind="clock", key="confirmed_boot", body=confirmed_in)]).result(0)
    bench.restore(enrolled_at=enrolled_at)
    assert (bench.clock.doubtful_for_s is not None) == doubtful


def test_the_machines_own_clock_is_named_while_it_stays_behind() -> None:
    """Not in the minutes that a machine takes to set it. Row 17 of 2026-11."""

    async def work() -> None:
        bench = Bench()
        true = NOON + 30 * 86_400
        await bench.keeper.issuer_signed(true)
        assert bench.kinds == []
        bench.uptime += 119
        await bench.keeper.confirmed_at(true + 119)
        assert bench.kinds == []
        bench.uptime += 2
        await bench.keeper.confirmed_at(true + 121)
        (alarm,) = bench.alarms.shown
        assert alarm.kind == "clock_behind"
        assert "2027-01-15 08:00" in alarm.text
        assert "2027-02-14 08:02" in alarm.text
        bench.system = true + 130
        await bench.keeper.confirmed_at(true + 130)
        assert bench.kinds == []

    run(work())


def test_what_was_confirmed_holds_when_the_machines_clock_steps_back() -> None:
    async def work() -> None:
        bench = Bench()
        await bench.keeper.confirmed_at(NOON)
        bench.system = 0
        bench.uptime += 60
        assert bench.clock.now() == NOON + 60
        assert bench.clock.bounds() == (NOON + 60, NOON + 360)

    run(work())


def test_a_confirmation_of_an_earlier_life_sets_no_latest() -> None:
    """It may be days ago, and the backend have a new certificate since."""
    bench = Bench()
    bench.journal.record([ValueStored(kind="clock", key="confirmed_boot", body=read_boot_id())]).result(0)
    bench.restore(issued_at=NOON)
    assert bench.clock.doubtful_for_s is None
    assert bench.clock.bounds() == (NOON, None)


def test_a_time_signed_ahead_of_ours_is_taken_and_kept() -> None:
    async def work() -> None:
        bench = Bench()
        await bench.keeper.issuer_signed(NOON + 5_000)
        assert bench.clock.now() == NOON + 5_000
        assert bench.journal.latest_issuer_time() == NOON + 5_000
        assert bench.kinds == []

    run(work())


@pytest.mark.parametrize("behind_s", [301, 86_400])
def test_a_time_signed_behind_ours_rings_and_moves_nothing(behind_s: int) -> None:
    async def work() -> None:
        bench = Bench()
        await bench.keeper.issuer_signed(NOON - behind_s)
        assert bench.clock.now() == NOON
        assert bench.journal.latest_issuer_time() == 0
        assert bench.kinds == ["clock_ahead"]
        await bench.keeper.confirm()
        assert bench.kinds == []

    run(work())


def test_a_journal_that_takes_nothing_does_not_keep_the_clock_back() -> None:
    async def work() -> None:
        bench = Bench()
        bench.journal.failure = JournalFullError("the medium is full")
        await bench.keeper.issuer_signed(NOON + 5_000)
        assert bench.clock.now() == NOON + 5_000

    run(work())


def test_a_confirmed_boot_is_written_once() -> None:
    async def work() -> None:
        bench = Bench()
        await bench.keeper.confirm()
        rows = bench.journal.head().seq
        await bench.keeper.confirm()
        assert bench.journal.head().seq == rows
        assert bench.journal.value("clock", "confirmed_boot") == read_boot_id()
        assert bench.clock.doubtful_for_s is None

    run(work())
