# SPDX-License-Identifier: Apache-2.0
"""What became of what a wallet's key signed, as an issuer says it. Source: backend API, *What became of a promise*."""

import json
from typing import Any

import pytest

from pengpos.keys.software import SoftwareKey
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import Issuers, PublicKey
from sandbox.backend.intents import finality
from tests.sandbox.backend.people.test_tokens import kid_of
from tests.support.backend import Shop
from tests.support.shop import Sale, Till, Wallet


def heard(shop: Shop, promise: str | None) -> dict[str, Any] | None:
    """What an issuer signed."""
    if promise is None:
        return None
    issuers = Issuers(PublicKey.from_jwk(jwk) for jwk in shop.http.get("/wallet/v1/issuers").json()["issuers"])
    said: dict[str, Any] = json.loads(Sign1.read_issued(unb64u(promise), issuers, Context.PROMISE).payload)
    return said


def of_payment(shop: Shop, wallet: Wallet, sale: Sale) -> dict[str, Any] | None:
    told = wallet.call("GET", "/payments").json()["payments"]
    return heard(shop, next(payment.get("promise") for payment in told if payment["intent_id"] == sale.intent_id))


def of_intent(shop: Shop, wallet: Wallet, sale: Sale) -> dict[str, Any] | None:
    return heard(shop, wallet.call("GET", f"/intents/{sale.intent_id}?kid={kid_of(wallet)}").json().get("promise"))


def word(till: Till, wallet: Wallet, sale: Sale, *, taken: bool = False, aside: int = 0) -> dict[str, Any]:
    about = {"kid": kid_of(wallet), "terminal_id": till.terminal_id, "intent_id": sale.intent_id}
    return {**about, "taken": taken, "from_set_aside": aside}


def test_of_an_approved_payment_how_much_was_set_aside(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    free = till.sale(790_00)
    till.pay(free, wallet)
    assert of_payment(shop, wallet, free) == word(till, wallet, free, taken=True)
    sale = till.sale(100_00)
    till.pay(sale, wallet)
    assert of_payment(shop, wallet, sale) == word(till, wallet, sale, taken=True, aside=90_00)
    assert till.cancel(sale).json()["status"] == "cancelled"
    assert of_payment(shop, wallet, sale) == word(till, wallet, sale)


def test_of_a_refused_one_once_nothing_more_can_come_of_it(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    till.pay(till.sale(990_00), wallet)
    sale = till.sale(300_00)
    till.pay(sale, wallet)
    assert of_payment(shop, wallet, sale) is None
    till.cancel(sale)
    assert of_payment(shop, wallet, sale) == word(till, wallet, sale)


def test_of_one_that_is_too_old_no_sooner_than_all_that_came_in_time_is_booked(shop: Shop) -> None:
    """Its terminal may have accepted it offline; a delivery that waited for the database would be booked after all."""
    till, wallet = shop.till(), shop.wallet()
    till.pay(till.sale(990_00), wallet)
    sale = till.sale(300_00)
    till.pay(sale, wallet)
    shop.clock.advance(finality.MOST_MAX_AGE_S + finality.WAITS_MOST_S)
    assert of_payment(shop, wallet, sale) is None
    shop.clock.advance(1)
    assert of_payment(shop, wallet, sale) == word(till, wallet, sale)


@pytest.mark.parametrize("ends", ["cancelled", "paid by another"])
def test_of_what_was_never_delivered_once_its_intent_has_ended(shop: Shop, ends: str) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    wallet.authorise(sale)
    till.put(sale)
    assert of_intent(shop, wallet, sale) is None
    if ends == "cancelled":
        till.cancel(sale)
    else:
        till.pay(sale, shop.wallet())
    assert of_intent(shop, wallet, sale) == word(till, wallet, sale)


def test_what_was_delivered_is_not_said_to_be_nothing(shop: Shop) -> None:
    """Else who takes `payment` out of the answer would have a wallet promise it again."""
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    till.pay(sale, wallet)
    assert of_intent(shop, wallet, sale) is None


def test_nobody_is_told_of_anothers_key(shop: Shop) -> None:
    till, wallet, other = shop.till(), shop.wallet(), shop.wallet()
    sale = till.sale(18_80)
    till.put(sale)
    till.cancel(sale)
    path = f"/intents/{sale.intent_id}?kid="
    assert wallet.call("GET", path + kid_of(other)).status_code == 404
    assert wallet.call("GET", path + b64u(PublicKey.of(SoftwareKey.generate()).kid)).status_code == 404
    assert shop.http.get(f"/wallet/v1{path}{kid_of(wallet)}").status_code == 404


def test_wallets_are_told_by_an_issuer_that_there_are_such_words(shop: Shop) -> None:
    issuers = Issuers(PublicKey.from_jwk(jwk) for jwk in shop.http.get("/wallet/v1/issuers").json()["issuers"])
    document = unb64u(shop.http.get("/wallet/v1/revoked").json()["document"])
    assert json.loads(Sign1.read_issued(document, issuers, Context.REVOKED).payload)["signs_promises"] is True
