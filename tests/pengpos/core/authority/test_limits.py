# SPDX-License-Identifier: Apache-2.0
"""Limits that no role goes beyond: ends included, what is left out has none."""

import pytest

from pengpos.core.authority.limits import (
    NO_LIMITS,
    NOTHING_ALLOWED,
    Limit,
    Limits,
    OverLimit,
    code_over_limit,
    refund_over_limit,
)

LIMITS = Limits(per_refund_minor=200, refunds_per_day_minor=500, per_code_minor=50, codes_unconfirmed_minor=120)


@pytest.mark.parametrize(
    ("amount", "today", "over"),
    [
        (200, 0, None),
        (200, 300, None),
        (201, 0, OverLimit(Limit.PER_REFUND, 200)),
        (200, 301, OverLimit(Limit.REFUNDS_PER_DAY, 199)),
        (1, 500, OverLimit(Limit.REFUNDS_PER_DAY, 0)),
        (1, 900, OverLimit(Limit.REFUNDS_PER_DAY, 0)),
    ],
)
def test_a_refund(amount: int, today: int, over: OverLimit | None) -> None:
    assert refund_over_limit(LIMITS, amount, today) == over


@pytest.mark.parametrize(
    ("amount", "unconfirmed", "over"),
    [
        (50, 70, None),
        (51, 0, OverLimit(Limit.PER_CODE, 50)),
        (50, 71, OverLimit(Limit.CODES_UNCONFIRMED, 49)),
        (1, 120, OverLimit(Limit.CODES_UNCONFIRMED, 0)),
    ],
)
def test_a_code(amount: int, unconfirmed: int, over: OverLimit | None) -> None:
    assert code_over_limit(LIMITS, amount, unconfirmed) == over


def test_without_limits_anything_goes_and_without_a_policy_that_can_be_read_nothing() -> None:
    assert refund_over_limit(NO_LIMITS, 10**12, 10**12) is None
    assert code_over_limit(NO_LIMITS, 10**12, 10**12) is None
    assert refund_over_limit(NOTHING_ALLOWED, 1, 0) is not None
    assert code_over_limit(NOTHING_ALLOWED, 1, 0) is not None
