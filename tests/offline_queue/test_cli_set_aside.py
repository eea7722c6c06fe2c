# SPDX-License-Identifier: Apache-2.0
"""`pengpos queue set-aside` on a journal in which payments wait: "cannot be read just now" is not "damaged".

Module under test: `offline_queue.cli`.
"""

import errno
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from offline_queue.cli import queue
from offline_queue.journal import reading
from offline_queue.journal.connection import Connection, connect, connect_read_only
from offline_queue.journal.files import load_key, load_or_create_key
from offline_queue.journal.journal import Journal
from offline_queue.journal.reading import ReadConnection
from offline_queue.records import codec
from pengpos.core.errors import (
    JournalDamagedError,
    JournalError,
    JournalFaultError,
    JournalForeignError,
    JournalFullError,
    JournalMediumError,
    JournalUnavailableError,
)
from pengpos.core.sale import SaleState
from workshop.samples.journal import HeldClock, SaleMaker, moved, store

Spoil = Callable[[Path], object]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """With a well journal in which one payment waits for the backend."""
    maker = SaleMaker()
    key = load_or_create_key(tmp_path / "journal.key")
    with Journal.open(tmp_path / "journal.db", key=key, clock=HeldClock()) as journal:
        sale = maker.authorised(maker.signed(journal.next_counter()))
        store(journal, sale)
        store(journal, moved(sale, SaleState.ACCEPTED_OFFLINE))
    return tmp_path


def set_aside(home: Path) -> Result:
    return CliRunner().invoke(queue, ["--home", str(home), "set-aside", "--yes"])


def assert_kept(home: Path, says: str) -> None:
    """It is refused in one line that says why and what to do, and the journal is where it was."""
    result = set_aside(home)
    assert (result.exit_code, len(result.output.splitlines())) == (1, 1)
    assert result.output.startswith("Error: What waits in it cannot be read, so it is kept. ")
    assert says in result.output
    assert (home / "journal.db").exists()
    assert not list(home.glob("*.aside-*"))


def run(home: Path, *statements: str) -> None:
    """Change the journal behind its terminal's back."""
    connection: Connection = connect(home / "journal.db", load_key(home / "journal.key"))
    for statement in statements:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("error", "cure"),
    [
        (JournalUnavailableError("database is locked"), "database is locked. Try again in a moment."),
        (JournalMediumError("Input/output error", "Replace the card"), "Input/output error. Replace the card."),
        (JournalFullError("No space left on device"), "Make room on the card, then try again."),
        (JournalFaultError("a bug"), "install its newest version, then try again."),
    ],
    ids=["busy", "medium", "full", "our fault"],
)
def test_it_is_kept_while_it_cannot_be_read(
    home: Path, monkeypatch: pytest.MonkeyPatch, error: JournalError, cure: str
) -> None:
    def fails(_self: object, _question: object) -> None:
        raise error

    monkeypatch.setattr(ReadConnection, "ask", fails)
    assert_kept(home, cure)


def newer_version(home: Path) -> None:
    run(
        home,
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('journal', 'm900_tips', 'x')",
    )


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (newer_version, "Install that version again"),
        (lambda home: run(home, "ALTER TABLE sale RENAME TO sale_away"), "no such table"),
    ],
    ids=["newer version", "no such table"],
)
def test_it_is_kept_for_the_version_that_reads_it(home: Path, spoil: Spoil, says: str) -> None:
    spoil(home)
    assert_kept(home, says)


def test_it_is_kept_if_this_version_does_not_know_a_row_that_follows(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unknowing:
        def decode(self, body: bytes) -> object:
            raise msgspec.ValidationError("unknown state")

    monkeypatch.setattr(codec, "_DECODER", Unknowing())
    assert_kept(home, "unknown state). Install the version again that wrote it, or the newest, then try again.")


def test_it_is_kept_if_its_key_cannot_be_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_path: Path, _journal: Path) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("offline_queue.cli.load_key", fails)
    assert_kept(home, "journal.key: Input/output error. If it comes again, replace the card.")


@pytest.mark.parametrize(
    "error",
    [
        JournalForeignError("journal.db", "it does not open with this device's key", "Move it aside"),
        JournalDamagedError("journal.db", "the database is damaged or cut short", "Move it aside"),
    ],
    ids=["foreign", "damaged"],
)
def test_a_read_that_failed_once_is_no_damage(home: Path, monkeypatch: pytest.MonkeyPatch, error: JournalError) -> None:
    """SQLCipher calls it so where the medium is well again when it is asked."""
    failures = [error]

    def fails_once(path: Path, key: bytes) -> Connection:
        if failures:
            raise failures.pop()
        return connect_read_only(path, key)

    monkeypatch.setattr(reading, "connect_read_only", fails_once)
    result = set_aside(home)
    assert (result.exit_code, "Error: 1 sales in it wait for the backend" in result.output) == (1, True)
    assert (home / "journal.db").exists()


def other_program(home: Path) -> None:
    (home / "journal.db").write_bytes(b"")
    run(home, "CREATE TABLE t (x)")


def edited_body(home: Path) -> None:
    run(home, "DROP TRIGGER journal_is_not_updated", "UPDATE journal SET body = x'00' WHERE kind = 'sale'")


@pytest.mark.parametrize(
    "spoil",
    [
        other_program,
        edited_body,
        lambda home: (home / "journal.db").write_bytes(b"\x00\xff" * 20_000),
        lambda home: (home / "journal.db").write_bytes((home / "journal.db").read_bytes()[:8_192]),
        lambda home: (home / "journal.db").rename(home / "journal.db-wal"),
        lambda home: [file.write_bytes(b"short") for file in home.glob("journal.key*")],
        lambda home: [file.unlink() for file in home.glob("journal.key*")],
    ],
    ids=["another program's", "edited row", "rubbish", "cut short", "log alone", "short key", "no key"],
)
def test_damage_is_still_a_reason(home: Path, spoil: Spoil) -> None:
    spoil(home)
    result = set_aside(home)
    assert (result.exit_code, result.output) == (0, result.output)
    assert list(home.glob("*.aside-*"))
