# SPDX-License-Identifier: Apache-2.0
"""Who is measured makes items durable and hands each out once; peers that are not installed are left out."""

import importlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from offline_queue.journal.journal import Journal
from offline_queue.values import IntentNumber
from pengpos.core.sale import SaleState
from workshop.bench.queue_contenders import BODY, JournalThread, journal, lives, peers, plain_sqlite
from workshop.samples.journal import HeldClock


def test_the_floor_is_a_durable_row_of_the_usual_size(tmp_path: Path) -> None:
    floor = plain_sqlite(tmp_path)
    floor.put()
    floor.fill(2)
    floor.take()
    floor.close()
    with closing(sqlite3.connect(tmp_path / "plain.db")) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("SELECT no, waits, body FROM item ORDER BY no").fetchall() == [
            (1, 0, BODY),
            (2, 1, BODY),
            (3, 1, BODY),
        ]


def test_the_journal_hands_out_sales_accepted_offline_one_by_one(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.db", key=bytes(32), clock=HeldClock()) as instance:
        ours = journal(instance)
        ours.fill(3)
        ours.put()
        ours.take()
        assert instance.queue_totals("CNY").count == 2
        assert instance.verify().sales == 3


def test_the_journal_without_its_thread_writes_the_same_rows(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    thread = JournalThread(path)
    thread.append()
    for _ in range(5):
        thread.arrow()
    thread.close()
    with closing(sqlite3.connect(path)) as db, pytest.raises(sqlite3.DatabaseError):
        db.execute("SELECT count(*) FROM journal")  # encrypted like the terminal's own


def test_a_sale_lives_four_rows_and_the_next_begins() -> None:
    numbers = iter(IntentNumber(1, counter) for counter in range(1, 9))
    five = list(islice(lives(lambda: next(numbers)), 5))
    assert [sale.state for sale in five] == [
        SaleState.SIGNED, SaleState.PRESENTED, SaleState.AUTHORISED, SaleState.APPROVED, SaleState.SIGNED,
    ]  # fmt: skip
    assert len({sale.sale_id for sale in five}) == 2


def only(name: str, module: Any) -> Callable[[str], ModuleType]:
    """An import that finds this module alone."""

    def find(asked: str) -> Any:
        if asked != name:
            raise ImportError(asked)
        return module

    return find


def test_peers_that_are_not_installed_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib, "import_module", only("", None))
    assert peers(tmp_path) == []


def test_a_peer_is_made_as_durable_as_the_floor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []

    class LiteQueue:
        """As the package of that name offers it."""

        conn = SimpleNamespace(execute=said.append, close=lambda: said.append("closed"))

        def __init__(self, path: str) -> None:
            said.append(Path(path).parent)

        def put(self, text: str) -> None:
            said.append(len(text.encode("latin-1")))

        def pop(self) -> Any:
            return SimpleNamespace(message_id=7)

        def done(self, number: int) -> None:
            said.append(("done", number))

    monkeypatch.setattr(importlib, "import_module", only("litequeue", SimpleNamespace(LiteQueue=LiteQueue)))
    (peer,) = peers(tmp_path)
    peer.fill(2)
    peer.take()
    peer.close()
    assert said == [tmp_path, "PRAGMA synchronous = FULL", len(BODY), len(BODY), ("done", 7), "closed"]
    assert peer.less == "no cipher, no chain"
