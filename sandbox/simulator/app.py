# SPDX-License-Identifier: Apache-2.0
"""Serves the page over HTTP: its files, news as Server-Sent Events, actions as JSON, and the terminal's screen.

Everything is under `/TOKEN/`, for requests whose `Host` and `Origin` are this machine's. The screen's own listener
(`ui.display.remote`) is reached through here, so that one port and one origin are all a browser needs.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit

import httpx
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from pengpos.serving.bodies import whole_body
from sandbox.pages import STATIC as PAGES
from sandbox.simulator.actions import ACTION
from sandbox.simulator.shop import SimulatedShop, UnknownPhoneError

VIEWERS_MOST: Final = 8
BODY_MOST_BYTES: Final = 4096
INPUT_MOST_BYTES: Final = 16_384
VIEWER_MOST: Final = 32
_OURS: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_STATIC: Final = Path(__file__).with_name("static")
_SHARED: Final = frozenset({"languages.js", "money.js", "symbols.js"})
"""Parts of the shoppers' pages that this one is made of too."""
_TYPES: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FRAME_LIMIT_S = 30.0  # to the last byte; the screen answers within 20 s, changed or not
_FRAME_MOST_BYTES: Final = 8 * 1024 * 1024
_FRAME_HEADERS: Final = ("frame", "area", "size", "scene", "content-type")
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_NO_SCREEN = partial(PlainTextResponse, "The screen does not answer.", 503)
Handler = Callable[[Request], Awaitable[Response]]


class Page:
    """The application over one shop. `screen_url`: where the terminal's screen listens, if one does."""

    def __init__(self, shop: SimulatedShop, *, token: str, screen_url: str | None) -> None:
        self._shop = shop
        self._token = token
        self._viewers = 0
        self._screen = (
            httpx.AsyncClient(
                base_url=screen_url, timeout=_FRAME_LIMIT_S, trust_env=False, headers={"Accept-Encoding": "identity"}
            )
            if screen_url
            else None
        )

    def app(self) -> Starlette:
        """The ASGI application."""
        ours = self._only_ours
        routes = [
            Route("/{token}", ours(self._to_the_page)),
            Route("/{token}/", ours(self._file)),
            Route("/{token}/events", ours(self._events)),
            Route("/{token}/do", ours(self._do), methods=["POST"]),
            Route("/{token}/screen/frame", ours(self._frame)),
            Route("/{token}/screen/input", ours(self._input), methods=["POST"]),
            Route("/{token}/{name}", ours(self._file)),
        ]
        return Starlette(routes=routes, lifespan=self._lifespan)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        yield
        if self._screen is not None:
            await self._screen.aclose()

    def _only_ours(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            origin = request.headers.get("origin")
            names = [_host(f"//{request.headers.get('host', '')}")] + ([_host(origin)] if origin is not None else [])
            if not all(name in _OURS for name in names):
                answer: Response = PlainTextResponse("Only from this machine.", 403)
            elif not secrets.compare_digest(request.path_params["token"].encode(), self._token.encode()):
                answer = PlainTextResponse("Not here. The address is what pengpos run prints.", 404)
            else:
                answer = await handler(request)
            answer.headers.update(_HEADERS)
            return answer

        return guarded

    async def _to_the_page(self, _: Request) -> Response:
        return RedirectResponse(f"/{self._token}/")

    async def _file(self, request: Request) -> Response:
        name = request.path_params.get("name", "index.html")
        folder = PAGES if name in _SHARED else _STATIC
        path = folder / name
        if path.parent != folder or path.suffix not in _TYPES or not path.is_file():
            return PlainTextResponse("Not here.", 404)
        return Response(await run_in_threadpool(path.read_bytes), media_type=_TYPES[path.suffix])

    async def _events(self, _: Request) -> Response:
        if self._viewers >= VIEWERS_MOST:
            return PlainTextResponse("Too many look on.", 503)
        return StreamingResponse(self._stream(), media_type="text/event-stream")

    async def _stream(self) -> AsyncIterator[str]:
        self._viewers += 1
        try:
            async for name, text in self._shop.board.follow():
                yield f"event: {name}\ndata: {text}\n\n" if name else ": still here\n\n"
        finally:
            self._viewers -= 1

    async def _do(self, request: Request) -> Response:
        body = await whole_body(request, BODY_MOST_BYTES)
        if body is None:
            return PlainTextResponse("Too much at once.", 413)
        try:
            action = ACTION.validate_json(body)
            await run_in_threadpool(self._shop.carry_out, action)
        except ValidationError as error:
            return PlainTextResponse(str(error), 400)
        except UnknownPhoneError:
            return PlainTextResponse("No such phone.", 404)
        return Response(status_code=204)

    async def _frame(self, request: Request) -> Response:
        return await self._of_the_screen("GET", f"frame?after={request.query_params.get('after', '0')[:18]}")

    async def _input(self, request: Request) -> Response:
        body = await whole_body(request, INPUT_MOST_BYTES)
        viewer = urlencode({"viewer": request.query_params.get("viewer", "")[:VIEWER_MOST]})
        return (
            PlainTextResponse("Too much.", 413)
            if body is None
            else await self._of_the_screen("POST", f"input?{viewer}", body)
        )

    async def _of_the_screen(self, method: str, path: str, content: bytes | None = None) -> Response:
        if self._screen is None:
            return PlainTextResponse("No screen runs here.", 404)
        said = bytearray()
        try:
            async with (
                asyncio.timeout(_FRAME_LIMIT_S),
                self._screen.stream(method, path, content=content) as answer,
            ):
                async for piece in answer.aiter_raw():
                    said += piece
                    if len(said) > _FRAME_MOST_BYTES:
                        return _NO_SCREEN()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError):
            return _NO_SCREEN()
        headers = {name: answer.headers[name] for name in _FRAME_HEADERS if name in answer.headers}
        return Response(bytes(said), answer.status_code, headers)


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
