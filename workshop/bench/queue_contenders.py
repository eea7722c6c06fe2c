# SPDX-License-Identifier: Apache-2.0
"""Who is measured by `pengpos bench queue`: the journal, plain SQLite as the floor, and other queues on the same disk.

Each is made durable in the same way (WAL, synchronous=FULL, a commit for each item). The others neither encrypt nor
chain, and keep one table; what they do less is said beside their figures. They are optional: absent ones are left out.
"""

import importlib
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from offline_queue.journal.files import create
from offline_queue.journal.journal import Journal
from offline_queue.journal.writer import Request, Writer
from offline_queue.records.rows import parts_of, read_boot_id
from offline_queue.values import Change, IntentNumber, SaleChanged, ValueStored
from pengpos.core.sale import Sale, SaleState
from workshop.samples.journal import HeldClock, SaleMaker, moved

BODY = bytes(range(256)) * 2  # 512 bytes, as in the usual comparisons of queues
AT_MOST_ONCE = "; deletes when it hands out: at most once"


@dataclass(frozen=True)
class Contender:
    """Something that makes items durable. `fill` makes so many wait; `take` takes one and acknowledges it."""

    name: str
    less: str
    """What it does not do."""
    put: Callable[[], object]
    fill: Callable[[int], object]
    take: Callable[[], object]
    close: Callable[[], object]


def _filling(put: Callable[[], object]) -> Callable[[int], None]:
    def fill(count: int) -> None:
        for _ in range(count):
            put()

    return fill


def plain_sqlite(directory: Path) -> Contender:
    """The standard library's sqlite3 with a random unique key and a partial index on what waits."""
    connection = sqlite3.connect(directory / "plain.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE item (no INTEGER PRIMARY KEY, key BLOB UNIQUE, waits INTEGER, body BLOB)")
    connection.execute("CREATE INDEX waiting ON item (no) WHERE waits")

    def put() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO item (key, waits, body) VALUES (?, 1, ?)", (os.urandom(16), BODY))
        connection.execute("COMMIT")

    def take() -> None:
        no, _ = connection.execute("SELECT no, body FROM item WHERE waits ORDER BY no LIMIT 1").fetchone()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE item SET waits = 0 WHERE no = ?", (no,))
        connection.execute("COMMIT")

    return Contender("sqlite3, WAL FULL", "no cipher, no chain, one table", put, _filling(put), take, connection.close)


class JournalThread:
    """The journal's writer without its thread: what one commit costs, waiting and waking left away."""

    def __init__(self, path: Path) -> None:
        key = os.urandom(32)
        create(path, key, HeldClock(), read_boot_id())
        self._writer = Writer(path, key, HeldClock(), read_boot_id())
        self._writer.open()
        self._lives = lives(lambda: IntentNumber(self._writer.numbers.epoch, self._writer.numbers.counter + 1))
        self.close = self._writer.close

    def append(self) -> None:
        """A row of 512 bytes, chained and encrypted."""
        self._commit(ValueStored(kind="bench", key="", body=BODY))

    def arrow(self) -> None:
        """The next of a sale's four rows, with all that follows from it."""
        self._commit(SaleChanged(sale=next(self._lives), why=""))

    def _commit(self, change: Change) -> None:
        request = Request([(change, parts_of(change))])
        self._writer.commit([request])
        self._writer.fold(idle=True)
        request.future.result()


def lives(next_number: Callable[[], IntentNumber]) -> Iterator[Sale]:
    """Sales one after the other, each as signed, presented, authorised and approved."""
    maker = SaleMaker(secrets.randbits(32))
    while True:
        sale = maker.signed(next_number())
        yield sale
        sale = moved(sale, SaleState.PRESENTED)
        yield sale
        sale = maker.authorised(sale)
        yield sale
        yield maker.approved(sale)


def journal(instance: Journal) -> Contender:
    """The journal as the daemon uses it, through its thread. What waits is sales accepted offline."""
    maker = SaleMaker(secrets.randbits(32))

    def put() -> None:
        instance.record([ValueStored(kind="bench", key="", body=BODY)]).result()

    def fill(count: int) -> None:
        for _ in range(count):
            sale = moved(maker.authorised(maker.signed(instance.next_counter())), SaleState.ACCEPTED_OFFLINE)
            instance.record([SaleChanged(sale=sale, why="")]).result()

    def take() -> None:
        entry = instance.queue_entries(limit=1)[0]
        instance.record([SaleChanged(sale=maker.approved(entry.sale), why="")]).result()

    return Contender("pengpos journal", "", put, fill, take, lambda: None)


def peers(directory: Path) -> list[Contender]:
    """Those of the known queues on SQLite that are installed."""
    found = []
    for make in (_persist_queue, _huey, _litequeue, _diskcache):
        try:
            found.append(make(directory))
        except ImportError:
            continue
    return found


def _persist_queue(directory: Path) -> Contender:
    queue: Any = importlib.import_module("persistqueue").SQLiteAckQueue(str(directory / "persist"), auto_commit=True)
    queue._conn.execute("PRAGMA synchronous = FULL")  # noqa: SLF001 -- it offers no setting for it
    return _peer("persist-queue", lambda: queue.put(BODY), lambda: queue.ack(queue.get()), queue.close)


def _huey(directory: Path) -> Contender:
    huey: Any = importlib.import_module("huey.storage")
    storage = huey.SqliteStorage(filename=str(directory / "huey.db"), fsync=True)
    return _peer("huey SqliteStorage", lambda: storage.enqueue(BODY), storage.dequeue, storage.close, AT_MOST_ONCE)


def _litequeue(directory: Path) -> Contender:
    queue: Any = importlib.import_module("litequeue").LiteQueue(str(directory / "lite.db"))
    queue.conn.execute("PRAGMA synchronous = FULL")
    text = BODY.decode("latin-1")
    return _peer("litequeue", lambda: queue.put(text), lambda: queue.done(queue.pop().message_id), queue.conn.close)


def _diskcache(directory: Path) -> Contender:
    deque: Any = importlib.import_module("diskcache").Deque(directory=str(directory / "deque"))
    deque.cache.reset("sqlite_synchronous", 2)
    return _peer("diskcache.Deque", lambda: deque.append(BODY), deque.popleft, deque.cache.close, AT_MOST_ONCE)


def _peer(
    name: str, put: Callable[[], object], take: Callable[[], object], close: Callable[[], object], less: str = ""
) -> Contender:
    return Contender(name, f"no cipher, no chain{less}", put, _filling(put), take, close)
