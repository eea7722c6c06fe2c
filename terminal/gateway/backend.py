# SPDX-License-Identifier: Apache-2.0
"""The backend as the terminal talks to it: every answer is an event, and so is the lack of one.

Source: `docs/spec/backend-api.md`. This is the one place that decides what transport trouble means: anything but a
well-formed answer that says something of the money, with a receipt that verifies, is `NoAnswer`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

import httpx
import msgspec
from httpx_sse import SSEError, aconnect_sse

from terminal.core.errors import MalformedError, RefusedError
from terminal.core.events import (
    Approved,
    BackendStatus,
    CancelAnswered,
    Declined,
    Errand,
    Event,
    Held,
    NoAnswer,
    RefundAnswered,
    StatusHeard,
)
from terminal.core.ports import Clock
from terminal.core.reasons import Reason
from terminal.core.sale import Booking, CancelReason, Line, LinkCard, Refund, RefundState, Refusal, Sale, Way
from terminal.gateway.messages import (
    BatchMessage,
    CancelMessage,
    IntentMessage,
    PaymentMessage,
    ProblemMessage,
    RefundMessage,
)
from terminal.wire.base64url import b64u, unb64u
from terminal.wire.judge import check_receipt_for
from terminal.wire.keys import Issuers
from terminal.wire.receipt import Outcome

log = logging.getLogger(__name__)

PAYMENT_DEADLINE_S = 4.0
QUESTION_DEADLINE_S = 5.0
BATCH_DEADLINE_S = 60.0
ANSWER_SIZE_MOST = 1_048_576
BATCH_MOST = 200
VERDICTS_AT_ONCE = 8
EVENTS_SILENCE_S = 25.0  # the stream carries a comment every 10 s: after two missed ones it is dead

_STATUSES = {
    "created": BackendStatus.CREATED,
    "claimed": BackendStatus.CLAIMED,
    "cancelled": BackendStatus.CANCELLED,
    "expired": BackendStatus.EXPIRED,
}

M = TypeVar("M")


class UnusableAnswerError(Exception):
    """The transport failed, or what came is no answer; `retry_after_s` if it said when to come back."""

    def __init__(self, detail: str, retry_after_s: int | None = None, problem: ProblemMessage | None = None) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s
        self.problem = problem


class BackendGateway:
    """`daemon.errands.Backend` over HTTP. Lives on the loop; `heard` is told of every byte that came."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        issuers: Callable[[], Issuers],
        clock: Clock,
        heard: Callable[[], None] = lambda: None,
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._issuers = issuers
        self._clock = clock
        self._heard = heard
        self._lost = lost

    # --- payments -----------------------------------------------------------------------------------------------------

    async def pay(self, sale: Sale) -> Event:
        """POST the stored payment of an online sale; within 4 s, or `NoAnswer`."""
        try:
            body = _payment_body(sale, accepted_offline=False)
            payment = await self._call("POST", "/v1/payments", PaymentMessage, PAYMENT_DEADLINE_S, body)
        except UnusableAnswerError as error:
            return self._no_answer(sale, Errand.PAYMENT, error)
        return self._verdict(sale, sale.intent.intent_id, payment, Errand.PAYMENT)

    async def forward(self, sales: Sequence[Sale]) -> list[Event]:
        """POST a batch of payments accepted offline: one event each, in the same order."""
        try:
            bodies = [_payment_body(sale, accepted_offline=True) for sale in sales]
            batch = await self._call("POST", "/v1/payments/batch", BatchMessage, BATCH_DEADLINE_S, {"payments": bodies})
            if len(batch.verdicts) != len(sales):
                raise UnusableAnswerError(f"{len(batch.verdicts)} verdicts for {len(sales)} payments")
        except UnusableAnswerError as error:
            return [self._no_answer(sale, Errand.FORWARD, error) for sale in sales]
        events: list[Event] = []
        for sale, verdict in zip(sales, batch.verdicts, strict=True):
            events.append(self._verdict(sale, sale.intent.intent_id, verdict, Errand.FORWARD))
            if len(events) % VERDICTS_AT_ONCE == 0:
                await asyncio.sleep(0)  # a receipt is a signature to check: a tap must not wait for two hundred
        return events

    async def ask(self, sale: Sale) -> Event:
        """GET the intent: what the backend knows of it."""
        try:
            intent = await self._call("GET", f"/v1/intents/{sale.intent.intent_id}", IntentMessage, QUESTION_DEADLINE_S)
        except UnusableAnswerError as error:
            if error.problem is not None and error.problem.code in {"not_found", "intent_unknown"}:
                return StatusHeard(
                    at=self._clock.now(),
                    intent_id=sale.intent.intent_id,
                    errand=Errand.QUESTION,
                    status=BackendStatus.NOT_FOUND,
                )
            return self._no_answer(sale, Errand.QUESTION, error)
        return self.intent_status(sale, intent, Errand.QUESTION)

    def intent_status(self, sale: Sale, message: IntentMessage, errand: Errand | None = None) -> Event:
        """What an intent's status means for its sale; `errand` None: nobody asked, an event told it."""
        at, intent_id = self._clock.now(), sale.intent.intent_id
        if message.status in _STATUSES:
            return StatusHeard(at=at, intent_id=intent_id, errand=errand, status=_STATUSES[message.status])
        if message.status == "held":
            return Held(at=at, intent_id=intent_id, errand=errand)
        if message.status == "declined" and message.payment is None:
            refusal = _refusal(message.reason, message.code)
            return Declined(at=at, intent_id=intent_id, errand=errand, refusal=refusal)
        if message.status in {"approved", "declined"} and message.payment is not None:
            return self._verdict(sale, intent_id, message.payment, errand)
        return NoAnswer(at=at, errand=Errand.QUESTION)

    # --- undoing ------------------------------------------------------------------------------------------------------

    async def cancel(self, sale: Sale) -> Event:
        """Cancel the newest intent; the answer is final."""
        reason = sale.cancel.reason if sale.cancel is not None else CancelReason.MERCHANT
        body = {"presentation": b64u(sale.intent.presentation), "reason": reason.value}
        path = f"/v1/intents/{sale.intent.intent_id}/cancel"
        try:
            answer = await self._call("POST", path, CancelMessage, QUESTION_DEADLINE_S, body)
            if answer.status == "cancelled":
                return CancelAnswered(at=self._clock.now(), intent_id=sale.intent.intent_id)
            payment = answer.intent.payment if answer.intent is not None else None
            if answer.status != "settled" or payment is None:
                raise UnusableAnswerError(f"a cancel answered {answer.status!r}")
            booking = self._booking(sale, payment)
            return CancelAnswered(at=self._clock.now(), intent_id=sale.intent.intent_id, settled=booking)
        except UnusableAnswerError as error:
            return self._no_answer(sale, Errand.CANCEL, error)

    async def refund(self, sale: Sale, refund: Refund) -> Event:
        """Send a refund; while its payment is unknown there, it is kept and sent again."""
        body: dict[str, object] = {"refund_id": str(refund.refund_id), "reason": refund.reason}
        if refund.amount_minor is not None:
            body["amount"] = refund.amount_minor
        path = f"/v1/payments/{sale.intent.intent_id}/refunds"
        try:
            answer = await self._call("POST", path, RefundMessage, QUESTION_DEADLINE_S, body)
            state = RefundState(answer.state)
        except UnusableAnswerError as error:
            return self._no_answer(sale, Errand.REFUND, error)
        except ValueError:
            return NoAnswer(at=self._clock.now(), errand=Errand.REFUND)
        return RefundAnswered(at=self._clock.now(), refund_id=refund.refund_id, state=state)

    # --- the link -----------------------------------------------------------------------------------------------------

    async def healthy(self) -> bool:
        """`GET /health`: true if anything that is our backend answered."""
        try:
            response = await self._client.get("/v1/health", auth=None, timeout=1.0)
        except (httpx.HTTPError, httpx.InvalidURL):
            return False
        if response.status_code != httpx.codes.OK or "json" not in response.headers.get("content-type", ""):
            return False
        self._heard()
        return True

    async def events(self, last_event_id: str | None) -> AsyncIterator[tuple[str, str, bytes]]:
        """Follow `GET /terminal/events`; yields (id, name, data). Raises ConnectionError when the stream ends."""
        headers = {"Last-Event-ID": last_event_id} if last_event_id is not None else {}
        timeout = httpx.Timeout(5.0, read=EVENTS_SILENCE_S)
        path = "/v1/terminal/events"
        try:
            async with aconnect_sse(self._client, "GET", path, headers=headers, timeout=timeout) as source:
                if source.response.status_code != httpx.codes.OK:
                    raise ConnectionError(f"status {source.response.status_code}")
                assert isinstance(source.response.stream, httpx.AsyncByteStream)  # an AsyncClient gives no other
                source.response.stream = _Heard(source.response.stream, self._heard)
                async for event in source.aiter_sse():
                    yield event.id, event.event, event.data.encode()
        except (httpx.HTTPError, SSEError) as error:
            raise ConnectionError(str(error) or type(error).__name__) from error
        raise ConnectionError("the backend closed the stream")

    async def put_intent(self, intent_id: UUID, presentation: bytes) -> str | None:
        """Register an intent for tag and QR; its URL, or None if the backend did not say."""
        try:
            answer = await self._call(
                "PUT", f"/v1/intents/{intent_id}", IntentMessage, QUESTION_DEADLINE_S,
                {"presentation": b64u(presentation)},
            )  # fmt: skip
        except UnusableAnswerError as error:
            log.warning("intent %s not registered: %s", intent_id, error)
            return None
        return answer.url

    async def fetch(self, method: str, path: str, kind: type[M], body: object = None) -> M:
        """Any other call of the terminal side. Raises UnusableAnswerError."""
        return await self._call(method, path, kind, QUESTION_DEADLINE_S, body)

    # --- one request --------------------------------------------------------------------------------------------------

    async def _call(self, method: str, path: str, kind: type[M], deadline_s: float, body: object = None) -> M:
        """Send, read at most `ANSWER_SIZE_MOST` bytes within the deadline, decode. Raises UnusableAnswerError."""
        content = msgspec.json.encode(body) if body is not None else None
        headers = {"content-type": "application/json"} if content is not None else {}
        try:
            async with asyncio.timeout(deadline_s):
                async with self._client.stream(method, path, content=content, headers=headers) as response:
                    raw = await _read_bounded(response)
        except TimeoutError:
            self._lost()
            raise UnusableAnswerError(f"no answer within {deadline_s:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._lost()
            raise UnusableAnswerError(str(error) or type(error).__name__) from error
        if not response.is_success:
            raise _unusable(response, raw)
        try:
            answer = msgspec.json.decode(raw, type=kind)
        except msgspec.DecodeError as error:
            raise UnusableAnswerError(f"not an answer of the backend: {error}") from error
        self._heard()
        return answer

    def _no_answer(self, sale: Sale, errand: Errand, error: UnusableAnswerError) -> NoAnswer:
        log.warning("sale %s: %s unanswered: %s", sale.number, errand.name.lower(), error)
        return NoAnswer(at=self._clock.now(), errand=errand, retry_after_s=error.retry_after_s)

    # --- what an answer says ------------------------------------------------------------------------------------------

    def _verdict(self, sale: Sale, intent_id: UUID, payment: PaymentMessage, errand: Errand | None) -> Event:
        at = self._clock.now()
        asked = errand or Errand.QUESTION
        match payment.status:
            case "approved" | "already_paid":
                try:
                    booking = self._booking(sale, payment)
                except UnusableAnswerError as error:
                    return self._no_answer(sale, asked, error)
                return Approved(at=at, intent_id=intent_id, errand=errand, booking=booking)
            case "declined":
                refusal = _refusal(payment.reason, payment.code)
                return Declined(at=at, intent_id=intent_id, errand=errand, refusal=refusal)
            case "held":
                return Held(at=at, intent_id=intent_id, errand=errand)
            case _:
                log.warning("sale %s: verdict %r %r", sale.number, payment.status, payment.code)
                return NoAnswer(at=at, errand=asked)

    def _booking(self, sale: Sale, payment: PaymentMessage) -> Booking:
        """What was booked; approved only on an issuer's receipt for this intent. Raises UnusableAnswerError."""
        authorised = sale.authorised
        ours = authorised is not None and payment.status == "approved"
        try:
            receipt = check_receipt_for(
                unb64u(payment.receipt or ""),
                intent_id=sale.intent.intent_id.bytes,
                currency=sale.amount.currency,
                issuers=self._issuers(),
                authorised_total_minor=authorised.total_minor if authorised is not None and ours else None,
            )
        except (RefusedError, MalformedError) as error:
            raise UnusableAnswerError(f"its receipt is not good: {error}") from error
        if receipt.claims.outcome is not Outcome.APPROVED:
            raise UnusableAnswerError("its receipt does not say approved")
        return Booking(
            total_minor=receipt.claims.total_minor,
            booked_at=receipt.claims.at,
            by=Way.READER if ours else None,
            receipt=receipt.raw,
            receipt_url=receipt.claims.url,
            lines=tuple(Line(kind=line.kind, label=line.label, amount_minor=line.amount) for line in payment.lines),
            cards=tuple(
                LinkCard(kind=card.kind, title=card.title, text=card.text, url=card.url) for card in payment.cards
            ),
            payer_display=payment.payer_display,
        )


def _payment_body(sale: Sale, *, accepted_offline: bool) -> dict[str, object]:
    authorised = sale.authorised
    assert authorised is not None  # only a sale that a phone has authorised is ever sent
    return {
        "presentation": b64u(sale.intent.presentation),
        "authorisation": b64u(authorised.authorisation),
        "wallet_credential": b64u(authorised.wallet_credential),
        "accepted_offline": accepted_offline,
        "occurred_at": datetime.fromtimestamp(authorised.occurred_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _refusal(reason: int | None, code: str | None) -> Refusal:
    return Refusal(reason=Reason.from_backend(reason if reason is not None else -1), code=code)


async def _read_bounded(response: httpx.Response) -> bytes:
    raw = bytearray()
    async for piece in response.aiter_bytes():
        raw += piece
        if len(raw) > ANSWER_SIZE_MOST:
            raise httpx.DecodingError(f"an answer beyond {ANSWER_SIZE_MOST} bytes")
    return bytes(raw)


def _unusable(response: httpx.Response, raw: bytes) -> UnusableAnswerError:
    retry_after = response.headers.get("retry-after", "")
    retry_after_s = min(int(retry_after), 3600) if retry_after.isdecimal() else None
    problem: ProblemMessage | None = None
    if "problem+json" in response.headers.get("content-type", ""):
        try:
            problem = msgspec.json.decode(raw, type=ProblemMessage)
        except msgspec.DecodeError:
            problem = None
    detail = f"{problem.code}: {problem.detail}" if problem else response.headers.get("content-type", "no body")
    return UnusableAnswerError(f"status {response.status_code} ({detail})", retry_after_s, problem)


class _Heard(httpx.AsyncByteStream):
    """A body that tells of every byte: a comment on the event stream says nothing but that the backend is there."""

    def __init__(self, body: httpx.AsyncByteStream, heard: Callable[[], None]) -> None:
        self._body = body
        self._heard = heard

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._body:
            self._heard()
            yield piece

    async def aclose(self) -> None:
        """Close the body itself."""
        await self._body.aclose()
