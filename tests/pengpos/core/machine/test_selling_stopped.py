# SPDX-License-Identifier: Apache-2.0
"""A terminal that must not sell (local API, rows `signed`, `presented`, `pending`): what waits for a phone ends."""

from collections.abc import Callable
from typing import TypeAlias

import pytest

from pengpos.core.effects import Disarm, Effect, SendCancel
from pengpos.core.events import Event, SellingStopped
from pengpos.core.machine import Outcome
from pengpos.core.machine.states import WAITING_STATES
from pengpos.core.sale import Sale, SaleState
from workshop.samples.sales import NOON, sale_in

Take: TypeAlias = Callable[[Sale, Event], Outcome]

S = SaleState
STOPPED = SellingStopped(at=NOON + 5)


@pytest.mark.parametrize(
    ("sale", "state", "effects"),
    [
        pytest.param(sale_in(S.SIGNED), S.CANCELLED, (Disarm(),), id="signed → cancelled"),
        pytest.param(sale_in(S.PRESENTED), S.CANCELLED, (Disarm(),), id="presented → cancelled"),
        pytest.param(
            sale_in(S.PRESENTED, intent__put_sent=True),
            S.CANCELLING,
            (Disarm(), SendCancel()),
            id="presented, a page may pay it → cancelling",
        ),
        pytest.param(
            sale_in(S.PENDING, intent__put_sent=True),
            S.CANCELLING,
            (Disarm(), SendCancel()),
            id="pending, a page is paying → cancelling",
        ),
    ],
)
def test_what_waits_for_a_phone_ends(take: Take, sale: Sale, state: SaleState, effects: tuple[Effect, ...]) -> None:
    after, follows = take(sale, STOPPED)
    assert (after.state, follows, after.history[-1].why) == (state, effects, "this terminal must not sell")


@pytest.mark.parametrize("state", [state for state in S if state not in {*WAITING_STATES, S.PENDING}])
def test_what_may_have_been_paid_goes_on(take: Take, state: SaleState) -> None:
    assert take(sale_in(state), STOPPED) == (sale_in(state), ())


def test_what_the_backend_decides_of_goes_on(take: Take) -> None:
    parked = sale_in(S.PENDING, parked=True)
    assert take(parked, STOPPED) == (parked, ())
