# SPDX-License-Identifier: Apache-2.0
"""Rows that were on the medium and are gone at a start are told, with the money among them. Row 56 of 2026-11."""

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from offline_queue.journal.connection import connect
from offline_queue.journal.journal import Journal
from offline_queue.journal.witness import SLOT_SIZE, WAITING_MOST, Witness, path_of
from offline_queue.values import MISSING_ROWS, Head, MissingRows, ValueStored, WaitingPayment
from pengpos.core.errors import JournalDamagedError, JournalForeignError
from pengpos.core.sale import Sale, SaleState
from workshop.samples.journal import HeldClock, SaleMaker, moved, store

KEY = bytes(range(32))
OLD, NEW = 3, 4
"""Sales in the database file, and sales in its log alone."""


def opened(path: Path) -> Journal:
    return Journal.open(path, key=KEY, clock=HeldClock())


def accept(journal: Journal, maker: SaleMaker, count: int) -> list[Sale]:
    sales = []
    for _ in range(count):
        signed = maker.signed(journal.next_counter())
        authorised = maker.authorised(signed)
        sales.append(moved(authorised, SaleState.ACCEPTED_OFFLINE))
        store(journal, signed, authorised, sales[-1])
    return sales


@pytest.fixture
def torn(tmp_path: Path) -> tuple[Path, list[Sale]]:
    """A journal as a power cut leaves it: what was accepted last is in the log alone. And those sales."""
    path, maker = tmp_path / "running" / "journal.db", SaleMaker()
    with opened(path) as journal:
        accept(journal, maker, OLD)
    with opened(path) as journal:
        newest = accept(journal, maker, NEW)
        shutil.copytree(path.parent, tmp_path / "torn", ignore=shutil.ignore_patterns("*.lock", "*-shm"))
    return tmp_path / "torn" / "journal.db", newest


def wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def gone(path: Path) -> None:
    wal(path).unlink()


def cut_to_nothing(path: Path) -> None:
    os.truncate(wal(path), 0)


def flipped(at: int) -> Callable[[Path], None]:
    def flip(path: Path) -> None:
        content = bytearray(wal(path).read_bytes())
        content[at] ^= 0x10
        wal(path).write_bytes(content)

    return flip


def zeroed(path: Path) -> None:
    wal(path).write_bytes(bytes(wal(path).stat().st_size))


SPOILT: dict[str, Callable[[Path], None]] = {
    "missing": gone,
    "cut to nothing": cut_to_nothing,
    "zeroed": zeroed,
    **{f"bit of byte {at} flipped": flipped(at) for at in (0, 5, 9, 13, 17, 21, 25, 29)},
    "bit of its first page flipped": flipped(32 + 24 + 100),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_log_that_is_not_read_is_noticed(torn: tuple[Path, list[Sale]], spoil: Callable[[Path], None]) -> None:
    path, newest = torn
    spoil(path)
    with opened(path) as journal:
        (body,) = journal.values(MISSING_ROWS).values()
        missing = msgspec.json.decode(body, type=MissingRows)
        assert (missing.have, missing.had) == (1 + 3 * OLD, 1 + 3 * (OLD + NEW))
        assert {payment.intent_id for payment in missing.payments} == {s.intent.intent_id.bytes for s in newest}
        assert sum(payment.amount_minor for payment in missing.payments) == NEW * 1_880
        number = journal.next_counter()
        assert number.counter == OLD + NEW + 1  # no number twice
        assert number.epoch != missing.epoch
        accept(journal, SaleMaker(7), 1)
        assert journal.verify().sales == OLD + 1
    with opened(path) as journal:  # told once
        assert len(journal.values(MISSING_ROWS)) == 1


def test_what_is_not_read_is_kept_for_a_technician(torn: tuple[Path, list[Sale]]) -> None:
    path, _ = torn
    flipped(5)(path)
    content = wal(path).read_bytes()
    opened(path).close()
    (copy,) = path.parent.glob("journal.db-wal.lost-*")
    assert copy.read_bytes() == content


def test_an_old_file_put_back_is_noticed(torn: tuple[Path, list[Sale]], tmp_path: Path) -> None:
    path, newest = torn
    shutil.copy(path, tmp_path / "old")
    opened(path).close()
    shutil.copy(tmp_path / "old", path)
    with opened(path) as journal:
        (body,) = journal.values(MISSING_ROWS).values()
        assert len(msgspec.json.decode(body, type=MissingRows).payments) == len(newest)


def test_a_database_that_is_gone_is_not_begun_anew(torn: tuple[Path, list[Sale]]) -> None:
    path, _ = torn
    gone(path)
    path.unlink()
    with pytest.raises(JournalForeignError, match="gone"):
        opened(path)


def test_after_kill_and_power_cut_nothing_is_missing(torn: tuple[Path, list[Sale]]) -> None:
    path, newest = torn
    with opened(path) as journal:
        assert journal.values(MISSING_ROWS) == {}
        assert {sale.sale_id for sale in journal.unsent()} >= {sale.sale_id for sale in newest}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda witness: witness.unlink(),
        lambda witness: os.truncate(witness, 0),
        lambda witness: witness.write_bytes(os.urandom(2 * SLOT_SIZE)),
    ],
    ids=["gone", "empty", "rubbish"],
)
def test_without_it_the_journal_is_believed(torn: tuple[Path, list[Sale]], spoil: Callable[[Path], None]) -> None:
    path, _ = torn
    spoil(path_of(path))
    with opened(path) as journal:
        assert journal.values(MISSING_ROWS) == {}
        kept = Witness(path, KEY).read()  # from then on it is there
        assert kept is not None
        assert kept.head == journal.head()


def test_rows_that_vanish_under_a_running_journal_end_it(tmp_path: Path) -> None:
    """Where the medium is exchanged: a new start tells what is missing."""
    path = tmp_path / "journal.db"
    with opened(path) as journal:
        accept(journal, SaleMaker(), 2)
        journal._writer._give_up_connection()
        with closing(connect(path, KEY)) as other:
            other.execute("DROP TRIGGER journal_is_not_deleted")
            other.execute("DELETE FROM journal WHERE seq = 7")
        with pytest.raises(JournalDamagedError, match="ended at row 7"):
            journal.record([ValueStored(kind="n", key="", body=b"")]).result(10)


HEAD = Head(5, 77, bytes(32))


def test_one_of_two_slots_is_always_whole(tmp_path: Path) -> None:
    witness = Witness(tmp_path / "journal.db", KEY)
    for seq in (1, 2, 3):
        witness.keep(Head(5, seq, bytes(32)), seq, [])
    witness.close()
    path = path_of(tmp_path / "journal.db")
    content = bytearray(path.read_bytes())
    content[SLOT_SIZE + 40] ^= 1  # the third writing was torn
    path.write_bytes(content)
    again = Witness(tmp_path / "journal.db", KEY)
    kept = again.read()
    assert kept is not None
    assert kept.seq == 2
    again.keep(Head(5, 9, bytes(32)), 9, [])
    kept = Witness(tmp_path / "journal.db", KEY).read()
    assert kept is not None
    assert kept.seq == 9


def test_another_keys_is_none(tmp_path: Path) -> None:
    witness = Witness(tmp_path / "journal.db", KEY)
    witness.keep(HEAD, 3, [])
    assert Witness(tmp_path / "journal.db", bytes(32)).read() is None


def test_any_number_of_payments_fits(tmp_path: Path) -> None:
    witness = Witness(tmp_path / "journal.db", KEY)
    many = [WaitingPayment(number.to_bytes(16, "big"), "CNY", 2**62) for number in range(WAITING_MOST + 5)]
    witness.keep(HEAD, 2**63, many)
    witness.keep(HEAD, 2**63, many)
    kept = Witness(tmp_path / "journal.db", KEY).read()
    assert kept is not None
    assert (kept.head, kept.waiting, kept.more) == (HEAD, many[:WAITING_MOST], 5)


def test_a_directory_that_takes_nothing_keeps_nothing_from_selling(tmp_path: Path) -> None:
    witness = Witness(tmp_path / "nowhere" / "journal.db", KEY)
    witness.keep(HEAD, 3, [])
    witness.sync()
    assert witness.read() is None
