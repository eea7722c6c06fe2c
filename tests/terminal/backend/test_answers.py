# SPDX-License-Identifier: Apache-2.0
"""What the backend says by itself, read as events. What answers say is tried through the gateway."""

from dataclasses import replace
from typing import Any

import pytest

from pengpos.backend_api.messages import PaymentMessage, RefundMessage
from pengpos.core.events import RefundAnswered, RefundedElsewhere
from pengpos.core.sale import RefundState, SaleState
from terminal.backend.answers import Answers
from tests.support.shop import HeldClock
from tests.terminal.backend.test_endings import signed_refund
from tests.terminal.backend.test_gateway import TERMS
from workshop.samples import sales as samples

ANSWERS = Answers(lambda: TERMS, clock=HeldClock())


OF_OTHERS = str(samples.refund(9).refund_id)
KNOWN = samples.refund(amount_minor=5_00)
SALE = replace(samples.sale_in(SaleState.APPROVED), refunds=(KNOWN,))


def told(**more: Any) -> RefundMessage:
    """What a `payment` event says of the known refund."""
    fits: dict[str, Any] = {"refund_id": str(KNOWN.refund_id), "state": "failed", "amount": 5_00, "currency": "CNY"}
    return RefundMessage(**(fits | more))


def test_what_a_payment_tells_of_its_refunds() -> None:
    news = [
        told(),
        told(refund_id="no uuid"),
        told(refund_id=str(samples.refund(9).refund_id)),
        told(state="in the post"),
        told(amount=6_00),
    ]
    (event,) = ANSWERS.refunds_told(SALE, PaymentMessage(status="approved", refunds=news))
    assert isinstance(event, RefundAnswered)
    assert (event.refund_id, event.state) == (KNOWN.refund_id, RefundState.FAILED)


@pytest.mark.parametrize(
    ("signed", "signs", "believed"),
    [
        pytest.param(None, True, False, id="unsigned, of a backend that signs"),
        pytest.param(None, False, True, id="unsigned, of a backend of page 1.1"),
        pytest.param(signed_refund(refund_id=OF_OTHERS, amount=5_00), True, True, id="signed"),
        pytest.param(signed_refund(refund_id=OF_OTHERS, amount=4_00), False, False, id="signed over another amount"),
    ],
)
def test_a_refund_of_another_place_is_believed_as_any_ending(
    signed: str | None, *, signs: bool, believed: bool
) -> None:
    answers = Answers(lambda: replace(TERMS, signs_endings=signs), clock=HeldClock())
    news = [told(refund_id=OF_OTHERS, state="done", signed=signed)]
    events = answers.refunds_told(SALE, PaymentMessage(status="approved", refunds=news))
    assert [event.intent_id for event in events if isinstance(event, RefundedElsewhere)] == (
        [SALE.intent.intent_id] if believed else []
    )
    assert len(events) == believed
