# SPDX-License-Identifier: Apache-2.0
"""What one call may cost others has a bound, on the page and at the door."""

import re
from pathlib import Path
from typing import Any

import pytest

from sandbox.backend.terminals.bounds import BOUNDS
from tests.support.backend import Shop
from tests.support.contract_page import rows_of_words, section

PAGE = (Path(__file__).parents[4] / "docs" / "spec" / "backend-api.md").read_text(encoding="utf-8")
LEVELS = ("merchants/M-0001", "stores/S-0001")
UNIX = {"not_before": 1_700_000_000, "not_after": 1_900_000_000}


def settings(name: str, minor: int) -> dict[str, Any]:
    if name == "guaranteed":
        return {"risk": {"guaranteed": minor, "per_payment": 7}}
    campaign = {"name": "立减", "discount": minor, "minimum": 0, "currency": "CNY", **UNIX}
    return {"campaigns": [{**campaign, "discount": 1}, campaign]}


@pytest.mark.parametrize("name", ["guaranteed", "discount"])
@pytest.mark.parametrize("level", LEVELS)
def test_more_than_the_bound_is_refused_and_changes_nothing(shop: Shop, name: str, level: str) -> None:
    path = f"/{level}/settings"
    answer = shop.operator.call("PUT", path, settings(name, BOUNDS[name] + 1))
    assert (answer.status_code, answer.json()["code"]) == (422, "over_bound")
    assert answer.json()["detail"] == f"{name} is at most {BOUNDS[name]} in minor units"
    owners = {one["id"]: one["config"] for one in shop.operator.call("GET", f"/{level.split('/')[0]}").json()}
    assert owners[level.split("/")[1]] == {}
    assert shop.operator.call("PUT", path, settings(name, BOUNDS[name])).status_code == 204


def test_nor_is_a_coupon_worth_more(shop: Shop) -> None:
    coupon = {"account_id": shop.wallet().account_id, "merchant_id": "M-0001", **UNIX}
    answer = shop.operator.call("POST", "/coupons", {**coupon, "value": BOUNDS["value"] + 1})
    assert (answer.status_code, answer.json()["code"]) == (422, "over_bound")
    assert shop.operator.call("POST", "/coupons", {**coupon, "value": BOUNDS["value"]}).status_code == 201


def test_the_page_has_every_bound() -> None:
    written = {
        names[0]: int(re.sub(r"\D", "", cells[-1])) for names, cells in rows_of_words(section(PAGE, "### Bounds"))
    }
    assert written == BOUNDS
