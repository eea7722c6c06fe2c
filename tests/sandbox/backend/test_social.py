# SPDX-License-Identifier: Apache-2.0
"""What goes beyond paying (backend API): vouchers, memberships, purses, 代付, AA."""

from typing import Any
from uuid import uuid4

import pytest

from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.authorisation import Funding
from pengpos.wire.objects.intent import Purpose
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


# --- vouchers ---------------------------------------------------------------------------------------------------------


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
    sale = till.sale(18_80)
    signed = wallet.authorise(sale, vouchers=tuple(signed_vouchers(wallet)), total_minor=1_00, tip_minor=1_00)
    assert till.pay(sale, wallet, signed).json()["total"] == 1_00


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


# --- memberships ------------------------------------------------------------------------------------------------------


def test_a_shown_pass_counts_points_and_shows_no_more_than_a_tier(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    joined = wallet.call("POST", "/memberships", {"merchant_id": "M-0001", "kid": kid_of(wallet)}).json()
    sale = till.sale(18_80)
    signed = wallet.authorise(sale, membership=unb64u(joined["membership"]))
    answer = till.pay(sale, wallet, signed).json()
    again = wallet.call("POST", "/memberships", {"merchant_id": "M-0001", "kid": kid_of(wallet)}).json()
    assert (joined["points"], again["points"], again["member_id"]) == (0, 18, joined["member_id"])
    assert answer["payer_display"] == f"会员 …{joined['member_id'][-4:]}"
    assert [card["kind"] for card in answer["cards"]] == ["receipt", "points"]


def test_points_go_back_with_the_money(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    body = {"merchant_id": "M-0001", "kid": kid_of(wallet)}
    wallet.call("POST", "/memberships", body)
    sale = till.sale(18_80)
    wallet.call("POST", f"/intents/{sale.text}/pay", {"show_membership": True})
    till.refund(sale, 8_80)
    assert wallet.call("POST", "/memberships", body).json()["points"] == 10


def test_without_a_pass_nothing_is_shown(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    wallet.call("POST", "/memberships", {"merchant_id": "M-0001", "kid": kid_of(wallet)})
    assert "payer_display" not in till.pay(till.sale(18_80), wallet).json()


@pytest.mark.parametrize("wrong", ["another holder's", "no pass at all"])
def test_a_wrong_pass_is_refused(shop: Shop, wrong: str) -> None:
    till, wallet, other = shop.till(), shop.wallet(), shop.wallet()
    holder = other if wrong == "another holder's" else wallet
    joined = holder.call("POST", "/memberships", {"merchant_id": "M-0001", "kid": kid_of(holder)}).json()
    membership = b"no pass" if wrong == "no pass at all" else unb64u(joined["membership"])
    sale = till.sale(1_00)
    answer = till.pay(sale, wallet, wallet.authorise(sale, membership=membership)).json()
    assert (answer["code"], answer["reason"]) == ("wrong_membership", 18)


# --- purses -----------------------------------------------------------------------------------------------------------


def test_a_purse_is_filled_by_all_and_paid_from_by_all(shop: Shop) -> None:
    till, wallet, other = shop.till(), shop.wallet(), shop.wallet()
    made = wallet.call("POST", "/purses", {"name": "周末", "members": [other.account_id]}).json()
    for member, amount in ((wallet, 30_00), (other, 20_00)):
        member.call("POST", f"/purses/{made['purse_id']}/deposits", {"amount": amount, "currency": "CNY"})
    sale, paged = till.sale(35_00), till.sale(10_00)
    assert till.pay(sale, other, other.authorise(sale, funding=Funding.SHARED_PURSE)).json()["status"] == "approved"
    wallet.call("POST", f"/intents/{paged.text}/pay", {"purse": made["purse_id"]})
    (seen,) = other.call("GET", "/purses").json()["purses"]
    assert seen["balances"] == [{"amount": 5_00, "currency": "CNY"}]
    assert [(entry["account_id"], entry["amount"]) for entry in seen["entries"]] == [
        (wallet.account_id, 10_00), (other.account_id, 35_00)
    ]  # fmt: skip
    till.refund(sale)
    assert other.call("GET", "/purses").json()["purses"][0]["balances"][0]["amount"] == 40_00
    assert (wallet.balance(), other.balance()) == (970_00, 980_00)


@pytest.mark.parametrize(
    ("budget", "filled", "code"),
    [(None, 9_99, "insufficient_funds"), (9_99, 20_00, "over_budget"), (10_00, 20_00, "approved")],
)
def test_a_purse_has_its_limits(shop: Shop, budget: int | None, filled: int, code: str) -> None:
    till, wallet = shop.till(), shop.wallet()
    made = wallet.call("POST", "/purses", {"name": "周末", "budget": budget}).json()
    wallet.call("POST", f"/purses/{made['purse_id']}/deposits", {"amount": filled, "currency": "CNY"})
    sale = till.sale(10_00)
    assert till.pay(sale, wallet, wallet.authorise(sale, funding=Funding.SHARED_PURSE)).json()["code"] == code


def test_who_has_no_purse_pays_from_none(shop: Shop) -> None:
    till, wallet, other = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(10_00)
    assert till.pay(sale, wallet, wallet.authorise(sale, funding=Funding.SHARED_PURSE)).json()["code"] == "no_purse"
    purse_id = other.call("POST", "/purses", {"name": "别人的"}).json()["purse_id"]
    assert wallet.call("POST", f"/intents/{till.sale(1).text}/pay", {"purse": purse_id}).status_code == 404
    assert wallet.call("POST", f"/purses/{purse_id}/choose").status_code == 404


def test_the_purse_chosen_last_is_meant(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    first, second = (wallet.call("POST", "/purses", {"name": name}).json()["purse_id"] for name in ("一", "二"))
    for purse_id in (second, first):
        assert wallet.call("POST", f"/purses/{purse_id}/choose").status_code == 204
    wallet.call("POST", f"/purses/{first}/deposits", {"amount": 10_00, "currency": "CNY"})
    sale = till.sale(10_00)
    assert till.pay(sale, wallet, wallet.authorise(sale, funding=Funding.SHARED_PURSE)).json()["status"] == "approved"


# --- 代付 -------------------------------------------------------------------------------------------------------------


def ask(wallet: Wallet, sale: Sale, friend: Wallet) -> dict[str, Any]:
    body = {"intent_id": sale.intent_id, "friend_id": friend.account_id}
    found: dict[str, Any] = wallet.call("POST", "/payment-requests", body).json()
    return found


def test_a_friend_pays_a_claimed_intent_within_15_minutes(shop: Shop) -> None:
    till, wallet, friend = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80)
    wallet.call("POST", f"/intents/{sale.text}/claim")
    parked = till.call("POST", "/payment-requests", {"presentation": sale.text}).json()
    assert (parked["status"], parked["expires_at"]) == ("claimed", "2027-01-15T08:15:00Z")
    asked = ask(wallet, sale, friend)
    shop.clock.advance(899)
    assert till.status(sale) == "claimed"
    (seen,) = friend.call("GET", "/payment-requests").json()["payment_requests"]
    assert (seen["request_id"], seen["amount"], seen["merchant"]["name"]) == (asked["request_id"], 18_80, "晨光咖啡")
    for _ in range(2):
        accepted = friend.call("POST", f"/payment-requests/{asked['request_id']}/accept").json()
        assert accepted["state"] == "accepted"
    assert (till.status(sale), wallet.balance(), friend.balance()) == ("approved", 1_000_00, 981_20)


def test_the_15_minutes_end_and_are_given_once(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    wallet.call("POST", f"/intents/{sale.text}/claim")
    first = till.call("POST", "/payment-requests", {"presentation": sale.text}).json()
    shop.clock.advance(600)
    assert till.call("POST", "/payment-requests", {"presentation": sale.text}).json() == first
    shop.clock.advance(300)
    assert till.status(sale) == "created"
    shop.clock.advance(301)
    assert till.status(sale) == "expired"


def test_only_a_claimed_intent_is_parked(shop: Shop) -> None:
    till = shop.till()
    sale = till.sale(18_80)
    assert till.call("POST", "/payment-requests", {"presentation": sale.text}).json()["code"] == "not_claimed"


@pytest.mark.parametrize(("answer", "status"), [("accept", "approved"), ("refuse", "declined"), (None, "declined")])
def test_a_tap_that_asks_a_friend_is_held(shop: Shop, answer: str | None, status: str) -> None:
    till, wallet, friend = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80)
    signed = wallet.authorise(sale, funding=Funding.FRIEND, offline_allowed=False)
    held = till.pay(sale, wallet, signed).json()
    assert (held["status"], held["code"], held["held_until"]) == ("held", "friend_asked", "2027-01-15T08:15:00Z")
    asked = ask(wallet, sale, friend)
    if answer is not None:
        friend.call("POST", f"/payment-requests/{asked['request_id']}/{answer}")
    shop.clock.advance(900)
    shop.sweep()
    assert till.status(sale) == status
    assert till.pay(sale, wallet, signed).json()["status"] == status
    assert (wallet.balance(), friend.balance()) == (1_000_00, 981_20 if status == "approved" else 1_000_00)


def test_an_operator_may_refuse_for_a_friend_but_not_pay_from_who_asked(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    till.pay(sale, wallet, wallet.authorise(sale, funding=Funding.FRIEND, offline_allowed=False))
    answer = shop.operator.call("POST", f"/payments/{sale.intent_id}/review", {"approve": True})
    assert (answer.status_code, answer.json()["code"], till.status(sale)) == (409, "friend_asked", "held")
    shop.operator.call("POST", f"/payments/{sale.intent_id}/review", {"approve": False})
    assert (till.status(sale), wallet.balance()) == ("declined", 1_000_00)


@pytest.mark.parametrize("revoked", ["before the tap", "before the friend says yes"])
def test_no_friend_pays_a_revoked_terminal_nor_does_who_asked(shop: Shop, revoked: str) -> None:
    till, wallet, friend = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80)
    item = till.item(sale, wallet, wallet.authorise(sale, funding=Funding.FRIEND, offline_allowed=False))
    if revoked == "before the tap":
        shop.operator.call("POST", f"/terminals/{till.terminal_id}/revoke")
        (verdict,) = till.call("POST", "/payments/batch", {"payments": [item]}).json()["verdicts"]
        assert (verdict["status"], verdict["code"]) == ("declined", "terminal_revoked")
    else:
        till.call("POST", "/payments", item)
        asked = ask(wallet, sale, friend)
        shop.operator.call("POST", f"/terminals/{till.terminal_id}/revoke")
        assert (
            friend.call("POST", f"/payment-requests/{asked['request_id']}/accept").json()["code"] == "terminal_revoked"
        )
    assert (wallet.balance(), friend.balance()) == (1_000_00, 1_000_00)


def test_nobody_is_asked_for_what_is_not_ones_own(shop: Shop) -> None:
    till, wallet, friend, stranger = shop.till(), shop.wallet(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80)
    till.put(sale)
    assert ask(wallet, sale, friend)["code"] == "not_claimed"
    wallet.call("POST", f"/intents/{sale.intent_id}/claim")
    assert ask(wallet, sale, wallet)["code"] == "no_such_friend"
    asked = ask(wallet, sale, friend)
    assert stranger.call("POST", f"/payment-requests/{asked['request_id']}/accept").status_code == 404
    till.cancel(sale)
    assert friend.call("POST", f"/payment-requests/{asked['request_id']}/accept").json()["code"] == "cancelled"
    assert friend.balance() == 1_000_00


# --- AA ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "shares", "told"),
    [
        (100_00, 3, [33_34, 33_33, 33_33]),
        (100_00, 4, [25_00] * 4),
        (100_00, [60_00, 40_00], [60_00, 40_00]),
        (100_00, [60_00, 40_01], None),
        (2, 3, None),
        (100_00, 1, None),
    ],
)
def test_shares_add_up_exactly_and_the_first_takes_the_remainder(
    shop: Shop, total: int, shares: Any, told: list[int] | None
) -> None:
    body = {"split_id": str(uuid4()), "total": total, "shares": shares}
    answer = shop.till().call("POST", "/splits", body)
    assert answer.status_code == (422 if told is None else 200)
    assert told is None or answer.json() == {**body, "currency": "CNY", "shares": told}


def test_a_split_id_is_one_split(shop: Shop) -> None:
    till, body = shop.till(), {"split_id": str(uuid4()), "total": 100_00, "shares": 3}
    answers = [till.call("POST", "/splits", body).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert till.call("POST", "/splits", {**body, "shares": 4}).json()["code"] == "conflict"
    assert shop.till().call("POST", "/splits", body).json()["code"] == "conflict"


def test_each_share_is_an_intent_of_its_own_offline_too(shop: Shop) -> None:
    till, wallets = shop.till(), [shop.wallet() for _ in range(3)]
    shares = till.call("POST", "/splits", {"split_id": str(uuid4()), "total": 100_00, "shares": 3}).json()["shares"]
    for share, wallet in zip(shares, wallets, strict=True):
        sale = till.sale(share, purpose=Purpose.SHARE, online=False)
        assert till.pay(sale, wallet, offline=True).json()["status"] == "approved"
    assert shop.operator.takings() == 100_00
