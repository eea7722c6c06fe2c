# SPDX-License-Identifier: Apache-2.0
"""Races at the counter, for whatever database."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests.support.backend import Shop
from tests.support.shop import Sale, Till, Wallet

PAYERS = 20


def everybody_at_once(shop: Shop, till: Till, sale: Sale) -> None:
    """Twenty shoppers pay one intent at the same moment, by tap, by tap offline and by the page: one is charged."""
    wallets = [shop.wallet() for _ in range(PAYERS)]
    signed = [wallet.authorise(sale) for wallet in wallets]
    start = Barrier(PAYERS)

    def pay(at: int) -> str:
        wallet: Wallet = wallets[at]
        start.wait(30)
        if at % 3 == 0:
            return str(wallet.call("POST", f"/intents/{sale.text}/pay").json()["status"])
        return str(till.pay(sale, wallet, signed[at], offline=at % 3 == 1).json()["status"])

    with ThreadPoolExecutor(PAYERS) as pool:
        statuses = list(pool.map(pay, range(PAYERS)))
    assert sorted(statuses) == ["already_paid"] * (PAYERS - 1) + ["approved"]
    assert sorted(wallet.balance() for wallet in wallets) == [1_000_00 - sale.intent.claims.amount_minor] + [
        1_000_00
    ] * (PAYERS - 1)
    paid = [entry for entry in shop.operator.payments() if entry["intent_id"] == sale.intent_id]
    assert [entry["state"] for entry in paid] == ["approved"]
