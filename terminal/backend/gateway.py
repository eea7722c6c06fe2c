# SPDX-License-Identifier: Apache-2.0
"""The calls of the backend as the terminal makes them: every answer is an event, and so is the lack of one.

Source: `docs/spec/backend-api.md`. This is the one place that decides what transport trouble means: it is `NoAnswer`.
What an answer says is in `answers`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar
from uuid import UUID

from pengpos.backend_api.calls import Calls, UnusableAnswerError
from pengpos.backend_api.messages import (
    BatchMessage,
    CancelMessage,
    ConfigMessage,
    DenylistMessage,
    HealthMessage,
    HeartbeatMessage,
    IntentMessage,
    PaymentMessage,
    RefundMessage,
    RegisteredMessage,
    SettlementMessage,
)
from pengpos.core.events import (
    BackendCall,
    BackendStatus,
    Event,
    StatusHeard,
)
from pengpos.core.ports import Clock
from pengpos.core.sale import (
    CancelReason,
    Refund,
    Sale,
)
from pengpos.core.times import rfc3339
from pengpos.wire.encoding.base64url import b64u
from terminal.backend.answers import Answers

log = logging.getLogger(__name__)

DENYLIST_SIZE_MOST = 32 * 1_048_576  # a million keys as base64url in JSON, signed, in JSON again

VERDICTS_AT_ONCE = 8

M = TypeVar("M")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How long each kind of answer is waited for."""

    payment_s: float = 4.0
    """The state table's: after this the sale is `unknown`."""
    question_s: float = 5.0
    batch_s: float = 60.0
    health_s: float = 1.0


class BackendGateway:
    """`sales.effects.Backend` over HTTP. Lives on the loop."""

    def __init__(self, calls: Calls, answers: Answers, *, clock: Clock, deadlines: Deadlines | None = None) -> None:
        self._calls = calls
        self._answers = answers
        self._clock = clock
        self._deadlines = deadlines if deadlines is not None else Deadlines()

    # --- payments -----------------------------------------------------------------------------------------------------

    async def pay(self, sale: Sale) -> Event:
        """POST the stored payment of an online sale; within 4 s, or `NoAnswer`."""
        try:
            body = _payment_body(sale, accepted_offline=False)
            payment = await self._calls.call("POST", "/v1/payments", PaymentMessage, self._deadlines.payment_s, body)
        except UnusableAnswerError as error:
            return self._answers.no_answer(sale, BackendCall.PAYMENT, error)
        return self._answers.verdict(sale, payment, BackendCall.PAYMENT)

    async def forward(self, sales: Sequence[Sale]) -> list[Event]:
        """POST a batch of payments accepted offline: one event each, in the same order."""
        try:
            bodies = [_payment_body(sale, accepted_offline=True) for sale in sales]
            batch = await self._calls.call(
                "POST", "/v1/payments/batch", BatchMessage, self._deadlines.batch_s, {"payments": bodies}
            )
            if len(batch.verdicts) != len(sales):
                raise UnusableAnswerError(f"{len(batch.verdicts)} verdicts for {len(sales)} payments")
        except UnusableAnswerError as error:
            return [self._answers.no_answer(sale, BackendCall.FORWARD, error) for sale in sales]
        events: list[Event] = []
        for sale, verdict in zip(sales, batch.verdicts, strict=True):
            events.append(self._answers.verdict(sale, verdict, BackendCall.FORWARD))
            if len(events) % VERDICTS_AT_ONCE == 0:
                await asyncio.sleep(0)  # a receipt is a signature to check: a tap must not wait for two hundred
        return events

    async def ask(self, sale: Sale) -> Event:
        """GET the intent: what the backend knows of it."""
        try:
            intent = await self.look_up(sale.intent.intent_id)
        except UnusableAnswerError as error:
            return self._answers.no_answer(sale, BackendCall.QUESTION, error)
        if intent is None:
            return StatusHeard(
                at=self._clock.now(),
                intent_id=sale.intent.intent_id,
                call=BackendCall.QUESTION,
                status=BackendStatus.NOT_FOUND,
                steps_when_asked=len(sale.history),
            )
        answer = self._answers.intent_status(sale, intent, BackendCall.QUESTION)
        return replace(answer, steps_when_asked=len(sale.history)) if isinstance(answer, StatusHeard) else answer

    async def look_up(self, intent_id: UUID) -> IntentMessage | None:
        """GET an intent; None: the backend never heard of it. Raises UnusableAnswerError."""
        try:
            return await self._calls.call("GET", f"/v1/intents/{intent_id}", IntentMessage, self._deadlines.question_s)
        except UnusableAnswerError as error:
            if error.problem is not None and error.problem.code in {"not_found", "intent_unknown"}:
                return None
            raise

    async def refunds_of(self, sale: Sale) -> list[Event]:
        """What the backend says now of the newest intent's refunds; none where it does not answer."""
        try:
            intent = await self.look_up(sale.intent.intent_id)
        except UnusableAnswerError as error:
            log.warning("sale %s: its refunds are not known: %s", sale.number, error)
            return []
        return [] if intent is None or intent.payment is None else self._answers.refunds_told(sale, intent.payment)

    # --- undoing ------------------------------------------------------------------------------------------------------

    async def cancel(self, sale: Sale) -> Event:
        """Cancel the newest intent; the answer is final. What stands may be a decline: its due is paid."""
        reason = sale.cancel.reason if sale.cancel is not None else CancelReason.MERCHANT
        body: dict[str, object] = {"presentation": b64u(sale.intent.presentation), "reason": reason.value}
        if sale.cancel is not None and sale.cancel.unless_paid:
            body["unless_paid"] = True
        path = f"/v1/intents/{sale.intent.intent_id}/cancel"
        try:
            answer = await self._calls.call("POST", path, CancelMessage, self._deadlines.question_s, body)
            return self._answers.cancelled(sale, answer)
        except UnusableAnswerError as error:
            return self._answers.no_answer(sale, BackendCall.CANCEL, error)

    async def refund(self, sale: Sale, refund: Refund) -> Event:
        """Send a refund; while its payment is unknown there, it is kept and sent again.

        One of more than is left there stays so however often it is sent: it has failed.
        """
        body: dict[str, object] = {"refund_id": str(refund.refund_id), "reason": refund.reason}
        if refund.amount_minor is not None:
            body["amount"] = refund.amount_minor
        path = f"/v1/payments/{sale.intent.intent_id}/refunds"
        try:
            answer = await self._calls.call("POST", path, RefundMessage, self._deadlines.question_s, body)
            return self._answers.refunded(sale, refund, answer)
        except UnusableAnswerError as error:
            return self._answers.refund_refused(sale, refund, error)

    # --- the link -----------------------------------------------------------------------------------------------------

    async def healthy(self) -> bool:
        """`GET /health`: true if our backend answered, and not a network's sign-in page in its place."""
        try:
            await self._calls.call("GET", "/v1/health", HealthMessage, self._deadlines.health_s, signed=False)
        except UnusableAnswerError as error:
            log.debug("health: %s", error)
            return False
        return True

    def events(self, last_event_id: str | None) -> AsyncIterator[tuple[str, str, bytes]]:
        """Follow `GET /terminal/events`; yields (id, name, data). Raises ConnectionError when the stream ends."""
        return self._calls.events("/v1/terminal/events", last_event_id)

    async def put_intent(self, intent_id: UUID, presentation: bytes) -> str | None:
        """Register an intent for tag and QR; its URL, or None if the backend did not say."""
        try:
            answer = await self._calls.call(
                "PUT", f"/v1/intents/{intent_id}", RegisteredMessage, self._deadlines.question_s,
                {"presentation": b64u(presentation)},
            )  # fmt: skip
            self._answers.check_url(answer.url, intent_id)
        except UnusableAnswerError as error:
            log.warning("intent %s not registered: %s", intent_id, error)
            return None
        return answer.url

    async def fetch(self, method: str, path: str, kind: type[M], body: object = None) -> M:
        """Any other call of the terminal side. Raises UnusableAnswerError."""
        return await self._calls.call(method, path, kind, self._deadlines.question_s, body)

    async def fetch_policy(self) -> tuple[ConfigMessage, bool]:
        """`GET /terminal/config`; false: this may be an earlier answer. Raises UnusableAnswerError."""
        return await self._calls.document("/v1/terminal/config", ConfigMessage, self._deadlines.question_s)

    async def settlement(self, on: date) -> SettlementMessage:
        """`GET /settlements/{business_date}`, signed over this request where the policy says so.

        Raises UnusableAnswerError.
        """
        path = f"/v1/settlements/{on.isoformat()}"
        answer, nonce = await self._calls.call_over_nonce("GET", path, SettlementMessage, self._deadlines.question_s)
        if answer.business_date != on.isoformat():
            raise UnusableAnswerError(f"the settlement of {answer.business_date} in the place of {on.isoformat()}")
        self._answers.check_settlement(answer, nonce)
        return answer

    async def heartbeat(self, body: object) -> tuple[HeartbeatMessage, int | None]:
        """`POST /terminal/heartbeat`; with the time that was signed over it. Raises UnusableAnswerError."""
        return await self._calls.heartbeat("/v1/terminal/heartbeat", self._deadlines.question_s, body)

    async def fetch_denylist(self, since: int) -> DenylistMessage:
        """`GET /terminal/denylist?since=V`: the delta may hold a million keys. Raises UnusableAnswerError."""
        path = f"/v1/terminal/denylist?since={since}"
        return await self._calls.call(
            "GET", path, DenylistMessage, self._deadlines.batch_s, size_most=DENYLIST_SIZE_MOST
        )


def _payment_body(sale: Sale, *, accepted_offline: bool) -> dict[str, object]:
    authorised = sale.authorised
    assert authorised is not None  # only a sale that a phone has authorised is ever sent
    return {
        "presentation": b64u(sale.intent.presentation),
        "authorisation": b64u(authorised.authorisation),
        "wallet_credential": b64u(authorised.wallet_credential),
        "accepted_offline": accepted_offline,
        "occurred_at": rfc3339(authorised.occurred_at),
        "number": sale.number,
    }
