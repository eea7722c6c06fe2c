# SPDX-License-Identifier: Apache-2.0
"""Sends a terminal its events: `intent`, `payment`, `config`, `denylist`, `command`, `alarm` (backend API, events).

Events are rows written in the transaction that causes them, numbered per terminal under that terminal's row lock, so
that a stream which resumes after number N misses nothing.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.orm import Session

from sandbox.backend.kernel import event_statements
from sandbox.backend.kernel.context import Backend
from sandbox.backend.records.hints import Hints
from sandbox.backend.records.tables import EventKind, EventRow, TerminalKeyRow, TerminalKeyState, TerminalRow

COMMENT_EVERY_S = 10.0
LOOK_EVERY_S = 1.0
"""One look for all streams, where another process on the same database rings no bell here: SQLite."""
KEPT_S = 7 * 86_400
"""A stream is a hint: a terminal that was away for longer asks how its sales stand, and hears what comes then."""
_PAGE = 100
_FORGOTTEN_AT_ONCE = 5_000
_ASKED_AT_ONCE = 500
_CALLER = "caller"


def emit(session: Session, terminal_id: str, kind: EventKind, data: dict[str, Any], at: int) -> None:
    """Write an event for one terminal; its streams wake when the transaction has been committed."""
    emit_in_order(session, terminal_id, [(kind, data)], at)


def emit_in_order(
    session: Session, terminal_id: str, told: Sequence[tuple[EventKind, dict[str, Any]]], at: int
) -> None:
    """As `emit`, several at once."""
    session.flush()
    is_seen = session.info.get(_CALLER) == terminal_id
    write(session.connection(), terminal_id, told, at, is_seen=is_seen)
    if is_seen:
        del session.info[_CALLER]
    session.info.setdefault("wake", set()).add(terminal_id)


def begin_call(session: Session, terminal_id: str) -> None:
    """This transaction does what a terminal asks for: that it was here is written with its events, or at the end."""
    session.info[_CALLER] = terminal_id


def end_call(session: Session, now: int) -> None:
    """All else is done."""
    caller = session.info.pop(_CALLER, None)
    if caller is not None:
        session.get_one(TerminalRow, caller).last_seen_at = now


def write(
    connection: Connection,
    terminal_id: str,
    told: Sequence[tuple[EventKind, dict[str, Any]]],
    at: int,
    *,
    is_seen: bool = False,
) -> None:
    """Two statements, however many events; `is_seen`: the terminal was here. The caller wakes its streams."""
    number = event_statements.NUMBER_SEEN if is_seen else event_statements.NUMBER
    seen = {"seen_at": at} if is_seen else {}
    newest = number.first(connection, terminal_id=terminal_id, events=len(told), **seen)
    assert newest is not None  # no terminal is ever deleted
    values: dict[str, Any] = {"terminal_id": terminal_id, "first": newest[0] - len(told) + 1, "at": at}
    for place, (kind, data) in enumerate(told):
        values |= {f"kind{place}": kind, f"data{place}": data}
    event_statements.events(len(told)).run(connection, **values)


def emit_to_all(session: Session, kind: EventKind, data: dict[str, Any], at: int) -> None:
    """Write an event for every terminal that is not revoked."""
    for terminal_id in session.scalars(
        select(TerminalRow.id).where(TerminalRow.revoked_at.is_(None)).order_by(TerminalRow.id)
    ).all():
        emit(session, terminal_id, kind, data, at)


def place(backend: Backend, terminal_id: str, wanted: int | None) -> int:
    """Behind which event a stream begins: that which its terminal named, unless that is to come, or None: the newest.

    Where what came behind it has been forgotten: behind the last that has.
    """
    with backend.db.read() as session:
        newest = session.scalar(select(TerminalRow.event_seq).where(TerminalRow.id == terminal_id)) or 0
        if wanted is None or wanted >= newest:
            return newest
        oldest = session.scalar(select(func.min(EventRow.seq)).where(EventRow.terminal_id == terminal_id))
        return newest if oldest is None else max(wanted, oldest - 1)


def are_old(session: Session, terminal_id: str, now: int) -> bool:
    """Whether a terminal has events that are to be forgotten."""
    oldest = select(EventRow.at).where(EventRow.terminal_id == terminal_id).order_by(EventRow.seq).limit(1)
    at = session.scalar(oldest)
    return at is not None and at < now - KEPT_S


def forget(session: Session, terminal_id: str, now: int) -> None:
    """Delete a terminal's events that are older than a week: the oldest `_FORGOTTEN_AT_ONCE` at the most."""
    oldest = session.execute(
        select(EventRow.seq, EventRow.at)
        .where(EventRow.terminal_id == terminal_id)
        .order_by(EventRow.seq)
        .limit(_FORGOTTEN_AT_ONCE)
    ).all()
    old = [one.seq for one in oldest if one.at < now - KEPT_S]
    if old:
        session.execute(delete(EventRow).where(EventRow.terminal_id == terminal_id, EventRow.seq <= old[-1]))


async def stream(
    backend: Backend, terminal_id: str, kid: str, after: int, told: Callable[[EventRow], dict[str, Any]]
) -> AsyncIterator[bytes]:
    """Server-Sent Events after number `after`, with a comment every 10 s, until the server stops.

    Nothing is told to the key `kid`, which has asked, once another has taken its place: then it ends.

    It begins with that number, without data, so that a terminal that has heard nothing yet can go on from there later.
    `told`: the data of an event as its terminal gets it.
    """
    with backend.hub.listen(terminal_id, after) as bell:
        yield b": welcome\n\nid: %d\n\n" % after
        is_behind = True
        while not (backend.hub.closing.is_set() or bell.displaced):
            rows = await asyncio.to_thread(_page, backend, terminal_id, kid, bell.after) if is_behind else []
            if rows is None:
                return
            for row in rows:
                data = json.dumps(told(row), ensure_ascii=False, separators=(",", ":"))
                yield f"id: {row.seq}\nevent: {row.kind}\ndata: {data}\n\n".encode()
                bell.after = row.seq
            if not is_behind:
                yield b": still here\n\n"
            is_behind = len(rows) == _PAGE or await bell.wait(COMMENT_EVERY_S)


def hear(backend: Backend, hints: Hints) -> None:
    """A round of hearing from other processes on the same PostgreSQL, and of telling them."""

    def heard(terminals: Sequence[str]) -> None:
        for terminal_id in terminals:
            backend.hub.wake(terminal_id)

    hints.round(heard, partial(look, backend))


def look_if_need_be(backend: Backend) -> None:
    """As `look`, unless other processes would have said so."""
    hints = backend.db.hints
    if hints is None or not hints.cover(backend.clock.monotonic_s()):
        look(backend)


def look(backend: Backend) -> None:
    """Wake the streams of terminals for which another process on the same database has left something."""
    heard = backend.hub.heard()
    for first in range(0, len(heard), _ASKED_AT_ONCE):
        some = list(heard)[first : first + _ASKED_AT_ONCE]
        with backend.db.read() as session:
            newest_of = session.execute(
                select(TerminalRow.id, TerminalRow.event_seq).where(TerminalRow.id.in_(some))
            ).all()
        for terminal_id, seq in newest_of:
            if seq > heard[terminal_id]:
                backend.hub.wake(terminal_id)


def _page(backend: Backend, terminal_id: str, kid: str, after: int) -> list[EventRow] | None:
    """The next events; None: the key is no terminal's any more."""
    with backend.db.read() as session:
        key = session.get(TerminalKeyRow, kid)
        if key is None or key.state is TerminalKeyState.RETIRED:
            return None
        rows = session.scalars(
            select(EventRow)
            .where(EventRow.terminal_id == terminal_id, EventRow.seq > after)
            .order_by(EventRow.seq)
            .limit(_PAGE)
        ).all()
        return list(rows)
