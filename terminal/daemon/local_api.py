# SPDX-License-Identifier: Apache-2.0
"""The local API over HTTP. Source: `docs/spec/local-api.md`; every error is an RFC 9457 problem document.

Nothing here waits for a shopper: a call starts or changes something, `/v1/events` says what came of it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import date, datetime
from typing import Any, Literal, TypeVar
from uuid import UUID

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from offline_queue.port import JournalPort
from offline_queue.values import PAGE_LIMIT, SaleQuery
from terminal.client import Language, NewSale, Problem, RefundView
from terminal.core.errors import JournalError, JournalFullError
from terminal.core.sale import CancelReason, SaleState
from terminal.daemon.alarms import Alarms
from terminal.daemon.counter import CommandRefusedError, Counter
from terminal.daemon.day import DayClose
from terminal.daemon.desk import Desk, UnknownSaleError
from terminal.daemon.feed import Feed, TooManyListenersError
from terminal.daemon.snapshot import Snapshots
from terminal.daemon.views import sale_view, utc
from terminal.gateway.backend import UnusableAnswerError

log = logging.getLogger(__name__)

BODY_SIZE_MOST = 65_536

T = TypeVar("T")


class CancelCall(msgspec.Struct, forbid_unknown_fields=True):
    """`POST /v1/sales/{id}/cancel`."""

    reason: Literal["customer", "merchant", "malfunction", "unable_to_complete"] = "merchant"


class CodeCall(msgspec.Struct, forbid_unknown_fields=True):
    """`POST /v1/sales/{id}/confirmation-code`."""

    code: str


class DayCall(msgspec.Struct, forbid_unknown_fields=True):
    """`POST /v1/day/close`."""

    date: str | None = None


class RefundCall(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`POST /v1/sales/{id}/refunds`."""

    idempotency_key: str
    reason: str
    amount: int | None = None


class LocalApi:
    """The routes of one running terminal."""

    def __init__(
        self,
        *,
        desk: Desk,
        counter: Counter,
        journal: JournalPort,
        snapshots: Snapshots,
        feed: Feed,
        alarms: Alarms,
        days: DayClose,
        export: Callable[[], str],
        sync_now: Callable[[], None],
        language: Language,
    ) -> None:
        self._desk = desk
        self._counter = counter
        self._journal = journal
        self._snapshots = snapshots
        self._feed = feed
        self._alarms = alarms
        self._days = days
        self._export = export
        self._sync_now = sync_now
        self._language = language

    def app(self) -> Starlette:
        """The ASGI application."""
        sale = "/v1/sales/{sale_id:uuid}"
        return Starlette(
            routes=[
                Route("/v1/status", self.status),
                Route("/v1/events", self.events),
                Route("/v1/sales", self.start_sale, methods=["POST"]),
                Route("/v1/sales", self.search_sales, methods=["GET"]),
                Route(sale, self.show_sale),
                Route(sale + "/again", self.again, methods=["POST"]),
                Route(sale + "/park", self.park, methods=["POST"]),
                Route(sale + "/cancel", self.cancel, methods=["POST"]),
                Route(sale + "/accept-offline", self.accept_offline, methods=["POST"]),
                Route(sale + "/confirmation-code", self.confirmation_code, methods=["POST"]),
                Route(sale + "/refunds", self.refund, methods=["POST"]),
                Route("/v1/queue", self.queue),
                Route("/v1/queue/sync", self.sync, methods=["POST"]),
                Route("/v1/queue/export", self.export),
                Route("/v1/day", self.day),
                Route("/v1/day/close", self.close_day, methods=["POST"]),
                Route("/v1/alarms/{alarm_id}/seen", self.alarm_seen, methods=["POST"]),
            ],
            exception_handlers={
                CommandRefusedError: _refused,
                UnknownSaleError: _no_such_sale,
                JournalError: _journal_trouble,
                BadRequestError: _bad_request,
                TooManyListenersError: _too_many,
                404: _not_found,
                405: _not_found,
            },
        )

    # --- looking ------------------------------------------------------------------------------------------------------

    async def status(self, _request: Request) -> Response:
        """`GET /v1/status`."""
        return _json(self._snapshots.status())

    async def events(self, request: Request) -> Response:
        """`GET /v1/events`: Server-Sent Events, each a whole snapshot named ``status``."""
        last = request.headers.get("last-event-id", "")
        stream = self._stream(int(last) if last.isdecimal() and len(last) < 20 else None)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"cache-control": "no-store"})

    async def _stream(self, last_event_id: int | None) -> AsyncIterator[bytes]:
        async for event in self._feed.follow(last_event_id):
            if event is None:
                yield b": here\n\n"
            else:
                event_id, status = event
                yield b"id: %d\nevent: status\ndata: %s\n\n" % (event_id, msgspec.json.encode(status))

    async def show_sale(self, request: Request) -> Response:
        """`GET /v1/sales/{id}`."""
        return _json(sale_view(await self._desk.find(_sale_id(request)), self._language))

    async def search_sales(self, request: Request) -> Response:
        """`GET /v1/sales?from=&to=&state=&amount=&number=&reference=&before=&limit=`, the newest first."""
        query = request.query_params
        try:
            page = self._journal.search(
                SaleQuery(
                    from_utc=_time(query.get("from")),
                    to_utc=_time(query.get("to")),
                    states=frozenset(SaleState(state) for state in query.getlist("state")),
                    amount_minor=int(query["amount"]) if "amount" in query else None,
                    number=query.get("number"),
                    reference=query.get("reference"),
                    before=int(query["before"]) if "before" in query else None,
                    limit=int(query.get("limit", "50")),
                )
            )
        except ValueError as error:
            raise BadRequestError(422, "invalid_query", str(error)) from None
        return _json({"sales": [sale_view(sale, self._language) for sale in page.sales], "next": page.next})

    async def queue(self, _request: Request) -> Response:
        """`GET /v1/queue`: every stored payment with its state and age, and the totals."""
        entries = self._journal.queue_entries(PAGE_LIMIT)
        status = self._snapshots.status()
        items = [
            {
                "sale_id": str(entry.sale.sale_id),
                "number": entry.sale.number,
                "state": entry.sale.state.value,
                "total": entry.sale.total.minor,
                "currency": entry.sale.amount.currency,
                "accepted_at": utc(entry.accepted_at),
                "attempts": entry.sale.attempts,
                "retry_at": utc(entry.sale.retry_at) if entry.sale.retry_at else None,
            }
            for entry in entries
        ]
        return _json({"totals": status.queue, "items": items})

    async def export(self, _request: Request) -> Response:
        """`GET /v1/queue/export`: everything unsent, sealed to the backend (JWE, `docs/journal.md`)."""
        sealed = await asyncio.to_thread(self._export)
        headers = {"content-disposition": 'attachment; filename="pengpos-export.jwe"'}
        return Response(sealed, media_type="application/jose", headers=headers)

    async def day(self, _request: Request) -> Response:
        """`GET /v1/day`."""
        return _json(self._snapshots.status().day)

    async def close_day(self, request: Request) -> Response:
        """`POST /v1/day/close` `{date?}`: hold a business day, today's unless said, against the settlement."""
        call = await _body(request, DayCall)
        status = self._snapshots.status()
        business_day = self._snapshots.business_day
        try:
            on = date.fromisoformat(call.date) if call.date else business_day.date_of(_now(status.at))
            report = await self._days.reconcile(on, business_day, status.queue.currency)
        except ValueError:
            raise BadRequestError(422, "invalid_request", "a business date is written 2026-11-22") from None
        except UnusableAnswerError as error:
            raise BadRequestError(503, "backend_away", f"the backend did not give the settlement: {error}") from None
        return _json(report)

    # --- changing -----------------------------------------------------------------------------------------------------

    async def start_sale(self, request: Request) -> Response:
        """`POST /v1/sales`: 201 with the sale, 200 when this key already made it."""
        sale, created = await self._counter.start(await _body(request, NewSale))
        return _json(sale_view(sale, self._language), 201 if created else 200)

    async def again(self, request: Request) -> Response:
        """`POST /v1/sales/{id}/again`."""
        return _json(sale_view(await self._counter.again(_sale_id(request)), self._language))

    async def park(self, request: Request) -> Response:
        """`POST /v1/sales/{id}/park`."""
        return _json(sale_view(await self._counter.park(_sale_id(request)), self._language))

    async def cancel(self, request: Request) -> Response:
        """`POST /v1/sales/{id}/cancel`."""
        call = await _body(request, CancelCall)
        sale = await self._counter.cancel(_sale_id(request), CancelReason(call.reason))
        return _json(sale_view(sale, self._language))

    async def accept_offline(self, request: Request) -> Response:
        """`POST /v1/sales/{id}/accept-offline`."""
        return _json(sale_view(await self._counter.accept_offline(_sale_id(request)), self._language))

    async def confirmation_code(self, request: Request) -> Response:
        """`POST /v1/sales/{id}/confirmation-code`: 422 `wrong_code` costs one of five tries."""
        call = await _body(request, CodeCall)
        sale, right = await self._counter.enter_code(_sale_id(request), call.code)
        view = sale_view(sale, self._language)
        if not right:
            left = view.code_tries_left
            raise BadRequestError(422, "wrong_code", f"this is not the code of this sale; {left} tries left")
        return _json(view)

    async def refund(self, request: Request) -> Response:
        """`POST /v1/sales/{id}/refunds`."""
        call = await _body(request, RefundCall)
        refund = await self._counter.refund(_sale_id(request), call.idempotency_key, call.amount, call.reason)
        view = RefundView(
            refund_id=str(refund.refund_id), amount=refund.amount_minor, reason=refund.reason, state=refund.state.value
        )
        return _json(view, 201)

    async def sync(self, _request: Request) -> Response:
        """`POST /v1/queue/sync`: try everything that waits, now."""
        self._sync_now()
        return _json({"status": "started"}, 202)

    async def alarm_seen(self, request: Request) -> Response:
        """`POST /v1/alarms/{id}/seen`: a person has seen to it."""
        if not self._alarms.seen_to(request.path_params["alarm_id"]):
            raise BadRequestError(404, "not_found", "there is no such alarm")
        return _json(self._snapshots.status())


# --- requests and answers ---------------------------------------------------------------------------------------------


class BadRequestError(Exception):
    """The request itself is not right."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail


def _sale_id(request: Request) -> UUID:
    sale_id: UUID = request.path_params["sale_id"]
    return sale_id


def _now(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp())


def _time(text: str | None) -> int | None:
    return int(datetime.fromisoformat(text).timestamp()) if text else None


async def _body(request: Request, kind: type[T]) -> T:
    """Read at most `BODY_SIZE_MOST` bytes and decode them; an empty body is an empty object."""
    raw = bytearray()
    async for piece in request.stream():
        raw += piece
        if len(raw) > BODY_SIZE_MOST:
            raise BadRequestError(413, "too_large", f"a request has at most {BODY_SIZE_MOST} bytes")
    try:
        return msgspec.json.decode(bytes(raw) or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise BadRequestError(422, "invalid_request", str(error)) from None
    except msgspec.DecodeError as error:
        raise BadRequestError(400, "not_json", str(error)) from None


def _json(content: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def problem(status: int, code: str, detail: str) -> Response:
    """An RFC 9457 problem document."""
    titles = {400: "Bad Request", 404: "Not Found", 409: "Conflict", 413: "Too Large", 422: "Not Acceptable Here"}
    document = Problem(title=titles.get(status, "Not Now"), status=status, code=code, detail=detail)
    return Response(msgspec.json.encode(document), status, media_type="application/problem+json")


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, CommandRefusedError)
    return problem(error.status, error.code, error.detail)


async def _bad_request(_request: Request, error: Exception) -> Response:
    assert isinstance(error, BadRequestError)
    return problem(error.status, error.code, error.detail)


async def _no_such_sale(_request: Request, _error: Exception) -> Response:
    return problem(404, "not_found", "there is no such sale on this terminal")


async def _not_found(_request: Request, _error: Exception) -> Response:
    return problem(404, "not_found", "there is no such call")


async def _too_many(_request: Request, _error: Exception) -> Response:
    return problem(503, "too_many_listeners", "too many programs follow the events of this terminal")


async def _journal_trouble(_request: Request, error: Exception) -> Response:
    log.error("journal: %s", error)
    if isinstance(error, JournalFullError):
        return problem(507, "journal_full", f"this terminal's storage takes nothing more: {error}. Nothing was charged")
    return problem(503, "journal", str(error))
