# SPDX-License-Identifier: Apache-2.0
"""Sets of a sale's states that more than one room asks for, each said once. A test derives each from `step`.

Source: local API, the state table.
"""

from typing import Final

from pengpos.core.sale import SaleState

OPEN_STATES: Final = frozenset({
    SaleState.SIGNED, SaleState.PRESENTED, SaleState.PENDING, SaleState.AUTHORISED, SaleState.UNKNOWN,
    SaleState.ACCEPTED_OFFLINE, SaleState.FORWARDING, SaleState.CANCELLING, SaleState.REVERSING,
})  # fmt: skip
"""A sale in one of these is not over: it is taken up again after a restart."""

WAITING_STATES: Final = frozenset({SaleState.SIGNED, SaleState.PRESENTED})
"""A phone is waited for: the intent may be armed, shown and sent, and ends with its life."""

UNSENT_STATES: Final = OPEN_STATES - WAITING_STATES
"""Money may hang on a sale in one of these: wiping, re-enrolling, downgrading and updating are refused."""

AT_READER_STATES: Final = WAITING_STATES | {SaleState.PENDING, SaleState.AUTHORISED}
"""The reader is this sale's, unless it is parked: it is offered there, or who authorised it waits for the receipt."""

PAYABLE_STATES: Final = WAITING_STATES | {SaleState.PENDING}
"""Nothing is authorised at the reader, and the intent may be paid by the page."""

ACCEPTABLE_STATES: Final = frozenset({SaleState.AUTHORISED, SaleState.UNKNOWN})
"""Authorised and not answered: the cashier may accept it offline."""

STORED_STATES: Final = frozenset({SaleState.ACCEPTED_OFFLINE, SaleState.FORWARDING})
"""Accepted offline and not yet answered: what the offline caps count."""

UNDOING_STATES: Final = frozenset({SaleState.CANCELLING, SaleState.REVERSING})
"""A cancel is on its way, and no payment leaves any more."""

IN_DOUBT_STATES: Final = UNDOING_STATES | {SaleState.UNKNOWN}
"""Whether it was paid is not known here, and the next sale may start."""

TAKEN_STATES: Final = frozenset({
    SaleState.APPROVED, SaleState.SETTLED, SaleState.PARTLY_REFUNDED, SaleState.REFUNDED,
})  # fmt: skip
"""The backend has taken the money (some of it may have been given back since)."""

SOLD_STATES: Final = TAKEN_STATES | STORED_STATES
"""Taken, or stored and owed to the merchant: it counts in the day, and can be refunded."""

RETRIABLE_STATES: Final = frozenset({SaleState.DECLINED, SaleState.EXPIRED})
"""Nothing was taken, and the same sale may be tried again with a new intent."""
