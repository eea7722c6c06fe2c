# SPDX-License-Identifier: Apache-2.0
"""What every journal says of how much of a policy's limits is used (`offline_queue.port`)."""

from dataclasses import replace
from uuid import uuid4

from offline_queue.port import JournalPort
from pengpos.core.sale import Booking, Refund, RefundState, SaleState
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


def test_what_stands_on_a_code_alone_is_counted_beside_what_is_stored(journal: JournalPort, maker: SaleMaker) -> None:
    def by_code(
        amount_minor: int, at: int, *, currency: str = "CNY", confirmed: bool = False, denied: bool = False
    ) -> None:
        signed = maker.signed(journal.next_counter(), at=at, amount_minor=amount_minor, currency=currency)
        booking = Booking(total_minor=amount_minor, booked_at=at, by=None, confirmed=confirmed, denied=denied)
        store(journal, signed)
        store(journal, replace(signed, state=SaleState.APPROVED, booking=booking))

    assert journal.queue_totals("CNY").by_code_oldest_at is None
    by_code(1, NOON)
    by_code(2, NOON - 60)
    by_code(4, NOON - 90, confirmed=True)
    by_code(8, NOON - 90, denied=True)
    by_code(16, NOON - 90, currency="HKD")
    stored = journal.queue_totals("CNY")
    assert (stored.by_code_count, stored.by_code_minor, stored.by_code_oldest_at) == (2, 3, NOON - 60)
    assert (stored.count, stored.total_minor, stored.oldest_at) == (0, 0, None)
