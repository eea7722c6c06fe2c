# SPDX-License-Identifier: Apache-2.0
"""Heartbeats: how a terminal is, and its journal head signed back, so that a journal cannot go back unnoticed.

Source: backend API, `POST /terminal/heartbeat`.
"""

import json
from typing import Any

from sqlalchemy.orm import Session

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import Issuers
from sandbox.backend.contract import terminal_shapes as shapes
from sandbox.backend.contract.problems import ProblemError, invalid
from sandbox.backend.kernel.alarms import raise_alarm
from sandbox.backend.kernel.context import Backend
from sandbox.backend.records.tables import AlarmKind, TerminalRow

HEAD_LIFE_S = 10 * 365 * 86_400  # a head proves what was, so it does not run out


def heartbeat(
    session: Session, backend: Backend, terminal_id: str, request: shapes.HeartbeatRequest
) -> shapes.HeartbeatAnswer | ProblemError:
    """Note how the terminal is and sign its head.

    `409 head_behind` with the highest head, if the terminal shows another one than that, or if its journal is shorter
    in the same epoch than it was (then with an alarm, so it is returned and not raised).
    """
    now = backend.clock.now()
    terminal = session.get_one(TerminalRow, terminal_id, with_for_update=True)
    shown = _read_head(request.signed_head, backend.issuer.trusted) if request.signed_head is not None else None
    highest = _read_head(b64u(terminal.head), backend.issuer.trusted) if terminal.head is not None else None
    terminal.last_heartbeat = request.model_dump(mode="json", exclude={"signed_head"})
    terminal.software_version = request.software_version or terminal.software_version
    if shown != highest:
        return _behind(terminal)
    head = request.head.model_dump()
    if highest is not None and highest["epoch"] == head["epoch"]:
        known = {name: highest[name] for name in ("epoch", "sequence", "hash")}
        if head["sequence"] < known["sequence"] or (head["sequence"] == known["sequence"] and head != known):
            raise_alarm(session, AlarmKind.HEAD_WENT_BACK, terminal_id, {"known": known, "shown": head}, now)
            return _behind(terminal)
        if head == known and terminal.head is not None:
            return shapes.HeartbeatAnswer(signed_head=b64u(terminal.head))
    elif highest is not None:
        raise_alarm(session, AlarmKind.NEW_EPOCH, terminal_id, {"known": highest, "shown": head}, now)
    terminal.head_version += 1
    terminal.head = backend.issuer.document(
        Context.HEAD,
        terminal_id=terminal_id,
        version=terminal.head_version,
        now=now,
        not_after=now + HEAD_LIFE_S,
        content=head,
    )
    return shapes.HeartbeatAnswer(signed_head=b64u(terminal.head))


def _behind(terminal: TerminalRow) -> ProblemError:
    more = {} if terminal.head is None else {"signed_head": b64u(terminal.head)}
    return ProblemError(409, "head_behind", "the last signed head is not the highest we know", more)


def _read_head(text: str, issuers: Issuers) -> dict[str, Any]:
    try:
        members = json.loads(Sign1.read_issued(unb64u(text), issuers, Context.HEAD).payload)
    except (MalformedError, SignatureError, ValueError) as error:
        raise invalid(f"the signed head is not ours: {error}", code="bad_head") from error
    assert isinstance(members, dict)
    return members
