# SPDX-License-Identifier: Apache-2.0
"""What the tag says, by the current sale. Source: tap protocol §3, "The content never changes inside …".

A claim does not change it: who claims again and again from afar would wear the chip out, and keep phones away.
"""

from pengpos.core.machine.states import TAKEN_STATES, WAITING_STATES
from pengpos.core.ports import (
    Clock,
    TagCancelled,
    TagClaimed,
    TagIdle,
    TagPaid,
    TagPresenter,
    TagState,
    TagWaiting,
)
from pengpos.core.sale import Sale, SaleState, Way

RECEIPT_SHOWN_S = 20.0  # then, or with the next sale, it says the shop's address again


def tag_state(sale: Sale | None) -> TagState:
    """What the tag says of the current sale while that is news."""
    if sale is None or Way.TAG not in sale.open_ways:
        return TagIdle()
    if sale.state in WAITING_STATES or sale.claimed:
        return TagWaiting(sale.intent.url) if sale.intent.url is not None else TagIdle()
    if sale.state is SaleState.PENDING:
        return TagClaimed()
    if sale.state in TAKEN_STATES and sale.booking is not None:
        return TagPaid(sale.booking.receipt_url)
    return TagCancelled()


class Tag:
    """Keeps the tag to the current sale; does nothing where there is none. Lives on the loop."""

    def __init__(self, presenter: TagPresenter | None, clock: Clock) -> None:
        self._presenter = presenter
        self._clock = clock
        self._shown: TagState | None = None
        self._of_sale: TagState | None = None
        self._since_s = 0.0

    @property
    def is_there(self) -> bool:
        """Whether this terminal can present by tag."""
        return self._presenter is not None

    def look(self, sale: Sale | None) -> None:
        """The current sale as it is now; called with every change, and now and then."""
        if self._presenter is None:
            return
        now_s, state = self._clock.monotonic_s(), tag_state(sale)
        if state != self._of_sale:
            self._of_sale, self._since_s = state, now_s
        over = sale is None or not sale.blocks_next_sale
        if over and now_s >= self._since_s + RECEIPT_SHOWN_S:
            state = TagIdle()
        if state != self._shown:
            self._shown = state
            self._presenter.show(state)

    def close(self) -> None:
        """The terminal stops: nothing that can be paid."""
        if self._presenter is not None:
            self._presenter.show(TagIdle())
