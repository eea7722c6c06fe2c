# SPDX-License-Identifier: Apache-2.0
"""What every journal promises (`offline_queue.port`), asked of the one on the medium and of the one in memory."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from offline_queue.port import JournalPort
from offline_queue.records.rows import draw_epoch
from offline_queue.values import (
    ChangeRefusedError,
    DocumentStored,
    EpochDrawn,
    IntentNumber,
    IssuerTimeSeen,
    SaleChanged,
    SaleQuery,
    ValueStored,
)
from pengpos.core.machine.states import OPEN_STATES, UNSENT_STATES
from pengpos.core.money import Money
from pengpos.core.sale import Booking, Due, DueState, Refund, RefundState, Sale, SaleState
from tests.contracts.recording import KID, record, stored_sale
from workshop.samples import sales as core_samples
from workshop.samples.journal import NOON, SaleMaker, moved, store


def test_a_recorded_sale_is_found_by_id_key_and_intent(journal: JournalPort, maker: SaleMaker) -> None:
    sale = maker.signed(journal.next_counter())
    store(journal, sale)
    found = (
        journal.sale(sale.sale_id),
        journal.sale_by_key(sale.idempotency_key),
        journal.sale_by_intent(sale.intent.intent_id),
    )
    assert found == (sale, sale, sale)


def test_what_was_never_recorded_is_none(journal: JournalPort) -> None:
    nowhere = UUID(int=7)
    assert (journal.sale(nowhere), journal.sale_by_key("x"), journal.sale_by_intent(nowhere)) == (None, None, None)
    assert (journal.stored_authorisation(nowhere), journal.document("policy")) == (None, None)
    assert journal.value("split", "1") is None
    assert (journal.wallet_counter(KID), journal.latest_issuer_time(), journal.values("split")) == (-1, 0, {})


def test_the_newest_row_of_a_sale_wins(journal: JournalPort, maker: SaleMaker) -> None:
    sale = maker.signed(journal.next_counter())
    store(journal, sale)
    later = maker.approved(maker.authorised(sale))
    store(journal, moved(sale, SaleState.PRESENTED), later)
    assert journal.sale(sale.sale_id) == later


def test_counters_rise_by_one_and_only_when_recorded(journal: JournalPort, maker: SaleMaker) -> None:
    first = journal.next_counter()
    assert journal.next_counter() == first
    store(journal, maker.signed(first))
    assert journal.next_counter() == IntentNumber(first.epoch, first.counter + 1)
    assert first.counter == 1


def test_an_older_intent_still_finds_its_sale(journal: JournalPort, maker: SaleMaker) -> None:
    sale = maker.signed(journal.next_counter())
    store(journal, sale)
    second = maker.signed(journal.next_counter()).intent
    again = replace(sale, intents=(*sale.intents, second))
    store(journal, again)
    assert journal.sale_by_intent(sale.intent.intent_id) == again
    assert journal.sale_by_intent(second.intent_id) == again
    assert journal.next_counter().counter == 3


@pytest.mark.parametrize("wrong", [-1, 1, 2**40], ids=["used", "skipped", "far"])
def test_an_intent_with_another_counter_is_refused(journal: JournalPort, maker: SaleMaker, wrong: int) -> None:
    store(journal, maker.signed(journal.next_counter()))
    number = journal.next_counter()
    sale = maker.signed(IntentNumber(number.epoch, number.counter + wrong))
    before = journal.head()
    with pytest.raises(ChangeRefusedError, match="counter"):
        store(journal, sale)
    assert (journal.head(), journal.sale(sale.sale_id)) == (before, None)


def test_an_intent_of_another_epoch_is_refused(journal: JournalPort, maker: SaleMaker) -> None:
    number = journal.next_counter()
    with pytest.raises(ChangeRefusedError, match="epoch"):
        store(journal, maker.signed(IntentNumber(number.epoch ^ 1, number.counter)))


def test_an_idempotency_key_belongs_to_one_sale(journal: JournalPort, maker: SaleMaker) -> None:
    sale = maker.signed(journal.next_counter())
    store(journal, sale)
    thief = replace(maker.signed(journal.next_counter()), idempotency_key=sale.idempotency_key)
    with pytest.raises(ChangeRefusedError, match="idempotency key"):
        store(journal, thief)
    assert journal.sale_by_key(sale.idempotency_key) == sale


@pytest.mark.parametrize(
    "tamper",
    [
        lambda sale: replace(sale, amount=Money(1, "CNY")),
        lambda sale: replace(sale, amount=Money(1_880, "HKD")),
        lambda sale: replace(sale, idempotency_key="another"),
        lambda sale: replace(sale, created_at=1),
        lambda sale: replace(sale, intents=()),
    ],
    ids=["amount", "currency", "key", "creation", "intents gone"],
)
def test_what_a_sale_was_made_with_never_changes(
    journal: JournalPort, maker: SaleMaker, tamper: Callable[[Sale], Sale]
) -> None:
    sale = maker.signed(journal.next_counter())
    store(journal, sale)
    with pytest.raises(ChangeRefusedError, match="never change"):
        store(journal, tamper(sale))
    assert journal.sale(sale.sale_id) == sale


def test_changes_of_one_call_are_all_or_none(journal: JournalPort, maker: SaleMaker) -> None:
    sale = maker.signed(journal.next_counter())
    record(journal, DocumentStored(kind="policy", version=2, body=b"two"))
    before = journal.head()
    old = DocumentStored(kind="policy", version=1, body=b"one")
    with pytest.raises(ChangeRefusedError):
        record(journal, SaleChanged(sale=sale, why="x"), IssuerTimeSeen(at=5), old)
    assert (journal.sale(sale.sale_id), journal.latest_issuer_time(), journal.head()) == (None, 0, before)


def test_nothing_to_record_is_no_row(journal: JournalPort) -> None:
    before = journal.head()
    assert record(journal) == before


def test_a_new_epoch_starts_its_counters_again(journal: JournalPort, maker: SaleMaker) -> None:
    old = journal.next_counter()
    store(journal, maker.signed(old))
    record(journal, EpochDrawn(epoch=draw_epoch(), why="a restored card"))
    new = journal.next_counter()
    assert new.epoch != old.epoch
    assert 0 < new.epoch < 2**63
    assert new.counter == 1
    store(journal, maker.signed(new))
    assert journal.head().epoch == new.epoch


@pytest.mark.parametrize("state", list(SaleState), ids=[state.value for state in SaleState])
def test_open_unsent_and_stored_by_state(journal: JournalPort, maker: SaleMaker, state: SaleState) -> None:
    sale = stored_sale(journal, maker, state)
    assert journal.open_sales() == ([sale] if state in OPEN_STATES else [])
    assert journal.unsent() == ([sale] if state in UNSENT_STATES else [])
    is_stored = state in {SaleState.ACCEPTED_OFFLINE, SaleState.FORWARDING}
    assert [entry.sale for entry in journal.queue_entries()] == ([sale] if is_stored else [])
    assert journal.queue_totals("CNY").count == is_stored
    assert journal.queue_totals("CNY").unknown_count == (state is SaleState.UNKNOWN)


@pytest.mark.parametrize(
    ("refund_state", "under_way"),
    [
        (RefundState.QUEUED, True),
        (RefundState.SENT, True),
        (RefundState.HELD, True),
        (RefundState.DONE, False),
        (RefundState.FAILED, False),
    ],
    ids=lambda value: str(value),
)
def test_a_refund_under_way_keeps_a_finished_sale_open(
    journal: JournalPort, maker: SaleMaker, refund_state: RefundState, under_way: bool
) -> None:
    refund = Refund(
        refund_id=uuid4(), idempotency_key="r", amount_minor=5, reason="spoilt", state=refund_state, at=NOON
    )
    sale = replace(maker.approved(maker.authorised(maker.signed(journal.next_counter()))), refunds=(refund,))
    store(journal, sale)
    assert journal.open_sales() == ([sale] if under_way else [])
    assert journal.unsent() == ([sale] if under_way else [])


def test_an_unconfirmed_approval_by_code_is_taken_up_again_but_not_unsent(
    journal: JournalPort, maker: SaleMaker
) -> None:
    booking = Booking(total_minor=1_880, booked_at=NOON, by=None, confirmed=False)
    sale = moved(replace(maker.signed(journal.next_counter()), booking=booking), SaleState.APPROVED)
    store(journal, sale)
    assert (journal.open_sales(), journal.unsent()) == ([sale], [])


def test_the_queue_is_in_the_order_of_sale_and_bounded(journal: JournalPort, maker: SaleMaker) -> None:
    made = [stored_sale(journal, maker, SaleState.ACCEPTED_OFFLINE, at=NOON - n) for n in range(5)]
    store(journal, moved(made[0], SaleState.FORWARDING))
    assert [entry.sale.sale_id for entry in journal.queue_entries()] == [sale.sale_id for sale in made]
    assert [entry.sale.sale_id for entry in journal.queue_entries(limit=2)] == [sale.sale_id for sale in made[:2]]


def test_queue_totals_count_one_currency_and_know_the_oldest(journal: JournalPort, maker: SaleMaker) -> None:
    for at, amount in ((NOON, 100), (NOON - 50, 30)):
        sale = maker.authorised(maker.signed(journal.next_counter(), amount_minor=amount), kid=KID)
        store(journal, moved(sale, SaleState.ACCEPTED_OFFLINE, at))
    other = maker.authorised(maker.signed(journal.next_counter(), currency="HKD"))
    store(journal, moved(other, SaleState.ACCEPTED_OFFLINE))
    totals = journal.queue_totals("CNY")
    assert (totals.count, totals.total_minor, totals.oldest_at) == (2, 130, NOON - 50)
    assert journal.queue_totals("JPY").oldest_at is None


def test_a_wallet_key_remembers_its_highest_counter(journal: JournalPort, maker: SaleMaker) -> None:
    for counter in (4, 9, 7):
        store(journal, maker.authorised(maker.signed(journal.next_counter()), kid=KID, counter=counter))
    assert (journal.wallet_counter(KID), journal.wallet_counter(b"other...")) == (9, -1)


def test_a_wallet_may_count_as_far_as_the_protocol_lets_it(journal: JournalPort, maker: SaleMaker) -> None:
    for counter in (2**64 - 1, 2**63):
        store(journal, maker.authorised(maker.signed(journal.next_counter()), kid=KID, counter=counter))
    assert journal.wallet_counter(KID) == 2**64 - 1
    journal.verify()


def test_text_that_is_no_unicode_is_refused_before_it_is_queued(journal: JournalPort) -> None:
    with pytest.raises(ValueError, match="surrogates"):
        journal.record([ValueStored(kind="till", key="\ud800", body=b"")])
    assert journal.head().seq == 1


def test_wallet_usage_falls_when_the_backend_has_answered(journal: JournalPort, maker: SaleMaker) -> None:
    sales = [stored_sale(journal, maker, SaleState.ACCEPTED_OFFLINE, amount_minor=n) for n in (10, 20)]
    usage = journal.wallet_usage(KID, "CNY")
    assert (usage.count, usage.total_minor, usage.blocked) == (2, 30, False)
    store(journal, maker.approved(sales[0]))
    assert journal.wallet_usage(KID, "CNY").total_minor == 20


def test_a_key_declined_at_sync_stays_blocked(journal: JournalPort, maker: SaleMaker) -> None:
    sale = stored_sale(journal, maker, SaleState.ACCEPTED_OFFLINE)
    store(journal, moved(sale, SaleState.DECLINED_AT_SYNC))
    stored_sale(journal, maker, SaleState.ACCEPTED_OFFLINE)
    assert journal.wallet_usage(KID, "CNY").blocked
    assert not journal.wallet_usage(b"another.", "CNY").blocked


def test_the_stored_authorisation_is_that_of_the_newest_intent(journal: JournalPort, maker: SaleMaker) -> None:
    sale = stored_sale(journal, maker, SaleState.AUTHORISED)
    assert sale.authorised is not None
    assert journal.stored_authorisation(sale.intent.intent_id) == sale.authorised.authorisation
    again = replace(sale, intents=(*sale.intents, maker.signed(journal.next_counter()).intent), authorised=None)
    store(journal, again)
    assert journal.stored_authorisation(sale.intent.intent_id) is None
    assert journal.stored_authorisation(again.intent.intent_id) is None


def test_day_totals(journal: JournalPort, maker: SaleMaker) -> None:
    def sold(amount_minor: int, *states: SaleState, at: int = NOON) -> Sale:
        sale = maker.authorised(maker.signed(journal.next_counter(), at=at, amount_minor=amount_minor), at=at)
        for state in states:
            sale = maker.approved(sale, at=at) if state is SaleState.APPROVED else moved(sale, state, at)
        store(journal, sale)
        return sale

    refund = Refund(
        refund_id=uuid4(), idempotency_key="r", amount_minor=None, reason="spoilt", state=RefundState.DONE, at=NOON
    )
    sold(1, SaleState.APPROVED)
    sold(2, SaleState.ACCEPTED_OFFLINE)
    sold(4, SaleState.ACCEPTED_OFFLINE, SaleState.APPROVED)
    sold(8, SaleState.ACCEPTED_OFFLINE, SaleState.FORWARDING, SaleState.DECLINED_AT_SYNC)
    sold(16, SaleState.UNKNOWN)
    sold(32, SaleState.APPROVED, at=NOON - 86_400)
    store(journal, replace(sold(64, SaleState.APPROVED), state=SaleState.REFUNDED, refunds=(refund,)))
    sold(128, SaleState.DECLINED)
    sold(256, SaleState.APPROVED, at=NOON + 1)
    day = journal.day_totals(NOON - 100, NOON + 1, "CNY")
    assert (day.count, day.total_minor) == (4, 1 + 2 + 4 + 64)
    assert (day.offline_count, day.offline_total_minor) == (2, 2 + 4)
    assert (day.refunded_count, day.refunded_minor) == (1, 64)
    assert (day.declined_at_sync_count, day.declined_at_sync_minor) == (1, 8)
    assert day.unknown_count == 1
    assert journal.day_totals(NOON - 100, NOON + 1, "HKD").count == 0


def test_what_shoppers_have_paid_since_of_the_days_declines(journal: JournalPort, maker: SaleMaker) -> None:
    def declined(amount_minor: int, due: Due | None, *, at: int = NOON, currency: str = "CNY") -> Sale:
        number = journal.next_counter()
        signed = maker.signed(number, at=at, amount_minor=amount_minor, currency=currency)
        sale = maker.authorised(signed, at=at)
        for state in (SaleState.ACCEPTED_OFFLINE, SaleState.FORWARDING, SaleState.DECLINED_AT_SYNC):
            sale = moved(sale, state, at)
        sale = replace(sale, refusal=core_samples.refusal(due))
        store(journal, sale)
        return sale

    def due(state: DueState, amount_minor: int) -> Due:
        return Due(state=state, amount_minor=amount_minor)

    assert journal.day_totals(NOON - 100, NOON + 1, "CNY").due_paid_count == 0
    declined(1, None)
    declined(2, due(DueState.OPEN, 2))
    declined(4, due(DueState.REFUSED, 4))
    declined(8, due(DueState.WITHDRAWN, 8))
    declined(16, due(DueState.PAID, 16))
    declined(64, due(DueState.PAID, 32))  # a part was given back before
    declined(128, due(DueState.PAID, 128), at=NOON - 86_400)
    declined(256, due(DueState.PAID, 256), currency="HKD")
    asked = declined(512, due(DueState.OPEN, 512))
    before = journal.day_totals(NOON - 100, NOON + 1, "CNY")
    assert (before.declined_at_sync_count, before.declined_at_sync_minor) == (7, 1 + 2 + 4 + 8 + 16 + 64 + 512)
    assert (before.due_paid_count, before.due_paid_minor) == (2, 16 + 32)
    store(journal, replace(asked, refusal=core_samples.refusal(due(DueState.PAID, 512))))
    after = journal.day_totals(NOON - 100, NOON + 1, "CNY")
    assert after == replace(before, due_paid_count=3, due_paid_minor=16 + 32 + 512)
    assert journal.verify().head == journal.head()


def test_a_sale_accepted_offline_counts_when_it_was_authorised(journal: JournalPort, maker: SaleMaker) -> None:
    """Authorised 23:59:50, accepted by the cashier 00:00:20: one business day, in the totals as in the search."""
    midnight = NOON
    stored = maker.authorised(maker.signed(journal.next_counter(), at=midnight - 20), at=midnight - 10)
    stored = moved(stored, SaleState.ACCEPTED_OFFLINE, midnight + 20)
    store(journal, stored)
    online = maker.authorised(maker.signed(journal.next_counter(), at=midnight - 20), at=midnight - 10)
    store(journal, maker.approved(online, at=midnight + 1))
    days = [(midnight - 86_400, midnight), (midnight, midnight + 86_400)]
    for taken in (stored, maker.approved(moved(stored, SaleState.FORWARDING, midnight + 25), at=midnight + 30)):
        store(journal, taken)
        assert [journal.day_totals(*day, "CNY").count for day in days] == [1, 1]
        assert [journal.day_totals(*day, "CNY").offline_count for day in days] == [1, 0]
        found = [journal.search(SaleQuery(counts_from_utc=begin, counts_to_utc=end)).sales for begin, end in days]
        assert [[sale.sale_id for sale in sales] for sales in found] == [[stored.sale_id], [online.sale_id]]
    assert journal.verify().head == journal.head()


def test_what_does_not_count_is_not_found_by_when_it_counts(journal: JournalPort, maker: SaleMaker) -> None:
    store(journal, maker.signed(journal.next_counter()))
    assert journal.search(SaleQuery(counts_from_utc=0)).sales == ()
    assert journal.search(SaleQuery(counts_to_utc=1 << 40)).sales == ()
    assert len(journal.search(SaleQuery()).sales) == 1


SEARCHES = [
    ("all", SaleQuery(), [4, 3, 2, 1, 0]),
    ("from", SaleQuery(from_utc=NOON + 2), [4, 3, 2]),
    ("to", SaleQuery(to_utc=NOON + 2), [1, 0]),
    ("state", SaleQuery(states=frozenset({SaleState.UNKNOWN})), [3, 1]),
    ("two states", SaleQuery(states=frozenset({SaleState.UNKNOWN, SaleState.APPROVED})), [4, 3, 2, 1, 0]),
    ("amount", SaleQuery(amount_minor=102), [2]),
    ("number", SaleQuery(number="0001-0002"), [1]),
    ("reference", SaleQuery(reference="table 4"), [4]),
    ("no such reference", SaleQuery(reference="table '4' OR 1=1"), []),
    ("all at once", SaleQuery(from_utc=NOON, amount_minor=103, states=frozenset({SaleState.UNKNOWN})), [3]),
]


@pytest.mark.parametrize(("query", "found"), [case[1:] for case in SEARCHES], ids=[case[0] for case in SEARCHES])
def test_search(journal: JournalPort, maker: SaleMaker, query: SaleQuery, found: list[int]) -> None:
    sales = []
    for n in range(5):
        state = SaleState.UNKNOWN if n % 2 else SaleState.APPROVED
        sale = maker.authorised(maker.signed(journal.next_counter(), at=NOON + n, amount_minor=100 + n))
        sales.append(moved(replace(sale, reference=f"table {n}"), state))
        store(journal, sales[-1])
    page = journal.search(query)
    assert page.sales == tuple(sales[n] for n in found)
    assert page.next is None


def test_sales_are_found_by_when_a_refund_of_them_was_done(journal: JournalPort, maker: SaleMaker) -> None:
    def refund(state: RefundState, at: int) -> Refund:
        return Refund(refund_id=uuid4(), idempotency_key="r", amount_minor=1, reason="r", state=state, at=at)

    done, sent = RefundState.DONE, RefundState.SENT
    given = [(), ((done, NOON),), ((done, NOON + 9), (done, NOON + 5)), ((sent, NOON + 5),), ((done, NOON + 10),)]
    refunds = [tuple(refund(*one) for one in of_a_sale) for of_a_sale in given]
    sales = [replace(stored_sale(journal, maker, SaleState.APPROVED), refunds=given) for given in refunds]
    store(journal, *sales)
    page = journal.search(SaleQuery(refunded_from_utc=NOON, refunded_to_utc=NOON + 10))
    assert page.sales == (sales[2], sales[1])


def test_search_goes_on_page_by_page_while_sales_are_added(journal: JournalPort, maker: SaleMaker) -> None:
    sales = [stored_sale(journal, maker, SaleState.APPROVED) for _ in range(5)]
    page = journal.search(SaleQuery(limit=2))
    stored_sale(journal, maker, SaleState.APPROVED)
    rest = journal.search(SaleQuery(limit=3, before=page.next))
    assert (*page.sales, *rest.sales) == tuple(reversed(sales))
    assert rest.next is None


@pytest.mark.parametrize("limit", [0, 201])
def test_a_page_has_a_largest_size(limit: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        SaleQuery(limit=limit)
