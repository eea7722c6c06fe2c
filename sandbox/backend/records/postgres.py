# SPDX-License-Identifier: Apache-2.0
"""How the backend speaks with PostgreSQL where that may fail over: to the leader only, and for ever for nothing.

A server whose machine stands still answers nothing and breaks no connection; its kernel even acknowledges what is
sent. So every wait has an end here, and what ends it is that the connection is dropped. No statement is ever cancelled:
a cancelled wait for the synchronous standby is answered as a commit (PostgreSQL, "Synchronous Replication"), and a
commit that no standby has is lost with its leader. Who hears nothing sends the same again, which is known by its id.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeVar

import psycopg
from psycopg import errors
from psycopg.abc import PQGen
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import DBAPIError

R = TypeVar("R")

STATEMENT_S: Final = 30
"""The server gives a statement up after this: it may wait for a row that many want, on a machine that is busy."""
ANSWER_S: Final = 35.0
"""The longest wait for one answer of the server: it has given the statement up before, if it lives."""
PING_S: Final = 3.0
"""The same, where a connection is only asked whether it lives; one that is not sound makes the pool give all up."""
LONG_S: Final = 600
"""For what reads or changes whole tables: adding the ledger up, a migration."""
_CONNECT_S = 3
_IDLE_S = 20
"""A worker that stands still in a transaction holds its locks for no longer."""

_PARAMETERS: Final = {
    "target_session_attrs": "read-write",
    "connect_timeout": str(_CONNECT_S),
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
    "options": (
        f"-c statement_timeout={STATEMENT_S}s -c idle_in_transaction_session_timeout={_IDLE_S}s"
        " -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
    ),
}

_UNDONE: Final = frozenset({"57P01", "57P02", "57P03", "25006", "25P03"})
"""The server is stopped or has crashed, does not take connections yet, has become a standby; it was idle too long."""

_answer_s: ContextVar[float] = ContextVar("answer_s", default=ANSWER_S)


class PatientConnection(psycopg.Connection[Any]):
    """Waits for no answer longer than `within` allows; then it is closed, without a word to the server."""

    def wait(self, gen: PQGen[R], interval: float = 0.1, timeout: float | None = None) -> R:
        """As psycopg's. Raises OperationalError where no answer came in time."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        limit_s = _answer_s.get()
        try:
            return super().wait(gen, interval, limit_s)
        except errors._WaitTimeout as error:  # noqa: SLF001  # psycopg lets it out of `wait`, under no other name
            self.pgconn.finish()
            raise psycopg.OperationalError(f"no answer of the database within {limit_s:g} s") from error


@contextmanager
def within(limit_s: float) -> Iterator[None]:
    """In this context an answer of the server may take so long."""
    before = _answer_s.set(limit_s)
    try:
        yield
    finally:
        _answer_s.reset(before)


def take_long(connection: Connection) -> None:
    """Let statements of this transaction take as long as `LONG_S`; inside `within` of a little more."""
    connection.execute(text(f"SET LOCAL statement_timeout = '{LONG_S}s'"))


def with_parameters(url: URL) -> URL:
    """The URL with what it does not say itself: see `_PARAMETERS`."""
    return url.update_query_dict({name: value for name, value in _PARAMETERS.items() if name not in url.query})


def prepare(engine: Engine) -> None:
    """Have an engine connect as this page says."""
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "handle_error", _note_a_standby)
    ping = engine.dialect.do_ping

    def ping_within(connection: Any) -> bool:
        with within(min(PING_S, _answer_s.get())):
            return ping(connection)

    engine.dialect.do_ping = ping_within  # type: ignore[assignment]  # the pool's own has no limit


def is_undone(error: DBAPIError) -> bool:
    """Of an error before the commit was sent: whether another connection may find a leader that can do it."""
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _UNDONE


def _connect(_dialect: object, _record: object, arguments: Any, parameters: Any) -> PatientConnection:
    return PatientConnection.connect(*arguments, **parameters)


def _note_a_standby(context: ExceptionContext) -> None:
    """The connection is sound, and leads to a server that is the leader no more: all that lead there are given up."""
    if getattr(context.original_exception, "sqlstate", None) == "25006":
        context.is_disconnect = True
