# SPDX-License-Identifier: Apache-2.0
"""Held for a person (backend API): what a revoked key orders waits, an operator decides, the terminal is told."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from pengpos.core.sale import refund_id_after_cancel
from sandbox.backend.kernel import limits
from sandbox.backend.records.tables import EventKind, EventRow
from tests.support.backend import Shop
from tests.support.shop import Sale, Till, Wallet


def revoke(shop: Shop, till: Till) -> None:
    assert shop.operator.call("POST", f"/terminals/{till.terminal_id}/revoke").status_code == 204


def reviews(shop: Shop, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.operator.call("GET", f"/reviews{query}").json()["reviews"]
    return found


def decide(shop: Shop, *, approve: bool, review: int = -1) -> int:
    number = reviews(shop)[review]["review_id"]
    return shop.operator.call("POST", f"/reviews/{number}", {"approve": approve}).status_code


def told(shop: Shop, till: Till, kind: EventKind) -> dict[str, Any]:
    """The data of the terminal's newest event of a kind."""
    with shop.backend.db.read() as session:
        found = select(EventRow).where(EventRow.terminal_id == till.terminal_id, EventRow.kind == kind)
        return session.scalars(found.order_by(EventRow.seq.desc())).all()[0].data


@pytest.fixture
def paid(shop: Shop, till: Till, wallet: Wallet) -> Sale:
    """Paid while the terminal was good; it has been revoked since."""
    sale = till.sale(18_80)
    till.pay(sale, wallet)
    revoke(shop, till)
    return sale


def test_a_refund_of_a_revoked_key_is_held_with_an_alarm(shop: Shop, till: Till, wallet: Wallet, paid: Sale) -> None:
    refund_id = str(uuid4())
    answers = [till.refund(paid, 8_80, refund_id).json() for _ in range(2)]
    held = {"refund_id": refund_id, "state": "held", "amount": 8_80, "currency": "CNY", "currency_digits": 2}
    assert answers == [held] * 2
    assert (wallet.balance(), shop.operator.takings()) == (981_20, 18_80)
    (review,) = reviews(shop)
    assert (review["kind"], review["subject"], review["why"], review["state"]) == (
        "refund", refund_id, "revoked", "open"
    )  # fmt: skip
    assert (review["terminal_id"], review["decided_at"], review["decided_by"]) == (till.terminal_id, None, None)
    assert review["detail"] == {
        "intent_id": paid.intent_id, "amount": 8_80, "total": 18_80, "refunded": 0, "currency": "CNY",
        "reason": "returned",
    }  # fmt: skip
    assert shop.operator.alarms() == ["order_held"]


def test_approved_it_is_done_and_its_terminal_is_told(shop: Shop, till: Till, wallet: Wallet, paid: Sale) -> None:
    refund_id = str(uuid4())
    till.refund(paid, 8_80, refund_id)
    assert decide(shop, approve=True) == 204
    assert wallet.balance() == 990_00
    assert told(shop, till, EventKind.PAYMENT)["refunds"][0]["state"] == "done"
    assert till.refund(paid, 8_80, refund_id).json()["state"] == "done"
    review = reviews(shop)[0]
    assert (review["state"], review["decided_by"], review["decided_at"]) == (
        "approved", "root", "2027-01-15T08:00:00Z"
    )  # fmt: skip


def test_refused_it_fails_and_its_terminal_is_told_why(shop: Shop, till: Till, wallet: Wallet, paid: Sale) -> None:
    refund_id = str(uuid4())
    till.refund(paid, None, refund_id)
    assert decide(shop, approve=False) == 204
    (refund,) = told(shop, till, EventKind.PAYMENT)["refunds"]
    assert (refund["state"], refund["code"]) == ("failed", "review_refused")
    answer = till.refund(paid, None, refund_id).json()
    assert answer.pop("signed")
    assert answer == refund
    assert (wallet.balance(), shop.operator.takings()) == (981_20, 18_80)


def test_it_counts_on_the_day_on_which_it_was_decided(shop: Shop, till: Till, paid: Sale) -> None:
    till.refund(paid, 8_80)
    shop.clock.advance(86_400)
    decide(shop, approve=True)
    days = [till.call("GET", f"/settlements/2027-01-{day}").json()["totals"] for day in (15, 16)]
    assert [[(total["kind"], total["amount"]) for total in day] for day in days] == [
        [("payment", 18_80)], [("refund", -8_80)]
    ]  # fmt: skip


def test_never_more_than_captured_also_when_it_is_decided(shop: Shop, till: Till, wallet: Wallet, paid: Sale) -> None:
    assert till.refund(paid, 18_81).json()["code"] == "exceeds_captured"
    for _ in range(2):
        assert till.refund(paid, 10_00).json()["state"] == "held"
    assert decide(shop, approve=True, review=0) == 204
    assert decide(shop, approve=True, review=1) == 409
    assert [review["state"] for review in reviews(shop)] == ["approved", "open"]
    assert decide(shop, approve=False, review=1) == 204
    assert wallet.balance() == 991_20


def test_a_key_has_so_many_refunds_of_one_sale_held_and_what_waits_is_decided_first(
    shop: Shop, till: Till, paid: Sale
) -> None:
    most = limits.HELD_REFUNDS.most
    answers = [till.refund(paid, 1) for _ in range(most + 3)]
    assert [answer.status_code for answer in answers] == [200] * most + [429] * 3
    assert answers[-1].json()["code"] == "too_many"
    counted = sum(alarm["count"] for alarm in shop.operator.call("GET", "/alarms").json())
    assert len(reviews(shop)) == counted == most
    assert decide(shop, approve=False) == 204
    assert till.refund(paid, 1).json()["state"] == "held"


def test_a_cancel_of_a_revoked_key_is_held_with_an_alarm(shop: Shop, till: Till, wallet: Wallet, paid: Sale) -> None:
    for _ in range(2):
        answer = till.cancel(paid, "merchant").json()
        assert (answer["status"], answer["intent"]["status"]) == ("held", "approved")
    assert (wallet.balance(), shop.operator.alarms()) == (981_20, ["order_held"])
    (review,) = reviews(shop, "?state=open")
    assert (review["kind"], review["subject"]) == ("cancel", paid.intent_id)
    assert review["detail"] == {
        "intent_id": paid.intent_id, "amount": 18_80, "currency": "CNY", "reason": "merchant"
    }  # fmt: skip


def test_an_approved_cancel_gives_it_back(shop: Shop, till: Till, wallet: Wallet, paid: Sale) -> None:
    till.cancel(paid)
    assert decide(shop, approve=True) == 204
    assert told(shop, till, EventKind.INTENT)["status"] == "cancelled"
    assert (till.cancel(paid).json()["status"], wallet.balance()) == ("cancelled", 1_000_00)
    assert reviews(shop, "?state=open") == []


def test_an_approved_cancel_that_came_too_late_is_the_refund_the_terminal_asks_for_then(
    shop: Shop, till: Till, wallet: Wallet, paid: Sale
) -> None:
    shop.operator.call("POST", "/settlements/2027-01-15")
    till.cancel(paid)
    assert decide(shop, approve=True) == 204
    answer = till.cancel(paid).json()
    assert (answer["status"], "code" in answer, wallet.balance()) == ("settled", False, 1_000_00)
    refund_id = str(refund_id_after_cancel(UUID(paid.intent_id)))
    assert till.refund(paid, None, refund_id).json()["state"] == "done"
    assert len(reviews(shop)) == 1


def test_a_refused_cancel_leaves_it_paid_and_says_so(shop: Shop, till: Till, wallet: Wallet, paid: Sale) -> None:
    till.cancel(paid)
    assert decide(shop, approve=False) == 204
    assert told(shop, till, EventKind.INTENT)["status"] == "approved"
    for _ in range(2):
        answer = till.cancel(paid).json()
        assert (answer["status"], answer["code"]) == ("settled", "review_refused")
    assert (wallet.balance(), shop.operator.takings()) == (981_20, 18_80)


def test_where_nothing_was_taken_a_cancel_ends_it_and_leaves_no_tombstone(shop: Shop, till: Till) -> None:
    wallet, sale, stored = shop.wallet(), till.sale(18_80), till.sale(30_00, online=False)
    authorisation = wallet.authorise(stored)
    shop.clock.advance(1)
    revoke(shop, till)
    for one in (sale, stored):
        answer = till.cancel(one).json()
        assert (answer["status"], answer["intent"]["status"]) == ("cancelled", "expired")
    assert wallet.call("POST", f"/intents/{sale.text}/pay").status_code == 409
    items = {"payments": [till.item(stored, wallet, authorisation, offline=True)]}
    assert till.call("POST", "/payments/batch", items).json()["verdicts"][0]["status"] == "held"
    assert (reviews(shop), shop.operator.alarms()) == ([], ["order_held"])  # of the payment, which waits for a person


def test_a_cancel_of_what_is_held_itself_waits_for_both(shop: Shop, till: Till, wallet: Wallet) -> None:
    stored = till.sale(30_00, online=False)
    authorisation = wallet.authorise(stored)
    shop.clock.advance(1)
    revoke(shop, till)
    till.call("POST", "/payments/batch", {"payments": [till.item(stored, wallet, authorisation, offline=True)]})
    assert till.cancel(stored).json()["status"] == "held"
    decide(shop, approve=False)
    assert till.cancel(stored).json()["status"] == "held"
    shop.operator.call("POST", f"/payments/{stored.intent_id}/review", {"approve": True})
    answer = till.cancel(stored).json()
    assert (answer["status"], answer["code"], answer["intent"]["status"]) == ("settled", "review_refused", "approved")


def test_a_decision_stands(shop: Shop, till: Till, paid: Sale) -> None:
    till.refund(paid, 8_80)
    number = reviews(shop)[0]["review_id"]
    says = [shop.operator.call("POST", f"/reviews/{number}", {"approve": yes}) for yes in (True, True, False)]
    assert [answer.status_code for answer in says] == [204, 204, 409]
    assert says[-1].json()["code"] == "review_decided"
    assert shop.operator.call("POST", "/reviews/999", {"approve": True}).status_code == 404


def test_reviews_come_in_pages_and_by_state(shop: Shop, till: Till, paid: Sale) -> None:
    for _ in range(3):
        till.refund(paid, 1_00)
    decide(shop, approve=True, review=1)
    first = shop.operator.call("GET", "/reviews?limit=2").json()
    rest = shop.operator.call("GET", f"/reviews?limit=2&next={first['next']}").json()
    assert [review["state"] for page in (first, rest) for review in page["reviews"]] == ["open", "approved", "open"]
    assert rest["next"] is None
    assert [len(reviews(shop, f"?state={state}")) for state in ("open", "approved", "refused")] == [2, 1, 0]


def test_among_a_flood_the_refund_that_a_shop_speaks_of_is_found(shop: Shop, till: Till, wallet: Wallet) -> None:
    """A thief asks for eight refunds of each sale; the shop says on the telephone which of its sales it means."""
    quiet, meant, *others = sales = [till.sale(10_00) for _ in range(5)]
    for sale in sales:
        till.pay(sale, wallet)
    revoke(shop, till)
    for sale in (*others, meant):
        for _ in range(8 if sale is not meant else 1):
            till.refund(sale, 1_00)
    till.cancel(quiet)
    other = shop.till()
    listed = shop.operator.call("GET", "/reviews?limit=1").json()
    assert [(entry["terminal_id"], entry["kind"], entry["open"], entry["sales"]) for entry in listed["waiting"]] == [
        (till.terminal_id, "refund", 25, 4), (till.terminal_id, "cancel", 1, 1),
    ]  # fmt: skip
    (found,) = reviews(shop, f"?terminal_id={till.terminal_id}&intent_id={meant.intent_id}")
    assert found["detail"]["intent_id"] == meant.intent_id
    assert reviews(shop, f"?terminal_id={other.terminal_id}") == []
    assert len(reviews(shop, f"?terminal_id={till.terminal_id}&state=open")) == 26
    assert reviews(shop, f"?intent_id={UUID(int=1)}") == []


def test_a_terminal_that_is_trusted_is_not_asked_about(shop: Shop, till: Till, wallet: Wallet) -> None:
    sale, other = till.sale(18_80), till.sale(5_00)
    till.pay(sale, wallet)
    till.pay(other, wallet)
    assert (till.refund(sale).json()["state"], till.cancel(other).json()["status"]) == ("done", "cancelled")
    assert (reviews(shop), shop.operator.alarms()) == ([], [])
