# SPDX-License-Identifier: Apache-2.0
"""The card takes nothing at one step or another: nothing is shown that is not stored, nothing is charged twice, and the
terminal sells again once the card takes rows. Source: architecture ("journalled BEFORE anything is shown").
"""

import pytest

from pengpos.core.sale import SaleState
from pengpos.keys.last_heard import read_last_heard
from sandbox.phone.phone import VirtualPhone
from tests.support.counter import Counter, rows_into, until
from tests.support.road import loses_the_answer, refuses


def no_rows(_changes: object) -> bool:
    return True


def heal(counter: Counter) -> None:
    counter.journal.refuses = lambda _changes: False


def test_no_sale_begins_on_a_full_card(counter: Counter, phone: VirtualPhone) -> None:
    counter.journal.refuses = no_rows
    refused = counter.refused("POST", "/v1/sales", {"idempotency_key": "a", "amount": 18_80, "currency": "CNY"})
    assert (refused.status, refused.code) == (507, "journal_full")
    assert counter.status.sale is None
    alarm = next(alarm for alarm in counter.status.alarms if alarm.kind == "journal")
    assert alarm.text
    assert alarm.cure
    heal(counter)
    counter.tap(counter.present("18.80"), phone, "approved")
    assert counter.status.alarms == []
    assert counter.booked == [18_80]


def test_a_sale_that_cannot_be_presented_is_not_and_is_once_it_can(counter: Counter, phone: VirtualPhone) -> None:
    counter.journal.refuses = rows_into(SaleState.PRESENTED)
    sale = counter.charge("18.80")
    counter.until_status(lambda status: status.alarms)
    with counter.held(phone):
        assert counter.sale(sale).state == "signed"
        assert counter.booked == []
    heal(counter)
    counter.tap(counter.until(sale, "presented"), phone, "approved")
    assert counter.booked == [18_80]


def test_a_yes_that_cannot_be_stored_is_not_sent(counter: Counter, phone: VirtualPhone) -> None:
    sale = counter.present("18.80")
    counter.journal.refuses = rows_into(SaleState.AUTHORISED)
    with counter.held(phone):
        counter.until_status(lambda status: status.alarms)
        assert counter.sale(sale).state == "presented"
        assert counter.road.count("POST", "/v1/payments") == 0
        heal(counter)
        counter.until(sale, "approved")  # the same yes again: the phone remembers
    assert counter.booked == [18_80]


OUTCOMES = [
    ("approved", "18.80", SaleState.APPROVED, [18_80]),
    ("declined", "18.05", SaleState.DECLINED, []),
    ("held", "18.27", SaleState.PENDING, []),
]


@pytest.mark.parametrize(("amount", "state", "booked"), [row[1:] for row in OUTCOMES], ids=[row[0] for row in OUTCOMES])
def test_an_outcome_that_cannot_be_stored_is_not_shown(
    counter: Counter, phone: VirtualPhone, amount: str, state: SaleState, booked: list[int]
) -> None:
    sale = counter.present(amount)
    counter.journal.refuses = rows_into(state)
    with counter.held(phone):
        counter.until_status(lambda status: status.alarms)
        assert counter.sale(sale).state == "authorised"
        assert counter.road.count("POST", "/v1/payments") == 1
    heal(counter)
    counter.resolve(sale, state.value)
    assert counter.road.count("POST", "/v1/payments") == 1
    assert counter.booked == booked


def test_an_outcome_that_could_not_be_stored_before_the_power_went_is_asked_for(
    counter: Counter, phone: VirtualPhone
) -> None:
    sale = counter.present("18.80")
    counter.journal.refuses = rows_into(SaleState.APPROVED)
    with counter.held(phone):
        counter.until_status(lambda status: status.alarms)
    counter.restart()
    sale = counter.resolve(sale, "approved")
    assert "unknown" in [step.state for step in sale.history]
    assert counter.booked == [18_80]


def test_a_lost_answer_that_cannot_be_noted_is_noted_later(hasty: Counter, phone: VirtualPhone) -> None:
    hasty.road.silence_events()
    hasty.road.put(loses_the_answer(), "POST", "/v1/payments")
    sale = hasty.present("18.80")
    hasty.journal.refuses = rows_into(SaleState.UNKNOWN)
    with hasty.held(phone):
        hasty.until_status(lambda status: status.alarms)
        assert hasty.sale(sale).state == "authorised"
    heal(hasty)
    hasty.resolve(sale, "approved")
    assert hasty.booked == [18_80]


@pytest.mark.parametrize("state", [SaleState.CANCELLED, SaleState.EXPIRED], ids=["cancel", "time"])
def test_an_end_that_cannot_be_stored_has_not_come(counter: Counter, state: SaleState) -> None:
    sale = counter.present("18.80", ways=["reader"])
    counter.journal.refuses = rows_into(state)
    if state is SaleState.CANCELLED:
        assert counter.refused("POST", f"/v1/sales/{sale.id}/cancel", {"reason": "customer"}).code == "journal_full"
        assert counter.sale(sale).state == "presented"
        heal(counter)
        counter.tell(sale, "cancel", {"reason": "customer"})
    else:
        counter.pass_time(120)
        counter.until_status(lambda status: status.alarms)
        assert counter.sale(sale).state == "presented"
        heal(counter)
    counter.until(sale, state.value)


def test_a_cancel_that_cannot_be_noted_is_not_sent(hasty: Counter, phone: VirtualPhone) -> None:
    hasty.road.silence_events()
    hasty.road.put(loses_the_answer(), "POST", "/v1/payments")
    hasty.road.put(refuses(), "GET", "/v1/intents/.*")
    sale = hasty.tap(hasty.present("18.80"), phone, "unknown")
    sent = "/v1/intents/.*/cancel"

    def leaving(changes: object) -> bool:
        return any(change.sale.cancel and change.sale.cancel.sent for change in changes)  # type: ignore[attr-defined]  # sales only here

    hasty.journal.refuses = leaving
    hasty.tell(sale, "cancel", {"reason": "customer"})
    hasty.until_status(lambda status: status.alarms)
    assert hasty.road.count("POST", sent) == 0
    heal(hasty)
    hasty.resolve(sale, "reversed")
    assert hasty.road.count("POST", sent) >= 1  # again where the hasty one did not wait for the answer
    assert hasty.booked == []


def test_what_the_backend_tells_waits_for_the_card(counter: Counter, phone: VirtualPhone) -> None:
    """A refund of this amount fails later: that is told once, not to be lost, nor to be shown before it is stored."""
    sale = counter.tap(counter.present("18.26"), phone, "approved")
    answer = counter.call("POST", f"/v1/sales/{sale.id}/refunds", {"idempotency_key": "r", "reason": "returned"})
    assert answer.status_code == 201
    counter.until(sale, "refunded")
    counter.journal.refuses = no_rows
    counter.pass_time(6)
    counter.sandbox.sweep()
    counter.until_status(lambda status: [alarm.kind for alarm in status.alarms] == ["journal"])
    assert counter.sale(sale).state == "refunded"
    heal(counter)
    counter.until(sale, "approved")
    counter.restart()
    assert [(alarm.kind, alarm.sale_id) for alarm in counter.status.alarms] == [("refund_failed", sale.id)]


def test_an_alarm_that_a_person_has_seen_to_is_gone_for_good_once_the_card_takes_it(
    counter: Counter, phone: VirtualPhone
) -> None:
    sale = counter.tap(counter.present("18.26"), phone, "approved")
    counter.call("POST", f"/v1/sales/{sale.id}/refunds", {"idempotency_key": "r", "reason": "returned"})
    counter.until(sale, "refunded")
    counter.pass_time(6)
    counter.sandbox.sweep()
    (alarm,) = counter.until_status(lambda status: status.alarms).alarms
    counter.journal.refuses = no_rows
    assert counter.call("POST", f"/v1/alarms/{alarm.id}/seen").json()["alarms"] == []
    counter.restart()
    assert [kept.id for kept in counter.status.alarms] == [alarm.id]  # the power went before the card took it
    assert counter.call("POST", f"/v1/alarms/{alarm.id}/seen").status_code == 200
    until(lambda: not counter.journal.value("alarm", alarm.id), "stored that it was seen to")
    counter.restart()
    assert counter.status.alarms == []


@pytest.mark.parametrize(
    ("order", "body", "standing"), [("revoke", {}, "revoked"), ("commands", {"command": "lock"}, "locked")]
)
def test_a_terminal_stopped_on_a_full_card_stays_so_over_a_restart(
    counter: Counter, order: str, body: dict[str, str], standing: str
) -> None:
    counter.journal.refuses = no_rows
    assert counter.sandbox.operator.call("POST", f"/terminals/{counter.terminal_id}/{order}", body).is_success

    def is_kept() -> bool:
        found = read_last_heard(counter.home.last_heard, counter.terminal_id)
        return found is not None and found.standing == standing

    until(is_kept, "kept beside the enrolment")
    counter.close()
    counter.road.cut()
    counter.open()
    counter.road.cut()
    assert counter.status.terminal is not None
    assert counter.status.terminal.standing == standing
