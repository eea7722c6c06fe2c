# SPDX-License-Identifier: Apache-2.0
"""Cancel (backend API): final, a tombstone, and only by the terminal that signed the intent."""

import pytest

from pengpos.wire.encoding.base64url import unb64u
from pengpos.wire.objects.receipt import Outcome, Receipt
from tests.support.backend import Shop


def test_an_intent_never_heard_of_is_cancelled_and_stays_so(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    assert till.cancel(sale).json()["status"] == "cancelled"
    assert till.pay(sale, wallet).json()["code"] == "cancelled"
    assert till.put(sale).json()["status"] == "cancelled"
    assert wallet.call("POST", f"/intents/{sale.intent_id}/pay").json()["code"] == "cancelled"
    assert (till.status(sale), wallet.balance()) == ("cancelled", 1_000_00)


def test_what_was_taken_is_given_back(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    authorisation = wallet.authorise(sale)
    till.pay(sale, wallet, authorisation)
    for _ in range(2):  # the same question has the same answer
        answer = till.cancel(sale).json()
        assert (answer["status"], answer["given_back"]) == ("cancelled", 18_80)
    asked = till.call("GET", f"/intents/{sale.intent_id}").json()
    assert (asked["status"], asked["given_back"]) == ("cancelled", 18_80)
    never_paid = till.sale(18_80)
    assert "given_back" not in till.cancel(never_paid).json()
    assert "given_back" not in till.call("GET", f"/intents/{never_paid.intent_id}").json()
    assert (wallet.balance(), shop.operator.takings()) == (1_000_00, 0)
    told = till.pay(sale, wallet, authorisation).json()
    receipt = Receipt.read(unb64u(told["receipt"]), till.issuers)
    assert (told["status"], told["total"], receipt.claims.outcome) == ("declined", 0, Outcome.DECLINED)
    assert till.pay(sale, shop.wallet()).json()["code"] == "cancelled"


def test_a_second_payer_of_a_cancelled_intent_is_no_longer_told_that_it_is_paid(shop: Shop) -> None:
    till, first, second = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80)
    till.pay(sale, first)
    authorisation = second.authorise(sale)
    assert till.pay(sale, second, authorisation).json()["status"] == "already_paid"
    till.cancel(sale)
    assert till.pay(sale, second, authorisation).json()["status"] == "declined"


@pytest.mark.parametrize("why", ["partly refunded", "accepted offline", "settled in a settlement"])
def test_what_must_be_refunded_instead_is_settled(shop: Shop, why: str) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    till.pay(sale, wallet, offline=why == "accepted offline")
    if why == "partly refunded":
        till.refund(sale, 80)
    if why == "settled in a settlement":
        shop.operator.call("POST", "/settlements/2027-01-15")
    answer = till.cancel(sale).json()
    assert (answer["status"], answer["intent"]["status"]) == ("settled", "approved")
    assert answer["intent"]["payment"]["receipt"]
    assert till.refund(sale).json()["state"] == "done"


def test_unless_paid_it_gives_nothing_back_and_decides_nothing(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    till.put(sale)
    wallet.call("POST", f"/intents/{sale.intent_id}/pay")
    for _ in range(2):
        answer = till.cancel(sale, unless_paid=True).json()
        assert (answer["status"], answer["intent"]["status"]) == ("settled", "approved")
        assert answer["intent"]["payment"]["receipt"]
    assert (wallet.balance(), shop.operator.takings()) == (1_000_00 - 18_80, 18_80)
    assert till.cancel(sale).json()["status"] == "cancelled"  # the merchant has made up its mind
    assert till.cancel(sale, unless_paid=True).json()["status"] == "cancelled"
    assert wallet.balance() == 1_000_00


@pytest.mark.parametrize("known", ["claimed", "registered", "never heard of"])
def test_unless_paid_what_is_not_paid_ends(shop: Shop, known: str) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    if known != "never heard of":
        till.put(sale)
    if known == "claimed":
        wallet.call("POST", f"/intents/{sale.intent_id}/claim")
    assert till.cancel(sale, unless_paid=True).json()["status"] == "cancelled"
    assert till.pay(sale, wallet).json()["code"] == "cancelled"
    assert wallet.balance() == 1_000_00


def test_the_answer_is_final(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    paid, never = till.sale(18_80), till.sale(18_80)
    till.pay(paid, wallet, offline=True)
    for _ in range(2):
        assert till.cancel(paid).json()["status"] == "settled"
        assert till.cancel(never, "malfunction").json()["status"] == "cancelled"
        till.refund(paid)
        till.pay(never, wallet)
    assert wallet.balance() == 1_000_00


def test_a_held_payment_may_be_cancelled(magic_shop: Shop) -> None:
    till, wallet = magic_shop.till(), magic_shop.wallet()
    sale = till.sale(10_27)
    assert till.pay(sale, wallet).json()["status"] == "held"
    assert till.cancel(sale).json()["status"] == "cancelled"
    magic_shop.clock.advance(3600)
    magic_shop.sweep()
    assert (till.status(sale), wallet.balance()) == ("cancelled", 1_000_00)


def test_a_payment_by_the_page_is_given_back_too(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80, online=False)
    wallet.call("POST", f"/intents/{sale.text}/pay")
    assert wallet.balance() == 981_20
    assert till.cancel(sale).json()["status"] == "cancelled"
    assert wallet.balance() == 1_000_00


def test_the_path_and_the_presentation_name_the_same_intent(shop: Shop) -> None:
    till = shop.till()
    one, other = till.sale(1), till.sale(2)
    body = {"presentation": one.text, "reason": "customer"}
    assert till.call("POST", f"/intents/{other.intent_id}/cancel", body).json()["code"] == "bad_presentation"


@pytest.mark.parametrize("reason", ["customer", "merchant", "malfunction", "unable_to_complete"])
def test_every_reason_is_taken(shop: Shop, reason: str) -> None:
    till = shop.till()
    assert till.cancel(till.sale(1), reason).status_code == 200
    assert till.cancel(till.sale(1), "boredom").status_code == 422
