# SPDX-License-Identifier: Apache-2.0
"""Each set of states against `step`: what the rules do in a state decides whether it is in the set."""

from collections.abc import Callable
from typing import Final

import pytest

from pengpos.core.effects import Disarm, NotNow
from pengpos.core.events import (
    AgainAsked,
    Approved,
    BackendCall,
    BackendStatus,
    CancelLeaving,
    Declined,
    Event,
    OfflineAccepted,
    PutLeaving,
    RefundAsked,
    Restarted,
    Settled,
    StatusHeard,
)
from pengpos.core.machine import refundable_minor, states, step
from pengpos.core.sale import Sale, SaleState
from workshop.samples.sales import NOON, booking, intent, refund, refusal, sale_in

S = SaleState
ID: Final = intent(1).intent_id
CANCELLED = StatusHeard(at=NOON, intent_id=ID, status=BackendStatus.CANCELLED, call=None)
APPROVED = Approved(at=NOON, intent_id=ID, call=None, booking=booking())
DECLINED_WHEN_SENT = Declined(at=NOON, intent_id=ID, call=BackendCall.FORWARD, refusal=refusal())


def takes(event: Event) -> Callable[[Sale], bool]:
    """The event is not refused as one that does not fit now."""
    return lambda sale: not any(isinstance(effect, NotNow) for effect in step(sale, event)[1])


def leads_to(state: SaleState, event: Event) -> Callable[[Sale], bool]:
    return lambda sale: sale.state is not state and step(sale, event)[0].state is state


def taken_up_again(sale: Sale) -> bool:
    return step(sale, Restarted(at=NOON)) != (sale, ())


def frees_the_reader(sale: Sale) -> bool:
    return any(isinstance(effect, Disarm) for effect in step(sale, APPROVED)[1])


def settles(sale: Sale) -> bool:
    return step(sale, Settled(at=NOON, business_date="2027-01-15"))[0].settled_on is not None


def left_in_doubt(sale: Sale) -> bool:
    """Taken up again, no longer at the counter, and not stored."""
    stored = leads_to(S.DECLINED_AT_SYNC, DECLINED_WHEN_SENT)(sale)
    return taken_up_again(sale) and not sale.blocks_next_sale and not stored


def can_be_refunded(sale: Sale) -> bool:
    return refundable_minor(sale) > 0 and takes(RefundAsked(at=NOON, refund=refund(amount_minor=1)))(sale)


RULES: dict[str, Callable[[Sale], bool]] = {
    "OPEN_STATES": taken_up_again,
    "WAITING_STATES": takes(PutLeaving(at=NOON, intent_id=ID)),
    "UNSENT_STATES": lambda sale: taken_up_again(sale) and not takes(PutLeaving(at=NOON, intent_id=ID))(sale),
    "AT_READER_STATES": frees_the_reader,
    "PAYABLE_STATES": leads_to(S.CANCELLED, CANCELLED),
    "ACCEPTABLE_STATES": takes(OfflineAccepted(at=NOON, by_cashier=True)),
    "STORED_STATES": leads_to(S.DECLINED_AT_SYNC, DECLINED_WHEN_SENT),
    "UNDOING_STATES": takes(CancelLeaving(at=NOON)),
    "IN_DOUBT_STATES": left_in_doubt,
    "TAKEN_STATES": settles,
    "SOLD_STATES": can_be_refunded,
    "RETRIABLE_STATES": takes(AgainAsked(at=NOON)),
}
"""Set → what the rules do in each of its states and in no other."""


def test_every_set_has_its_rule() -> None:
    sets = {name for name, value in vars(states).items() if isinstance(value, frozenset)}
    assert sets == set(RULES)


def plain(state: SaleState) -> Sale:
    return sale_in(state, **({"refunds": ()} if state in {S.PARTLY_REFUNDED, S.REFUNDED} else {}))


@pytest.mark.parametrize("name", RULES)
def test_a_set_is_what_the_rules_make_of_it(name: str) -> None:
    assert {state for state in SaleState if RULES[name](plain(state))} == getattr(states, name)


@pytest.mark.parametrize("state", SaleState)
def test_every_state_is_open_or_taken_or_an_end_without_money(state: SaleState) -> None:
    ends = {S.DECLINED, S.DECLINED_AT_SYNC, S.CANCELLED, S.REVERSED, S.EXPIRED}
    assert (state in states.OPEN_STATES) + (state in states.TAKEN_STATES) + (state in ends) == 1
