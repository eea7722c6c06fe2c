# SPDX-License-Identifier: Apache-2.0
"""What is searched of sales follows the rows in bulk: every reader sees the newest rows all the same."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from offline_queue.journal import writer
from offline_queue.journal.connection import Connection, connect, connect_read_only
from offline_queue.journal.journal import Journal
from offline_queue.journal.reader import JournalReader
from offline_queue.journal.recent import catch_up, follow
from offline_queue.values import ChangeRefusedError, SaleChanged, SaleQuery, Verified
from pengpos.core.errors import JournalCorruptError
from pengpos.core.sale import Refund, RefundState, Sale, SaleState
from workshop.samples.journal import NOON, HeldClock, SaleMaker, moved, store

KEY = bytes(32)
WALLET = b"walletk1"
PAGE_IN_LOG = 4_096 + 24
TABLES = ("sale", "intent", "refund", "wallet_key")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db", key=KEY, clock=HeldClock()) as journal:
        yield journal


def on_the_medium(path: Path) -> list[int]:
    """How many entries the tables have, without what the newest rows say."""
    with closing(connect_read_only(path, KEY)) as connection:
        return [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES]


def day(journal: Journal) -> list[Sale]:
    """Sales in several states, one refunded; each arrow in a commit of its own."""
    maker, sales = SaleMaker(), []
    for n, last in enumerate((SaleState.PRESENTED, SaleState.ACCEPTED_OFFLINE, SaleState.DECLINED_AT_SYNC)):
        sale = maker.signed(journal.next_counter(), at=NOON + n)
        store(journal, sale)
        sale = moved(sale, SaleState.PRESENTED)
        store(journal, sale)
        if last is not SaleState.PRESENTED:
            sale = moved(maker.authorised(sale, kid=WALLET, counter=n), SaleState.ACCEPTED_OFFLINE)
            store(journal, sale)
        if last is SaleState.DECLINED_AT_SYNC:
            sale = moved(sale, last)
            store(journal, sale)
        sales.append(sale)
    refund = Refund(
        refund_id=UUID(int=7), idempotency_key="r", amount_minor=80, reason="", at=NOON, state=RefundState.DONE
    )
    sale = maker.approved(maker.authorised(maker.signed(journal.next_counter()), kid=b"walletk2"))
    store(journal, sale)
    sale = replace(sale, refunds=(refund,))
    store(journal, sale)
    return [*sales, sale]


def answers(reader: JournalReader, sales: list[Sale]) -> list[object]:
    """All that is searched."""
    return [
        *[reader.sale(sale.sale_id) for sale in sales],
        *[reader.sale_by_key(sale.idempotency_key) for sale in sales],
        *[reader.sale_by_intent(sale.intent.intent_id) for sale in sales],
        reader.open_sales(), reader.unsent(), reader.queue_entries(), reader.queue_totals("CNY"),
        reader.wallet_counter(WALLET), reader.wallet_usage(WALLET, "CNY"), reader.wallet_counter(b"unknown!"),
        reader.day_totals(NOON - 9, NOON + 9, "CNY"), reader.given_back_minor(NOON - 9, NOON + 9, "CNY"),
        reader.search(SaleQuery(limit=3)), reader.search(SaleQuery(number=sales[1].number)),
        reader.search(SaleQuery(refunded_from_utc=NOON, refunded_to_utc=NOON + 1)),
        reader.lacks([sale.intent.intent_id for sale in sales]), reader.verify(),
    ]  # fmt: skip


def test_a_row_of_a_sale_goes_into_the_journal_alone_and_is_seen_at_once(journal: Journal) -> None:
    sales = day(journal)
    assert on_the_medium(journal.path) == [0, 0, 0, 0]
    assert [journal.sale(sale.sale_id) for sale in sales] == sales
    assert [sale.state for sale in journal.search(SaleQuery()).sales] == [sale.state for sale in reversed(sales)]
    assert journal.wallet_usage(WALLET, "CNY").blocked


def test_every_answer_is_the_same_before_the_tables_follow_and_after(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal:
        sales = day(journal)
        before = answers(journal, sales)
        with JournalReader(path, KEY) as reader:  # as `pengpos queue` beside the daemon
            assert answers(reader, sales) == before
    assert on_the_medium(path) == [4, 4, 1, 2]
    with JournalReader(path, KEY) as reader:
        assert answers(reader, sales) == before


def test_a_reader_that_was_there_before_the_tables_followed_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.db"
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal, JournalReader(path, KEY) as reader:
        first = day(journal)
        assert reader.sale(first[0].sale_id) == first[0]
        monkeypatch.setattr(writer, "FOLD_ROWS_AT_MOST", 1)
        second = moved(first[0], SaleState.CANCELLED)
        store(journal, second)
        third = SaleMaker(9).signed(journal.next_counter())
        store(journal, third)  # behind the folding after `second`, by the same thread
        assert on_the_medium(path)[0] >= 4
        assert reader.sale(second.sale_id) == second
        assert reader.sale(third.sale_id) == third
        assert len(reader.search(SaleQuery()).sales) == 5


def test_after_a_kill_the_tables_lag_and_nothing_is_missing(tmp_path: Path) -> None:
    path, copy = tmp_path / "journal.db", tmp_path / "copy" / "journal.db"
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal:
        sales = day(journal)
        before = answers(journal, sales)
        copy.parent.mkdir()
        for name in ("journal.db", "journal.db-wal", "journal.db.head"):
            shutil.copyfile(path.with_name(name), copy.with_name(name))
    with Journal.open(copy, key=KEY, clock=HeldClock()) as journal:
        assert answers(journal, sales) == before
        twin = replace(SaleMaker(9).signed(journal.next_counter()), idempotency_key=sales[0].idempotency_key)
        with pytest.raises(ChangeRefusedError, match="another sale"):
            store(journal, twin)
        store(journal, moved(sales[1], SaleState.FORWARDING))
        assert journal.verify().sales == 4


def test_a_journal_of_the_version_before_opens_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal:
        sales = day(journal)
        before = answers(journal, sales)
    with closing(connect(path, KEY)) as connection:
        connection.execute("DROP TABLE projected")
        connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'm003_tables_follow'")
    with JournalReader(path, KEY) as reader:
        assert answers(reader, sales) == before
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal:
        assert answers(journal, sales) == before
        accepted = moved(sales[1], SaleState.FORWARDING)
        store(journal, accepted)
        assert journal.unsent() == [accepted]
        assert journal.verify().sales == 4


def test_a_table_that_claims_to_follow_rows_that_are_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal:
        rows = store(journal, SaleMaker().signed(journal.next_counter())).head.seq
    with closing(connect(path, KEY)) as connection:
        connection.execute("UPDATE projected SET seq = 99")
    with JournalReader(path, KEY) as reader, pytest.raises(JournalCorruptError) as trouble:
        reader.verify()
    assert trouble.value.seq == rows + 1


def test_following_twice_and_catching_up_twice_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with Journal.open(path, key=KEY, clock=HeldClock()) as journal:
        sales = day(journal)
        wanted: Verified = journal.verify()
    with closing(connect(path, KEY)) as connection:
        connection.execute("UPDATE projected SET seq = 1")  # as if it had never come to it
        _follow_and_catch_up(connection)
        _follow_and_catch_up(connection)
    with JournalReader(path, KEY) as reader:
        assert reader.verify() == wanted
        assert [reader.sale(sale.sale_id) for sale in sales] == sales


def _follow_and_catch_up(connection: Connection) -> None:
    so_far = follow(connection, None) if "recent_sale" not in _temporary(connection) else None
    assert so_far is None or follow(connection, so_far) == so_far
    connection.execute("BEGIN IMMEDIATE")
    catch_up(connection)
    connection.execute("COMMIT")


def _temporary(connection: Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM temp.sqlite_master")}


def test_a_sale_of_four_rows_writes_at_most_seven_pages_to_the_log(journal: Journal) -> None:
    maker, count = SaleMaker(), 30
    store(journal, maker.signed(journal.next_counter()))
    log = journal.path.with_name("journal.db-wal")
    before = log.stat().st_size
    for _ in range(count):
        sale = maker.signed(journal.next_counter())
        journal.record([SaleChanged(sale=sale, why="amount confirmed")]).result(10)
        sale = moved(sale, SaleState.PRESENTED)
        journal.record([SaleChanged(sale=sale, why="FieldEmpty")]).result(10)
        sale = maker.authorised(sale)
        journal.record([SaleChanged(sale=sale, why="ReplyAccepted")]).result(10)
        journal.record([SaleChanged(sale=maker.approved(sale), why="Approved")]).result(10)
    assert (log.stat().st_size - before) / PAGE_IN_LOG / count <= 7
