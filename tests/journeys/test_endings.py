# SPDX-License-Identifier: Apache-2.0
"""Every ending that the sandbox plays by the last two digits. Source: backend API, "Money for testing"."""

import pytest

from pengpos.core.reasons import Reason
from sandbox.phone.phone import VirtualPhone
from terminal.api.reason_words import WORDS
from terminal.device.words import sentences
from tests.support.counter import Counter, assert_says

DECLINED = [
    ("18.01", Reason.DECLINED_BY_BACKEND, "call_issuer", Reason.DECLINED_BY_BACKEND),
    ("18.05", Reason.DECLINED_BY_BACKEND, "declined", Reason.DECLINED_BY_BACKEND),
    ("18.51", Reason.DECLINED_BY_BACKEND, "insufficient_funds", Reason.NOT_ENOUGH_MONEY),
    ("18.54", Reason.CREDENTIAL_EXPIRED, "credential_expired", Reason.CREDENTIAL_EXPIRED),
    ("18.24", Reason.DECLINED_BY_BACKEND, "soft_decline", Reason.DECLINED_BY_BACKEND),
]


@pytest.mark.parametrize(("amount", "reason", "detail", "words"), DECLINED, ids=[row[2] for row in DECLINED])
def test_declined(
    counter: Counter, phone: VirtualPhone, amount: str, reason: Reason, detail: str, words: Reason
) -> None:
    sale = counter.tap(counter.present(amount), phone, "declined")
    assert_says(sale, reason)
    assert sale.reason is not None
    assert sale.reason.detail == detail
    assert sale.reason.shopper_in == sentences(WORDS[words].shopper)
    assert sale.can == ["again"]
    assert counter.booked == []


def test_the_next_shopper_pays_after_a_decline(counter: Counter, phone: VirtualPhone) -> None:
    counter.tap(counter.present("18.05"), phone, "declined")
    counter.tap(counter.present("6.00"), phone, "approved")
    assert counter.booked == [6_00]


def test_a_soft_decline_is_approved_when_tried_again(counter: Counter, phone: VirtualPhone) -> None:
    sale = counter.tap(counter.present("18.24"), phone, "declined")
    again = counter.tell(sale, "again")
    assert (again.state in {"signed", "presented"}, len(again.intents)) == (True, 2)
    sale = counter.until(sale, "presented")
    sale = counter.tap(sale, phone, "approved")
    assert [intent.state for intent in sale.intents] == ["declined", "approved"]
    assert len({intent.intent_id for intent in sale.intents}) == 2
    assert counter.booked == [18_24]


def test_an_answer_told_twice_counts_once(counter: Counter, phone: VirtualPhone) -> None:
    sale = counter.tap(counter.present("18.21"), phone, "approved")
    counter.tap(counter.present("6.00"), phone, "approved")  # by now the second telling has come, too
    assert [step.state for step in counter.sale(sale).history].count("approved") == 1
    assert counter.booked == [6_00, 18_21]


@pytest.mark.parametrize("amount", ["18.28", "18.22", "18.29"], ids=["lost", "slow", "after the event"])
def test_an_event_is_as_good_as_the_answer(counter: Counter, phone: VirtualPhone, amount: str) -> None:
    counter.sandbox.slow.clear()
    try:
        sale = counter.tap(counter.present(amount), phone, "approved")
        assert sale.total == 18_00 + int(amount[-2:])
    finally:
        counter.sandbox.slow.set()
    assert counter.booked == [sale.total]


@pytest.mark.parametrize("amount", ["18.28", "18.22"], ids=["lost", "slow"])
def test_without_an_answer_it_is_unknown_until_the_backend_is_asked(
    hasty: Counter, phone: VirtualPhone, amount: str
) -> None:
    hasty.road.silence_events()
    hasty.sandbox.slow.clear()
    try:
        sale = hasty.tap(hasty.present(amount), phone, lambda seen: "unknown" in [step.state for step in seen.history])
        assert sale.reason is None
        sale = hasty.until(sale, "approved")
    finally:
        hasty.sandbox.slow.set()
    assert [step.state for step in sale.history] == ["signed", "presented", "authorised", "unknown", "approved"]
    assert hasty.booked == [sale.total]


def test_held_it_waits_aside_until_somebody_has_looked(counter: Counter, phone: VirtualPhone) -> None:
    held = counter.tap(counter.present("18.27"), phone, "pending")
    assert held.parked
    assert held.can == ["cancel"]
    counter.tap(counter.present("6.00"), phone, "approved")  # the counter is free meanwhile
    assert [sale.id for sale in counter.status.parked] == [held.id]
    counter.pass_time(11)
    counter.sandbox.sweep()
    counter.until(held, "approved")
    assert counter.status.parked == []
    assert counter.booked == [6_00, 18_27]


def test_held_it_may_be_cancelled(counter: Counter, phone: VirtualPhone) -> None:
    held = counter.tap(counter.present("18.27"), phone, "pending")
    counter.tell(held, "cancel", {"reason": "customer"})
    counter.until(held, "cancelled")
    assert counter.booked == []
