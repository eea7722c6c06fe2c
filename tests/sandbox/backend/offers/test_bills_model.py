# SPDX-License-Identifier: Apache-2.0
"""Whatever is bought, sent again, refunded and cancelled: lines, ledger, budget, statement and day say the same.

The lines themselves, over many more bills: `tests/sandbox/backend/bill`.
"""

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from sandbox.backend.records.tables import CampaignRow
from tests.support.backend import Shop
from tests.support.shop import MERCHANT_ID, Sale, Till, Wallet

DATE = "2027-01-15"
OFF = {"minimum": 0, "currency": "CNY", "not_before": 0, "not_after": 2**32}
CAMPAIGNS = [
    OFF | {"name": "a", "campaign_id": "a", "discount": 5_00, "at_least": 1, "budget": 40_00, "funder": "platform"},
    OFF | {"name": "b", "campaign_id": "b", "discount": 7_77, "percent": 13, "budget": 50_00, "funder": "sponsor",
           "sponsor": "soda-co", "minimum": 15_00},
    OFF | {"name": "c", "campaign_id": "c", "discount": 1_01, "times_per_shopper": 3, "funder": "store"},
    OFF | {"name": "d", "discount": 33},
]  # fmt: skip
BUDGETS = {"a": 40_00, "b": 50_00}
ACCOUNTS = {"merchant": "by_merchant", "store": "by_store", "platform": "by_platform", "sponsor": "by_sponsor"}


@dataclass
class Played:
    """A shop in which somebody buys at random, and what they have bought."""

    shop: Shop
    till: Till
    wallets: list[Wallet]
    random: Random
    paid: list[tuple[Sale, dict[str, Any]]] = field(default_factory=list)

    def buy(self) -> None:
        wallet, sale = (
            self.random.choice(self.wallets),
            self.till.sale(self.random.choice([1, 99, 10_00, 33_33, 47_11])),
        )
        vouchers = [voucher["voucher_id"] for voucher in wallet.call("GET", "/vouchers").json()["vouchers"]
                    if not voucher["spent"]]  # fmt: skip
        choice = {"tip": self.random.choice([0, 66]), "vouchers": vouchers[: self.random.randrange(3)]}
        if self.random.random() < 0.5:
            answers = [self.till.pay(sale, wallet, signed).json() for signed in 2 * [wallet.authorise(sale)]]
        else:
            answers = [wallet.call("POST", f"/intents/{sale.text}/pay", choice).json() for _ in "ab"]
        assert answers[0]["lines"] == answers[1]["lines"], "the same request again has the same answer"
        assert sum(line["amount"] for line in answers[0]["lines"]) == answers[0]["total"]
        self.paid.append((sale, answers[0]))

    def refund(self) -> None:
        if self.paid:
            sale, answer = self.random.choice(self.paid)
            self.till.refund(sale, self.random.randint(1, max(1, answer["total"])))

    def cancel(self) -> None:
        if self.paid:
            self.till.cancel(self.random.choice(self.paid)[0])


@pytest.mark.parametrize("seed", [1, 2])
def test_all_books_say_the_same(shop: Shop, seed: int) -> None:
    played = Played(shop, shop.till(), [shop.wallet(), shop.wallet()], Random(seed))
    assert shop.operator.call("PUT", f"/merchants/{MERCHANT_ID}/settings", {"campaigns": CAMPAIGNS}).status_code == 204
    for wallet in played.wallets:
        for value in (2_00, 60_00):
            body = {"account_id": wallet.account_id, "merchant_id": MERCHANT_ID, "value": value, "not_before": 0}
            shop.operator.call("POST", "/coupons", body | {"not_after": 2**32})
    for _ in range(45):
        played.random.choice([played.buy, played.buy, played.refund, played.cancel])()
    assert shop.operator.ledger_is_balanced()
    said = shop.operator.call("GET", f"/merchants/{MERCHANT_ID}/funded/{DATE}").json()["funded"]
    day = played.till.call("GET", f"/settlements/{DATE}").json()["funded"]
    assert day == [{name: value for name, value in one.items() if value is not None} for one in said]
    by_funder, by_campaign = Counter[str](), Counter[str]()
    for one in said:
        by_funder[ACCOUNTS[one["funder"]]] += one["amount"] - one["back"]
        by_campaign[one["source"] or ""] += one["amount"] - one["back"]
    postings = shop.operator.call("GET", "/ledger/postings?after=0&limit=500").json()["postings"]
    entries = [entry for posting in postings for entry in posting["entries"]]
    for account in ACCOUNTS.values():
        assert by_funder[account] == -sum(entry["amount"] for entry in entries if entry["account"] == account)
    with shop.backend.db.read() as session:
        for name, budget_minor in BUDGETS.items():
            row = session.get_one(CampaignRow, f"m/{MERCHANT_ID}/{name}")
            assert row.spent_minor == by_campaign[name] <= budget_minor
    vouchers = [voucher for wallet in played.wallets for voucher in wallet.call("GET", "/vouchers").json()["vouchers"]]
    left = sum(voucher["value"] for voucher in vouchers if not voucher["spent"])
    assert left + sum(one["amount"] - one["back"] for one in said if one["kind"] == "voucher") == 2 * 62_00
