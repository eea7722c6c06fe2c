# SPDX-License-Identifier: Apache-2.0
"""A sample sale in each state is one that the rules, the journal's codec and the local API take for a real one."""

from dataclasses import replace
from typing import Any

import pytest

from offline_queue.records.codec import decode_sale, encode_sale
from pengpos.core.events import BackendCall, BackendStatus
from pengpos.core.machine import step
from pengpos.core.machine.states import OPEN_STATES, TAKEN_STATES, UNDOING_STATES
from pengpos.core.sale import DueState, SaleState
from workshop.samples import sales
from workshop.samples.sales import sale_in


@pytest.mark.parametrize("state", SaleState)
def test_a_sample_is_a_sale_of_its_state(state: SaleState) -> None:
    sale = sale_in(state)
    assert sale.state is state
    assert decode_sale(encode_sale(sale, "sample")) == sale
    assert (sale.booking is not None) == (state in TAKEN_STATES)
    assert (sale.intent.ended_at is None) == (state in OPEN_STATES)
    assert (sale.settled_on is not None) == (state is SaleState.SETTLED)
    assert sale.cancel is not None or state not in UNDOING_STATES
    assert sale.total.minor == sales.AMOUNT_MINOR


EVENTS: list[Any] = [
    sales.says_approved(BackendCall.PAYMENT),
    sales.says_declined(BackendCall.PAYMENT),
    sales.says_held(BackendCall.PAYMENT),
    sales.says_due(DueState.PAID),
    *(sales.says(status) for status in BackendStatus),
]


@pytest.mark.parametrize("state", SaleState)
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: str(getattr(event, "status", type(event).__name__)))
def test_what_the_backend_says_is_about_the_samples_intent(event: Any, state: SaleState) -> None:
    sale = sale_in(state)
    assert event.intent_id == sale.intent.intent_id
    after, _ = step(sale, event)
    assert (after.sale_id, after.number, after.amount) == (sale.sale_id, sale.number, sale.amount)


@pytest.mark.parametrize(
    ("made", "changed"),
    [
        (sales.intent(), sales.intent(2, online=False)),
        (sales.authorised(), sales.authorised(tip_minor=88)),
        (sales.booking(), sales.booking(total_minor=0)),
        (sales.refund(), sales.refund(2, amount_minor=500)),
        (sales.refusal(), sales.refusal(sales.due())),
        (sales.due(), sales.due(DueState.PAID)),
    ],
    ids=["intent", "authorised", "booking", "refund", "refusal", "due"],
)
def test_a_part_may_be_changed_and_is_else_the_same(made: object, changed: object) -> None:
    assert type(made) is type(changed)
    assert made != changed


def test_changes_to_the_newest_intent_are_named_so() -> None:
    sale = sale_in(SaleState.PRESENTED, intent__put_sent=True, number="0001-0007")
    assert sale == replace(sale_in(SaleState.PRESENTED), intents=(sales.intent(put_sent=True),), number="0001-0007")
