# SPDX-License-Identifier: Apache-2.0
"""The local API over HTTP. Source: `docs/spec/local-api.md`; every error is an RFC 9457 problem document.

Nothing here waits for a shopper: a call starts or changes something, `/v1/events` says what came of it.
"""

from collections.abc import Callable
from typing import Literal
from uuid import UUID

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from offline_queue.values import PAGE_LIMIT, SaleQuery
from pengpos.backend_api.calls import UnusableAnswerError
from pengpos.client import NewSale, NewSession, ScreenReport, SessionView
from pengpos.core.authority.roles import Action
from pengpos.core.sale import CancelReason, Sale, SaleState
from pengpos.core.times import parse_date, parse_rfc3339, rfc3339
from terminal.api.feed import Feed
from terminal.api.http import (
    ERROR_ANSWERS,
    BadRequestError,
    Query,
    as_json,
    bearer,
    events_of,
    read_body,
)
from terminal.api.lists import SaleLists
from terminal.api.screens import Screens
from terminal.api.snapshot import Snapshots
from terminal.api.views import SaleViews, refund_view
from terminal.device.alarms import Alarms
from terminal.device.executor import BoundedExecutor, SharedJob
from terminal.operators.sessions import Sessions
from terminal.sales.commands import SaleCommands
from terminal.sales.day import DayClose
from terminal.sales.open_sales import OpenSales

SEARCHED_BY = ("from", "to", "date", "state", "amount", "number", "reference", "limit", "before")
PAGE_USUAL = 50


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
        open_sales: OpenSales,
        sessions: Sessions,
        commands: SaleCommands,
        lists: SaleLists,
        reports: BoundedExecutor,
        snapshots: Snapshots,
        feed: Feed,
        alarms: Alarms,
        days: DayClose,
        export: Callable[[], str],
        sync_now: Callable[[], None],
        diagnosis: SharedJob[dict[str, object]] | None,
        views: SaleViews,
        screens: Screens,
    ) -> None:
        self._open_sales = open_sales
        self._sessions = sessions
        self._commands = commands
        self._lists = lists
        self._reports = reports
        self._snapshots = snapshots
        self._feed = feed
        self._alarms = alarms
        self._days = days
        self._export = export
        self._sync_now = sync_now
        self._diagnosis = diagnosis
        self._views = views
        self._screens = screens

    def app(self) -> Starlette:
        """The ASGI application."""
        sale = "/v1/sales/{sale_id:uuid}"
        app = Starlette(
            routes=[
                Route("/v1/status", self.status),
                Route("/v1/events", self.events),
                Route("/v1/sales", self.sales, methods=["GET", "POST"]),
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
                Route("/v1/diagnosis", self.diagnosis),
                Route("/v1/alarms/{alarm_id}/seen", self.alarm_seen, methods=["POST"]),
                Route("/v1/screen", self.screen, methods=["POST"]),
                Route("/v1/operators/session", self.session, methods=["POST", "DELETE"]),
            ],
            exception_handlers=ERROR_ANSWERS,
        )
        app.router.redirect_slashes = False  # a path that is none is answered as one, with a problem document
        return app

    # --- looking ------------------------------------------------------------------------------------------------------

    async def status(self, _request: Request) -> Response:
        """`GET /v1/status`."""
        return as_json(await self._snapshots.status())

    async def events(self, request: Request) -> Response:
        """`GET /v1/events`: Server-Sent Events, each a whole snapshot: ``status``, or the ``sale`` that moved."""
        return events_of(self._feed, request)

    async def show_sale(self, request: Request) -> Response:
        """`GET /v1/sales/{id}`."""
        return as_json(self._views.of(await self._open_sales.find(_sale_id(request))))

    async def search_sales(self, request: Request) -> Response:
        """`GET /v1/sales?…`: by what `SEARCHED_BY` says, the newest first."""
        query = Query(request.query_params, SEARCHED_BY, many=("state",))
        limit = query.number("limit")
        if limit is not None and not 1 <= limit <= PAGE_LIMIT:
            raise BadRequestError(422, "invalid_query", f"limit is from 1 to {PAGE_LIMIT}, not {limit}")
        from_utc, to_utc = self._begun(query)
        wanted = SaleQuery(
            from_utc=from_utc,
            to_utc=to_utc,
            states=query.choices("state", SaleState),
            amount_minor=query.number("amount"),
            number=query.text("number"),
            reference=query.text("reference"),
            before=query.number("before"),
            limit=PAGE_USUAL if limit is None else limit,
        )
        sales, following = await self._lists.page(wanted)
        return as_json({"sales": sales, "next": following})

    def _begun(self, query: Query) -> tuple[int | None, int | None]:
        """From when to before when the sales asked for were begun. Raises BadRequestError."""
        from_utc, to_utc, on = query.time("from"), query.time("to"), query.day("date")
        if on is None:
            return from_utc, to_utc
        if from_utc is not None or to_utc is not None:
            raise BadRequestError(422, "invalid_query", "date says from when to when: leave out from and to")
        return self._snapshots.business_day.span(on)

    async def queue(self, _request: Request) -> Response:
        """`GET /v1/queue`: every stored payment with its state and age, and the totals."""
        items = await self._lists.queue()
        return as_json({"totals": (await self._snapshots.read_status()).queue, "items": items})

    async def export(self, _request: Request) -> Response:
        """`GET /v1/queue/export`: everything unsent, sealed to the backend (JWE, `docs/journal.md`)."""
        sealed = await self._reports.run(self._export)
        headers = {"content-disposition": 'attachment; filename="pengpos-export.jwe"'}
        return Response(sealed, media_type="application/jose", headers=headers)

    async def day(self, _request: Request) -> Response:
        """`GET /v1/day`."""
        return as_json((await self._snapshots.read_status()).day)

    async def close_day(self, request: Request) -> Response:
        """`POST /v1/day/close` `{date?}`: hold a business day, today's unless said, against the settlement."""
        by = self._sessions.permit(bearer(request), Action.DAY_CLOSE)
        call = await read_body(request, DayCall)
        status = await self._snapshots.status()
        business_day = self._snapshots.business_day
        try:
            on = parse_date(call.date) if call.date else business_day.date_of(parse_rfc3339(status.at))
        except ValueError:
            raise BadRequestError(422, "invalid_request", "a business date is written 2026-11-22") from None
        try:
            report = await self._days.reconcile(on, business_day, status.queue.currency, by=by)
        except UnusableAnswerError as error:
            raise BadRequestError(503, "backend_away", f"the backend did not give the settlement: {error}") from None
        return as_json(report)

    async def diagnosis(self, request: Request) -> Response:
        """`GET /v1/diagnosis`: what `pengpos doctor --json` prints. Takes seconds, in a thread of its own."""
        self._sessions.permit(bearer(request), Action.DIAGNOSIS)
        if self._diagnosis is None:
            raise BadRequestError(503, "no_doctor", "this terminal was started without its doctor: pengpos doctor")
        try:
            return as_json(await self._diagnosis.result())
        except TimeoutError:
            detail = "some part of this device hangs, and its doctor with it: see pengpos doctor"
            raise BadRequestError(503, "diagnosis_hangs", detail) from None

    # --- changing -----------------------------------------------------------------------------------------------------

    async def sales(self, request: Request) -> Response:
        """`/v1/sales`: one route, so that the answer to a wrong method names both."""
        return await (self.start_sale if request.method == "POST" else self.search_sales)(request)

    async def start_sale(self, request: Request) -> Response:
        """`POST /v1/sales`: 201 with the sale, 200 when this key already made it."""
        by = self._who(request)
        sale, created = await self._commands.start(await read_body(request, NewSale), by=by)
        return as_json(self._views.of(sale), 201 if created else 200)

    async def again(self, request: Request) -> Response:
        """`POST /v1/sales/{id}/again`."""
        return as_json(self._views.of(await self._commands.again(_sale_id(request), by=self._who(request))))

    async def park(self, request: Request) -> Response:
        """`POST /v1/sales/{id}/park`."""
        return as_json(self._views.of(await self._commands.park(_sale_id(request), by=self._who(request))))

    async def cancel(self, request: Request) -> Response:
        """`POST /v1/sales/{id}/cancel`; from `unknown` it says that other money was taken, and may need a role."""
        token, by = bearer(request), self._who(request)
        call = await read_body(request, CancelCall)

        def check(sale: Sale) -> None:
            if sale.state is SaleState.UNKNOWN:
                self._sessions.permit(token, Action.CASH_TAKEN)

        sale = await self._commands.cancel(_sale_id(request), CancelReason(call.reason), by=by, check=check)
        return as_json(self._views.of(sale))

    async def accept_offline(self, request: Request) -> Response:
        """`POST /v1/sales/{id}/accept-offline`."""
        by = self._sessions.permit(bearer(request), Action.ACCEPT_OFFLINE)
        return as_json(self._views.of(await self._commands.accept_offline(_sale_id(request), by=by)))

    async def confirmation_code(self, request: Request) -> Response:
        """`POST /v1/sales/{id}/confirmation-code`: 422 `wrong_code` costs one of five tries."""
        by = self._sessions.permit(bearer(request), Action.CONFIRMATION_CODE)
        call = await read_body(request, CodeCall)
        sale, right = await self._commands.enter_code(_sale_id(request), call.code, by=by)
        view = self._views.of(sale)
        if not right:
            left = view.code_tries_left
            raise BadRequestError(422, "wrong_code", f"this is not the code of this sale; {left} tries left")
        return as_json(view)

    async def refund(self, request: Request) -> Response:
        """`POST /v1/sales/{id}/refunds`: 201 with the refund, 200 when this key already made it."""
        by = self._sessions.permit(bearer(request), Action.REFUND)
        call, sale_id = await read_body(request, RefundCall), _sale_id(request)
        refund, ordered = await self._commands.refund(sale_id, call.idempotency_key, call.amount, call.reason, by=by)
        return as_json(refund_view(await self._open_sales.find(sale_id), refund), 201 if ordered else 200)

    async def sync(self, _request: Request) -> Response:
        """`POST /v1/queue/sync`: try everything that waits, now."""
        self._sync_now()
        return as_json({"status": "started"}, 202)

    async def alarm_seen(self, request: Request) -> Response:
        """`POST /v1/alarms/{id}/seen`: a person has seen to it."""
        by = self._sessions.permit(bearer(request), Action.ALARM_SEEN)
        if not self._alarms.seen_to(request.path_params["alarm_id"], by):
            raise BadRequestError(404, "not_found", "there is no such alarm")
        return as_json(await self._snapshots.status())

    async def screen(self, request: Request) -> Response:
        """`POST /v1/screen`: 204."""
        self._screens.reported(await read_body(request, ScreenReport))
        return Response(status_code=204)

    # --- operators ----------------------------------------------------------------------------------------------------

    async def session(self, request: Request) -> Response:
        """`/v1/operators/session`: one route, so that the answer to a wrong method names both."""
        return await (self.sign_in if request.method == "POST" else self.sign_out)(request)

    async def sign_in(self, request: Request) -> Response:
        """`POST /v1/operators/session`: 201 with a session's token; 422 `wrong_pin` costs one of few tries."""
        call = await read_body(request, NewSession)
        token, session = await self._sessions.sign_in(call.pin, call.operator_id)
        operator = session.operator
        view = SessionView(
            token=token,
            operator_id=operator.operator_id,
            name=operator.name,
            role=operator.role.value,
            expires_at=rfc3339(session.expires_at),
        )
        return as_json(view, 201)

    async def sign_out(self, request: Request) -> Response:
        """`DELETE /v1/operators/session`: 204, also of a session that is over."""
        if (token := bearer(request)) is not None:
            self._sessions.sign_out(token)
        return Response(status_code=204)

    def _who(self, request: Request) -> str | None:
        """The operator who asks for what needs no role. Raises SessionOverError."""
        return self._sessions.who(bearer(request))


def _sale_id(request: Request) -> UUID:
    sale_id: UUID = request.path_params["sale_id"]
    return sale_id
