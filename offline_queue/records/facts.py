# SPDX-License-Identifier: Apache-2.0
"""What the journal keeps of a sale beside its bytes, so that it can be found and counted. Pure; one place decides.

Source: local API (queue, day, state table: what is taken up again after a restart).
"""

from dataclasses import dataclass

from pengpos.core.business_day import accepted_offline_at, counts_at
from pengpos.core.machine.states import OPEN_STATES, UNSENT_STATES
from pengpos.core.sale import DueState, RefundState, Sale, SaleState

REFUND_UNDER_WAY = frozenset({RefundState.QUEUED, RefundState.SENT, RefundState.HELD})


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleFacts:
    """The searchable side of a sale; equal sales have equal facts."""

    state: SaleState
    live: bool
    """Something is left to do: an open state, a refund under way, or an approval by code not yet confirmed."""
    unsent: bool
    """Money may hang on it: wiping, re-enrolling, updating are refused."""
    total_minor: int
    wallet_kid: bytes | None
    wallet_counter: int | None
    taken_at: int | None
    """The instant at which the sale counts (`pengpos.core.business_day`); None: it does not."""
    accepted_at: int | None
    """When it was first accepted offline, whatever came of it; None: never."""

    @classmethod
    def of(cls, sale: Sale) -> "SaleFacts":
        """Read them off the sale."""
        refund_under_way = any(refund.state in REFUND_UNDER_WAY for refund in sale.refunds)
        unconfirmed = sale.booking is not None and not sale.booking.confirmed
        return cls(
            state=sale.state,
            live=sale.state in OPEN_STATES or refund_under_way or unconfirmed,
            unsent=sale.state in UNSENT_STATES or refund_under_way,
            total_minor=sale.total.minor,
            wallet_kid=sale.authorised.wallet_kid if sale.authorised else None,
            wallet_counter=sale.authorised.counter if sale.authorised else None,
            taken_at=counts_at(sale),
            accepted_at=accepted_offline_at(sale),
        )


def due_paid_minor(sale: Sale) -> int | None:
    """What the shopper has paid since of a sale declined at sync; None: nothing."""
    due = sale.due
    return due.amount_minor if due is not None and due.state is DueState.PAID else None


def by_code_at(sale: Sale) -> int | None:
    """When a confirmation code approved it, if it stands on that alone; None: it does not."""
    return sale.booking.booked_at if sale.booking is not None and sale.booking.awaits_word else None
