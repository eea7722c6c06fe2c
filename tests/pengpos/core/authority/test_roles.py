# SPDX-License-Identifier: Apache-2.0
"""Which role an action needs: what the policy says, else the default; and what cannot be read opens nothing."""

import pytest

from pengpos.core.authority.roles import DEFAULT_ROLES, NOBODY, Action, OperatorRole, Operators

MANAGER = frozenset({OperatorRole.MANAGER})


@pytest.mark.parametrize("action", list(Action))
def test_each_action_has_a_default(action: Action) -> None:
    assert NOBODY.needed(action) == DEFAULT_ROLES[action]


def test_the_policy_goes_before_the_default() -> None:
    said = Operators(everyone=(), roles={Action.REFUND: None, Action.CONFIRMATION_CODE: MANAGER})
    assert said.needed(Action.REFUND) is None
    assert said.needed(Action.CONFIRMATION_CODE) == MANAGER
    assert said.needed(Action.DAY_CLOSE) == MANAGER


def test_money_goes_back_by_a_manager_only() -> None:
    for action in (Action.REFUND, Action.ACCEPT_OFFLINE, Action.CASH_TAKEN):
        assert DEFAULT_ROLES[action] == MANAGER
