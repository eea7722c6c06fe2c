# SPDX-License-Identifier: Apache-2.0
"""Alarms: with a sentence and a way out, until somebody has seen to them or their cause is gone."""

import asyncio

import pytest

from offline_queue.memory import MemoryJournal
from pengpos.core.effects import AlarmKind
from pengpos.core.errors import JournalFullError
from pengpos.core.sale import DueState, Sale, SaleState
from terminal.device import alarms as alarms_module
from terminal.device.alarm_words import credential_ends, restored
from terminal.device.alarms import Alarms
from tests.support.parts import HandClock, run, until
from workshop.samples import sales as samples

SALE = samples.sale_in(SaleState.APPROVED)


class Bench:
    """Alarms over a journal in memory."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.journal = MemoryJournal(self.clock)
        self.changes = 0
        self.alarms = self.again()

    def again(self) -> Alarms:
        """As after a restart."""
        return Alarms(self.journal, self.clock, self._changed)

    def _changed(self) -> None:
        self.changes += 1

    def ids(self) -> list[str]:
        return [alarm.id for alarm in self.again().shown]


@pytest.mark.parametrize("kind", AlarmKind)
def test_every_kind_says_what_happened_and_the_way_out(kind: AlarmKind) -> None:
    async def work() -> None:
        bench = Bench()
        bench.journal.record(bench.alarms.rows_of(kind, SALE)).result(0)
        bench.alarms.raise_alarm(kind, SALE)
        bench.alarms.raise_alarm(kind, SALE)
        (alarm,) = bench.alarms.shown
        assert SALE.number in alarm.text
        assert alarm.cure
        assert (alarm.kind, alarm.sale_id) == (kind.value, str(SALE.sale_id))
        assert bench.changes == 1
        assert bench.alarms.rows_of(kind, SALE) == []  # it stands
        assert bench.ids() == [alarm.id]

    run(work())


DECLINED = AlarmKind.DECLINED_AT_SYNC


def asked(state: DueState) -> Sale:
    """Declined at sync, and what came of asking the shopper."""
    return samples.sale_in(SaleState.DECLINED_AT_SYNC, refusal=samples.refusal(samples.due(state)))


def raised(bench: Bench, sale: Sale) -> None:
    """Recorded with its cause and shown, as `OpenSales` does it."""
    bench.journal.record(bench.alarms.rows_of(DECLINED, sale)).result(0)
    bench.alarms.raise_alarm(DECLINED, sale)


@pytest.mark.parametrize("seen", [True, False], ids=["seen to", "standing"])
@pytest.mark.parametrize(("state", "calm"), [(DueState.PAID, True), (DueState.REFUSED, False)])
def test_news_of_a_due_takes_the_place_of_the_alarm_also_after_a_restart(
    state: DueState, *, calm: bool, seen: bool
) -> None:
    async def work() -> None:
        bench = Bench()
        raised(bench, asked(DueState.OPEN))
        (frightening,) = bench.alarms.shown
        assert not frightening.calm
        if seen:
            bench.alarms.seen_to(frightening.id)
        bench.clock.unix_s += 60
        raised(bench, asked(state))
        (alarm,) = bench.alarms.shown
        assert (alarm.id, alarm.calm) == (frightening.id, calm)
        assert alarm.text != frightening.text
        assert alarm.at > frightening.at
        assert bench.alarms.rows_of(DECLINED, asked(state)) == []
        await bench.alarms.close()
        assert bench.again().shown == [alarm]
        bench.alarms.seen_to(alarm.id)
        await until(lambda: bench.ids() == [])

    run(work())


def test_one_seen_to_while_the_card_was_full_does_not_hide_the_news_that_came_behind_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alarms_module, "SAVE_AGAIN_S", 0.001)

    async def work() -> None:
        bench = Bench()
        raised(bench, asked(DueState.OPEN))
        bench.journal.failure = JournalFullError("the medium is full")
        bench.alarms.seen_to(bench.alarms.shown[0].id)
        await asyncio.sleep(0)
        bench.journal.failure = None
        raised(bench, asked(DueState.PAID))
        saving = bench.alarms._saving
        assert saving is not None
        async with asyncio.timeout(5):
            await saving
        assert [alarm.calm for alarm in bench.again().shown] == [True]

    run(work())


@pytest.mark.parametrize(
    "seen_first", [True, False], ids=["seen to, then news", "seen to while the news is on its way"]
)
def test_one_seen_to_just_then_does_not_swallow_its_successor_over_a_restart(*, seen_first: bool) -> None:
    async def work() -> None:
        bench = Bench()
        raised(bench, asked(DueState.OPEN))
        (before,) = bench.alarms.shown
        if seen_first:
            bench.alarms.seen_to(before.id)
        bench.journal.record(bench.alarms.rows_of(DECLINED, asked(DueState.REFUSED))).result(0)
        if not seen_first:
            bench.alarms.seen_to(before.id)
        assert bench.alarms._saving is not None
        async with asyncio.timeout(5):
            await bench.alarms._saving
        bench.alarms.raise_alarm(DECLINED, asked(DueState.REFUSED))
        (news,) = bench.alarms.shown
        assert news.text != before.text
        async with asyncio.timeout(5):
            await bench.alarms._saving
        assert bench.again().shown == [news]

    run(work())


def test_a_lasting_alarm_stays_until_it_is_seen_to() -> None:
    async def work() -> None:
        bench = Bench()
        bench.alarms.raise_lasting("restored", "restored", restored())
        bench.alarms.raise_lasting("restored", "restored", restored())
        assert bench.alarms.stands("restored")
        await until(lambda: bench.ids() == ["restored"])
        assert bench.alarms.seen_to("restored")
        assert not bench.alarms.seen_to("restored")
        assert not bench.alarms.stands("restored")
        await until(lambda: bench.ids() == [])
        await bench.alarms.close()

    run(work())


def test_it_is_kept_until_the_card_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms_module, "SAVE_AGAIN_S", 0.001)

    async def work() -> None:
        bench = Bench()
        bench.journal.failure = JournalFullError("the medium is full")
        bench.alarms.raise_lasting("restored", "restored", restored())
        for _ in range(50):
            await asyncio.sleep(0)
        assert (bench.alarms.stands("restored"), bench.ids()) == (True, [])
        bench.journal.failure = None
        saving = bench.alarms._saving
        assert saving is not None
        async with asyncio.timeout(5):
            await saving
        assert bench.ids() == ["restored"]

    run(work())


def test_one_seen_to_before_it_was_saved_is_not_saved_as_standing() -> None:
    async def work() -> None:
        bench = Bench()
        bench.alarms.raise_lasting("restored", "restored", restored())
        bench.alarms.seen_to("restored")
        await until(lambda: not bench.alarms._unsaved)
        assert bench.ids() == []
        await bench.alarms.close()

    run(work())


def test_who_saw_to_it_is_kept_through_a_full_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms_module, "SAVE_AGAIN_S", 0.001)

    async def work() -> None:
        bench = Bench()
        bench.alarms.raise_lasting("restored", "restored", restored())
        await until(lambda: bench.ids() == ["restored"])
        bench.journal.failure = JournalFullError("the medium is full")
        bench.alarms.seen_to("restored", "op-1")
        for _ in range(50):
            await asyncio.sleep(0)
        bench.journal.failure = None
        await until(lambda: bench.ids() == [])
        assert bench.journal.value("alarm_seen", "restored") == b"op-1"
        await bench.alarms.close()

    run(work())


def test_who_saw_to_one_has_not_seen_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms_module, "SAVE_AGAIN_S", 0.001)

    async def work() -> None:
        bench = Bench()
        bench.alarms.raise_lasting("restored", "restored", restored())
        bench.journal.failure = JournalFullError("the medium is full")
        bench.alarms.seen_to("restored", "op-1")
        bench.alarms.raise_lasting("restored", "restored", restored())
        bench.alarms.seen_to("restored")
        bench.journal.failure = None
        await until(lambda: not bench.alarms._unsaved)
        assert bench.journal.value("alarm_seen", "restored") is None
        await bench.alarms.close()

    run(work())


def test_closing_does_not_wait_for_a_card_that_takes_nothing() -> None:
    async def work() -> None:
        bench = Bench()
        bench.journal.failure = JournalFullError("the medium is full")
        bench.alarms.raise_lasting("restored", "restored", restored())
        await asyncio.sleep(0)
        await bench.alarms.close()
        assert bench.alarms._saving is not None
        assert bench.alarms._saving.done()
        assert (bench.alarms.stands("restored"), bench.ids()) == (True, [])

    run(work())


def test_a_passing_alarm_lasts_as_long_as_its_cause() -> None:
    async def work() -> None:
        bench = Bench()
        for days in (1, 1, 2):
            bench.alarms.show("journal", credential_ends(days))
        assert [(alarm.id, alarm.text) for alarm in bench.alarms.shown] == [("journal", credential_ends(2).text.en)]
        assert bench.changes == 2
        bench.alarms.clear("journal")
        bench.alarms.clear("journal")
        assert bench.alarms.shown == []
        assert bench.changes == 3
        assert bench.ids() == []

    run(work())


def test_the_newest_first() -> None:
    async def work() -> None:
        bench = Bench()
        bench.alarms.show("first", restored())
        bench.clock.unix_s += 60
        bench.alarms.show("second", restored())
        assert [alarm.id for alarm in bench.alarms.shown] == ["second", "first"]

    run(work())
