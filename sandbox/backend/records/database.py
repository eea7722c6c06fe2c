# SPDX-License-Identifier: Apache-2.0
"""Runs transactions on SQLite or PostgreSQL; the only module that knows which of the two it is.

SQLite: WAL, ``synchronous=FULL``, ``BEGIN IMMEDIATE`` for a transaction that writes, one after the other in the order
in which they came. PostgreSQL: READ COMMITTED with row locks and unique constraints; a deadlock or serialisation
failure is tried again from the start, and so is, once, what was cut short before its commit was sent. Where the commit
was sent and no answer came, nobody here knows whether it holds: that is an error, and whoever asked sends it again.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event, literal, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from sandbox.backend.errors import BackendError, TwoContentsError
from sandbox.backend.records import postgres
from sandbox.backend.records.hints import Hints
from sandbox.backend.records.tables import Base
from sandbox.backend.records.together import Together, TransactionGoneError
from sandbox.backend.records.turns import Turns

T = TypeVar("T")
R = TypeVar("R", bound=Base)

_TRIES = 8
_TRIES_WHEN_CUT_SHORT = 2
_RETRIED_SQLSTATES = frozenset({"40001", "40P01", "23505"})
"""Serialisation failure, deadlock, and a unique constraint that a concurrent transaction was first to meet."""
_READ_ONLY = "pengpos_read_only"
_WAIT_S = 30
"""For SQLite's write lock, first among the threads here, then behind another process."""
_PAGE_SIZE = "page_size=1024"
"""Of a new database of SQLite; one that is there keeps its own. A payment touches thirty pages, and little in each."""
_LONG_S = postgres.LONG_S + 10
_MIGRATING = 0x70656E67
"""PostgreSQL's advisory lock of who brings the schema up to date; any number that others do not use."""


class RaceLostError(BackendError):
    """Another transaction was first; this one is undone and begins again, seeing what the other did."""


class Database:
    """One database of the backend. `wake` is called with a terminal id after a commit that left it an event."""

    def __init__(self, url: str, *, wake: Callable[[str], None] = lambda _: None) -> None:
        self.engine = _engine(make_url(url))
        self._wake = wake
        self.begins_with: Callable[[Session], None] | None = None
        """What each transaction that writes does first (`only_while`)."""
        self._turns = Turns() if self.engine.dialect.name == "sqlite" else None
        self.hints = Hints(self.engine) if self._turns is None else None
        self._together = Together(self._for_all, _savepoint, 2 * _WAIT_S)

    def only_while(self, check: Callable[[Session], None]) -> Self:
        """The same database; each of its transactions that writes begins with `check`, which raises where it is over.

        What `check` has locked stays as it was until the transaction ends.
        """
        same = copy(self)
        same.begins_with = check
        return same

    def migrate(self) -> None:
        """Bring the schema up to date (Alembic); safe to call at each start, also of several processes at once."""
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with postgres.within(_LONG_S), self.engine.begin() as connection:
            if self._turns is None:
                postgres.take_long(connection)
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def write(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one transaction and return what it returns; it may run again after a deadlock.

        An exception of `work` rolls everything back, but a TwoContentsError: with it what was done before is committed.
        Raises NoTurnError if those before it took too long.
        """
        checked = work if self.begins_with is None else partial(_checked, self.begins_with, work)
        done = self._write(partial(_refusing, checked))
        if isinstance(done, TwoContentsError):
            raise done
        return done

    def _write(self, work: Callable[[Session], T]) -> T:
        for attempt in range(1, _TRIES + 1):
            turn = nullcontext() if self._turns is None else self._turns.one(_WAIT_S)
            with turn, _Keeping(self.engine, expire_on_commit=False) as session:
                is_sent = False
                try:
                    result = work(session)
                    session.flush()
                    is_sent = True
                    session.commit()
                except (DBAPIError, RaceLostError) as error:
                    if attempt >= _tries(error, is_sent=is_sent):
                        raise
                    continue
                for terminal_id in session.info.pop("wake", ()):
                    self._left_an_event(terminal_id)
                return result
        raise AssertionError("unreachable: the last try returns or raises")

    def write_in_order(
        self, works: Sequence[Callable[[Connection], T]], *, wake: str
    ) -> tuple[list[T], Exception | None]:
        """Run statements, and return what each piece of work returns, up to the first that raises; and that error.

        On SQLite in one transaction, which others' work may share; on PostgreSQL, where rows are locked, each in its
        own. Of a piece that raises nothing is left; when this returns, what was done before it has been committed.
        `wake`: the terminal for which they leave events. Raises as `write`; then nothing is done of the piece.
        """
        if self._turns is not None and self.begins_with is None:
            done, error = self._together.do(works)
        else:
            done, error = [], None
            for work in works:
                try:
                    done.append(self.write(lambda session, work=work: work(session.connection())))  # type: ignore[misc]  # bound now
                except (BackendError, DBAPIError) as raised:
                    error = raised
                    break
        if done:
            self._left_an_event(wake)
        return done, error

    @contextmanager
    def _for_all(self) -> Iterator[Connection]:
        assert self._turns is not None
        with self._turns.one(_WAIT_S), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self, *, long: bool = False) -> Iterator[Session]:
        """A session that only reads; on SQLite it takes no write lock. `long`: it may add whole tables up."""
        limit_s = _LONG_S if long else postgres.ANSWER_S
        with (
            postgres.within(limit_s),
            self.engine.connect().execution_options(**{_READ_ONLY: True}) as connection,
            _Keeping(connection) as session,
        ):
            if long and self._turns is None:
                postgres.take_long(connection)
            yield session

    def _left_an_event(self, terminal_id: str) -> None:
        self._wake(terminal_id)
        if self.hints is not None:
            self.hints.note(terminal_id)

    def close(self) -> None:
        """Give all connections back."""
        if self.hints is not None:
            self.hints.close()
        self.engine.dispose()


def _checked(check: Callable[[Session], None], work: Callable[[Session], T], session: Session) -> T:
    check(session)
    return work(session)


def _refusing(work: Callable[[Session], T], session: Session) -> T | TwoContentsError:
    try:
        return work(session)
    except TwoContentsError as error:
        return error


@contextmanager
def _savepoint(connection: Connection) -> Iterator[None]:
    """For SQLite, by the driver alone: a part of a transaction that has its own fate."""
    driver: Any = connection.connection.driver_connection
    driver.execute("SAVEPOINT part")
    try:
        yield
    except Exception as error:
        if not driver.in_transaction:
            raise TransactionGoneError from error
        driver.execute("ROLLBACK TO part")
        raise
    finally:
        if driver.in_transaction:
            driver.execute("RELEASE part")


class _Keeping(Session):
    """Keeps what it has loaded until it ends: a row that was read once is not read again because nobody held it."""


@event.listens_for(_Keeping, "loaded_as_persistent")
@event.listens_for(_Keeping, "pending_to_persistent")
def _keep(session: Session, row: object) -> None:
    session.info.setdefault("kept", []).append(row)


def insert_if_new(session: Session, model: type[Base], **values: Any) -> bool:
    """Insert a row unless a unique constraint already holds one; True if it was inserted.

    A concurrent insert of the same key is waited for, so that a following SELECT sees it.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(model).values(**values).on_conflict_do_nothing().returning(literal(1))
    return session.connection().execute(statement).first() is not None


def new_row(session: Session, model: type[R], **values: Any) -> R | None:
    """As `insert_if_new`; the row, or None."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(model).values(**values).on_conflict_do_nothing().returning(model)
    return session.scalars(statement).one_or_none()


def _tries(error: DBAPIError | RaceLostError, *, is_sent: bool) -> int:
    """How often a transaction that failed so may be tried in all; `is_sent`: its commit, which may hold."""
    if isinstance(error, RaceLostError) or getattr(error.orig, "sqlstate", None) in _RETRIED_SQLSTATES:
        return _TRIES
    return _TRIES_WHEN_CUT_SHORT if not is_sent and postgres.is_undone(error) else 1


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        engine = create_engine(postgres.with_parameters(url), pool_size=20, max_overflow=20, pool_pre_ping=True)
        postgres.prepare(engine)
        return engine
    # SQLite 3.53 comes with sqlcipher3; Debian 12's own can corrupt a WAL that two connections write (WAL-reset bug).
    from sqlcipher3 import dbapi2  # heavy, and needed for SQLite only

    dbapi: type[sqlite3.Connection] = dbapi2
    engine = create_engine(
        url, module=dbapi, connect_args={"check_same_thread": False, "timeout": _WAIT_S}, pool_size=20, max_overflow=20
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN is deferred; ours is in _begin_sqlite
    for pragma in (_PAGE_SIZE, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    deferred = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if deferred else "BEGIN IMMEDIATE")
