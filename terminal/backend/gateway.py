# SPDX-License-Identifier: Apache-2.0
"""The backend as the terminal talks to it: every answer is an event, and so is the lack of one.

Source: `docs/spec/backend-api.md`. This is the one place that decides what transport trouble means: anything but a
well-formed answer that says something of the money, with a receipt that verifies, is `NoAnswer`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID

from pengpos.backend_api.calls import Calls, UnusableAnswerError
from pengpos.backend_api.messages import (
    BatchMessage,
    CancelMessage,
    DenylistMessage,
    DueMessage,
    HealthMessage,
    IntentMessage,
    PaymentMessage,
    RefundMessage,
    read_message,
)
from pengpos.core.errors import MalformedError, RefusedError, SignatureError
from pengpos.core.events import (
    Approved,
    BackendCall,
    BackendStatus,
    CancelAnswered,
    Declined,
    DueTold,
    Event,
    Held,
    NoAnswer,
    RefundAnswered,
    StatusHeard,
)
from pengpos.core.ports import Clock
from pengpos.core.reasons import Reason
from pengpos.core.sale import (
    Booking,
    CancelReason,
    Due,
    DueState,
    Line,
    LinkCard,
    Refund,
    RefundState,
    Refusal,
    Sale,
    Way,
)
from pengpos.core.times import rfc3339
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.keys import Issuers
from pengpos.wire.judge import check_receipt_for
from pengpos.wire.objects.receipt import Outcome

log = logging.getLogger(__name__)

DENYLIST_SIZE_MOST = 32 * 1_048_576  # a million keys as base64url in JSON, signed, in JSON again

VERDICTS_AT_ONCE = 8

_STATUSES = {
    "created": BackendStatus.CREATED,
    "claimed": BackendStatus.CLAIMED,
    "cancelled": BackendStatus.CANCELLED,
    "expired": BackendStatus.EXPIRED,
}

_DUE_STATES = {state.value: state for state in DueState}
_REFUND_STATES = {state.value: state for state in RefundState if state is not RefundState.QUEUED}

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

    def __init__(
        self, calls: Calls, *, issuers: Callable[[], Issuers], clock: Clock, deadlines: Deadlines | None = None
    ) -> None:
        self._calls = calls
        self._issuers = issuers
        self._clock = clock
        self._deadlines = deadlines if deadlines is not None else Deadlines()

    # --- payments -----------------------------------------------------------------------------------------------------

    async def pay(self, sale: Sale) -> Event:
        """POST the stored payment of an online sale; within 4 s, or `NoAnswer`."""
        try:
            body = _payment_body(sale, accepted_offline=False)
            payment = await self._calls.call("POST", "/v1/payments", PaymentMessage, self._deadlines.payment_s, body)
        except UnusableAnswerError as error:
            return self._no_answer(sale, BackendCall.PAYMENT, error)
        return self._verdict(sale, sale.intent.intent_id, payment, BackendCall.PAYMENT)

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
            return [self._no_answer(sale, BackendCall.FORWARD, error) for sale in sales]
        events: list[Event] = []
        for sale, verdict in zip(sales, batch.verdicts, strict=True):
            events.append(self._verdict(sale, sale.intent.intent_id, verdict, BackendCall.FORWARD))
            if len(events) % VERDICTS_AT_ONCE == 0:
                await asyncio.sleep(0)  # a receipt is a signature to check: a tap must not wait for two hundred
        return events

    async def ask(self, sale: Sale) -> Event:
        """GET the intent: what the backend knows of it."""
        try:
            intent = await self._calls.call(
                "GET", f"/v1/intents/{sale.intent.intent_id}", IntentMessage, self._deadlines.question_s
            )
        except UnusableAnswerError as error:
            if error.problem is not None and error.problem.code in {"not_found", "intent_unknown"}:
                return StatusHeard(
                    at=self._clock.now(),
                    intent_id=sale.intent.intent_id,
                    call=BackendCall.QUESTION,
                    status=BackendStatus.NOT_FOUND,
                    steps_when_asked=len(sale.history),
                )
            return self._no_answer(sale, BackendCall.QUESTION, error)
        answer = self.intent_status(sale, intent, BackendCall.QUESTION)
        return replace(answer, steps_when_asked=len(sale.history)) if isinstance(answer, StatusHeard) else answer

    def intent_status(self, sale: Sale, message: IntentMessage, call: BackendCall | None = None) -> Event:
        """What an intent's status means for its sale; `call` None: an event brought it, no question."""
        at, intent_id = self._clock.now(), sale.intent.intent_id
        if message.intent_id is not None and message.intent_id.lower() != str(intent_id):
            log.warning("sale %s: told of another intent", sale.number)
            return NoAnswer(at=at, call=BackendCall.QUESTION)
        if message.status in _STATUSES:
            return StatusHeard(at=at, intent_id=intent_id, call=call, status=_STATUSES[message.status])
        if message.status == "held":
            return Held(at=at, intent_id=intent_id, call=call)
        if message.status == "declined" and message.payment is None:
            refusal = _refusal(message.reason, message.code)
            return Declined(at=at, intent_id=intent_id, call=call, refusal=refusal)
        if message.status in {"approved", "declined"} and message.payment is not None:
            return self._verdict(sale, intent_id, message.payment, call)
        return NoAnswer(at=at, call=BackendCall.QUESTION)

    def refunds_told(self, message: PaymentMessage) -> list[Event]:
        """What a payment says of its refunds; one in a state we do not know says nothing."""
        at = self._clock.now()
        return [
            RefundAnswered(at=at, refund_id=refund_id, state=_REFUND_STATES[refund.state])
            for refund in message.refunds
            if refund.state in _REFUND_STATES and (refund_id := _uuid(refund.refund_id)) is not None
        ]

    def due_told(self, message: PaymentMessage) -> list[Event]:
        """What a payment says of its due: one event, or none."""
        intent_id, due = _uuid(message.intent_id or ""), _due(message)
        if intent_id is None or due is None:
            return []
        return [DueTold(at=self._clock.now(), intent_id=intent_id, due=due)]

    # --- undoing ------------------------------------------------------------------------------------------------------

    async def cancel(self, sale: Sale) -> Event:
        """Cancel the newest intent; the answer is final. What stands may be a decline: its due is paid."""
        reason = sale.cancel.reason if sale.cancel is not None else CancelReason.MERCHANT
        body = {"presentation": b64u(sale.intent.presentation), "reason": reason.value}
        path = f"/v1/intents/{sale.intent.intent_id}/cancel"
        try:
            answer = await self._calls.call("POST", path, CancelMessage, self._deadlines.question_s, body)
            if answer.status == "cancelled":
                return CancelAnswered(at=self._clock.now(), intent_id=sale.intent.intent_id)
            payment = answer.intent.payment if answer.intent is not None else None
            if answer.status != "settled" or payment is None:
                raise UnusableAnswerError(f"a cancel answered {answer.status!r}")
            if payment.status == "declined":
                return self._verdict(sale, sale.intent.intent_id, payment, BackendCall.CANCEL)
            booking = self._booking(sale, payment, BackendCall.CANCEL)
            return CancelAnswered(at=self._clock.now(), intent_id=sale.intent.intent_id, standing=booking)
        except UnusableAnswerError as error:
            return self._no_answer(sale, BackendCall.CANCEL, error)

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
            if answer.state not in _REFUND_STATES:
                raise UnusableAnswerError(f"a refund that is {answer.state!r}")
        except UnusableAnswerError as error:
            if error.problem is None or error.problem.code != "exceeds_captured":
                return self._no_answer(sale, BackendCall.REFUND, error)
            log.error("sale %s: refund %s refused: %s", sale.number, refund.refund_id, error)
            return RefundAnswered(at=self._clock.now(), refund_id=refund.refund_id, state=RefundState.FAILED)
        return RefundAnswered(at=self._clock.now(), refund_id=refund.refund_id, state=_REFUND_STATES[answer.state])

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
                "PUT", f"/v1/intents/{intent_id}", IntentMessage, self._deadlines.question_s,
                {"presentation": b64u(presentation)},
            )  # fmt: skip
        except UnusableAnswerError as error:
            log.warning("intent %s not registered: %s", intent_id, error)
            return None
        return answer.url

    async def fetch(self, method: str, path: str, kind: type[M], body: object = None) -> M:
        """Any other call of the terminal side. Raises UnusableAnswerError."""
        return await self._calls.call(method, path, kind, self._deadlines.question_s, body)

    async def fetch_denylist(self, since: int) -> DenylistMessage:
        """`GET /terminal/denylist?since=V`: the delta may hold a million keys. Raises UnusableAnswerError."""
        path = f"/v1/terminal/denylist?since={since}"
        return await self._calls.call(
            "GET", path, DenylistMessage, self._deadlines.batch_s, size_most=DENYLIST_SIZE_MOST
        )

    def _no_answer(self, sale: Sale, call: BackendCall, error: UnusableAnswerError) -> NoAnswer:
        log.warning("sale %s: %s unanswered: %s", sale.number, call.name.lower(), error)
        return NoAnswer(at=self._clock.now(), call=call, retry_after_s=error.retry_after_s)

    # --- what an answer says ------------------------------------------------------------------------------------------

    def _verdict(self, sale: Sale, intent_id: UUID, payment: PaymentMessage, call: BackendCall | None) -> Event:
        at = self._clock.now()
        asked = call or BackendCall.QUESTION
        match payment.status:
            case "approved" | "already_paid":
                try:
                    booking = self._booking(sale, payment, call)
                except UnusableAnswerError as error:
                    return self._no_answer(sale, asked, error)
                return Approved(at=at, intent_id=intent_id, call=call, booking=booking)
            case "declined":
                try:
                    receipt = self._declined_receipt(sale, payment)
                except UnusableAnswerError as error:
                    return self._no_answer(sale, asked, error)
                refusal = replace(
                    _refusal(payment.reason, payment.code),
                    receipt=receipt,
                    borne_by=payment.borne_by,
                    guaranteed_minor=payment.guaranteed or 0,
                    due=_due(payment),
                )
                return Declined(at=at, intent_id=intent_id, call=call, refusal=refusal)
            case "held":
                return Held(at=at, intent_id=intent_id, call=call)
            case _:
                log.warning("sale %s: verdict %r %r", sale.number, payment.status, payment.code)
                return NoAnswer(at=at, call=asked)

    def _declined_receipt(self, sale: Sale, payment: PaymentMessage) -> bytes | None:
        """The receipt that tells a phone it was declined. Raises UnusableAnswerError.

        A decline needs none; but one whose receipt is of another intent is an answer to another question, replayed by
        something between us and the backend: the money may be there.
        """
        if payment.receipt is None:
            return None
        try:
            receipt = check_receipt_for(
                unb64u(payment.receipt),
                intent_id=sale.intent.intent_id.bytes,
                currency=sale.amount.currency,
                issuers=self._issuers(),
                authorised_total_minor=None,
            )
        except (RefusedError, MalformedError, SignatureError) as error:
            raise UnusableAnswerError(f"the receipt of a decline is not good: {error}") from error
        if receipt.claims.outcome is not Outcome.DECLINED:
            raise UnusableAnswerError("the receipt of a decline does not say declined")
        return receipt.raw

    def _booking(self, sale: Sale, payment: PaymentMessage, call: BackendCall | None) -> Booking:
        """What was booked; approved only on an issuer's receipt for this intent. Raises UnusableAnswerError."""
        authorised = sale.authorised
        ours = authorised is not None and _is_of_our_phone(sale, payment, call)
        try:
            receipt = check_receipt_for(
                unb64u(payment.receipt or ""),
                intent_id=sale.intent.intent_id.bytes,
                currency=sale.amount.currency,
                issuers=self._issuers(),
                authorised_total_minor=authorised.total_minor if authorised is not None and ours else None,
            )
        except (RefusedError, MalformedError, SignatureError) as error:
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
        "occurred_at": rfc3339(authorised.occurred_at),
    }


def _is_of_our_phone(sale: Sale, payment: PaymentMessage, call: BackendCall | None) -> bool:
    """Whether this payment is the one that a reader brought us, and not one by the page, tip and all."""
    if payment.status != "approved":
        return False
    if call in {BackendCall.PAYMENT, BackendCall.FORWARD}:
        return True  # the answer to that very body
    return payment.way == "reader" if payment.way is not None else not sale.intent.payable_elsewhere


def _refusal(reason: int | None, code: str | None) -> Refusal:
    return Refusal(reason=Reason.from_backend(reason if reason is not None else -1), code=code)


def _due(payment: PaymentMessage) -> Due | None:
    """What the shopper is asked for; one that we cannot read is as if it were not said: the money parts stand."""
    raw = bytes(payment.due)
    if raw == b"null":
        return None
    try:
        message = read_message(raw, DueMessage)
    except MalformedError as error:
        log.warning("a due that is none: %s", error)
        return None
    if message.state not in _DUE_STATES:
        log.warning("a due that is %r", message.state)
        return None
    return Due(state=_DUE_STATES[message.state], amount_minor=message.amount)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
