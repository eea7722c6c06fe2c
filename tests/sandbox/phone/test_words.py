# SPDX-License-Identifier: Apache-2.0
"""The sentences a phone's owner reads: one for every event, payment and due, none missing and none unread."""

from dataclasses import replace
from typing import Any

import pytest

from pengpos.core.money import AMOUNT_LIMIT_MINOR, Money
from pengpos.core.reasons import Reason
from pengpos.wire.objects.intent import Purpose
from pengpos.wire.objects.receipt import Outcome
from pengpos.wire.objects.reply import Hint
from sandbox.phone import words
from sandbox.phone.account import AccountDue, AccountPayment
from sandbox.phone.wallet.events import (
    Asked,
    Authorised,
    Event,
    PaidAnotherWay,
    PaidByAnother,
    ReceiptKept,
    Refused,
)
from tests.support.phone_payments import BOOKED, DUE, INTENT, OFFER, SHOP, SIGNED

PAY, REFUSE = f"`pengpos phone dues --pay {INTENT}`", f"`pengpos phone dues --refuse {INTENT}`"


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Asked(offer=OFFER, hint=Hint.UNLOCK, total_minor=1880), ": unlock the phone, then tap again"),
        (Asked(offer=OFFER, hint=Hint.CONFIRM, total_minor=1880), ": confirm, then tap again"),
        (Asked(offer=OFFER, hint=Hint.CHOOSE, total_minor=1880), ": choose how to pay, then tap again"),
        (Asked(offer=OFFER, hint=Hint.CONFIRM, total_minor=1968),
         ", 19.68 CNY with tip and vouchers: confirm, then tap again"),
        (Asked(offer=OFFER, hint=Hint.CONFIRM, total_minor=AMOUNT_LIMIT_MINOR + 1), ": confirm, then tap again"),
        (Authorised(payment=SIGNED, again=False), ", authorised"),
        (Authorised(payment=SIGNED, again=True), ", the same answer as before"),
        (Refused(reason=Reason.NOT_ENOUGH_MONEY, offer=OFFER), ", not paid: insufficient funds"),
        (PaidAnotherWay(offer=OFFER), ", paid already by tag or QR: showed the receipt"),
        (PaidByAnother(payment=replace(SIGNED, released=True)),
         ", already paid by someone else; you were not charged"),
        (ReceiptKept(payment=replace(SIGNED, outcome=Outcome.DECLINED)), ", declined"),
    ],
)  # fmt: skip
def test_an_event_is_one_sentence_about_the_shop_and_the_amount(event: Event, said: str) -> None:
    assert words.of_event(event) == f"{SHOP} 18.80 CNY{said}"


def test_of_a_request_that_did_not_verify_nothing_is_shown() -> None:
    refused = words.of_event(Refused(reason=Reason.NOT_TRUSTED, detail="the issuer's signature"))
    assert refused == "Not paid: this terminal or its request could not be verified"


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason <= 7], ids=lambda reason: reason.name)
def test_every_no_of_a_wallet_has_its_own_sentence(reason: Reason) -> None:
    sentences = {words.of_event(Refused(reason=other)) for other in Reason if other <= 7 and other is not reason}
    assert words.of_event(Refused(reason=reason)) not in sentences


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "晨光咖啡 18.80 CNY"),
        ({"reference": "Tisch 7"}, "晨光咖啡 18.80 CNY (Tisch 7)"),
        ({"purpose": Purpose.CHECK_IN, "amount": Money(0, "CNY")}, "晨光咖啡 check-in"),
        ({"merchant": "{payment} %s"}, "{payment} %s 18.80 CNY"),
        ({"amount": Money(5, "JPY")}, "晨光咖啡 5 JPY"),
    ],
)
def test_an_offer_says_who_asks_for_what(changes: dict[str, Any], said: str) -> None:
    assert words.of_offer(replace(OFFER, **changes)) == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "18.80 CNY, authorised; no receipt has come yet"),
        ({"outcome": Outcome.APPROVED, "taken_minor": 1680}, "16.80 CNY, paid"),
        ({"outcome": Outcome.APPROVED, "url": "https://pay.example/r/1"},
         "18.80 CNY, paid, receipt https://pay.example/r/1"),
        ({"outcome": Outcome.ACCEPTED_OFFLINE},
         "18.80 CNY, accepted offline; it is booked once the shop is online again"),
        ({"outcome": Outcome.ACCEPTED_OFFLINE, "released": True},
         "18.80 CNY, already paid by someone else; you were not charged"),
        ({"outcome": Outcome.DECLINED, "taken_minor": 0}, "18.80 CNY, declined"),
        ({"outcome": Outcome.DECLINED, "reason": 23}, "18.80 CNY, declined (reason 23)"),
        ({"outcome": Outcome.DECLINED, "released": True}, "18.80 CNY, declined"),
    ],
)  # fmt: skip
def test_a_payment_by_tap_says_how_it_stands(changes: dict[str, Any], said: str) -> None:
    assert words.of_payment(replace(SIGNED, **changes)) == f"{SHOP} {said}"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "18.80 CNY, paid"),
        ({"status": "already_paid"}, "18.80 CNY, already paid by someone else"),
        ({"status": "held"}, "18.80 CNY, held for review"),
        ({"status": "a later one"}, "18.80 CNY, a later one"),
        ({"refunded": 880}, "18.80 CNY, paid, 8.80 CNY refunded"),
        ({"receipt_url": "https://pay.example/r/1"}, "18.80 CNY, paid, receipt https://pay.example/r/1"),
        ({"confirmation_code": "40718265"}, "18.80 CNY, paid. Tell the cashier this code: 40718265"),
        ({"status": "declined", "total": 0, "due": {"state": "open", "amount": 1880}},
         ("18.80 CNY, declined when the shop came online again; "
          "you are asked to pay it, see `pengpos phone dues`")),
        ({"status": "declined", "due": {"state": "later", "amount": 1}},
         "0.01 CNY, declined when the shop came online again; later"),
    ],
)  # fmt: skip
def test_a_booked_payment_says_how_it_stands(changes: dict[str, Any], said: str) -> None:
    assert words.of_account_payment(AccountPayment.model_validate(BOOKED | changes)) == f"{SHOP} {said}"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, (f"{SHOP} 18.80 CNY, please: you paid this while the shop was offline, and it was declined when the shop "
              f"came online again, because it came too late. To pay it: {PAY}. If it is not yours: {REFUSE}.")),
        ({"state": "refused"},
         f"{SHOP} 18.80 CNY, you declined to pay it. Should you change your mind: {PAY}."),
        ({"state": "paid"}, f"{SHOP} 18.80 CNY, paid later."),
        ({"state": "withdrawn", "amount": 0}, f"{SHOP}, nothing more is owed."),
        ({"state": "later"}, f"{SHOP} 18.80 CNY, later."),
    ],
)  # fmt: skip
def test_a_due_says_who_asks_why_and_what_can_be_done(changes: dict[str, Any], said: str) -> None:
    assert words.of_due(AccountDue.model_validate(DUE | changes)) == said


@pytest.mark.parametrize(
    ("language", "event", "payment"),
    [
        ("zh-Hans", "：请确认，再碰一次", "，付款成功，小票"),
        ("zh-Hant", "：請確認，再碰一次", "，付款成功，收據"),
        ("en", ": confirm, then tap again", ", paid, receipt "),
    ],
)
def test_its_owner_reads_them_in_their_language(
    language: str, event: str, payment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENGPOS_LANGUAGE", language)
    assert words.of_event(Asked(offer=OFFER, hint=Hint.CONFIRM, total_minor=1880)).endswith(event)
    assert payment in words.of_payment(replace(SIGNED, outcome=Outcome.APPROVED, url="https://pay.example/r/1"))
