# SPDX-License-Identifier: Apache-2.0
"""Loses an answer on its way, for rehearsals: the connection dies instead.

The abort is uvicorn's transport's, which `AbortableH11Protocol` puts where an application can reach it.

Tests: tests/sandbox/backend/intents/test_trial_amounts.py
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from fastapi.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from pengpos.serving.connections import BoundedH11Protocol, Bounds
from sandbox.backend.kernel import limits

_EXTENSION = "pengpos.abort"


class AbortableH11Protocol(BoundedH11Protocol):
    """HTTP/1.1 within bounds, with the connection's abort among the scope's extensions."""

    bounds = Bounds(
        connections_most=limits.CONNECTIONS.most,
        kept_s=75.0,  # a till keeps its connection between two sales
        body_s=600.0,  # an import; `serving.body_limit` says how long others may take
    )

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        inner = self.app

        async def with_abort(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                scope.setdefault("extensions", {})[_EXTENSION] = self.transport.abort
            await inner(scope, receive, send)

        self.app = cast("Any", with_abort)


class LostAnswer(Response):
    """No answer at all: the connection is torn down. The client cannot know what happened."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Abort and wait until the server has seen it; raises ConnectionAbortedError under a server without abort."""
        abort: Callable[[], None] | None = scope.get("extensions", {}).get(_EXTENSION)
        if abort is None:
            raise ConnectionAbortedError("money for testing: this answer is lost")
        abort()
        while (await receive())["type"] != "http.disconnect":
            pass
