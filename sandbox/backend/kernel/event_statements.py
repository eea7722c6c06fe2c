# SPDX-License-Identifier: Apache-2.0
"""The two statements by which events are written: their numbers, under their terminal's row lock, and they themselves.

Tests: tests/sandbox/backend/kernel/test_events.py
"""

from functools import cache
from typing import Any, Final

from sqlalchemy import Dialect, bindparam, insert, update
from sqlalchemy.sql import ClauseElement

from sandbox.backend.records.prepared import Prepared
from sandbox.backend.records.tables import EventRow, TerminalRow

_INT: Final = EventRow.seq.type


def _number(*, is_seen: bool) -> Prepared:
    """The last of so many numbers for a terminal's events; `is_seen`: it also says when the terminal was here."""

    def statement(_: Dialect) -> ClauseElement:
        values: dict[str, Any] = {"event_seq": TerminalRow.event_seq + bindparam("events", type_=_INT)}
        if is_seen:
            values["last_seen_at"] = bindparam("seen_at")
        return update(TerminalRow).where(TerminalRow.id == bindparam("terminal_id")).values(values).returning(
            TerminalRow.event_seq
        )  # fmt: skip

    return Prepared(statement, [TerminalRow.event_seq.type])


@cache
def events(number: int) -> Prepared:
    """So many events, one behind the other: `first` is the number of the first; `kind0`, `data0`, `kind1` …"""

    def statement(_: Dialect) -> ClauseElement:
        return insert(EventRow).values([
            {
                "terminal_id": bindparam("terminal_id"),
                "seq": bindparam("first", type_=_INT) + place,
                "kind": bindparam(f"kind{place}", type_=EventRow.kind.type),
                "data": bindparam(f"data{place}", type_=EventRow.data.type),
                "at": bindparam("at"),
            }
            for place in range(number)
        ])  # fmt: skip

    return Prepared(statement)


NUMBER: Final = _number(is_seen=False)
NUMBER_SEEN: Final = _number(is_seen=True)
