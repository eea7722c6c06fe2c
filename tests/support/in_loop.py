# SPDX-License-Identifier: Apache-2.0
"""Carries httpx requests into an ASGI application on the caller's own event loop, endless answers included."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextvars import Context
from typing import Any

import httpx
from starlette.types import ASGIApp, Message

_END = b""


class InLoop(httpx.AsyncBaseTransport):
    """The application runs in a task of its own: if the caller goes away, it finishes what it has begun.

    `context`: whose task that is. By default no task's: what a server does is no part of its client's process.
    """

    def __init__(self, app: ASGIApp, context: Callable[[], Context] = Context) -> None:
        self._app = app
        self._context = context

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange. Raises httpx.ReadError if the application broke before it answered."""
        body = await request.aread()
        exchange = _Exchange(body)
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw], "scheme": request.url.scheme,
            "path": request.url.path, "raw_path": request.url.raw_path.split(b"?")[0],
            "query_string": request.url.query, "server": (request.url.host, request.url.port),
            "client": ("127.0.0.1", 123), "root_path": "", "state": {}, "extensions": {},
        }  # fmt: skip
        task = asyncio.get_running_loop().create_task(exchange.run(self._app, scope), context=self._context())
        try:
            status, headers = await exchange.begun
        except asyncio.CancelledError:
            exchange.hang_up()
            raise
        return httpx.Response(status, headers=headers, stream=_Body(exchange, task), request=request)


class _Exchange:
    """One request at the application."""

    def __init__(self, body: bytes) -> None:
        self.begun: asyncio.Future[tuple[int, list[tuple[bytes, bytes]]]] = asyncio.get_running_loop().create_future()
        self.parts: asyncio.Queue[bytes] = asyncio.Queue()
        self._body: bytes | None = body
        self._gone = asyncio.Event()

    async def run(self, app: ASGIApp, scope: dict[str, Any]) -> None:
        """The application's side, to its end. Whatever breaks there is a broken connection here."""
        try:
            await app(scope, self._receive, self._send)
        except Exception as error:  # noqa: BLE001  # the server's own trouble: its client sees a dead connection
            if not self.begun.done():
                self.begun.set_exception(httpx.ReadError(f"the application broke: {error!r}"))
        finally:
            if not self.begun.done():
                self.begun.cancel()
            self.parts.put_nowait(_END)

    def hang_up(self) -> None:
        """The client is gone."""
        self.begun.cancel()
        self._gone.set()

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and not self.begun.done():
            self.begun.set_result((message["status"], list(message.get("headers", ()))))
        elif message.get("body"):
            self.parts.put_nowait(message["body"])


class _Body(httpx.AsyncByteStream):
    def __init__(self, exchange: _Exchange, task: "asyncio.Task[None]") -> None:
        self._exchange = exchange
        self._task = task

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (part := await self._exchange.parts.get()) != _END:
            yield part

    async def aclose(self) -> None:
        """Hang up; an application that would answer for ever hears of it."""
        self._exchange.hang_up()
        if not self._task.done():
            await asyncio.sleep(0)
