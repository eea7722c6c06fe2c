# SPDX-License-Identifier: Apache-2.0
"""Every ending that a terminal is told is signed: of intents by receipts, of refunds by words of their own."""

import json
from itertools import islice
from typing import Any

import pytest

from pengpos.core.times import LATE_PAYMENT_S
from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.receipt import Outcome, Receipt, ReceiptClaims
from sandbox.backend.records.database import Database
from tests.support.backend import Shop
from tests.support.event_streams import stream
from tests.support.shop import Till


def said(till: Till, text: str) -> ReceiptClaims:
    """What a receipt says; verified."""
    return Receipt.read(unb64u(text), till.issuers).claims


def said_of_refund(till: Till, text: str) -> dict[str, Any]:
    """What is signed of a refund; verified."""
    found: dict[str, Any] = json.loads(Sign1.read_issued(unb64u(text), till.issuers, Context.REFUND).payload)
    return found


def test_the_policy_says_that_endings_are_signed(shop: Shop) -> None:
    till = shop.till()
    raw = unb64u(till.call("GET", "/terminal/config").json()["policy"])
    assert json.loads(Sign1.read_issued(raw, till.issuers, Context.POLICY).payload)["signs_endings"] is True


def test_a_cancel_is_signed_wherever_it_is_told(real_shop: Shop) -> None:
    till = real_shop.till()
    sale = till.sale(18_80)
    with stream(till) as source:
        answer = till.cancel(sale).json()
        (event,) = islice(source, 1)
    intent = till.call("GET", f"/intents/{sale.intent_id}").json()
    for told in (answer["receipt"], answer["intent"]["receipt"], intent["receipt"], json.loads(event.data)["receipt"]):
        claims = said(till, told)
        assert (claims.outcome, claims.total_minor, claims.reason) == (Outcome.CANCELLED, 0, 22)
        assert (claims.intent_id.hex(), claims.terminal_id) == (sale.intent_id.replace("-", ""), till.terminal_id)
        assert claims.wallet_kid is None


def test_an_expiry_is_signed_as_soon_as_it_is_told(shop: Shop) -> None:
    till = shop.till()
    sale = till.sale(18_80)
    till.put(sale)
    assert "receipt" not in till.call("GET", f"/intents/{sale.intent_id}").json()
    shop.clock.advance(421)
    told = till.call("GET", f"/intents/{sale.intent_id}").json()
    assert (told["status"], said(till, told["receipt"]).outcome) == ("expired", Outcome.EXPIRED)


def test_what_was_said_to_have_expired_is_not_booked(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A payment may wait for its turn in the database for half a minute; its terminal asks meanwhile."""
    till, wallet = shop.till(), shop.wallet()
    assert till.pay(till.sale(1_00), wallet).json()["status"] == "approved"  # so that its merchant has an account
    sale = till.sale(18_80)
    till.put(sale)
    signed = wallet.authorise(sale)
    asked, write = list[str](), Database.write_in_order

    def late(*args: Any, **named: Any) -> Any:
        shop.clock.advance(30)
        asked.append(till.status(sale))
        return write(*args, **named)

    shop.clock.advance(sale.intent.claims.lifetime_s + LATE_PAYMENT_S)
    monkeypatch.setattr(Database, "write_in_order", late)
    answer = till.pay(sale, wallet, signed).json()
    assert (asked, answer["status"], answer["code"]) == (["expired"], "declined", "expired")
    assert (till.status(sale), wallet.balance()) == ("expired", 999_00)


def test_what_stands_has_the_receipt_of_its_payment(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    paid = till.pay(sale, wallet, offline=True).json()
    answer = till.cancel(sale).json()
    assert (answer["status"], answer["receipt"]) == ("settled", paid["receipt"])
    assert said(till, paid["receipt"]).outcome is Outcome.APPROVED


def test_a_receipt_names_key_and_terminal_and_by_the_page_no_key(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    by_tap, by_page = till.sale(18_80), till.sale(5_00)
    tapped = said(till, till.pay(by_tap, wallet).json()["receipt"])
    assert (tapped.wallet_kid, tapped.terminal_id) == (PublicKey.of(wallet.key).kid, till.terminal_id)
    till.put(by_page)
    wallet.call("POST", f"/intents/{by_page.intent_id}/pay")
    paged = said(till, till.call("GET", f"/intents/{by_page.intent_id}").json()["receipt"])
    assert (paged.outcome, paged.wallet_kid, paged.terminal_id) == (Outcome.APPROVED, None, till.terminal_id)


def test_a_second_payer_gets_a_receipt_that_names_the_first(shop: Shop) -> None:
    till, first, second = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80)
    till.pay(sale, first)
    told = till.pay(sale, second).json()
    assert (told["status"], said(till, told["receipt"]).wallet_kid) == ("already_paid", PublicKey.of(first.key).kid)


@pytest.mark.parametrize("amount", [None, 5_00])
def test_a_refund_is_signed_wherever_it_is_told(shop: Shop, amount: int | None) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    till.pay(sale, wallet)
    told = till.refund(sale, amount).json()
    (kept,) = till.call("GET", f"/intents/{sale.intent_id}").json()["payment"]["refunds"]
    for refund in (told, kept):
        word = said_of_refund(till, refund["signed"])
        assert word.pop("at")
        assert word == {
            "terminal_id": till.terminal_id,
            "intent_id": sale.intent_id,
            "refund_id": told["refund_id"],
            "state": "done",
            "amount": amount or 18_80,
            "currency": "CNY",
        }


def test_a_refund_of_too_much_is_refused_with_a_signature(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    till.pay(sale, wallet)
    refused = till.refund(sale, 18_81).json()
    word = said_of_refund(till, refused["refund"])
    assert (refused["code"], word["state"], word["amount"]) == ("exceeds_captured", "refused", 18_81)
    assert word["intent_id"] == sale.intent_id
