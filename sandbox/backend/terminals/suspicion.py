# SPDX-License-Identifier: Apache-2.0
"""Suspects that a terminal's key is in two places, holds what a copy would do, and tells operator and shop.

The known journal and key go on as they are: which of two is the true one is for a person to say. Until then what
moves money back waits, too (`held_orders.must_be_held`). Source: backend API, *A copied key*.

Tests: tests/sandbox/backend/terminals/test_suspicion.py
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pengpos.core.times import rfc3339
from sandbox.backend.errors import NotFoundError
from sandbox.backend.kernel.alarms import raise_alarm
from sandbox.backend.kernel.events import emit
from sandbox.backend.kernel.limits import SIGNED_REQUESTS
from sandbox.backend.records.tables import (
    AlarmKind,
    EventKind,
    HeldBecause,
    ReviewKind,
    ReviewRow,
    ReviewState,
    TerminalKeyRow,
    TerminalRow,
)
from sandbox.backend.terminals import held_orders

SUSPICIONS: Final = {
    ReviewKind.EPOCH: AlarmKind.NEW_EPOCH,
    ReviewKind.RENEWAL: AlarmKind.NEW_KEY,
    ReviewKind.HEAD: AlarmKind.HEAD_WENT_BACK,
    ReviewKind.STREAM: AlarmKind.SECOND_STREAM,
}
"""What a copy of a key would do, and its alarm."""
STREAMS_KNOWN_MOST = 16
"""Names of processes that are remembered of a terminal; one more within `STREAM_REMEMBERED_S` is a suspicion."""
STREAM_REMEMBERED_S = 600
OPEN_MOST = 8
"""Of one kind and terminal: a key that asks without end makes no table grow. Beyond, all is held without a review."""


def suspect(
    session: Session, terminal: TerminalRow, kind: ReviewKind, subject: str, detail: dict[str, Any], now: int
) -> ReviewState:
    """How what a copy would do stands with the operator: asked now, with an alarm here and at the shop, or before.

    Of a terminal that a person has trusted since, what is still open or was refused is an alarm again.

    The terminal's row is locked by the caller.
    """
    review = held_orders.of(session, kind, terminal.id, subject)
    state = ReviewState.OPEN if review is None else review.state
    waiting = _open(session, terminal.id, kind)
    if review is None and len(waiting) < OPEN_MOST:
        review = ReviewRow(
            kind=kind,
            terminal_id=terminal.id,
            subject=subject,
            why=HeldBecause.SUSPECTED,
            detail=detail,
            state=state,
            asked_at=now,
        )
        session.add(review)
        session.flush()
    elif state is ReviewState.APPROVED or terminal.suspected_at is not None:
        return state
    else:  # trusted since, and here it is again: the suspicion waits for this review once more
        review = review or waiting[-1]
        review.asked_at = now
    if terminal.suspected_at is None:
        terminal.suspected_at = now
    alarm = SUSPICIONS[kind]
    raise_alarm(session, alarm, terminal.id, {"review_id": review.id, **detail}, now)
    tell_shop(session, terminal.id, alarm, now)
    return state


def suspect_once(session: Session, terminal: TerminalRow, kind: ReviewKind, detail: dict[str, Any], now: int) -> None:
    """As `suspect`, for what has no id of its own: while a review of this kind is open it is all one."""
    waiting = _open(session, terminal.id, kind)
    suspect(session, terminal, kind, waiting[-1].subject if waiting else f"{kind}-{now}", detail, now)


def note_stream(session: Session, terminal_id: str, process: str, now: int) -> bool:
    """A process of the terminal opens its event stream. True: end those of others, to see which of them comes back.

    `process`: as it names itself, at random, when it starts; empty of a terminal that does not. One that another had
    taken the place of cannot come back unless both are alive: a terminal that starts again takes a new name, and one
    that reconnects keeps its own, however many of its old connections seem to be open here. Once it is seen, all stay.
    So many new names at once that one of these would be forgotten are themselves what a copy does, and end nothing.
    """
    terminal = session.get_one(TerminalRow, terminal_id, with_for_update=True)
    known = dict(terminal.streams or {})
    last = next(reversed(known), None)
    if last is not None:
        known[last] = now  # until now it was the one that listens
    came_back = process != last and known.pop(process, None) is not None
    known[process] = now
    if len(known) > STREAMS_KNOWN_MOST and known[next(iter(known))] > now - STREAM_REMEMBERED_S:
        del known[process]
        came_back = True
    terminal.streams = list(known.items())[-STREAMS_KNOWN_MOST:]
    if came_back:
        suspect_once(session, terminal, ReviewKind.STREAM, {"named": bool(process)}, now)
    return last not in {None, process} and not came_back


def note_flood(session: Session, kid: str, now: int) -> None:
    """A key has reached the limit of its requests: the terminal that has it sells offline while that lasts.

    It suspects nobody, for it may be the terminal's own fault; a person must look.
    """
    terminal_id = session.get_one(TerminalKeyRow, kid).terminal_id
    raise_alarm(session, AlarmKind.KEY_FLOODED, terminal_id, {"per_minute": SIGNED_REQUESTS.most}, now)
    tell_shop(session, terminal_id, AlarmKind.KEY_FLOODED, now)


def tell_shop(session: Session, terminal_id: str, kind: AlarmKind, now: int) -> None:
    """Let the people at the terminal hear of an alarm."""
    emit(session, terminal_id, EventKind.ALARM, {"kind": kind.value, "at": rfc3339(now)}, now)


def decided(session: Session, review: ReviewRow) -> None:
    """A person has decided: an epoch that is let in follows the known one; with nothing else open the suspicion ends.

    A no leaves the terminal suspected: somebody has its key. It ends with another key, or by `trust`.
    """
    terminal = session.get_one(TerminalRow, review.terminal_id, with_for_update=True)
    if review.state is not ReviewState.APPROVED:
        return
    if review.kind is ReviewKind.EPOCH:
        terminal.next_epoch = review.subject
    if terminal.suspected_at is None:
        return
    left = session.scalar(
        select(func.count()).where(
            ReviewRow.terminal_id == terminal.id,
            ReviewRow.kind.in_(SUSPICIONS),
            ReviewRow.state != ReviewState.APPROVED,
            ReviewRow.asked_at >= terminal.suspected_at,
        )
    )
    if not left:
        terminal.suspected_at = None


def trust(session: Session, terminal_id: str) -> None:
    """A person says that the key is in one place again. What is held stays held; raises NotFoundError."""
    terminal = session.get(TerminalRow, terminal_id, with_for_update=True)
    if terminal is None:
        raise NotFoundError("terminal")
    terminal.suspected_at = None


def _open(session: Session, terminal_id: str, kind: ReviewKind) -> Sequence[ReviewRow]:
    """The reviews of a kind that wait, the last one asked for last; at most `OPEN_MOST`."""
    waits = (ReviewRow.terminal_id == terminal_id, ReviewRow.kind == kind, ReviewRow.state == ReviewState.OPEN)
    return session.scalars(select(ReviewRow).where(*waits).order_by(ReviewRow.id)).all()
