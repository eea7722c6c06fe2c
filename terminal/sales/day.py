# SPDX-License-Identifier: Apache-2.0
"""Closing the day: what it took here, and whether the backend's settlement says the same.

Source: backend API, `GET /settlements/{business_date}`; local API, `POST /v1/day/close`. On which date a sale counts is
`pengpos.core.business_day`.
"""

import logging
from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from offline_queue.port import Reads, Writes
from offline_queue.values import PAGE_LIMIT, SaleQuery, ValueStored
from pengpos.backend_api.messages import SettlementEntryMessage, SettlementMessage
from pengpos.client import DayReport, Difference
from pengpos.core.business_day import BusinessDay
from pengpos.core.events import BackendStatus, Event, Settled, StatusHeard
from pengpos.core.machine.states import SOLD_STATES, TAKEN_STATES
from pengpos.core.ports import Clock
from pengpos.core.sale import Sale
from terminal.device.executor import BoundedExecutor
from terminal.device.recording import durable
from terminal.sales.day_refunds import RefundComparison
from terminal.sales.open_sales import OpenSales

log = logging.getLogger(__name__)

_ASKED_MOST = 20
"""Of sales that the settlement lacks, so many are asked about in one close."""
_CLOSED_KIND = "day_closed"
"""By business date: the operator who closed it last."""
_PAYMENTS = frozenset({"payment", "offline_payment", "late_payment"})
_DUE, _GUARANTEE = "due", "guarantee"
"""Paid after all, or borne by the platform, of a payment declined at sync. No payment here."""


def business_day_of(policy: dict[str, Any] | None) -> BusinessDay:
    """The business day that the stored policy says; without one, the date at Shanghai from midnight."""
    document = policy or {}
    try:
        zone = ZoneInfo(str(document.get("timezone", "Asia/Shanghai")))
    except (ZoneInfoNotFoundError, ValueError):
        log.error("timezone %r is not known here; using Asia/Shanghai", document.get("timezone"))
        zone = ZoneInfo("Asia/Shanghai")
    hour = document.get("day_starts_hour", 0)
    return BusinessDay(zone, hour if isinstance(hour, int) and 0 <= hour < 24 else 0)


class Settlements(Protocol):
    """Where the backend's settlements, and the refunds of a sale, are read: two verbs of the gateway."""

    async def settlement(self, on: date) -> SettlementMessage:
        """A day's settlement, an issuer's where the policy says so. Raises UnusableAnswerError."""

    async def ask(self, sale: Sale) -> Event:
        """What the backend knows of its newest intent; at least NoAnswer."""

    async def refunds_of(self, sale: Sale) -> list[Event]:
        """What is believed of the refunds of its newest intent."""


class DayClose:
    """Holds the day here against the settlement there. Lives on the loop."""

    def __init__(
        self,
        *,
        open_sales: OpenSales,
        journal: Writes,
        reads: Reads,
        executor: BoundedExecutor,
        backend: Settlements,
        clock: Clock,
    ) -> None:
        self._open_sales = open_sales
        self._journal = journal
        self._reads = reads
        self._executor = executor
        self._backend = backend
        self._clock = clock
        self._refunds = RefundComparison(open_sales=open_sales, reads=reads, executor=executor, backend=backend)

    async def reconcile(
        self, on: date, business_day: BusinessDay, currency: str, *, by: str | None = None
    ) -> DayReport:
        """Compare a day, and mark as settled what a final settlement holds. `by`: the operator who asks for it.

        Raises UnusableAnswerError, JournalError.
        """
        settlement = await self._backend.settlement(on)
        there = {UUID(entry.intent_id): entry for entry in settlement.entries if entry.kind in _PAYMENTS}
        dues, guaranteed = (
            [entry.amount for entry in settlement.entries if entry.kind == kind] for kind in (_DUE, _GUARANTEE)
        )
        here = await self._taken_on(on, business_day)
        refunds = await self._refunds.compare(on, business_day, settlement.entries)
        guarantees = await self._refunds.compare_guarantees(on, business_day, settlement.entries)
        differences = [
            *self._missing_there(here, there),
            *self._missing_here(here, there),
            *refunds.differences,
            *guarantees,
        ]
        await self._ask_about([sale for intent_id, sale in here.items() if intent_id not in there])
        totals = await self._executor.run(partial(self._reads.day_totals, *business_day.span(on), currency))
        if settlement.final:
            await self._settle(here, there, on, by)
        if by is not None:
            row = ValueStored(kind=_CLOSED_KIND, key=on.isoformat(), body=by.encode())
            await durable(self._journal, [row])
        return DayReport(
            date=on.isoformat(),
            final=settlement.final,
            currency=currency,
            here_count=len(here),
            here_total=sum(sale.total.minor for sale in here.values()),
            there_count=len(there),
            there_total=sum(entry.amount for entry in there.values()),
            declined_at_sync_count=totals.declined_at_sync_count,
            declined_at_sync_total=totals.declined_at_sync_minor,
            due_paid_count=totals.due_paid_count,
            due_paid_total=totals.due_paid_minor,
            there_due_count=len(dues),
            there_due_total=sum(dues),
            there_guaranteed_count=len(guaranteed),
            there_guaranteed_total=sum(guaranteed),
            here_refunded_count=refunds.here_count,
            here_refunded_total=refunds.here_minor,
            there_refunded_count=refunds.there_count,
            there_refunded_total=refunds.there_minor,
            cancelled_count=refunds.cancelled_count,
            cancelled_total=refunds.cancelled_minor,
            elsewhere=refunds.elsewhere,
            differences=differences,
        )

    async def _taken_on(self, on: date, business_day: BusinessDay) -> dict[UUID, Sale]:
        """Sales whose money counts on this date, by the intent that was paid."""
        begin, end = business_day.span(on)
        found: dict[UUID, Sale] = {}
        before: int | None = None
        while True:
            query = SaleQuery(
                counts_from_utc=begin, counts_to_utc=end, states=SOLD_STATES, before=before, limit=PAGE_LIMIT
            )
            page = await self._executor.run(partial(self._reads.search, query))
            found |= {sale.intent.intent_id: sale for sale in page.sales}
            if page.next is None:
                return found
            before = page.next

    def _missing_there(self, here: dict[UUID, Sale], there: dict[UUID, SettlementEntryMessage]) -> list[Difference]:
        differences = []
        for intent_id, sale in here.items():
            entry = there.get(intent_id)
            if entry is None or entry.amount != sale.total.minor:
                differences.append(
                    Difference(
                        intent_id=str(intent_id),
                        number=sale.number,
                        state=sale.state.value,
                        here=sale.total.minor,
                        there=entry.amount if entry else None,
                    )
                )
        return differences

    def _missing_here(self, here: dict[UUID, Sale], there: dict[UUID, SettlementEntryMessage]) -> list[Difference]:
        return [
            Difference(intent_id=str(intent_id), number=None, state=None, here=None, there=entry.amount)
            for intent_id, entry in there.items()
            if intent_id not in here and entry.kind != "late_payment"
        ]

    async def _ask_about(self, missing: Sequence[Sale]) -> None:
        """Taken here and not there: where the backend says that it was cancelled, the sale follows, with its alarm."""
        for sale in [sale for sale in missing if sale.state in TAKEN_STATES][:_ASKED_MOST]:
            match await self._backend.ask(sale):
                case StatusHeard(status=BackendStatus.CANCELLED) as event:
                    await self._open_sales.apply(sale.sale_id, event)
                case event:
                    log.info("sale %s is not in the settlement; the backend says %s", sale.number, event)

    async def _settle(
        self, here: dict[UUID, Sale], there: dict[UUID, SettlementEntryMessage], on: date, by: str | None
    ) -> None:
        settled: list[tuple[UUID, Event]] = [
            (sale.sale_id, Settled(at=self._clock.now(), business_date=on.isoformat(), by=by))
            for intent_id, sale in here.items()
            if intent_id in there and sale.settled_on is None and sale.state in TAKEN_STATES
        ]
        if settled:
            await self._open_sales.apply_all(settled)
