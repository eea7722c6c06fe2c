# SPDX-License-Identifier: Apache-2.0
"""Which endings are believed, of a backend that signs them all and of one that does not."""

import json
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import pytest

from pengpos.backend_api.calls import UnusableAnswerError
from pengpos.backend_api.messages import SettlementMessage
from pengpos.backend_api.settlement_digest import digest_of
from pengpos.core.events import (
    Approved,
    BackendCall,
    BackendStatus,
    CancelAnswered,
    Declined,
    Event,
    NoAnswer,
    RefundAnswered,
    StatusHeard,
)
from pengpos.core.reasons import Reason
from pengpos.core.sale import Cancel, CancelReason, RefundState, SaleState
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.objects.receipt import Outcome
from terminal.backend.endings import settlement_signed
from terminal.backend.gateway import BackendGateway
from tests.pengpos.wire.shop import ISSUER_KID
from tests.terminal.backend.test_gateway import (
    APPROVED,
    DECLINED,
    INTENT_ID,
    SALE,
    TERMS,
    answered,
    intent,
    receipt,
)
from tests.vectors import ISSUER, STRANGER
from workshop.samples import sales as samples

SIGNING = replace(TERMS, signs_endings=True)
OUR_KEY = SALE.authorised.wallet_kid if SALE.authorised is not None else b""
OTHER_KEY = bytes(8)
HERE: dict[str, Any] = {"terminal_id": "T-0001"}
NOTHING: dict[str, Any] = HERE | {"total_minor": 0, "url": None, "reason": 22}
NO = NOTHING | {"outcome": Outcome.DECLINED, "reason": 23}

Ask = Callable[[BackendGateway], Coroutine[Any, Any, Any]]


def pay(gateway: BackendGateway) -> Coroutine[Any, Any, Event]:
    return gateway.pay(SALE)


def ask(gateway: BackendGateway) -> Coroutine[Any, Any, Event]:
    return gateway.ask(SALE)


def cancel(gateway: BackendGateway) -> Coroutine[Any, Any, Event]:
    undoing = replace(SALE, state=SaleState.REVERSING, cancel=Cancel(reason=CancelReason.MALFUNCTION))
    return gateway.cancel(undoing)


async def forward(gateway: BackendGateway) -> Event:
    (event,) = await gateway.forward([SALE])
    return event


# --- intents ----------------------------------------------------------------------------------------------------------

CANCELLED = {"outcome": Outcome.CANCELLED}
EXPIRED = {"outcome": Outcome.EXPIRED}
UNSIGNED: dict[str, tuple[Ask, object]] = {
    "a payment declined": (pay, DECLINED),
    "a stored payment declined": (forward, {"verdicts": [DECLINED]}),
    "an intent declined, with its payment": (ask, intent("declined", payment=DECLINED)),
    "an intent declined, without": (ask, intent("declined", reason=23, code="declined")),
    "an intent cancelled": (ask, intent("cancelled")),
    "an intent expired": (ask, intent("expired")),
    "a cancel": (cancel, {"status": "cancelled", "intent": intent("cancelled")}),
    "a cancel that finds a decline": (cancel, {"status": "settled", "intent": intent("declined", payment=DECLINED)}),
}


@pytest.mark.parametrize(("question", "answer"), UNSIGNED.values(), ids=UNSIGNED)
def test_an_unsigned_ending_is_none_of_a_backend_that_signs(question: Ask, answer: object) -> None:
    assert isinstance(answered(answer, question, terms=SIGNING), NoAnswer)


@pytest.mark.parametrize(("question", "answer"), UNSIGNED.values(), ids=UNSIGNED)
def test_of_a_backend_of_page_1_1_it_is_believed_as_before(question: Ask, answer: object) -> None:
    assert isinstance(answered(answer, question), Declined | StatusHeard | CancelAnswered)


FALSE: dict[str, dict[str, Any]] = {
    "of another intent": {"intent_id": bytes(16)},
    "of another terminal's intent with this id": {"terminal_id": "T-0002"},
    "in another currency": {"currency": "USD"},
    "by a stranger": {"signer": STRANGER},
    "that says approved": {"outcome": Outcome.APPROVED},
    "that says declined": {"outcome": Outcome.DECLINED},
}


@pytest.mark.parametrize("terms", [SIGNING, TERMS], ids=["signs endings", "of page 1.1"])
@pytest.mark.parametrize("lie", FALSE.values(), ids=FALSE)
@pytest.mark.parametrize(("status", "outcome"), [("cancelled", CANCELLED), ("expired", EXPIRED)])
def test_an_ending_with_a_receipt_that_is_not_its_own_is_none(
    status: str, outcome: dict[str, Any], lie: dict[str, Any], terms: Any
) -> None:
    false = receipt(**(NOTHING | outcome | lie))
    assert isinstance(answered(intent(status, receipt=false), ask, terms=terms), NoAnswer)
    answer = {"status": "cancelled", "receipt": false, "intent": intent("cancelled")}
    assert isinstance(answered(answer, cancel, terms=terms), NoAnswer)


def test_a_cancel_is_not_an_expiry() -> None:
    assert isinstance(
        answered(intent("cancelled", receipt=receipt(**NOTHING, **EXPIRED)), ask, terms=SIGNING), NoAnswer
    )


@pytest.mark.parametrize(("status", "outcome"), [("cancelled", CANCELLED), ("expired", EXPIRED)])
def test_a_signed_ending_is_believed(status: str, outcome: dict[str, Any]) -> None:
    signed = receipt(**NOTHING, **outcome)
    event = answered(intent(status, receipt=signed), ask, terms=SIGNING)
    assert isinstance(event, StatusHeard)
    assert event.status is BackendStatus[status.upper()]
    answer = {"status": "cancelled", "receipt": signed, "intent": intent(status)}
    assert isinstance(answered(answer, cancel, terms=SIGNING), CancelAnswered)


def test_the_reason_of_a_decline_is_the_one_that_was_signed() -> None:
    event = answered(DECLINED | {"reason": 24, "receipt": receipt(**NO)}, pay, terms=SIGNING)
    assert isinstance(event, Declined)
    assert event.refusal.reason is Reason.DECLINED_BY_BACKEND


def test_a_decline_of_another_keys_authorisation_is_no_answer_to_ours() -> None:
    ours = DECLINED | {"receipt": receipt(**NO, wallet_kid=OUR_KEY)}
    anothers = DECLINED | {"receipt": receipt(**NO, wallet_kid=OTHER_KEY)}
    assert isinstance(answered(ours, pay, terms=SIGNING), Declined)
    assert isinstance(answered(anothers, pay, terms=SIGNING), NoAnswer)


@pytest.mark.parametrize(
    ("kid", "total_minor", "is_ours"),
    [
        pytest.param(OUR_KEY, 18_80, True, id="ours"),
        pytest.param(OTHER_KEY, 99_00, False, id="another phone's"),
        pytest.param(None, 99_00, False, id="by the page"),
    ],
)
def test_an_approval_says_whose_authorisation_was_booked(kid: bytes | None, total_minor: int, *, is_ours: bool) -> None:
    signed = receipt(**HERE, wallet_kid=kid, total_minor=total_minor)
    event = answered(APPROVED | {"receipt": signed}, pay, terms=SIGNING)
    assert isinstance(event, Approved)
    assert (event.booking.by is not None) is is_ours


def test_never_more_than_our_phone_authorised() -> None:
    signed = receipt(**HERE, wallet_kid=OUR_KEY, total_minor=18_81)
    assert isinstance(answered(APPROVED | {"receipt": signed}, pay, terms=SIGNING), NoAnswer)


def test_an_approval_of_another_terminals_intent_with_this_id_is_none() -> None:
    signed = receipt(terminal_id="T-0002", wallet_kid=OUR_KEY)
    assert isinstance(answered(APPROVED | {"receipt": signed}, pay), NoAnswer)


# --- refunds ----------------------------------------------------------------------------------------------------------

WANTED = samples.refund(amount_minor=5_00)
TOLD = {"refund_id": str(WANTED.refund_id), "state": "done", "amount": 5_00, "currency": "CNY"}


def refund(gateway: BackendGateway) -> Coroutine[Any, Any, Event]:
    return gateway.refund(SALE, WANTED)


def signed_refund(signer: Any = ISSUER, context: Context = Context.REFUND, **other: Any) -> str:
    said = {"terminal_id": "T-0001", "intent_id": str(INTENT_ID), **TOLD, "at": "2027-01-15T08:00:00Z", **other}
    return b64u(sign1(signer, context, json.dumps(said).encode(), kid=ISSUER_KID))


@pytest.mark.parametrize("state", ["done", "failed", "void"])
def test_a_refund_that_has_ended_is_signed(state: str) -> None:
    told = TOLD | {"state": state}
    assert isinstance(answered(told, refund, terms=SIGNING), NoAnswer)
    event = answered(told | {"signed": signed_refund(state=state)}, refund, terms=SIGNING)
    assert isinstance(event, RefundAnswered)
    assert event.state is RefundState(state)


def test_a_refund_that_is_held_has_not_ended_and_needs_no_signature() -> None:
    event = answered(TOLD | {"state": "held"}, refund, terms=SIGNING)
    assert isinstance(event, RefundAnswered)
    assert event.state is RefundState.HELD


FALSE_REFUNDS: dict[str, str] = {
    "of another refund": signed_refund(refund_id=str(samples.refund(9).refund_id)),
    "of another intent": signed_refund(intent_id=str(samples.intent(9).intent_id)),
    "of another terminal": signed_refund(terminal_id="T-0002"),
    "of another amount": signed_refund(amount=4_00),
    "in another state": signed_refund(state="void"),
    "by a stranger": signed_refund(STRANGER),
    "for something else": signed_refund(context=Context.CLOCK),
    "that is none": "AAAA",
    "of no refund": signed_refund(refund_id="none"),
    "mistyped": signed_refund(amount="5.00"),
}


@pytest.mark.parametrize("false", FALSE_REFUNDS.values(), ids=FALSE_REFUNDS)
@pytest.mark.parametrize("terms", [SIGNING, TERMS], ids=["signs endings", "of page 1.1"])
def test_a_refund_signed_otherwise_has_not_ended(false: str, terms: Any) -> None:
    assert isinstance(answered(TOLD | {"signed": false}, refund, terms=terms), NoAnswer)


@pytest.mark.parametrize(
    ("signed", "is_over"),
    [
        pytest.param(None, False, id="unsigned"),
        pytest.param(signed_refund(), False, id="signed as done"),
        pytest.param(signed_refund(state="refused", amount=4_00), False, id="of another amount"),
        pytest.param(signed_refund(state="refused"), True, id="signed"),
    ],
)
def test_a_refund_of_too_much_has_failed_only_where_that_is_signed(signed: str | None, *, is_over: bool) -> None:
    problem = {"code": "exceeds_captured", "captured": 4_00, "refund": signed}
    event = answered(problem, refund, 409, terms=SIGNING)
    if is_over:
        assert isinstance(event, RefundAnswered)
        assert event.state is RefundState.FAILED
    else:
        assert isinstance(event, NoAnswer)
        assert event.call is BackendCall.REFUND


# --- settlements ------------------------------------------------------------------------------------------------------

SIGNS_SETTLEMENTS = replace(SIGNING, signs_settlements=True)
TODAY = date(2027, 1, 15)
ENTRY = {"kind": "payment", "intent_id": str(INTENT_ID), "amount": 18_80, "currency": "CNY"}
DAY = {"business_date": TODAY.isoformat(), "final": True, "entries": [ENTRY]}
DIGEST = digest_of([("payment", str(INTENT_ID), None, 18_80, "CNY")])


def signed_day(signer: Any = ISSUER, context: Context = Context.SETTLEMENT, **other: Any) -> str:
    said = {
        "terminal_id": "T-0001",
        "business_date": TODAY.isoformat(),
        "final": True,
        "nonce": "n",
        "entries": DIGEST,
        "at": "2027-01-15T08:00:00Z",
        **other,
    }
    return b64u(sign1(signer, context, json.dumps(said).encode(), kid=ISSUER_KID))


def settlement(**other: Any) -> SettlementMessage:
    return msgspec.convert(DAY | other, SettlementMessage)


def test_a_settlement_is_taken_as_it_is_signed() -> None:
    settlement_signed(settlement(signed=signed_day()), "n", SIGNS_SETTLEMENTS)


FALSE_DAYS: dict[str, SettlementMessage] = {
    "unsigned": settlement(),
    "of another request": settlement(signed=signed_day(nonce="m")),
    "of another day": settlement(signed=signed_day(business_date="2027-01-14")),
    "of another terminal": settlement(signed=signed_day(terminal_id="T-0002")),
    "that was not final": settlement(signed=signed_day(final=False)),
    "of other entries": settlement(signed=signed_day(), entries=[ENTRY, ENTRY]),
    "of another amount": settlement(signed=signed_day(), entries=[ENTRY | {"amount": 18_81}]),
    "by a stranger": settlement(signed=signed_day(STRANGER)),
    "for something else": settlement(signed=signed_day(context=Context.REFUND)),
    "that is none": settlement(signed="AAAA"),
}


@pytest.mark.parametrize("false", FALSE_DAYS.values(), ids=FALSE_DAYS)
def test_a_settlement_signed_otherwise_is_no_answer(false: SettlementMessage) -> None:
    with pytest.raises(UnusableAnswerError):
        settlement_signed(false, "n", SIGNS_SETTLEMENTS)


def test_of_a_backend_that_does_not_say_the_word_it_is_taken_unsigned() -> None:
    settlement_signed(settlement(), "n", SIGNING)


def test_another_days_settlement_is_no_answer() -> None:
    with pytest.raises(UnusableAnswerError, match="2026-01-01"):
        answered(DAY | {"business_date": "2026-01-01"}, lambda gateway: gateway.settlement(TODAY))
