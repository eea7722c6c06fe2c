# SPDX-License-Identifier: Apache-2.0
"""What an operator sends with a member that nobody knows is refused by its path, whatever the call."""

from typing import Any

import pytest

from tests.support.backend import Shop

COUPON = {"account_id": "a", "merchant_id": "M-0001", "value": 1, "not_before": 0, "not_after": 1}
BODIES: dict[str, dict[str, Any]] = {
    "POST /activation-codes": {"store_id": "S-0001"},
    "POST /coupons": COUPON,
    "POST /denylist": {"kid": "AAAAAAAAAAA"},
    "POST /imports": {"sealed": ""},
    "POST /merchants": {"id": "M-2", "name": "晨光"},
    "POST /operators": {"name": "小王", "role": "support"},
    "POST /reviews/1": {"approve": True},
    "POST /stores": {"id": "S-2", "merchant_id": "M-0001", "name": "晨光"},
    "POST /terminals/T-1/commands": {"command": "lock"},
    "PUT /merchants/M-0001/settings": {},
}


@pytest.mark.parametrize("call", BODIES)
def test_an_unknown_member_is_refused_by_its_path(shop: Shop, call: str) -> None:
    method, path = call.split()
    answer = shop.operator.call(method, path, BODIES[call] | {"unheard_of": 1})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["detail"].startswith("body.unheard_of: ")
