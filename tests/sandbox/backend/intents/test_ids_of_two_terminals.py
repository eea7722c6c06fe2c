# SPDX-License-Identifier: Apache-2.0
"""Another terminal takes this one's ids, before or after: this one's sale is paid, refunded, shown as its own."""

from typing import Any
from uuid import UUID

import pytest

from pengpos.core.sale import refund_id_after_cancel
from pengpos.wire.encoding.base64url import b64u
from tests.support.backend import Shop
from tests.support.shop import Sale, Till

OTHER_STORE = "S-SQUAT"
OTHER_NAME = "隔壁"


@pytest.fixture
def till(shop: Shop) -> Till:
    return shop.till()


@pytest.fixture
def squatter(shop: Shop) -> Till:
    """A terminal of another merchant."""
    shop.operator.call("POST", "/merchants", {"id": "M-SQUAT", "name": OTHER_NAME})
    shop.operator.call("POST", "/stores", {"id": OTHER_STORE, "merchant_id": "M-SQUAT", "name": "一号店"})
    return Till.enrol(shop.http, shop.clock, shop.operator.activation_code(OTHER_STORE))


def squat(squatter: Till, sale: Sale, amount_minor: int = 1, **changes: Any) -> Sale:
    """The squatter's own intent under this sale's id."""
    return squatter.sale(amount_minor, intent_id=sale.intent.claims.intent_id, **changes)


def collisions(shop: Shop) -> list[dict[str, Any]]:
    return [alarm for alarm in shop.operator.call("GET", "/alarms").json() if alarm["kind"] == "id_collision"]


def addressed(url: str) -> str:
    return url.rpartition("/")[2]


def test_an_offline_payment_is_paid_though_its_id_was_taken_first(shop: Shop, till: Till, squatter: Till) -> None:
    wallet, sale = shop.wallet(), till.sale(18_80, online=False)
    authorisation = wallet.authorise(sale)
    assert squatter.put(squat(squatter, sale)).status_code == 200
    verdict = till.pay(sale, wallet, authorisation, offline=True).json()
    assert (verdict["status"], verdict["intent_id"], verdict["total"]) == ("approved", sale.intent_id, 18_80)
    assert (wallet.balance(), till.status(sale), shop.operator.takings()) == (981_20, "approved", 18_80)
    assert till.pay(sale, wallet, authorisation, offline=True).json() == verdict
    (alarm,) = collisions(shop)
    assert (alarm["terminal_id"], alarm["detail"]) == (
        till.terminal_id,
        {"kind": "intent", "id": sale.intent_id, "terminal_ids": [squatter.terminal_id, till.terminal_id]},
    )


def test_a_latecomer_changes_nothing_of_the_first(shop: Shop, till: Till, squatter: Till) -> None:
    wallet, second, sale = shop.wallet(), shop.wallet(), till.sale(18_80)
    answer, paid = till.put(sale).json(), till.pay(sale, wallet).json()
    stolen = squat(squatter, sale)
    assert squatter.pay(stolen, second).json()["status"] == "approved"
    assert squatter.cancel(stolen).json()["status"] == "cancelled"
    assert (addressed(answer["url"]), paid["status"]) == (b64u(sale.intent.claims.intent_id), "approved")
    assert (till.status(sale), squatter.status(stolen)) == ("approved", "cancelled")
    assert (wallet.balance(), second.balance()) == (981_20, 1_000_00)
    assert len(collisions(shop)) == 1


def test_each_reads_cancels_and_refunds_its_own_only(shop: Shop, till: Till, squatter: Till) -> None:
    wallet, sale = shop.wallet(), till.sale(18_80)
    stolen = squat(squatter, sale, 18_80)
    squatter.pay(stolen, shop.wallet())
    assert (squatter.status(stolen), till.status(sale)) == ("approved", "404")
    assert till.refund(sale).json()["code"] == "payment_unknown"
    till.pay(sale, wallet)
    assert squatter.refund(stolen, 18_80).json()["state"] == "done"
    assert till.call("GET", f"/intents/{sale.intent_id}").json()["payment"]["refunded"] == 0
    assert (wallet.balance(), shop.operator.takings()) == (981_20, 18_80)


@pytest.mark.parametrize("first", ["squatter", "till"])
def test_a_refund_is_done_though_its_id_was_taken(shop: Shop, till: Till, squatter: Till, first: str) -> None:
    wallet, sale, other = shop.wallet(), till.sale(18_80), squatter.sale(5_00)
    till.pay(sale, wallet)
    squatter.pay(other, shop.wallet())
    refund_id = str(refund_id_after_cancel(UUID(sale.intent_id)))
    asked = [(squatter, other), (till, sale)]
    answers = {}
    for who, what in asked if first == "squatter" else reversed(asked):
        answers[who.terminal_id] = who.refund(what, None, refund_id)
        assert answers[who.terminal_id].json() == who.refund(what, None, refund_id).json()
    assert answers[till.terminal_id].json() == {
        "refund_id": refund_id, "state": "done", "amount": 18_80, "currency": "CNY"
    }  # fmt: skip
    assert (wallet.balance(), shop.operator.takings()) == (1_000_00, 0)
    (alarm,) = collisions(shop)
    assert (alarm["detail"]["kind"], alarm["detail"]["id"]) == ("refund", refund_id)
    assert {entry["refund_id"] for entry in day_of(till) if entry["kind"] == "refund"} == {refund_id}


def test_the_same_terminals_other_payload_is_still_a_conflict(shop: Shop, till: Till, squatter: Till) -> None:
    sale = till.sale(18_80)
    squatter.put(squat(squatter, sale))
    till.put(sale)
    again = till.sale(19_80, intent_id=sale.intent.claims.intent_id)
    assert till.put(again).json()["code"] == "conflict"
    assert len(collisions(shop)) == 1


def day_of(till: Till) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = till.call("GET", "/settlements/2027-01-15").json()["entries"]
    return entries
