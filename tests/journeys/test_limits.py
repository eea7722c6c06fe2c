# SPDX-License-Identifier: Apache-2.0
"""Limits that no role goes beyond: money back. Source: local API, refunds; backend API, *Limits in the policy*."""

import pytest

from pengpos.client import SaleView
from sandbox.phone.phone import VirtualPhone
from tests.support.counter import Counter

BACK = {"idempotency_key": "back 1", "reason": "returned"}


def paid(counter: Counter, phone: VirtualPhone, amount: str) -> SaleView:
    return counter.tap(counter.present(amount), phone, "approved")


def asks_above(counter: Counter) -> int:
    terminal = counter.until_status(lambda status: status.terminal).terminal
    assert terminal is not None
    return terminal.sale_asks_above


def refunds(sale: SaleView) -> str:
    return f"/v1/sales/{sale.id}/refunds"


def test_a_refund_above_the_limit_is_refused_and_says_what_helps(counter: Counter, phone: VirtualPhone) -> None:
    counter.settle(limits={"per_refund": 10_00})
    sale = paid(counter, phone, "18.80")
    for body in (BACK, BACK | {"amount": 10_01}):
        refused = counter.refused("POST", refunds(sale), body)
        assert (refused.status, refused.code) == (409, "refund_over_limit")
        assert "10.00 CNY" in refused.detail
        assert "raise the limit" in refused.detail
    assert counter.sale(sale).refunds == []
    assert counter.call("POST", refunds(sale), BACK | {"amount": 10_00}).status_code == 201
    counter.until(sale, "partly_refunded")


def test_parts_and_other_sales_add_up_over_the_day(counter: Counter, phone: VirtualPhone) -> None:
    counter.settle(limits={"refunds_per_day": 20_00})
    first, second = paid(counter, phone, "18.80"), paid(counter, phone, "6.00")
    counter.call("POST", refunds(first), BACK)
    counter.until(first, "refunded")
    over = {"idempotency_key": "2", "reason": "returned", "amount": 1_21}
    refused = counter.refused("POST", refunds(second), over)
    assert (refused.status, refused.code) == (409, "refund_over_limit")
    assert "1.20 CNY more" in refused.detail
    assert counter.call("POST", refunds(second), over | {"amount": 1_20}).status_code == 201
    counter.restart()
    refused = counter.refused("POST", refunds(second), over | {"idempotency_key": "3", "amount": 1})
    assert refused.code == "refund_over_limit"


def test_what_waits_for_the_line_counts_too(counter: Counter, phone: VirtualPhone) -> None:
    counter.settle(limits={"refunds_per_day": 20_00})
    first, second = paid(counter, phone, "18.80"), paid(counter, phone, "18.80")
    counter.lose_the_backend()
    assert counter.call("POST", refunds(first), BACK).status_code == 201
    assert counter.refused("POST", refunds(second), BACK).code == "refund_over_limit"
    assert counter.call("POST", refunds(first), BACK).status_code == 200  # the same call again is not another refund


def test_a_manager_goes_no_further(counter: Counter, phone: VirtualPhone) -> None:
    manager = {"id": "m-1", "name": "李经理", "role": "manager", "pin": "4711"}
    counter.settle(operators=[manager], limits={"per_refund": 10_00})
    sale = paid(counter, phone, "18.80")
    session = counter.call("POST", "/v1/operators/session", {"pin": "4711"}).json()
    answer = counter.call("POST", refunds(sale), BACK, Authorization=f"Bearer {session['token']}")
    assert (answer.status_code, answer.json()["code"]) == (409, "refund_over_limit")


@pytest.mark.parametrize("limits", [{"per_refund": 18_80}, {"refunds_per_day": 18_80}])
def test_limits_hold_their_end(counter: Counter, phone: VirtualPhone, limits: dict[str, int]) -> None:
    counter.settle(limits=limits)
    sale = paid(counter, phone, "18.80")
    assert counter.call("POST", refunds(sale), BACK).status_code == 201
    counter.until(sale, "refunded")


def test_above_what_amount_the_screen_asks_once_more(counter: Counter, phone: VirtualPhone) -> None:
    """The screen is told; a till, which asks its cashier itself, sells above it."""
    assert asks_above(counter) == 10_000_00
    counter.settle(limits={"sale_asks_above": 10_00})
    assert asks_above(counter) == 10_00
    assert paid(counter, phone, "18.80").total == 18_80
