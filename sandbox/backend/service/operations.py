# SPDX-License-Identifier: Apache-2.0
"""The listener for operators and watchers: their API, `/health/live`, `/health/ready` and `/metrics`.

Alive: the process answers. Ready: the database answers too, none of its own threads fails, and it is not about to end;
else 503 with the reasons. Neither needs a token: the listener is where only watchers and operators are.

Tests: tests/sandbox/backend/service/test_operations.py
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from sandbox.backend.errors import BackendError
from sandbox.backend.kernel.context import Backend
from sandbox.backend.service.metrics import MEDIA_TYPE, Metrics
from sandbox.backend.serving.app import create_operators_app

log = logging.getLogger(__name__)

DATABASE_WITHIN_S: Final = 2.0
_NO_STORE: Final = {"Cache-Control": "no-store"}


@dataclass(slots=True)
class Readiness:
    """Whether requests should come here. `is_stopping` is set when the service is about to end."""

    backend: Backend
    is_stopping: bool = False
    _asking: "asyncio.Future[bool] | None" = None

    async def reasons(self) -> list[str]:
        """Why they should not; empty where they should."""
        reasons = ["stopping"] if self.is_stopping else []
        if not await self._database_answers():
            reasons.append("database")
        return [*reasons, *self.backend.threads.failing(self.backend.clock)]

    async def _database_answers(self) -> bool:
        """Within the time. One question at a time: a database that hangs holds one thread, however often we look."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(asyncio.to_thread(self._ask))
        done, _ = await asyncio.wait({self._asking}, timeout=DATABASE_WITHIN_S)
        return bool(done) and self._asking.result()

    def _ask(self) -> bool:
        try:
            with self.backend.db.read() as session:
                session.execute(text("SELECT 1"))
        except (SQLAlchemyError, BackendError, OSError) as error:
            log.warning("the database does not answer: %s", type(error).__name__)
            return False
        return True


def create_operations_app(backend: Backend, readiness: Readiness, metrics: Metrics) -> FastAPI:
    """The ASGI application."""
    app = create_operators_app(backend)
    router = APIRouter(tags=["watching"], include_in_schema=False)

    @router.get("/health/live")
    async def live() -> Response:
        return JSONResponse({"status": "alive"}, headers=_NO_STORE)

    @router.get("/health/ready")
    async def ready() -> Response:
        reasons = await readiness.reasons()
        said = {"status": "not ready", "reasons": reasons} if reasons else {"status": "ready"}
        return JSONResponse(said, status_code=503 if reasons else 200, headers=_NO_STORE)

    @router.get("/metrics")
    async def figures() -> Response:
        return Response(metrics.text(), media_type=MEDIA_TYPE, headers=_NO_STORE)

    app.include_router(router)
    return app
