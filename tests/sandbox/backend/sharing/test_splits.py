# SPDX-License-Identifier: Apache-2.0
"""Splits (AA, backend API): shares that add up exactly."""

from typing import Any
from uuid import uuid4

import pytest

from pengpos.wire.objects.intent import Purpose
from tests.support.backend import Shop


@pytest.mark.parametrize(
    ("total", "shares", "told"),
    [
        (100_00, 3, [33_34, 33_33, 33_33]),
        (100_00, 4, [25_00] * 4),
        (100_00, [60_00, 40_00], [60_00, 40_00]),
        (100_00, [60_00, 40_01], None),
        (2, 3, None),
        (100_00, 1, None),
    ],
)
def test_shares_add_up_exactly_and_the_first_takes_the_remainder(
    shop: Shop, total: int, shares: Any, told: list[int] | None
) -> None:
    body = {"split_id": str(uuid4()), "total": total, "shares": shares}
    answer = shop.till().call("POST", "/splits", body)
    assert answer.status_code == (422 if told is None else 200)
    assert told is None or answer.json() == {**body, "currency": "CNY", "currency_digits": 2, "shares": told}


def test_a_split_id_is_one_split(shop: Shop) -> None:
    till, body = shop.till(), {"split_id": str(uuid4()), "total": 100_00, "shares": 3}
    answers = [till.call("POST", "/splits", body).json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert till.call("POST", "/splits", {**body, "shares": 4}).json()["code"] == "conflict"
    assert shop.operator.alarms() == []


def test_another_terminals_split_id_is_its_own_and_an_alarm(shop: Shop) -> None:
    till, other, body = shop.till(), shop.till(), {"split_id": str(uuid4()), "total": 100_00, "shares": 3}
    squatted = other.call("POST", "/splits", {**body, "total": 3_00})
    assert (squatted.json()["shares"], till.call("POST", "/splits", body).json()["shares"][0]) == ([1_00] * 3, 33_34)
    assert till.call("POST", "/splits", body).status_code == 200
    (alarm,) = shop.operator.call("GET", "/alarms").json()
    assert (alarm["kind"], alarm["terminal_id"]) == ("id_collision", till.terminal_id)
    assert alarm["detail"] == {
        "kind": "split", "id": body["split_id"], "terminal_ids": [other.terminal_id, till.terminal_id]
    }  # fmt: skip


def test_each_share_is_an_intent_of_its_own_offline_too(shop: Shop) -> None:
    till, wallets = shop.till(), [shop.wallet() for _ in range(3)]
    shares = till.call("POST", "/splits", {"split_id": str(uuid4()), "total": 100_00, "shares": 3}).json()["shares"]
    for share, wallet in zip(shares, wallets, strict=True):
        sale = till.sale(share, purpose=Purpose.SHARE, online=False)
        assert till.pay(sale, wallet, offline=True).json()["status"] == "approved"
    assert shop.operator.takings() == 100_00
