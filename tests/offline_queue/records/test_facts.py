# SPDX-License-Identifier: Apache-2.0
"""What can be searched of a sale, for every state. Source: local API, queue and day; journal page, derived tables."""

from dataclasses import replace
from typing import Any

import pytest

from offline_queue.records.facts import SaleFacts, due_paid_minor
from pengpos.core.machine.states import STORED_STATES
from pengpos.core.sale import DueState, RefundState, SaleState, Step
from workshop.samples import sales as samples
from workshop.samples.sales import NOON

S = SaleState
LIVE = {
    S.SIGNED, S.PRESENTED, S.PENDING, S.AUTHORISED, S.UNKNOWN, S.ACCEPTED_OFFLINE, S.FORWARDING, S.CANCELLING,
    S.REVERSING,
}  # fmt: skip
UNSENT = {S.PENDING, S.AUTHORISED, S.UNKNOWN, S.ACCEPTED_OFFLINE, S.FORWARDING, S.CANCELLING, S.REVERSING}
TAKEN = {S.ACCEPTED_OFFLINE, S.FORWARDING, S.APPROVED, S.SETTLED, S.REFUNDED, S.PARTLY_REFUNDED}


def facts(state: SaleState, **changes: Any) -> SaleFacts:
    return SaleFacts.of(samples.sale_in(state, **changes))


@pytest.mark.parametrize("state", SaleState)
def test_what_is_left_to_do(state: SaleState) -> None:
    assert facts(state).live == (state in LIVE)


@pytest.mark.parametrize("state", SaleState)
def test_on_which_money_may_hang(state: SaleState) -> None:
    assert facts(state).unsent == (state in UNSENT)


@pytest.mark.parametrize("state", SaleState)
def test_which_is_counted_as_taken(state: SaleState) -> None:
    assert (facts(state).taken_at is not None) == (state in TAKEN)


def test_the_caps_count_what_is_accepted_and_unanswered() -> None:
    assert frozenset({S.ACCEPTED_OFFLINE, S.FORWARDING}) == STORED_STATES


@pytest.mark.parametrize(
    ("state", "live"), [(RefundState.QUEUED, True), (RefundState.SENT, True), (RefundState.DONE, False)]
)
def test_a_refund_under_way_keeps_an_approved_sale(state: RefundState, live: bool) -> None:
    found = facts(S.APPROVED, refunds=(samples.refund(state=state),))
    assert (found.live, found.unsent) == (live, live)


def test_an_approval_by_code_is_live_until_it_is_confirmed() -> None:
    assert facts(S.APPROVED, booking=samples.booking(confirmed=False)).live
    assert not facts(S.APPROVED).live


@pytest.mark.parametrize("state", [S.APPROVED, S.FORWARDING, S.DECLINED_AT_SYNC])
def test_a_sale_once_accepted_offline_counts_when_it_was_authorised(state: SaleState) -> None:
    history = (Step(S.SIGNED, NOON, ""), Step(S.ACCEPTED_OFFLINE, NOON + 20, ""), Step(state, NOON + 90_000, ""))
    found = facts(state, history=history, authorised=samples.authorised())
    assert found.accepted_at == NOON + 20
    assert found.taken_at == samples.authorised().authorised_at == NOON + 2


def test_without_a_history_it_was_accepted_when_it_was_authorised() -> None:
    assert facts(S.ACCEPTED_OFFLINE, history=()).accepted_at == samples.authorised().occurred_at


def test_online_it_counts_from_the_booking() -> None:
    assert facts(S.APPROVED).taken_at == samples.booking().booked_at
    assert facts(S.APPROVED).accepted_at is None


def test_the_wallet_is_that_of_the_authorisation() -> None:
    found = facts(S.UNKNOWN)
    assert (found.wallet_kid, found.wallet_counter) == (samples.authorised().wallet_kid, samples.authorised().counter)
    assert facts(S.SIGNED).wallet_kid is None


@pytest.mark.parametrize(
    ("due", "paid"),
    [
        (None, None),
        (samples.due(DueState.OPEN), None),
        (samples.due(DueState.REFUSED), None),
        (samples.due(DueState.PAID, 500), 500),
    ],
)
def test_what_has_been_paid_of_a_due(due: Any, paid: int | None) -> None:
    sale = samples.sale_in(S.DECLINED_AT_SYNC, refusal=samples.refusal(due))
    assert due_paid_minor(sale) == paid


def test_equal_sales_have_equal_facts() -> None:
    sale = samples.sale_in(S.FORWARDING)
    assert SaleFacts.of(sale) == SaleFacts.of(replace(sale))
