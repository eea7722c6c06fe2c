# SPDX-License-Identifier: Apache-2.0
"""Confirmation codes in the state table: where one is taken, and when the pad closes (tap protocol §3)."""

from collections.abc import Callable
from typing import TypeAlias

import pytest

from pengpos.core.effects import NotNow
from pengpos.core.events import CodeEntered, Event
from pengpos.core.machine import Outcome
from pengpos.core.machine.allowed import allowed_calls
from pengpos.core.sale import Sale, SaleState
from workshop.samples.sales import NOON, sale_in

Take: TypeAlias = Callable[[Sale, Event], Outcome]

S = SaleState
SOON = NOON + 30

TAKES_CODES = [
    pytest.param(sale_in(S.SIGNED, intent__fragment_shown=True), id="signed, its own code shown"),
    pytest.param(sale_in(S.PRESENTED, intent__fragment_shown=True), id="presented"),
    pytest.param(sale_in(S.PENDING, intent__fragment_shown=True), id="pending"),
    pytest.param(sale_in(S.CANCELLING, intent__fragment_shown=True), id="cancelling, cancel not sent"),
]


@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize("state", S)
def test_where_no_page_can_show_a_code_none_is_taken_and_no_try_is_lost(take: Take, state: S, *, right: bool) -> None:
    sale = sale_in(state, intent__put_sent=True)
    after, effects = take(sale, CodeEntered(at=SOON, right=right))
    assert after == sale
    assert effects in ((NotNow(state),), ())
    assert "confirmation-code" not in allowed_calls(sale)


@pytest.mark.parametrize("sale", TAKES_CODES)
def test_five_wrong_codes_close_the_pad_for_the_right_one_too(take: Take, sale: Sale) -> None:
    state = sale.state
    for tries in range(1, 6):
        sale, effects = take(sale, CodeEntered(at=SOON, right=False))
        assert (sale.state, sale.wrong_codes, effects) == (state, tries, ())
    for right in (False, True):
        assert take(sale, CodeEntered(at=SOON, right=right)) == (sale, (NotNow(state),))


@pytest.mark.parametrize("sale", TAKES_CODES)
def test_the_fifth_try_may_be_right(take: Take, sale: Sale) -> None:
    for _ in range(4):
        sale, _ = take(sale, CodeEntered(at=SOON, right=False))
    after, _ = take(sale, CodeEntered(at=SOON, right=True))
    assert after.state is S.APPROVED
    assert after.booking is not None
    assert (after.booking.confirmed, after.booking.total_minor) == (False, sale.amount.minor)
