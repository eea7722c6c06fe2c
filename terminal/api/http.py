# SPDX-License-Identifier: Apache-2.0
"""Requests and answers of the local API: bounded bodies, strict values, RFC 9457 problem documents. Knows no sale.

Tests: tests/terminal/api/test_local_api.py.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from pengpos.client import Problem, SaleView, Status
from pengpos.core.errors import (
    JournalError,
    JournalFaultError,
    JournalFullError,
    JournalMediumError,
    JournalUnavailableError,
    PengposError,
)
from pengpos.core.times import parse_date, parse_rfc3339
from pengpos.serving.bodies import whole_body
from pengpos.serving.members import SaidTwiceError, read_json
from terminal.api.feed import Feed, Listener, TooManyListenersError
from terminal.api.validation import listed, quoted, what_is_wrong
from terminal.device.executor import TooManyWaitingError
from terminal.operators.sessions import RoleNeededError, SessionOverError, SignInRefusedError
from terminal.sales.commands import CommandRefusedError
from terminal.sales.open_sales import UnknownSaleError

log = logging.getLogger(__name__)

BODY_SIZE_MOST = 65_536
BODY_LIMIT_S = 10.0
NUMBER_MOST = 1 << 63

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


class BadRequestError(PengposError):
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
            raw = await whole_body(request, BODY_SIZE_MOST)
    except TimeoutError:
        raise BadRequestError(408, "too_slow", f"a request takes at most {BODY_LIMIT_S:g} s") from None
    if raw is None:
        raise BadRequestError(413, "too_large", f"a request has at most {BODY_SIZE_MOST} bytes")
    try:
        asked = msgspec.json.decode(raw or b"{}", type=kind)
        read_json(raw or b"{}")
    except SaidTwiceError as error:
        raise BadRequestError(422, "invalid_request", f"{quoted(error.name)} is said twice") from None
    except msgspec.ValidationError as error:
        raise BadRequestError(422, "invalid_request", what_is_wrong(error, kind)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequestError(400, "not_json", "the body is no JSON: an object in UTF-8 is expected") from None
    return asked


class Query:
    """The parameters of a search, each said once, but for those in `many`. Raises BadRequestError for any other."""

    def __init__(self, given: QueryParams, known: Sequence[str], many: Sequence[str] = ()) -> None:
        for name in given:
            if name not in known:
                raise _bad_query(f"{quoted(name)} is nothing to search by: there is {listed(known)}")
            if name not in many and len(given.getlist(name)) > 1:
                raise _bad_query(f"{name} is said twice")
        self._given = given

    def text(self, name: str) -> str | None:
        """A text as it was given."""
        return self._given.get(name)

    def number(self, name: str) -> int | None:
        """A whole number of at most 63 bits."""
        text = self._given.get(name)
        if text is None:
            return None
        if not text.isascii() or not text.isdecimal() or len(text) > 20 or int(text) >= NUMBER_MOST:
            raise _bad_query(f"{name} is a whole number below 2^63, not {quoted(text)}")
        return int(text)

    def time(self, name: str) -> int | None:
        """An RFC 3339 time with its offset, as Unix seconds."""
        text = self._given.get(name)
        if text is None:
            return None
        try:
            return parse_rfc3339(text)
        except (ValueError, OverflowError):
            message = f"{name} is a time with its offset, as 2026-11-22T08:00:00Z, not {quoted(text)}"
            raise _bad_query(message) from None

    def day(self, name: str) -> date | None:
        """A business date."""
        text = self._given.get(name)
        if text is None:
            return None
        try:
            return parse_date(text)
        except ValueError:
            raise _bad_query(f"{name} is a business date, as 2026-11-22, not {quoted(text)}") from None

    def choices(self, name: str, of: type[E]) -> frozenset[E]:
        """Any of some words; empty: none was given."""
        words = {member.value: member for member in of}
        given = self._given.getlist(name)
        if unknown := [word for word in given if word not in words]:
            raise _bad_query(f"{name} cannot be {quoted(unknown[0])}: there is {listed(words)}")
        return frozenset(words[word] for word in given)


def _bad_query(detail: str) -> BadRequestError:
    return BadRequestError(422, "invalid_query", detail)


def bearer(request: Request) -> str | None:
    """The token of an operator's session; None: the call names none. Raises BadRequestError."""
    given = request.headers.getlist("authorization")
    if not given:
        return None
    scheme, _, token = given[0].partition(" ")
    if len(given) > 1 or scheme.lower() != "bearer" or not token.strip():
        raise BadRequestError(401, "session_over", "Authorization is “Bearer TOKEN”, once, with a session's token")
    return token.strip()


def as_json(content: Any, status: int = 200) -> Response:
    """An answer."""
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def problem(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """An RFC 9457 problem document; `more`: its further members."""
    document = Problem(title=HTTPStatus(status).phrase, status=status, code=code, detail=detail, **more)
    return Response(msgspec.json.encode(document), status, headers, media_type="application/problem+json")


def events_of(feed: Feed, request: Request) -> Response:
    """A feed's snapshots as Server-Sent Events named ``status`` or ``sale``; `?only=status`: no single sales.

    Raises TooManyListenersError, BadRequestError.
    """
    only = Query(request.query_params, ("only",)).text("only")
    if only not in {None, "status"}:
        raise _bad_query(f"only can be “status”, not {quoted(only or '')}")
    last = request.headers.get("last-event-id", "")
    known = int(last) if last.isascii() and last.isdecimal() and len(last) < 20 else None
    return _EventStream(feed.join(), known, sales=only is None)  # one too many is refused here, where it can be said


class _EventStream(StreamingResponse):
    """A listener's events; its place is given back when the stream ends, however that is."""

    def __init__(self, listener: Listener, last_event_id: int | None, *, sales: bool) -> None:
        told = _told(listener.follow(last_event_id, sales=sales))
        super().__init__(told, media_type="text/event-stream", headers={"cache-control": "no-store"})
        self._listener = listener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._listener.leave()


async def _told(events: AsyncIterator[tuple[int, Status | SaleView] | None]) -> AsyncIterator[bytes]:
    async for event in events:
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


async def _no_such_call(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "")
        methods = " or ".join(sorted(set(allowed.replace(" ", "").split(",")) - {"HEAD"}))
        detail = f"{request.method} is not for this path: it takes {methods}"
        return problem(error.status_code, "method_not_allowed", detail, error.headers)
    code = "not_found" if error.status_code == HTTPStatus.NOT_FOUND else "refused"
    return problem(error.status_code, code, "there is no such call", error.headers)


async def _too_many(_request: Request, _error: Exception) -> Response:
    return problem(503, "too_many_listeners", "too many programs follow the events of this terminal")


async def _too_many_waiting(_request: Request, error: Exception) -> Response:
    return problem(503, "too_many_calls", f"this terminal is busy: {error}. Ask again in a moment")


async def _journal_trouble(_request: Request, error: Exception) -> Response:
    log.error("journal: %s", error)
    return journal_problem(error)


def journal_problem(error: Exception) -> Response:
    """The answer while the journal fails so, each kind of failure under its own code."""
    match error:
        case JournalFullError():
            detail = f"this terminal's storage takes nothing more: {error}. Nothing was changed"
            return problem(507, "journal_full", detail)
        case JournalMediumError():
            return problem(503, "journal_medium", f"this terminal's storage card fails: {error}. Nothing was changed")
        case JournalUnavailableError():
            return problem(503, "journal_unavailable", f"ask again in a moment: {error}. Nothing was changed")
        case JournalFaultError():
            return problem(503, "software", f"this terminal's software had a fault and starts again: {error}")
        case _:
            return problem(503, "journal", str(error))


async def _role_needed(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RoleNeededError)
    return problem(
        403, "role_needed", str(error), action=error.action.value, roles=[role.value for role in error.roles]
    )


async def _session_over(_request: Request, error: Exception) -> Response:
    return problem(401, "session_over", str(error), {"WWW-Authenticate": "Bearer"})


async def _not_signed_in(_request: Request, error: Exception) -> Response:
    assert isinstance(error, SignInRefusedError)
    said = {"tries_left": error.tries_left, "retry_after_s": error.retry_after_s}
    headers = {"Retry-After": str(error.retry_after_s)} if error.retry_after_s is not None else None
    more = {name: value for name, value in said.items() if value is not None}
    return problem(error.status, error.code, error.detail, headers, **more)


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
    TooManyWaitingError: _too_many_waiting,
    RoleNeededError: _role_needed,
    SessionOverError: _session_over,
    SignInRefusedError: _not_signed_in,
    JournalError: _journal_trouble,
    ClientDisconnect: _gone,
    HTTPException: _no_such_call,
    Exception: _broken,
}
"""For Starlette's `exception_handlers`."""
