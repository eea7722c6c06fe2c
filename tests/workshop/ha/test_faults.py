# SPDX-License-Identifier: Apache-2.0
"""The plan of a rehearsal: each fault once a round, the same again by the same number, and no cut without a network."""

from collections import Counter

import pytest

from workshop.ha.configuration import LOOP_WAIT_S, TTL_S
from workshop.ha.faults import LASTS_S, NEEDS_NETWORK, Kind, plan


@pytest.mark.parametrize("rounds", [1, 3])
def test_each_kind_comes_once_a_round(rounds: int) -> None:
    made = [fault.kind for fault in plan(rounds, seed=7)]
    assert Counter(made) == dict.fromkeys(Kind, rounds)
    assert all(set(made[begin : begin + len(Kind)]) == set(Kind) for begin in range(0, len(made), len(Kind)))


def test_the_same_number_draws_the_same_plan_and_another_another() -> None:
    assert plan(2, seed=7) == plan(2, seed=7)
    assert plan(2, seed=7) != plan(2, seed=8)


def test_only_what_is_asked_for() -> None:
    assert [fault.kind for fault in plan(2, seed=1, kinds=[Kind.KILL_LEADER])] == [Kind.KILL_LEADER] * 2


def test_where_no_network_can_be_cut_the_machine_is_frozen() -> None:
    made = [fault.kind for fault in plan(1, seed=7, networks=False)]
    assert not NEEDS_NETWORK & set(made)
    assert Counter(made)[Kind.FREEZE_LEADER] == 1 + len(NEEDS_NETWORK)


@pytest.mark.parametrize("kind", [Kind.FREEZE_LEADER, *sorted(NEEDS_NETWORK)])
def test_what_hides_a_leader_outlasts_its_lease(kind: Kind) -> None:
    assert LASTS_S[kind] > TTL_S + LOOP_WAIT_S
