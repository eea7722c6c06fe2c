# SPDX-License-Identifier: Apache-2.0
"""Settlements (backend API): the merchant's day, totals by kind, late arrivals on a line of their own."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.backend.intents.trial_amounts import REVIEW_S
from sandbox.backend.records.tables import PaymentRow
from sandbox.backend.settlement import settlements
from tests.support.backend import Shop
from tests.support.counted import counted
from tests.support.shop import Till

# The clock starts at 2027-01-15 08:00 UTC, 16:00 in Shanghai; the demo merchant's day begins at 04:00.
TODAY, TOMORROW = "2027-01-15", "2027-01-16"
TO_FOUR_IN_THE_MORNING_S = 12 * 3600


def day(till: Till, on: str = TODAY) -> dict[str, Any]:
    found: dict[str, Any] = till.call("GET", f"/settlements/{on}").json()
    return found


def totals(till: Till, on: str = TODAY) -> dict[str, tuple[int, int]]:
    return {total["kind"]: (total["count"], total["amount"]) for total in day(till, on)["totals"]}


def test_a_day_has_totals_by_kind_and_every_entry(shop: Shop) -> None:
    till, wallet, poor = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80)
    till.pay(sale, wallet)
    till.pay(till.sale(5_00), wallet)
    till.pay(till.sale(7_00, online=False), wallet, offline=True)
    till.refund(sale, 80)
    till.pay(till.sale(999_00), poor)
    till.pay(till.sale(3_00, online=False), poor, offline=True)
    till.pay(till.sale(1_000_01), poor)
    assert totals(till) == {
        "payment": (3, 18_80 + 5_00 + 999_00), "offline_payment": (1, 7_00), "refund": (1, -80), "guarantee": (1, 3_00)
    }  # fmt: skip
    assert sum(entry["amount"] for entry in day(till)["entries"]) == shop.operator.takings()


def test_another_terminals_day_is_its_own(shop: Shop) -> None:
    till, other, wallet = shop.till(), shop.till(), shop.wallet()
    till.pay(till.sale(1_00), wallet)
    assert totals(other) == {}


@pytest.mark.parametrize(("after_s", "on"), [(-1, TODAY), (0, TOMORROW)], ids=["before the cut-off", "at it"])
def test_the_day_begins_at_the_merchants_hour(shop: Shop, after_s: int, on: str) -> None:
    till, wallet = shop.till(), shop.wallet()
    shop.clock.advance(TO_FOUR_IN_THE_MORNING_S + after_s)
    till.pay(till.sale(1_00), wallet)
    assert totals(till, on) == {"payment": (1, 1_00)}


def test_an_offline_sale_counts_on_the_day_it_was_accepted(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(1_00, online=False)
    authorisation = wallet.authorise(sale)
    shop.clock.advance(TO_FOUR_IN_THE_MORNING_S)
    till.pay(sale, wallet, authorisation, offline=True)
    assert (totals(till), totals(till, TOMORROW)) == ({"offline_payment": (1, 1_00)}, {})


def test_what_was_taken_online_and_then_accepted_offline_counts_when_it_was_authorised(shop: Shop) -> None:
    """The answer was lost, and the cashier accepted it: the terminal counts it on the day of its authorisation."""
    till, wallet = shop.till(), shop.wallet()
    shop.clock.advance(TO_FOUR_IN_THE_MORNING_S - 10)
    sale = till.sale(1_00)
    authorisation = wallet.authorise(sale)
    shop.clock.advance(15)
    first = till.pay(sale, wallet, authorisation).json()
    assert (totals(till), totals(till, TOMORROW)) == ({}, {"payment": (1, 1_00)})
    again = till.pay(sale, wallet, authorisation, offline=True).json()
    assert (again["status"], again["receipt"]) == (first["status"], first["receipt"])
    assert (totals(till), totals(till, TOMORROW)) == ({"offline_payment": (1, 1_00)}, {})
    assert till.pay(sale, wallet, authorisation).json()["receipt"] == first["receipt"]
    assert (totals(till), totals(till, TOMORROW)) == ({"offline_payment": (1, 1_00)}, {})


def test_what_is_settled_stays_on_its_day(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    shop.clock.advance(TO_FOUR_IN_THE_MORNING_S - 10)
    sale = till.sale(1_00)
    authorisation = wallet.authorise(sale)
    shop.clock.advance(15)
    till.pay(sale, wallet, authorisation)
    shop.operator.call("POST", f"/settlements/{TOMORROW}")
    till.pay(sale, wallet, authorisation, offline=True)
    assert (totals(till), totals(till, TOMORROW)) == ({}, {"payment": (1, 1_00)})


def test_what_was_held_over_the_cut_off_counts_when_it_is_booked(magic_shop: Shop) -> None:
    till, wallet = magic_shop.till(), magic_shop.wallet()
    magic_shop.clock.advance(TO_FOUR_IN_THE_MORNING_S - 1)
    sale = till.sale(10_27)
    assert till.pay(sale, wallet).json()["status"] == "held"
    magic_shop.clock.advance(REVIEW_S)
    magic_shop.sweep()
    assert till.status(sale) == "approved"
    assert (totals(till), totals(till, TOMORROW)) == ({}, {"payment": (1, 10_27)})
    (entry,) = day(till, TOMORROW)["entries"]
    assert entry["business_date"] == TOMORROW


def test_what_comes_after_the_run_is_late_and_settled_next(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    till.pay(till.sale(5_00), wallet)
    sale = till.sale(1_00, online=False)
    authorisation = wallet.authorise(sale)
    shop.clock.advance(TO_FOUR_IN_THE_MORNING_S)
    assert day(till)["final"] is False
    assert shop.operator.call("POST", f"/settlements/{TODAY}").json() == {"business_date": TODAY, "settled": 1}
    till.pay(sale, wallet, authorisation, offline=True)
    till.pay(till.sale(9_00), wallet)
    shop.operator.call("POST", f"/settlements/{TOMORROW}")
    assert (totals(till), day(till)["final"]) == ({"payment": (1, 5_00)}, True)
    assert totals(till, TOMORROW) == {"payment": (1, 9_00), "late_payment": (1, 1_00)}


def test_a_run_settles_nothing_twice(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    till.pay(till.sale(5_00), wallet)
    runs = [shop.operator.call("POST", f"/settlements/{TODAY}").json()["settled"] for _ in range(2)]
    assert runs == [1, 0]
    assert totals(till) == {"payment": (1, 5_00)}


def test_a_run_settles_by_slices(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """One transaction for each entry took an hour for a day of a million."""
    monkeypatch.setattr(settlements, "SLICE", 3)
    till, wallet = shop.till(), shop.wallet()
    sales = [till.sale(10_00 + number) for number in range(7)]
    for sale in sales:
        assert till.pay(sale, wallet).json()["status"] == "approved"
    for sale in sales[:4]:
        till.refund(sale, 1_00)
    with counted(shop.backend.db.engine) as count:
        assert settlements.run(shop.backend, TODAY) == 7 + 4
    payments, refunds, merchants = 3, 2, 1
    assert count.commits == payments + refunds + merchants
    assert totals(till) == {"payment": (7, sum(10_00 + number for number in range(7))), "refund": (4, -4_00)}
    assert settlements.run(shop.backend, TODAY) == 0


def test_what_was_taken_back_since_it_was_listed_is_not_settled(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    kept, undone = till.sale(1_00), till.sale(2_00)
    for sale in (kept, undone):
        till.pay(sale, wallet)
    listed: list[Any] = []

    def read(session: Session) -> None:
        listed.extend(session.execute(select(PaymentRow.intent_key, PaymentRow.id).order_by(PaymentRow.id)).all())

    shop.backend.db.write(read)
    assert till.cancel(undone).json()["status"] == "cancelled"
    settled = shop.backend.db.write(lambda session: settlements._settle_payments(session, some=listed, on=TODAY))
    with shop.backend.db.read() as session:
        found = session.scalars(select(PaymentRow.settled_on).order_by(PaymentRow.id)).all()
    assert (settled, found) == (1, [TODAY, None])


def test_a_day_that_has_not_begun_is_not_run(shop: Shop) -> None:
    assert shop.operator.call("POST", f"/settlements/{TOMORROW}").json()["code"] == "day_not_begun"


@pytest.mark.parametrize("text", ["yesterday", "2027-13-01", "15.01.2027"])
def test_a_date_is_a_date(shop: Shop, text: str) -> None:
    assert shop.till().call("GET", f"/settlements/{text}").status_code == 422


def test_what_is_accepted_offline_while_it_is_held_counts_when_it_was_authorised(magic_shop: Shop) -> None:
    till, wallet = magic_shop.till(), magic_shop.wallet()
    magic_shop.clock.advance(TO_FOUR_IN_THE_MORNING_S - 5)
    sale = till.sale(10_27)
    authorisation = wallet.authorise(sale)
    assert till.pay(sale, wallet, authorisation).json()["status"] == "held"  # the answer is lost on its way
    assert till.pay(sale, wallet, authorisation, offline=True).json()["status"] == "held"
    magic_shop.clock.advance(REVIEW_S)
    magic_shop.sweep()
    assert till.status(sale) == "approved"
    assert (totals(till), totals(till, TOMORROW)) == ({"offline_payment": (1, 10_27)}, {})
