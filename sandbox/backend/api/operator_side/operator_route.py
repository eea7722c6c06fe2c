# SPDX-License-Identifier: Apache-2.0
"""Makes routes of the operator side: each needs one role, and each changing call is written down before it begins.

Tests: tests/sandbox/backend/api/operator_side/test_operator_route.py
"""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import Message, Receive, Scope, Send

from sandbox.backend.api.caller import NeedsRole, find_operator
from sandbox.backend.api.request_head import get_backend, raw_path
from sandbox.backend.api.routing import PlainRoute
from sandbox.backend.kernel.context import Backend
from sandbox.backend.operators import changes, roster
from sandbox.backend.operators.roster import Caller

log = logging.getLogger(__name__)

_READING = frozenset({"GET", "HEAD"})
_BUG = 500


class OperatorRoute(PlainRoute):
    """A route of the operator side. Without exactly one `NeedsRole` among its dependencies it cannot be made."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        needs = [one.dependency for one in options.get("dependencies") or () if isinstance(one.dependency, NeedsRole)]
        if len(needs) != 1:
            raise TypeError(f"{path}: a call of the operator side needs one role")
        [self.needs] = needs
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The plain route's; of a changing call after it was written down."""
        handle = super().get_route_handler()
        if (self.methods or set()) <= _READING:
            return handle
        takes_body = bool(self.dependant.body_params)

        async def recorded(request: Request) -> Response:
            backend = get_backend(request)
            operator = await find_operator(request, backend)
            backend.rates.operator_changes.take(operator.operator_id)
            may = roster.may(operator.role, self.needs.role)
            raw = await request.body() if may and takes_body else b""  # where it is not wanted no body is read
            request.state.change_id = await run_in_threadpool(_begin, backend, operator, request, raw)
            return await handle(request)

        return recorded

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """FastAPI's; the status goes into the record before the answer goes out."""

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                await _end(scope, message["status"])
            await send(message)

        try:
            await super().handle(scope, receive, noting)
        except Exception:  # answered outside of routes
            await _end(scope, _BUG)
            raise


def _begin(backend: Backend, operator: Caller, request: Request, raw: bytes) -> int:
    now, body, path = backend.clock.now(), changes.body_of(raw), raw_path(request)
    return backend.db.write(
        lambda session: changes.begin(session, operator.operator_id, request.method, path, body, now)
    )


async def _end(scope: Scope, status: int) -> None:
    """The call has been done: where its status cannot be written it is answered all the same, and has none."""
    change_id = scope.get("state", {}).get("change_id")
    if change_id is None:
        return
    backend: Backend = scope["app"].state.backend
    try:
        await run_in_threadpool(backend.db.write, lambda session: changes.end(session, change_id, status))
    except SQLAlchemyError:
        log.exception("change %d: its status %d could not be written", change_id, status)
