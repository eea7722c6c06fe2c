# SPDX-License-Identifier: Apache-2.0
"""The day held against a settlement that also names dues: they are no payments, and no difference."""

from datetime import date
from typing import cast

import msgspec
import pytest

from offline_queue.memory import MemoryJournal
from pengpos.backend_api.messages import SettlementMessage
from pengpos.client import DayReport
from pengpos.core.events import BackendCall, Event
from pengpos.core.sale import DueState, Sale, SaleState, Step
from terminal.backend.gateway import BackendGateway
from terminal.device.executor import BoundedExecutor
from terminal.sales.day import DayClose, business_day_of
from terminal.sales.open_sales import OpenSales
from tests.support.parts import HandClock, Sink, put, run
from workshop.samples import sales as samples

DAY = business_day_of(None)
TODAY = DAY.date_of(samples.NOON)
STORED = (Step(SaleState.ACCEPTED_OFFLINE, samples.NOON, "by the policy"), Step(SaleState.FORWARDING, samples.NOON, ""))


class Settled:
    """A backend that knows one settlement."""

    def __init__(self, *entries: tuple[str, str, int]) -> None:
        said = [
            {"kind": kind, "intent_id": intent_id, "amount": amount, "currency": "CNY"}
            for kind, intent_id, amount in entries
        ]
        self.answer = {"business_date": TODAY.isoformat(), "final": False, "entries": said}

    async def settlement(self, on: date) -> SettlementMessage:
        """As `BackendGateway.settlement`."""
        assert on == TODAY
        return msgspec.convert(self.answer, SettlementMessage)

    async def ask(self, sale: Sale) -> Event:
        """As `BackendGateway.ask`."""
        return samples.says_approved(BackendCall.QUESTION, intent_id=sale.intent.intent_id)

    async def refunds_of(self, _sale: Sale) -> list[Event]:
        """As `BackendGateway.refunds_of`."""
        return []


def closed(state: DueState | None, *entries: tuple[str, str, int], guaranteed: int = 0) -> DayReport:
    """The report of a day on which one sale was approved and one declined at sync."""
    return closed_at(Settled(*entries), state, guaranteed)


def closed_at(settled: Settled, state: DueState | None, guaranteed: int = 0) -> DayReport:
    """The same, at a backend that gives this settlement."""
    reports: list[DayReport] = []

    async def work() -> None:
        clock = HandClock()
        journal = MemoryJournal(clock, epoch=7)
        open_sales = OpenSales(journal, lambda: None)
        open_sales.attach(Sink())
        put(open_sales, journal, SaleState.APPROVED)
        due = samples.due(state, 1800) if state is not None else None
        refusal = samples.refusal(due, guaranteed_minor=guaranteed)
        put(open_sales, journal, SaleState.DECLINED_AT_SYNC, 2, refusal=refusal, history=STORED)
        backend = cast("BackendGateway", settled)
        days = DayClose(
            open_sales=open_sales,
            journal=journal,
            reads=journal,
            executor=BoundedExecutor("lists"),
            backend=backend,
            clock=clock,
        )
        reports.append(await days.reconcile(TODAY, DAY, "CNY"))

    run(work())
    return reports[0]


SOLD = ("payment", str(samples.intent(1).intent_id), 18_80)
DUE = ("due", str(samples.intent(2).intent_id), 8_00)
GUARANTEED = ("guarantee", str(samples.intent(2).intent_id), 10_00)
OF_ANOTHER_DAY = ("due", str(samples.intent(3).intent_id), 5_00)


@pytest.mark.parametrize(
    ("state", "entries", "paid", "there"),
    [
        pytest.param(None, (SOLD,), (0, 0), (0, 0), id="nobody was asked"),
        pytest.param(DueState.OPEN, (SOLD,), (0, 0), (0, 0), id="open"),
        pytest.param(DueState.PAID, (SOLD, DUE), (1, 18_00), (1, 8_00), id="paid, and the guarantor is made whole"),
        pytest.param(DueState.PAID, (SOLD,), (1, 18_00), (0, 0), id="paid on another day"),
        pytest.param(None, (OF_ANOTHER_DAY, SOLD), (0, 0), (1, 5_00), id="of another day's sale"),
    ],
)
def test_a_due_is_named_and_is_no_difference(
    state: DueState | None, entries: tuple[tuple[str, str, int], ...], paid: tuple[int, int], there: tuple[int, int]
) -> None:
    report = closed(state, *entries)
    assert report.differences == []
    assert (report.here_count, report.here_total) == (report.there_count, report.there_total) == (1, 18_80)
    assert (report.declined_at_sync_count, report.declined_at_sync_total) == (1, 18_80)
    assert (report.due_paid_count, report.due_paid_total) == paid
    assert (report.there_due_count, report.there_due_total) == there


def test_what_the_platform_pays_for_a_declined_one_is_named_and_is_no_difference() -> None:
    report = closed(None, SOLD, GUARANTEED, guaranteed=10_00)
    assert (report.there_guaranteed_count, report.there_guaranteed_total) == (1, 10_00)
    assert (report.there_count, report.there_total, report.differences) == (1, 18_80, [])


@pytest.mark.parametrize(
    ("guaranteed", "entries", "differs"),
    [
        pytest.param(10_00, (SOLD,), [(10_00, None)], id="owed here, and not there"),
        pytest.param(18_80, (SOLD, GUARANTEED), [(18_80, 10_00)], id="less there"),
        pytest.param(0, (SOLD, GUARANTEED), [(0, 10_00)], id="owed there only"),
    ],
)
def test_what_the_platform_owes_is_compared(
    guaranteed: int, entries: tuple[tuple[str, str, int], ...], differs: list[tuple[int, int | None]]
) -> None:
    report = closed(None, *entries, guaranteed=guaranteed)
    assert [(one.here, one.there) for one in report.differences] == differs
    assert {one.state for one in report.differences} == {"declined_at_sync"}
