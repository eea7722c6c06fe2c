# SPDX-License-Identifier: Apache-2.0
"""What the backend says by itself, read as events. What answers say is tried through the gateway."""

from pengpos.backend_api.messages import PaymentMessage, RefundMessage
from pengpos.core.events import RefundAnswered
from pengpos.core.sale import RefundState
from terminal.backend.answers import Answers
from tests.support.shop import HeldClock
from tests.vectors import ISSUERS
from workshop.samples import sales as samples

ANSWERS = Answers(issuers=lambda: ISSUERS, clock=HeldClock())


def test_what_a_payment_tells_of_its_refunds() -> None:
    known = samples.refund().refund_id
    told = [
        RefundMessage(refund_id=str(known), state="failed"),
        RefundMessage(refund_id="no uuid", state="done"),
        RefundMessage(refund_id=str(known), state="in the post"),
    ]

    (event,) = ANSWERS.refunds_told(PaymentMessage(status="approved", refunds=told))
    assert isinstance(event, RefundAnswered)
    assert (event.refund_id, event.state) == (known, RefundState.FAILED)
