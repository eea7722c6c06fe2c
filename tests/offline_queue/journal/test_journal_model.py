# SPDX-License-Identifier: Apache-2.0
"""Whatever is recorded, in whatever order, with the file closed and opened in between: the journal on the medium
answers every question as the one in memory does, to the last hash.
"""

import tempfile
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from offline_queue.journal import writer
from offline_queue.journal.journal import Journal
from offline_queue.memory import MemoryJournal
from offline_queue.port import JournalPort
from offline_queue.values import (
    Change,
    ChangeRefusedError,
    DocumentStored,
    EpochDrawn,
    HeadSigned,
    IntentNumber,
    IssuerTimeSeen,
    Recorded,
    SaleChanged,
    SaleQuery,
    ValueStored,
)
from pengpos.core.sale import Refund, RefundState, Sale, SaleState
from workshop.samples.journal import NOON, HeldClock, SaleMaker, moved

KIDS = [b"walletk1", b"walletk2"]
small = st.integers(0, 6)
chance = st.randoms(use_true_random=False)


class TwoJournals(RuleBasedStateMachine):
    """Does the same to both and compares all they say."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.clock, self.maker, self.sales = HeldClock(), SaleMaker(), list[Sale]()
        self.open()
        self.memory = MemoryJournal(self.clock, epoch=self.journal.head().epoch)

    def open(self) -> None:
        path = Path(self.directory.name) / "journal.db"
        self.journal = Journal.open(path, key=bytes(32), clock=self.clock, boot_id=bytes(16))

    def teardown(self) -> None:
        assert self.journal.verify().head == self.memory.verify().head
        self.journal.close()
        self.directory.cleanup()

    def record(self, *changes: Change) -> bool:
        """Record in both; the same answer from both. True: it was taken."""
        outcomes = [_outcome(journal.record(changes)) for journal in (self.journal, self.memory)]
        assert outcomes[0] == outcomes[1]
        return isinstance(outcomes[0], Recorded)

    def change(self, sale: Sale) -> None:
        if self.record(SaleChanged(sale=sale, why="x")):
            self.sales = [sale if one.sale_id == sale.sale_id else one for one in self.sales]

    @rule(amount=small, later=small)
    def sell(self, amount: int, later: int) -> None:
        self.clock.at += later
        sale = self.maker.signed(self.journal.next_counter(), at=self.clock.at, amount_minor=amount)
        assert self.record(SaleChanged(sale=sale, why="signed"))
        self.sales.append(sale)

    @rule(off_by=st.sampled_from((-1, 1, 2)))
    def sell_under_a_wrong_counter(self, off_by: int) -> None:
        number = self.journal.next_counter()
        sale = self.maker.signed(IntentNumber(number.epoch, number.counter + off_by))
        assert not self.record(ValueStored(kind="n", key="before", body=b""), SaleChanged(sale=sale, why="signed"))

    @precondition(lambda self: self.sales)
    @rule(pick=small, state=st.sampled_from(SaleState))
    def move(self, pick: int, state: SaleState) -> None:
        self.change(moved(self.sales[pick % len(self.sales)], state, self.clock.at))

    @precondition(lambda self: self.sales)
    @rule(pick=small, kid=st.sampled_from(KIDS), counter=small, state=st.sampled_from(SaleState))
    def authorise(self, pick: int, kid: bytes, counter: int, state: SaleState) -> None:
        sale = self.maker.authorised(self.sales[pick % len(self.sales)], kid=kid, counter=counter, at=self.clock.at)
        self.change(moved(sale, state, self.clock.at))

    @precondition(lambda self: self.sales)
    @rule(pick=small)
    def approve(self, pick: int) -> None:
        self.change(self.maker.approved(self.sales[pick % len(self.sales)], at=self.clock.at))

    @precondition(lambda self: self.sales)
    @rule(pick=small, amount=st.none() | small, state=st.sampled_from(RefundState))
    def refund(self, pick: int, amount: int | None, state: RefundState) -> None:
        sale = self.sales[pick % len(self.sales)]
        refund = Refund(
            refund_id=sale.refunds[0].refund_id if sale.refunds else self.maker.uuid7(self.clock.at),
            idempotency_key="r",
            amount_minor=amount,
            reason="spoilt",
            state=state,
            at=self.clock.at,
        )
        self.change(replace(sale, refunds=(refund,)))

    @precondition(lambda self: self.sales)
    @rule(pick=small)
    def sign_again(self, pick: int) -> None:
        sale = self.sales[pick % len(self.sales)]
        intent = self.maker.signed(self.journal.next_counter(), at=self.clock.at).intent
        self.change(replace(sale, intents=(*sale.intents, intent), authorised=None, reference="again"))

    @precondition(lambda self: self.sales)
    @rule(pick=small)
    def sell_under_a_used_key(self, pick: int) -> None:
        key = self.sales[pick % len(self.sales)].idempotency_key
        sale = replace(self.maker.signed(self.journal.next_counter()), idempotency_key=key)
        assert not self.record(SaleChanged(sale=sale, why="signed"))

    @rule(version=small, body=st.binary(max_size=9))
    def store_a_document(self, version: int, body: bytes) -> None:
        self.record(DocumentStored(kind="policy", version=version, body=body))

    @rule(kind=st.sampled_from(("split", "alarm")), key=st.sampled_from(("1", "a/b")), body=st.binary(max_size=9))
    def store_a_value(self, kind: str, key: str, body: bytes) -> None:
        self.record(ValueStored(kind=kind, key=key, body=body), ValueStored(kind="till", key=key, body=b""))

    @rule(at=st.integers(0, 2**63 - 1))
    def see_an_issuers_time(self, at: int) -> None:
        assert self.record(IssuerTimeSeen(at=at))

    @rule(true=st.booleans())
    def sign_the_head(self, *, true: bool) -> None:
        head = self.journal.head()
        assert self.record(HeadSigned(head=head if true else replace(head, hash=bytes(32)), signed=b"s")) == true

    @rule(epoch=st.integers(1, 2**63 - 1))
    def draw_an_epoch(self, epoch: int) -> None:
        assert self.record(EpochDrawn(epoch=epoch, why="restored"))

    @rule()
    def close_and_open(self) -> None:
        self.journal.close()
        self.open()

    @invariant()
    def all_answers_are_the_same(self) -> None:
        for ask in QUESTIONS:
            assert ask(self.journal) == ask(self.memory)

    @precondition(lambda self: self.sales)
    @rule(pick=small, limit=st.integers(1, 3))
    def look_up(self, pick: int, limit: int) -> None:
        sale = self.sales[pick % len(self.sales)]
        query = SaleQuery(states=frozenset({sale.state}), from_utc=NOON, limit=limit)
        for journal in (self.journal, self.memory):
            assert journal.sale(sale.sale_id) == journal.sale_by_key(sale.idempotency_key) == sale
            assert all(journal.sale_by_intent(intent.intent_id) == sale for intent in sale.intents)
        page = self.journal.search(query)
        assert page.sales == self.memory.search(query).sales
        assert (page.next is None) == (self.memory.search(query).next is None)
        if page.next is not None:
            rest = replace(query, limit=200)
            seen = (*page.sales, *self.journal.search(replace(rest, before=page.next)).sales)
            assert seen == self.memory.search(rest).sales


def _outcome(future: Future[Recorded]) -> Recorded | type[BaseException]:
    error = future.exception(20)
    assert error is None or isinstance(error, ChangeRefusedError)
    return future.result() if error is None else type(error)


QUESTIONS: list[Callable[[JournalPort], object]] = [
    lambda journal: journal.head(),
    lambda journal: journal.next_counter(),
    lambda journal: journal.open_sales(),
    lambda journal: journal.unsent(),
    lambda journal: journal.queue_entries(3),
    lambda journal: journal.queue_totals("CNY"),
    lambda journal: [(journal.wallet_counter(kid), journal.wallet_usage(kid, "CNY")) for kid in KIDS],
    lambda journal: journal.day_totals(NOON + 5, NOON + 20, "CNY"),
    lambda journal: journal.latest_issuer_time(),
    lambda journal: (journal.document("policy"), journal.document("head")),
    lambda journal: (journal.values("split"), journal.value("alarm", "a/b")),
    lambda journal: [sale.authorised for sale in journal.open_sales()],
    lambda journal: [journal.stored_authorisation(sale.intent.intent_id) for sale in journal.open_sales()],
]


@pytest.fixture(autouse=True)
def tables_follow_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that what is asked is answered now from the tables and now from the newest rows."""
    monkeypatch.setattr(writer, "FOLD_ROWS_AT_MOST", 20)


TestTwoJournals = TwoJournals.TestCase
TestTwoJournals.settings = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
