# SPDX-License-Identifier: Apache-2.0
"""Shoppers (backend API, shopper side): play money, credentials, and the allowance divided among at most three."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from pengpos.core.times import rfc3339
from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import Issuers, PublicKey
from pengpos.wire.objects.credential import Credential, Role
from sandbox.backend.kernel import limits
from sandbox.backend.ledger import ledger
from sandbox.backend.ledger.ledger import Account, AccountKind, PostingKind
from sandbox.backend.records.tables import AccountRow
from sandbox.backend.serving.app import create_app
from tests.support.backend import InProcess, Shop
from tests.support.dues import spend_what_is_free
from tests.support.shop import Wallet

DAY_S = 86_400


def allowance(shop: Shop, wallet: Wallet, merchant_id: str | None = None) -> tuple[int, int]:
    """(per payment, total) of one more credential; (0, 0) if it is online only."""
    answer = wallet.certify(SoftwareKey.generate(), merchant_id).json()
    found = Credential.read(unb64u(answer["credential"]), shop.backend.issuer.trusted).allowance
    return (found.per_payment_minor, found.total_minor) if found is not None else (0, 0)


def test_sign_up_brings_1000_of_play_money(shop: Shop) -> None:
    wallet = shop.wallet(with_credential=False)
    assert wallet.call("GET", "/balance").json() == {
        "amount": 1_000_00,
        "currency": "CNY",
        "currency_digits": 2,
        "available": 1_000_00,
        "set_aside": 0,
        "balances": [{"amount": 1_000_00, "currency": "CNY", "currency_digits": 2}],
        "offline_total": 500_00,
        "offline_frozen": False,
    }


def test_top_ups_add_up_in_every_currency(shop: Shop) -> None:
    wallet = shop.wallet(with_credential=False)
    wallet.call("POST", "/top-ups", {"amount": 5, "currency": "CNY"})
    answer = wallet.call("POST", "/top-ups", {"amount": 700, "currency": "JPY"}).json()
    assert answer["balances"] == [
        {"amount": 1_000_05, "currency": "CNY", "currency_digits": 2},
        {"amount": 700, "currency": "JPY", "currency_digits": 0},
    ]


@pytest.mark.parametrize("body", [{"amount": 0, "currency": "CNY"}, {"amount": 1.0, "currency": "CNY"},
                                  {"amount": 1, "currency": "cny"}, {"amount": 1, "currency": "XTS"},
                                  {"amount": -1, "currency": "CNY"}])  # fmt: skip
def test_odd_top_ups_are_refused(shop: Shop, body: dict[str, Any]) -> None:
    assert shop.wallet(with_credential=False).call("POST", "/top-ups", body).status_code == 422


def test_a_currency_that_is_not_held_is_not_enough_money(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    assert till.pay(till.sale(1, currency="JPY"), wallet).json()["code"] == "insufficient_funds"
    wallet.call("POST", "/top-ups", {"amount": 1, "currency": "JPY"})
    assert till.pay(till.sale(1, currency="JPY"), wallet).json()["status"] == "approved"


def test_issuers_are_told_to_everybody(shop: Shop) -> None:
    issuers = shop.http.get("/wallet/v1/issuers").json()["issuers"]
    key = shop.backend.issuer.key
    assert [PublicKey.from_jwk(jwk) for jwk in issuers] == [key]
    assert len(issuers[0]["kid"]) == 11


def test_a_credential_says_no_more_than_a_pseudonym(shop: Shop) -> None:
    wallet = shop.wallet()
    issuers = Issuers([shop.backend.issuer.key])
    credential = Credential.read(wallet.credential, issuers)
    assert credential.role is Role.WALLET
    assert credential.key == PublicKey.of(wallet.key)
    assert wallet.account_id not in credential.subject
    assert credential.expires_at == shop.clock.now() + 7 * DAY_S
    answer = wallet.certify(wallet.key).json()
    assert (answer["credential"], answer["expires_at"]) == (b64u(wallet.credential), rfc3339(credential.expires_at))


@pytest.mark.parametrize("wrong", ["another key", "another account", "another context"])
def test_a_key_proves_itself_over_the_account(shop: Shop, wrong: str) -> None:
    wallet, key = shop.wallet(with_credential=False), SoftwareKey.generate()
    signer = SoftwareKey.generate() if wrong == "another key" else key
    payload = b"A-22222222" if wrong == "another account" else wallet.account_id.encode()
    context = Context.CREDENTIAL if wrong == "another context" else Context.CREDENTIAL_REQUEST
    body = {"public_key": PublicKey.of(key).to_jwk(), "proof": b64u(sign1(signer, context, payload))}
    assert wallet.call("POST", "/credentials", body).json()["code"] == "bad_proof"


@pytest.mark.parametrize(
    "change", [{"kid": "AAAAAAAAAAA"}, {"x": "A" * 43}, {"crv": "P-384"}, {"y": "short"}], ids=lambda c: next(iter(c))
)
def test_a_key_that_is_none_is_refused(shop: Shop, change: dict[str, str]) -> None:
    wallet, key = shop.wallet(with_credential=False), SoftwareKey.generate()
    proof = b64u(sign1(key, Context.CREDENTIAL_REQUEST, wallet.account_id.encode()))
    body = {"public_key": {**PublicKey.of(key).to_jwk(), **change}, "proof": proof}
    assert wallet.call("POST", "/credentials", body).status_code == 422


def test_a_key_belongs_to_one_account(shop: Shop) -> None:
    first, second = shop.wallet(), shop.wallet(with_credential=False)
    assert second.certify(first.key).json()["code"] == "conflict"


def test_the_allowance_is_divided_among_three_whole_payments_first(shop: Shop) -> None:
    wallet = shop.wallet(with_credential=False)
    shares = [allowance(shop, wallet) for _ in range(5)]
    assert shares == [(200_00, 200_00), (200_00, 200_00), (100_00, 100_00), (0, 0), (0, 0)]


def test_what_an_expired_credential_can_still_deliver_counts(shop: Shop) -> None:
    wallet = shop.wallet(with_credential=False)
    for _ in range(3):
        allowance(shop, wallet)
    shop.clock.advance(7 * DAY_S)
    shop.sweep()
    assert allowance(shop, wallet) == (0, 0)
    shop.clock.advance(7 * DAY_S + 600)
    shop.sweep()
    assert (allowance(shop, wallet), held(wallet)) == ((0, 0), (500_00, 500_00)), "to the last second"
    shop.clock.advance(1)
    shop.sweep()
    assert held(wallet) == (1_000_00, 0)
    assert (allowance(shop, wallet), held(wallet)) == ((200_00, 200_00), (800_00, 200_00))


@pytest.mark.parametrize(
    ("total", "shares"),
    [
        (0, [(0, 0)] * 4),
        (150_00, [(150_00, 150_00), (0, 0), (0, 0), (0, 0)]),
        (500_00, [(200_00, 200_00), (200_00, 200_00), (100_00, 100_00), (0, 0)]),
    ],
)
def test_the_owner_sets_the_sum(shop: Shop, total: int, shares: list[tuple[int, int]]) -> None:
    wallet = shop.wallet(with_credential=False)
    wallet.call("PUT", "/offline-allowance", {"total": total})
    assert [allowance(shop, wallet) for _ in range(4)] == shares


@pytest.mark.parametrize("total", [500_01, 10**10])
def test_nobody_sets_more_aside_than_the_bound(shop: Shop, total: int) -> None:
    wallet = shop.wallet(with_credential=False)
    answer = wallet.call("PUT", "/offline-allowance", {"total": total})
    assert (answer.status_code, answer.json()["code"]) == (409, "over_allowance")
    assert wallet.call("GET", "/balance").json()["offline_total"] == 500_00


@pytest.mark.parametrize(
    ("spent", "shares", "left"),
    [
        (650_00, [200_00, 150_00, 0, 0], (0, 350_00)),
        (999_99, [1, 0, 0, 0], (0, 1)),
        (1_000_00, [0, 0, 0, 0], (0, 0)),
    ],
)
def test_no_more_is_set_aside_than_there_is(shop: Shop, spent: int, shares: list[int], left: tuple[int, int]) -> None:
    till, wallet = shop.till(), shop.wallet(with_credential=False)
    sale = till.sale(spent)
    till.put(sale)
    wallet.call("POST", f"/intents/{sale.intent_id}/pay")
    assert [allowance(shop, wallet)[1] for _ in range(4)] == shares
    assert held(wallet) == left


def held(wallet: Wallet) -> tuple[int, int]:
    """(what can be spent, what is set aside)."""
    answer = wallet.call("GET", "/balance").json()
    assert answer["amount"] == answer["available"] + answer["set_aside"] == answer["balances"][0]["amount"]
    return answer["available"], answer["set_aside"]


def of(wallet: Wallet, shop: Shop) -> Credential:
    """The credential that its key has now."""
    return Credential.read(unb64u(wallet.certify(wallet.key).json()["credential"]), shop.backend.issuer.trusted)


@pytest.mark.parametrize(
    ("after_s", "later"),
    [(7 * DAY_S // 2 - 1, False), (7 * DAY_S // 2, True), (14 * DAY_S + 600, True), (14 * DAY_S + 601, False)],
    ids=["first half", "second half", "expired and not given back", "given back"],
)
def test_a_key_with_an_allowance_goes_on_under_a_later_credential(shop: Shop, after_s: int, later: bool) -> None:
    wallet = shop.wallet()
    first = of(wallet, shop)
    shop.clock.advance(after_s)
    shop.sweep()
    now = of(wallet, shop)
    assert (now.expires_at == shop.clock.now() + 7 * DAY_S) is later
    assert (now.key, now.allowance) == (first.key, first.allowance)
    if later:
        shop.clock.advance(7 * DAY_S)
        shop.sweep()
        assert held(wallet) == (800_00, 200_00), "what it set aside stays there for it"


@pytest.mark.parametrize("why", ["frozen", "denylisted", "part of it is taken"])
def test_a_key_that_may_not_promise_all_of_it_does_not_go_on(shop: Shop, why: str) -> None:
    till, wallet = shop.till(), shop.wallet()
    first = of(wallet, shop)
    if why == "frozen":
        with shop.backend.db.engine.begin() as connection:
            connection.execute(update(AccountRow).values(offline_frozen_at=shop.clock.now()))
    elif why == "denylisted":
        shop.operator.call("POST", "/denylist", {"kid": b64u(PublicKey.of(wallet.key).kid)})
    else:
        spend_what_is_free(wallet)
        assert till.pay(till.sale(1_00, online=False), wallet, offline=True).json()["status"] == "approved"
    shop.clock.advance(6 * DAY_S)
    assert of(wallet, shop).expires_at == first.expires_at


@pytest.mark.parametrize(
    ("wish", "goes_on"),
    [
        ({"total": 0}, False),
        ({"total": 199_99}, False),
        ({"total": 200_00}, True),
        ({"total": 500_00, "merchants": ["M-0002"]}, False),
        ({"total": 500_00, "merchants": ["M-0001", "M-0002"]}, True),
    ],
    ids=lambda value: str(value),
)
def test_a_key_goes_on_only_as_its_owner_has_said_since(shop: Shop, wish: dict[str, Any], goes_on: bool) -> None:
    wallet, key = shop.wallet(with_credential=False), SoftwareKey.generate()
    first = wallet.certify(key, "M-0001").json()["credential"]
    assert wallet.call("PUT", "/offline-allowance", wish).status_code < 300
    shop.clock.advance(6 * DAY_S)
    assert (wallet.certify(key, "M-0001").json()["credential"] != first) is goes_on


def test_the_owner_chooses_the_shops(shop: Shop) -> None:
    wallet = shop.wallet(with_credential=False)
    wallet.call("PUT", "/offline-allowance", {"total": 500_00, "merchants": ["M-0002"]})
    assert allowance(shop, wallet, "M-0001") == (0, 0)
    assert allowance(shop, wallet) == (0, 0)
    assert allowance(shop, wallet, "M-0002") == (200_00, 200_00)


def test_a_frozen_account_promises_nothing_more(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    for _ in range(2):
        sale = till.sale(1)
        till.pay(sale, wallet, wallet.authorise(sale, counter=1))
    assert allowance(shop, wallet) == (0, 0)
    assert wallet.call("PUT", "/offline-allowance", {"total": 1}).json()["code"] == "offline_frozen"


def test_payments_are_listed_newest_first_and_in_pages(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    for amount in (1_00, 2_00, 3_00):
        till.pay(till.sale(amount), wallet)
    first = wallet.call("GET", "/payments?limit=2").json()
    second = wallet.call("GET", f"/payments?limit=2&next={first['next']}").json()
    assert [payment["total"] for payment in first["payments"] + second["payments"]] == [3_00, 2_00, 1_00]
    assert "next" not in second
    assert first["payments"][0]["merchant"] == {"id": "M-0001", "name": "晨光咖啡"}


def test_a_token_is_needed_and_anothers_opens_nothing(shop: Shop) -> None:
    wallet = shop.wallet(with_credential=False)
    for headers in ({}, {"Authorization": f"Basic {wallet.token}"}, {"Authorization": "Bearer nobody's"}):
        answer = shop.http.get("/wallet/v1/balance", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "token")


def test_an_account_has_so_many_new_keys_a_day(shop: Shop) -> None:
    wallet = shop.wallet(with_credential=False)
    keys = [SoftwareKey.generate() for _ in range(limits.CREDENTIALS.most + 1)]
    codes = [wallet.certify(key).status_code for key in keys]
    assert codes == [200] * limits.CREDENTIALS.most + [429]
    assert wallet.certify(keys[0]).status_code == 200  # again is no new one
    shop.clock.advance(86_401)
    assert wallet.certify(keys[-1]).status_code == 200


def test_an_address_signs_up_so_often(shop: Shop) -> None:
    backend = replace(shop.backend, rates=limits.Rates())
    with httpx.Client(transport=InProcess(create_app(backend, sweeping=False)), base_url=backend.origin) as http:
        body = {"name": "小鹏", "languages": []}
        most = limits.SIGN_UPS_OF_ADDRESS.most
        answers = [http.post("/wallet/v1/accounts", json=body) for _ in range(most + 1)]
    assert [answer.status_code for answer in answers] == [201] * most + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60


def test_no_top_up_makes_a_balance_more_than_an_amount(shop: Shop) -> None:
    """10^12 minor units on top of what was there were taken, and the account answered 500 ever after."""
    wallet = shop.wallet()
    for amount, currency in [(10**12 - 1_000_00 + 1, "CNY"), (10**12, "CNY")]:
        refused = wallet.call("POST", "/top-ups", {"amount": amount, "currency": currency})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
    wallet.call("POST", "/top-ups", {"amount": 10**12 - 1_000_00, "currency": "CNY"})
    assert wallet.call("POST", "/top-ups", {"amount": 10**12, "currency": "JPY"}).json()["amount"] == 10**12


def test_a_balance_that_refunds_have_made_more_than_an_amount_is_shown(shop: Shop) -> None:
    wallet = shop.wallet()
    owner = Account(AccountKind.SHOPPER, wallet.account_id)
    shop.backend.db.write(
        lambda session: ledger.transfer(
            session, PostingKind.REFUND, giver=Account(AccountKind.PLAY_MONEY), taker=owner,
            amount_minor=10**12, currency="CNY", at=shop.clock.now(),
        )
    )  # fmt: skip
    assert wallet.call("GET", "/balance").json()["amount"] == 10**12 + 1_000_00
