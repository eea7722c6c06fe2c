# SPDX-License-Identifier: Apache-2.0
"""What the tag says. Source: tap protocol §3: idle, waiting, parked, the receipt for 20 s, nothing after a cancel."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from pengpos.core.ports import TagCancelled, TagClaimed, TagIdle, TagNews, TagPaid, TagState, TagWaiting
from pengpos.core.sale import Sale, SaleState, Way
from terminal.taps.tag import RECEIPT_SHOWN_S, Tag, tag_state
from tests.support.parts import HandClock
from workshop.samples import sales as samples

URL = "https://backend.test/t/AZx"
RECEIPT = "https://backend.test/r/1"
PAID = samples.sale_in(SaleState.APPROVED, booking=samples.booking(receipt_url=RECEIPT))
WAITING = samples.sale_in(SaleState.PRESENTED, intent__url=URL)


class Presenter:
    """Remembers what it was to say."""

    def __init__(self) -> None:
        self.said: list[TagState] = []

    def tell(self, listener: Callable[[TagNews], None]) -> None:
        self.listener = listener

    def show(self, state: TagState) -> None:
        self.said.append(state)


@pytest.mark.parametrize(
    ("sale", "state"),
    [
        pytest.param(None, TagIdle(), id="no sale"),
        pytest.param(replace(WAITING, ways=(Way.READER, Way.QR)), TagIdle(), id="a sale without the tag"),
        pytest.param(samples.sale_in(SaleState.PRESENTED), TagIdle(), id="not registered yet"),
        pytest.param(WAITING, TagWaiting(URL), id="waiting"),
        pytest.param(samples.sale_in(SaleState.PENDING, intent__url=URL), TagWaiting(URL), id="claimed"),
        pytest.param(samples.sale_in(SaleState.PENDING, intent__url=URL, parked=True), TagClaimed(), id="parked"),
        pytest.param(PAID, TagPaid(RECEIPT), id="paid"),
        *(
            pytest.param(samples.sale_in(state, intent__url=URL), TagCancelled(), id=state.value)
            for state in SaleState
            if state
            not in {SaleState.SIGNED, SaleState.PRESENTED, SaleState.PENDING, SaleState.APPROVED, SaleState.SETTLED,
                    SaleState.PARTLY_REFUNDED, SaleState.REFUNDED}
        ),
    ],
)  # fmt: skip
def test_each_state(sale: Sale | None, state: TagState) -> None:
    assert tag_state(sale) == state


def test_a_receipt_stays_for_twenty_seconds_or_until_the_next_sale() -> None:
    clock, presenter = HandClock(), Presenter()
    tag = Tag(presenter, clock)
    for sale, seconds in ((None, 0), (WAITING, 0), (WAITING, 60), (PAID, 0), (PAID, RECEIPT_SHOWN_S - 1), (PAID, 1)):
        clock.unix_s += int(seconds)
        tag.look(sale)
    assert presenter.said == [TagIdle(), TagWaiting(URL), TagPaid(RECEIPT), TagIdle()]
    tag.look(WAITING)
    tag.look(PAID)
    tag.look(WAITING)
    assert presenter.said[4:] == [TagWaiting(URL), TagPaid(RECEIPT), TagWaiting(URL)]
    tag.close()
    assert presenter.said[-1] == TagIdle()


def test_without_a_tag_nothing_is_said() -> None:
    tag = Tag(None, HandClock())
    tag.look(WAITING)
    tag.close()
    assert not tag.is_there
