# SPDX-License-Identifier: Apache-2.0
"""Looking on while the journal grows: rows by number, with their hashes."""

from pathlib import Path

import pytest

from offline_queue.journal.journal import Journal
from offline_queue.journal.reader import JournalReader
from offline_queue.records.chain import GENESIS
from offline_queue.records.codec import decode_sale
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
