# SPDX-License-Identifier: Apache-2.0
"""When somebody is asked for an offline payment that was declined at sync, for how much, and when that ends."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.intent import Purpose
from tests.support.backend import Shop
from tests.support.dues import Owing, owing, refund_id, spend_all
from tests.support.request_signing import Signing
from tests.support.shop import Till, Wallet

DAY_S = 86_400
Answer = dict[str, Any]


def offline(till: Till, wallet: Wallet, minor: int = 18_80, **claims: Any) -> Answer:
    sale = till.sale(minor, online=False)
    answer: Answer = till.pay(sale, wallet, wallet.authorise(sale, **claims), offline=True).json()
    return answer


def no_money(shop: Shop, till: Till, wallet: Wallet) -> Answer:
    spend_all(shop, wallet)
    return offline(till, wallet)


def a_week_late(shop: Shop, till: Till, wallet: Wallet) -> Answer:
    sale = till.sale(18_80, online=False)
    authorisation = wallet.authorise(sale)
    shop.clock.advance(7 * DAY_S + 1)
    answer: Answer = till.pay(sale, wallet, authorisation, offline=True).json()
    return answer


def above_the_policy(shop: Shop, till: Till, wallet: Wallet) -> Answer:
    shop.operator.call("PUT", "/merchants/M-0001/settings", {"risk": {"per_payment": 1_00}})
    return offline(shop.till(), wallet)


def without_a_policy(shop: Shop, till: Till, wallet: Wallet) -> Answer:
    shop.clock.advance(4 * DAY_S)
    return offline(till, shop.wallet())


def not_allowed_offline(shop: Shop, till: Till, wallet: Wallet) -> Answer:
    return offline(till, wallet, offline_allowed=False)


def another_key_was_copied(shop: Shop, till: Till, wallet: Wallet) -> Answer:
    copied = replace(wallet, key=SoftwareKey.generate())
    copied.credential = unb64u(wallet.certify(copied.key).json()["credential"])
    for _ in range(2):
        offline(till, copied, counter=9)
    spend_all(shop, wallet)  # else what this key promises is paid from what lies aside for it
    return offline(till, wallet)


def too_late_by_the_wallets_word(shop: Shop, till: Till, wallet: Wallet) -> Answer:
    return offline(till, wallet, authorised_at=shop.clock.now() + 3600)


def a_total_that_does_not_fit(shop: Shop, till: Till, wallet: Wallet) -> Answer:
    return offline(till, wallet, total_minor=18_81)


def the_same_counter_again(shop: Shop, till: Till, wallet: Wallet) -> Answer:
    offline(till, wallet, counter=1)
    return offline(till, wallet, counter=1)


def the_same_counter_and_a_wrong_total(shop: Shop, till: Till, wallet: Wallet) -> Answer:
    offline(till, wallet, counter=1)
    return offline(till, wallet, counter=1, total_minor=1)


def reported_lost(shop: Shop, till: Till, wallet: Wallet) -> Answer:
    kid = b64u(PublicKey.of(wallet.key).kid)
    shop.operator.call("POST", "/denylist", {"kid": kid, "why": "lost"})
    return offline(till, wallet)


def no_wallet_of_ours(shop: Shop, till: Till, wallet: Wallet) -> Answer:
    return offline(till, replace(wallet, credential=b"no credential"))


def cancelled_before(shop: Shop, till: Till, wallet: Wallet) -> Answer:
    sale = till.sale(18_80, online=False)
    till.cancel(sale)
    answer: Answer = till.pay(sale, wallet, offline=True).json()
    return answer


def a_check_in(shop: Shop, till: Till, wallet: Wallet) -> Answer:
    sale = till.sale(0, online=False, purpose=Purpose.CHECK_IN)
    signed = wallet.authorise(sale, offline_allowed=False)
    answer: Answer = till.pay(sale, wallet, signed, offline=True).json()
    return answer


def online(shop: Shop, till: Till, wallet: Wallet) -> Answer:
    answer: Answer = till.pay(till.sale(1_000_01), wallet).json()
    return answer


@pytest.mark.parametrize(
    ("course", "code", "asked"),
    [
        (no_money, "insufficient_funds", True),
        (a_week_late, "too_old", True),
        (above_the_policy, "over_policy", True),
        (not_allowed_offline, "offline_not_allowed", True),
        (another_key_was_copied, "offline_frozen", True),
        (too_late_by_the_wallets_word, "expired", True),
        (a_total_that_does_not_fit, "wrong_total", True),
        (the_same_counter_again, "counter_reused", False),
        (the_same_counter_and_a_wrong_total, "wrong_total", False),
        (reported_lost, "credential_blocked", False),
        (no_wallet_of_ours, "not_a_wallet", False),
        (cancelled_before, "cancelled", False),
        (a_check_in, "offline_not_allowed", False),
        (online, "insufficient_funds", False),
    ],
    ids=lambda value: value.__name__ if callable(value) else None,
)
def test_who_is_asked(shop: Shop, course: Callable[[Shop, Till, Wallet], Answer], code: str, asked: bool) -> None:
    till, wallet = shop.till(), shop.wallet()
    answer = course(shop, till, wallet)
    assert (answer["status"], answer["code"]) == ("declined", code)
    dues = wallet.call("GET", "/dues").json()["dues"]
    assert ("due" in answer, [due["code"] for due in dues]) == ((True, [code]) if asked else (False, []))


def test_a_payment_without_a_policy_is_asked_for_too(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    answer = without_a_policy(shop, till, wallet)
    assert (answer["code"], answer["due"]) == ("no_policy", {"state": "open", "amount": 18_80})


def test_what_is_approved_asks_nobody(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    assert "due" not in offline(till, wallet)
    assert wallet.call("GET", "/dues").json() == {"dues": []}


def test_both_sides_are_told(shop: Shop) -> None:
    owed = owing(shop)
    assert owed.sent_again()["due"] == owed.told() == {"state": "open", "amount": 18_80}
    now = "2027-01-15T08:00:00Z"
    assert owed.dues() == [{
        "intent_id": owed.sale.intent_id, "merchant": {"id": "M-0001", "name": "晨光咖啡"}, "amount": 18_80,
        "currency": "CNY", "currency_digits": 2, "code": "insufficient_funds", "reason": 23, "authorised_at": now,
        "asked_at": now, "state": "open",
    }]  # fmt: skip
    (payment,) = owed.wallet.call("GET", "/payments").json()["payments"]
    assert (payment["due"], payment["final"]) == ({"state": "open", "amount": 18_80}, True)
    (entry,) = shop.operator.payments()
    assert entry["due"] == {"state": "open", "amount": 18_80}


def test_the_tip_is_in_it(shop: Shop) -> None:
    assert owing(shop, tip_minor=1_20).told() == {"state": "open", "amount": 20_00}


def test_a_batch_tells_it_too(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80, online=False)
    item = till.item(sale, wallet, wallet.authorise(sale), offline=True)
    spend_all(shop, wallet)
    (verdict,) = till.call("POST", "/payments/batch", {"payments": [item]}).json()["verdicts"]
    assert verdict["due"] == {"state": "open", "amount": 18_80}


def test_the_newest_is_told_first(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    signed = {minor: (sale := till.sale(minor, online=False), wallet.authorise(sale)) for minor in (1_00, 2_00, 3_00)}
    spend_all(shop, wallet)
    shop.clock.advance(1)  # they were signed before the first of them was declined
    for minor, (sale, authorisation) in signed.items():
        till.pay(sale, wallet, authorisation, offline=True)
        shop.clock.advance(minor // 200)  # two of them in the same second
    assert [due["amount"] for due in wallet.call("GET", "/dues").json()["dues"]] == [3_00, 2_00, 1_00]


def test_refused_online_first_and_accepted_after_all(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    authorisation = wallet.authorise(sale)
    spend_all(shop, wallet)
    assert "due" not in till.pay(sale, wallet, authorisation).json()
    assert till.pay(sale, wallet, authorisation, offline=True).json()["due"] == {"state": "open", "amount": 18_80}


def test_one_that_was_held_is_asked_for_once_it_is_declined(magic_shop: Shop) -> None:
    till, wallet = magic_shop.till(), magic_shop.wallet()
    sale = till.sale(10_27, online=False)
    assert "due" not in till.pay(sale, wallet, offline=True).json()
    magic_shop.operator.call("POST", f"/payments/{sale.intent_id}/review", {"approve": False})
    assert [due["code"] for due in wallet.call("GET", "/dues").json()["dues"]] == ["review_refused"]


@pytest.mark.parametrize(
    ("knows", "asked"),
    [("dues", True), ("tides, dues", True), (None, False), ("tides", False)],
    ids=["it says so", "among other things", "it says nothing", "it says something else"],
)
@pytest.mark.parametrize("way", ["at once", "in a batch", "held"])
def test_only_a_terminal_that_says_it_knows_dues_causes_one(
    magic_shop: Shop, knows: str | None, asked: bool, way: str
) -> None:
    """Another would tell its cashier to have the shopper pay again, and the shopper would pay twice."""
    till, wallet = magic_shop.till(), magic_shop.wallet()
    till.knows = knows
    sale = till.sale(10_27 if way == "held" else 18_80, online=False)
    item = till.item(sale, wallet, wallet.authorise(sale), offline=True)
    if way != "held":
        spend_all(magic_shop, wallet)
    if way == "in a batch":
        till.call("POST", "/payments/batch", {"payments": [item]})
    else:
        till.call("POST", "/payments", item)
    if way == "held":
        magic_shop.operator.call("POST", f"/payments/{sale.intent_id}/review", {"approve": False})
    assert till.status(sale) == "declined"
    assert len(wallet.call("GET", "/dues").json()["dues"]) == asked
    till.knows = "dues"
    again = till.call("POST", "/payments", item).json()
    assert (again["status"], "due" in again) == ("declined", asked), "a verdict is given once, also after an update"


COVERED = ("@method", "@target-uri", "content-digest", "pengpos-knows")


@pytest.mark.parametrize(
    ("knows", "came", "taken", "asked"),
    [
        ("dues", "dues", True, True),
        ("dues", None, False, False),
        ("dues", "tides", False, False),
        ("", "dues", False, False),
        ("", "", True, False),
    ],
    ids=["as it was sent", "taken off", "changed", "added", "none of the words"],
)
def test_who_takes_what_a_terminal_knows_off_is_refused(
    shop: Shop, knows: str, came: str | None, *, taken: bool, asked: bool
) -> None:
    """A terminal of page 1.3, which covers the header."""
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80, online=False)
    item = till.item(sale, wallet, wallet.authorise(sale), offline=True)
    spend_all(shop, wallet)
    request = till.request("POST", "/payments", item, {"Pengpos-Knows": knows})
    Signing(signer=till.key, created=shop.clock.now(), components=COVERED).apply(request)
    del request.headers["Pengpos-Knows"]
    if came is not None:
        request.headers["Pengpos-Knows"] = came
    assert shop.http.send(request).status_code == (200 if taken else 401)
    assert len(wallet.call("GET", "/dues").json()["dues"]) == asked


@pytest.mark.parametrize(("first", "then"), [("dues", None), (None, "dues")], ids=["knew then", "knows now"])
def test_what_counts_is_who_says_that_it_was_accepted_offline(shop: Shop, first: str | None, then: str | None) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    authorisation = wallet.authorise(sale)
    spend_all(shop, wallet)
    till.knows = first
    till.pay(sale, wallet, authorisation)
    till.knows = then
    assert ("due" in till.pay(sale, wallet, authorisation, offline=True).json()) == (then == "dues")


def test_one_sale_asks_once_whoever_else_signed_it(shop: Shop) -> None:
    owed, other = owing(shop), shop.wallet()
    answer = owed.till.pay(owed.sale, other, offline=True).json()
    assert (answer["status"], answer["due"]) == ("declined", {"state": "open", "amount": 18_80})
    assert (other.call("GET", "/dues").json()["dues"], owed.state()) == ([], "open")
    (payment,) = other.call("GET", "/payments").json()["payments"]
    assert "due" not in payment, "another shopper's due is not this one's business"


@pytest.mark.parametrize(
    ("refunds", "told"),
    [
        ([5_00], {"state": "open", "amount": 13_80}),
        ([5_00, 13_80], {"state": "withdrawn", "amount": 0}),
        ([None], {"state": "withdrawn", "amount": 0}),
        ([99_00], {"state": "withdrawn", "amount": 0}),
    ],
    ids=["a part", "all in parts", "all", "more than all"],
)
@pytest.mark.parametrize("refused", [False, True], ids=["open", "refused"])
def test_a_refund_behind_it_lessens_it(
    shop: Shop, refunds: list[int | None], told: dict[str, Any], refused: bool
) -> None:
    owed = owing(shop)
    if refused:
        owed.does("refuse")
    states = [owed.till.refund(owed.sale, minor).json()["state"] for minor in refunds]
    assert set(states) == {"void"}
    kept = told["state"] != "open"
    assert owed.told() == (told if kept or not refused else {**told, "state": "refused"})


def test_the_same_refund_again_lessens_it_once(shop: Shop) -> None:
    owed, name = owing(shop), refund_id()
    for _ in range(3):
        owed.till.refund(owed.sale, 5_00, name)
    assert owed.told() == {"state": "open", "amount": 13_80}


def test_a_refund_from_before_the_second_judgement_counts(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    authorisation = wallet.authorise(sale)
    spend_all(shop, wallet)
    till.pay(sale, wallet, authorisation)
    till.refund(sale, 8_80)
    assert till.pay(sale, wallet, authorisation, offline=True).json()["due"] == {"state": "open", "amount": 10_00}


@pytest.mark.parametrize("before", ["open", "refused"])
def test_a_cancel_withdraws_it(shop: Shop, before: str) -> None:
    owed = owing(shop)
    if before == "refused":
        owed.does("refuse")
    assert owed.till.cancel(owed.sale).json()["status"] == "cancelled"
    assert (owed.told(), owed.says("pay"), owed.says("refuse")) == (
        {"state": "withdrawn", "amount": 18_80}, "withdrawn", "withdrawn"
    )  # fmt: skip


def rivals(shop: Shop) -> tuple[Owing, Wallet, bytes]:
    """Two have signed one sale: the second was declined online, the first is asked for it."""
    till, first, second = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80)
    signed, rival = first.authorise(sale), second.authorise(sale)
    spend_all(shop, first)
    spend_all(shop, second)
    till.pay(sale, second, rival)
    till.pay(sale, first, signed, offline=True)
    return Owing(shop=shop, till=till, wallet=first, sale=sale, authorisation=signed), second, rival


def test_a_booking_of_the_same_sale_withdraws_it(shop: Shop) -> None:
    owed, second, rival = rivals(shop)
    assert owed.state() == "open"
    second.call("POST", "/top-ups", {"amount": 18_80, "currency": "CNY"})
    owed.earns(18_80)
    answer = owed.till.pay(owed.sale, second, rival, offline=True).json()
    assert (answer["status"], answer["due"]) == ("approved", {"state": "withdrawn", "amount": 18_80})
    assert (owed.says("pay"), owed.money()[0], second.balance()) == ("withdrawn", 18_80, 0)


def test_once_it_is_paid_nothing_of_that_sale_is_booked(shop: Shop) -> None:
    owed, second, rival = rivals(shop)
    owed.earns(18_80)
    assert owed.says("pay") == "paid"
    second.call("POST", "/top-ups", {"amount": 18_80, "currency": "CNY"})
    third = shop.wallet()
    before = owed.money()
    answers = [
        owed.till.pay(owed.sale, second, rival, offline=True).json(),
        owed.till.pay(owed.sale, third, offline=True).json(),
        owed.till.pay(owed.sale, shop.wallet()).json(),
        third.call("POST", f"/intents/{owed.sale.intent_id}/pay").json(),
    ]
    assert [answer.get("status") for answer in answers] == ["declined", "declined", "declined", 409]
    assert {answer["code"] for answer in answers} == {"insufficient_funds"}
    assert (second.balance(), third.balance(), owed.money()) == (18_80, 1_000_00, before)
    (payment,) = second.call("GET", "/payments").json()["payments"]
    assert payment["final"] is True


@pytest.mark.parametrize(("approve", "after"), [(False, "paid"), (True, "withdrawn")], ids=["refused", "approved"])
def test_while_another_is_held_for_the_same_sale_it_waits(shop: Shop, approve: bool, after: str) -> None:
    owed, second, rival = rivals(shop)
    second.call("POST", "/top-ups", {"amount": 18_80, "currency": "CNY"})
    owed.earns(18_80)
    shop.operator.call("POST", f"/terminals/{owed.till.terminal_id}/revoke")
    items = [owed.till.item(owed.sale, second, rival, offline=True)]
    (verdict,) = owed.till.call("POST", "/payments/batch", {"payments": items}).json()["verdicts"]
    assert verdict["status"] == "held"
    assert (owed.says("pay"), owed.state(), owed.money()[0]) == ("not_yet", "open", 18_80)
    shop.operator.call("POST", f"/payments/{owed.sale.intent_id}/review", {"approve": approve})
    assert owed.says("pay") == after
