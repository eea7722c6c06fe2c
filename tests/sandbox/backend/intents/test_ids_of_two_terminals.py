# SPDX-License-Identifier: Apache-2.0
"""Another terminal takes this one's ids, before or after: this one's sale is paid, refunded, shown as its own."""

from typing import Any
from uuid import UUID

import pytest

from pengpos.core.sale import refund_id_after_cancel
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.objects.authorisation import Funding
from tests.support.backend import Shop
from tests.support.dues import spend_all
from tests.support.shop import Till
from tests.support.squatter import MERCHANT, MERCHANT_NAME, collisions, squat, squatting_till

OWN_NAME = "晨光咖啡"


@pytest.fixture
def till(shop: Shop) -> Till:
    return shop.till()


@pytest.fixture
def squatter(shop: Shop) -> Till:
    return squatting_till(shop)


def addressed(url: str) -> str:
    """What stands behind `/t/`."""
    return url.rpartition("/")[2]


def day_of(till: Till) -> list[dict[str, Any]]:
    """Its part of the day's settlement."""
    entries: list[dict[str, Any]] = till.call("GET", "/settlements/2027-01-15").json()["entries"]
    return entries


def test_an_offline_payment_is_paid_though_its_id_was_taken_first(shop: Shop, till: Till, squatter: Till) -> None:
    wallet, sale = shop.wallet(), till.sale(18_80, online=False)
    authorisation = wallet.authorise(sale)
    assert squatter.put(squat(squatter, sale)).status_code == 200
    verdict = till.pay(sale, wallet, authorisation, offline=True).json()
    assert (verdict["status"], verdict["intent_id"], verdict["total"]) == ("approved", sale.intent_id, 18_80)
    assert (wallet.balance(), till.status(sale), shop.operator.takings()) == (981_20, "approved", 18_80)
    assert till.pay(sale, wallet, authorisation, offline=True).json() == verdict
    (alarm,) = collisions(shop)
    assert (alarm["terminal_id"], alarm["detail"]) == (
        till.terminal_id,
        {"kind": "intent", "id": sale.intent_id, "terminal_ids": [squatter.terminal_id, till.terminal_id]},
    )


def test_a_latecomer_changes_nothing_of_the_first(shop: Shop, till: Till, squatter: Till) -> None:
    wallet, second, sale = shop.wallet(), shop.wallet(), till.sale(18_80)
    answer, paid = till.put(sale).json(), till.pay(sale, wallet).json()
    stolen = squat(squatter, sale)
    assert squatter.pay(stolen, second).json()["status"] == "approved"
    assert squatter.cancel(stolen).json()["status"] == "cancelled"
    assert (addressed(answer["url"]), paid["status"]) == (b64u(sale.intent.claims.intent_id), "approved")
    assert (till.status(sale), squatter.status(stolen)) == ("approved", "cancelled")
    assert (wallet.balance(), second.balance()) == (981_20, 1_000_00)
    assert len(collisions(shop)) == 1


def test_each_reads_cancels_and_refunds_its_own_only(shop: Shop, till: Till, squatter: Till) -> None:
    wallet, sale = shop.wallet(), till.sale(18_80)
    stolen = squat(squatter, sale, 18_80)
    squatter.pay(stolen, shop.wallet())
    assert (squatter.status(stolen), till.status(sale)) == ("approved", "404")
    assert till.refund(sale).json()["code"] == "payment_unknown"
    till.pay(sale, wallet)
    assert squatter.refund(stolen, 18_80).json()["state"] == "done"
    assert till.call("GET", f"/intents/{sale.intent_id}").json()["payment"]["refunded"] == 0
    assert (wallet.balance(), shop.operator.takings()) == (981_20, 18_80)


@pytest.mark.parametrize("first", ["squatter", "till"])
def test_a_refund_is_done_though_its_id_was_taken(shop: Shop, till: Till, squatter: Till, first: str) -> None:
    wallet, sale, other = shop.wallet(), till.sale(18_80), squatter.sale(5_00)
    till.pay(sale, wallet)
    squatter.pay(other, shop.wallet())
    refund_id = str(refund_id_after_cancel(UUID(sale.intent_id)))
    asked = [(squatter, other), (till, sale)]
    answers = {}
    for who, what in asked if first == "squatter" else reversed(asked):
        answers[who.terminal_id] = who.refund(what, None, refund_id)
        assert answers[who.terminal_id].json() == who.refund(what, None, refund_id).json()
    answer = answers[till.terminal_id].json()
    assert answer.pop("signed")
    assert answer == {"refund_id": refund_id, "state": "done", "amount": 18_80, "currency": "CNY", "currency_digits": 2}
    assert (wallet.balance(), shop.operator.takings()) == (1_000_00, 0)
    (alarm,) = collisions(shop)
    assert (alarm["detail"]["kind"], alarm["detail"]["id"]) == ("refund", refund_id)
    assert {entry["refund_id"] for entry in day_of(till) if entry["kind"] == "refund"} == {refund_id}


def test_the_same_terminals_other_payload_is_still_a_conflict(shop: Shop, till: Till, squatter: Till) -> None:
    sale = till.sale(18_80)
    squatter.put(squat(squatter, sale))
    till.put(sale)
    again = till.sale(19_80, intent_id=sale.intent.claims.intent_id)
    assert till.put(again).json()["code"] == "conflict"
    named = [squatter.terminal_id, till.terminal_id], [till.terminal_id] * 2
    assert sorted(alarm["detail"]["terminal_ids"] for alarm in collisions(shop)) == sorted(named)


# --- pages, wallets, the operator -------------------------------------------------------------------------------------


def test_an_address_names_its_own_terminals_shop(shop: Shop, till: Till, squatter: Till) -> None:
    sale = till.sale(18_80)
    theirs = addressed(squatter.put(squat(squatter, sale)).json()["url"])
    own = addressed(till.put(sale).json()["url"])
    short = b64u(sale.intent.claims.intent_id)
    assert (theirs, own) == (short, f"{short}.{till.terminal_id}")
    wallet = shop.wallet()
    for reference, merchant, amount in (
        (own, OWN_NAME, 18_80),
        (f"{sale.intent_id}.{till.terminal_id}", OWN_NAME, 18_80),
        (sale.text, OWN_NAME, 18_80),
        (theirs, MERCHANT_NAME, 1),
        (sale.intent_id, MERCHANT_NAME, 1),
        (f"{short}.{squatter.terminal_id}", MERCHANT_NAME, 1),
    ):
        seen = wallet.call("GET", f"/intents/{reference}").json()
        assert (seen["merchant"]["name"], seen["amount"], seen["intent_id"]) == (merchant, amount, sale.intent_id)
        assert seen.get("reference") == (own if merchant == OWN_NAME else None)
    assert wallet.call("GET", f"/intents/{short}.T-NOBODY").status_code == 404


def test_a_page_that_brings_the_presentation_pays_its_terminal(shop: Shop, till: Till, squatter: Till) -> None:
    wallet, sale = shop.wallet(), till.sale(18_80, online=False)
    stolen = squat(squatter, sale, online=False)
    squatter.put(stolen)
    body = {"presentation": sale.text}
    assert wallet.call("POST", f"/intents/{sale.intent_id}/claim", body).json()["merchant"]["name"] == OWN_NAME
    paid = wallet.call("POST", f"/intents/{sale.intent_id}/pay", body).json()
    assert (paid["status"], paid["merchant"]["name"], paid["total"]) == ("approved", OWN_NAME, 18_80)
    assert (till.status(sale), squatter.status(stolen), wallet.balance()) == ("approved", "created", 981_20)
    mixed = wallet.call("POST", f"/intents/{sale.intent_id}.{squatter.terminal_id}/pay", body)
    assert (mixed.status_code, mixed.json()["code"]) == (422, "bad_presentation")


def test_one_pays_both_and_each_is_in_the_list_with_its_shop(shop: Shop, till: Till, squatter: Till) -> None:
    wallet, sale = shop.wallet(), till.sale(18_80)
    stolen = squat(squatter, sale, 5_00)
    short, own = (addressed(one.put(what).json()["url"]) for one, what in ((squatter, stolen), (till, sale)))
    for reference in (short, own):
        assert wallet.call("POST", f"/intents/{reference}/pay").json()["status"] == "approved"
    listed = wallet.call("GET", "/payments").json()["payments"]
    assert [(one["merchant"]["name"], one["total"], one["intent_id"], one.get("reference")) for one in listed] == [
        (OWN_NAME, 18_80, sale.intent_id, own), (MERCHANT_NAME, 5_00, sale.intent_id, None)
    ]  # fmt: skip
    receipts = [wallet.call("GET", f"/receipts/{addressed(one['receipt_url'])}").json() for one in listed]
    assert [(one["merchant"], one["amount"]) for one in receipts] == [(OWN_NAME, 18_80), (MERCHANT_NAME, 5_00)]


def test_a_purse_shows_what_was_paid_by_its_id(shop: Shop, till: Till, squatter: Till) -> None:
    wallet, sale = shop.wallet(), till.sale(18_80)
    squatter.put(squat(squatter, sale))
    purse = wallet.call("POST", "/purses", {"name": "家"}).json()["purse_id"]
    wallet.call("POST", f"/purses/{purse}/deposits", {"amount": 50_00, "currency": "CNY"})
    paid = wallet.call("POST", f"/intents/{sale.text}/pay", {"purse": purse}).json()
    ((shown,), (posted,)) = (
        wallet.call("GET", "/purses").json()["purses"][0]["entries"],
        [one for one in shop.operator.call("GET", "/ledger/postings").json()["postings"] if one["kind"] == "payment"],
    )
    assert {paid["intent_id"], shown["intent_id"], posted["intent_id"]} == {sale.intent_id}


@pytest.mark.parametrize("by_reference", [True, False], ids=["by reference", "by the bare id"])
def test_a_due_of_either_shop_is_paid_to_that_shop(
    shop: Shop, till: Till, squatter: Till, *, by_reference: bool
) -> None:
    wallet, sale = shop.wallet(), till.sale(18_80, online=False)
    stolen = squat(squatter, sale, 5_00, online=False)
    signed = [(squatter, stolen, wallet.authorise(stolen)), (till, sale, wallet.authorise(sale))]
    spend_all(shop, wallet)
    shop.clock.advance(1)  # both were signed before the first of them was declined
    for who, what, authorisation in signed:
        assert who.pay(what, wallet, authorisation, offline=True).json()["due"]["state"] == "open"
    wallet.call("POST", "/top-ups", {"amount": 23_80, "currency": "CNY"})
    own, theirs = wallet.call("GET", "/dues").json()["dues"]
    assert (own["merchant"]["name"], theirs["merchant"]["name"]) == (OWN_NAME, MERCHANT_NAME)
    assert (own["reference"].partition(".")[2], "reference" in theirs) == (till.terminal_id, False)
    first = own["reference"] if by_reference else own["intent_id"]
    paid = wallet.call("POST", f"/dues/{first}/pay").json()
    assert (paid["merchant"]["name"], paid["state"]) == (OWN_NAME if by_reference else MERCHANT_NAME, "paid")
    assert till.call("GET", f"/intents/{sale.intent_id}").json()["payment"]["due"]["state"] == (
        "paid" if by_reference else "open"
    )


def test_a_due_under_a_taken_id_is_found_by_the_bare_id_of_its_owner(shop: Shop, till: Till, squatter: Till) -> None:
    wallet, other, sale = shop.wallet(), shop.wallet(), till.sale(18_80, online=False)
    squatter.put(squat(squatter, sale))
    authorisation = wallet.authorise(sale)
    spend_all(shop, wallet)
    till.pay(sale, wallet, authorisation, offline=True)
    assert other.call("POST", f"/dues/{sale.intent_id}/refuse").status_code == 404
    assert wallet.call("POST", f"/dues/{sale.intent_id}/refuse").json()["state"] == "refused"


@pytest.mark.parametrize("named", [True, False], ids=["by reference", "by the bare id"])
def test_a_friend_pays_the_shop_that_was_claimed(shop: Shop, till: Till, squatter: Till, *, named: bool) -> None:
    wallet, friend, sale = shop.wallet(), shop.wallet(), till.sale(18_80)
    squatter.put(squat(squatter, sale))
    claimed = wallet.call("POST", f"/intents/{sale.text}/claim").json()
    parked = till.call("POST", "/payment-requests", {"presentation": sale.text}).json()
    assert addressed(parked["url"]) == claimed["reference"]
    body = {"intent_id": sale.intent_id, "friend_id": friend.account_id}
    asked = wallet.call(
        "POST", "/payment-requests", body | ({"reference": claimed["reference"]} if named else {})
    ).json()
    assert (asked["merchant"]["name"], asked["intent_id"], asked["reference"]) == (
        OWN_NAME, sale.intent_id, claimed["reference"]
    )  # fmt: skip
    assert friend.call("POST", f"/payment-requests/{asked['request_id']}/accept").json()["state"] == "accepted"
    assert (till.status(sale), friend.balance()) == ("approved", 981_20)


def test_a_request_whose_names_differ_is_refused(shop: Shop, till: Till) -> None:
    wallet, friend, one, other = shop.wallet(), shop.wallet(), till.sale(1_00), till.sale(2_00)
    wallet.call("POST", f"/intents/{one.text}/claim")
    body = {"intent_id": one.intent_id, "reference": other.intent_id, "friend_id": friend.account_id}
    assert wallet.call("POST", "/payment-requests", body).json()["code"] == "invalid_request"


def test_a_tap_that_asks_a_friend_is_found_by_the_bare_id(shop: Shop, till: Till, squatter: Till) -> None:
    wallet, friend, sale = shop.wallet(), shop.wallet(), till.sale(18_80)
    squatter.put(squat(squatter, sale))
    held = till.pay(sale, wallet, wallet.authorise(sale, funding=Funding.FRIEND, offline_allowed=False)).json()
    assert held["code"] == "friend_asked"
    body = {"intent_id": sale.intent_id, "friend_id": friend.account_id}
    asked = wallet.call("POST", "/payment-requests", body).json()
    assert friend.call("POST", f"/payment-requests/{asked['request_id']}/accept").json()["state"] == "accepted"
    assert (till.status(sale), friend.balance()) == ("approved", 981_20)


def test_an_operator_reviews_the_terminal_that_is_named(magic_shop: Shop) -> None:
    till, squatter = magic_shop.till(), squatting_till(magic_shop)
    sale = till.sale(10_27)
    stolen = squat(squatter, sale, 20_27)
    for who, what in ((squatter, stolen), (till, sale)):
        assert who.pay(what, magic_shop.wallet()).json()["status"] == "held"
    entries = magic_shop.operator.payments()
    assert {(one["intent_id"], one["terminal_id"], one["total"]) for one in entries} == {
        (sale.intent_id, till.terminal_id, 10_27), (sale.intent_id, squatter.terminal_id, 20_27)
    }  # fmt: skip
    answer = magic_shop.operator.call(
        "POST", f"/payments/{sale.intent_id}.{till.terminal_id}/review", {"approve": False}
    )
    assert (answer.status_code, till.status(sale), squatter.status(stolen)) == (204, "declined", "held")
    magic_shop.operator.call("POST", f"/payments/{sale.intent_id}/review", {"approve": True})
    assert squatter.status(stolen) == "approved"


def test_pages_of_payments_leave_none_out(shop: Shop, till: Till, squatter: Till) -> None:
    wallet, sales = shop.wallet(), [till.sale(1_00) for _ in range(3)]
    for sale in sales:
        squatter.pay(squat(squatter, sale), wallet)
        till.pay(sale, wallet)
    seen, after = [], ""
    while True:
        answer = shop.operator.call("GET", f"/payments?limit=1{after}").json()
        seen += [(one["intent_id"], one["terminal_id"]) for one in answer["payments"]]
        if answer["next"] is None:
            break
        after = f"&next={answer['next']}"
    assert sorted(seen) == sorted((sale.intent_id, who.terminal_id) for sale in sales for who in (till, squatter))


def test_the_settlement_of_each_has_its_own(shop: Shop, till: Till, squatter: Till) -> None:
    wallet, sale = shop.wallet(), till.sale(18_80)
    stolen = squat(squatter, sale, 5_00)
    squatter.pay(stolen, wallet)
    till.pay(sale, wallet)
    till.refund(sale, 80)
    assert shop.operator.call("POST", "/settlements/2027-01-15").json()["settled"] == 3
    assert [(one["kind"], one["intent_id"], one["amount"]) for one in day_of(till)] == [
        ("payment", sale.intent_id, 18_80), ("refund", sale.intent_id, -80)
    ]  # fmt: skip
    assert [(one["intent_id"], one["amount"]) for one in day_of(squatter)] == [(sale.intent_id, 5_00)]
    assert (till.cancel(sale).json()["status"], squatter.cancel(stolen).json()["status"]) == ("settled", "settled")


def test_vouchers_come_back_to_the_payment_that_spent_them(shop: Shop, till: Till, squatter: Till) -> None:
    wallet, sale = shop.wallet(), till.sale(18_80)
    stolen = squat(squatter, sale, 18_80)
    now = shop.clock.now()
    given = [
        shop.operator.call("POST", "/coupons", {"account_id": wallet.account_id, "merchant_id": merchant, "value": 5_00,
                                                "not_before": now, "not_after": now + 86_400}).json()["voucher_id"]
        for merchant in (MERCHANT, "M-0001")
    ]  # fmt: skip
    for what, voucher in zip((stolen, sale), given, strict=True):
        wallet.call("POST", f"/intents/{what.text}/pay", {"vouchers": [voucher]})
    squatter.cancel(stolen)
    spent = {one["voucher_id"]: one["spent"] for one in wallet.call("GET", "/vouchers").json()["vouchers"]}
    assert [spent[voucher] for voucher in given] == [False, True]


def test_counters_are_each_terminals_own(shop: Shop, till: Till, squatter: Till) -> None:
    sale = till.sale(18_80)
    squatter.epoch, squatter.counter = till.epoch, till.counter - 1
    squatter.put(squat(squatter, sale))
    assert till.put(sale).status_code == 200
    assert shop.operator.alarms() == ["id_collision"]


def test_what_lapses_ends_for_each_by_itself(shop: Shop, till: Till, squatter: Till) -> None:
    sale = till.sale(18_80)
    stolen = squat(squatter, sale, lifetime_s=30)
    squatter.put(stolen)
    till.put(sale)
    shop.clock.advance(30 + 301)
    shop.sweep()
    assert (squatter.status(stolen), till.status(sale)) == ("expired", "created")


def test_refunds_that_fail_later_fail_for_their_terminal(magic_shop: Shop) -> None:
    till, squatter, wallet = magic_shop.till(), squatting_till(magic_shop), magic_shop.wallet()
    sale = till.sale(18_26)
    stolen = squat(squatter, sale, 5_00)
    refund_id = str(refund_id_after_cancel(UUID(sale.intent_id)))
    for who, what in ((squatter, stolen), (till, sale)):
        who.pay(what, wallet)
        assert who.refund(what, None, refund_id).json()["state"] == "done"
    magic_shop.clock.advance(5)
    magic_shop.sweep()
    states = [who.call("GET", f"/intents/{sale.intent_id}").json()["payment"]["refunds"] for who in (till, squatter)]
    assert [[(one["refund_id"], one["state"]) for one in refunds] for refunds in states] == [
        [(refund_id, "failed")], [(refund_id, "done")]
    ]  # fmt: skip
