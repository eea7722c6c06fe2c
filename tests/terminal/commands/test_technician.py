# SPDX-License-Identifier: Apache-2.0
"""What the doctor says of a journal that cannot be read, and what to do about each kind of failure."""

from pathlib import Path

import pytest

from pengpos.client import Home
from pengpos.core.errors import (
    JournalCorruptError,
    JournalError,
    JournalFaultError,
    JournalFullError,
    JournalMediumError,
    JournalUnavailableError,
)
from provisioning.finding import Light
from terminal.commands import technician

TABLE: list[tuple[JournalError, str, str]] = [
    (JournalMediumError("disk I/O error", "Replace the card"), "disk I/O error", "Replace the card"),
    (JournalFullError("no space left"), "no space left", "The light of the disk"),
    (JournalUnavailableError("locked"), "locked", "The light of the disk"),
    (JournalFaultError("no such table: sale"), "no such table", "call the helpdesk"),
    (JournalCorruptError(7, "changed"), "row 7", "pengpos queue verify"),
]


@pytest.mark.parametrize(("error", "says", "cure"), TABLE, ids=[type(row[0]).__name__ for row in TABLE])
def test_a_journal_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: JournalError, says: str, cure: str
) -> None:
    def fail(_home: object) -> int:
        raise error

    home = Home(tmp_path)
    home.journal.touch()
    monkeypatch.setattr(technician, "unsent_payments", fail)
    found = technician._journal(home)
    assert found.light is Light.RED
    assert says in found.says
    assert cure in found.cure
