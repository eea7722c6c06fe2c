# SPDX-License-Identifier: Apache-2.0
"""Requests and answers of the local API: bounded bodies, strict values, RFC 9457 problem documents. Knows no sale."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from terminal.client import Problem, Status
from terminal.core.errors import JournalError, JournalFullError
from terminal.daemon.counter import CommandRefusedError
from terminal.daemon.desk import UnknownSaleError
from terminal.daemon.feed import Feed, TooManyListenersError

log = logging.getLogger(__name__)

BODY_SIZE_MOST = 65_536
BODY_LIMIT_S = 10.0
NUMBER_MOST = 1 << 63

T = TypeVar("T")


class BadRequestError(Exception):
    """The request itself is not right."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail


async def read_body(request: Request, kind: type[T]) -> T:
    """Decode a body of at most `BODY_SIZE_MOST` bytes; an empty one is an empty object. Raises BadRequestError."""
    try:
        async with asyncio.timeout(BODY_LIMIT_S):
            raw = await _bytes_of(request)
    except TimeoutError:
        raise BadRequestError(408, "too_slow", f"a request takes at most {BODY_LIMIT_S:g} s") from None
    try:
        return msgspec.json.decode(raw or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise BadRequestError(422, "invalid_request", str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequestError(400, "not_json", str(error)) from None


async def _bytes_of(request: Request) -> bytes:
    raw = bytearray()
    async for piece in request.stream():
        raw += piece
        if len(raw) > BODY_SIZE_MOST:
            raise BadRequestError(413, "too_large", f"a request has at most {BODY_SIZE_MOST} bytes")
    return bytes(raw)


def read_number(text: str | None) -> int | None:
    """A whole number of a query, at most 64 bits; raises ValueError."""
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or int(text[:20]) >= NUMBER_MOST or len(text) > 20:
        raise ValueError(f"a whole number below 2^63, not {text[:40]!r}")
    return int(text)


def read_time(text: str | None) -> int | None:
    """An RFC 3339 time of a query as Unix seconds; raises ValueError for one without its offset."""
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time has its offset: 2026-11-22T08:00:00Z")
    return int(at.timestamp())


def as_json(content: Any, status: int = 200) -> Response:
    """An answer."""
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def problem(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """An RFC 9457 problem document."""
    document = Problem(title=HTTPStatus(status).phrase, status=status, code=code, detail=detail)
    return Response(msgspec.json.encode(document), status, headers, media_type="application/problem+json")


def events_of(feed: Feed, request: Request) -> Response:
    """A feed's snapshots as Server-Sent Events named ``status`` or ``sale``. Raises TooManyListenersError."""
    feed.check_room()  # here it can still be said
    last = request.headers.get("last-event-id", "")
    known = int(last) if last.isascii() and last.isdecimal() and len(last) < 20 else None
    return StreamingResponse(_told(feed, known), media_type="text/event-stream", headers={"cache-control": "no-store"})


async def _told(feed: Feed, last_event_id: int | None) -> AsyncIterator[bytes]:
    async for event in feed.follow(last_event_id):
        if event is None:
            yield b": here\n\n"
        else:
            event_id, snapshot = event
            name = b"status" if isinstance(snapshot, Status) else b"sale"
            yield b"id: %d\nevent: %s\ndata: %s\n\n" % (event_id, name, msgspec.json.encode(snapshot))


# --- what each error is answered with ---------------------------------------------------------------------------------


async def _as_it_says(_request: Request, error: Exception) -> Response:
    assert isinstance(error, CommandRefusedError | BadRequestError)
    return problem(error.status, error.code, error.detail)


async def _no_such_sale(_request: Request, _error: Exception) -> Response:
    return problem(404, "not_found", "there is no such sale on this terminal")


async def _no_such_call(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "refused")
    return problem(error.status_code, code, "there is no such call", error.headers)


async def _too_many(_request: Request, _error: Exception) -> Response:
    return problem(503, "too_many_listeners", "too many programs follow the events of this terminal")


async def _journal_trouble(_request: Request, error: Exception) -> Response:
    log.error("journal: %s", error)
    if isinstance(error, JournalFullError):
        return problem(507, "journal_full", f"this terminal's storage takes nothing more: {error}. Nothing was changed")
    return problem(503, "journal", str(error))


async def _gone(_request: Request, _error: Exception) -> Response:
    return problem(400, "cut_short", "the request ended before its body")


async def _broken(_request: Request, _error: Exception) -> Response:
    """Starlette raises the error again once this is sent, for the log."""
    return problem(500, "internal", "something in the terminal broke; its log says what")


ERROR_ANSWERS: Mapping[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
    CommandRefusedError: _as_it_says,
    BadRequestError: _as_it_says,
    UnknownSaleError: _no_such_sale,
    TooManyListenersError: _too_many,
    JournalError: _journal_trouble,
    ClientDisconnect: _gone,
    HTTPException: _no_such_call,
    Exception: _broken,
}
"""For Starlette's `exception_handlers`."""
