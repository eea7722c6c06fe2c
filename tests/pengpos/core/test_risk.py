# SPDX-License-Identifier: Apache-2.0
"""The offline caps, each at its edge. Numbers: the backend API's default policy and a wallet's 200.00 / 500.00."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pengpos.core.risk import (
    Allowance,
    Cap,
    CapsLeft,
    OfflineAllowed,
    OfflineRefused,
    RiskPolicy,
    Usage,
    caps_left,
    decide,
)

NOW = 1_767_225_605
HOUR_S = 3_600
POLICY = RiskPolicy(
    version=3,
    issued_at=NOW - HOUR_S,
    currency="CNY",
    per_payment_minor=200_00,
    per_key_count=10,
    per_key_total_minor=500_00,
    stored_count=50,
    stored_total_minor=2_000_00,
    max_age_s=24 * HOUR_S,
    doubtful_clock_s=2 * HOUR_S,
    guaranteed_minor=2_000_00,
    not_after=NOW + 7 * 24 * HOUR_S,
)
ALLOWANCE = Allowance(currency="CNY", per_payment_minor=200_00, total_minor=500_00)
WIDE = Allowance(currency="CNY", per_payment_minor=10**12, total_minor=10**12)


def judged(usage: Usage, policy: RiskPolicy | None = POLICY, **changes: Any) -> OfflineAllowed | OfflineRefused:
    payment: dict[str, Any] = {
        "total_minor": 18_80,
        "currency": "CNY",
        "authorised_at": NOW,
        "from_own_balance": True,
        "offline_allowed": True,
        "allowance": ALLOWANCE,
        "now": NOW,
    }
    return decide(policy, usage, **{**payment, **changes})


ACCEPTED: list[tuple[str, Usage, dict[str, Any]]] = [
    ("a plain sale", Usage(), {}),
    ("a check-in", Usage(), {"total_minor": 0}),
    ("the largest payment", Usage(), {"total_minor": 200_00}),
    ("the policy's last second", Usage(), {"now": POLICY.not_after}),
    ("authorised in the policy's last second", Usage(), {"authorised_at": POLICY.not_after}),
    ("authorised by a phone five minutes behind", Usage(), {"authorised_at": POLICY.issued_at - 300}),
    ("the key's tenth", Usage(stored_count=9, key_count=9), {}),
    ("all of the key's total", Usage(stored_count=1, key_count=1, key_total_minor=300_00), {"total_minor": 200_00}),
    ("all of the policy's key total", Usage(key_total_minor=400_00), {"total_minor": 100_00, "allowance": WIDE}),
    ("the fiftieth", Usage(stored_count=49), {}),
    ("all of the stored total", Usage(stored_total_minor=1_900_00), {"total_minor": 100_00}),
    ("the oldest is a day old", Usage(stored_count=1, oldest_age_s=24 * HOUR_S), {}),
    ("a phone just quick enough", Usage(), {"policy": replace(POLICY, turnaround_ms=80), "turnaround_ms": 80}),
    ("a slow phone where nobody asks", Usage(), {"turnaround_ms": 8_000}),
    ("the clock doubtful just not too long", Usage(clock_doubtful_for_s=2 * HOUR_S - 1), {}),
]

REFUSED: list[tuple[Cap, Usage, dict[str, Any]]] = [
    (Cap.NO_POLICY, Usage(), {"policy": None}),
    (Cap.POLICY_EXPIRED, Usage(), {"now": POLICY.not_after + 1}),
    (Cap.CLOCK_DOUBTFUL, Usage(clock_doubtful_for_s=2 * HOUR_S), {}),
    (Cap.CLOCK_DOUBTFUL, Usage(clock_doubtful_for_s=0), {"policy": replace(POLICY, doubtful_clock_s=0)}),
    (Cap.AGE, Usage(stored_count=1, oldest_age_s=24 * HOUR_S + 1), {}),
    (Cap.FUNDING, Usage(), {"from_own_balance": False}),
    (Cap.WALLET_FORBIDS, Usage(), {"offline_allowed": False}),
    (Cap.AUTHORISED_AT, Usage(), {"authorised_at": POLICY.not_after + 1}),
    (Cap.AUTHORISED_AT, Usage(), {"authorised_at": POLICY.issued_at - 301}),
    (Cap.KEY_BLOCKED, Usage(key_blocked=True), {}),
    (Cap.WALLET_ONLINE_ONLY, Usage(), {"allowance": None}),
    (Cap.WALLET_CURRENCY, Usage(), {"allowance": replace(ALLOWANCE, currency="USD")}),
    (Cap.WALLET_PER_PAYMENT, Usage(), {"allowance": replace(ALLOWANCE, per_payment_minor=18_79)}),
    (Cap.WALLET_TOTAL, Usage(), {"allowance": replace(ALLOWANCE, total_minor=18_79)}),
    (Cap.WALLET_TOTAL, Usage(key_count=1, key_total_minor=481_21), {}),
    (Cap.CURRENCY, Usage(), {"currency": "USD", "allowance": replace(ALLOWANCE, currency="USD")}),
    (Cap.PER_PAYMENT, Usage(), {"total_minor": 200_01, "allowance": WIDE}),
    (Cap.PER_KEY_COUNT, Usage(stored_count=10, key_count=10), {}),
    (Cap.PER_KEY_TOTAL, Usage(key_count=3, key_total_minor=481_21), {"allowance": WIDE}),
    (Cap.STORED_COUNT, Usage(stored_count=50), {}),
    (Cap.STORED_COUNT, Usage(stored_count=50), {"total_minor": 0}),
    (Cap.STORED_TOTAL, Usage(stored_total_minor=1_981_21), {}),
    (Cap.TAP_TOO_SLOW, Usage(), {"policy": replace(POLICY, turnaround_ms=80), "turnaround_ms": 81}),
    (Cap.TAP_TOO_SLOW, Usage(), {"policy": replace(POLICY, turnaround_ms=80), "turnaround_ms": None}),
]


@pytest.mark.parametrize(("usage", "changes"), [pytest.param(*row[1:], id=row[0]) for row in ACCEPTED])
def test_accepts_at_each_edge(usage: Usage, changes: dict[str, Any]) -> None:
    assert isinstance(judged(usage, **changes), OfflineAllowed)


@pytest.mark.parametrize(("cap", "usage", "changes"), [pytest.param(*row, id=row[0]) for row in REFUSED])
def test_refuses_just_beyond(cap: Cap, usage: Usage, changes: dict[str, Any]) -> None:
    verdict = judged(usage, **changes)
    assert isinstance(verdict, OfflineRefused)
    assert verdict.cap is cap
    assert verdict.detail


def test_every_cap_has_its_row() -> None:
    assert {row[0] for row in REFUSED} == set(Cap)


def test_the_first_rule_broken_is_the_one_that_is_said() -> None:
    """The device's own state comes before the wallet's word, that before the policy's numbers."""
    worst = Usage(
        stored_count=99, stored_total_minor=10**9, key_count=99, oldest_age_s=10**9, clock_doubtful_for_s=10**9
    )
    assert judged(worst, now=POLICY.not_after + 1) == OfflineRefused(
        cap=Cap.POLICY_EXPIRED, detail=f"policy 3 ended at {POLICY.not_after}"
    )
    full = Usage(stored_count=99, stored_total_minor=10**9)
    refused = judged(full, offline_allowed=False)
    assert isinstance(refused, OfflineRefused)
    assert refused.cap is Cap.WALLET_FORBIDS


@pytest.mark.parametrize(
    ("usage", "left"),
    [
        (Usage(), (2_000_00, 50, 200_00, POLICY.not_after)),
        (Usage(stored_count=1, stored_total_minor=18_80), (1_981_20, 49, 200_00, POLICY.not_after)),
        (Usage(stored_count=1, oldest_age_s=HOUR_S), (2_000_00, 49, 200_00, NOW + 23 * HOUR_S)),
        (Usage(clock_doubtful_for_s=HOUR_S), (2_000_00, 50, 200_00, NOW + HOUR_S - 1)),
        (Usage(stored_count=9, stored_total_minor=1_950_00), (50_00, 41, 50_00, POLICY.not_after)),
        (Usage(stored_count=50, stored_total_minor=5_00), (0, 0, 0, POLICY.not_after)),
        (Usage(stored_count=77, stored_total_minor=9_999_00), (0, 0, 0, POLICY.not_after)),
    ],
    ids=["all", "one stored", "by age", "by the clock", "less than a payment", "by count", "beyond"],
)
def test_what_is_left(usage: Usage, left: tuple[int, int, int, int]) -> None:
    amount, count, per_payment, until = left
    assert caps_left(POLICY, usage, now=NOW) == CapsLeft(
        currency="CNY", amount_minor=amount, count=count, per_payment_minor=per_payment, until=until
    )


@pytest.mark.parametrize(
    ("policy", "usage"),
    [
        (None, Usage()),
        (replace(POLICY, not_after=NOW - 1), Usage()),
        (POLICY, Usage(clock_doubtful_for_s=2 * HOUR_S)),
        (POLICY, Usage(stored_count=1, oldest_age_s=25 * HOUR_S)),
    ],
    ids=["no policy", "expired", "clock", "age"],
)
def test_nothing_is_left_where_nothing_can_be_taken(policy: RiskPolicy | None, usage: Usage) -> None:
    assert caps_left(policy, usage, now=NOW) is None


def test_an_acceptance_says_what_is_left_once_it_is_stored() -> None:
    verdict = judged(Usage(stored_count=1, stored_total_minor=100_00, oldest_age_s=60), total_minor=50_00)
    assert verdict == OfflineAllowed(
        left=CapsLeft(
            currency="CNY",
            amount_minor=1_850_00,
            count=48,
            per_payment_minor=200_00,
            until=NOW - 60 + 24 * HOUR_S,
        )
    )


SMALL = st.integers(0, 3_000_00)


@settings(deadline=None)
@given(
    totals=st.lists(st.integers(0, 250_00), max_size=60),
    policy=st.builds(
        RiskPolicy,
        version=st.just(1),
        currency=st.just("CNY"),
        per_payment_minor=SMALL,
        per_key_count=st.integers(0, 20),
        per_key_total_minor=SMALL,
        stored_count=st.integers(0, 60),
        stored_total_minor=SMALL,
        max_age_s=st.just(86_400),
        doubtful_clock_s=st.just(0),
        guaranteed_minor=st.just(0),
        not_after=st.just(NOW),
    ),
    allowance=st.builds(Allowance, currency=st.just("CNY"), per_payment_minor=SMALL, total_minor=SMALL),
)
def test_no_run_of_payments_ever_gets_beyond_a_cap(totals: list[int], policy: RiskPolicy, allowance: Allowance) -> None:
    stored: list[int] = []
    for total in totals:
        held = Usage(
            stored_count=len(stored), stored_total_minor=sum(stored), key_count=len(stored), key_total_minor=sum(stored)
        )
        if isinstance(judged(held, policy, total_minor=total, allowance=allowance), OfflineAllowed):
            stored.append(total)
    assert len(stored) <= min(policy.stored_count, policy.per_key_count)
    assert sum(stored) <= min(policy.stored_total_minor, policy.per_key_total_minor, allowance.total_minor)
    assert max(stored, default=0) <= min(policy.per_payment_minor, allowance.per_payment_minor)
