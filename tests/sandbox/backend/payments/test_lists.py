# SPDX-License-Identifier: Apache-2.0
"""A list asks as many statements for many payments as for two."""

from collections.abc import Callable

import pytest

from tests.support.backend import Shop
from tests.support.counted import counted
from tests.support.shop import Wallet

LISTS: dict[str, Callable[[Shop, Wallet], int]] = {
    "a wallet's payments": lambda _, wallet: len(wallet.call("GET", "/payments").json()["payments"]),
    "an operator's payments": lambda shop, _: len(shop.operator.payments()),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_asks_no_more_for_more_payments(shop: Shop, name: str) -> None:
    till, wallet = shop.till(), shop.wallet()
    asked = []
    for _ in range(3):
        for _ in range(2):
            sale = till.sale(2_00)
            till.pay(sale, wallet)
            till.refund(sale, 1_00)
        with counted(shop.backend.db.engine) as count:
            shown = LISTS[name](shop, wallet)
        asked.append((shown, count.statements))
    assert asked == [(2 * (round_ + 1), asked[0][1]) for round_ in range(3)]
