# SPDX-License-Identifier: Apache-2.0
"""Promises are money set aside: what pays for them, when it goes back, and what befalls a wallet that breaks them."""

from typing import Any

import pytest

from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.keys import PublicKey
from sandbox.backend.ledger import ledger
from sandbox.backend.ledger.ledger import Account, AccountKind
from sandbox.backend.terminals import denylist
from tests.support.backend import Shop
from tests.support.dues import spend_all, spend_what_is_free
from tests.support.shop import MERCHANT_ID, Sale, Till, Wallet

DAY_S = 86_400
Answer = dict[str, Any]


def kid_of(wallet: Wallet) -> str:
    return b64u(PublicKey.of(wallet.key).kid)


def with_another_key(wallet: Wallet) -> Wallet:
    """The same account with one more key."""
    other = Wallet(http=wallet.http, clock=wallet.clock, account_id=wallet.account_id, token=wallet.token,
                   key=SoftwareKey.generate())  # fmt: skip
    other.credential = unb64u(other.certify(other.key).json()["credential"])
    return other


def held(wallet: Wallet) -> tuple[int, int]:
    """(what can be spent, what is set aside)."""
    answer = wallet.call("GET", "/balance").json()
    return answer["available"], answer["set_aside"]


def promise(till: Till, wallet: Wallet, minor: int) -> tuple[Till, Sale, bytes]:
    sale = till.sale(minor, online=False)
    return till, sale, wallet.authorise(sale)


def deliver(wallet: Wallet, promised: tuple[Till, Sale, bytes]) -> Answer:
    till, sale, authorisation = promised
    answer: Answer = till.pay(sale, wallet, authorisation, offline=True).json()
    return answer


def listed(shop: Shop, wallet: Wallet) -> bool:
    with shop.backend.db.read() as session:
        return denylist.listed_at(session, kid_of(wallet), shop.clock.now())


def cost_of_guarantee(shop: Shop) -> int:
    with shop.backend.db.read() as session:
        return -ledger.balance(session, Account(AccountKind.GUARANTEE), "CNY")


# --- what pays --------------------------------------------------------------------------------------------------------


def test_a_promise_is_paid_whatever_else_was_spent_meanwhile(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    promised = promise(till, wallet, 200_00)
    spend_what_is_free(wallet)
    assert held(wallet) == (0, 200_00)
    answer = deliver(wallet, promised)
    assert (answer["status"], held(wallet)) == ("approved", (0, 0))
    (payment,) = wallet.call("GET", "/payments").json()["payments"]
    assert payment["from_set_aside"] == 200_00


@pytest.mark.parametrize(("free", "from_set_aside"), [(200_00, 0), (150_00, 50_00), (0, 200_00)])
def test_free_money_pays_first_so_that_the_key_stays_covered(shop: Shop, free: int, from_set_aside: int) -> None:
    till, wallet = shop.till(), shop.wallet()
    promised = promise(till, wallet, 200_00)
    spend_what_is_free(wallet)
    if free:
        wallet.call("POST", "/top-ups", {"amount": free, "currency": "CNY"})
    deliver(wallet, promised)
    assert held(wallet) == (free - (200_00 - from_set_aside), 200_00 - from_set_aside)
    (payment,) = wallet.call("GET", "/payments").json()["payments"]
    assert payment["from_set_aside"] == from_set_aside


@pytest.mark.parametrize(
    ("claims", "status"),
    [({}, "approved"), ({"offline_allowed": False}, "declined")],
    ids=["promised", "for online only"],
)
def test_online_it_pays_for_what_was_promised_and_nothing_else(shop: Shop, claims: dict[str, Any], status: str) -> None:
    till, wallet = shop.till(), shop.wallet()
    spend_what_is_free(wallet)
    sale = till.sale(18_80)
    assert till.pay(sale, wallet, wallet.authorise(sale, **claims)).json()["status"] == status
    assert (shop.operator.alarms(), cost_of_guarantee(shop)) == ([], 0)


def test_another_keys_money_is_not_touched(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    other = with_another_key(wallet)
    spend_what_is_free(wallet)
    assert deliver(wallet, promise(till, wallet, 200_00))["status"] == "approved"
    shop.clock.advance(1)
    assert deliver(wallet, promise(till, wallet, 1))["code"] == "insufficient_funds"
    assert held(other) == (0, 200_00)


def test_what_a_cancel_gives_back_is_set_aside_again(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    spend_what_is_free(wallet)
    sale = till.sale(150_00)
    till.pay(sale, wallet)
    assert held(wallet) == (0, 50_00)
    assert till.cancel(sale).json()["status"] == "cancelled"
    assert held(wallet) == (0, 200_00)


def test_declined_online_and_promised_it_had_no_money_at_all(shop: Shop) -> None:
    """Accepted after all, such a payment costs an honest shopper nothing that they were told was refused."""
    till, wallet = shop.till(), shop.wallet()
    spend_what_is_free(wallet)
    sale = till.sale(250_00)  # beyond the allowance: an honest wallet signs it for online only
    authorisation = wallet.authorise(sale, offline_allowed=False)
    assert till.pay(sale, wallet, authorisation).json()["code"] == "insufficient_funds"
    wallet.call("POST", "/top-ups", {"amount": 500_00, "currency": "CNY"})
    answer = till.pay(sale, wallet, authorisation, offline=True).json()
    assert (answer["code"], answer["guaranteed"], held(wallet)) == ("offline_not_allowed", 0, (500_00, 200_00))


# --- when it goes back ------------------------------------------------------------------------------------------------


def test_it_goes_back_when_nothing_more_can_be_taken_and_not_a_second_earlier(shop: Shop) -> None:
    wallet = shop.wallet()
    shop.clock.advance(14 * DAY_S + 600)
    shop.sweep()
    assert held(wallet) == (800_00, 200_00)
    shop.clock.advance(1)
    shop.sweep()
    assert held(wallet) == (1_000_00, 0)
    *_, posting = shop.operator.call("GET", "/ledger/postings").json()["postings"]
    assert (posting["kind"], {entry["amount"] for entry in posting["entries"]}) == ("given_back", {200_00, -200_00})


def test_the_last_promise_is_paid_on_the_last_day(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    spend_what_is_free(wallet)
    shop.clock.advance(7 * DAY_S - 1)
    till.call("GET", "/terminal/config")
    promised = promise(till, wallet, 200_00)
    shop.clock.advance(7 * DAY_S)
    shop.sweep()
    assert deliver(wallet, promised)["status"] == "approved"


def test_it_does_not_go_back_under_a_payment_that_is_held(magic_shop: Shop) -> None:
    shop, till, wallet = magic_shop, magic_shop.till(), magic_shop.wallet()
    spend_what_is_free(wallet)
    shop.clock.advance(7 * DAY_S - 1)
    till.call("GET", "/terminal/config")
    promised = promise(till, wallet, 10_27)
    shop.clock.advance(7 * DAY_S)
    assert deliver(wallet, promised)["status"] == "held"
    with shop.backend.db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE payments SET held_until = held_until + 1000")
    shop.clock.advance(602)
    shop.sweep()
    assert held(wallet) == (0, 200_00)
    shop.operator.call("POST", f"/payments/{promised[1].intent_id}/review", {"approve": True})
    shop.sweep()
    assert (till.status(promised[1]), held(wallet)) == ("approved", (200_00 - 10_27, 0))


@pytest.mark.parametrize("max_age_s", [7 * DAY_S, 7 * DAY_S + 1])
def test_no_policy_takes_promises_for_longer_than_that(shop: Shop, max_age_s: int) -> None:
    answer = shop.operator.call("PUT", f"/merchants/{MERCHANT_ID}/settings", {"risk": {"max_age_s": max_age_s}})
    assert answer.status_code == (204 if max_age_s == 7 * DAY_S else 422)


# --- attacks ----------------------------------------------------------------------------------------------------------


def test_one_wallet_at_twenty_terminals(shop: Shop) -> None:
    """It pays all it has; what it promised beyond is found out at the first that finds nothing, and then it is over."""
    wallet = shop.wallet()
    other, tills = with_another_key(wallet), [shop.till() for _ in range(20)]
    promised = [promise(till, wallet, 200_00) for till in tills]
    shop.clock.advance(1)
    answers = [deliver(wallet, one) for one in promised]
    paid = [answer for answer in answers if answer["status"] == "approved"]
    assert (len(paid), held(wallet)) == (4, (0, 200_00)), "all but what another key may have promised"
    assert {answer["borne_by"] for answer in answers if answer["status"] == "declined"} == {"platform"}
    assert shop.operator.takings() == 20 * 200_00, "no merchant bears it"
    assert cost_of_guarantee(shop) == 16 * 200_00
    assert shop.operator.alarms() == ["promise_not_kept"]
    assert (listed(shop, wallet), listed(shop, other)) == (True, True)
    shop.clock.advance(1)
    for key in (wallet, other):
        assert deliver(key, promise(tills[0], key, 1_00))["code"] == "credential_blocked"
    fresh = with_another_key(wallet)
    assert deliver(fresh, promise(tills[0], fresh, 1_00))["code"] == "offline_not_allowed"


def test_the_first_promise_that_is_not_kept_blocks_freezes_and_alarms_once(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    other, stranger = with_another_key(wallet), shop.wallet()
    broken = [promise(till, wallet, 18_80) for _ in range(2)]
    kept = promise(till, other, 50_00)
    with_news = till.call("GET", "/terminal/denylist?since=0")
    spend_all(shop, stranger)
    spend_what_is_free(wallet)
    deliver(wallet, promise(till, wallet, 200_00))
    shop.clock.advance(1)
    assert [deliver(wallet, one)["code"] for one in broken] == ["insufficient_funds"] * 2
    assert shop.operator.alarms() == ["promise_not_kept"]
    (alarm,) = shop.operator.call("GET", "/alarms").json()
    assert alarm["detail"] == {"account_id": wallet.account_id, "kid": kid_of(wallet), "keys": 2, "total": 18_80,
                               "currency": "CNY"}  # fmt: skip
    assert (listed(shop, wallet), listed(shop, other), listed(shop, stranger)) == (True, True, False)
    assert till.call("GET", "/terminal/denylist?since=0").json() != with_news.json()
    assert wallet.call("GET", "/balance").json()["offline_frozen"] is True
    assert deliver(other, kept)["status"] == "approved", "what was set aside for it pays it all the same"


def test_money_for_testing_blocks_nobody(magic_shop: Shop) -> None:
    till, wallet = magic_shop.till(), magic_shop.wallet()
    assert deliver(wallet, promise(till, wallet, 10_23))["code"] == "insufficient_funds"
    assert (magic_shop.operator.alarms(), listed(magic_shop, wallet)) == ([], False)


def test_an_online_decline_blocks_nobody(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    assert till.pay(till.sale(1_000_01), wallet).json()["code"] == "insufficient_funds"
    assert (shop.operator.alarms(), listed(shop, wallet)) == ([], False)


def test_promises_that_outlive_their_credential_are_covered_beside_the_new_ones(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    keys = [wallet, with_another_key(wallet), with_another_key(wallet)]
    shop.clock.advance(7 * DAY_S - 1)
    till.call("GET", "/terminal/config")
    promised = [(key, promise(till, key, minor)) for key, minor in zip(keys, (200_00, 200_00, 100_00), strict=True)]
    spend_what_is_free(wallet)
    shop.clock.advance(1)
    shop.sweep()
    for _ in range(4):
        fresh = with_another_key(wallet)
        assert deliver(fresh, promise(till, fresh, 1_00))["code"] == "offline_not_allowed"
    assert [deliver(key, one)["status"] for key, one in promised] == ["approved"] * 3
    assert (held(wallet), cost_of_guarantee(shop)) == ((0, 0), 0)


@pytest.mark.parametrize("tips", [(0, 0, 0), (0, 1_20, 0)])
def test_goods_are_guaranteed_once_however_many_promised_for_them(shop: Shop, tips: tuple[int, ...]) -> None:
    till, wallets = shop.till(), [shop.wallet() for _ in tips]
    sale = till.sale(100_00, online=False)
    signed = [wallet.authorise(sale, tip_minor=tip) for wallet, tip in zip(wallets, tips, strict=True)]
    for wallet in wallets:
        spend_all(shop, wallet)
    shop.clock.advance(1)
    answers = [deliver(wallet, (till, sale, one)) for wallet, one in zip(wallets, signed, strict=True)]
    assert {answer["status"] for answer in answers} == {"declined"}
    assert sum(answer["guaranteed"] for answer in answers) == 100_00 + max(tips) == cost_of_guarantee(shop)
    assert shop.operator.alarms() == ["promise_not_kept"], "only the first was looked at: the others broke nothing"
