# SPDX-License-Identifier: Apache-2.0
"""Holds the refunds of a day, and what the platform owes for what it declined, against the backend's settlement.

It finds what this terminal never asked for. A refund counts on the day on which it was done. The two sides hear of that
seconds apart, so one done close to the hour at which a day begins may stand in the settlement of the day beside: that
is no difference.

Tests: tests/terminal/sales/test_day_refunds.py
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Protocol
from uuid import UUID

from offline_queue.port import Reads
from offline_queue.values import PAGE_LIMIT, SaleQuery
from pengpos.backend_api.messages import SettlementEntryMessage
from pengpos.client import Difference, Elsewhere
from pengpos.core.business_day import BusinessDay
from pengpos.core.events import Event, RefundedElsewhere
from pengpos.core.sale import Refund, RefundState, Sale, SaleState
from pengpos.core.times import CLOCK_TOLERANCE_S, parse_rfc3339
from terminal.device.executor import BoundedExecutor
from terminal.sales.open_sales import OpenSales

_REFUND, _GUARANTEE = "refund", "guarantee"
_ASKED_MOST = 20
"""Of sales for which the two sides differ, so many are asked about in one close."""
_DECLINED = frozenset({SaleState.DECLINED_AT_SYNC})
_CANCELLED_IN = frozenset({
    SaleState.REVERSED, SaleState.CANCELLED, SaleState.EXPIRED, SaleState.DECLINED, SaleState.DECLINED_AT_SYNC,
})  # fmt: skip
"""Where a sale is that was cancelled, here or elsewhere: it was paid, waited for a phone, or was to be paid."""


@dataclass(frozen=True, slots=True)
class Given:
    """A refund that is done, with its sale."""

    sale: Sale
    refund: Refund

    @property
    def amount_minor(self) -> int:
        """What went back; a whole refund is all that was taken."""
        return self.sale.total.minor if self.refund.amount_minor is None else self.refund.amount_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRefunds:
    """What came of the comparison; sums above zero."""

    here_count: int = 0
    here_minor: int = 0
    there_count: int = 0
    there_minor: int = 0
    cancelled_count: int = 0
    cancelled_minor: int = 0
    """Paid, and given back by a cancel of this terminal."""
    differences: list[Difference] = field(default_factory=list)
    elsewhere: list[Elsewhere] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Undone:
    elsewhere: list[Elsewhere] = field(default_factory=list)
    given_back_minor: list[int] = field(default_factory=list)


class Refunds(Protocol):
    """Where the refunds of a sale are asked for."""

    async def refunds_of(self, sale: Sale) -> list[Event]:
        """What is believed of the refunds of its newest intent."""


class RefundComparison:
    """Compares one day's refunds. Lives on the loop."""

    def __init__(self, *, open_sales: OpenSales, reads: Reads, executor: BoundedExecutor, backend: Refunds) -> None:
        self._open_sales = open_sales
        self._reads = reads
        self._executor = executor
        self._backend = backend

    async def compare(
        self, on: date, business_day: BusinessDay, entries: Sequence[SettlementEntryMessage]
    ) -> DayRefunds:
        """The refunds of a day on both sides; one that this terminal never asked for becomes part of its sale,
        where the backend says so itself.

        Raises JournalError.
        """
        begin, end = business_day.span(on)
        here = {given.refund.refund_id: given async for given in self._given_back(begin, end)}
        there = [(entry, _uuid(entry.refund_id)) for entry in entries if entry.kind == _REFUND]
        listed = {refund_id for _, refund_id in there}
        differences = [
            _difference(given, None)
            for refund_id, given in here.items()
            if refund_id not in listed and _well_inside(given.refund.at, begin, end)
        ]
        strangers: list[Given] = []
        for entry, refund_id in there:
            given = here.get(refund_id) if refund_id is not None else None
            known = given or await self._find(entry, refund_id)
            if known is None or known.amount_minor != -entry.amount:
                differences.append(await self._difference(entry, refund_id, known))
                stranger = (
                    None if known is not None or refund_id is None else await self._keep(entry, refund_id, (begin, end))
                )
                strangers += [stranger] if stranger is not None else []
        found = [*here.values(), *strangers]
        cancels = await self._undone(begin, end)
        return DayRefunds(
            cancelled_count=len(cancels.given_back_minor),
            cancelled_minor=sum(cancels.given_back_minor),
            here_count=len(here),
            here_minor=sum(given.amount_minor for given in here.values()),
            there_count=len(there),
            there_minor=-sum(entry.amount for entry, _ in there),
            differences=differences,
            elsewhere=[*_refunded_elsewhere(found), *cancels.elsewhere],
        )

    async def compare_guarantees(
        self, on: date, business_day: BusinessDay, entries: Sequence[SettlementEntryMessage]
    ) -> list[Difference]:
        """Where the platform owes another sum than the sale says; a refund of another place that the backend tells of
        becomes part of the sale.

        Raises JournalError.
        """
        begin, end = business_day.span(on)
        query = SaleQuery(from_utc=begin, to_utc=end, states=_DECLINED, limit=PAGE_LIMIT)
        here = {
            sale.intent.intent_id: sale
            async for sale in self._all(query)
            if _guaranteed_minor(sale) and sale.authorised and _well_inside(sale.authorised.authorised_at, begin, end)
        }
        there: dict[UUID, int] = {}
        for entry in entries:
            if entry.kind == _GUARANTEE and (sale := await self._sale(entry)) is not None:
                here[sale.intent.intent_id] = sale
                there[sale.intent.intent_id] = there.get(sale.intent.intent_id, 0) + entry.amount
        differing = [sale for intent_id, sale in here.items() if there.get(intent_id, 0) != _guaranteed_minor(sale)]
        for sale in differing[:_ASKED_MOST]:
            for event in await self._backend.refunds_of(sale):
                if isinstance(event, RefundedElsewhere):
                    await self._open_sales.apply(sale.sale_id, event)
        return [
            Difference(
                intent_id=str(sale.intent.intent_id),
                number=sale.number,
                state=sale.state.value,
                here=_guaranteed_minor(sale),
                there=there.get(sale.intent.intent_id),
            )
            for sale in differing
        ]

    async def _given_back(self, begin: int, end: int) -> AsyncIterator[Given]:
        async for sale in self._all(SaleQuery(refunded_from_utc=begin, refunded_to_utc=end, limit=PAGE_LIMIT)):
            for refund in sale.refunds:
                if refund.state is RefundState.DONE and begin <= refund.at < end:
                    yield Given(sale, refund)

    async def _undone(self, begin: int, end: int) -> "_Undone":
        """The sales of a day that took nothing in the end: what a cancel gave back, and what was never asked for here,
        by cancels, and by refunds that took off what is owed.
        """
        query = SaleQuery(from_utc=begin, to_utc=end, states=_CANCELLED_IN, limit=PAGE_LIMIT)
        found = _Undone()
        async for sale in self._all(query):
            if sale.cancel is not None and sale.cancel.elsewhere:
                about = str(sale.intent.intent_id)
                found.elsewhere.append(
                    Elsewhere(intent_id=about, number=sale.number, refund_id=None, amount=sale.total.minor)
                )
            lessened = [Given(sale, refund) for refund in sale.refunds if refund.state is RefundState.VOID]
            found.elsewhere.extend(_refunded_elsewhere(lessened))
            if sale.cancel is not None and sale.cancel.given_back_minor:
                found.given_back_minor.append(sale.cancel.given_back_minor)
        return found

    async def _all(self, query: SaleQuery) -> AsyncIterator[Sale]:
        while True:
            page = await self._executor.run(partial(self._reads.search, query))
            for sale in page.sales:
                yield sale
            if page.next is None:
                return
            query = replace(query, before=page.next)

    async def _find(self, entry: SettlementEntryMessage, refund_id: UUID | None) -> Given | None:
        """The refund here, whatever day it counts on."""
        sale = await self._sale(entry)
        refunds = sale.refunds if sale is not None else ()
        done = (refund for refund in refunds if refund.refund_id == refund_id and refund.state is RefundState.DONE)
        refund = next(done, None)
        return None if sale is None or refund is None else Given(sale, refund)

    async def _sale(self, entry: SettlementEntryMessage) -> Sale | None:
        intent_id = _uuid(entry.intent_id)
        if intent_id is None:
            return None
        return await self._executor.run(partial(self._reads.sale_by_intent, intent_id))

    async def _difference(
        self, entry: SettlementEntryMessage, refund_id: UUID | None, known: Given | None
    ) -> Difference:
        if known is not None:
            return _difference(known, -entry.amount)
        sale = await self._sale(entry)
        return Difference(
            intent_id=entry.intent_id,
            refund_id=None if refund_id is None else str(refund_id),
            number=None if sale is None else sale.number,
            state=None if sale is None else sale.state.value,
            here=None,
            there=entry.amount,
        )

    async def _keep(self, entry: SettlementEntryMessage, refund_id: UUID, span: tuple[int, int]) -> Given | None:
        """No event has said so, or none came: the sale follows now, with its alarm, at the entry's own time.

        A settlement is not signed. So the backend is asked for the refund itself, and what it says is believed
        as any other answer: of a backend that signs endings, only what an issuer has signed.
        """
        sale, intent_id = await self._sale(entry), _uuid(entry.intent_id)
        if sale is None or intent_id is None:
            return None
        said = await self._backend.refunds_of(sale.as_of(intent_id))
        found = (event for event in said if isinstance(event, RefundedElsewhere) and event.refund_id == refund_id)
        event = next(found, None)
        if event is None or event.amount_minor != -entry.amount:
            return None
        after, _ = await self._open_sales.apply(sale.sale_id, replace(event, at=_within(entry.at, event.at, span)))
        refund = next((refund for refund in after.refunds if refund.refund_id == refund_id), None)
        return None if refund is None else Given(after, refund)


def _difference(given: Given, there_minor: int | None) -> Difference:
    return Difference(
        intent_id=str(given.sale.intent.intent_id),
        refund_id=str(given.refund.refund_id),
        number=given.sale.number,
        state=given.sale.state.value,
        here=-given.amount_minor,
        there=None if there_minor is None else -there_minor,
    )


def _refunded_elsewhere(found: Sequence[Given]) -> Iterator[Elsewhere]:
    for given in found:
        if given.refund.elsewhere:
            yield Elsewhere(
                intent_id=str(given.sale.intent.intent_id),
                number=given.sale.number,
                refund_id=str(given.refund.refund_id),
                amount=given.amount_minor,
            )


def _guaranteed_minor(sale: Sale) -> int:
    return sale.refusal.guaranteed_minor if sale.refusal is not None else 0


def _well_inside(at: int, begin: int, end: int) -> bool:
    return begin + CLOCK_TOLERANCE_S <= at < end - CLOCK_TOLERANCE_S


def _within(said: str | None, heard_at: int, span: tuple[int, int]) -> int:
    """The time of an entry, or else when it was heard; inside the day in whose settlement it stands."""
    begin, end = span
    try:
        at = heard_at if said is None else parse_rfc3339(said)
    except ValueError:
        at = heard_at
    return min(max(at, begin), end - 1)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
