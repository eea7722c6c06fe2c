# SPDX-License-Identifier: Apache-2.0
"""Makes the application: three APIs over one backend, and the pages for phones.

Tests: tests/sandbox/backend/api/test_routing.py, tests/sandbox/backend/serving/test_server.py
"""

import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pengpos.keys.sealed import SEALED_LIMIT
from sandbox.backend.api import (
    admin_api,
    postings_api,
    problem_translation,
    reviews_api,
    terminal_api,
    wallet_api,
    wallet_sharing_api,
)
from sandbox.backend.api.routing import describe
from sandbox.backend.booking import sweep
from sandbox.backend.contract import problems
from sandbox.backend.contract.problems import MEDIA_TYPE, ProblemError
from sandbox.backend.kernel.context import Backend
from sandbox.backend.serving import pages

MAX_BODY_SIZE = 2 * 1024 * 1024
"""200 payments of a batch need less than half of it."""
MAX_IMPORT_SIZE = SEALED_LIMIT + 1024
"""A sealed export carries every unsent payment with its rows; the JSON around it is short."""
_LARGER = {"/admin/v1/imports": MAX_IMPORT_SIZE}


def create_app(backend: Backend, *, sweeping: bool = True) -> FastAPI:
    """The ASGI application; `sweeping`: end holds, claims and intents by themselves while it runs."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        stop = threading.Event()
        thread = threading.Thread(target=sweep.run, args=(backend, stop), name="sweep")
        if sweeping:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            if sweeping:
                thread.join()

    app = FastAPI(
        title="pengpos sandbox",
        version="1",
        summary="A payment backend to develop, demonstrate and test tap-to-pay terminals against",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.backend = backend
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]  # FastAPI's documented way to extend it
    problems.install(app)
    problem_translation.install(app)
    for router in (
        terminal_api.router,
        wallet_api.router,
        wallet_sharing_api.router,
        admin_api.router,
        postings_api.router,
        reviews_api.router,
    ):
        app.include_router(router)
    pages.install(app)
    app.add_middleware(BodyLimit)
    return app


class BodyLimit:
    """Refuses bodies above `MAX_BODY_SIZE`, declared or streamed, with a problem document. An import may be larger."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = _LARGER.get(scope["path"], MAX_BODY_SIZE)
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > most:
            await _refuse(send)
            return
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise ProblemError(413, "too_large", "the body is too large")
            return message

        await self._app(scope, limited, send)


async def _refuse(send: Send) -> None:
    body = json.dumps(ProblemError(413, "too_large", "the body is too large").document()).encode()
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
