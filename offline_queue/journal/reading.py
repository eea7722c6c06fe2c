# SPDX-License-Identifier: Apache-2.0
"""One read-only connection to the journal's file that is opened anew after a failed read.

After a failed read SQLCipher calls the file damaged, and fails every later read of that connection, though the medium
is well again. So a read is made once more over a new connection, and only what that one says is believed and raised.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from offline_queue.journal.connection import Connection, DatabaseError, connect_read_only
from offline_queue.journal.failures import failure_of
from offline_queue.journal.recent import Followed, follow
from offline_queue.journal.schema import check_version
from pengpos.core.errors import JournalClosedError, JournalError

log = logging.getLogger(__name__)

T = TypeVar("T")


class ReadConnection:
    """Used by one caller at a time, by a lock; from any thread."""

    def __init__(self, path: Path, key: bytes) -> None:
        """Raises as `connect_read_only` and `ask`; JournalForeignError if it is no journal, JournalNewerError."""
        self._path = path
        self._key = key
        self._lock = threading.Lock()
        self._closed = False
        self._followed: Followed | None = None
        self._connection: Connection | None = None
        self.ask(lambda _connection: None)

    def ask(self, question: Callable[[Connection], T]) -> T:
        """What the question returns; it is asked twice where the first time fails.

        Raises JournalClosedError; what the new connection failed of (see `failure_of`): it is gone then, and the next
        question opens another.
        """
        with self._lock:
            if self._closed:
                raise JournalClosedError("the journal")
            try:
                return self._ask(question)
            except DatabaseError as error:
                log.warning("a read of the journal failed, its connection is opened anew: %s", error)
                self._let_go()
            try:
                return self._ask(question)
            except DatabaseError as error:
                self._let_go()
                raise failure_of(self._path, error) from error

    def close(self) -> None:
        """Let go of the file. Afterwards every question raises JournalClosedError."""
        with self._lock:
            self._closed = True
            self._let_go()

    def _ask(self, question: Callable[[Connection], T]) -> T:
        """Of one state of the file, the newest rows of sales included."""
        connection = self._opened()
        connection.execute("BEGIN")
        try:
            followed = follow(connection, self._followed)
            answer = question(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # SQLite has ended it already where the medium failed
                connection.execute("ROLLBACK")
            raise
        self._followed = followed
        return answer

    def _opened(self) -> Connection:
        if self._connection is None:
            connection = connect_read_only(self._path, self._key)
            try:
                check_version(connection, self._path)
            except (JournalError, DatabaseError):
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        self._followed = None
        if connection is not None:
            connection.close()
