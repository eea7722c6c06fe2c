# SPDX-License-Identifier: Apache-2.0
"""What a phone's screen tells the page: the kind, the shop and the figures of each event, payment, due and refusal."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pengpos.core.reasons import Reason
from pengpos.wire.objects.receipt import Outcome
from pengpos.wire.objects.reply import Hint
from sandbox.phone.account import AccountDue, AccountPayment, BackendRefusedError
from sandbox.phone.phone import VirtualPhone
from sandbox.phone.wallet.events import (
    Asked,
    Authorised,
    Event,
    PaidAnotherWay,
    PaidByAnother,
    ReceiptKept,
    Refused,
)
from sandbox.phone.wallet.store import Signed
from sandbox.phone.workbench import CNY_200, Bench
from sandbox.simulator import showing
from tests.support.phone_payments import BOOKED, DUE, INTENT, OFFER, SHOP, SIGNED

ASKED = {"merchant": SHOP, "amount": 1880, "currency": "CNY", "currency_digits": 2}
PAYMENT = {"merchant": SHOP, "total": 1880, "currency": "CNY", "currency_digits": 2, "intent": INTENT}


@pytest.mark.parametrize(
    ("event", "screen"),
    [
        *(
            (Asked(offer=OFFER, hint=hint, total_minor=1968), {**ASKED, "kind": "asked", "hint": name, "total": 1968})
            for hint, name in {Hint.UNLOCK: "unlock", Hint.CONFIRM: "confirm", Hint.CHOOSE: "choose"}.items()
        ),
        (Authorised(payment=SIGNED, again=False), {**PAYMENT, "kind": "authorised", "again": False}),
        (Authorised(payment=SIGNED, again=True), {**PAYMENT, "kind": "authorised", "again": True}),
        (Refused(reason=Reason.OVER_A_LIMIT, offer=OFFER), {**ASKED, "kind": "refused", "reason": 2}),
        (Refused(reason=Reason.NOT_TRUSTED, detail="a signature"), {"kind": "refused", "reason": 3}),
        (PaidAnotherWay(offer=OFFER), {**ASKED, "kind": "paid_another_way"}),
        (PaidByAnother(payment=replace(SIGNED, released=True)), {**PAYMENT, "kind": "paid_by_another"}),
        (ReceiptKept(payment=replace(SIGNED, outcome=Outcome.ACCEPTED_OFFLINE)), {**PAYMENT, "kind": "stored"}),
        (ReceiptKept(payment=replace(SIGNED, outcome=Outcome.DECLINED, taken_minor=0, reason=23)),
         {**PAYMENT, "kind": "declined", "reason": 23}),
        (ReceiptKept(payment=replace(SIGNED, outcome=Outcome.APPROVED, taken_minor=1680, url="https://pay.example/r")),
         {**PAYMENT, "kind": "paid", "total": 1680, "url": "https://pay.example/r"}),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else type(value).__name__,
)  # fmt: skip
def test_an_event_has_its_screen(event: Event, screen: dict[str, Any]) -> None:
    assert showing.of_event(event) == screen
    assert json.loads(json.dumps(screen)) == screen


@pytest.mark.parametrize(("agrees", "kind"), [(True, "confirmed"), (False, "denied")])
def test_a_decision_is_shown_with_what_it_is_about(agrees: bool, kind: str) -> None:
    asked = Asked(offer=OFFER, hint=Hint.CONFIRM, total_minor=1968)
    assert showing.of_decision(asked, agrees=agrees) == {**ASKED, "kind": kind, "total": 1968}


@pytest.mark.parametrize(
    ("changes", "screen"),
    [
        ({}, {"kind": "paid"}),
        ({"status": "held"}, {"kind": "held"}),
        ({"status": "already_paid"}, {"kind": "paid_by_another"}),
        ({"status": "declined"}, {"kind": "declined"}),
        ({"status": "a later one"}, {"kind": "declined"}),
        ({"confirmation_code": "40718265"}, {"kind": "paid", "code": "40718265"}),
        ({"receipt_url": "https://pay.example/r"}, {"kind": "paid", "url": "https://pay.example/r"}),
    ],
    ids=str,
)
def test_what_came_of_a_scan(changes: dict[str, Any], screen: dict[str, Any]) -> None:
    shown = showing.of_account_payment(AccountPayment.model_validate(BOOKED | changes))
    assert shown == {"merchant": SHOP, "total": 1880, "currency": "CNY", "currency_digits": 2, **screen}


@pytest.mark.parametrize(
    ("code", "screen"),
    [
        ("already_paid", {"kind": "paid_by_another"}),
        ("insufficient_funds", showing.NOT_ENOUGH),
        ("withdrawn", {"kind": "due_withdrawn"}),
        ("expired", {"kind": "trouble", "detail": "too late (409 expired)"}),
        ("", {"kind": "trouble", "detail": "too late (409)"}),
    ],
)
def test_a_refusal_by_the_backend(code: str, screen: dict[str, Any]) -> None:
    assert showing.refused(BackendRefusedError(409, code, "too late")) == screen


def dues(*states: str) -> list[AccountDue]:
    """So many dues, each of an intent of its own; the first is `SIGNED`'s."""
    return [
        AccountDue.model_validate(DUE | {"intent_id": f"{INTENT[:-1]}{number + 1}", "state": state})
        for number, state in enumerate(states)
    ]


def test_a_due_says_who_asks_for_how_much_and_why() -> None:
    (due,) = dues("open")
    assert showing.of_due(due) == {**PAYMENT, "kind": "due_open", "why": "expired"}


def test_only_what_is_open_is_asked_the_newest_first_and_not_too_many() -> None:
    asked = showing.asked(dues("paid", "open", "refused", "open", "open", "open"))
    assert [one["intent"][-1] for one in asked] == ["2", "4", "5"]
    assert len(asked) == showing.DUES_MOST


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[VirtualPhone]:
    with VirtualPhone(tmp_path) as phone:
        yield phone


def test_a_fresh_phone_has_nothing_to_show(phone: VirtualPhone) -> None:
    assert (showing.balances(phone), showing.history(phone)) == ([], [])


def test_history_has_the_last_payments_and_what_was_paid_after_all(
    phone: VirtualPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = [
        replace(SIGNED, intent_id=SIGNED.intent_id[:-1] + bytes([number]), outcome=Outcome.DECLINED)
        for number in range(1, 7)
    ]

    def history(most: int) -> list[Signed]:
        return signed[:most]

    monkeypatch.setattr(phone.store, "history", history)
    shown = showing.history(phone, dues("paid", "open"))
    assert [one["kind"] for one in shown] == ["due_paid", "declined", "declined", "declined"]
    assert len(shown) == showing.HISTORY_MOST


def test_balances_say_what_is_held_and_what_may_be_promised_offline(
    phone: VirtualPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench()
    bench.give_new(allowance=CNY_200)
    bench.store.set_balance("CNY", 100_000, 50_000)
    bench.store.set_balance("EUR", 7)
    bench.authorised()
    monkeypatch.setattr(phone, "store", bench.store)
    monkeypatch.setattr(phone, "wallet", bench.wallet)
    assert showing.balances(phone) == [
        {
            "currency": "CNY",
            "currency_digits": 2,
            "amount": 98_120,
            "available": 48_120,
            "set_aside": 50_000,
            "promisable": 48_120,
            "promised": 1_880,
        },
        {
            "currency": "EUR",
            "currency_digits": 2,
            "amount": 7,
            "available": 7,
            "set_aside": 0,
            "promisable": 0,
            "promised": 0,
        },
    ]
