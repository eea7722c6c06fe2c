# SPDX-License-Identifier: Apache-2.0
"""What a sale says of itself: who holds the counter, what was taken, whether it may be paid out of our sight."""

import pytest

from pengpos.core.machine.states import OPEN_STATES, TAKEN_STATES, UNSENT_STATES
from pengpos.core.money import Money
from pengpos.core.sale import Line, Mode, Sale, SaleState
from workshop.samples.sales import AMOUNT_MINOR, LIFE_OVER, authorised, booking, intent, sale_in

BUSY = {SaleState.SIGNED, SaleState.PRESENTED, SaleState.PENDING, SaleState.AUTHORISED}
ENDS = {
    SaleState.SETTLED,
    SaleState.REFUNDED,
    SaleState.DECLINED,
    SaleState.DECLINED_AT_SYNC,
    SaleState.CANCELLED,
    SaleState.REVERSED,
    SaleState.EXPIRED,
}


@pytest.mark.parametrize("state", SaleState)
def test_who_holds_the_counter(state: SaleState) -> None:
    assert sale_in(state).blocks_next_sale is (state in BUSY)


def test_a_parked_sale_frees_the_counter() -> None:
    assert not sale_in(SaleState.PENDING, parked=True).blocks_next_sale


def test_states_are_sorted_into_open_taken_and_nothing_taken() -> None:
    nothing_taken = ENDS - TAKEN_STATES
    assert set(SaleState) == OPEN_STATES | TAKEN_STATES | nothing_taken
    assert not OPEN_STATES & (TAKEN_STATES | nothing_taken)
    assert OPEN_STATES - {SaleState.SIGNED, SaleState.PRESENTED} == UNSENT_STATES


@pytest.mark.parametrize(
    ("sale", "total_minor", "tip_minor"),
    [
        pytest.param(sale_in(SaleState.PRESENTED), AMOUNT_MINOR, 0, id="nobody has paid: the amount"),
        pytest.param(
            sale_in(SaleState.UNKNOWN, authorised=authorised(total_minor=2000, tip_minor=120)),
            2000,
            120,
            id="authorised: with its tip",
        ),
        pytest.param(
            sale_in(SaleState.APPROVED, booking=booking(total_minor=1700), authorised=authorised(total_minor=1880)),
            1700,
            0,
            id="booked: what was taken, less than authorised",
        ),
        pytest.param(
            sale_in(
                SaleState.APPROVED,
                authorised=authorised(total_minor=2000, tip_minor=120),
                booking=booking(lines=(Line(kind="amount", label="", amount_minor=1880),)),
            ),
            AMOUNT_MINOR,
            0,
            id="another phone's payment stands: not the tip of the phone that came second",
        ),
        pytest.param(
            sale_in(
                SaleState.APPROVED, booking=booking(lines=(Line(kind="tip", label="", amount_minor=-5),))
            ),
            AMOUNT_MINOR,
            0,
            id="a line that makes no sense is no tip",
        ),
    ],
)  # fmt: skip
def test_total_and_tip(sale: Sale, total_minor: int, tip_minor: int) -> None:
    assert (sale.total, sale.tip) == (Money(total_minor, "CNY"), Money(tip_minor, "CNY"))


@pytest.mark.parametrize(
    ("put_sent", "fragment_shown", "elsewhere"),
    [(False, False, False), (True, False, True), (False, True, True), (True, True, True)],
)
def test_an_intent_may_be_paid_elsewhere(put_sent: bool, fragment_shown: bool, elsewhere: bool) -> None:
    assert intent(put_sent=put_sent, fragment_shown=fragment_shown).payable_elsewhere is elsewhere


def test_the_newest_intent_is_the_one_that_counts() -> None:
    sale = sale_in(SaleState.SIGNED, intents=(intent(1), intent(2, online=False)))
    assert sale.intent.counter == 2
    assert sale.mode is Mode.OFFLINE
    assert sale.intent.expires_at == LIFE_OVER
