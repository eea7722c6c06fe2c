# SPDX-License-Identifier: Apache-2.0
"""What an operator's own call made necessary is decided by another, as long as there is one."""

from typing import Any

import httpx
import pytest

from pengpos.core.sale import Cancel, CancelReason, SaleState
from tests.support.backend import Shop
from tests.support.exporting_device import Device, device, refund_of
from tests.support.shop import Operator, Sale, Till

__all__ = ["device"]


def code_of(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, None if answer.status_code == 204 else answer.json()["code"]


def decide(shop: Shop, operator: Operator, *, approve: bool = True) -> tuple[int, str | None]:
    [review] = shop.operator.call("GET", "/reviews?state=open").json()["reviews"]
    return code_of(operator.call("POST", f"/reviews/{review['review_id']}", {"approve": approve}))


def paid(shop: Shop) -> tuple[Till, Sale]:
    till = shop.till()
    sale = till.sale(18_80)
    till.pay(sale, shop.wallet())
    return till, sale


def revoke(till: Till, by: Operator) -> None:
    assert by.call("POST", f"/terminals/{till.terminal_id}/revoke").status_code == 204


@pytest.mark.parametrize(
    ("state", "members"),
    [
        (SaleState.APPROVED, {"refunds": (refund_of(None),)}),
        (SaleState.REVERSING, {"cancel": Cancel(reason=CancelReason.MERCHANT)}),
    ],
    ids=["a refund", "a cancel"],
)
def test_what_an_import_would_give_back_is_decided_by_another(
    shop: Shop, device: Device, state: SaleState, members: dict[str, Any]
) -> None:
    wallet, importing = shop.wallet(), shop.colleague("admin")
    sale, recorded = device.paid(18_80, wallet, state, **members)
    assert device.drain(sale, recorded) == "approved"
    assert importing.call("POST", "/imports", {"sealed": device.sealed()}).status_code == 200
    for approve in (True, False):
        assert decide(shop, importing, approve=approve) == (403, "second_person")
    assert wallet.balance() == 981_20
    assert decide(shop, shop.colleague("support"))[1] == "role_needed"
    assert decide(shop, shop.colleague("risk")) == (204, None)
    assert wallet.balance() == 1_000_00


def test_what_a_revoked_terminal_ordered_is_decided_by_another(shop: Shop) -> None:
    till, sale = paid(shop)
    revoking = shop.colleague("risk")
    revoke(till, revoking)
    assert till.refund(sale).json()["state"] == "held"
    assert decide(shop, revoking, approve=False) == (403, "second_person")
    assert decide(shop, shop.operator) == (204, None)
    [review] = shop.operator.call("GET", "/reviews").json()["reviews"]
    assert (review["state"], review["decided_by"]) == ("approved", "root")


def test_what_a_revoked_terminal_delivered_is_decided_by_another(shop: Shop) -> None:
    till, wallet = shop.till(), shop.wallet()
    held = till.sale(2_00, online=False)
    item = till.item(held, wallet, wallet.authorise(held), offline=True)
    revoking, path = shop.colleague("risk"), f"/payments/{held.intent_id}/review"
    revoke(till, revoking)
    till.call("POST", "/payments/batch", {"payments": [item]})
    assert code_of(revoking.call("POST", path, {"approve": False})) == (403, "second_person")
    assert till.status(held) == "held"
    assert code_of(shop.operator.call("POST", path, {"approve": True})) == (204, None)
    assert till.status(held) == "approved"


def test_who_revokes_again_does_not_take_it_over(shop: Shop) -> None:
    till, sale = paid(shop)
    first, second = shop.colleague("risk", "first"), shop.colleague("risk", "second")
    for operator in (first, second):
        revoke(till, operator)
    till.refund(sale)
    assert decide(shop, first) == (403, "second_person")
    assert decide(shop, second) == (204, None)


def test_who_is_alone_decides_alone(shop: Shop) -> None:
    till, sale = paid(shop)
    shop.colleague("support")
    gone = shop.operator.call("POST", "/operators", {"name": "gone", "role": "risk"}).json()
    shop.operator.call("DELETE", f"/operators/{gone['operator_id']}")
    revoke(till, shop.operator)
    till.refund(sale)
    assert decide(shop, shop.operator) == (204, None)


def test_what_nobodys_call_brought_about_anybody_may_decide(shop: Shop) -> None:
    till, sale = paid(shop)
    risk = shop.colleague("risk")
    shop.operator.call("PUT", "/merchants/M-0001/settings", {"limits": {"per_refund": 1}})
    till.refund(sale)
    assert decide(shop, risk) == (204, None)
