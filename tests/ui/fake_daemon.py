# SPDX-License-Identifier: Apache-2.0
"""A daemon that says what a test puts into it: the surface of the local API at a Unix socket, nothing behind it."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from pengpos.client import Problem, RefundView, SalesPage, SessionView, Status
from workshop.samples.office import REPORT

SESSION = SessionView(
    token="token of m-1", operator_id="m-1", name="Li", role="manager", expires_at="2026-11-29T10:00:00Z"
)


class FakeDaemon:
    """Serves `status` at a socket; `calls` holds what was posted; `refuse` answers the next post with a problem."""

    def __init__(self, socket_path: Path, status: Status) -> None:
        self.socket_path = socket_path
        self.status = status
        self.calls: list[tuple[str, dict[str, object]]] = []
        self.tokens: list[str | None] = []
        """With which session each call came."""
        self.refuse: Problem | None = None
        self.on_call: Callable[[str], None] = lambda _path: None
        self.reports: list[dict[str, object]] = []
        """What a screen said of itself."""
        self.knows_reports = True
        self.searches: list[dict[str, str]] = []
        """What was looked up."""
        self.followed = threading.Event()
        """A client follows the events."""
        self._event_id = 1
        self._is_closing = False
        self._changed: set[asyncio.Event] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; returns when connections are taken."""
        self._is_closing = False
        self.socket_path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.socket_path))
        listener.listen()
        routes = [
            Route("/v1/status", self._get_status),
            Route("/v1/events", self._get_events),
            Route("/v1/sales", self._get_sales),
            Route("/v1/{path:path}", self._post, methods=["POST", "DELETE"]),
            Route("/v1/sales/{sale_id}", self._get_sale),
        ]
        config = uvicorn.Config(
            Starlette(routes=routes), log_level="error", lifespan="off", timeout_graceful_shutdown=5
        )
        self._server = uvicorn.Server(config)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(listener,), daemon=True)
        self._thread.start()

    def _run(self, listener: socket.socket) -> None:
        assert self._server is not None
        assert self._loop is not None
        with listener:
            self._loop.run_until_complete(self._server.serve(sockets=[listener]))
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())  # transports close one turn later
        self._loop.close()

    def stop(self) -> None:
        """End every stream, then close the socket."""
        assert self._loop is not None
        assert self._server is not None
        assert self._thread is not None
        if self._thread.is_alive():
            self._is_closing = True
            self._loop.call_soon_threadsafe(self._wake)
            self._server.should_exit = True
            self._thread.join(10)
        self.socket_path.unlink(missing_ok=True)

    def publish(self, status: Status) -> None:
        """Make a snapshot the newest and send it to every stream."""
        assert self._loop is not None
        self.status = status
        self._event_id += 1
        self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        for changed in self._changed:
            changed.set()

    async def _get_status(self, _request: Request) -> Response:
        return _json(self.status)

    async def _get_sale(self, _request: Request) -> Response:
        return _json(self.status.sale)

    async def _get_sales(self, request: Request) -> Response:
        self.searches.append(dict(request.query_params))
        return _json(SalesPage(sales=[self.status.sale] if self.status.sale else [], next=7))

    async def _get_events(self, _request: Request) -> Response:
        return StreamingResponse(self._stream(), media_type="text/event-stream")

    async def _stream(self) -> AsyncIterator[bytes]:
        changed = asyncio.Event()
        self._changed.add(changed)
        self.followed.set()
        try:
            while not self._is_closing:
                data = msgspec.json.encode(self.status)
                yield b": here\n\nid: %d\nevent: status\ndata: %s\n\n" % (self._event_id, data)
                await changed.wait()
                changed.clear()
        finally:
            self._changed.discard(changed)

    async def _post(self, request: Request) -> Response:
        path = request.path_params["path"]
        if path == "screen":
            if not self.knows_reports:
                return _json(Problem(title="Not Found", status=404, code="not_found"), 404)
            self.reports.append(await request.json())
            return Response(status_code=204)
        self.calls.append((path, await request.json() if request.method == "POST" else {}))
        self.tokens.append(request.headers.get("authorization"))
        if self.refuse is not None:
            problem, self.refuse = self.refuse, None
            return _json(problem, problem.status)
        self.on_call(path)
        if path == "operators/session":
            return _json(SESSION, 201) if request.method == "POST" else Response(status_code=204)
        if path.endswith("/refunds"):
            return _json(RefundView(refund_id="r1", amount=None, reason="returned", state="queued", by="m-1"), 201)
        if path == "day/close":
            return _json(REPORT)
        return _json(self.status.sale, 201 if path == "sales" else 200)


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
