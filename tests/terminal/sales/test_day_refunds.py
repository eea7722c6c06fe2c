# SPDX-License-Identifier: Apache-2.0
"""The day's refunds held against a settlement: differences, seconds apart, and what was never asked for here."""

from dataclasses import dataclass, field, replace
from uuid import UUID

import msgspec
import pytest

from offline_queue.memory import MemoryJournal
from pengpos.backend_api.messages import SettlementEntryMessage
from pengpos.core.effects import AlarmKind, RaiseAlarm
from pengpos.core.events import Event, RefundedElsewhere
from pengpos.core.sale import Cancel, CancelReason, Refund, RefundState, Sale, SaleState
from pengpos.core.times import rfc3339
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
HEARD_AT = END + 3 * 3600
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
    sale: Sale | None = None


class Believed:
    """A backend that is asked for refunds: those which are believed of it."""

    def __init__(self, entries: tuple[SettlementEntryMessage, ...], *, signed: bool) -> None:
        self._entries = entries if signed else ()

    async def refunds_of(self, sale: Sale) -> list[Event]:
        """As `BackendGateway.refunds_of`."""
        return [
            RefundedElsewhere(
                at=HEARD_AT, intent_id=sale.intent.intent_id, refund_id=UUID(one.refund_id), amount_minor=-one.amount
            )
            for one in self._entries
            if one.refund_id is not None and one.intent_id == str(sale.intent.intent_id)
        ]


def compare(
    *entries: SettlementEntryMessage,
    refunds: tuple[Refund, ...] = (),
    reversed_: bool = False,
    signed: bool = True,
    earlier: bool = False,
) -> Compared:
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
            intents = (samples.intent(1), samples.intent(2))[: 1 + earlier]
            put(open_sales, journal, SaleState.APPROVED, refunds=refunds, intents=intents)
        comparison = RefundComparison(
            open_sales=open_sales,
            reads=journal,
            executor=BoundedExecutor("lists"),
            backend=Believed(entries, signed=signed),
        )
        compared.found = await comparison.compare(TODAY, DAY, entries)
        compared.sale = journal.sale_by_intent(samples.intent(1).intent_id)
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


def test_not_believed_it_is_a_difference_and_the_sale_stays() -> None:
    compared = compare(entry(), signed=False)
    assert [(one.refund_id, one.here, one.there) for one in compared.found.differences] == [(str(ID), None, -10_00)]
    assert compared.sale is not None
    assert (compared.found.elsewhere, compared.rung, compared.sale.refunds) == ([], [], ())


def test_of_an_earlier_intent_it_rings_and_is_no_part_of_the_sale() -> None:
    compared = compare(entry(), earlier=True)
    assert compared.sale is not None
    assert (len(compared.found.differences), compared.found.elsewhere, compared.sale.refunds) == (1, [], ())
    assert compared.rung == [AlarmKind.REFUNDED_ELSEWHERE]


@pytest.mark.parametrize(
    ("said", "at"),
    [(rfc3339(samples.NOON + 7), samples.NOON + 7), (rfc3339(END + 5), END - 1), (rfc3339(BEGIN - 5), BEGIN),
     (None, END - 1), ("no time", END - 1)],
    ids=["in the day", "after it", "before it", "without a time", "a bad time"],
)  # fmt: skip
def test_found_a_day_later_it_counts_on_the_day_of_its_settlement(said: str | None, at: int) -> None:
    compared = compare(msgspec.structs.replace(entry(), at=said))
    assert compared.sale is not None
    assert [refund.at for refund in compared.sale.refunds] == [at]


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
