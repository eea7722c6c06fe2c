# SPDX-License-Identifier: Apache-2.0
"""Bounds the bodies of requests: what is declared is refused at once, what streams as soon as it is too much.

Tests: tests/sandbox/backend/api/test_caller.py
"""

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


class BodyLimit:
    """Refuses larger bodies, declared or streamed, with a problem document, and closes the connection."""

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
            await _refuse(send)
            return
        received, refused = 0, False

        async def limited() -> Message:
            nonlocal received, refused
            message = await receive()
            received += len(message.get("body", b""))
            if received <= most:
                return message
            if not refused:
                refused = True
                await _refuse(send)
            return {"type": "http.disconnect"}  # to the application its client is gone

        async def unless_refused(message: Message) -> None:
            if not refused:
                await send(message)

        await self._app(scope, limited, unless_refused)


async def _refuse(send: Send) -> None:
    body = json.dumps(ProblemError(413, "too_large", "the body is too large").document()).encode()
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
