# SPDX-License-Identifier: Apache-2.0
"""Counts what is asked of a database: statements, and transactions that end in a commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

_NOT_COUNTED = ("BEGIN", "PRAGMA")


@dataclass(slots=True)
class Count:
    """What was asked while it was counted. `texts`: the statements, in their order."""

    texts: list[str] = field(default_factory=list)
    commits: int = 0

    @property
    def statements(self) -> int:
        """How many there were; beginning and ending a transaction are none."""
        return len(self.texts)


@contextmanager
def counted(engine: Engine) -> Iterator[Count]:
    """Count all that any thread asks of `engine` as long as the context lasts."""
    count = Count()

    def executing(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(_NOT_COUNTED):
            count.texts.append(statement)

    def committing(_conn: Any) -> None:
        count.commits += 1

    event.listen(engine, "before_cursor_execute", executing)
    event.listen(engine, "commit", committing)
    try:
        yield count
    finally:
        event.remove(engine, "before_cursor_execute", executing)
        event.remove(engine, "commit", committing)
