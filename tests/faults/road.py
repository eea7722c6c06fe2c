# SPDX-License-Identifier: Apache-2.0
"""The road from one terminal to its backend: up or down, and watched, whatever it is made of."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx
import msgspec

from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.encoding.cbor import decode
from pengpos.wire.encoding.cose import Sign1
from pengpos.wire.encoding.fields import as_array, as_map

INVENTED = {"status": "declined", "code": "insufficient_funds", "reason": 23}


class Road(httpx.AsyncBaseTransport):
    """`cut` and `mend` it. `overlaps`: payments that were on their way twice at once, which nothing excuses."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self._broken = asyncio.Event()
        self._up = True
        self._deaf = False
        self._holding = False
        self._denying = False
        self._playing_back = False
        self._kept: dict[str, Any] | None = None
        self._invented = b""
        self._travelling: Counter[UUID] = Counter()
        self.overlaps: list[UUID] = []

    def cut(self) -> None:
        """Nothing gets through, and streams end."""
        self._up, self._broken = False, self._end_streams()

    def cut_after_acting(self) -> None:
        """What is asked is done, and no answer comes back."""
        self._deaf, self._broken = True, self._end_streams()

    def hold_events_back(self) -> None:
        """A proxy passes everything but the body of the event stream: it waits for the end of the answer."""
        self._holding, self._broken = True, self._end_streams()

    def deny(self) -> None:
        """A TLS end passes everything on, and answers each payment with a no that no issuer has signed."""
        self._denying = True

    def play_back(self) -> None:
        """A TLS end keeps approvals and events back, and answers a cancel, which the backend does, with an approval."""
        self.hold_events_back()
        self._playing_back = True

    def invent(self, name: str, data: dict[str, Any]) -> None:
        """A TLS end says by an event what the backend never said: the first thing in the stream that comes next."""
        self._invented += f"event: {name}\ndata: {msgspec.json.encode(data).decode()}\n\n".encode()
        self._broken = self._end_streams()

    @property
    def invented_is_heard(self) -> bool:
        """Whether a stream has begun with all that was invented."""
        return not self._invented

    def fall_for(self, seconds: float) -> None:
        """The other end is gone for some seconds, and then there again."""
        self.cut()
        asyncio.get_running_loop().call_later(seconds, self.mend)

    def mend(self) -> None:
        """As if nothing had been."""
        if self._holding:
            self._broken = self._end_streams()
        self._up, self._deaf, self._holding, self._denying, self._playing_back = True, False, False, False, False

    def _end_streams(self) -> asyncio.Event:
        self._broken.set()
        return asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange. Raises httpx.ConnectError while the road is cut."""
        if not self._up:
            raise httpx.ConnectError("the link is cut", request=request)
        with self._watched(request):
            response = await self._inner.handle_async_request(request)
            if self._deaf:
                await response.aread()
                raise httpx.ReadError("the answer is lost", request=request)
            if "event-stream" not in response.headers.get("content-type", ""):
                content = await response.aread()
                if self._denying and paid_in(request):
                    return _denied(request)
                if self._playing_back and request.url.path.startswith(("/v1/payments", "/v1/intents/")):
                    content = self._played_back(request, content)
                return httpx.Response(
                    response.status_code, headers=_without_length(response), content=content, request=request
                )
        assert isinstance(response.stream, httpx.AsyncByteStream)
        stream = _Held(response.stream) if self._holding else response.stream
        if not self._holding:
            stream, self._invented = _Begun(self._invented, stream), b""
        response.stream = _Stream(stream, self._broken)
        return response

    async def aclose(self) -> None:
        """Let go of what it is made of."""
        await self._inner.aclose()

    def _played_back(self, request: httpx.Request, content: bytes) -> bytes:
        if paid_in(request):
            self._kept = msgspec.json.decode(content)
        if self._kept is None or not request.url.path.endswith("/cancel"):
            raise httpx.ReadError("the answer is kept back", request=request)
        cancelled = msgspec.json.decode(content)["intent"]
        about = {name: cancelled[name] for name in ("intent_id", "amount", "currency")}
        intent = {**about, "status": "approved", "payment": self._kept}
        return msgspec.json.encode({"status": "settled", "intent": intent})

    @contextmanager
    def _watched(self, request: httpx.Request) -> Iterator[None]:
        intents = paid_in(request)
        self._travelling.update(intents)
        self.overlaps += [intent_id for intent_id in intents if self._travelling[intent_id] > 1]
        try:
            yield
        finally:
            self._travelling.subtract(intents)


def _without_length(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name != "content-length"}


def _denied(request: httpx.Request) -> httpx.Response:
    said = [{"intent_id": str(intent_id), **INVENTED} for intent_id in paid_in(request)]
    body: dict[str, Any] = {"verdicts": said} if request.url.path.endswith("/batch") else said[0]
    return httpx.Response(200, json=body, request=request)


def paid_in(request: httpx.Request) -> list[UUID]:
    """The intents for which this request brings payments."""
    if request.method != "POST" or not request.url.path.startswith("/v1/payments"):
        return []
    body = msgspec.json.decode(request.content)
    items: list[dict[str, Any]] = body.get("payments", [body]) if isinstance(body, dict) else []
    return [_intent_of(item["presentation"]) for item in items if "presentation" in item]


def _intent_of(presentation: str) -> UUID:
    parts = as_array(decode(unb64u(presentation), max_size=1_024), 2)
    claims = as_map(decode(Sign1.parse(as_bytes(parts[1])).payload, max_size=1_024))
    return UUID(bytes=as_bytes(claims[1]))


def as_bytes(value: object) -> bytes:
    """A byte string and nothing else."""
    assert isinstance(value, bytes)
    return value


class _Begun(httpx.AsyncByteStream):
    """A body before which something else comes."""

    def __init__(self, first: bytes, inner: httpx.AsyncByteStream) -> None:
        self._first = first
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._first:
            yield self._first
        async for part in self._inner:
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Held(httpx.AsyncByteStream):
    """A body of which nothing comes."""

    def __init__(self, inner: httpx.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        await asyncio.Event().wait()
        yield b""

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Stream(httpx.AsyncByteStream):
    """An endless answer that ends with the road."""

    def __init__(self, inner: httpx.AsyncByteStream, cut: asyncio.Event) -> None:
        self._inner = inner
        self._cut = cut

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts = self._inner.__aiter__()
        cut = asyncio.ensure_future(self._cut.wait())
        part: asyncio.Future[bytes] | None = None
        try:
            while True:
                part = asyncio.ensure_future(anext(parts))
                await asyncio.wait({part, cut}, return_when=asyncio.FIRST_COMPLETED)
                if self._cut.is_set():
                    raise httpx.ReadError("the link is cut")
                try:
                    yield part.result()
                except StopAsyncIteration:
                    return
        finally:
            cut.cancel()
            if part is not None:
                part.cancel()

    async def aclose(self) -> None:
        await self._inner.aclose()
