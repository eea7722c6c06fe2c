# SPDX-License-Identifier: Apache-2.0
"""A connection that is opened anew after a failed read, and believed only then."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from offline_queue.journal.connection import Connection, DatabaseError
from offline_queue.journal.journal import Journal
from offline_queue.journal.reading import ReadConnection
from pengpos.core.errors import JournalClosedError, JournalFaultError
from workshop.samples.journal import HeldClock

KEY = bytes(32)


@pytest.fixture
def read(tmp_path: Path) -> Iterator[ReadConnection]:
    path = tmp_path / "journal.db"
    with Journal.open(path, key=KEY, clock=HeldClock()):
        pass
    connection = ReadConnection(path, KEY)
    yield connection
    connection.close()


class Question:
    """Fails the first so many times."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.asked: list[Connection] = []

    def __call__(self, connection: Connection) -> int:
        self.asked.append(connection)
        if len(self.asked) <= self.failures:
            raise DatabaseError("it broke")
        rows: int = connection.execute("SELECT count(*) FROM journal").fetchone()[0]
        return rows


@pytest.mark.parametrize("failures", [0, 1], ids=["well", "one failure"])
def test_one_failure_is_not_noticed(read: ReadConnection, failures: int) -> None:
    question = Question(failures)
    assert read.ask(question) == 1
    assert len({id(connection) for connection in question.asked}) == failures + 1


def test_what_fails_of_a_new_connection_too_is_raised_and_the_next_question_has_another(read: ReadConnection) -> None:
    question = Question(2)
    with pytest.raises(JournalFaultError, match="it broke"):
        read.ask(question)
    assert read.ask(question) == 1
    assert len({id(connection) for connection in question.asked}) == 3


def test_a_closed_one_says_so(read: ReadConnection) -> None:
    read.close()
    read.close()
    with pytest.raises(JournalClosedError, match="the journal is closed"):
        read.ask(Question(0))
