# SPDX-License-Identifier: Apache-2.0
"""What every journal says of how much of a policy's limits is used (`offline_queue.port`)."""

from dataclasses import replace
from uuid import uuid4

from offline_queue.port import JournalPort
from pengpos.core.sale import Refund, RefundState, SaleState
from workshop.samples.journal import NOON, SaleMaker, store


def test_given_back_on_a_day_and_still_under_way(journal: JournalPort, maker: SaleMaker) -> None:
    def refunded(amount_minor: int | None, state: RefundState, *, at: int = NOON, currency: str = "CNY") -> None:
        signed = maker.signed(journal.next_counter(), at=at, amount_minor=1_000_000, currency=currency)
        sale = maker.approved(maker.authorised(signed, at=at), at=at)
        refund = Refund(
            refund_id=uuid4(), idempotency_key="r", amount_minor=amount_minor, reason="spoilt", state=state, at=at
        )
        store(journal, sale)
        store(journal, replace(sale, state=SaleState.REFUNDED, refunds=(refund,)))

    for amount_minor, state in enumerate(RefundState):
        refunded(2**amount_minor, state)
        refunded(2**amount_minor * 1_000, state, at=NOON - 86_400)
        refunded(2**amount_minor * 1_000, state, currency="HKD")
    values = {state: 2**amount_minor for amount_minor, state in enumerate(RefundState)}
    under_way = sum(values[state] for state in (RefundState.QUEUED, RefundState.SENT, RefundState.HELD))
    given_back = journal.given_back_minor(NOON, NOON + 1, "CNY")
    assert given_back == under_way * 1_001 + values[RefundState.DONE]
    refunded(None, RefundState.DONE)
    assert journal.given_back_minor(NOON, NOON + 1, "CNY") == given_back + 1_000_000
