# SPDX-License-Identifier: Apache-2.0
"""An account's token ends when one of its wallet keys says so. Source: backend API, *A token*."""

import json
import secrets
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import httpx
import pytest

from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, Sign1, sign1
from pengpos.wire.encoding.keys import Issuers, PublicKey
from tests.support.backend import Shop
from tests.support.shop import Wallet

NEW = secrets.token_urlsafe(32)


def digest(token: str) -> str:
    return b64u(sha256(token.encode()).digest())


def ask(
    wallet: Wallet,
    *,
    key: SoftwareKey | None = None,
    kid: str | None = None,
    context: Context = Context.TOKEN,
    account_id: str | None = None,
    old: str | None = None,
    new: str = NEW,
    token_hash: str | None = None,
    keys: Sequence[str] | None = None,
    said_keys: Sequence[str] | None = None,
) -> httpx.Response:
    """The call; every part may be another than is right."""
    signer = key or wallet.key
    named = [kid_of(wallet)] if keys is None else list(keys)
    signed = named if said_keys is None else said_keys
    payload = " ".join([account_id or wallet.account_id, digest(old or wallet.token), digest(new), *signed])
    body = {
        "token_hash": token_hash or digest(new),
        "kid": kid or b64u(PublicKey.of(signer).kid),
        "keys": named,
        "proof": b64u(sign1(signer, context, payload.encode())),
    }
    return wallet.call("POST", "/token", body)


def test_the_old_token_opens_nothing_once_there_is_another(shop: Shop) -> None:
    wallet = shop.wallet()
    assert ask(wallet).status_code == 200
    old = wallet.call("GET", "/balance")
    assert (old.status_code, old.json()["code"]) == (401, "token")
    assert ask(wallet).status_code == 401  # nor does it bring a third
    wallet.token = NEW
    assert wallet.call("GET", "/balance").status_code == 200


BAD: list[tuple[str, Callable[[Shop, Wallet], dict[str, Any]]]] = [
    ("a key of its own", lambda _shop, _wallet: {"key": SoftwareKey.generate()}),
    ("another account's key", lambda shop, _wallet: {"key": shop.wallet().key}),
    ("a stranger's signature", lambda _, wallet: {"key": SoftwareKey.generate(), "kid": kid_of(wallet)}),
    ("signed as something else", lambda _shop, _wallet: {"context": Context.CREDENTIAL_REQUEST}),
    ("of another account", lambda shop, _wallet: {"account_id": shop.wallet().account_id}),
    ("of another token", lambda _shop, _wallet: {"old": "another"}),
    ("of another new one", lambda _shop, _wallet: {"token_hash": digest("the thief's")}),
    ("over other keys", lambda _, wallet: {"keys": [kid_of(wallet)], "said_keys": []}),
    ("keys that are none", lambda _shop, _wallet: {"keys": ["AAAA"]}),
    ("no hash", lambda _shop, _wallet: {"token_hash": "AAAA"}),
]


def kid_of(wallet: Wallet) -> str:
    return b64u(PublicKey.of(wallet.key).kid)


@pytest.mark.parametrize("spoilt", [row[1] for row in BAD], ids=[row[0] for row in BAD])
def test_the_token_alone_puts_no_other_in_its_place(
    shop: Shop, spoilt: Callable[[Shop, Wallet], dict[str, Any]]
) -> None:
    wallet = shop.wallet()
    answer = ask(wallet, **spoilt(shop, wallet))
    assert (answer.status_code, answer.json()["code"]) in {(422, "bad_proof"), (422, "invalid_request")}
    assert wallet.call("GET", "/balance").status_code == 200


def test_a_key_that_may_be_copied_says_nothing(shop: Shop) -> None:
    wallet = shop.wallet()
    assert shop.operator.call("POST", "/denylist", {"kid": kid_of(wallet), "listed": True}).is_success
    assert ask(wallet).json()["code"] == "bad_proof"
    assert wallet.call("GET", "/balance").status_code == 200


def squat(shop: Shop, token_hash: str) -> None:
    """An account of its own has the token of this hash, which it need not know, for its own."""
    mine = shop.wallet()
    payload = f"{mine.account_id} {digest(mine.token)} {token_hash} {kid_of(mine)}"
    body = {
        "token_hash": token_hash,
        "kid": kid_of(mine),
        "keys": [kid_of(mine)],
        "proof": b64u(sign1(mine.key, Context.TOKEN, payload.encode())),
    }
    assert mine.call("POST", "/token", body).status_code == 200


def test_a_hash_that_another_account_has_is_a_conflict(shop: Shop) -> None:
    wallet = shop.wallet()
    squat(shop, digest(NEW))
    answer = ask(wallet)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert wallet.call("GET", "/balance").status_code == 200
    assert ask(wallet, new="another").status_code == 200


def test_an_issuer_says_which_token_it_is_now_as_often_as_it_is_asked(shop: Shop) -> None:
    wallet = shop.wallet()
    first = said(shop, ask(wallet))
    assert first == {"account_id": wallet.account_id, "token_hash": digest(NEW), "blocked": []}
    wallet.token = NEW
    assert said(shop, ask(wallet)) == first


def said(shop: Shop, answer: httpx.Response) -> dict[str, Any]:
    """What an issuer signed."""
    issuers = Issuers(PublicKey.from_jwk(jwk) for jwk in shop.http.get("/wallet/v1/issuers").json()["issuers"])
    signed = Sign1.read_issued(unb64u(answer.json()["signed"]), issuers, Context.ACCOUNT_TOKEN)
    content: dict[str, Any] = json.loads(signed.payload)
    return content
