# SPDX-License-Identifier: Apache-2.0
"""A campaign that makes no sense is refused with the path of the member that is wrong, and nothing has changed."""

from typing import Any

import pytest

from tests.support.backend import Shop
from tests.support.shop import MERCHANT_ID

GOOD = {"name": "满20减3", "discount": 3_00, "minimum": 20_00, "currency": "CNY", "not_before": 0, "not_after": 2**32}
NAMED = {"campaign_id": "opening"}
ONE = "body.campaigns.0"
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "percent of nought": ({"percent": 0}, f"{ONE}.percent"),
    "percent of more than all": ({"percent": 101}, f"{ONE}.percent"),
    "an unknown member": ({"buget": 3}, f"{ONE}.buget"),
    "ends before it begins": ({"not_before": 9, "not_after": 8}, f"{ONE}: not_after"),
    "hours upside down": ({"hours": [{"begins": "13:00", "ends": "11:00"}]}, f"{ONE}.hours.0"),
    "hours that never are": ({"hours": [{"begins": "24:00", "ends": "24:00"}]}, f"{ONE}.hours.0"),
    "no hour of a day": ({"hours": [{"begins": "9:00", "ends": "25:00"}]}, f"{ONE}.hours.0.begins"),
    "no hours at all": ({"hours": []}, f"{ONE}.hours"),
    "no day of a week": ({"weekdays": [0]}, f"{ONE}.weekdays.0"),
    "drawn upside down": ({"at_least": 3_01, **NAMED}, f"{ONE}: at_least"),
    "drawn and by percent": ({"at_least": 1, "percent": 5, **NAMED}, f"{ONE}: at_least"),
    "a budget for less than one": ({"budget": 2_99, **NAMED}, f"{ONE}: budget"),
    "a day's budget for less than one": ({"budget_per_day": 2_99, **NAMED}, f"{ONE}: budget_per_day"),
    "a budget of nothing": ({"budget": 0, **NAMED}, f"{ONE}.budget"),
    "counted under no id": ({"budget": 9_00}, f"{ONE}: campaign_id"),
    "once, and several times": ({"first_purchase": True, "times_per_shopper": 2, **NAMED}, f"{ONE}: times_per_shopper"),
    "first, and tenth": ({"first_purchase": True, "nth_visit": 10, **NAMED}, f"{ONE}: nth_visit"),
    "every visit": ({"nth_visit": 1, **NAMED}, f"{ONE}.nth_visit"),
    "a sponsor without a name": ({"funder": "sponsor", "budget": 9_00, **NAMED}, f"{ONE}: sponsor"),
    "a name without a sponsor": ({"sponsor": "soda-co"}, f"{ONE}: sponsor"),
    "somebody else's, without a bound": ({"funder": "platform", **NAMED}, f"{ONE}: budget"),
    "funded by nobody we know": ({"funder": "shopper"}, f"{ONE}.funder"),
    "a number for yes": ({"stopped": 1}, f"{ONE}.stopped"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "path"), REFUSED.values(), ids=REFUSED.keys())
def test_what_makes_no_sense_is_refused_by_its_path(shop: Shop, changes: dict[str, Any], path: str) -> None:
    answer = shop.operator.call("PUT", f"/merchants/{MERCHANT_ID}/settings", {"campaigns": [GOOD | changes]})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["detail"].startswith(f"{path}: " if "." in path[len(ONE) :] else path), answer.json()["detail"]
    assert shop.operator.call("GET", "/merchants").json()[0]["config"] == {}


def test_two_of_one_id_are_refused(shop: Shop) -> None:
    twice = {"campaigns": [GOOD | NAMED, GOOD, GOOD | NAMED]}
    answer = shop.operator.call("PUT", f"/merchants/{MERCHANT_ID}/settings", twice)
    assert answer.json()["detail"] == "body.campaigns: 0.campaign_id: of two campaigns"


def test_what_makes_sense_is_taken_as_it_is(shop: Shop) -> None:
    all_of_it = GOOD | NAMED | {
        "percent": 5, "budget": 900_00, "budget_per_day": 90_00, "times_per_shopper": 2, "nth_visit": 3,
        "hours": [{"begins": "09:30", "ends": "24:00"}], "weekdays": [1, 7], "stopped": False, "funder": "sponsor",
        "sponsor": "soda-co",
    }  # fmt: skip
    for level, owner in (("merchants", MERCHANT_ID), ("stores", "S-0001"), ("terminals", shop.till().terminal_id)):
        answer = shop.operator.call("PUT", f"/{level}/{owner}/settings", {"campaigns": [all_of_it, GOOD]})
        assert answer.status_code == 204, answer.text
    assert shop.operator.call("GET", "/merchants").json()[0]["config"]["campaigns"] == [all_of_it, GOOD]
