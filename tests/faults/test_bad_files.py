# SPDX-License-Identifier: Apache-2.0
"""A file that is no journal of this device and version is refused in words that say what to do, and left as it was."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from offline_queue.journal import schema
from offline_queue.journal.connection import connect
from offline_queue.journal.files import load_key, load_or_create_key
from offline_queue.journal.journal import Journal
from offline_queue.salvage.pages import PAGE_SIZE
from pengpos.core.errors import ConfigError, JournalDamagedError, JournalForeignError, JournalMediumError
from pengpos.keys.two_copies import mend, read_copy
from workshop.samples.journal import HeldClock, SaleMaker, store

KEY = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    maker = SaleMaker()
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal:
        for _ in range(40):
            store(journal, maker.signed(journal.next_counter()))
    return path


def plain_sqlite(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()


def other_program(path: Path) -> None:
    path.unlink()
    path.touch()
    connection = connect(path, KEY)
    connection.execute("CREATE TABLE t (x)")
    connection.close()


def newer_version(path: Path) -> None:
    connection = connect(path, KEY)
    connection.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('journal', 'm900_tips', 'x')"
    )
    connection.close()


def wrong_key(path: Path) -> None:
    connection = connect(path, KEY)
    connection.execute(f"PRAGMA rekey = \"x'{'55' * 32}'\"")
    connection.close()


def empty(path: Path) -> None:
    os.truncate(path, 0)


def cut_to(share: float) -> Callable[[Path], None]:
    def cut(path: Path) -> None:
        os.truncate(path, int(path.stat().st_size * share))

    return cut


def first_page(path: Path) -> None:
    os.truncate(path, PAGE_SIZE)


def rubbish(path: Path) -> None:
    path.write_bytes(b"\x00\xff" * 20_000)


def database_gone(path: Path) -> None:
    path.rename(path.with_name("journal.db-wal"))


Unusable = type[JournalDamagedError] | type[JournalForeignError]

CASES: list[tuple[str, Callable[[Path], None], Unusable, str, str]] = [
    ("plain SQLite", plain_sqlite, JournalForeignError, "another program", "set-aside"),
    ("another program's, same key", other_program, JournalForeignError, "another program", "set-aside"),
    ("newer version", newer_version, JournalForeignError, "newer version.*m900_tips", "Install that version"),
    ("another key", wrong_key, JournalForeignError, "key", "journal.key"),
    ("empty", empty, JournalForeignError, "empty or cut short", "set-aside"),
    ("ten bytes", cut_to(0.0001), JournalForeignError, "empty or cut short", "set-aside"),
    ("first page only", first_page, JournalDamagedError, "damaged or cut short", "set-aside"),
    ("cut in the middle", cut_to(0.5), JournalDamagedError, "damaged or cut short", "set-aside"),
    ("last page missing", cut_to(0.98), JournalDamagedError, "damaged or cut short", "set-aside"),
    ("rubbish", rubbish, JournalForeignError, "no.* journal|not a journal", "set-aside"),
    ("database gone, log left", database_gone, JournalForeignError, "write-ahead log", "set-aside"),
]


@pytest.mark.parametrize(
    ("spoil", "error", "says", "way_out"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_it_is_refused_with_a_way_out_and_left_as_it_was(
    path: Path, spoil: Callable[[Path], None], error: Unusable, says: str, way_out: str
) -> None:
    spoil(path)
    before = {file.name: file.read_bytes() for file in path.parent.glob("journal.db*") if file.suffix != ".lock"}
    with pytest.raises(error, match=says) as trouble:
        Journal.open(path, key=KEY, clock=HeldClock())
    assert way_out in str(trouble.value).removeprefix(f"{path}: ")
    after = {file.name: file.read_bytes() for file in path.parent.glob("journal.db*") if file.suffix != ".lock"}
    assert {name: content for name, content in after.items() if content} == {n: c for n, c in before.items() if c}


def test_an_older_version_is_brought_up_to_date(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    later = schema.Migration("m003_more", ("CREATE TABLE more (x)",))
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, later))
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal:
        assert journal.verify().sales == 40
    connection = connect(path, KEY)
    assert connection.execute("SELECT count(*) FROM more").fetchone() == (0,)
    connection.close()


def test_a_creation_cut_short_leaves_no_journal_and_is_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    for name in ("journal.db.new", "journal.db.new-wal"):
        (tmp_path / name).write_bytes(b"half made")
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal:
        assert journal.head().seq == 1
    assert not list(tmp_path.glob("*.new*"))


def test_the_key_is_drawn_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.key"
    key = load_or_create_key(path)
    assert load_or_create_key(path) == key == load_key(path)
    assert len(key) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_or_create_key(tmp_path / "journal.key") != key


@pytest.mark.parametrize("content", [b"", b"short", bytes(33)], ids=["empty", "short", "long"])
def test_a_spoilt_key_is_not_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal.key"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="32 bytes"):
        load_or_create_key(path)
    assert path.read_bytes() == content


def test_a_directory_that_cannot_be_written_is_said_so() -> None:
    with pytest.raises(JournalMediumError, match="/proc/nowhere"):
        Journal.open(Path("/proc/nowhere/journal.db"), key=KEY, clock=HeldClock())


def test_of_two_keys_that_differ_the_one_counts_that_opens_the_journal(path: Path) -> None:
    """A bit of the key flipped: 32 bytes are 32 bytes."""
    key_file = path.with_name("journal.key")
    mend(key_file, KEY)
    key_file.write_bytes(bytes([KEY[0] ^ 1]) + KEY[1:])
    assert load_key(key_file, path) == KEY
    assert load_or_create_key(key_file, path) == KEY
    assert key_file.read_bytes() == KEY  # mended
    mend(key_file, bytes(32))
    key_file.write_bytes(KEY)  # the copy is another journal's
    assert load_or_create_key(key_file, path) == KEY
    assert read_copy(key_file) == KEY


def test_a_key_that_is_gone_is_taken_from_its_copy(path: Path) -> None:
    key_file = path.with_name("journal.key")
    mend(key_file, KEY)
    key_file.unlink()
    assert load_or_create_key(key_file, path) == KEY
    assert key_file.read_bytes() == KEY
