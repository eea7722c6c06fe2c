# SPDX-License-Identifier: Apache-2.0
"""The operator's side (backend API): tokens, merchants, stores, terminals, payments in pages, the ledger's check."""

from typing import Any

import pytest

from pengpos.wire.objects.credential import Credential
from tests.support.backend import Shop
from tests.support.shop import Operator, Till


@pytest.mark.parametrize("path", ["/payments", "/ledger/check", "/terminals", "/alarms"])
def test_nobody_else_gets_in(shop: Shop, path: str) -> None:
    wallet = shop.wallet(with_credential=False)
    assert shop.http.get(f"/admin/v1{path}").status_code == 401
    assert Operator(shop.http, wallet.token).call("GET", path).status_code == 401


def test_payments_tell_one_entry_an_intent(shop: Shop) -> None:
    till, wallet, second = shop.till(), shop.wallet(), shop.wallet()
    approved, declined, untried = till.sale(1_00), till.sale(1_000_00), till.sale(3_00)
    offline = till.sale(4_00, online=False)
    till.pay(approved, wallet)
    till.pay(approved, second)
    till.pay(declined, wallet)
    till.put(untried)
    till.pay(offline, wallet, offline=True)
    entries = {entry["intent_id"]: entry for entry in shop.operator.payments()}
    assert entries == {
        sale.intent_id: {
            "intent_id": sale.intent_id, "terminal_id": till.terminal_id, "epoch": till.epoch,
            "counter": sale.intent.claims.counter, "total": sale.intent.claims.amount_minor, "currency": "CNY",
            "currency_digits": 2, "state": state, "accepted_offline": sale is offline, "due": None,
        } for sale, state in ((approved, "approved"), (declined, "declined"), (offline, "approved"))
    }  # fmt: skip


def test_payments_come_in_pages(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    for _ in range(5):
        till.pay(till.sale(1_00), wallet)
    pages, query = [], ""
    while True:
        page = shop.operator.call("GET", f"/payments?limit=2{query}").json()
        pages.append([entry["counter"] for entry in page["payments"]])
        if page["next"] is None:
            break
        query = f"&next={page['next']}"
    assert pages == [[1, 2], [3, 4], [5]]


def test_the_ledger_counts_postings_and_accounts(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    till.pay(till.sale(1_00), wallet)
    # Play money to the shopper, some of it set aside for the wallet's key, then shopper to merchant.
    assert shop.operator.call("GET", "/ledger/check").json() == {"balanced": True, "postings": 3, "accounts": 4}


def test_a_new_merchants_store_enrols_under_its_own_name(shop: Shop) -> None:
    merchant = {"id": "M-0002", "name": "Dawn Café", "currency": "EUR", "timezone": "Europe/Paris"}
    assert shop.operator.call("POST", "/merchants", merchant).status_code == 201
    assert shop.operator.call("POST", "/stores", {"id": "S-9", "merchant_id": "M-0002", "name": "1"}).status_code == 201
    till = Till.enrol(shop.http, shop.clock, shop.operator.activation_code("S-9"))
    found = Credential.read(till.credential, till.issuers).merchant
    assert found is not None
    assert (found.merchant_id, found.name) == ("M-0002", "Dawn Café")
    stores = [(store["id"], store["merchant_id"]) for store in shop.operator.call("GET", "/stores").json()]
    assert stores == [("S-0001", "M-0001"), ("S-9", "M-0002")]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/merchants", {"id": "M-0001", "name": "again"}, 409),
        ("/merchants", {"id": "M-2", "name": "晨光" * 7}, 422),
        ("/merchants", {"id": "M-2", "name": "Cafe\u0301"}, 422),
        ("/merchants", {"id": "M-2", "name": "x", "timezone": "Mars/Olympus"}, 422),
        ("/merchants", {"id": "M-2", "name": "x", "currency": "XTS"}, 422),
        ("/merchants", {"id": "M-2", "name": "x", "currency": "huf"}, 422),
        ("/merchants", {"id": "M 2", "name": "x"}, 422),
        ("/stores", {"id": "S-0001", "merchant_id": "M-0001", "name": "again"}, 409),
        ("/stores", {"id": "S-2", "merchant_id": "M-0009", "name": "x"}, 404),
        ("/activation-codes", {"store_id": "S-9"}, 404),
        ("/terminals/T-22222222/revoke", None, 404),
        ("/terminals/T-22222222/commands", {"command": "lock"}, 404),
        ("/denylist", {"kid": "short"}, 422),
    ],
)
def test_what_cannot_be_is_refused(shop: Shop, path: str, body: Any, status: int) -> None:
    assert shop.operator.call("POST", path, body).status_code == status


def test_settings_of_nobody_are_404(shop: Shop) -> None:
    for level in ("merchants", "stores", "terminals"):
        assert shop.operator.call("PUT", f"/{level}/X-1/settings", {}).status_code == 404
