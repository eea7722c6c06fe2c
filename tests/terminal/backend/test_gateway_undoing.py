# SPDX-License-Identifier: Apache-2.0
"""What answers a cancel and a refund, and what answers neither. Source: backend API, *Cancel* and refunds."""

from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest

from pengpos.core.events import BackendCall, CancelAnswered, CancelHeld, Declined, Event, NoAnswer, RefundAnswered
from pengpos.core.sale import Cancel, CancelReason, Due, DueState, Refund, RefundState, SaleState
from pengpos.wire.encoding.base64url import b64u
from terminal.backend.gateway import BackendGateway
from tests.terminal.backend.test_gateway import (
    APPROVED,
    DECLINED,
    NAMED,
    OTHER,
    PATH,
    SALE,
    answered,
    body,
    intent,
    receipt,
    requests,
)
from tests.vectors import STRANGER
from workshop.samples import sales as samples

STRANGERS = receipt(STRANGER)
UNDOING = replace(SALE, state=SaleState.REVERSING, cancel=Cancel(reason=CancelReason.MALFUNCTION))


def cancel(gateway: BackendGateway) -> Coroutine[Any, Any, Event]:
    return gateway.cancel(UNDOING)


def test_a_cancel_carries_the_presentation_and_why() -> None:
    event = answered({"status": "cancelled", "intent": intent("cancelled")}, cancel)
    assert isinstance(event, CancelAnswered)
    assert event.standing is None
    assert requests[0].url.path == PATH + "/cancel"
    assert body() == {"presentation": b64u(SALE.intent.presentation), "reason": "malfunction"}


def test_a_cancel_that_leaves_a_payment_says_so() -> None:
    unless_paid = replace(
        UNDOING, cancel=Cancel(reason=CancelReason.UNABLE_TO_COMPLETE, by_time=True, unless_paid=True)
    )
    answered({"status": "cancelled"}, lambda gateway: gateway.cancel(unless_paid))
    assert body()["unless_paid"] is True


def test_a_cancel_that_came_too_late_says_what_stands() -> None:
    event = answered({"status": "settled", "intent": intent("approved", payment=APPROVED)}, cancel)
    assert isinstance(event, CancelAnswered)
    assert event.standing is not None
    assert event.standing.total_minor == 18_80


def test_a_cancel_that_a_person_decides_of_is_held() -> None:
    event = answered({"status": "held", "intent": intent("approved", payment=APPROVED)}, cancel)
    assert isinstance(event, CancelHeld)
    assert event.intent_id == SALE.intent.intent_id


@pytest.mark.parametrize(("code", "refused"), [("review_refused", True), (None, False), ("something_new", False)])
def test_a_cancel_that_a_person_refused_says_so(code: str | None, refused: bool) -> None:
    settled = {"status": "settled", "code": code, "intent": intent("approved", payment=APPROVED)}
    event = answered(settled, cancel)
    assert isinstance(event, CancelAnswered)
    assert (event.standing is not None, event.refused) == (True, refused)


@pytest.mark.parametrize("due", [{"state": "paid", "amount": 18_80}, None], ids=["its due is paid", "no due"])
def test_a_cancel_that_finds_a_decline_standing_says_so(due: object) -> None:
    found = intent("declined", payment=DECLINED | {"due": due})
    event = answered({"status": "settled", "intent": found}, cancel)
    assert isinstance(event, Declined)
    assert (event.intent_id, event.call) == (SALE.intent.intent_id, BackendCall.CANCEL)
    assert event.refusal.due == (Due(state=DueState.PAID, amount_minor=18_80) if due else None)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"status": "settled"}, id="settled, with nothing"),
        pytest.param({"status": "settled", "intent": intent("approved")}, id="settled, without a payment"),
        pytest.param({"status": "maybe", "intent": intent("cancelled")}, id="neither"),
        pytest.param({"status": "settled", "intent": intent("approved", payment=APPROVED | {"receipt": STRANGERS})},
                     id="settled by a stranger"),
        pytest.param({"status": "settled", "intent": intent("declined", payment=DECLINED | {"receipt": receipt()})},
                     id="declined, and its receipt is not"),
        pytest.param({"status": "settled", "intent": intent("held", payment=NAMED | {"status": "held"})}, id="held"),
        pytest.param({"status": "cancelled"}, id="of no intent"),
        pytest.param({"status": "cancelled", "intent": intent("cancelled", intent_id=OTHER)}, id="an older cancel's"),
        pytest.param({"status": "cancelled", "intent": intent("cancelled", amount=1)}, id="over another amount"),
        pytest.param({"status": "cancelled", "intent": intent("approved", payment=APPROVED)}, id="of a paid intent"),
        pytest.param({"status": "settled", "intent": intent("approved", payment=APPROVED | {"intent_id": OTHER})},
                     id="settled by another intent's payment"),
    ],
)  # fmt: skip
def test_a_cancel_is_not_answered_by(answer: object) -> None:
    event = answered(answer, cancel)
    assert isinstance(event, NoAnswer)
    assert event.call is BackendCall.CANCEL


def told(refund: Refund, state: str, **more: Any) -> dict[str, Any]:
    """A refund as the backend tells it."""
    amount = SALE.total.minor if refund.amount_minor is None else refund.amount_minor
    return {"refund_id": str(refund.refund_id), "state": state, "amount": amount, "currency": "CNY"} | more


@pytest.mark.parametrize("state", ["sent", "held", "done", "failed", "void"])
@pytest.mark.parametrize("amount", [None, 5_00])
def test_a_refund(state: str, amount: int | None) -> None:
    wanted = samples.refund(amount_minor=amount)
    event = answered(told(wanted, state), lambda gateway: gateway.refund(SALE, wanted))
    assert isinstance(event, RefundAnswered)
    assert (event.refund_id, event.state) == (wanted.refund_id, RefundState(state))
    assert body() == {"refund_id": str(wanted.refund_id), "reason": "customer"} | ({"amount": amount} if amount else {})


@pytest.mark.parametrize(
    ("state", "code", "refused"),
    [
        ("failed", "review_refused", True),
        ("failed", None, False),
        ("failed", "something_new", False),
        ("done", "review_refused", False),
    ],
)
def test_a_refund_that_a_person_refused_is_told_apart(state: str, code: str | None, *, refused: bool) -> None:
    wanted = samples.refund()
    event = answered(told(wanted, state, code=code), lambda gateway: gateway.refund(SALE, wanted))
    assert isinstance(event, RefundAnswered)
    assert (event.state, event.refused) == (RefundState(state), refused)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"state": "queued"}, id="in a state of ours"),
        pytest.param({"state": "lost"}, id="in a state we do not know"),
        pytest.param({"refund_id": str(samples.refund(9).refund_id)}, id="about an older refund of the same payment"),
        pytest.param({"refund_id": "x"}, id="about none"),
        pytest.param({"amount": 4_99}, id="of another amount"),
        pytest.param({"amount": 4_99, "state": "failed"}, id="of another amount, failed"),
        pytest.param({"currency": "USD"}, id="in another currency"),
        pytest.param({"amount": "5.00"}, id="mistyped"),
    ],
)
def test_a_refund_is_not_answered_by(answer: dict[str, Any]) -> None:
    wanted = samples.refund(amount_minor=5_00)
    event = answered(told(wanted, "done") | answer, lambda gateway: gateway.refund(SALE, wanted))
    assert isinstance(event, NoAnswer)
    assert event.call is BackendCall.REFUND


def test_no_refund_gives_back_more_than_was_paid() -> None:
    wanted = samples.refund()
    answer = told(wanted, "done", amount=SALE.total.minor + 1)
    assert isinstance(answered(answer, lambda gateway: gateway.refund(SALE, wanted)), NoAnswer)


@pytest.mark.parametrize(("code", "is_over"), [("exceeds_captured", True), ("conflict", False)])
def test_a_refund_of_more_than_is_left_there_has_failed_and_is_not_sent_for_ever(code: str, *, is_over: bool) -> None:
    wanted = samples.refund()
    event = answered({"code": code, "captured": 6_80}, lambda gateway: gateway.refund(SALE, wanted), 409)
    failed = RefundAnswered(at=event.at, refund_id=wanted.refund_id, state=RefundState.FAILED)
    assert event == (failed if is_over else NoAnswer(at=event.at, call=BackendCall.REFUND))
