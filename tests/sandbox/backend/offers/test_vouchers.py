# SPDX-License-Identifier: Apache-2.0
"""Vouchers (backend API): bound to one key, spent once, given back in proportion."""

from typing import Any

import pytest

from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.keys import PublicKey
from tests.support.backend import Shop
from tests.support.shop import Sale, Till, Wallet


def kid_of(wallet: Wallet) -> str:
    return b64u(PublicKey.of(wallet.key).kid)


def give_voucher(shop: Shop, wallet: Wallet, value: int, **changes: Any) -> str:
    body = {
        "account_id": wallet.account_id, "merchant_id": "M-0001", "value": value,
        "not_before": shop.clock.now(), "not_after": shop.clock.now() + 3600, **changes,
    }  # fmt: skip
    return str(shop.operator.call("POST", "/coupons", body).json()["voucher_id"])


def signed_vouchers(wallet: Wallet) -> list[bytes]:
    found = wallet.call("GET", f"/vouchers?kid={kid_of(wallet)}").json()["vouchers"]
    return [unb64u(voucher["voucher"]) for voucher in found if not voucher["spent"]]


def pay_with(till: Till, wallet: Wallet, sale: Sale, vouchers: list[bytes], total: int) -> dict[str, Any]:
    signed = wallet.authorise(sale, vouchers=tuple(vouchers), total_minor=total)
    answer: dict[str, Any] = till.pay(sale, wallet, signed).json()
    return answer


def test_a_voucher_lessens_what_is_taken_and_is_spent_once(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    give_voucher(shop, wallet, 5_00)
    vouchers = signed_vouchers(wallet)
    answer = pay_with(till, wallet, till.sale(18_80), vouchers, 13_80)
    assert (answer["status"], answer["total"], wallet.balance()) == ("approved", 13_80, 986_20)
    assert [(line["kind"], line["amount"]) for line in answer["lines"]] == [("amount", 18_80), ("voucher", -5_00)]
    again = pay_with(till, wallet, till.sale(18_80), vouchers, 13_80)
    assert (again["code"], again["reason"]) == ("voucher_spent", 19)
    assert wallet.call("GET", "/vouchers").json()["vouchers"][0]["spent"] is True


def test_a_voucher_larger_than_the_bill_leaves_the_tip(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    give_voucher(shop, wallet, 50_00)
    (before,), sale = unspent(wallet), till.sale(18_80)
    signed = wallet.authorise(sale, vouchers=tuple(signed_vouchers(wallet)), total_minor=1_00, tip_minor=1_00)
    assert till.pay(sale, wallet, signed).json()["total"] == 1_00
    assert unspent(wallet)[0] | {"voucher_id": "", "value": 0} == before | {"voucher_id": "", "value": 0}
    assert values(wallet) == [31_20], "what is left of it is a voucher like it"


WRONG_VOUCHERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "another currency": ({"currency": "USD"}, {}),
    "minimum not met": ({"minimum": 18_81}, {}),
    "run out": ({"not_after": 1_799_999_999, "not_before": 0}, {}),
    "not yet": ({"not_before": 1_800_000_001}, {}),
    "an offline terminal": ({}, {"online": False}),
}


@pytest.mark.parametrize(("voucher", "sale"), WRONG_VOUCHERS.values(), ids=WRONG_VOUCHERS)
def test_a_voucher_that_does_not_fit_is_refused(shop: Shop, voucher: dict[str, Any], sale: dict[str, Any]) -> None:
    till, wallet = shop.till(), shop.wallet()
    give_voucher(shop, wallet, 5_00, **voucher)
    answer = pay_with(till, wallet, till.sale(18_80, **sale), signed_vouchers(wallet), 13_80)
    assert (answer["code"], answer["reason"]) == ("wrong_voucher", 18)


def test_anothers_voucher_and_one_twice_are_refused(shop: Shop) -> None:
    till, wallet, other = shop.till(), shop.wallet(), shop.wallet()
    give_voucher(shop, other, 5_00)
    give_voucher(shop, wallet, 5_00)
    (theirs,), (own,) = signed_vouchers(other), signed_vouchers(wallet)
    assert pay_with(till, wallet, till.sale(18_80), [theirs], 13_80)["code"] == "wrong_voucher"
    assert pay_with(till, wallet, till.sale(18_80), [own, own], 8_80)["code"] == "wrong_voucher"
    assert wallet.call("GET", f"/vouchers?kid={kid_of(other)}").status_code == 404


def test_a_cancel_gives_vouchers_back(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    give_voucher(shop, wallet, 5_00)
    vouchers = signed_vouchers(wallet)
    sale = till.sale(18_80)
    pay_with(till, wallet, sale, vouchers, 13_80)
    till.cancel(sale)
    assert pay_with(till, wallet, till.sale(18_80), vouchers, 13_80)["status"] == "approved"


def test_a_refund_gives_vouchers_back_in_proportion(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    give_voucher(shop, wallet, 6_00)
    sale = till.sale(18_00)
    pay_with(till, wallet, sale, signed_vouchers(wallet), 12_00)
    till.refund(sale, 4_00)
    assert values(wallet) == [2_00]
    till.refund(sale)
    assert sorted(values(wallet)) == [2_00, 4_00]
    assert wallet.balance() == 1_000_00


def test_a_refund_gives_the_same_vouchers_back(shop: Shop) -> None:
    """满200减50, bought and refunded: it is off a bill of 200.00 again, and off no smaller one."""
    till, wallet = shop.till(), shop.wallet()
    give_voucher(shop, wallet, 50_00, minimum=200_00)
    give_voucher(shop, wallet, 10_00, minimum=100_00)
    terms = ("value", "minimum", "not_before", "not_after", "merchant_id", "currency")
    before = {tuple(voucher[name] for name in terms) for voucher in unspent(wallet)}
    sale = till.sale(200_00)
    assert pay_with(till, wallet, sale, signed_vouchers(wallet), 140_00)["status"] == "approved"
    assert unspent(wallet) == []
    till.refund(sale)
    assert {tuple(voucher[name] for name in terms) for voucher in unspent(wallet)} == before
    smaller = pay_with(till, wallet, till.sale(199_99), signed_vouchers(wallet), 139_99)
    assert (smaller["code"], smaller["reason"]) == ("wrong_voucher", 18)


def test_parts_of_a_voucher_are_worth_no_more_than_it_was(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    give_voucher(shop, wallet, 50_00, minimum=200_00)
    sale = till.sale(200_00)
    pay_with(till, wallet, sale, signed_vouchers(wallet), 150_00)
    for _ in range(3):
        till.refund(sale, 49_99)
    till.refund(sale)
    assert sum(values(wallet)) == 50_00
    assert {voucher["minimum"] for voucher in unspent(wallet)} == {200_00}
    assert pay_with(till, wallet, till.sale(200_00), signed_vouchers(wallet), 150_00)["status"] == "approved"


def test_a_voucher_larger_than_the_bill_comes_back_whole(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    give_voucher(shop, wallet, 50_00)
    sale = till.sale(30_00)
    signed = wallet.authorise(sale, vouchers=tuple(signed_vouchers(wallet)), total_minor=1_00, tip_minor=1_00)
    till.pay(sale, wallet, signed)
    assert values(wallet) == [20_00]
    till.refund(sale, 50)
    assert sorted(values(wallet)) == [15_00, 20_00]
    till.refund(sale)
    assert sum(values(wallet)) == 50_00


@pytest.mark.parametrize("spent_meanwhile", [False, True])
def test_a_cancel_gives_back_what_was_used_and_no_rest_twice(shop: Shop, *, spent_meanwhile: bool) -> None:
    till, wallet = shop.till(), shop.wallet()
    give_voucher(shop, wallet, 50_00)
    sale, later = till.sale(30_00), till.sale(20_00)
    assert pay_with(till, wallet, sale, signed_vouchers(wallet), 0)["status"] == "approved"
    if spent_meanwhile:
        assert pay_with(till, wallet, later, signed_vouchers(wallet), 0)["status"] == "approved"
    assert till.cancel(sale).json()["status"] == "cancelled"
    assert sorted(values(wallet)) == ([30_00] if spent_meanwhile else [20_00, 30_00])


def test_vouchers_for_which_a_campaign_left_less_come_back_for_the_rest(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    campaign = {"name": "立减", "discount": 4_00, "minimum": 0, "currency": "CNY", "not_before": 0, "not_after": 2**32}
    shop.operator.call("PUT", "/merchants/M-0001/settings", {"campaigns": [campaign]})
    ids = [give_voucher(shop, wallet, value) for value in (5_00, 10_00)]
    paid = wallet.call("POST", f"/intents/{till.sale(10_00).text}/pay", {"vouchers": ids}).json()
    assert [line["amount"] for line in paid["lines"]] == [10_00, -4_00, -5_00, -1_00]
    assert (paid["total"], values(wallet)) == (0, [9_00])


def unspent(wallet: Wallet) -> list[dict[str, Any]]:
    return [voucher for voucher in wallet.call("GET", "/vouchers").json()["vouchers"] if not voucher["spent"]]


def values(wallet: Wallet) -> list[int]:
    return [v["value"] for v in wallet.call("GET", "/vouchers").json()["vouchers"] if not v["spent"]]


def test_vouchers_are_paid_with_by_the_page_too(shop: Shop) -> None:
    till, wallet, other = shop.till(), shop.wallet(), shop.wallet()
    mine, theirs = give_voucher(shop, wallet, 5_00), give_voucher(shop, other, 5_00)
    sale = till.sale(18_80)
    path = f"/intents/{sale.text}/pay"
    for wrong in ([theirs], [mine, mine]):
        assert wallet.call("POST", path, {"vouchers": wrong}).json()["code"] == "wrong_voucher"
    assert wallet.call("POST", path, {"vouchers": [mine]}).json()["total"] == 13_80
    second = f"/intents/{till.sale(18_80).text}/pay"
    assert wallet.call("POST", second, {"vouchers": [mine]}).json()["code"] == "voucher_spent"


@pytest.mark.parametrize("ends", ["by itself", "by a person"])
def test_a_held_payment_whose_voucher_was_spent_meanwhile_is_declined(magic_shop: Shop, ends: str) -> None:
    shop = magic_shop
    till, wallet = shop.till(), shop.wallet()
    give_voucher(shop, wallet, 5_00)
    vouchers, held = signed_vouchers(wallet), till.sale(18_27)
    assert pay_with(till, wallet, held, vouchers, 13_27)["status"] == "held"
    assert pay_with(till, wallet, till.sale(18_80), vouchers, 13_80)["status"] == "approved"
    if ends == "by a person":
        shop.operator.call("POST", f"/payments/{held.intent_id}/review", {"approve": True})
    else:
        shop.clock.advance(3600)
        shop.sweep()
    assert till.status(held) == "declined"
    assert wallet.balance() == 1_000_00 - 13_80
