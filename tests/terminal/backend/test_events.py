# SPDX-License-Identifier: Apache-2.0
"""What a backend of page 1.2 says by itself of a due: of sales long over too, once each, and never backwards."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from pengpos.backend_api.calls import UnusableAnswerError
from pengpos.backend_api.messages import IntentMessage
from pengpos.core.effects import AlarmKind, RaiseAlarm
from pengpos.core.events import BackendCall
from pengpos.core.sale import Due, DueState, RefundState, Sale, SaleState
from terminal.backend.answers import Answers
from terminal.backend.events import BackendEvents
from terminal.sales.open_sales import OpenSales
from tests.support.parts import Backend, HandClock, Sink, SlowJournal, put, run
from tests.terminal.backend.test_gateway import TERMS
from workshop.samples import sales as samples

OUR_INTENT = samples.intent().intent_id
ASKED = samples.refusal(samples.due())
RINGS = RaiseAlarm(AlarmKind.DECLINED_AT_SYNC)


class Signing(Backend):
    """Answers for an intent with the next of what it was given: it, none, or trouble. Remembers for which."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[IntentMessage | UnusableAnswerError | None] = []
        self.asked: list[UUID] = []

    async def look_up(self, intent_id: UUID) -> IntentMessage | None:
        """As the gateway's."""
        self.asked.append(intent_id)
        found = self.found.pop(0)
        if isinstance(found, UnusableAnswerError):
            raise found
        return found


class Bench:
    """Events over open sales with a journal in memory. `signs`: the backend signs its answers."""

    def __init__(self, *, signs: bool = False) -> None:
        clock = HandClock()
        self.journal = SlowJournal(clock)
        self.alarms: list[str] = []
        self.backend = Signing()
        self.documents: list[None] = []
        self.sink = Sink()
        self.open_sales = OpenSales(self.journal, lambda: None)
        self.open_sales.attach(self.sink)
        self.answers = answers = Answers(lambda: TERMS, clock=clock)
        self.events = BackendEvents(
            open_sales=self.open_sales,
            journal=self.journal,
            backend=self.backend,
            answers=answers,
            signs_answers=lambda: signs,
            documents_changed=lambda: self.documents.append(None),
            alarmed=self.alarms.append,
        )

    def sale(self, state: SaleState, **changes: Any) -> Sale:
        """In the journal; one that is over is not on the open_sales."""
        sale = put(self.open_sales, self.journal, state, **changes)
        if state is SaleState.DECLINED_AT_SYNC:
            self.open_sales.restore([])
        return sale

    async def told(self, due: object, intent_id: UUID | str = OUR_INTENT, **more: Any) -> None:
        """A `payment` event."""
        message = {"status": "declined", "intent_id": str(intent_id), "due": due, **more}
        await self.events.told("payment", json.dumps(message).encode())

    async def due_of(self, sale: Sale) -> Due | None:
        """As the journal has it."""
        refusal = (await self.open_sales.find(sale.sale_id)).refusal
        return refusal.due if refusal is not None else None


def says(state: str, amount: int = samples.AMOUNT_MINOR) -> dict[str, object]:
    """A due on the wire."""
    return {"state": state, "amount": amount}


def test_paid_after_all_is_kept_and_said_of_a_sale_long_over() -> None:
    async def work() -> None:
        bench = Bench()
        sale = bench.sale(SaleState.DECLINED_AT_SYNC, refusal=ASKED)
        rows = bench.journal.head().seq
        await bench.told(says("paid"))
        assert await bench.due_of(sale) == samples.due(DueState.PAID)
        assert bench.sink.effects == [(sale.number, RINGS)]
        assert bench.journal.head().seq == rows + 1
        assert not bench.open_sales.has(sale.sale_id)

    run(work())


@pytest.mark.parametrize("late", ["paid", "open", "refused", "withdrawn", "forgiven"])
def test_told_twice_or_out_of_order_writes_no_row(late: str) -> None:
    async def work() -> None:
        bench = Bench()
        sale = bench.sale(SaleState.DECLINED_AT_SYNC, refusal=ASKED)
        await bench.told(says("paid"))
        rows = bench.journal.head().seq
        await bench.told(says(late))
        assert await bench.due_of(sale) == samples.due(DueState.PAID)
        assert bench.journal.head().seq == rows
        assert bench.sink.effects == [(sale.number, RINGS)]

    run(work())


def test_before_the_answer_of_the_batch_it_says_nothing_and_is_asked_for_after_it() -> None:
    async def work() -> None:
        bench = Bench()
        sale = bench.sale(SaleState.FORWARDING)
        rows = bench.journal.head().seq
        await bench.told(says("paid"))
        assert (await bench.open_sales.find(sale.sale_id), bench.journal.head().seq) == (sale, rows)
        await bench.open_sales.apply(sale.sale_id, samples.says_declined(BackendCall.FORWARD, refusal=ASKED))
        assert await bench.due_of(sale) == samples.due()
        assert bench.sink.kinds == ["RaiseAlarm", "AskBackend"]
        await bench.open_sales.apply(
            sale.sale_id,
            samples.says_declined(BackendCall.QUESTION, refusal=samples.refusal(samples.due(DueState.PAID))),
        )
        assert await bench.due_of(sale) == samples.due(DueState.PAID)

    run(work())


@pytest.mark.parametrize(
    ("intent_id", "due"),
    [
        (OUR_INTENT, None),
        (OUR_INTENT, "paid"),
        (uuid4(), says("paid")),
        ("no uuid", says("paid")),
    ],
    ids=["no news", "mistyped", "of another's intent", "of no intent"],
)
def test_what_says_nothing_of_ours_changes_nothing(intent_id: UUID | str, due: object) -> None:
    async def work() -> None:
        bench = Bench()
        sale = bench.sale(SaleState.DECLINED_AT_SYNC, refusal=ASKED)
        rows = bench.journal.head().seq
        await bench.told(due, intent_id)
        assert (await bench.due_of(sale), bench.journal.head().seq) == (samples.due(), rows)

    run(work())


@pytest.mark.parametrize(
    ("data", "heard"),
    [
        (b'{"kind": "new_epoch", "at": "2026-11-29T00:00:00Z"}', ["new_epoch"]),
        (b'{"kind": "of_tomorrow", "more": [1]}', ["of_tomorrow"]),
        (b'{"kind": 7}', []),
        (b"[", []),
    ],
)
def test_an_alarm_of_the_backends_reaches_the_shop(data: bytes, heard: list[str]) -> None:
    bench = Bench()
    run(bench.events.told("alarm", data))
    assert bench.alarms == heard


def test_a_refund_and_the_due_that_it_lessened_are_told_in_one() -> None:
    async def work() -> None:
        bench = Bench()
        back = samples.refund(amount_minor=80)
        sale = bench.sale(SaleState.DECLINED_AT_SYNC, refusal=ASKED, refunds=(back,))
        void = {"refund_id": str(back.refund_id), "state": "void", "amount": 0, "currency": "CNY"}
        await bench.told(says("open", 1800), refunds=[void])
        after = await bench.open_sales.find(sale.sale_id)
        assert [refund.state for refund in after.refunds] == [RefundState.VOID]
        assert await bench.due_of(sale) == samples.due(amount_minor=1800)

    run(work())


def test_a_refund_of_an_earlier_intents_payment_rings_and_is_not_booked_on_the_newest() -> None:
    async def work() -> None:
        bench = Bench()
        sale = bench.sale(SaleState.APPROVED, intents=(samples.intent(1), samples.intent(2)))
        back = {"refund_id": str(samples.refund(9).refund_id), "state": "done", "amount": 80, "currency": "CNY"}
        await bench.told(None, samples.intent(1).intent_id, status="approved", refunds=[back])
        assert await bench.open_sales.find(sale.sale_id) == sale
        assert [effect for _, effect in bench.sink.effects] == [RaiseAlarm(AlarmKind.REFUNDED_ELSEWHERE)]
        await bench.told(None, samples.intent(2).intent_id, status="approved", refunds=[back])
        assert (await bench.open_sales.find(sale.sale_id)).state is SaleState.PARTLY_REFUNDED

    run(work())
