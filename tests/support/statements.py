# SPDX-License-Identifier: Apache-2.0
"""What calls at the counter ask of the database, for whatever database: the table, and how it is counted."""

from collections.abc import Callable
from typing import Any

from tests.support.backend import Shop
from tests.support.counted import counted
from tests.support.shop import MERCHANT_ID, Till, Wallet

COSTS = {
    "a payment": (12, 1),
    "a payment of a registered intent": (12, 1),
    "an item of a batch": (11, 1),
    "the same payment again": (8, 2),
    "a payment with a campaign": (16, 1),
    "a payment with a campaign's budget": (17, 1),
    "a refund where a campaign has a budget": (21, 1),
    "a cancel where a campaign has a budget": (22, 1),
    "a refund": (16, 1),
    "a cancel of what is paid": (16, 1),
    "registering an intent": (5, 2),
    "asking how an intent stands": (4, 0),
}
"""Statements, and transactions that were committed."""
COSTS_ON_SQLITE = COSTS | {"an item of a batch": (11, 0)}
"""Twenty items there share a transaction: PostgreSQL, which locks rows, has one an item."""


def cost_of(shop: Shop, call: str) -> tuple[int, int]:
    """What one call costs in a shop where the like has been before."""
    till, wallet = shop.till(), shop.wallet()
    assert till.pay(till.sale(1_00), wallet).json()["status"] == "approved"
    return _CALLS[call](shop, till, wallet)


def _cost(shop: Shop, send: Callable[[], Any]) -> tuple[int, int]:
    with counted(shop.backend.db.engine) as count:
        assert send().status_code == 200
    return count.statements, count.commits


def _payment(shop: Shop, till: Till, wallet: Wallet) -> tuple[int, int]:
    sale = till.sale(2_00)
    return _cost(shop, lambda: till.pay(sale, wallet))


def _campaign(
    shop: Shop,
    till: Till,
    wallet: Wallet,
    call: Callable[[Shop, Till, Wallet], tuple[int, int]] | None = None,
    **more: object,
) -> tuple[int, int]:
    """A payment, or another call, while one campaign runs."""
    campaign = {"name": "立减", "discount": 1_00, "minimum": 0, "currency": "CNY", "not_before": 0, "not_after": 2**32}

    def let_run(*campaigns: dict[str, object]) -> None:
        settings = {"campaigns": list(campaigns)}
        assert shop.operator.call("PUT", f"/merchants/{MERCHANT_ID}/settings", settings).status_code == 204

    let_run(campaign | more)
    till.pay(till.sale(2_00), wallet)
    cost = (call or _payment)(shop, till, wallet)
    let_run()
    return cost


def _budget(shop: Shop, till: Till, wallet: Wallet) -> tuple[int, int]:
    return _campaign(shop, till, wallet, campaign_id="opening", budget=9_00)


def _refund_with_a_budget(shop: Shop, till: Till, wallet: Wallet) -> tuple[int, int]:
    return _campaign(shop, till, wallet, _refund, campaign_id="opening", budget=9_00)


def _cancel_with_a_budget(shop: Shop, till: Till, wallet: Wallet) -> tuple[int, int]:
    return _campaign(shop, till, wallet, _cancel, campaign_id="opening", budget=9_00)


def _registered(shop: Shop, till: Till, wallet: Wallet) -> tuple[int, int]:
    sale = till.sale(2_00)
    till.put(sale)
    return _cost(shop, lambda: till.pay(sale, wallet))


def _again(shop: Shop, till: Till, wallet: Wallet) -> tuple[int, int]:
    sale = till.sale(2_00)
    authorisation = wallet.authorise(sale)
    till.pay(sale, wallet, authorisation)
    return _cost(shop, lambda: till.pay(sale, wallet, authorisation))


def _refund(shop: Shop, till: Till, wallet: Wallet) -> tuple[int, int]:
    sale = till.sale(2_00)
    till.pay(sale, wallet)
    return _cost(shop, lambda: till.refund(sale, 1_00))


def _cancel(shop: Shop, till: Till, wallet: Wallet) -> tuple[int, int]:
    sale = till.sale(2_00)
    till.pay(sale, wallet)
    return _cost(shop, lambda: till.cancel(sale))


def _register(shop: Shop, till: Till, _: Wallet) -> tuple[int, int]:
    sale = till.sale(2_00)
    return _cost(shop, lambda: till.put(sale))


def _ask(shop: Shop, till: Till, _: Wallet) -> tuple[int, int]:
    sale = till.sale(2_00)
    till.put(sale)
    return _cost(shop, lambda: till.call("GET", f"/intents/{sale.intent_id}"))


def _item(shop: Shop, till: Till, wallet: Wallet) -> tuple[int, int]:
    """What a batch costs more for each item more."""
    sales = [till.sale(1_00, online=False) for _ in range(5)]
    items = [till.item(sale, wallet, wallet.authorise(sale), offline=True) for sale in sales]

    def send(some: list[dict[str, Any]]) -> tuple[int, int]:
        return _cost(shop, lambda: till.call("POST", "/payments/batch", {"payments": some}))

    one, four = send(items[:1]), send(items[1:])
    return (four[0] - one[0]) // 3, (four[1] - one[1]) // 3


_CALLS = {
    "a payment": _payment,
    "a payment of a registered intent": _registered,
    "an item of a batch": _item,
    "the same payment again": _again,
    "a payment with a campaign": _campaign,
    "a payment with a campaign's budget": _budget,
    "a refund where a campaign has a budget": _refund_with_a_budget,
    "a cancel where a campaign has a budget": _cancel_with_a_budget,
    "a refund": _refund,
    "a cancel of what is paid": _cancel,
    "registering an intent": _register,
    "asking how an intent stands": _ask,
}
