# SPDX-License-Identifier: Apache-2.0
"""Notes how a terminal is and signs its journal head, so that a journal cannot go back unnoticed.

Source: backend API, `POST /terminal/heartbeat`.
"""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import Issuers
from sandbox.backend.errors import InvalidRequestError
from sandbox.backend.kernel.context import Backend
from sandbox.backend.records.tables import ReviewKind, ReviewState, TerminalRow
from sandbox.backend.terminals import suspicion

_SAID_ONCE = ("orders_done", "diagnosis")
HEAD_LIFE_S = 10 * 365 * 86_400  # a head proves what was, so it does not run out


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """What a terminal says of itself. `head`: its journal's (`epoch`, `sequence`, `hash`), as JSON-like values.

    `signed_head`: the last one that it stored, in base64url. `report`: all of it but that one, as it came.
    """

    head: dict[str, Any]
    signed_head: str | None
    software_version: str | None
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class HeadBehind:
    """The terminal's head is not the highest we know; that one, signed, if there is one."""

    signed_head: bytes | None


@dataclass(frozen=True, slots=True)
class EpochHeld:
    """The journal is another than the known one; a person decides, or has said no."""

    refused: bool


def heartbeat(session: Session, backend: Backend, terminal_id: str, beat: Heartbeat) -> bytes | HeadBehind | EpochHeld:
    """Note how the terminal is and sign its head; raises InvalidRequestError `bad_head`.

    HeadBehind if the terminal shows another head than the highest, or if its journal is shorter in the same epoch than
    it was: that raises an alarm too, which is why it is a value and the transaction is kept. EpochHeld if it is of
    another epoch than the known one: a restored card, or a copy. The known journal goes on until a person has decided.
    """
    now = backend.clock.now()
    terminal = session.get_one(TerminalRow, terminal_id, with_for_update=True)
    shown = _read_head(beat.signed_head, backend.issuer.trusted) if beat.signed_head is not None else None
    highest = _read_head(b64u(terminal.head), backend.issuer.trusted) if terminal.head is not None else None
    head = beat.head
    if shown == highest and highest is not None and highest["epoch"] != head["epoch"]:
        verdict = _other_epoch(session, terminal, highest, head, now)
        if verdict is not None:
            return verdict
    terminal.last_heartbeat = beat.report | _kept(terminal.last_heartbeat or {}, beat.report)
    terminal.software_version = beat.software_version or terminal.software_version
    if shown != highest:
        return HeadBehind(terminal.head)
    if highest is not None and highest["epoch"] == head["epoch"]:
        known = {name: highest[name] for name in ("epoch", "sequence", "hash")}
        if head["sequence"] < known["sequence"] or (head["sequence"] == known["sequence"] and head != known):
            suspicion.suspect_once(session, terminal, ReviewKind.HEAD, {"known": known, "shown": head}, now)
            return HeadBehind(terminal.head)
        if head == known and terminal.head is not None:
            return terminal.head
    terminal.head_version += 1
    terminal.head = backend.issuer.document(
        Context.HEAD,
        terminal_id=terminal_id,
        version=terminal.head_version,
        now=now,
        not_after=now + HEAD_LIFE_S,
        content=head,
    )
    return terminal.head


def _kept(before: dict[str, Any], report: dict[str, Any]) -> dict[str, Any]:
    """What a terminal says once and an operator looks at later."""
    return {name: before[name] for name in _SAID_ONCE if report.get(name) is None and before.get(name) is not None}


def _other_epoch(
    session: Session, terminal: TerminalRow, highest: dict[str, Any], head: dict[str, Any], now: int
) -> HeadBehind | EpochHeld | None:
    """None: a person has let this epoch follow the known one, once. One that was let in before does not come back."""
    known = {name: highest[name] for name in ("epoch", "sequence", "hash")}
    detail = {"known": known, "shown": head}
    if terminal.next_epoch == str(head["epoch"]):
        terminal.next_epoch = None
        return None
    match suspicion.suspect(session, terminal, ReviewKind.EPOCH, str(head["epoch"]), detail, now):
        case ReviewState.OPEN:
            return EpochHeld(refused=False)
        case ReviewState.REFUSED:
            return EpochHeld(refused=True)
        case ReviewState.APPROVED:
            suspicion.suspect_once(session, terminal, ReviewKind.HEAD, detail, now)
            return HeadBehind(terminal.head)


def _read_head(text: str, issuers: Issuers) -> dict[str, Any]:
    try:
        members = json.loads(Sign1.read_issued(unb64u(text), issuers, Context.HEAD).payload)
    except (MalformedError, SignatureError, ValueError) as error:
        raise InvalidRequestError(f"the signed head is not ours: {error}", code="bad_head") from error
    assert isinstance(members, dict)
    return members
