# SPDX-License-Identifier: Apache-2.0
"""The merchant's day: when a business date begins, and the instant at which a sale counts.

Source: backend API, `GET /settlements/{business_date}`. Terminal and backend both use this module, so that the day
here and the settlement there agree on every sale.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from pengpos.core.sale import Sale, SaleState, Way
from pengpos.core.times import LATEST_TIME

_LAST: Final = LATEST_TIME - 2 * 86_400
"""The calendar ends with the year 9999 in every timezone: later instants have the date of this one."""


@dataclass(frozen=True, slots=True)
class BusinessDay:
    """A timezone, and the local hour at which a date begins there (0..23)."""

    timezone: ZoneInfo
    starts_hour: int

    def date_of(self, at: int) -> date:
        """The business date of an instant, Unix seconds: the one whose `span` holds it."""
        at = max(0, min(at, _LAST))
        on = (datetime.fromtimestamp(at, UTC).astimezone(self.timezone) - timedelta(hours=self.starts_hour)).date()
        begin, end = self.span(on)  # where clocks are set back over the hour, the wall clock shows it twice
        return on - timedelta(days=at < begin) + timedelta(days=at >= end)

    def span(self, on: date) -> tuple[int, int]:
        """From when to before when a business date lasts, Unix seconds."""
        begin = self._begin(on)
        return begin, begin + 86_400 if on == date.max else self._begin(on + timedelta(days=1))

    def _begin(self, on: date) -> int:
        return int(datetime.combine(on, time(self.starts_hour), self.timezone).timestamp())


def accepted_offline_at(sale: Sale) -> int | None:
    """When the sale was first accepted offline, Unix seconds, whatever came of it; None: never."""
    for step in sale.history:
        if step.state is SaleState.ACCEPTED_OFFLINE:
            return step.at
    if sale.state is SaleState.ACCEPTED_OFFLINE or sale.state is SaleState.FORWARDING:
        return sale.authorised.occurred_at if sale.authorised is not None else sale.created_at
    return None


def counts_at(sale: Sale) -> int | None:
    """The instant whose business date a sale counts on, Unix seconds; None: it was not taken, and is not stored.

    A payment accepted offline counts when the wallet authorised it, which the backend reads in the same signed bytes;
    any other at its booking, as the issuer's receipt says.
    """
    match sale.state:
        case SaleState.ACCEPTED_OFFLINE | SaleState.FORWARDING | SaleState.DECLINED_AT_SYNC:
            return _authorised_at(sale)
        case SaleState.APPROVED | SaleState.SETTLED | SaleState.PARTLY_REFUNDED | SaleState.REFUNDED:
            if sale.booking is None:
                return sale.created_at
            offline = _authorised_at(sale) if sale.booking.by is Way.READER else None
            return sale.booking.booked_at if offline is None else offline
        case (
            SaleState.SIGNED | SaleState.PRESENTED | SaleState.PENDING | SaleState.AUTHORISED | SaleState.UNKNOWN
            | SaleState.CANCELLING | SaleState.REVERSING | SaleState.CANCELLED | SaleState.REVERSED
            | SaleState.DECLINED | SaleState.EXPIRED
        ):  # fmt: skip
            return None
        case _:
            assert_never(sale.state)


def _authorised_at(sale: Sale) -> int | None:
    """When its wallet authorised a sale that was accepted offline; None: it never was accepted so."""
    accepted_at = accepted_offline_at(sale)
    if accepted_at is None or sale.authorised is None:
        return accepted_at
    return sale.authorised.authorised_at
