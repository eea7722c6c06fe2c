# SPDX-License-Identifier: Apache-2.0
"""Declined at sync, and the shopper is asked to pay it after all: what terminal, shopper and ledger say then."""

from uuid import UUID

import msgspec
import pytest

from pengpos.client import AlarmView, DayReport, DueView, SaleView, Status
from sandbox.phone.account import Account
from sandbox.phone.phone import VirtualPhone
from tests.support.counter import Counter, until

OPEN = DueView(state="open", amount=18_23)
PAID = DueView(state="paid", amount=18_23)
ALL = {"idempotency_key": "refund-1", "reason": "returned"}


def account(counter: Counter, phone: VirtualPhone) -> Account:
    return counter.sandbox.account(phone.store.note("token"))


def due_of(sale: SaleView) -> DueView | None:
    return sale.reason.due if sale.reason is not None else None


def intent_of(sale: SaleView) -> UUID:
    return UUID(sale.intents[-1].intent_id)


def alarm_of(counter: Counter, sale: SaleView, says: str) -> AlarmView:
    """The one alarm about a sale, once it says that."""

    def about(status: Status) -> list[AlarmView]:
        return [alarm for alarm in status.alarms if alarm.sale_id == sale.id]

    (alarm,) = about(counter.until_status(lambda status: any(says in alarm.text for alarm in about(status))))
    return alarm


def balance(counter: Counter, phone: VirtualPhone) -> int:
    return account(counter, phone).balances()[0].amount


def closed(counter: Counter) -> DayReport:
    """The day, held against the settlement."""
    return msgspec.json.decode(counter.call("POST", "/v1/day/close", {}).content, type=DayReport)


def guarantee(counter: Counter, minor: int) -> None:
    """By a policy of this terminal's own; of those that it may have held the one with the highest cap counts."""
    settings = {"risk": {"guaranteed": minor, "per_payment": 300_00}}
    assert counter.sandbox.operator.call("PUT", f"/terminals/{counter.terminal_id}/settings", settings).is_success
    counter.until_status(lambda status: status.queue.caps and status.queue.caps.per_payment == 300_00)  # by an event


@pytest.fixture
def stored(counter: Counter, phone: VirtualPhone) -> SaleView:
    """Accepted offline, and to be declined when it is sent."""
    counter.lose_the_backend()
    return counter.tap(counter.present("18.23"), phone, "accepted_offline")


@pytest.fixture
def asked(counter: Counter, stored: SaleView) -> SaleView:
    """Declined at sync; the shopper has been asked."""
    sale = counter.resolve(stored, "declined_at_sync")
    assert due_of(sale) == OPEN
    return sale


def test_asked_then_paid_and_nobody_is_frightened_any_more(
    counter: Counter, phone: VirtualPhone, asked: SaleView
) -> None:
    alarm = alarm_of(counter, asked, "the shopper has been asked to pay")
    assert not alarm.calm
    account(counter, phone).pay_due(intent_of(asked))
    sale = counter.until(asked, lambda seen: due_of(seen) == PAID)
    assert sale.state == "declined_at_sync"
    assert [step.state for step in sale.history] == [step.state for step in asked.history]
    assert balance(counter, phone) == 1_000_00 - 18_23
    news = alarm_of(counter, sale, "the shopper has since paid 18.23 CNY")
    assert (news.id, news.calm) == (alarm.id, True)
    counter.restart()
    assert due_of(counter.sale(sale)) == PAID
    assert alarm_of(counter, sale, "since") == news
    day = counter.status.day
    assert day is not None
    assert (day.count, day.declined_at_sync_count, day.declined_at_sync_total) == (0, 1, 18_23)
    assert (day.due_paid_count, day.due_paid_total) == (1, 18_23)


@pytest.mark.parametrize(
    ("guaranteed", "there"),
    [(2_000_00, (0, 0)), (10_00, (1, 8_23)), (0, (1, 18_23))],
    ids=["the guarantor had paid it", "a part of it", "the merchant bore it"],
)
def test_the_day_and_the_settlement_agree_about_it(
    counter: Counter, phone: VirtualPhone, guaranteed: int, there: tuple[int, int]
) -> None:
    """What the guarantor had paid goes back there; the rest is the merchant's."""
    guarantee(counter, guaranteed)
    counter.lose_the_backend()
    sale = counter.tap(counter.present("18.23"), phone, "accepted_offline")
    sale = counter.resolve(sale, "declined_at_sync")
    assert sale.reason is not None
    assert sale.reason.guaranteed == min(guaranteed, 18_23)
    taken = counter.tap(counter.present("6.00"), phone, "approved")
    account(counter, phone).pay_due(intent_of(sale))
    counter.until(sale, lambda seen: due_of(seen) == PAID)
    report = closed(counter)
    assert report.differences == []
    assert (report.here_count, report.here_total) == (report.there_count, report.there_total) == (1, taken.total)
    assert (report.declined_at_sync_count, report.due_paid_count, report.due_paid_total) == (1, 1, 18_23)
    assert (report.there_due_count, report.there_due_total) == there
    assert counter.sandbox.operator.ledger_is_balanced()


def test_paid_while_the_terminal_was_off(counter: Counter, phone: VirtualPhone, asked: SaleView) -> None:
    counter.close()
    account(counter, phone).pay_due(intent_of(asked))
    counter.open()
    counter.until(asked, lambda seen: due_of(seen) == PAID)
    counter.until_status(lambda status: status.alarms and all(alarm.calm for alarm in status.alarms))


def test_refused_and_paid_after_all(counter: Counter, phone: VirtualPhone, asked: SaleView) -> None:
    account(counter, phone).refuse_due(intent_of(asked))
    counter.until(asked, lambda seen: due_of(seen) == DueView(state="refused", amount=18_23))
    alarm = alarm_of(counter, asked, "the shopper refused to pay")
    assert not alarm.calm
    assert counter.call("POST", f"/v1/alarms/{alarm.id}/seen").is_success
    account(counter, phone).pay_due(intent_of(asked))
    counter.until(asked, lambda seen: due_of(seen) == PAID)
    assert alarm_of(counter, asked, "since").calm


def test_what_was_given_back_before_it_was_sent_is_not_asked_for(
    counter: Counter, phone: VirtualPhone, stored: SaleView
) -> None:
    answer = counter.call("POST", f"/v1/sales/{stored.id}/refunds", ALL | {"amount": 8_23})
    assert answer.json()["state"] == "queued"
    sale = counter.resolve(stored, "declined_at_sync")
    sale = counter.until(sale, lambda seen: due_of(seen) == DueView(state="open", amount=10_00))
    sale = counter.until(sale, lambda seen: [refund.state for refund in seen.refunds] == ["void"])
    account(counter, phone).pay_due(intent_of(sale))
    counter.until(sale, lambda seen: due_of(seen) == DueView(state="paid", amount=10_00))
    assert balance(counter, phone) == 1_000_00 - 10_00


def test_the_till_calls_it_off(counter: Counter, phone: VirtualPhone, asked: SaleView) -> None:
    """The shopper came back and paid another way, or brought the goods: a refund of all of it asks nobody any more."""
    assert "refunds" in asked.can
    assert counter.call("POST", f"/v1/sales/{asked.id}/refunds", ALL).status_code == 201
    sale = counter.until(asked, lambda seen: (due := due_of(seen)) is not None and due.state == "withdrawn")
    assert "refunds" not in sale.can
    assert alarm_of(counter, sale, "nothing more is owed").calm
    assert [due.state for due in account(counter, phone).dues()] == ["withdrawn"]
    assert balance(counter, phone) == 1_000_00


def test_once_paid_it_can_be_given_back(counter: Counter, phone: VirtualPhone, asked: SaleView) -> None:
    account(counter, phone).pay_due(intent_of(asked))
    counter.until(asked, lambda seen: due_of(seen) == PAID)
    too_much = counter.refused("POST", f"/v1/sales/{asked.id}/refunds", ALL | {"amount": 18_24})
    assert (too_much.status, too_much.code) == (422, "too_much")
    assert counter.call("POST", f"/v1/sales/{asked.id}/refunds", ALL).status_code == 201
    sale = counter.until(asked, lambda seen: [refund.state for refund in seen.refunds] == ["done"])
    assert (sale.state, due_of(sale), "refunds" in sale.can) == ("declined_at_sync", PAID, False)
    until(lambda: balance(counter, phone) == 1_000_00, "the money is back")
    day = counter.status.day
    assert day is not None
    assert (day.refunded_count, day.refunded_total) == (1, 18_23)
