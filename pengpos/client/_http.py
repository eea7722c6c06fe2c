# SPDX-License-Identifier: Apache-2.0
"""A small client of the local API over its Unix socket: one method a call, values in and out. Source: local API.

httpx is imported by the first call, not by this module: a screen shows its first frame without it.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

import msgspec

from pengpos.client._models import (
    DayReport,
    Problem,
    RefundView,
    SalesPage,
    SaleView,
    SessionView,
    Status,
)
from pengpos.client._requests import NewSale, NewSession, ScreenReport
from pengpos.core.errors import PengposError

if TYPE_CHECKING:
    import httpx

ANSWER_MOST_BYTES = 4 * 1024 * 1024
"""The largest answer or event we read; a status is some kilobytes."""
CALL_LIMIT_S = 5.0
QUEUE_WAIT_S = 0.02
SILENCE_LIMIT_S = 35.0
"""`/v1/events` gives a sign of life every ten seconds; after this much silence the stream counts as dead."""

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # what msgspec raises for bytes from outside

_T = TypeVar("_T")


@dataclass(eq=False)
class ApiProblem(PengposError):  # noqa: N818 - RFC 9457 calls it a problem
    """The daemon answered no; `problem` is its RFC 9457 document."""

    problem: Problem

    def __str__(self) -> str:
        return f"{self.problem.code} ({self.problem.status}): {self.problem.detail or self.problem.title}"


@dataclass(eq=False)
class DaemonAway(PengposError):  # noqa: N818 - a state of the world more than an error
    """The socket did not answer, or not in time: whether a call was carried out is not known."""

    detail: str

    def __str__(self) -> str:
        return f"the terminal's daemon does not answer: {self.detail}"


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """One snapshot; `event_id` resumes the stream, None where it was asked for with `GET /v1/status`."""

    event_id: str | None
    status: Status


@dataclass(frozen=True, slots=True)
class SaleEvent:
    """One sale that moved, as it is from then on; `event_id` resumes the stream."""

    event_id: str
    sale: SaleView


class LocalClient:
    """The local API at one Unix socket. Each call raises ApiProblem (it said no) or DaemonAway (no answer).

    `token` is an operator's session, for the calls that need a role (`role_needed`).
    Repeating a call after DaemonAway is safe: a sale carries its idempotency key, the others lead to the same end.
    """

    def __init__(self, socket_path: Path, *, call_limit_s: float = CALL_LIMIT_S) -> None:
        """Nothing is opened or imported yet."""
        self._socket_path = socket_path
        self._call_limit_s = call_limit_s
        self._http: httpx.Client | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the client may be used again."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def status(self) -> Status:
        """`GET /v1/status`."""
        return self._call("GET", "/v1/status", answer=Status)

    def sale(self, sale_id: str) -> SaleView:
        """`GET /v1/sales/{id}`."""
        return self._call("GET", f"/v1/sales/{sale_id}", answer=SaleView)

    def sales(self, date: str, *, before: int | None = None, limit: int) -> SalesPage:
        """`GET /v1/sales?date=…`: the sales begun on a business date, the newest first; `before` continues a page."""
        following = f"&before={before}" if before is not None else ""
        return self._call("GET", f"/v1/sales?date={date}&limit={limit}{following}", answer=SalesPage)

    def start_sale(self, sale: NewSale) -> SaleView:
        """`POST /v1/sales`: the sale, new or (same key and body) the one that exists."""
        return self._call("POST", "/v1/sales", sale, answer=SaleView)

    def again(self, sale_id: str, *, token: str | None = None) -> None:
        """`POST /v1/sales/{id}/again`: a new intent of the same sale."""
        self._command(sale_id, "again", token=token)

    def cancel(self, sale_id: str, reason: str = "merchant", *, token: str | None = None) -> None:
        """`POST /v1/sales/{id}/cancel`; from `unknown` it means that other money was taken."""
        self._command(sale_id, "cancel", {"reason": reason}, token=token)

    def park(self, sale_id: str, *, token: str | None = None) -> None:
        """`POST /v1/sales/{id}/park`."""
        self._command(sale_id, "park", token=token)

    def accept_offline(self, sale_id: str, *, token: str | None = None) -> None:
        """`POST /v1/sales/{id}/accept-offline`: the cashier's own decision."""
        self._command(sale_id, "accept-offline", token=token)

    def confirmation_code(self, sale_id: str, code: str, *, token: str | None = None) -> None:
        """`POST /v1/sales/{id}/confirmation-code` with the eight digits on the shopper's phone."""
        self._command(sale_id, "confirmation-code", {"code": code}, token=token, twice=False)  # it may cost a try

    def sync(self) -> None:
        """`POST /v1/queue/sync`: send what waits now, whatever its back-off."""
        self._call("POST", "/v1/queue/sync", {}, answer=object)

    def alarm_seen(self, alarm_id: str, *, token: str | None = None) -> None:
        """`POST /v1/alarms/{id}/seen`: a person has seen to it."""
        self._call("POST", f"/v1/alarms/{alarm_id}/seen", {}, answer=object, token=token)

    def report_screen(self, report: ScreenReport) -> None:
        """`POST /v1/screen`: a screen draws."""
        self._call("POST", "/v1/screen", report, answer=object)

    def close_day(self, date: str | None = None, *, token: str | None = None) -> DayReport:
        """`POST /v1/day/close`: a business day, today's unless said, beside the backend's settlement."""
        return self._call("POST", "/v1/day/close", {"date": date}, answer=DayReport, token=token)

    def refund(
        self, sale_id: str, key: str, reason: str, amount: int | None = None, *, token: str | None = None
    ) -> RefundView:
        """`POST /v1/sales/{id}/refunds`: the refund, new or (same key and body) the one that exists."""
        body = {"idempotency_key": key, "reason": reason, "amount": amount}
        return self._call("POST", f"/v1/sales/{sale_id}/refunds", body, answer=RefundView, token=token)

    def sign_in(self, pin: str, operator_id: str | None = None) -> SessionView:
        """`POST /v1/operators/session`: its `token` goes with the calls that need a role."""
        return self._call(
            "POST",
            "/v1/operators/session",
            NewSession(pin=pin, operator_id=operator_id),
            answer=SessionView,
            twice=False,  # it may cost a try
        )

    def sign_out(self, token: str) -> None:
        """`DELETE /v1/operators/session`."""
        self._call("DELETE", "/v1/operators/session", answer=object, token=token)

    def events(self, last_event_id: str | None = None) -> Iterator[StatusEvent]:
        """`GET /v1/events?only=status`: the present snapshot, then each change, until the daemon closes the stream.

        Of single sales it says nothing: see `changes`. Raises as that.
        """
        return (event for event in self._follow("?only=status", last_event_id) if isinstance(event, StatusEvent))

    def changes(self, last_event_id: str | None = None) -> Iterator[StatusEvent | SaleEvent]:
        """`GET /v1/events`: the same with every sale that moved between, also those that are over.

        The snapshot is asked for once the stream is open, so that no change falls between the two. Reconnecting is
        the caller's, with the last `event_id`. Raises DaemonAway, also after `SILENCE_LIMIT_S` without a sign of life.
        """
        return self._follow("", last_event_id)

    def _follow(self, query: str, last_event_id: str | None) -> Iterator[StatusEvent | SaleEvent]:
        import httpx
        import httpx_sse

        from pengpos.whole_calls import LOST, ends_within

        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_event_id} if last_event_id else {})
        patience = httpx.Timeout(self._call_limit_s, read=SILENCE_LIMIT_S)
        try:
            with ExitStack() as open_stream:
                opening = self._client().stream("GET", f"/v1/events{query}", headers=headers, timeout=patience)
                with ends_within(self._call_limit_s):
                    response = open_stream.enter_context(opening)
                if response.status_code != httpx.codes.OK:
                    with ends_within(self._call_limit_s):
                        raise ApiProblem(_problem(response.status_code, _read(response)))
                yield StatusEvent(None, self.status())
                for event in httpx_sse.EventSource(response).iter_sse():
                    if event.event == "status":
                        yield StatusEvent(event.id or None, _decode(event.data.encode(), Status))
                    elif event.event == "sale":
                        yield SaleEvent(event.id, _decode(event.data.encode(), SaleView))
        except (*LOST, httpx_sse.SSEError) as error:
            raise DaemonAway(str(error) or type(error).__name__) from error

    def _command(self, sale_id: str, name: str, body: object = None, *, token: str | None, twice: bool = True) -> None:
        path = f"/v1/sales/{sale_id}/{name}"
        self._call("POST", path, {} if body is None else body, answer=object, token=token, twice=twice)

    def _call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        answer: type[_T],
        token: str | None = None,
        twice: bool = True,
    ) -> _T:
        """`twice`: over a new connection, if the one that was kept is closed just as we use it."""
        from pengpos.whole_calls import LOST, ends_within, met_a_closed_connection

        content = None if body is None else msgspec.json.encode(body)
        headers = {"Content-Type": "application/json"} if content is not None else {}
        headers |= {"Authorization": f"Bearer {token}"} if token is not None else {}
        try:
            with (
                ends_within(self._call_limit_s),
                self._client().stream(method, path, content=content, headers=headers) as response,
            ):
                data = _read(response)
        except LOST as error:
            if twice and met_a_closed_connection():
                return self._call(method, path, body, answer=answer, token=token, twice=False)
            raise DaemonAway(str(error) or type(error).__name__) from error
        if not response.is_success:
            raise ApiProblem(_problem(response.status_code, data))
        return _decode(data or b"null", answer)

    def _knock(self) -> None:
        """See that a daemon listens: httpcore 1.0 leaves the socket of a refused connection unclosed.

        Where more connections wait than the kernel queues, there is room again in a moment.
        """
        latest_s = time.monotonic() + self._call_limit_s
        try:
            while True:
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.settimeout(self._call_limit_s)
                    try:
                        probe.connect(str(self._socket_path))
                    except BlockingIOError:
                        if time.monotonic() > latest_s:
                            raise
                        time.sleep(QUEUE_WAIT_S)
                    else:
                        return
        except OSError as error:
            raise DaemonAway(f"{self._socket_path}: {error.strerror or error}") from error

    def _client(self) -> "httpx.Client":
        import httpx

        from pengpos.whole_calls import WholeTransport

        self._knock()
        if self._http is None:
            self._http = httpx.Client(
                transport=WholeTransport(self._socket_path),
                base_url="http://terminal",
                headers={"Accept-Encoding": "identity"},
                timeout=self._call_limit_s,
                trust_env=False,
            )
        return self._http


def _read(response: "httpx.Response") -> bytes:
    data = bytearray()
    for piece in response.iter_raw():
        data += piece
        if len(data) > ANSWER_MOST_BYTES:
            raise DaemonAway(f"an answer of more than {ANSWER_MOST_BYTES} bytes")
    return bytes(data)


def _decode(data: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(data, type=kind)
    except _UNREADABLE as error:
        raise DaemonAway(f"an answer we cannot read: {error}") from error


def _problem(status: int, data: bytes) -> Problem:
    try:
        return msgspec.json.decode(data, type=Problem)
    except _UNREADABLE:
        return Problem(title="an answer that is no problem document", status=status, code="unreadable")
