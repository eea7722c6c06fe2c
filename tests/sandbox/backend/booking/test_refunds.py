# SPDX-License-Identifier: Apache-2.0
"""Refunds (backend API): whole or part, never more than captured, one answer a `refund_id`."""

from uuid import uuid4

from tests.support.backend import Shop


def test_parts_add_up_and_the_rest_is_what_is_left(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    till.pay(sale, wallet)
    answers = [till.refund(sale, 5_00).json(), till.refund(sale, 3_80).json(), till.refund(sale).json()]
    assert [(answer["state"], answer["amount"]) for answer in answers] == [
        ("done", 5_00), ("done", 3_80), ("done", 10_00)
    ]  # fmt: skip
    assert (wallet.balance(), shop.operator.takings()) == (1_000_00, 0)
    payment = till.call("GET", f"/intents/{sale.intent_id}").json()["payment"]
    assert (payment["status"], payment["refunded"], len(payment["refunds"])) == ("approved", 18_80, 3)


def test_never_more_than_captured(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    till.pay(sale, wallet)
    till.refund(sale, 10_00)
    answer = till.refund(sale, 8_81)
    assert (answer.status_code, answer.json()["code"], answer.json()["captured"]) == (409, "exceeds_captured", 8_80)
    assert till.refund(sale, 8_80).json()["state"] == "done"
    assert till.refund(sale).json()["amount"] == 0


def test_the_same_refund_again_gives_the_same_answer(shop: Shop) -> None:
    till, wallet, refund_id = shop.till(), shop.wallet(), str(uuid4())
    sale = till.sale(18_80)
    till.pay(sale, wallet)
    answers = [till.refund(sale, 5_00, refund_id).json() for _ in range(3)]
    assert answers == [answers[0]] * 3
    assert wallet.balance() == 986_20


def test_the_same_id_for_something_else_is_a_conflict(shop: Shop) -> None:
    till, wallet, refund_id = shop.till(), shop.wallet(), str(uuid4())
    sale, other = till.sale(18_80), till.sale(18_80)
    till.pay(sale, wallet)
    till.pay(other, wallet)
    till.refund(sale, 5_00, refund_id)
    assert till.refund(sale, 5_01, refund_id).json()["code"] == "conflict"
    assert till.refund(sale, None, refund_id).json()["code"] == "conflict"
    assert till.refund(other, 5_00, refund_id).json()["code"] == "conflict"


def test_before_the_payment_is_booked_it_is_unknown(magic_shop: Shop) -> None:
    till, wallet = magic_shop.till(), magic_shop.wallet()
    never, put, held = till.sale(1_00), till.sale(1_00), till.sale(10_27)
    till.put(put)
    till.pay(held, wallet)
    for sale in (never, put, held):
        answer = till.refund(sale)
        assert (answer.status_code, answer.json()["code"]) == (404, "payment_unknown")


def test_a_refund_before_its_offline_payment_waits_also_after_expiry(shop: Shop) -> None:
    till, wallet, refund_id = shop.till(), shop.wallet(), str(uuid4())
    sale = till.sale(18_80)
    authorisation = wallet.authorise(sale)
    shop.clock.advance(3600)
    till.pay(sale, wallet, authorisation)  # expired, but it may still turn out to be accepted
    assert till.refund(sale, None, refund_id).json()["code"] == "payment_unknown"
    till.pay(sale, wallet, authorisation, offline=True)
    assert till.refund(sale, None, refund_id).json()["state"] == "done"
    assert wallet.balance() == 1_000_00


def test_a_refund_of_a_declined_or_cancelled_payment_is_void(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    declined, cancelled = till.sale(1_000_01), till.sale(1_00)
    till.pay(declined, wallet)
    till.pay(cancelled, wallet)
    till.cancel(cancelled)
    assert [till.refund(sale).json()["state"] for sale in (declined, cancelled)] == ["void", "void"]
    assert wallet.balance() == 1_000_00


def test_a_payment_by_the_page_is_refunded_to_its_payer(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    till.put(sale)
    wallet.call("POST", f"/intents/{sale.intent_id}/pay")
    till.refund(sale, 80)
    assert wallet.balance() == 982_00


def test_amounts_are_whole_numbers_of_minor_units(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    till.pay(sale, wallet)
    for amount in (0, -1, 1.5, "1", True, 10**12 + 1):
        body = {"refund_id": str(uuid4()), "reason": "returned", "amount": amount}
        assert till.call("POST", f"/payments/{sale.intent_id}/refunds", body).status_code == 422
    assert wallet.balance() == 981_20
