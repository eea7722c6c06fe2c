# SPDX-License-Identifier: Apache-2.0
"""The day's refunds held against a settlement: differences, seconds apart, and what was never asked for here."""

from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest

from offline_queue.memory import MemoryJournal
from pengpos.backend_api.messages import SettlementEntryMessage
from pengpos.core.effects import AlarmKind, RaiseAlarm
from pengpos.core.sale import Cancel, CancelReason, Refund, RefundState, SaleState
from terminal.device.executor import BoundedExecutor
from terminal.sales.day import business_day_of
from terminal.sales.day_refunds import DayRefunds, RefundComparison
from terminal.sales.open_sales import OpenSales
from tests.support.parts import HandClock, Sink, put, run
from workshop.samples import sales as samples

DAY = business_day_of(None)
TODAY = DAY.date_of(samples.NOON)
BEGIN, END = DAY.span(TODAY)
ID = samples.refund(1).refund_id
INTENT = str(samples.intent(1).intent_id)


def entry(amount: int = -10_00, refund_id: UUID | str | None = ID, intent_id: str = INTENT) -> SettlementEntryMessage:
    """A refund in the settlement."""
    named = None if refund_id is None else str(refund_id)
    return SettlementEntryMessage(kind="refund", intent_id=intent_id, amount=amount, currency="CNY", refund_id=named)


def done(at: int = samples.NOON, amount_minor: int | None = 10_00, *, elsewhere: bool = False) -> Refund:
    """A refund that is done."""
    made = samples.refund(1, amount_minor=amount_minor, state=RefundState.DONE)
    return replace(made, at=at, elsewhere=elsewhere)


@dataclass
class Compared:
    """What came of a comparison, and what was rung."""

    found: DayRefunds = field(default_factory=DayRefunds)
    rung: list[AlarmKind] = field(default_factory=list)


def compare(*entries: SettlementEntryMessage, refunds: tuple[Refund, ...] = (), reversed_: bool = False) -> Compared:
    """One sale of 18.80 with these refunds, held against these entries."""
    compared = Compared()

    async def work() -> None:
        clock = HandClock()
        journal = MemoryJournal(clock, epoch=7)
        open_sales, sink = OpenSales(journal, lambda: None), Sink()
        open_sales.attach(sink)
        if reversed_:
            cancel = Cancel(reason=CancelReason.MERCHANT, sent=True, elsewhere=True)
            put(open_sales, journal, SaleState.REVERSED, cancel=cancel, created_at=samples.NOON)
        else:
            put(open_sales, journal, SaleState.APPROVED, refunds=refunds)
        comparison = RefundComparison(
            open_sales=open_sales, reads=journal, executor=BoundedExecutor("lists"), clock=clock
        )
        compared.found = await comparison.compare(TODAY, DAY, entries)
        compared.rung = [effect.kind for _, effect in sink.effects if isinstance(effect, RaiseAlarm)]

    run(work())
    return compared


SAME = [
    ("a refund on both sides", (entry(),), (done(),)),
    ("of the whole", (entry(-18_80),), (done(amount_minor=None),)),
    ("heard here a moment after the day's end", (entry(),), (done(END + 2),)),
    ("heard here long after: it waited for the line", (entry(),), (done(END + 86_000),)),
    ("done close to the day's end, and in the next one there", (), (done(END - 2),)),
    ("another kind of entry", (SettlementEntryMessage(
        kind="payment", intent_id=INTENT, amount=18_80, currency="CNY"),), ()),
]  # fmt: skip


@pytest.mark.parametrize(("entries", "refunds"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_no_difference(entries: tuple[SettlementEntryMessage, ...], refunds: tuple[Refund, ...]) -> None:
    compared = compare(*entries, refunds=refunds)
    assert (compared.found.differences, compared.found.elsewhere, compared.rung) == ([], [], [])


def test_the_sums_of_both_sides() -> None:
    found = compare(entry(), refunds=(done(),)).found
    assert (found.here_count, found.here_minor, found.there_count, found.there_minor) == (1, 10_00, 1, 10_00)


def test_one_that_the_settlement_lacks() -> None:
    [difference] = compare(refunds=(done(),)).found.differences
    assert (difference.refund_id, difference.number, difference.here, difference.there) == (
        str(ID), samples.sale_in(SaleState.APPROVED).number, -10_00, None,
    )  # fmt: skip


def test_another_amount() -> None:
    [difference] = compare(entry(-9_00), refunds=(done(),)).found.differences
    assert (difference.here, difference.there) == (-10_00, -9_00)


def test_one_that_was_never_asked_for_here_becomes_part_of_its_sale() -> None:
    compared = compare(entry())
    [difference] = compared.found.differences
    assert (difference.refund_id, difference.here, difference.there) == (str(ID), None, -10_00)
    assert [(one.refund_id, one.amount) for one in compared.found.elsewhere] == [(str(ID), 10_00)]
    assert compared.rung == [AlarmKind.REFUNDED_ELSEWHERE]


def test_one_known_to_be_of_another_place_stays_in_the_report() -> None:
    compared = compare(entry(), refunds=(done(elsewhere=True),))
    assert [one.amount for one in compared.found.elsewhere] == [10_00]
    assert (compared.found.differences, compared.rung) == ([], [])


def test_a_cancel_of_another_place_stands_in_the_report() -> None:
    [one] = compare(reversed_=True).found.elsewhere
    assert (one.refund_id, one.amount) == (None, 18_80)


@pytest.mark.parametrize(
    "stranger",
    [entry(refund_id=None), entry(refund_id="no id"), entry(intent_id="no id"),
     entry(intent_id=str(samples.intent(9).intent_id))],
    ids=["without an id", "a bad id", "of no intent", "of an intent never signed here"],
)  # fmt: skip
def test_what_fits_no_sale_is_a_difference_and_nothing_else(stranger: SettlementEntryMessage) -> None:
    compared = compare(stranger)
    assert [(one.here, one.there) for one in compared.found.differences] == [(None, -10_00)]
    assert (compared.found.elsewhere, compared.rung) == ([], [])
