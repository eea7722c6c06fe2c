# SPDX-License-Identifier: Apache-2.0
"""The limits in a signed policy: what cannot be read allows nothing."""

import pytest

from pengpos.backend_api.limits import LIMIT_MOST, limits_in
from pengpos.core.authority.limits import NO_LIMITS, NOTHING_ALLOWED, Limits


def test_a_policy_of_page_1_1_names_none() -> None:
    assert limits_in({}) == limits_in({"limits": None}) == limits_in({"limits": {}}) == NO_LIMITS


def test_each_is_read_and_what_is_not_known_passed_over() -> None:
    said = {
        "per_refund": 1,
        "refunds_per_day": 2,
        "per_code": 3,
        "codes_unconfirmed": LIMIT_MOST,
        "sale_asks_above": 4,
        "per_moon": "x",
    }
    assert limits_in({"limits": said}) == Limits(
        per_refund_minor=1,
        refunds_per_day_minor=2,
        per_code_minor=3,
        codes_unconfirmed_minor=LIMIT_MOST,
        sale_asks_above_minor=4,
    )


@pytest.mark.parametrize("said", [[], "none", {"per_refund": -1}, {"per_code": "5"}, {"per_code": LIMIT_MOST + 1}])
def test_what_cannot_be_read_allows_nothing(said: object) -> None:
    assert limits_in({"limits": said}) == NOTHING_ALLOWED
