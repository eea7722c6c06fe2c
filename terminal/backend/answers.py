# SPDX-License-Identifier: Apache-2.0
"""What an answer of the backend says of a sale: each is an event, and what says nothing of the money is `NoAnswer`.

Source: `docs/spec/backend-api.md`, "Shapes". Which word ends a sale is in `endings`. Makes no call.

Tests: tests/terminal/backend/test_answers.py, tests/terminal/backend/test_gateway.py,
tests/terminal/backend/test_gateway_undoing.py.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import UUID

from pengpos.backend_api.calls import UnusableAnswerError
from pengpos.backend_api.messages import (
    CancelMessage,
    DueMessage,
    IntentMessage,
    PaymentMessage,
    RefundMessage,
    SettlementMessage,
    read_message,
)
from pengpos.core.errors import MalformedError
from pengpos.core.events import (
    Approved,
    BackendCall,
    BackendStatus,
    CancelAnswered,
    CancelHeld,
    Declined,
    DueTold,
    Event,
    Held,
    NoAnswer,
    RefundAnswered,
    RefundedElsewhere,
    StatusHeard,
)
from pengpos.core.ports import Clock
from pengpos.core.reasons import Reason
from pengpos.core.sale import Booking, Due, DueState, Refund, RefundState, Refusal, Sale, Way
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.objects.receipt import Outcome, ReceiptClaims
from terminal.backend import endings, shown
from terminal.backend.endings import Terms

log = logging.getLogger(__name__)

_STATUSES = {
    "created": BackendStatus.CREATED,
    "claimed": BackendStatus.CLAIMED,
    "cancelled": BackendStatus.CANCELLED,
    "expired": BackendStatus.EXPIRED,
}

_ENDS = {"cancelled": Outcome.CANCELLED, "expired": Outcome.EXPIRED}

_DUE_STATES = {state.value: state for state in DueState}
_REFUND_STATES = {state.value: state for state in RefundState if state is not RefundState.QUEUED}

_REVIEW_REFUSED = "review_refused"


class Answers:
    """Reads answers and events. Lives on the loop."""

    def __init__(self, terms: Callable[[], Terms], *, clock: Clock) -> None:
        self._terms = terms
        self._clock = clock

    def verdict(self, sale: Sale, payment: PaymentMessage, call: BackendCall | None) -> Event:
        """What the backend has decided of the payment of the newest intent."""
        at, intent_id = self._clock.now(), sale.intent.intent_id
        asked = call or BackendCall.QUESTION
        if payment.status != "error" and _uuid(payment.intent_id or "") != intent_id:
            return self.no_answer(sale, asked, UnusableAnswerError(f"a verdict on intent {payment.intent_id}"))
        match payment.status:
            case "approved" | "already_paid":
                try:
                    booking = self._booking(sale, payment, call)
                except UnusableAnswerError as error:
                    return self.no_answer(sale, asked, error)
                return Approved(at=at, intent_id=intent_id, call=call, booking=booking)
            case "declined":
                try:
                    receipt = endings.declined(sale, payment.receipt, self._terms())
                except UnusableAnswerError as error:
                    return self.no_answer(sale, asked, error)
                signed_reason = receipt.claims.reason if receipt is not None else None
                refusal = replace(
                    _refusal(payment.reason if signed_reason is None else signed_reason, payment.code),
                    receipt=receipt.raw if receipt is not None else None,
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

    def intent_status(self, sale: Sale, message: IntentMessage, call: BackendCall | None = None) -> Event:
        """What an intent's status means for its sale; `call` None: an event brought it, no question."""
        try:
            _check_intent(sale, message)
            return self._status_heard(sale, message, call)
        except UnusableAnswerError as error:
            return self.no_answer(sale, BackendCall.QUESTION, error)

    def _status_heard(self, sale: Sale, message: IntentMessage, call: BackendCall | None) -> Event:
        at, intent_id = self._clock.now(), sale.intent.intent_id
        if message.status in _STATUSES:
            if (outcome := _ENDS.get(message.status)) is not None:
                endings.nothing_taken(sale, message.receipt, frozenset({outcome}), self._terms())
            status, given_back = _STATUSES[message.status], max(0, message.given_back)
            return StatusHeard(at=at, intent_id=intent_id, call=call, status=status, given_back_minor=given_back)
        if message.status == "held":
            return Held(at=at, intent_id=intent_id, call=call)
        if message.status == "declined" and message.payment is None:
            endings.declined(sale, message.receipt, self._terms())
            refusal = _refusal(message.reason, message.code)
            return Declined(at=at, intent_id=intent_id, call=call, refusal=refusal)
        if message.status in {"approved", "declined"} and message.payment is not None:
            return self.verdict(sale, message.payment, call)
        return NoAnswer(at=at, call=BackendCall.QUESTION)

    def refunds_told(self, sale: Sale, message: PaymentMessage) -> list[Event]:
        """What a payment of the newest intent says of its refunds; what does not fit one of this sale says nothing.

        One that this terminal never asked for, and that gave back or took off what is owed, is news of another place.
        """
        ordered = {refund.refund_id: refund for refund in sale.refunds}
        told: list[Event] = []
        for answer in message.refunds:
            refund_id = _uuid(answer.refund_id)
            if refund_id is None:
                continue
            if refund_id not in ordered:
                told.extend(self._refunded_elsewhere(sale, refund_id, answer))
                continue
            try:
                told.append(self.refunded(sale, ordered[refund_id], answer))
            except UnusableAnswerError as error:
                log.warning("sale %s: %s", sale.number, error)
        return told

    def _refunded_elsewhere(self, sale: Sale, refund_id: UUID, answer: RefundMessage) -> list[Event]:
        lessens = answer.state == RefundState.VOID.value and answer.lessens
        if not (answer.state == RefundState.DONE.value or lessens) or answer.currency != sale.amount.currency:
            return []
        try:
            endings.refund_ended(
                sale,
                refund_id,
                answer.signed,
                self._terms(),
                state=answer.state,
                amount_minor=answer.amount,
                lessens_minor=answer.lessens,
            )
        except UnusableAnswerError as error:
            log.warning("sale %s, refunded elsewhere: %s", sale.number, error)
            return []
        at, intent_id = self._clock.now(), sale.intent.intent_id
        return [
            RefundedElsewhere(
                at=at,
                intent_id=intent_id,
                refund_id=refund_id,
                amount_minor=answer.lessens or 0 if lessens else answer.amount,
                lessens=bool(lessens),
            )
        ]

    def due_told(self, message: PaymentMessage) -> list[Event]:
        """What a payment says of its due: one event, or none."""
        intent_id, due = _uuid(message.intent_id or ""), _due(message)
        if intent_id is None or due is None:
            return []
        return [DueTold(at=self._clock.now(), intent_id=intent_id, due=due)]

    def cancelled(self, sale: Sale, answer: CancelMessage) -> Event:
        """What a cancel did; what stands may be a decline: its due is paid. Raises UnusableAnswerError."""
        _check_intent(sale, answer.intent)
        if answer.status == "cancelled" and answer.intent.status in _ENDS:
            endings.nothing_taken(sale, answer.receipt, endings.NOTHING_TAKEN, self._terms())
            return CancelAnswered(
                at=self._clock.now(),
                intent_id=sale.intent.intent_id,
                given_back_minor=max(0, answer.given_back),
            )
        if answer.status == "held":
            return CancelHeld(at=self._clock.now(), intent_id=sale.intent.intent_id)
        payment = answer.intent.payment
        if answer.status != "settled" or payment is None:
            raise UnusableAnswerError(f"a cancel answered {answer.status!r} of an intent {answer.intent.status!r}")
        if payment.status == "declined":
            return self.verdict(sale, payment, BackendCall.CANCEL)
        if _uuid(payment.intent_id or "") != sale.intent.intent_id:
            raise UnusableAnswerError(f"a cancel that found a payment of intent {payment.intent_id}")
        booking = self._booking(sale, payment, BackendCall.CANCEL)
        return CancelAnswered(
            at=self._clock.now(),
            intent_id=sale.intent.intent_id,
            standing=booking,
            refused=answer.code == _REVIEW_REFUSED,
        )

    def refunded(self, sale: Sale, refund: Refund, answer: RefundMessage) -> RefundAnswered:
        """What became of a refund: of this one, and of what was asked for. Raises UnusableAnswerError."""
        if answer.state not in _REFUND_STATES:
            raise UnusableAnswerError(f"a refund that is {answer.state!r}")
        if _uuid(answer.refund_id) != refund.refund_id:
            raise UnusableAnswerError(f"an answer about refund {answer.refund_id}")
        state = _REFUND_STATES[answer.state]
        given = state in {RefundState.DONE, RefundState.FAILED}
        if answer.currency != sale.amount.currency or (given and not _fits(sale, refund, answer.amount)):
            raise UnusableAnswerError(f"a refund of {answer.amount} {answer.currency}, which was not asked for")
        if state not in {RefundState.SENT, RefundState.HELD}:  # it has ended
            endings.refund_ended(
                sale, refund.refund_id, answer.signed, self._terms(), state=answer.state, amount_minor=answer.amount
            )
        refused = state is RefundState.FAILED and answer.code == _REVIEW_REFUSED
        return RefundAnswered(at=self._clock.now(), refund_id=refund.refund_id, state=state, refused=refused)

    def refund_refused(self, sale: Sale, refund: Refund, error: UnusableAnswerError) -> Event:
        """A refund of more than is left there stays so however often it is sent: it has failed."""
        if error.problem is None or error.problem.code != "exceeds_captured":
            return self.no_answer(sale, BackendCall.REFUND, error)
        signed, asked_minor = error.problem.refund, refund.amount_minor
        try:
            endings.refund_ended(
                sale, refund.refund_id, signed, self._terms(), state=endings.REFUSED, amount_minor=asked_minor
            )
        except UnusableAnswerError as unsigned:
            return self.no_answer(sale, BackendCall.REFUND, unsigned)
        log.error("sale %s: refund %s refused: %s", sale.number, refund.refund_id, error)
        return RefundAnswered(at=self._clock.now(), refund_id=refund.refund_id, state=RefundState.FAILED)

    def check_settlement(self, settlement: SettlementMessage, nonce: str | None) -> None:
        """A settlement is an issuer's, in answer to this request. Raises UnusableAnswerError."""
        endings.settlement_signed(settlement, nonce, self._terms())

    def check_url(self, url: str, intent_id: UUID) -> None:
        """The URL of tag and QR is ours, and names this intent (tap protocol §3). Raises UnusableAnswerError."""
        terms = self._terms()
        if not shown.is_ours(url, terms.origins):
            raise UnusableAnswerError("the URL is not of our backend")
        ours = b64u(intent_id.bytes)
        if urlsplit(url).path.rpartition("/t/")[2] not in {ours, f"{ours}.{terms.terminal_id}"}:
            raise UnusableAnswerError("the URL is of another intent")

    def no_answer(self, sale: Sale, call: BackendCall, error: UnusableAnswerError) -> NoAnswer:
        """It is as if nothing had come."""
        log.warning("sale %s: %s unanswered: %s", sale.number, call.name.lower(), error)
        return NoAnswer(at=self._clock.now(), call=call, retry_after_s=error.retry_after_s)

    def _booking(self, sale: Sale, payment: PaymentMessage, call: BackendCall | None) -> Booking:
        """What was booked; approved only on an issuer's receipt for this intent. Raises UnusableAnswerError."""
        terms = self._terms()
        receipt = endings.receipt_in(sale, payment.receipt or "", terms)
        url = receipt.claims.url
        if receipt.claims.outcome is not Outcome.APPROVED:
            raise UnusableAnswerError("its receipt does not say approved")
        ours = _is_of_our_phone(sale, payment, call, receipt.claims)
        if ours and sale.authorised is not None and receipt.claims.total_minor > sale.authorised.total_minor:
            raise UnusableAnswerError("its receipt says more than was authorised")
        return Booking(
            total_minor=receipt.claims.total_minor,
            booked_at=receipt.claims.at,
            by=Way.READER if ours else None,
            receipt=receipt.raw,
            receipt_url=url if url is not None and shown.is_ours(url, terms.origins) else None,
            lines=shown.lines_of(payment.lines),
            cards=shown.cards_of(payment.cards, terms.origins),
            payer_display=shown.name_of(payment.payer_display),
        )


def _check_intent(sale: Sale, message: IntentMessage) -> None:
    """An answer about another intent was made for another question. Raises UnusableAnswerError."""
    told = (_uuid(message.intent_id), message.amount, message.currency)
    if told != (sale.intent.intent_id, sale.amount.minor, sale.amount.currency):
        raise UnusableAnswerError(f"told of intent {message.intent_id} over {message.amount} {message.currency}")


def _fits(sale: Sale, refund: Refund, amount_minor: int) -> bool:
    """Whether so much can have been given back for this refund; without an amount it was all that was left."""
    if refund.amount_minor is None:
        return 0 <= amount_minor <= sale.total.minor
    return amount_minor == refund.amount_minor


def _is_of_our_phone(sale: Sale, payment: PaymentMessage, call: BackendCall | None, claims: ReceiptClaims) -> bool:
    """Whether this payment is the one that a reader brought us, and not another phone's, or one by the page."""
    if sale.authorised is None:
        return False
    if (answers := claims.answers(sale.authorised.wallet_kid)) is not None:
        return answers
    if payment.status != "approved":
        return False
    if call in {BackendCall.PAYMENT, BackendCall.FORWARD}:
        return True  # the answer to that very body
    return payment.way == "reader" if payment.way is not None else not sale.intent.payable_elsewhere


def _refusal(reason: int | None, code: str | None) -> Refusal:
    return Refusal(reason=Reason.from_backend(reason if reason is not None else -1), code=shown.code_of(code))


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
