# SPDX-License-Identifier: Apache-2.0
"""`GET /v1/status`: everything a screen needs, in one value. Reads, decides nothing."""

import logging
from collections.abc import Callable
from importlib.metadata import version

from offline_queue.port import JournalPort
from terminal.client import (
    CapsView,
    DayView,
    Language,
    LinkView,
    QueueView,
    ReaderView,
    Status,
    TerminalView,
)
from terminal.core.ports import Clock, ReaderHealth
from terminal.core.sale import SaleState
from terminal.daemon.alarms import Alarms
from terminal.daemon.day import BusinessDay
from terminal.daemon.desk import Desk
from terminal.daemon.identity import Identity
from terminal.daemon.link import Link
from terminal.daemon.offline import OfflinePolicy
from terminal.daemon.views import sale_view, utc

log = logging.getLogger(__name__)

SOFTWARE_VERSION = version("pengpos")
LANGUAGES = ["zh-Hans", "zh-Hant", "en"]
DEFAULT_CURRENCY = "CNY"


class Snapshots:
    """Builds snapshots of a running terminal. Lives on the loop."""

    def __init__(
        self,
        *,
        desk: Desk,
        journal: JournalPort,
        identity: Callable[[], Identity],
        link: Link,
        policy: OfflinePolicy,
        alarms: Alarms,
        clock: Clock,
        language: Language,
    ) -> None:
        self._desk = desk
        self._journal = journal
        self._identity = identity
        self._link = link
        self._policy = policy
        self._alarms = alarms
        self._clock = clock
        self._language = language
        self._readers: dict[str, ReaderHealth] = {}
        self.changed: Callable[[], None] = lambda: None

    def reader_health(self, health: ReaderHealth) -> None:
        """A reader came, went, or is being opened again."""
        self._readers[health.name] = health
        self.changed()

    def status(self) -> Status:
        """The terminal as it is now."""
        identity = self._identity()
        policy = self._policy.current()
        currency = policy.currency if policy else DEFAULT_CURRENCY
        current = self._desk.current
        others = [sale for sale in self._desk.sales if current is None or sale.sale_id != current.sale_id]
        return Status(
            at=utc(self._clock.now()),
            link=LinkView(
                online=self._link.up,
                since=utc(self._link.since),
                last_heard=utc(self._link.last_heard_at) if self._link.last_heard_at else None,
            ),
            readers=[
                ReaderView(name=health.name, state=health.state.value, detail=health.detail, cure=health.cure)
                for _, health in sorted(self._readers.items())
            ],
            queue=self._queue(currency),
            alarms=self._alarms.shown,
            terminal=TerminalView(
                terminal_id=identity.terminal_id,
                merchant_id=identity.merchant.merchant_id,
                merchant_name=identity.merchant.name,
                currency=currency,
                languages=LANGUAGES,
                software_version=SOFTWARE_VERSION,
                config_version=policy.version if policy else 0,
            ),
            sale=sale_view(current, self._language) if current else None,
            parked=[sale_view(sale, self._language) for sale in others if sale.parked],
            unknown=[sale_view(sale, self._language) for sale in others if sale.state is SaleState.UNKNOWN],
            day=self.day(currency),
        )

    def _queue(self, currency: str) -> QueueView:
        totals = self._journal.queue_totals(currency)
        policy, left = self._policy.current(), self._policy.left()
        deadline = totals.oldest_at + policy.max_age_s if policy and totals.oldest_at is not None else None
        return QueueView(
            count=totals.count,
            total=totals.total_minor,
            currency=currency,
            oldest=utc(totals.oldest_at) if totals.oldest_at is not None else None,
            deadline=utc(deadline) if deadline is not None else None,
            unknown=totals.unknown_count,
            caps=CapsView(
                amount_left=left.amount_minor,
                count_left=left.count,
                per_payment=left.per_payment_minor,
                currency=left.currency,
                until=utc(left.until),
            )
            if left
            else None,
        )

    @property
    def business_day(self) -> BusinessDay:
        """When the merchant's day begins."""
        return BusinessDay.of_policy(self._policy.document)

    def day(self, currency: str) -> DayView:
        """Today's takings by the device's own count."""
        business_day = self.business_day
        today = business_day.date_of(self._clock.now())
        totals = self._journal.day_totals(*business_day.span(today), currency)
        return DayView(
            date=today.isoformat(),
            count=totals.count,
            total=totals.total_minor,
            currency=currency,
            offline_count=totals.offline_count,
            offline_total=totals.offline_total_minor,
            unknown_count=totals.unknown_count,
            declined_at_sync_count=totals.declined_at_sync_count,
            declined_at_sync_total=totals.declined_at_sync_minor,
        )
