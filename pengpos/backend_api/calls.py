# SPDX-License-Identifier: Apache-2.0
"""Make one request and read its answer, bounded in time and size, and tell it from a stranger's.

Source: backend API, "Rules for all of it". Knows no sale.

Tests: tests/pengpos/backend_api/test_calls.py, tests/pengpos/backend_api/test_signed_calls.py.
"""

import asyncio
import logging
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import httpx
import msgspec
from httpx_sse import SSEError, aconnect_sse

from pengpos.backend_api.answer_bytes import IDENTITY, coding_of, read_bounded
from pengpos.backend_api.messages import HeartbeatMessage, ProblemMessage, read_message
from pengpos.backend_api.signed_answer import check_answer, nonce_of, time_in
from pengpos.backend_api.signing import KNOWS, PROCESS
from pengpos.core.errors import MalformedError, PengposError, SignatureError
from pengpos.wire.encoding.keys import Issuers

log = logging.getLogger(__name__)

ANSWER_SIZE_MOST = 1_048_576
RETRY_AFTER_MOST_S = 60  # a proxy may ask for an hour, and this may be a cancel or a refund
EVENTS_SILENCE_S = 25.0  # the stream carries a comment every 10 s: after two missed ones it is dead

_KNOWS = "dues"  # backend API, `Pengpos-Knows`: a backend asks no shopper of a terminal that does not say so
_IDEMPOTENT = frozenset({"GET", "PUT"})  # a payment is one too, but must not look lost and be answered all the same
_BLANK_LINE = re.compile(rb"\n\n|\r\n\r\n")

M = TypeVar("M")


class UnusableAnswerError(PengposError):
    """The transport failed, or what came is no answer; `retry_after_s` if it said when to come back."""

    def __init__(self, detail: str, retry_after_s: int | None = None, problem: ProblemMessage | None = None) -> None:
        """`problem`: the backend's own word, where it was the backend that answered."""
        super().__init__(detail)
        self.retry_after_s = retry_after_s
        self.problem = problem
        self.backends_time: int | None = None
        """Signed over our request, by a backend that took it and holds what it asked for."""


@dataclass(frozen=True, slots=True)
class _Answer(Generic[M]):
    """What came, and to which request. `ours`: as far as the backend promises, it answers that one."""

    message: M
    request: httpx.Request
    ours: bool


class _Course:
    """How far one request came, as the library tells (httpcore, *trace*)."""

    def __init__(self) -> None:
        self._connected = self._sent = self._answered = False

    async def trace(self, event: str, _info: dict[str, Any]) -> None:
        """One step of it."""
        self._connected |= ".connect_" in event
        self._sent |= event == "http11.send_request_headers.started"
        self._answered |= event == "http11.receive_response_headers.complete"

    @property
    def met_a_closed_connection(self) -> bool:
        """It was sent over a connection of an earlier request, and no answer began."""
        return self._sent and not self._connected and not self._answered


async def _nobody(_at: int) -> None:
    """The callback of a caller that does not ask for it."""


class Calls:
    """The road for requests. Lives on the loop.

    `heard` is called for every byte that came from the backend, `lost` when it could not be reached or a stranger
    answered in its place, `opened` each time the event stream is open, for it replays nothing from before,
    `events_heard` for every byte of that stream,
    `unsigned` when what looks like its answer is not signed as one though it `signs_answers`: then it is none, whoever
    it came from,
    `revoked` when it answered that this terminal is, `standing_said` with the unsigned word of an answer on whether it
    may sell, and `time_signed` of its own time when it refused ours and signed
    it over our request.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        issuers: Callable[[], Issuers],
        signs_answers: Callable[[], bool] = lambda: False,
        unsigned: Callable[[], None] = lambda: None,
        heard: Callable[[], None] = lambda: None,
        lost: Callable[[], None] = lambda: None,
        opened: Callable[[], None] = lambda: None,
        revoked: Callable[[], None] = lambda: None,
        standing_said: Callable[[str], None] = lambda _word: None,
        events_heard: Callable[[], None] = lambda: None,
        time_signed: Callable[[int], Awaitable[None]] = _nobody,
    ) -> None:
        self._client = client
        self._issuers = issuers
        self._signs_answers = signs_answers
        self._unsigned = unsigned
        self._heard = heard
        self._lost = lost
        self._opened = opened
        self._revoked = revoked
        self._standing_said = standing_said
        self._events_heard = events_heard
        self._time_signed = time_signed
        self._process = secrets.token_urlsafe(16)  # told to the event stream: two that alternate are two devices

    async def call(
        self,
        method: str,
        path: str,
        kind: type[M],
        deadline_s: float,
        body: object = None,
        *,
        signed: bool = True,
        size_most: int = ANSWER_SIZE_MOST,
    ) -> M:
        """Send, read at most `size_most` bytes within the deadline, decode. Raises UnusableAnswerError."""
        answer = await self._exchange(method, path, kind, deadline_s, body, signed=signed, size_most=size_most)
        return answer.message

    async def heartbeat(self, path: str, deadline_s: float, body: object) -> tuple[HeartbeatMessage, int | None]:
        """POST a heartbeat: its answer, and the time an issuer signed over this very request; None: it gave none.

        Raises UnusableAnswerError, also for a time over another request.
        """
        answer = await self._exchange("POST", path, HeartbeatMessage, deadline_s, body)
        if answer.message.clock is None:
            return answer.message, None
        try:
            return answer.message, time_in(answer.message.clock, answer.request, self._issuers())
        except (MalformedError, SignatureError) as error:
            raise UnusableAnswerError(f"the backend's time is not taken: {error}") from error

    async def call_over_nonce(self, method: str, path: str, kind: type[M], deadline_s: float) -> tuple[M, str | None]:
        """As `call`, with the nonce of the request, over which an issuer may have signed the answer."""
        answer = await self._exchange(method, path, kind, deadline_s)
        return answer.message, nonce_of(answer.request)

    async def document(self, path: str, kind: type[M], deadline_s: float) -> tuple[M, bool]:
        """GET what an issuer has signed by itself; false: whether it answers this question, nothing says.

        By it a backend takes back that it signs its answers, and brings the issuers that do.
        """
        answer = await self._exchange("GET", path, kind, deadline_s, stands_alone=True)
        return answer.message, answer.ours

    async def _exchange(
        self,
        method: str,
        path: str,
        kind: type[M],
        deadline_s: float,
        body: object = None,
        *,
        signed: bool = True,
        size_most: int = ANSWER_SIZE_MOST,
        stands_alone: bool = False,
    ) -> "_Answer[M]":
        content = msgspec.json.encode(body) if body is not None else None
        headers = dict(IDENTITY)
        if content is not None:
            headers |= {"content-type": "application/json", KNOWS: _KNOWS}
        auth = httpx.USE_CLIENT_DEFAULT if signed else None
        how: dict[str, Any] = {"content": content, "headers": headers, "auth": auth, "timeout": deadline_s}
        try:
            async with asyncio.timeout(deadline_s):
                first = await self._attempt(method, path, size_most, how)
                response, raw = first or await self._send(method, path, size_most, how, _Course())
        except TimeoutError:
            self._lost()
            raise UnusableAnswerError(f"no answer within {deadline_s:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._lost()
            raise UnusableAnswerError(str(error) or type(error).__name__) from error
        flaw = self._flaw_in(response, raw) if signed and self._signs_answers() else None
        if not response.is_success:
            raise await self._refused(response, raw, flaw)
        try:
            message = read_message(raw, kind)
        except MalformedError as error:
            self._lost()
            raise UnusableAnswerError(str(error)) from error
        if flaw is not None and stands_alone:
            self._lost()
            return _Answer(message, response.request, ours=False)
        if flaw is not None:
            raise self._not_ours(flaw)
        self._heard()
        if (word := response.headers.get("pengpos-standing")) is not None:
            self._standing_said(word)
        return _Answer(message, response.request, ours=True)

    def _flaw_in(self, response: httpx.Response, raw: bytes) -> str | None:
        """Why this is not the answer to its request that a backend of ours would give; None: it is."""
        try:
            check_answer(response, raw, self._issuers())
        except (MalformedError, SignatureError) as error:
            return f"not the backend's answer: {error}"
        return None

    def _not_ours(self, flaw: str, retry_after_s: int | None = None) -> UnusableAnswerError:
        """What looks like an answer of the backend, and is not signed as one."""
        log.warning("%s", flaw)
        self._lost()
        self._unsigned()
        return UnusableAnswerError(flaw, retry_after_s)

    async def _attempt(
        self, method: str, path: str, size_most: int, how: dict[str, Any]
    ) -> tuple[httpx.Response, bytes] | None:
        """Send once; None: a connection that was kept was closed just as it was used, and it may be sent again."""
        course = _Course()
        try:
            return await self._send(method, path, size_most, how, course)
        except (httpx.RemoteProtocolError, httpx.NetworkError):
            if method in _IDEMPOTENT and course.met_a_closed_connection:
                return None
            raise

    async def _send(
        self, method: str, path: str, size_most: int, how: dict[str, Any], course: "_Course"
    ) -> tuple[httpx.Response, bytes]:
        async with self._client.stream(method, path, extensions={"trace": course.trace}, **how) as response:
            return response, await read_bounded(response, size_most)

    async def events(self, path: str, last_event_id: str | None) -> AsyncIterator[tuple[str, str, bytes]]:
        """Follow a stream of Server-Sent Events; yields (id, name, data). Raises ConnectionError when it ends."""
        headers = {**IDENTITY, PROCESS: self._process}
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        timeout = httpx.Timeout(5.0, read=EVENTS_SILENCE_S)
        try:
            async with AsyncExitStack() as open_stream:
                opening = aconnect_sse(self._client, "GET", path, headers=headers, timeout=timeout)
                async with asyncio.timeout(EVENTS_SILENCE_S):  # a head that comes byte by byte is none
                    source = await open_stream.enter_async_context(opening)
                if source.response.status_code != httpx.codes.OK:
                    raise ConnectionError(f"status {source.response.status_code}")
                if (coding := coding_of(source.response)) is not None:
                    raise ConnectionError(f"a stream packed as {coding[:40]!r}, which was not asked for")
                assert isinstance(source.response.stream, httpx.AsyncByteStream)  # an AsyncClient gives no other
                source.response.stream = _Heard(source.response.stream, self._heard_in_stream)
                if source.response.headers.get("content-type", "").startswith("text/event-stream"):
                    self._opened()
                newest_id = ""
                async for event in source.aiter_sse():
                    if event.data:
                        yield event.id, event.event, event.data.encode()
                    elif event.id != newest_id:  # behind which number it begins; a comment says the newest one again
                        yield event.id, "", b""
                    newest_id = event.id
        except (TimeoutError, httpx.HTTPError, SSEError) as error:
            raise ConnectionError(str(error) or type(error).__name__) from error
        raise ConnectionError("the backend closed the stream")

    def _heard_in_stream(self) -> None:
        self._events_heard()
        self._heard()

    async def _refused(self, response: httpx.Response, raw: bytes, flaw: str | None) -> UnusableAnswerError:
        """A no of the backend's own is a problem document; anything else comes from a proxy between it and us."""
        error = _unusable(response, raw)
        if error.problem is None:
            self._lost()
            return error
        if flaw is not None:
            return self._not_ours(flaw, error.retry_after_s)
        self._heard()
        if response.status_code == httpx.codes.FORBIDDEN and error.problem.code == "revoked":
            self._revoked()
        if error.problem.code in {"clock", "epoch_held"} and error.problem.now is not None:
            try:
                at = time_in(error.problem.now, response.request, self._issuers())
            except (MalformedError, SignatureError) as bad:
                log.warning("the backend's time is not taken: %s", bad)
            else:
                if error.problem.code == "clock":
                    await self._time_signed(at)
                else:
                    error.backends_time = at
        return error


def _unusable(response: httpx.Response, raw: bytes) -> UnusableAnswerError:
    retry_after = response.headers.get("retry-after", "")
    seconds = retry_after.isascii() and retry_after.isdecimal() and len(retry_after) < 10
    problem: ProblemMessage | None = None
    if "problem+json" in response.headers.get("content-type", ""):
        try:
            problem = read_message(raw, ProblemMessage)
        except MalformedError:
            problem = None
    detail = f"{problem.code}: {problem.detail}" if problem else response.headers.get("content-type", "no body")
    return UnusableAnswerError(
        f"status {response.status_code} ({detail})",
        min(int(retry_after), RETRY_AFTER_MOST_S) if seconds else None,
        problem,
    )


class _Heard(httpx.AsyncByteStream):
    """A body that tells of every byte: a comment on the event stream says nothing but that the backend is there.

    One event has at most `ANSWER_SIZE_MOST` bytes; a blank line ends it.
    """

    def __init__(self, body: httpx.AsyncByteStream, heard: Callable[[], None]) -> None:
        self._body = body
        self._heard = heard

    async def __aiter__(self) -> AsyncIterator[bytes]:
        unended, end = 0, b""
        async for piece in self._body:
            self._heard()
            seen = end + piece  # a blank line may come in two pieces
            unended, end = (0 if _BLANK_LINE.search(seen) else unended + len(piece)), seen[-3:]
            if unended > ANSWER_SIZE_MOST:
                raise httpx.ReadError(f"an event beyond {ANSWER_SIZE_MOST} bytes")
            yield piece

    async def aclose(self) -> None:
        """Close the body itself."""
        await self._body.aclose()
