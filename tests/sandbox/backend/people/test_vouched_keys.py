# SPDX-License-Identifier: Apache-2.0
"""Who has read an account's token can have a key certified: it pays until the owner's wallet names its keys, no more.

Source: backend API, *A token*.
"""

import secrets
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import PublicKey
from sandbox.backend.api import wallet_api
from sandbox.backend.kernel import limits
from sandbox.backend.people import accounts
from sandbox.backend.people.accounts import FIRST_KEY_S
from sandbox.backend.terminals import denylist
from sandbox.backend.trust.issuer import WALLET_CREDENTIAL_LIFE_S
from sandbox.backend.trust.proof_of_possession import read_key
from tests.sandbox.backend.people.test_tokens import ask, kid_of, said
from tests.support.backend import Shop
from tests.support.shop import Wallet
from tests.support.slow_body import post_slowly


def another_key(owner: Wallet) -> Wallet:
    """The same account, by its token, with a key of its own: another phone, or a thief."""
    made = replace(owner, key=SoftwareKey.generate(), counter=0)
    made.credential = unb64u(made.certify(made.key).json()["credential"])
    return made


def renewed(shop: Shop, owner: Wallet, *keys: Wallet, key: SoftwareKey | None = None) -> list[str]:
    """The owner's wallet has another token and names these keys; the kids that were blocked of late."""
    new = secrets.token_urlsafe(32)
    answer = ask(owner, new=new, key=key, keys=[kid_of(wallet) for wallet in keys or (owner,)])
    owner.token = new
    blocked: list[str] = said(shop, answer)["blocked"]
    return blocked


def pays(shop: Shop, wallet: Wallet) -> str:
    till = shop.till()
    answer = till.pay(till.sale(18_80), wallet).json()
    return str(answer.get("code") or answer["status"])


def test_a_key_that_the_token_alone_brought_speaks_for_nobody(shop: Shop) -> None:
    owner = shop.wallet()
    thief = another_key(owner)
    assert ask(thief).json()["code"] == "bad_proof"
    assert ask(thief, keys=[kid_of(thief), kid_of(owner)]).json()["code"] == "bad_proof"
    assert owner.call("GET", "/balance").status_code == 200


def test_it_pays_until_the_owner_has_another_token_and_the_owner_is_told(shop: Shop) -> None:
    owner = shop.wallet()
    thief = another_key(owner)
    assert pays(shop, thief) == "approved"  # as a second phone of a wallet of 1.2 does
    assert renewed(shop, owner) == [kid_of(thief)]
    assert pays(shop, thief) == "credential_blocked"
    assert thief.certify(SoftwareKey.generate()).status_code == 401
    assert pays(shop, owner) == "approved"
    shop.clock.advance(86_400)
    assert renewed(shop, owner) == [kid_of(thief)]  # for an answer may be lost
    shop.clock.advance(30 * 86_400)
    assert renewed(shop, owner) == []


def test_a_key_that_the_owner_names_pays_on_and_speaks(shop: Shop) -> None:
    owner = shop.wallet()
    second = another_key(owner)
    assert renewed(shop, owner, owner, second) == []
    assert pays(shop, second) == "approved"
    assert renewed(shop, owner, owner, key=second.key) == []
    assert pays(shop, second) == "approved"  # once it is the owner's, it stays so


def test_nobody_names_another_accounts_key(shop: Shop) -> None:
    owner, other = shop.wallet(), shop.wallet()
    stranger = another_key(other)
    assert renewed(shop, owner, owner, stranger) == []
    assert renewed(shop, other) == [kid_of(stranger)]


def test_a_key_that_has_expired_speaks_only_where_no_key_of_the_owner_lives(shop: Shop) -> None:
    owner = shop.wallet()
    shop.clock.advance(WALLET_CREDENTIAL_LIFE_S - 1)
    fresh = another_key(owner)
    assert renewed(shop, owner, owner, fresh) == []
    shop.clock.advance(1)
    assert ask(owner).json()["code"] == "bad_proof"
    shop.clock.advance(WALLET_CREDENTIAL_LIFE_S)
    thief = another_key(owner)  # the owner's phone was off for a week
    assert ask(thief).json()["code"] == "bad_proof"
    assert renewed(shop, owner, owner) == [kid_of(thief)]


def test_blocked_keys_of_the_owner_keep_none_that_expired_from_speaking(shop: Shop) -> None:
    owner = shop.wallet()
    second = another_key(owner)
    renewed(shop, owner, owner, second)
    shop.clock.advance(WALLET_CREDENTIAL_LIFE_S - 1)
    third = another_key(owner)
    renewed(shop, owner, owner, second, third)
    shop.clock.advance(1)
    assert shop.operator.call("POST", "/denylist", {"kid": kid_of(third), "listed": True}).is_success
    assert renewed(shop, owner, owner, second) == []


@pytest.mark.parametrize(("after_s", "is_the_owners"), [(FIRST_KEY_S, True), (FIRST_KEY_S + 1, False)])
def test_an_account_without_keys_is_not_given_to_who_comes_late_with_the_first(
    shop: Shop, after_s: int, is_the_owners: bool
) -> None:
    """A page's account has none, and whoever read its token would be its owner."""
    owner = shop.wallet(with_credential=False)
    shop.clock.advance(after_s)
    assert owner.certify(owner.key).is_success
    assert pays(shop, another_key(owner)) == "approved"
    assert (ask(owner).status_code == 200) is is_the_owners


def test_terminals_hear_only_of_those_that_may_promise(shop: Shop) -> None:
    """An account that is free has sixty keys a day, and would fill every terminal's list."""
    owner = shop.wallet()
    keys = [another_key(owner) for _ in range(6)]
    assert len(renewed(shop, owner)) == len(keys)
    with shop.backend.db.read() as session:
        assert denylist.version(session) == 2  # of three holders one is the owner's own key
    assert {pays(shop, key) for key in keys} == {"credential_blocked"}


def test_who_blocks_keys_of_their_own_and_promises_on_does_so_once(shop: Shop) -> None:
    """The platform bears a promise of a blocked key, with no due: so no key of the account promises any more."""
    owner, till = shop.wallet(), shop.till()
    second = another_key(owner)
    assert renewed(shop, owner) == [kid_of(second)]
    shop.clock.advance(60)
    sale = till.sale(18_80)
    answer = till.pay(sale, second, offline=True).json()
    assert (answer["code"], answer["borne_by"]) == ("credential_blocked", "platform")
    assert owner.call("GET", "/balance").json()["offline_frozen"] is True
    assert "promise_not_kept" in shop.operator.alarms()
    assert pays(shop, owner) == "approved"
    again = till.pay(till.sale(18_80), second, offline=True).json()
    assert again["code"] == "credential_blocked"
    assert shop.operator.alarms().count("promise_not_kept") == 1


def all_is_promised_away(shop: Shop, owner: Wallet) -> None:
    """By a thief's key: 600.00 are free, 200.00 are set aside for it."""
    till, thief = shop.till(), another_key(owner)
    for _ in range(5):
        till.pay(till.sale(200_00, online=False), thief, offline=True)
    assert "promise_not_kept" in shop.operator.alarms()


def test_a_thief_whose_promise_is_not_kept_takes_the_owners_word_from_no_key(shop: Shop) -> None:
    """Who has read the token promises beyond what is set aside: the owner's phone still gets rid of that token."""
    owner = shop.wallet()
    all_is_promised_away(shop, owner)
    assert ask(owner, keys=[kid_of(owner)]).status_code == 200


def test_a_key_that_is_copied_after_a_promise_was_not_kept_speaks_no_more(shop: Shop) -> None:
    """It was on the denylist before; that it is another's too outweighs why."""
    owner, till = shop.wallet(), shop.till()
    all_is_promised_away(shop, owner)
    for minor in (18_80, 18_90):
        sale = till.sale(minor)
        till.pay(sale, owner, owner.authorise(sale, counter=7))
    assert "wallet_copied" in shop.operator.alarms()
    assert ask(owner, keys=[kid_of(owner)]).json()["code"] == "bad_proof"


def a_thiefs_request(owner: Wallet) -> dict[str, object]:
    """Have a key certified by the owner's token, which was read on the line."""
    key = SoftwareKey.generate()
    proof = b64u(sign1(key, Context.CREDENTIAL_REQUEST, owner.account_id.encode()))
    return {"public_key": PublicKey.of(key).to_jwk(), "proof": proof}


def test_a_token_that_ended_while_a_body_was_on_its_way_brings_no_key(shop: Shop) -> None:
    """Who has read the token opens a call each minute and holds its body back: one of them is there at the renewal."""
    owner = shop.wallet()
    request = a_thiefs_request(owner)
    answer = post_slowly(shop, "/wallet/v1/credentials", request, owner.token, lambda: renewed(shop, owner))
    assert (answer.status_code, answer.json().get("code")) == (401, "token")


def test_a_token_that_ends_while_a_key_is_looked_at_brings_none(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The body is there and the call let in; who stands on the line chooses when the owner's renewal gets through."""
    owner = shop.wallet()
    request = a_thiefs_request(owner)

    def meanwhile(jwk: dict[str, str]) -> PublicKey:
        renewed(shop, owner)
        return read_key(jwk)

    monkeypatch.setattr(wallet_api, "read_key", meanwhile)
    answer = replace(owner).call("POST", "/credentials", request)
    assert (answer.status_code, answer.json().get("code")) == (401, "token")


def test_a_token_that_ended_while_a_body_was_on_its_way_pays_nothing(shop: Shop) -> None:
    owner, till = shop.wallet(), shop.till()
    sale = till.sale(18_80)
    till.put(sale)
    path = f"/wallet/v1/intents/{sale.intent_id}/pay"
    answer = post_slowly(shop, path, {}, owner.token, lambda: renewed(shop, owner))
    assert (answer.status_code, till.status(sale)) == (401, "created")


CALLS = [
    ("POST", "/top-ups", {"amount": 1_00, "currency": "CNY"}),
    ("PUT", "/offline-allowance", {"total": 0, "merchants": []}),
    ("POST", "/purses", {"name": "周末", "members": []}),
    ("POST", "/memberships", {"merchant_id": "M-0001", "kid": "AAAAAAAAAAA"}),
    ("POST", "/intents/SALE/claim", None),
    ("POST", "/intents/SALE/pay", None),
    ("POST", "/dues/SALE/pay", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS, ids=[path for _, path, _ in CALLS])
def test_a_token_that_ends_once_a_call_is_let_in_does_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: object
) -> None:
    owner, till = shop.wallet(), shop.till()
    sale, found, calls = till.sale(18_80), accounts.of_token, iter([renewed])

    def then_ended(session: Session, token_hash: str) -> str | None:
        account_id = found(session, token_hash)
        for renew in calls:
            renew(shop, owner)
        return account_id

    till.put(sale)
    monkeypatch.setattr(accounts, "of_token", then_ended)
    answer = replace(owner).call(method, path.replace("SALE", sale.intent_id), body)
    assert (answer.status_code, answer.json().get("code")) == (401, "token")
    assert till.status(sale) == "created"


def test_who_has_read_the_token_leaves_the_owner_keys_enough(shop: Shop) -> None:
    owner, most = shop.wallet(), limits.CREDENTIALS.most
    codes = [owner.certify(SoftwareKey.generate()).status_code for _ in range(most)]
    assert codes == [200] * (most - 1) + [429]
    assert len(renewed(shop, owner)) == min(50, most - 1)
    assert owner.certify(SoftwareKey.generate()).status_code == 200


def test_those_that_were_blocked_count_too_in_the_end(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else whoever blocks keys of their own would make a table grow."""
    owner = shop.wallet()
    monkeypatch.setattr(limits, "CREDENTIALS_IN_ALL", replace(limits.CREDENTIALS_IN_ALL, most=3))
    another_key(owner)
    renewed(shop, owner)
    another_key(owner)
    assert owner.certify(SoftwareKey.generate()).status_code == 429
