# SPDX-License-Identifier: Apache-2.0
"""The road between a terminal and its backend, with whatever can stand in the way of an answer.

Real HTTP runs below; a test says what becomes of which call. Used on the terminal's loop, set from the test's thread.
"""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import httpx

Pass = Callable[[httpx.Request], Awaitable[httpx.Response]]
Obstacle = Callable[[httpx.Request, Pass], Awaitable[httpx.Response]]


def says(status: int, body: bytes = b"", content_type: str = "text/html", **headers: str) -> Obstacle:
    """Another server answers; the backend hears nothing."""

    async def obstacle(_request: httpx.Request, _forward: Pass) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.Response(status, content=body, headers={"content-type": content_type, **named})

    return obstacle


def refuses(error: type[httpx.TransportError] = httpx.ConnectError) -> Obstacle:
    """No server is there; the backend hears nothing."""

    async def obstacle(request: httpx.Request, _forward: Pass) -> httpx.Response:
        raise error("in the way", request=request)

    return obstacle


def loses_the_answer(error: type[httpx.TransportError] = httpx.ReadError) -> Obstacle:
    """The backend hears and does it; its answer is lost."""

    async def obstacle(request: httpx.Request, forward: Pass) -> httpx.Response:
        await (await forward(request)).aread()
        raise error("the answer is lost", request=request)

    return obstacle


def never_answers() -> Obstacle:
    """The backend hears nothing, and no error says so: the caller's own time limit ends it."""

    async def obstacle(_request: httpx.Request, _forward: Pass) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    return obstacle


def changes(edit: Callable[[bytes], bytes]) -> Obstacle:
    """The backend's answer arrives with another body."""

    async def obstacle(request: httpx.Request, forward: Pass) -> httpx.Response:
        answer = await forward(request)
        content = edit(await answer.aread())
        return httpx.Response(
            answer.status_code, content=content, headers={"content-type": answer.headers["content-type"]}
        )

    return obstacle


@dataclass(slots=True)
class _Rule:
    method: str
    path: re.Pattern[str]
    obstacle: Obstacle
    times: int | None
    met: int = 0


@dataclass(slots=True)
class Road(httpx.AsyncBaseTransport):
    """An httpx transport; make one for each terminal, on no loop in particular."""

    calls: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of everything that set out."""
    _rules: list[_Rule] = field(default_factory=list)
    _inner: httpx.AsyncHTTPTransport | None = None
    _cut: bool = False
    _tearings: int = 0
    _under_way: int = 0
    _streams: set["_Stream"] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, obstacle: Obstacle, method: str = "*", path: str = ".*", times: int | None = None) -> "_Rule":
        """Put something in the way of calls to come; an earlier one that fits is met first."""
        rule = _Rule(method, re.compile(path), obstacle, times)
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Nothing is in the way any more."""
        with self._lock:
            self._rules.clear()
            self._cut = False

    def cut(self) -> None:
        """No connection any more, and those that were open break."""
        self._cut = True
        self.tear_streams()

    def silence_events(self) -> None:
        """The backend tells nothing by itself any more; calls go on."""
        self.put(refuses(), "GET", "/v1/terminal/events")
        self.tear_streams()

    def tear_streams(self) -> None:
        """What the backend tells by itself ends; it may be asked for anew."""
        with self._lock:
            self._tearings += 1
            streams = tuple(self._streams)
        for stream in streams:
            stream.tear()

    @property
    def is_quiet(self) -> bool:
        """Nothing is under way but what the backend tells by itself."""
        return self._under_way == 0

    def count(self, method: str, path: str) -> int:
        """How many such calls have set out."""
        return sum(called == method and re.fullmatch(path, to) is not None for called, to in self.calls)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange."""
        self.calls.append((request.method, request.url.path))
        if self._cut:
            raise httpx.ConnectError("the line is cut", request=request)
        rule = self._rule_for(request)
        self._under_way += 1
        try:
            return await (rule.obstacle(request, self._forward) if rule else self._forward(request))
        finally:
            self._under_way -= 1

    async def aclose(self) -> None:
        """Let go of all connections."""
        if self._inner is not None:
            await self._inner.aclose()
            self._inner = None

    def _rule_for(self, request: httpx.Request) -> _Rule | None:
        with self._lock:
            for rule in self._rules:
                fits = rule.method in ("*", request.method) and rule.path.fullmatch(request.url.path)
                if fits and (rule.times is None or rule.met < rule.times):
                    rule.met += 1
                    return rule
        return None

    async def _forward(self, request: httpx.Request) -> httpx.Response:
        if self._inner is None:
            self._inner = httpx.AsyncHTTPTransport(verify=False)
        tearings = self._tearings
        response = await self._inner.handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        stream = _Stream(response.stream)
        with self._lock:
            self._streams.add(stream)
        if tearings != self._tearings:  # the line was cut while this answer's head was under way
            stream.tear()
        stream.ended = lambda: self._streams.discard(stream)
        return httpx.Response(response.status_code, headers=response.headers, stream=stream)


class _Stream(httpx.AsyncByteStream):
    """A body that can be torn in the middle."""

    def __init__(self, inner: httpx.AsyncByteStream) -> None:
        self._inner = inner
        self._torn = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.ended: Callable[[], object] = lambda: None

    def tear(self) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self._torn.set)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = self._inner.__aiter__()
        torn = asyncio.ensure_future(self._torn.wait())
        try:
            while True:
                piece = asyncio.ensure_future(anext(pieces))
                piece.add_done_callback(lambda done: done.cancelled() or done.exception())  # also if we end meanwhile
                try:
                    await asyncio.wait({piece, torn}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    if not piece.done():
                        piece.cancel()
                if torn.done():
                    raise httpx.ReadError("the line is cut")
                try:
                    yield piece.result()
                except StopAsyncIteration:
                    return
        finally:
            torn.cancel()

    async def aclose(self) -> None:
        """Close the body itself."""
        self.ended()
        await self._inner.aclose()
