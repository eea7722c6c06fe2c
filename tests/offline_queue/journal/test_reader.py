# SPDX-License-Identifier: Apache-2.0
"""Looking on while the journal grows: rows by number, with their hashes; and over connections beside each other."""

from pathlib import Path

import pytest

from offline_queue.journal.journal import CONNECTIONS_MOST, Journal
from offline_queue.journal.reader import JournalReader
from offline_queue.records.chain import GENESIS
from offline_queue.records.codec import decode_sale
from pengpos.core.errors import JournalError
from workshop.samples.journal import HeldClock, SaleMaker, store

KEY = bytes(range(32))


@pytest.fixture
def journal_path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal:
        for _ in range(3):
            store(journal, SaleMaker().signed(journal.next_counter()))
    return path


def test_rows_are_followed_by_their_number(journal_path: Path) -> None:
    with JournalReader(journal_path, KEY) as reader:
        rows = reader.rows_since(0, 100)
        assert [found.row.seq for found in rows] == list(range(1, reader.head().seq + 1))
        assert [found.row.kind for found in rows][-3:] == ["sale"] * 3
        assert decode_sale(rows[-1].row.body).state == "signed"
        assert rows[0].previous == GENESIS
        assert [found.hash for found in rows] == [found.row.hash_after(found.previous) for found in rows]
        assert reader.rows_since(2, 100) == rows[2:]
        assert reader.rows_since(1, 2) == rows[1:3]
        assert reader.rows_since(0, 1) == rows[:1]
        assert reader.rows_since(len(rows), 100) == []


def test_a_connection_of_ones_own_waits_for_no_other(journal_path: Path) -> None:
    with Journal.open(journal_path, key=KEY, clock=HeldClock()) as journal:
        first, second = journal.connect(), journal.connect()
        with journal._connection._lock, first._connection._lock:  # as while they read
            assert second.wallet_counter(bytes(8)) == -1
            assert second.queue_totals("CNY").count == 0


def test_connections_are_bounded(journal_path: Path) -> None:
    with Journal.open(journal_path, key=KEY, clock=HeldClock()) as journal:
        for _ in range(CONNECTIONS_MOST):
            journal.connect()
        with pytest.raises(JournalError, match="8 connections"):
            journal.connect()


def test_connections_left_open_do_not_keep_the_log_from_being_folded(journal_path: Path) -> None:
    with Journal.open(journal_path, key=KEY, clock=HeldClock()) as journal:
        assert journal.connect().head() == journal.head()
        store(journal, SaleMaker(seed=2).signed(journal.next_counter()))
    assert [path.name for path in journal_path.parent.glob(f"{journal_path.name}-*")] == []
