# SPDX-License-Identifier: Apache-2.0
"""What one process leaves a terminal, the other hears of: on PostgreSQL, round by round, without a wait."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import psycopg
import pytest
from sqlalchemy import text

from sandbox.backend.records import hints
from sandbox.backend.records.database import Database
from sandbox.backend.records.hints import Hints
from tests.support import postgres


@dataclass(slots=True)
class Process:
    """One of several on a database. `heard`: each time, which terminals; `looks`: how often it looked at all."""

    database: Database
    heard: list[Sequence[str]] = field(default_factory=list)
    looks: int = 0

    @property
    def hints(self) -> Hints:
        assert self.database.hints is not None
        return self.database.hints

    def listen(self) -> None:
        """The first round, and what it hears then."""
        self.hints.nudge()
        self.round()
        self.heard.clear()
        self.looks = 0

    def round(self) -> None:
        self.hints.round(self.heard.append, self._look)

    def _look(self) -> None:
        self.looks += 1


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture
def two(server_url: str) -> Iterator[tuple[Process, Process]]:
    """Two that listen."""
    both = Process(Database(server_url)), Process(Database(server_url))
    for one in both:
        one.listen()
    yield both
    for one in both:
        one.database.close()


def test_one_hint_for_all_that_was_left_meanwhile(two: tuple[Process, Process]) -> None:
    here, there = two
    for _ in range(20):
        for terminal_id in ("T-2", "T-1"):
            here.hints.note(terminal_id)
    here.round()
    there.round()
    assert (there.heard, there.looks) == ([["T-1", "T-2"]], 0)


def test_a_process_does_not_hear_itself(two: tuple[Process, Process]) -> None:
    here, there = two
    here.hints.note("T-1")
    here.round()
    there.hints.note("T-2")
    there.round()
    here.round()
    assert here.heard == [[], ["T-2"]]


def test_what_is_too_much_for_one_hint_is_a_look_at_everything(
    two: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hints, "NAMED_MOST", 2)
    here, there = two
    for number in range(3):
        here.hints.note(f"T-{number}")
    here.round()
    there.round()
    assert (there.heard, there.looks) == ([[]], 1)


def test_the_most_that_are_named_fit(two: tuple[Process, Process]) -> None:
    here, there = two
    for number in range(hints.NAMED_MOST):
        here.hints.note(f"T-{number:014}")
    here.round()
    there.round()
    assert len(there.heard[0]) == hints.NAMED_MOST


def test_a_connection_that_broke_is_made_anew_and_then_everything_is_looked_at(two: tuple[Process, Process]) -> None:
    here, there = two
    assert there.hints.cover(1.0) is False  # the first time
    assert there.hints.cover(2.0) is True
    with here.database.engine.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"))
    with pytest.raises(psycopg.OperationalError):
        here.round()
    here.listen()
    with pytest.raises(psycopg.OperationalError):
        there.round()
    assert there.hints.cover(3.0) is False, "nothing is heard now"
    here.hints.note("T-1")
    here.round()  # which is not heard
    there.hints.nudge()
    there.round()
    assert there.looks == 1
    here.hints.note("T-2")
    here.round()
    there.round()
    assert there.heard[-1] == ["T-2"]
