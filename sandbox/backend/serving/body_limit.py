# SPDX-License-Identifier: Apache-2.0
"""Bounds the bodies of requests: what is declared is refused at once, what streams once it is too much or too slow.

Tests: tests/sandbox/backend/api/test_caller.py
"""

import asyncio
import json

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pengpos.keys.sealed import SEALED_LIMIT
from sandbox.backend.contract.problems import MEDIA_TYPE, ProblemError

MAX_BODY_SIZE = 2 * 1024 * 1024
"""200 payments of a batch need less than half of it."""
MAX_IMPORT_SIZE = SEALED_LIMIT + 1024
"""A sealed export carries every unsent payment with its rows; the JSON around it is short. Read for the operator."""
MAX_STRANGERS_SIZE = 16 * 1024
"""Of calls that anybody may make: their bodies are read before their sender is known."""
_OTHER = {
    "/admin/v1/imports": MAX_IMPORT_SIZE,
    "/v1/enrolments": MAX_STRANGERS_SIZE,
    "/wallet/v1/accounts": MAX_STRANGERS_SIZE,
}


BODY_LIMIT_S = 60.0
"""How long a body may take, its first byte to its last; an import is the operator's, and as long as its connection."""


class BodyLimit:
    """Refuses larger and slower bodies with a problem document, and closes the connection."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = _OTHER.get(scope["path"], MAX_BODY_SIZE)
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > most:
            await _refuse(send, _TOO_LARGE)
            return
        received, refused, whole = 0, False, False
        latest_s = None if most == MAX_IMPORT_SIZE else asyncio.get_running_loop().time() + BODY_LIMIT_S

        async def limited() -> Message:
            nonlocal received, refused, whole
            try:
                async with asyncio.timeout_at(None if whole or refused else latest_s):
                    message = await receive()
                received += len(message.get("body", b""))
                whole = not message.get("more_body", False)
                problem = _TOO_LARGE if received > most else None
            except TimeoutError:
                problem = _TOO_SLOW
            if problem is None:
                return message
            if not refused:
                refused = True
                await _refuse(send, problem)
            return {"type": "http.disconnect"}  # to the application its client is gone

        async def unless_refused(message: Message) -> None:
            if not refused:
                await send(message)

        await self._app(scope, limited, unless_refused)


_TOO_LARGE = ProblemError(413, "too_large", "the body is too large")
_TOO_SLOW = ProblemError(408, "too_slow", f"a body takes at most {BODY_LIMIT_S:g} s")


async def _refuse(send: Send, problem: ProblemError) -> None:
    body = json.dumps(problem.document()).encode()
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
