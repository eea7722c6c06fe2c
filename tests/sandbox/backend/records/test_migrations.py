# SPDX-License-Identifier: Apache-2.0
"""Migrations: they make what the tables say, and a database filled by an older version keeps what is in it."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError

from pengpos.wire.objects.authorisation import Funding
from sandbox import backend
from sandbox.backend.ledger import ledger
from sandbox.backend.ledger.ledger import Account
from sandbox.backend.records.database import Database
from sandbox.backend.records.tables import AccountKind, Base, PostingKind, WalletCredentialRow
from tests.support import postgres
from tests.support.backend import in_process
from tests.support.dues import owing
from tests.support.exporting_device import approve_all
from tests.support.squatter import squat, squatting_till

FILLED_AT_0004 = Path(__file__).with_name("filled_at_0004.sql")
BROKEN_RULES = {
    "a shopper below zero": "UPDATE ledger_accounts SET balance_minor = -1 WHERE kind = 'shopper'",
    "more refunded than taken": "UPDATE payments SET refunded_minor = taken_minor + 1",
    "a due above its sum": "UPDATE dues SET to_guarantor_minor = amount_minor + 1",
    "an open due that moved money": "UPDATE dues SET state = 'open' WHERE state = 'paid'",
    "an intent booked twice": "INSERT INTO payments SELECT id + 99, {columns} FROM payments WHERE status = 'approved'",
}

Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture
def postgres_url(server_url: str) -> str:
    name = f"migrated_{uuid4().hex}"
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def filled_at_0004(tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "filled.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(FILLED_AT_0004.read_text(encoding="utf-8"))
    connection.close()
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


def rows_of(database: Database) -> Rows:
    """Every row of every table, the version's own apart; columns in the table's order."""
    with database.engine.connect() as connection:
        names = set(inspect(connection).get_table_names()) - {"alembic_version"}
        found = {name: connection.execute(text(f"SELECT * FROM {name}")) for name in names}
        return {name: sorted((tuple(row) for row in rows), key=repr) for name, rows in found.items()}


def as_wide_as(older: Rows, rows: Rows) -> Rows:
    """What of these rows an older version knew: its tables, and of each the columns that were not added since."""
    wide = {name: len(found[0]) for name, found in older.items() if found}
    return {name: sorted((row[: wide.get(name, 0)] for row in rows[name]), key=repr) for name in older}


def revise(database: Database, revision: str) -> None:
    """Back to an older version."""
    with database.engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(backend.__path__[0]) / "records" / "migrations"))
    config.attributes["connection"] = connection
    return config


def breaks(database: Database, rule: str) -> None:
    with database.engine.connect() as connection:
        columns = [column["name"] for column in inspect(connection).get_columns("payments")][1:]
        connection.execute(text(BROKEN_RULES[rule].format(columns=", ".join(columns))))


def test_they_make_what_the_tables_say(database_url: str) -> None:
    database = Database(database_url)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    database.close()


def test_migrating_again_changes_nothing(filled_at_0004: Database) -> None:
    filled_at_0004.migrate()
    before = rows_of(filled_at_0004)
    filled_at_0004.migrate()
    assert rows_of(filled_at_0004) == before


def test_a_database_filled_at_0004_keeps_every_row(filled_at_0004: Database) -> None:
    before = rows_of(filled_at_0004)
    with filled_at_0004.engine.begin() as connection:
        command.upgrade(_config(connection), "0008")
    after = rows_of(filled_at_0004)
    assert as_wide_as(before, after) == before
    assert after["intents"] == [(*row, row[0]) for row in before["intents"]]  # each has its own id
    with filled_at_0004.engine.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    assert all(before[table] for table in ("payments", "refunds", "dues", "entries", "vouchers", "splits", "purses"))
    with filled_at_0004.read() as session:
        assert ledger.check(session).balanced
        assert ledger.balances(session, ledger.Account(AccountKind.GUARANTEE)) == {"CNY": -10_00}


def test_money_is_set_aside_for_the_keys_that_may_promise_it_and_freed_on_the_way_back(
    filled_at_0004: Database,
) -> None:
    filled_at_0004.migrate()
    revise(filled_at_0004, "0008")
    before = rows_of(filled_at_0004)
    filled_at_0004.migrate()
    with filled_at_0004.read() as session:
        assert ledger.check(session).balanced
        keys = session.scalars(select(WalletCredentialRow).where(WalletCredentialRow.allowance_minor > 0)).all()
        kept = {key.kid: ledger.balance(session, Account(AccountKind.SET_ASIDE, key.kid), "CNY") for key in keys}
        left = {key.kid: ledger.balance(session, Account(AccountKind.SHOPPER, key.account_id), "CNY") for key in keys}
        assert len(keys) > 3
        for key in keys:
            assert kept[key.kid] == key.allowance_minor or left[key.kid] == 0, "as far as there was money"
            assert key.claimable_until == (key.expires_at + 7 * 86_400 + 600 if kept[key.kid] else None)
        assert any(kept.values())
        assert min(left.values()) >= 0
    revise(filled_at_0004, "0008")
    assert rows_of(filled_at_0004) == before


@pytest.mark.parametrize("rule", BROKEN_RULES)
def test_its_rules_are_still_constraints(filled_at_0004: Database, rule: str) -> None:
    filled_at_0004.migrate()
    with pytest.raises(IntegrityError):
        breaks(filled_at_0004, rule)


def test_its_words_are_members_of_their_lifecycles(filled_at_0004: Database) -> None:
    filled_at_0004.migrate()
    with filled_at_0004.read() as session:
        for mapper in Base.registry.mappers:
            session.query(mapper.class_).all()  # a word that no lifecycle has would raise LookupError
        kinds = set(session.scalars(text("SELECT DISTINCT kind FROM postings")))
    assert kinds <= set(PostingKind)


def test_processes_that_start_at_once_on_an_empty_postgresql_all_start(postgres_url: str) -> None:
    databases = [Database(postgres_url) for _ in range(4)]
    with ThreadPoolExecutor(len(databases)) as at_once:
        for started in [at_once.submit(database.migrate) for database in databases]:
            started.result()
    with databases[0].engine.connect() as connection:
        newest = ScriptDirectory.from_config(_config(connection)).get_current_head()
        assert MigrationContext.configure(connection).get_current_revision() == newest
    for database in databases:
        database.close()


def test_postgresql_keeps_every_row_and_rule_too(postgres_url: str) -> None:
    with in_process(postgres_url) as shop:
        database = shop.backend.db
        owed = owing(shop, guaranteed=10_00)
        owed.earns(18_80)
        assert owed.says("pay") == "paid"
        owed.till.pay(owed.till.sale(3_00), shop.wallet())
        revise(database, "0008")
        before = rows_of(database)
        revise(database, "0004")
        with database.engine.connect() as connection:
            assert "amount" in {column["name"] for column in inspect(connection).get_columns("payments")}
        assert rows_of(database) == as_wide_as(rows_of(database), before)
        database.migrate()
        shop.begin_again()
        assert shop.operator.ledger_is_balanced()
        revise(database, "0008")
        assert rows_of(database) == before
        database.migrate()
        for rule in BROKEN_RULES:
            with pytest.raises(IntegrityError):
                breaks(database, rule)


@pytest.mark.parametrize("what", ["intents", "refunds"])
def test_a_version_without_room_for_an_id_of_two_terminals_is_not_gone_back_to(database_url: str, what: str) -> None:
    with in_process(database_url) as shop:
        till, other, wallet = shop.till(), squatting_till(shop), shop.wallet()
        sale, refund_id = till.sale(18_80), str(uuid4())
        theirs = squat(other, sale) if what == "intents" else other.sale(5_00)
        for who, of in ((till, sale), (other, theirs)):
            who.pay(of, wallet)
            who.refund(of, None, refund_id if what == "refunds" else None)
        before = rows_of(shop.backend.db)
        with pytest.raises(RuntimeError, match=what):
            revise(shop.backend.db, "0005")
        assert rows_of(shop.backend.db) == before


def test_a_database_from_before_dues_keeps_what_is_in_it(database_url: str) -> None:
    with in_process(database_url) as shop:
        owed = owing(shop)
        revise(shop.backend.db, "0002")
        with shop.backend.db.engine.connect() as connection:
            assert "dues" not in inspect(connection).get_table_names()
        shop.backend.db.migrate()
        shop.begin_again()
        assert (owed.dues(), owed.told(), owed.sent_again()["status"]) == ([], None, "declined")
        newer = owing(shop)
        newer.earns(18_80)
        assert (newer.says("pay"), shop.operator.ledger_is_balanced()) == ("paid", True)


def test_what_cancels_of_before_gave_back_counts_on_but_for_what_a_person_approved(database_url: str) -> None:
    with in_process(database_url) as shop:
        till, wallet = shop.till(), shop.wallet()
        path = f"/terminals/{till.terminal_id}/settings"
        shop.operator.call("PUT", path, {"limits": {"per_refund": 20_00, "refunds_per_day": 30_00}})
        plain, reviewed, last = till.sale(18_80), till.sale(20_01), till.sale(11_21)
        for sale in (plain, reviewed, last):
            till.pay(sale, wallet)
        assert [till.cancel(sale).json()["status"] for sale in (plain, reviewed)] == ["cancelled", "held"]
        assert approve_all(shop) == 1
        revise(shop.backend.db, "0021")
        shop.backend.db.migrate()
        shop.begin_again()
        assert till.cancel(last).json()["status"] == "held"
        assert till.refund(last, 11_20).json()["state"] == "done"


def test_a_purse_of_before_has_spent_what_its_payments_took(database_url: str) -> None:
    with in_process(database_url) as shop:
        till, wallet = shop.till(), shop.wallet()
        purse = wallet.call("POST", "/purses", {"name": "周末"}).json()["purse_id"]
        wallet.call("POST", f"/purses/{purse}/deposits", {"amount": 50_00, "currency": "CNY"})
        sale = till.sale(12_00)
        till.pay(sale, wallet, wallet.authorise(sale, funding=Funding.SHARED_PURSE))
        till.refund(sale, 5_00)
        revise(shop.backend.db, "0025")
        shop.backend.db.migrate()
        shop.begin_again()
        assert [seen["spent"] for seen in wallet.call("GET", "/purses").json()["purses"]] == [7_00]
