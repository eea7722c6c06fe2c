# SPDX-License-Identifier: Apache-2.0
"""A journal that an earlier version wrote: it verifies as it is, opens, and is brought up to date."""

from contextlib import closing
from pathlib import Path

import pytest

from offline_queue.journal import schema
from offline_queue.journal.connection import connect
from offline_queue.journal.journal import Journal
from offline_queue.journal.reader import JournalReader
from pengpos.core.errors import JournalCorruptError
from pengpos.core.sale import SaleState
from workshop.samples.journal import NOON, HeldClock, SaleMaker, moved, store

KEY = bytes(32)
MIDNIGHT = NOON
OF_M001 = (
    "UPDATE sale SET taken_at = accepted_at WHERE taken_at IS NOT NULL AND accepted_at IS NOT NULL",
    "DELETE FROM _sqlite_migrations WHERE name = 'm002_day_of_offline_sales'",
)


def edit(path: Path, *statements: str) -> None:
    with closing(connect(path, KEY)) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """As the version before wrote it: authorised before midnight, accepted by the cashier after it."""
    path, maker = tmp_path / "journal.db", SaleMaker()
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal:
        for states in ((), (SaleState.FORWARDING,), (SaleState.FORWARDING, SaleState.DECLINED_AT_SYNC)):
            signed = maker.signed(journal.next_counter(), at=MIDNIGHT - 20)
            sale = maker.authorised(signed, at=MIDNIGHT - 10)
            for state in (SaleState.ACCEPTED_OFFLINE, *states):
                sale = moved(sale, state, MIDNIGHT + 20)
            store(journal, sale)
        online = maker.authorised(maker.signed(journal.next_counter(), at=MIDNIGHT - 20), at=MIDNIGHT - 10)
        store(journal, maker.approved(online, at=MIDNIGHT + 1))
    edit(path, *OF_M001)
    return path


def counted(journal: JournalReader) -> list[tuple[int, int]]:
    """(sales, declined at sync) of the day before midnight and of the day after it."""
    days = [(MIDNIGHT - 86_400, MIDNIGHT), (MIDNIGHT, MIDNIGHT + 86_400)]
    totals = [journal.day_totals(*day, "CNY") for day in days]
    return [(day.count, day.declined_at_sync_count) for day in totals]


def test_it_verifies_before_it_is_brought_up_to_date(old: Path) -> None:
    with JournalReader(old, KEY) as reader:
        assert reader.verify().sales == 4
        assert counted(reader) == [(0, 0), (3, 1)]


def test_it_is_brought_up_to_date_and_verifies(old: Path) -> None:
    with JournalReader(old, KEY) as reader:
        head = reader.head()
    with Journal.open(old, key=KEY, clock=HeldClock()) as journal:
        assert journal.verify().head == journal.head() == head
        assert counted(journal) == [(2, 1), (1, 0)]


@pytest.mark.parametrize("up_to_date", [False, True])
def test_another_time_in_the_table_is_still_found(old: Path, up_to_date: bool) -> None:
    if up_to_date:
        Journal.open(old, key=KEY, clock=HeldClock()).close()
    edit(old, "UPDATE sale SET taken_at = taken_at + 1 WHERE state = 'accepted_offline'")
    with JournalReader(old, KEY) as reader, pytest.raises(JournalCorruptError, match="says something else"):
        reader.verify()


def test_a_row_that_cannot_be_read_stays_and_holds_up_no_other(old: Path) -> None:
    edit(
        old,
        "DROP TRIGGER journal_is_not_updated",
        "UPDATE journal SET body = x'00' WHERE seq = (SELECT seq FROM sale WHERE state = 'forwarding')",
    )
    with closing(connect(old, KEY)) as connection:
        schema.apply(connection)
    with JournalReader(old, KEY) as reader:
        assert counted(reader) == [(1, 1), (2, 0)]
        with pytest.raises(JournalCorruptError):
            reader.verify()
