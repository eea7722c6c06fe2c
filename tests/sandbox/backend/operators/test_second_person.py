# SPDX-License-Identifier: Apache-2.0
"""What an operator's own call made necessary is decided by another, as long as there is one."""

from typing import Any

import httpx
import pytest
from sqlalchemy.orm import Session

from pengpos.core.sale import Cancel, CancelReason, SaleState
from sandbox.backend.records.tables import TerminalRow
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


def suspect(shop: Shop, terminal_id: str) -> None:
    def suspected(session: Session) -> None:
        session.get_one(TerminalRow, terminal_id).suspected_at = shop.clock.now()

    shop.backend.db.write(suspected)


@pytest.mark.parametrize("standing", ["revoked by it", "revoked by another", "suspected"])
def test_who_imports_never_decides_what_it_gives_back_whatever_the_terminal_is_worth(
    shop: Shop, device: Device, standing: str
) -> None:
    wallet, importing, other = shop.wallet(), shop.colleague("admin", "importing"), shop.colleague("risk", "other")
    sale, recorded = device.paid(18_80, wallet, SaleState.APPROVED, refunds=(refund_of(None),))
    assert device.drain(sale, recorded) == "approved"
    if standing == "suspected":
        suspect(shop, device.till.terminal_id)
    else:
        revoke(device.till, importing if standing == "revoked by it" else other)
    assert importing.call("POST", "/imports", {"sealed": device.sealed()}).status_code == 200
    assert decide(shop, importing) == (403, "second_person")
    assert wallet.balance() == 981_20
    if standing == "revoked by another":
        assert decide(shop, other) == (403, "second_person")
    assert decide(shop, shop.operator) == (204, None)


def test_of_two_whose_calls_it_took_who_revoked_decides_where_there_is_nobody_else(shop: Shop, device: Device) -> None:
    sale, recorded = device.paid(18_80, shop.wallet(), SaleState.APPROVED, refunds=(refund_of(None),))
    assert device.drain(sale, recorded) == "approved"
    revoking = shop.colleague("risk")
    revoke(device.till, revoking)
    assert shop.operator.call("POST", "/imports", {"sealed": device.sealed()}).status_code == 200
    assert decide(shop, shop.operator) == (403, "second_person")
    assert decide(shop, revoking) == (204, None)


def test_a_payment_that_came_by_an_import_is_decided_by_another(shop: Shop, device: Device) -> None:
    """Of a revoked terminal it waits for a person; and who revoked it is not the only one that it took."""
    wallet, importing, other = shop.wallet(), shop.colleague("admin", "importing"), shop.colleague("risk", "other")
    sale, _ = device.paid(18_80, wallet, SaleState.ACCEPTED_OFFLINE)
    revoke(device.till, other)
    assert importing.call("POST", "/imports", {"sealed": device.sealed()}).status_code == 200
    path = f"/payments/{sale.intent_id}/review"
    for operator in (importing, other):
        assert code_of(operator.call("POST", path, {"approve": True})) == (403, "second_person")
    assert wallet.balance() == 1_000_00
    assert code_of(shop.operator.call("POST", path, {"approve": True})) == (204, None)
    assert wallet.balance() == 981_20


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
