# SPDX-License-Identifier: Apache-2.0
"""The screen in a browser on the same machine: its picture out, fingers and keys in, over HTTP on 127.0.0.1.

`GET /TOKEN/frame?after=N` waits until something has changed since picture N (at most `WAIT_S`, then `204`) and answers
with a PNG of the rectangle that holds all of it; headers `Frame` (its number), `Area` (``x,y,w,h``), `Size` (``WxH``),
`Scene` (which scene it shows). A slow viewer gets the newest, never a backlog; N = 0 is the whole picture.

`POST /TOKEN/input?viewer=NAME` takes a JSON array of `Finger`, `KeyStroke` and `ChooseLanguage`. Each says when it was
pressed and at which scene, so that latency does not change what it means, and has its number `seq` from 1: what is sent
once more is not taken twice, and what is missing spoils what was typed.

The token is drawn at each start; a `Host` or `Origin` that is not this machine's is refused. Off unless asked for; only
then is this module imported.
"""

import asyncio
import io
import math
import secrets
import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Annotated, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec
import pygame
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pengpos.client import Language
from pengpos.serving.bodies import whole_body
from pengpos.serving.connections import BoundedH11Protocol, Bounds
from ui.display.moments import When
from ui.display.window import Down, Event, LanguageChosen, Lost, Typed, Up, Window, post

WAIT_S: Final = 20.0
VIEWERS_MOST: Final = 4
CHANGES_MOST: Final = 128
INPUT_MOST_BYTES: Final = 16_384
KNOWN_MOST: Final = 16
NAME_MOST: Final = 32
_LOOK_S = 1.0
_START_LIMIT_S = 10.0
_OURS: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class _Pressed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    at_ms: Annotated[float, msgspec.Meta(ge=0, le=1e13)] | None = None
    """By the viewer's clock; without it, now."""
    scene: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """The scene that it saw, by its header; without it, what stands on the panel then."""
    stood_ms: Annotated[float, msgspec.Meta(ge=0, le=1e13)] = 1e13
    """How long it had seen it."""
    seq: Annotated[int, msgspec.Meta(ge=1)] | None = None


class Finger(_Pressed, frozen=True, tag_field="kind", tag="finger", kw_only=True):
    """A finger came down or went up; `x` and `y` in parts of the picture. Outside of 0..1 nothing is touched."""

    down: bool
    x: Annotated[float, msgspec.Meta(ge=-1, le=2)]
    y: Annotated[float, msgspec.Meta(ge=-1, le=2)]
    finger: Annotated[int, msgspec.Meta(ge=0, le=1)] = 0


class KeyStroke(_Pressed, frozen=True, tag_field="kind", tag="key", kw_only=True):
    """A key of the keyboard: ``enter``, ``tab``, ``escape``, ``backspace``, ``delete`` or a character."""

    name: Annotated[str, msgspec.Meta(pattern=r"\A(enter|tab|escape|backspace|delete|.)\Z")]


class ChooseLanguage(_Pressed, frozen=True, tag_field="kind", tag="language", kw_only=True):
    """The viewer chose the screen's language."""

    language: Language


Touch = Finger | KeyStroke | ChooseLanguage
Touched = Annotated[list[Touch], msgspec.Meta(max_length=64)]


class Viewer:
    """Whoever looks on: which number comes next, and how far its clock is from ours."""

    def __init__(self) -> None:
        self._next = 1
        self._ahead_s = math.inf
        """Of our clock to its own, when nothing was on its way: what comes later was under way for longer."""

    def hear(self, touched: Sequence[Touch], now_s: float) -> None:
        """Learn from what has come at once how far its clock is from ours."""
        ahead_s = [now_s - one.at_ms / 1000 for one in touched if one.at_ms is not None]
        self._ahead_s = min([self._ahead_s, *ahead_s])

    def events_of(self, touched: Touch, size: tuple[int, int], now_s: float) -> list[Event]:
        """What a touch is to the screen: nothing if it came before, and first of all the loss of those between."""
        seq = touched.seq if touched.seq is not None else self._next
        lost: list[Event] = [Lost()] if seq > self._next else []
        if seq < self._next:
            return []
        self._next = seq + 1
        when = self._when(touched, now_s)
        match touched:
            case Finger(down=down, x=x, y=y, finger=finger):
                kind = Down if down else Up
                return [*lost, kind(finger, x * size[0], y * size[1], when)]
            case KeyStroke(name=name):
                return [*lost, Typed(name, when)] if len(name) > 1 or name.isprintable() else lost
            case ChooseLanguage(language=language):
                return [*lost, LanguageChosen(language)]

    def _when(self, touched: Touch, now_s: float) -> When:
        at_s = now_s
        if touched.at_ms is not None:
            at_s = self._ahead_s + touched.at_ms / 1000
        return When(at_s, 0.0, touched.scene, touched.stood_ms / 1000 if touched.scene is not None else None)


class Frame(NamedTuple):
    """The difference from an earlier picture: a copy of the pixels in `area`."""

    number: int
    area: pygame.Rect
    size: tuple[int, int]
    scene: int
    pixels: pygame.Surface


class Frames:
    """The newest picture, and where it differs from those before. Written by the screen's thread, read by any."""

    def __init__(self, surface: pygame.Surface) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self._picture = surface.copy()
        self._number = 1
        self._scene = 0
        self._changes: deque[tuple[int, pygame.Rect]] = deque(maxlen=CHANGES_MOST)

    def changed(self, surface: pygame.Surface, areas: list[pygame.Rect], scene: int = 0) -> None:
        """Take over the rectangles of `surface` that were drawn anew, for this scene."""
        with self._lock:
            self._scene = scene
            if surface.get_size() != self._picture.get_size():
                self._picture, areas = surface.copy(), [surface.get_rect()]
            for area in areas:
                self._picture.blit(surface, area, area)
            self._number += 1
            self._changes.append((self._number, areas[0].unionall(areas[1:])))
        self.on_change()

    def since(self, number: int) -> Frame | None:
        """Give all that differs from picture `number`, the whole picture if that is too old; None if nothing does."""
        with self._lock:
            if number == self._number:
                return None
            whole = self._picture.get_rect()
            newer = [area for at, area in self._changes if at > number]
            is_known = bool(newer) and self._changes[0][0] - 1 <= number
            area = newer[0].unionall(newer[1:]).clip(whole) if is_known else whole
            area = area or pygame.Rect(0, 0, 1, 1)  # drawn beyond the edge: no PNG is empty
            return Frame(self._number, area, whole.size, self._scene, self._picture.subsurface(area).copy())


class _Protocol(BoundedH11Protocol):
    """A browser opens a few connections a viewer; what says nothing keeps none from it."""

    bounds = Bounds(connections_most=8 * VIEWERS_MOST)


class Remote:
    """The listener, in a thread of its own with its own loop."""

    def __init__(self, window: Window, port: int) -> None:
        """Shows what `window` shows. Port 0: any free one. Raises OSError if it is taken."""
        self._window = window
        self._frames = Frames(window.surface)
        self._token = secrets.token_urlsafe(16)
        self._viewers = 0
        self._known: dict[str, Viewer] = {}
        self._news: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port))
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app(),
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="off",
                http=_Protocol,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._run, name="remote", daemon=True)

    @property
    def url(self) -> str:
        """The address it listens at; ends with a slash."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/{self._token}/"

    def start(self) -> None:
        """Listen, and follow the window."""
        self._thread.start()
        self._started.wait(_START_LIMIT_S)
        self._frames.on_change = self._wake
        self._window.on_update = self._changed
        self._changed(self._window.surface, [self._window.surface.get_rect()])

    def stop(self) -> None:
        """Stop listening; returns within `_START_LIMIT_S`."""
        self._window.on_update = lambda _surface, _areas: None
        self._server.should_exit = True
        self._wake()
        self._thread.join(_START_LIMIT_S)
        self._listener.close()

    def _changed(self, surface: pygame.Surface, areas: list[pygame.Rect]) -> None:
        self._frames.changed(surface, areas, self._window.scene_number)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._news = asyncio.get_running_loop(), asyncio.Event()
        self._started.set()
        await self._server.serve(sockets=[self._listener])

    def _wake(self) -> None:
        """Let every waiting request look for a newer picture; from any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._announce)

    def _announce(self) -> None:
        news, self._news = self._news, asyncio.Event()
        if news is not None:
            news.set()

    def _app(self) -> Starlette:
        routes = [
            Route("/{token}/frame", self._frame),
            Route("/{token}/input", self._input, methods=["POST"]),
        ]
        return Starlette(routes=routes)

    def _refusal(self, request: Request) -> Response | None:
        """The answer to a request that is not for us; None if it is."""
        origin = request.headers.get("origin")
        names = [_host(f"//{request.headers.get('host', '')}")] + ([_host(origin)] if origin is not None else [])
        if not all(name in _OURS for name in names):
            return PlainTextResponse("Only from this machine.", 403)
        if not secrets.compare_digest(request.path_params["token"].encode(), self._token.encode()):
            return PlainTextResponse("Not here.", 404)
        return None

    async def _frame(self, request: Request) -> Response:
        if (refusal := self._refusal(request)) is not None:
            return refusal
        after = request.query_params.get("after", "0")
        if not (after.isascii() and after.isdigit() and len(after) <= 18):
            return PlainTextResponse("after is the number of a picture.", 400)
        if self._viewers >= VIEWERS_MOST:
            return PlainTextResponse("Too many look on.", 503)
        self._viewers += 1
        try:
            frame = await self._newer(int(after), request)
            if frame is None:
                return Response(status_code=204)
            content = await run_in_threadpool(_png, frame.pixels)
        finally:
            self._viewers -= 1
        area = f"{frame.area.x},{frame.area.y},{frame.area.w},{frame.area.h}"
        size = f"{frame.size[0]}x{frame.size[1]}"
        headers = {
            "Frame": str(frame.number),
            "Area": area,
            "Size": size,
            "Scene": str(frame.scene),
            "Cache-Control": "no-store",
        }
        return Response(content, media_type="image/png", headers=headers)

    async def _newer(self, number: int, request: Request) -> Frame | None:
        end_s = asyncio.get_running_loop().time() + WAIT_S
        while not self._server.should_exit:
            news = self._news
            frame = self._frames.since(number)
            left_s = end_s - asyncio.get_running_loop().time()
            if frame is not None or left_s <= 0 or news is None or await request.is_disconnected():
                return frame
            try:
                await asyncio.wait_for(news.wait(), min(left_s, _LOOK_S))
            except TimeoutError:
                continue  # to see whether the viewer still waits
        return None

    async def _input(self, request: Request) -> Response:
        if (refusal := self._refusal(request)) is not None:
            return refusal
        if (body := await whole_body(request, INPUT_MOST_BYTES)) is None:
            return PlainTextResponse("Too much at once.", 413)
        try:
            touched = msgspec.json.decode(body, type=Touched)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return PlainTextResponse(str(error), 400)
        viewer, now_s = self._viewer(request.query_params.get("viewer", "")), self._window.monotonic_s()
        viewer.hear(touched, now_s)
        events = [event for one in touched for event in viewer.events_of(one, self._window.size, now_s)]
        try:
            post(events)
        except pygame.error:  # SDL's queue is full: the screen has not looked for a long time
            self._known.clear()  # the next number is taken for a loss
            return PlainTextResponse("The screen is behind.", 503)
        finally:
            self._window.wake()
        return Response(status_code=204)

    def _viewer(self, name: str) -> Viewer:
        """The one of this name; without one, one of its own. Of too many the oldest is forgotten."""
        if not name:
            return Viewer()
        viewer = self._known.pop(name[:NAME_MOST], None) or Viewer()
        self._known[name[:NAME_MOST]] = viewer
        while len(self._known) > KNOWN_MOST:
            self._known.pop(next(iter(self._known)))
        return viewer


def _png(pixels: pygame.Surface) -> bytes:
    content = io.BytesIO()
    pygame.image.save(pixels, content, "png")
    return content.getvalue()


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
