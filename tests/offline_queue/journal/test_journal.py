# SPDX-License-Identifier: Apache-2.0
"""What only the journal on a medium has: reopening, its lock, its settings, and one sync for all that waits."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from offline_queue.journal import connection as connection_module
from offline_queue.journal import journal as journal_module
from offline_queue.journal.connection import UnsafeSettingError, connect
from offline_queue.journal.files import set_aside
from offline_queue.journal.journal import Journal
from offline_queue.journal.writer import Writer
from offline_queue.records.rows import draw_epoch
from offline_queue.values import (
    ChangeRefusedError,
    DocumentStored,
    EpochDrawn,
    HeadSigned,
    IssuerTimeSeen,
    JournalBusyError,
    ValueStored,
)
from pengpos.core.errors import JournalError, JournalUnavailableError
from pengpos.core.sale import SaleState
from workshop.samples.journal import HeldClock, SaleMaker, moved, store

KEY = bytes(range(32))
WAIT_S = 20


def open_journal(path: Path, *, boot_id: bytes | None = None) -> Journal:
    return Journal.open(path, key=KEY, clock=HeldClock(), boot_id=boot_id)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


def test_everything_is_there_after_reopening(path: Path) -> None:
    maker = SaleMaker()
    with open_journal(path) as journal:
        sale = moved(maker.authorised(maker.signed(journal.next_counter()), counter=6), SaleState.ACCEPTED_OFFLINE)
        store(journal, sale)
        journal.record([DocumentStored(kind="policy", version=4, body=b"p")]).result(WAIT_S)
        head, number = journal.head(), journal.next_counter()
    with open_journal(path) as journal:
        assert (journal.head(), journal.next_counter(), journal.open_sales()) == (head, number, [sale])
        assert sale.authorised is not None
        assert journal.wallet_counter(sale.authorised.wallet_kid) == 6
        assert journal.verify().head == head


def test_an_epoch_drawn_later_is_the_one_in_force_after_reopening(path: Path) -> None:
    with open_journal(path) as journal:
        store(journal, SaleMaker().signed(journal.next_counter()))
        journal.record([EpochDrawn(epoch=draw_epoch(), why="restored")]).result(WAIT_S)
        number = journal.next_counter()
    with open_journal(path) as journal:
        assert journal.next_counter() == number


def test_two_journals_have_two_epochs(tmp_path: Path) -> None:
    with open_journal(tmp_path / "a.db") as one, open_journal(tmp_path / "b.db") as two:
        assert one.head().epoch != two.head().epoch


def test_a_second_program_is_kept_out(path: Path) -> None:
    with open_journal(path), pytest.raises(JournalBusyError, match="in use by another program"):
        open_journal(path)
    open_journal(path).close()


def test_a_failed_open_gives_the_lock_back(path: Path) -> None:
    open_journal(path).close()
    with pytest.raises(JournalError):
        Journal.open(path, key=bytes(32), clock=HeldClock())
    open_journal(path).close()


@pytest.mark.parametrize(
    ("name", "value"),
    [("synchronous", "NORMAL"), ("synchronous", "OFF"), ("journal_mode", "DELETE"), ("foreign_keys", "OFF")],
    ids=lambda value: str(value),
)
def test_a_journal_with_another_setting_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    open_journal(path).close()
    mutant = tuple((n, value if n == name else v) for n, v in connection_module.SETTINGS)
    monkeypatch.setattr(connection_module, "SETTINGS", mutant)
    with pytest.raises(UnsafeSettingError, match=name):
        open_journal(path)


def test_files_are_for_their_owner_only(path: Path) -> None:
    with open_journal(path) as journal:
        store(journal, SaleMaker().signed(journal.next_counter()))
        modes = {file.name: file.stat().st_mode & 0o077 for file in path.parent.iterdir()}
    assert set(modes) >= {"journal.db", "journal.db-wal", "journal.db.lock"}
    assert set(modes.values()) == {0}


def test_the_medium_shows_nothing_in_the_clear(path: Path) -> None:
    with open_journal(path) as journal:
        journal.record([ValueStored(kind="till", key="the cat sat on the mat", body=b"on the mat")]).result(WAIT_S)
        content = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"on the mat" not in content  # three letters alone are in any large enough file of random bytes
    assert b"SQLite format" not in content


def test_the_key_is_not_logged(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    open_journal(path).close()
    with pytest.raises(JournalError) as trouble:
        Journal.open(path, key=b"\xab" * 32, clock=HeldClock())
    assert "abab" not in caplog.text + str(trouble.value)


def test_a_key_of_another_size_is_a_mistake_of_the_program(path: Path) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Journal.open(path, key=b"short", clock=HeldClock())


class HeldWriter(Writer):
    """Waits before its first commit until the test lets it go on."""

    gate = threading.Event()
    sizes: list[int]

    def commit(self, group: object) -> None:
        assert isinstance(group, list)
        if group:
            self.gate.wait(WAIT_S)
            self.__dict__.setdefault("seen", []).append(len(group))
        super().commit(group)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    gate = threading.Event()
    monkeypatch.setattr(HeldWriter, "gate", gate)
    monkeypatch.setattr(journal_module, "Writer", HeldWriter)
    return gate


def test_all_that_waits_goes_in_one_commit_and_each_gets_its_own_answer(path: Path, gate: threading.Event) -> None:
    with open_journal(path) as journal:
        futures = [journal.record([ValueStored(kind="n", key="first", body=b"")])]
        notes = [ValueStored(kind="n", key=str(n), body=b"") for n in range(20)]
        futures += [journal.record([note]) for note in notes[:10]]
        signed_head = HeadSigned(head=journal.head(), signed=b"")
        refused = journal.record([notes[0], HeadSigned(head=type(signed_head.head)(1, 99, b""), signed=b"")])
        futures += [journal.record([note]) for note in notes[10:]]
        gate.set()
        seqs = [future.result(WAIT_S).head.seq for future in futures]
        with pytest.raises(ChangeRefusedError):
            refused.result(WAIT_S)
        assert seqs == list(range(2, 23))
        assert journal.verify().rows == 22
        assert sum(journal._writer.__dict__["seen"]) == 22
        assert len(journal._writer.__dict__["seen"]) <= 2


def test_reads_do_not_wait_for_the_medium(path: Path, gate: threading.Event) -> None:
    with open_journal(path) as journal:
        sale = SaleMaker().signed(journal.next_counter())
        future = journal.record([ValueStored(kind="n", key="held", body=b"")])
        assert journal.sale(sale.sale_id) is None
        assert not future.done()
        gate.set()
        assert future.result(WAIT_S).head == journal.head()


def test_more_than_the_bound_is_refused_and_what_waits_is_kept(
    path: Path, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "WAITING_LIMIT", 5)
    with open_journal(path) as journal:
        futures = [journal.record([ValueStored(kind="n", key=str(n), body=b"")]) for n in range(12)]
        gate.set()
        failed = [future for future in futures if isinstance(future.exception(WAIT_S), JournalUnavailableError)]
        assert 5 <= len(failed) <= 7
        assert journal.verify().rows == 1 + 12 - len(failed)


def test_what_was_asked_before_close_is_done(path: Path, gate: threading.Event) -> None:
    journal = open_journal(path)
    futures = [journal.record([ValueStored(kind="n", key=str(n), body=b"")]) for n in range(5)]
    gate.set()
    journal.close()
    journal.close()
    assert [future.result(0).head.seq for future in futures] == [2, 3, 4, 5, 6]


def test_a_thread_that_dies_answers_everybody(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_journal(path) as journal:
        monkeypatch.setattr(journal._writer, "commit", lambda _group: 1 // 0)
        first = journal.record([ValueStored(kind="n", key="x", body=b"")])
        assert isinstance(first.exception(WAIT_S), JournalError)
        journal._thread.join(WAIT_S)
        second = journal.record([ValueStored(kind="n", key="x", body=b"")])
        with pytest.raises(JournalError, match="thread has stopped"):
            second.result(WAIT_S)


def test_a_number_beyond_64_bits_is_refused_and_stops_nothing(path: Path) -> None:
    with open_journal(path) as journal:
        refused = journal.record([IssuerTimeSeen(at=2**63)])
        assert isinstance(refused.exception(WAIT_S), ChangeRefusedError)
        assert journal.record([IssuerTimeSeen(at=2**63 - 1)]).result(WAIT_S).head.seq == 2


def test_sixteen_writers(path: Path) -> None:
    with open_journal(path) as journal, ThreadPoolExecutor(16) as pool:

        def write(writer: int) -> list[int]:
            notes = [ValueStored(kind="n", key=f"{writer} {n}", body=b"") for n in range(25)]
            return [journal.record([note]).result(WAIT_S).head.seq for note in notes]

        seqs = [seq for written in pool.map(write, range(16)) for seq in written]
        assert sorted(seqs) == list(range(2, 402))
        assert journal.verify().rows == 401


def test_rows_name_their_boot(path: Path) -> None:
    open_journal(path, boot_id=b"boot of tuesday!").close()
    connection = connect(path, KEY)
    assert connection.execute("SELECT DISTINCT boot FROM journal").fetchall() == [(b"boot of tuesday!",)]
    connection.close()


def test_closing_folds_the_log_into_one_file(path: Path) -> None:
    for number in range(10):
        with open_journal(path) as journal:
            journal.record([ValueStored(kind="n", key=str(number), body=b"")]).result(WAIT_S)
        assert sorted(file.name for file in path.parent.iterdir()) == [
            "journal.db",
            "journal.db.head",
            "journal.db.lock",
        ]


def test_folding_waits_until_nobody_writes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its syncs would be in the way of the next row of the same sale."""
    folded: list[bool] = []
    rested = threading.Event()

    def fold(_writer: Writer, *, idle: bool) -> None:
        folded.append(idle)
        if idle and False in folded:
            rested.set()

    with open_journal(path) as journal:
        monkeypatch.setattr(Writer, "fold", fold)
        journal.record([ValueStored(kind="n", key="a", body=b"")]).result(WAIT_S)
        assert rested.wait(WAIT_S)
        assert folded[folded.index(False) :] == [False, True]


def test_set_aside_never_overwrites(path: Path) -> None:
    names = []
    for _ in range(3):
        open_journal(path).close()
        content = path.read_bytes()
        names.append(set_aside(path, HeldClock()))
        assert names[-1].read_bytes() == content
        assert not path.exists()
    assert len(set(names)) == 3


def test_set_aside_leaves_a_journal_in_use_alone(path: Path) -> None:
    with open_journal(path):
        with pytest.raises(JournalBusyError):
            set_aside(path, HeldClock())
        assert path.exists()


def test_every_request_is_answered_although_the_journal_closes_meanwhile(path: Path) -> None:
    journal = open_journal(path)
    started, answers = threading.Barrier(5), []

    def ask() -> None:
        started.wait(WAIT_S)
        try:
            while True:
                answers.append(journal.record([ValueStored(kind="n", key="x", body=b"")]))
        except JournalError:
            return

    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(ask)
        started.wait(WAIT_S)
        journal.close()
    outcomes = [future.exception(WAIT_S) for future in answers]
    with open_journal(path) as again:
        assert again.head().seq == 1 + outcomes.count(None)
