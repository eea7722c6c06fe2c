# SPDX-License-Identifier: Apache-2.0
"""A prepared statement takes and gives what the mapper would, for each column type that has a form of its own."""

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from sandbox.backend.records.database import Database
from sandbox.backend.records.prepared import Prepared
from sandbox.backend.records.tables import EventKind, EventRow, TerminalCounterRow, TerminalRow

_NAMES = ("terminal_id", "seq", "kind", "data", "at")
ADD = Prepared(lambda _: insert(EventRow).values({name: bindparam(name) for name in _NAMES}))
KINDS = Prepared(
    lambda _: select(EventRow.kind, EventRow.data, EventRow.at + 1).where(EventRow.seq == bindparam("number")),
    [EventRow.kind.type, EventRow.data.type, EventRow.at.type],
)
BIG = Prepared(
    lambda _: (
        insert(TerminalCounterRow)
        .values(terminal_id="T-1", epoch=bindparam("epoch"), counter=1, intent_id="i")
        .returning(TerminalCounterRow.epoch, TerminalCounterRow.terminal_id)
    ),
    [TerminalCounterRow.epoch.type, TerminalCounterRow.terminal_id.type],
)


def test_values_are_those_of_the_mapper(database_url: str) -> None:
    database = Database(database_url)
    data = {"says": ["碰", 1, None]}

    def work(session: Session) -> None:
        session.connection().exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        ADD.run(session.connection(), terminal_id="T-1", seq=7, kind=EventKind.CONFIG, data=data, at=5)
        row = session.get_one(EventRow, ("T-1", 7))
        assert (row.kind, row.data, row.at) == (EventKind.CONFIG, data, 5)
        assert KINDS.first(session.connection(), number=7) == (EventKind.CONFIG, data, 6)
        assert KINDS.first(session.connection(), number=8) is None
        assert BIG.first(session.connection(), epoch=2**64 - 1) == (2**64 - 1, "T-1")
        assert session.get_one(TerminalCounterRow, ("T-1", 2**64 - 1, 1)).intent_id == "i"
        assert session.scalars(select(TerminalRow)).all() == []
        session.rollback()

    database.write(work)
    database.close()
