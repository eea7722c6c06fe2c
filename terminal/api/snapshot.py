# SPDX-License-Identifier: Apache-2.0
"""`GET /v1/status`: everything a screen needs, in one value. Reads, decides nothing.

Tests: tests/terminal/api/test_local_api.py, tests/terminal/test_app.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import msgspec

from offline_queue.port import Reads
from offline_queue.retries import Trouble
from offline_queue.values import DayTotals, QueueTotals
from pengpos import __version__
from pengpos.client import (
    CapsView,
    DayView,
    LinkView,
    QueueView,
    ReaderView,
    Status,
    TerminalView,
)
from pengpos.core.authority.limits import ASKS_ABOVE_MINOR, NO_LIMITS, Limits
from pengpos.core.business_day import BusinessDay
from pengpos.core.errors import JournalTransientError
from pengpos.core.ports import Clock, ReaderHealth
from pengpos.core.sale import Sale, SaleState
from pengpos.core.times import rfc3339
from pengpos.i18n import LANGUAGES
from terminal.api.screens import Screens
from terminal.api.views import SaleViews
from terminal.backend.link import Link
from terminal.device import words
from terminal.device.alarms import Alarms
from terminal.device.executor import BoundedExecutor
from terminal.device.identity import Identity
from terminal.sales.day import business_day_of
from terminal.sales.offline import OfflinePolicy, oldest_at
from terminal.sales.open_sales import OpenSales
from terminal.standing.standing import CurrentStanding
from terminal.taps.reader_board import ReaderBoard

_ASIDE = frozenset({SaleState.UNKNOWN, SaleState.CANCELLING})
_NOTHING_QUEUED = QueueTotals(count=0, total_minor=0, oldest_at=None, unknown_count=0)
_NO_TAKINGS = DayTotals(
    count=0,
    total_minor=0,
    offline_count=0,
    offline_total_minor=0,
    refunded_count=0,
    refunded_minor=0,
    declined_at_sync_count=0,
    declined_at_sync_minor=0,
    due_paid_count=0,
    due_paid_minor=0,
    unknown_count=0,
)


@dataclass(frozen=True, slots=True)
class _Sums:
    """What a snapshot takes from the journal: of one currency and one business day."""

    currency: str
    today: date
    queue: QueueTotals = _NOTHING_QUEUED
    takings: DayTotals = _NO_TAKINGS


class Snapshots:
    """Builds snapshots of a running terminal. Lives on the loop."""

    def __init__(
        self,
        *,
        open_sales: OpenSales,
        reads: Reads,
        executor: BoundedExecutor,
        identity: Callable[[], Identity],
        link: Link,
        policy: OfflinePolicy,
        alarms: Alarms,
        board: ReaderBoard,
        clock: Clock,
        standing: CurrentStanding,
        views: SaleViews,
        screens: Screens,
        trouble: Trouble = lambda _error: None,
    ) -> None:
        """`trouble` is called with what keeps the sums from being read, and with None once they are read."""
        self._open_sales = open_sales
        self._reads = reads
        self._executor = executor
        self._identity = identity
        self._link = link
        self._policy = policy
        self._alarms = alarms
        self._board = board
        self._clock = clock
        self._standing = standing
        self._views = views
        self._screens = screens
        self._trouble = trouble
        self._sums: _Sums | None = None
        self._stale = False

    def is_stale(self) -> bool:
        """Whether the journal's sums could not be read the last time."""
        return self._stale

    async def status(self) -> Status:
        """The terminal as it is now; while the journal cannot be read, with the sums last known of it.

        Sale and alarms are in memory: a screen shows them all the same.
        """
        try:
            return await self.read_status()
        except JournalTransientError as error:
            self._stale = True
            self._trouble(error)
            return self._status(self._last_known())

    async def read_status(self) -> Status:
        """The terminal as it is now, for callers to whom old sums are no answer. Raises JournalTransientError.

        The journal's sums are reckoned in a thread: a tap waits for none of them.
        """
        currency, business_day = self._policy.currency, self.business_day
        today = business_day.date_of(self._clock.now())
        queue = await self._executor.run(partial(self._reads.queue_totals, currency))
        takings = await self._executor.run(partial(self._reads.day_totals, *business_day.span(today), currency))
        self._sums = sums = _Sums(currency, today, queue, takings)
        self._stale = False
        self._trouble(None)
        return self._status(sums)

    def _last_known(self) -> _Sums:
        """The sums that were read last; none of another currency, no takings of another day."""
        currency, today = self._policy.currency, self.business_day.date_of(self._clock.now())
        known = self._sums
        if known is None or known.currency != currency:
            return _Sums(currency, today)
        return known if known.today == today else replace(known, today=today, takings=_NO_TAKINGS)

    def _status(self, sums: _Sums) -> Status:
        newest, currency = self._policy.newest, sums.currency
        current = self._open_sales.current
        others = [sale for sale in self._open_sales.sales if sale is not current and _stands_aside(sale)]
        return Status(
            at=rfc3339(self._clock.now()),
            link=LinkView(
                online=self._link.up,
                since=rfc3339(self._link.since),
                last_heard=rfc3339(self._link.last_heard_at) if self._link.last_heard_at else None,
            ),
            readers=[_reader(health) for health in self._board.readers],
            queue=self._queue(currency, sums.queue),
            alarms=self._alarms.shown,
            terminal=msgspec.structs.replace(
                terminal_view(self._identity(), currency, newest.version if newest else 0, self._policy.limits),
                standing=self._standing.now.value,
                standing_since=None if (since := self._standing.since) is None else rfc3339(since),
            ),
            sale=self._views.of(current) if current else None,
            parked=[self._views.of(sale) for sale in others if sale.parked],
            unknown=[self._views.of(sale) for sale in others if sale.state is SaleState.UNKNOWN],
            cancelling=[self._views.of(sale) for sale in others if sale.state is SaleState.CANCELLING],
            day=_day(sums.today, sums.takings, currency),
            screen=self._screens.newest,
        )

    @property
    def business_day(self) -> BusinessDay:
        """When the merchant's day begins."""
        return business_day_of(self._policy.document)

    def _queue(self, currency: str, totals: QueueTotals) -> QueueView:
        newest, left = self._policy.newest, self._policy.left(totals)
        oldest = oldest_at(totals)
        deadline = oldest + newest.max_age_s if newest and oldest is not None else None
        return QueueView(
            count=totals.count,
            total=totals.total_minor,
            currency=currency,
            oldest=rfc3339(oldest) if oldest is not None else None,
            deadline=rfc3339(deadline) if deadline is not None else None,
            unknown=totals.unknown_count,
            by_code=totals.by_code_count,
            by_code_total=totals.by_code_minor,
            caps=CapsView(
                amount_left=left.amount_minor,
                count_left=left.count,
                per_payment=left.per_payment_minor,
                currency=left.currency,
                until=rfc3339(left.until),
            )
            if left
            else None,
        )


def _stands_aside(sale: Sale) -> bool:
    """Whether a person may still have to do something about it: thousands that are merely stored are passed over."""
    return sale.parked or sale.state in _ASIDE


def _reader(health: ReaderHealth) -> ReaderView:
    return ReaderView(
        name=health.name,
        state=health.state.value,
        detail=str(health.detail),
        cure=str(health.cure),
        detail_in=words.spoken(health.detail),
        cure_in=words.spoken(health.cure),
    )


def _day(on: date, totals: DayTotals, currency: str) -> DayView:
    """Today's takings by the device's own count."""
    return DayView(
        date=on.isoformat(),
        count=totals.count,
        total=totals.total_minor,
        currency=currency,
        offline_count=totals.offline_count,
        offline_total=totals.offline_total_minor,
        unknown_count=totals.unknown_count,
        refunded_count=totals.refunded_count,
        refunded_total=totals.refunded_minor,
        declined_at_sync_count=totals.declined_at_sync_count,
        declined_at_sync_total=totals.declined_at_sync_minor,
        due_paid_count=totals.due_paid_count,
        due_paid_total=totals.due_paid_minor,
    )


def terminal_view(
    identity: Identity, currency: str, config_version: int = 0, limits: Limits = NO_LIMITS
) -> TerminalView:
    """Who this terminal is, as the local API shows it; `config_version` 0: no policy is known."""
    asks_above_minor = limits.sale_asks_above_minor
    return TerminalView(
        terminal_id=identity.terminal_id,
        merchant_id=identity.merchant.merchant_id,
        merchant_name=identity.merchant.name,
        currency=currency,
        languages=list(LANGUAGES),
        software_version=__version__,
        config_version=config_version,
        sale_asks_above=ASKS_ABOVE_MINOR if asks_above_minor is None else asks_above_minor,
    )
