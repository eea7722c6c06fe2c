# SPDX-License-Identifier: Apache-2.0
"""The drainer: what goes out together, in which order, and what becomes of it. Source: local API, `forwarding`."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest

from offline_queue import sync
from offline_queue.memory import MemoryJournal
from offline_queue.sync import BATCH_MOST, LEASE, WAIT_MOST_S, Drainer
from offline_queue.values import JournalBusyError, QueueEntry, SaleChanged
from pengpos.core.errors import JournalError, JournalFullError, JournalMediumError
from pengpos.core.events import BackendCall, Event, ForwardLeaving, NoAnswer
from pengpos.core.sale import Sale, SaleState
from tests.support.parts import HandClock, until
from workshop.samples import sales as samples


@dataclass
class Bench:
    """A drainer over a journal in memory; each batch gets the next answer, by default an approval for each."""

    clock: HandClock = field(default_factory=HandClock)
    link: bool = True
    sent: list[list[str]] = field(default_factory=list)
    applied: list[list[str]] = field(default_factory=list)
    answers: list[Callable[[Sequence[Sale]], list[Event]]] = field(default_factory=list)
    full_for: int = 0
    shown: list[JournalError | None] = field(default_factory=list)
    approved: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.journal = MemoryJournal(self.clock, epoch=7)
        self.drainer = Drainer(
            journal=self.journal,
            deliverer=self,
            apply_all=self.apply,
            clock=self.clock,
            link_up=lambda: self.link,
            trouble=self.shown.append,
        )

    def stored(
        self,
        number: int,
        *,
        kid: bytes = b"",
        retry_at: int | None = None,
        state: SaleState = SaleState.ACCEPTED_OFFLINE,
    ) -> Sale:
        counter = self.journal.next_counter()
        sale = samples.sale_in(state, intent__epoch=counter.epoch, intent__counter=counter.counter)
        sale = replace(
            sale,
            sale_id=UUID(int=number),
            idempotency_key=f"order {number}",
            number=f"0001-{number:04}",
            intents=(replace(sale.intent, intent_id=samples.intent(number).intent_id),),
            authorised=samples.authorised(wallet_kid=kid or number.to_bytes(8, "big"), counter=counter.counter),
            retry_at=retry_at,
        )
        self.keep(sale)
        return sale

    def keep(self, sale: Sale) -> None:
        self.journal.record([SaleChanged(sale=sale, why="put there")]).result(0)

    async def apply(self, events: Sequence[tuple[UUID, Event]]) -> None:
        if self.full_for > 0 and not isinstance(events[0][1], ForwardLeaving):
            self.full_for -= 1
            raise JournalFullError("no room")
        self.applied.append([type(event).__name__ for _, event in events])
        for sale_id, event in events:
            sale = self.journal.sale(sale_id)
            assert sale is not None
            match event:
                case ForwardLeaving():
                    self.keep(replace(sale, state=SaleState.FORWARDING))
                case NoAnswer():
                    self.keep(replace(sale, state=SaleState.ACCEPTED_OFFLINE, retry_at=self.clock.now() + 60))
                case _:
                    self.keep(replace(sale, state=SaleState.APPROVED, booking=samples.booking()))
                    self.approved.set()

    async def forward(self, sales: Sequence[Sale]) -> list[Event]:
        self.sent.append([sale.number for sale in sales])
        answer = self.answers.pop(0) if self.answers else approvals
        return answer(sales)

    def drain(self) -> None:
        asyncio.run(self.drainer.drain())


def approvals(sales: Sequence[Sale]) -> list[Event]:
    return [samples.says_approved(BackendCall.FORWARD, intent_id=sale.intent.intent_id) for sale in sales]


def silence(sales: Sequence[Sale]) -> list[Event]:
    return [NoAnswer(at=samples.HEARD_AT, call=BackendCall.FORWARD) for _ in sales]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(sync, "JOURNAL_RETRY_S", 0.0)
    return Bench()


def test_the_oldest_go_first_and_together(bench: Bench) -> None:
    for number in (1, 2, 3):
        bench.stored(number)
    bench.drain()
    assert bench.sent == [["0001-0001", "0001-0002", "0001-0003"]]
    assert bench.applied == [["ForwardLeaving"] * 3, ["Approved"] * 3]


def test_a_batch_is_never_larger_than_the_contract_says(bench: Bench) -> None:
    for number in range(1, BATCH_MOST + 2):
        bench.stored(number)
    bench.drain()
    assert [len(batch) for batch in bench.sent] == [BATCH_MOST, 1]


def test_the_rows_say_that_it_leaves_before_a_byte_does(bench: Bench) -> None:
    bench.stored(1)
    states: list[SaleState] = []

    def look(sales: Sequence[Sale]) -> list[Event]:
        stored = bench.journal.sale(sales[0].sale_id)
        assert stored is not None
        states.append(stored.state)
        return approvals(sales)

    bench.answers = [look]
    bench.drain()
    assert states == [SaleState.FORWARDING]


@pytest.mark.parametrize(
    ("retry_in_s", "goes"),
    [(None, True), (-1, True), (0, True), (1, False), (WAIT_MOST_S, False), (WAIT_MOST_S + 1, True)],
    ids=["never tried", "past", "now", "in a second", "in an hour", "by a clock that was set back"],
)
def test_a_back_off_is_waited_out(bench: Bench, retry_in_s: int | None, goes: bool) -> None:
    bench.stored(1, retry_at=None if retry_in_s is None else bench.clock.now() + retry_in_s)
    bench.drain()
    assert bool(bench.sent) == goes


def test_hurry_ends_every_back_off_once(bench: Bench) -> None:
    bench.stored(1, retry_at=bench.clock.now() + 60)
    bench.answers = [silence]
    bench.drainer.hurry()
    bench.drain()
    bench.drain()
    assert bench.sent == [["0001-0001"]]


def test_one_that_waits_holds_back_its_own_wallet_key_only(bench: Bench) -> None:
    bench.stored(1, kid=b"key of A", retry_at=bench.clock.now() + 60)
    bench.stored(2, kid=b"key of A")
    bench.stored(3, kid=b"key of B")
    bench.drain()
    assert bench.sent == [["0001-0003"]]


def test_one_on_its_way_holds_back_its_own_wallet_key_only(bench: Bench) -> None:
    bench.stored(1, kid=b"key of A", state=SaleState.FORWARDING)
    bench.stored(2, kid=b"key of A")
    bench.stored(3, kid=b"key of B")
    bench.drain()
    assert bench.sent == [["0001-0003"]]


def test_a_poisoned_item_waits_alone(bench: Bench) -> None:
    bench.stored(1)
    bench.stored(2)
    bench.answers = [lambda sales: [*silence(sales[:1]), *approvals(sales[1:])]]
    bench.drain()
    assert bench.sent == [["0001-0001", "0001-0002"]]
    bench.clock.unix_s += 60
    bench.drain()
    assert bench.sent[1:] == [["0001-0001"]]


def test_a_line_that_answers_nothing_ends_the_round(bench: Bench) -> None:
    for number in range(1, BATCH_MOST + 2):
        bench.stored(number)
    bench.answers = [silence]
    bench.drain()
    assert [len(batch) for batch in bench.sent] == [BATCH_MOST]


def test_verdicts_are_held_while_the_journal_takes_nothing(bench: Bench) -> None:
    sale = bench.stored(1)
    bench.full_for = 3
    bench.drain()
    assert bench.sent == [["0001-0001"]], "it is never sent again for that"
    stored = bench.journal.sale(sale.sale_id)
    assert stored is not None
    assert stored.state is SaleState.APPROVED


def test_that_the_queue_cannot_be_read_is_shown_until_it_can(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.stored(1)
    unreadable = JournalMediumError("journal.db: Input/output error", "Replace the card")
    failures, entries = [unreadable] * 3, bench.journal.queue_entries

    def failing(limit: int = 200) -> list[QueueEntry]:
        if failures:
            raise failures.pop()
        return entries(limit)

    monkeypatch.setattr(bench.journal, "queue_entries", failing)
    bench.drain()
    assert bench.shown == [unreadable] * 3 + [None]
    assert bench.sent == [["0001-0001"]]


def test_what_cannot_be_written_is_no_trouble_of_reading(bench: Bench) -> None:
    bench.stored(1)
    bench.full_for = 3
    bench.drain()
    assert bench.shown == []


def test_only_one_drains(bench: Bench) -> None:
    with bench.journal.lease(LEASE), pytest.raises(JournalBusyError):
        asyncio.run(bench.drainer.run())


def test_it_sends_nothing_without_a_link_and_goes_on_with_one(bench: Bench) -> None:
    async def scene() -> None:
        bench.link = False
        running = asyncio.get_running_loop().create_task(bench.drainer.run())
        bench.stored(1)
        bench.drainer.wake()
        await until(lambda: not bench.drainer._woken.is_set())
        assert bench.sent == []
        bench.link = True
        bench.drainer.wake()
        async with asyncio.timeout(10):
            await bench.approved.wait()
        running.cancel()
        await asyncio.wait({running})

    asyncio.run(scene())
    assert bench.sent == [["0001-0001"]]
