# SPDX-License-Identifier: Apache-2.0
"""Whatever page of a journal is spoilt, the rows on all others are read. Row 57 of 2026-11."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from offline_queue.journal.journal import Journal
from offline_queue.records.chain import ChainedRow
from offline_queue.salvage.pages import PAGE_SIZE, Pages
from offline_queue.salvage.salvage import Salvaged
from offline_queue.values import DocumentStored, Head, ValueStored
from pengpos.core.sale import Sale, SaleState
from workshop.samples.journal import HeldClock, SaleMaker, moved, store

KEY = bytes(range(32))
SALES = 12
ROWS_ON_A_PAGE = 4
"""At most, of a sale's."""


@dataclass
class Sample:
    """A journal's file, closed or as a kill leaves it, and what was in it."""

    path: Path
    head: Head
    unsent: list[Sale]
    rows: dict[UUID, list[ChainedRow]]
    big: bytes


@pytest.fixture(params=["closed", "killed"])
def sample(tmp_path: Path, request: pytest.FixtureRequest) -> Sample:
    path, maker, big = tmp_path / "running" / "journal.db", SaleMaker(), os.urandom(20_000)
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal:
        for _ in range(SALES):
            signed = maker.signed(journal.next_counter())
            authorised = maker.authorised(signed)
            store(journal, signed, authorised, moved(authorised, SaleState.ACCEPTED_OFFLINE))
        document = DocumentStored(kind="policy", version=3, body=bytes(9_000))
        journal.record([document, ValueStored(kind="big", key="x", body=big)]).result(10)
        unsent = journal.unsent()
        found = Sample(tmp_path / "copy" / "journal.db", journal.head(), unsent, journal.rows_of(unsent), big)
        if request.param == "killed":
            shutil.copytree(path.parent, found.path.parent)
    if request.param == "closed":
        shutil.copytree(path.parent, found.path.parent)
    return found


def test_of_a_sound_journal_everything_is_read(sample: Sample) -> None:
    salvaged = Salvaged.of(sample.path, KEY)
    assert (salvaged.missing, salvaged.bad_pages) == (0, 0)
    assert salvaged.head() == sample.head
    assert salvaged.unsent() == sample.unsent
    assert salvaged.unproved() == []
    assert salvaged.rows_of(sample.unsent) == sample.rows
    assert salvaged.values("big") == {"x": sample.big}  # six overflow pages


@pytest.mark.parametrize("zeroed", [False, True], ids=["a bit flipped", "zeroed"])
def test_any_one_page_takes_only_its_own_rows_along(sample: Sample, zeroed: bool) -> None:
    """Whichever it is: the root of a table, an index, the first, a leaf."""
    sound = sample.path.read_bytes()
    log = sample.path.with_name("journal.db-wal")
    for start in range(0, len(sound), PAGE_SIZE):
        spoilt = bytearray(sound)
        spoilt[start + 20 : start + 20 + (PAGE_SIZE - 20 if zeroed else 1)] = (
            bytes(PAGE_SIZE - 20) if zeroed else bytes([sound[start + 20] ^ 1])
        )
        sample.path.write_bytes(spoilt)
        salvaged = Salvaged.of(sample.path, KEY)
        assert salvaged.bad_pages == 1
        assert salvaged.missing <= ROWS_ON_A_PAGE
        read = {sale.sale_id for sale in (*salvaged.unsent(), *salvaged.unproved())}
        assert len(read) >= SALES - 1
        for rows in salvaged.rows_of(salvaged.unsent()).values():
            assert all(chained.row.hash_after(chained.previous) == chained.hash for chained in rows)
    assert not log.exists() or log.stat().st_size > 0


def test_a_log_that_sqlite_passes_over_is_read(sample: Sample) -> None:
    log = sample.path.with_name("journal.db-wal")
    if not log.exists():
        return
    content = bytearray(log.read_bytes())
    content[17] ^= 0x40  # its header's salt: not one frame belongs to it any more
    log.write_bytes(content)
    assert Salvaged.of(sample.path, KEY).unsent() == sample.unsent


@pytest.mark.parametrize("content", [b"", b"x" * 100, os.urandom(5 * PAGE_SIZE)], ids=["empty", "short", "rubbish"])
def test_of_rubbish_nothing_is_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(content)
    assert Salvaged.of(path, KEY).rows == {}


def test_another_keys_pages_are_not_read(sample: Sample) -> None:
    pages = Pages(sample.path, bytes(32))
    assert list(pages.all()) == []
    assert pages.bad == sample.path.stat().st_size // PAGE_SIZE
    pages.close()


def test_what_was_written_and_never_committed_is_not_read(tmp_path: Path) -> None:
    """A transaction larger than the cache spills into the log before its commit."""
    path, maker = tmp_path / "journal.db", SaleMaker()
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal:
        store(journal, maker.signed(journal.next_counter()))
        connection = journal._writer._connection
        assert connection is not None
        connection.execute("PRAGMA cache_size = 10")
        connection.execute("BEGIN IMMEDIATE")
        for seq in range(3, 200):
            values = (seq, 1, 1, "value", "k/k", 1, bytes(16), os.urandom(3_000), bytes(32))
            connection.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        assert path.with_name("journal.db-wal").stat().st_size > 50 * PAGE_SIZE
        assert max(Salvaged.of(path, KEY).rows) == 2
        connection.execute("ROLLBACK")
