# SPDX-License-Identifier: Apache-2.0
"""A campaign's whole way: set, quoted, paid by page and by tap, on the lines, refunded, in the statement by funder."""

from typing import Any

import pytest

from tests.support.backend import Shop
from tests.support.shop import MERCHANT_ID, Sale, Till, Wallet

DATE = "2027-01-15"
OFF = {"name": "开业立减", "discount": 3_00, "minimum": 10_00, "currency": "CNY"}


def campaign(shop: Shop, **more: Any) -> dict[str, Any]:
    now = shop.clock.now()
    return {**OFF, "not_before": now, "not_after": now + 86_400, **more}


def let_run(shop: Shop, *campaigns: dict[str, Any], level: str = f"merchants/{MERCHANT_ID}") -> None:
    answer = shop.operator.call("PUT", f"/{level}/settings", {"campaigns": list(campaigns)})
    assert answer.status_code == 204, answer.text


def quoted(wallet: Wallet, sale: Sale, **choice: Any) -> dict[str, Any]:
    found: dict[str, Any] = wallet.call("POST", f"/intents/{sale.text}/quote", choice).json()
    return found


def paid(wallet: Wallet, sale: Sale, **choice: Any) -> dict[str, Any]:
    found: dict[str, Any] = wallet.call("POST", f"/intents/{sale.text}/pay", choice).json()
    return found


def amounts(answer: dict[str, Any]) -> list[tuple[str, int]]:
    return [(line["kind"], line["amount"]) for line in answer["lines"]]


def ledger_of(shop: Shop, account: str) -> int:
    """The sum of all entries of one kind of account."""
    postings = shop.operator.call("GET", "/ledger/postings?after=0&limit=500").json()["postings"]
    entries = [entry for posting in postings for entry in posting["entries"]]
    return sum(entry["amount"] for entry in entries if entry["account"] == account)


def statement(shop: Shop, till: Till) -> list[tuple[str, str, int, int, int]]:
    """Funder, source, count, amount, back; of its one terminal that terminal's own day says the same."""
    lines = shop.operator.call("GET", f"/merchants/{MERCHANT_ID}/funded/{DATE}").json()["funded"]
    said = [{name: value for name, value in one.items() if value is not None} for one in lines]
    assert till.call("GET", f"/settlements/{DATE}").json().get("funded", []) == said
    return [(one["funder"], one.get("source") or "", one["count"], one["amount"], one["back"]) for one in lines]


def test_one_campaign_from_its_setting_to_the_statement(shop: Shop) -> None:
    """A bill of 20.00 with 3.00 off, once by the page and once by tap; of the first half is refunded, then all."""
    till, wallet = shop.till(), shop.wallet()
    let_run(shop, campaign(shop))
    sale = till.sale(20_00)
    told = quoted(wallet, sale, tip=1_00)
    assert amounts(told) == [("amount", 20_00), ("discount", -3_00), ("tip", 1_00)]
    assert told["lines"][1] == {
        "kind": "discount", "label": "立减", "amount": -3_00, "name": "开业立减", "funder": "merchant",
    }  # fmt: skip
    by_page = paid(wallet, sale, tip=1_00, total=told["total"])
    by_tap = till.pay(till.sale(20_00), wallet).json()
    assert (by_page["total"], by_page["lines"]) == (told["total"], told["lines"]) == (18_00, by_page["lines"])
    assert (by_tap["total"], amounts(by_tap)) == (17_00, [("amount", 20_00), ("discount", -3_00)])
    assert [ledger_of(shop, kind) for kind in ("merchant", "by_merchant", "given_away")] == [35_00, -6_00, 6_00]
    till.refund(sale, 9_00)
    assert statement(shop, till) == [("merchant", "", 2, 6_00, 1_50)]
    till.refund(sale)
    assert statement(shop, till) == [("merchant", "", 2, 6_00, 3_00)]
    assert (shop.operator.takings(), ledger_of(shop, "by_merchant")) == (17_00, -3_00)
    assert shop.operator.ledger_is_balanced()


@pytest.mark.parametrize(("funder", "account"), [
    ({"funder": "platform"}, "by_platform"),
    ({"funder": "sponsor", "sponsor": "soda-co"}, "by_sponsor"),
])  # fmt: skip
def test_what_others_fund_is_the_merchants_until_it_is_refunded(
    shop: Shop, funder: dict[str, str], account: str
) -> None:
    till, wallet = shop.till(), shop.wallet()
    let_run(shop, campaign(shop, campaign_id="opening", budget=4_00, **funder))
    sale, late = till.sale(20_00), till.sale(20_00)
    assert paid(wallet, sale)["total"] == 17_00
    assert (shop.operator.takings(), ledger_of(shop, account)) == (20_00, -3_00)
    assert paid(wallet, late)["total"] == 20_00, "1.00 is left of the budget"
    till.refund(sale, 8_50)
    assert (shop.operator.takings(), ledger_of(shop, account)) == (30_00, -1_50)
    till.refund(sale)
    assert (shop.operator.takings(), ledger_of(shop, account)) == (20_00, 0)
    assert paid(wallet, till.sale(20_00))["total"] == 17_00, "all of it is in the budget again"
    assert shop.operator.ledger_is_balanced()


def test_a_cancel_undoes_every_line(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    let_run(shop, campaign(shop, campaign_id="once", budget=3_00, times_per_shopper=1, funder="platform"))
    for _ in "ab":
        sale = till.sale(20_00)
        assert till.pay(sale, wallet).json()["total"] == 17_00
        assert till.cancel(sale).json()["status"] == "cancelled"
    assert (shop.operator.takings(), ledger_of(shop, "by_platform"), statement(shop, till)) == (0, 0, [])


def test_a_price_that_changed_takes_nothing(shop: Shop) -> None:
    """What was told holds while the claim does, also past the campaign's end; what was stopped does not."""
    till, wallet = shop.till(), shop.wallet()
    let_run(shop, campaign(shop, not_after=shop.clock.now() + 30))
    kept, stopped = till.sale(20_00), till.sale(20_00)
    for sale in (kept, stopped):
        opened = wallet.call("POST", f"/intents/{sale.text}/open").json()
        assert (opened["quote"]["total"], opened["quote"]["honoured_until"]) == (
            17_00,
            opened["intent"]["claimed_until"],
        )
    shop.clock.advance(40)
    assert paid(wallet, kept, total=17_00)["total"] == 17_00
    let_run(shop, campaign(shop, stopped=True))
    refused = wallet.call("POST", f"/intents/{stopped.text}/pay", {"total": 17_00})
    assert (refused.status_code, refused.json()["code"]) == (409, "price_changed")
    assert (till.status(stopped), shop.operator.takings()) == ("claimed", 17_00)
    assert quoted(wallet, stopped)["total"] == 20_00
