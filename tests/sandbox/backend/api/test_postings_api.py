# SPDX-License-Identifier: Apache-2.0
"""The ledger line by line, as the operator reads it."""

from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.keys import PublicKey
from tests.support.backend import Shop


def test_each_booking_is_told_with_what_it_moved(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    sale = till.sale(18_80)
    till.pay(sale, wallet)
    top_up, aside, payment = shop.operator.call("GET", "/ledger/postings").json()["postings"]
    assert (top_up["kind"], top_up["intent_id"]) == ("top_up", None)
    kid = b64u(PublicKey.of(wallet.key).kid)
    kept = {(entry["account"], entry["owner"]): entry["amount"] for entry in aside["entries"]}
    assert (aside["kind"], kept) == ("set_aside", {("shopper", wallet.account_id): -200_00, ("set_aside", kid): 200_00})
    assert (payment["kind"], payment["intent_id"]) == ("payment", sale.intent_id)
    moved = {(entry["account"], entry["owner"]): entry["amount"] for entry in payment["entries"]}
    assert moved == {("shopper", wallet.account_id): -18_80, ("merchant", "M-0001"): 18_80}
    assert payment["at"].endswith("Z")


def test_only_what_is_new_or_the_newest(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    for _ in range(3):
        till.pay(till.sale(1_00), wallet)

    def numbers(query: str) -> list[int]:
        return [p["number"] for p in shop.operator.call("GET", f"/ledger/postings?{query}").json()["postings"]]

    everything = numbers("")
    assert everything == sorted(everything)
    assert len(everything) == 5
    assert numbers("limit=2") == everything[-2:]
    assert numbers("limit=2&after=0") == everything[:2]
    assert numbers(f"after={everything[3]}") == everything[4:]
    assert numbers(f"after={everything[4]}") == []


def test_nobody_else_reads_it(shop: Shop) -> None:
    assert shop.http.get("/admin/v1/ledger/postings").status_code == 401
