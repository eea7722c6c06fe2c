# SPDX-License-Identifier: Apache-2.0
"""What the doctor says of a journal that cannot be read, and what to do about each kind of failure."""

import contextlib
from pathlib import Path

import msgspec
import pytest

from offline_queue.journal.files import load_or_create_key
from offline_queue.journal.journal import Journal
from offline_queue.values import ValueStored
from pengpos.client import Home
from pengpos.core.errors import (
    JournalCorruptError,
    JournalError,
    JournalFaultError,
    JournalFullError,
    JournalMediumError,
    JournalUnavailableError,
)
from pengpos.core.sale import SaleState
from pengpos.keys.last_heard import LastHeard, write_last_heard
from provisioning.finding import Light
from terminal.commands import technician
from terminal.standing.standing import Obeyed, Standing
from tests.support.shop import HeldClock
from workshop.samples.journal import SaleMaker, moved, store

TABLE: list[tuple[JournalError, str, str]] = [
    (JournalMediumError("disk I/O error", "Replace the card"), "disk I/O error", "Replace the card"),
    (JournalFullError("no space left"), "no space left", "The light of the disk"),
    (JournalUnavailableError("locked"), "locked", "The light of the disk"),
    (JournalFaultError("no such table: sale"), "no such table", "tell support"),
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


def test_of_a_damaged_journal_it_says_what_can_be_read(tmp_path: Path) -> None:
    home, maker = Home(tmp_path), SaleMaker()
    key = load_or_create_key(home.journal_key)
    with contextlib.closing(Journal.open(home.journal, key=key, clock=HeldClock())) as journal:
        for _ in range(9):
            store(journal, moved(maker.authorised(maker.signed(journal.next_counter())), SaleState.ACCEPTED_OFFLINE))
    content = bytearray(home.journal.read_bytes())
    content[4 * 4_096 : 5 * 4_096] = bytes(4_096)
    home.journal.write_bytes(content)
    found = technician._journal(home)
    assert found.light is Light.RED
    assert "9 sales that wait can be read" in found.cure
    assert "pengpos queue export FILE" in found.cure


OBEYED: list[tuple[Obeyed, Light, str]] = [
    (Obeyed(), Light.GREEN, "may sell"),
    (Obeyed(standing=Standing.LOCKED, since=1_800_000_000), Light.RED, "locked by the operator since 2027-01-15"),
    (Obeyed(standing=Standing.REVOKED, since=1_800_000_000), Light.RED, "revoked by the operator since 2027-01-15"),
]


@pytest.mark.parametrize(("obeyed", "light", "says"), OBEYED, ids=[row[0].standing for row in OBEYED])
def test_a_terminal_that_must_not_sell_says_so(tmp_path: Path, obeyed: Obeyed, light: Light, says: str) -> None:
    home = Home(tmp_path)
    assert technician._standing(home).says == "not told yet"
    key = load_or_create_key(home.journal_key)
    with contextlib.closing(Journal.open(home.journal, key=key, clock=HeldClock())) as journal:
        row = ValueStored(kind="standing", key="obeyed", body=msgspec.json.encode(obeyed))
        journal.record([row]).result()
    found = technician._standing(home)
    assert (found.light, says in found.says) == (light, True)


def test_a_terminal_that_knows_nothing_of_its_standing_says_so(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.enrolment.write_text('{"terminal_id": "T-0001"}')
    assert technician._standing(home).light is Light.RED
    key = load_or_create_key(home.journal_key)
    with contextlib.closing(Journal.open(home.journal, key=key, clock=HeldClock())):
        assert "is gone: nothing is sold" in technician._standing(home).says
    revoked = LastHeard(terminal_id="T-0001", policy=None, issuers=[], standing="revoked")
    write_last_heard(home.last_heard, revoked)
    assert "revoked by the operator" in technician._standing(home).says
    write_last_heard(home.last_heard, msgspec.structs.replace(revoked, standing="active"))
    assert technician._standing(home).says == "may sell"


GOOD_ITEM = '[[item]]\nname = "可颂"\nprice = "12"\n'
ITEM_FILES = [
    ("", Light.GREEN, "none, and none are needed"),
    (GOOD_ITEM, Light.GREEN, "1 in items.toml"),
    (GOOD_ITEM + '[[item]]\nname = "拿铁"\nprice = "3,50"\n', Light.YELLOW, "left out: item 2 “拿铁”: its price"),
    (GOOD_ITEM + "[[item]]\nname = 7\n[[item]]\n", Light.YELLOW, ", and 1 more"),
    (GOOD_ITEM + "[[item", Light.YELLOW, "left out: items.toml is not TOML"),
]


@pytest.mark.parametrize(("text", "light", "says"), ITEM_FILES, ids=[row[2] for row in ITEM_FILES])
def test_what_is_wrong_in_the_list_of_goods_is_named(tmp_path: Path, text: str, light: Light, says: str) -> None:
    home = Home(tmp_path)
    home.items.write_text(text)
    found = technician._items(home)
    assert found.light is light
    assert says in found.says
    assert bool(found.cure) == (light is not Light.GREEN)
