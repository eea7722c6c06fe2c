# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL that stops, restarts, becomes a standby or stands still: what is done again, and what is an error."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from uuid import uuid4

import pytest
from sqlalchemy import Connection, create_engine, event, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from sandbox.backend.operators import roster
from sandbox.backend.records import postgres, seed
from sandbox.backend.records.database import Database
from sandbox.backend.records.tables import MerchantRow
from tests.support import postgres as real
from tests.support.counter import until

AT_ONCE = 8
ADD_ONE = text("UPDATE counted SET number = number + 1 RETURNING number")
END_ME = text("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.fixture(scope="module")
def server() -> Iterator[real.Server]:
    with real.restartable() as started:
        yield started


@pytest.fixture
def url(server: real.Server) -> str:
    name = f"counted_{uuid4().hex}"
    engine = create_engine(server.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(server.url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """With one row that is counted up."""
    opened = Database(url)
    opened.write(lambda session: session.execute(text("CREATE TABLE counted AS SELECT 0 AS number")))
    yield opened
    opened.close()


def number(database: Database) -> int:
    with database.read() as session:
        return int(session.execute(text("SELECT number FROM counted")).scalar_one())


def add_one(session: Session) -> int:
    return int(session.execute(ADD_ONE).scalar_one())


def setting(database: Database, name: str, *, long: bool = False) -> str:
    with database.read(long=long) as session:
        return str(session.execute(text(f"SHOW {name}")).scalar_one())


def test_many_that_start_on_an_empty_database_at_once_all_come_up(url: str) -> None:
    def start(worker: int) -> str:
        database = Database(url)
        database.migrate()
        database.write(seed.seed)
        assert database.write(lambda session: roster.keep_root(session, "the same", now=worker))
        with database.read() as session:
            found = session.scalars(select(MerchantRow.id)).all()
        database.close()
        return ",".join(found)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert list(pool.map(start, range(AT_ONCE))) == [seed.MERCHANT_ID] * AT_ONCE


@pytest.mark.parametrize(
    ("said", "name", "becomes"),
    [
        ("", "target_session_attrs", "read-write"),
        ("", "connect_timeout", "3"),
        ("&target_session_attrs=any", "target_session_attrs", "any"),
        ("&connect_timeout=30", "connect_timeout", "30"),
        ("&options=-c%20statement_timeout%3D1s", "options", "-c statement_timeout=1s"),
    ],
)
def test_what_a_url_does_not_say_is_said_for_it(said: str, name: str, becomes: str) -> None:
    url = make_url(f"postgresql+psycopg://pengpos@/pengpos?host=one:5432&host=two:5432{said}")
    made = postgres.with_parameters(url)
    assert (made.query[name], made.query["host"]) == (becomes, ("one:5432", "two:5432"))


def test_no_statement_and_no_idle_transaction_lasts_for_ever(database: Database) -> None:
    assert setting(database, "statement_timeout") == f"{postgres.STATEMENT_S}s"
    assert setting(database, "idle_in_transaction_session_timeout") == "20s"
    assert setting(database, "statement_timeout", long=True) == "10min"
    assert setting(database, "statement_timeout") == f"{postgres.STATEMENT_S}s", "for that transaction alone"


def test_after_a_restart_of_the_server_the_next_call_finds_it(server: real.Server, database: Database) -> None:
    database.write(add_one)
    server.stop()
    with pytest.raises(OperationalError):
        database.write(add_one)
    server.start()
    assert database.write(add_one) == 2


def test_what_is_cut_short_before_its_commit_is_done_once_more(database: Database) -> None:
    tries = []

    def work(session: Session) -> int:
        tries.append(add_one(session))
        if len(tries) == 1:
            session.execute(END_ME)
        return tries[-1]

    assert database.write(work) == 1
    assert (tries, number(database)) == ([1, 1], 1)


def test_what_is_cut_short_each_time_is_an_error(database: Database) -> None:
    tries = []

    def work(session: Session) -> None:
        tries.append(add_one(session))
        session.execute(END_ME)

    with pytest.raises(DBAPIError):
        database.write(work)
    assert (tries, number(database)) == ([1, 1], 0)


def test_a_commit_without_an_answer_is_never_done_again(database: Database) -> None:
    """The connection breaks with the commit: it may hold or not, and only who asked can tell by asking again."""
    tries = []

    def commit_and_break(connection: Connection) -> None:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql(END_ME.text)

    def work(session: Session) -> None:
        event.listen(database.engine, "commit", commit_and_break, once=True)
        tries.append(add_one(session))

    with pytest.raises(OperationalError):
        database.write(work)
    assert (tries, number(database)) == ([1], 1)


def test_a_leader_that_has_become_a_standby_is_given_up(database: Database) -> None:
    """As after a switchover: the pool's connections still lead to a server, which takes no changes any more."""
    tries = []

    def work(session: Session) -> int:
        tries.append(pid_of(session))
        if len(tries) == 1:
            session.execute(text("SET TRANSACTION READ ONLY"))
        return add_one(session)

    assert database.write(work) == 1
    assert len(set(tries)) == 2, "the same connection again"


def test_a_server_that_stands_still_is_left_for_another(database: Database) -> None:
    with database.read() as session:
        idle = pid_of(session)
    with stopped(idle), postgres.within(0.2):
        assert database.write(add_one) == 1, "the pool looks whether a connection lives"


def test_a_statement_without_an_answer_is_done_once_more(database: Database) -> None:
    tries: list[int] = []
    with ExitStack() as frozen:

        def work(session: Session) -> int:
            tries.append(pid_of(session))
            if len(tries) == 1:
                frozen.enter_context(stopped(tries[0]))
            return add_one(session)

        with postgres.within(0.2):
            assert database.write(work) == 1
    assert len(set(tries)) == 2
    assert number(database) == 1, "what stood still was not committed when it went on"


def test_a_commit_is_waited_for_no_longer_and_never_cancelled(database: Database) -> None:
    """A cancelled commit would be one that the next leader may lack: it must come to its end by itself."""
    tries: list[int] = []
    with ExitStack() as frozen:

        def stop_before_commit(_connection: Connection) -> None:
            frozen.enter_context(stopped(tries[0]))

        def work(session: Session) -> None:
            tries.append(pid_of(session))
            event.listen(database.engine, "commit", stop_before_commit, once=True)
            add_one(session)

        with postgres.within(0.2), pytest.raises(OperationalError, match=r"no answer of the database within 0.2 s"):
            database.write(work)
        assert number(database) == 0
    until(lambda: number(database) == 1, "the commit is done")
    assert len(tries) == 1


def pid_of(session: Session) -> int:
    return int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """The server's process for one connection stands still."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
