# SPDX-License-Identifier: Apache-2.0
"""An account's token ends when one of its wallet keys says so. Source: backend API, *A token*."""

import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import httpx
import pytest

from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.cose import Context, sign1
from pengpos.wire.encoding.keys import PublicKey
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
) -> httpx.Response:
    """The call; every part may be another than is right."""
    signer = key or wallet.key
    payload = f"{account_id or wallet.account_id} {digest(old or wallet.token)} {digest(new)}"
    body = {
        "token_hash": token_hash or digest(new),
        "kid": kid or b64u(PublicKey.of(signer).kid),
        "proof": b64u(sign1(signer, context, payload.encode())),
    }
    return wallet.call("POST", "/token", body)


def test_the_old_token_opens_nothing_once_there_is_another(shop: Shop) -> None:
    wallet = shop.wallet()
    assert ask(wallet).status_code == 204
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
