# SPDX-License-Identifier: Apache-2.0
"""Operators as a signed policy has them: absent is as before, and once named, what cannot be read opens nothing."""

from typing import Any

import pytest

from pengpos.backend_api.operators import operators_in, pin_message, read_pin
from pengpos.core.authority.roles import Action, OperatorRole
from pengpos.core.errors import MalformedError
from pengpos.keys.pin import hash_pin

PIN = pin_message(hash_pin("4711", bytes(16)))
LI = {"id": "m-1", "name": "李", "role": "manager", "pin": PIN}


@pytest.mark.parametrize("policy", [{}, {"operators": []}, {"operators": None}, {"roles": {"refund": ["manager"]}}])
def test_without_operators_no_role_is_in_force(policy: dict[str, Any]) -> None:
    assert operators_in(policy) is None


def test_a_policys_operators_and_roles() -> None:
    found = operators_in({"operators": [LI], "roles": {"diagnosis": ["technician"], "refund": []}})
    assert found is not None
    assert [(one.operator_id, one.name, one.role) for one in found.everyone] == [("m-1", "李", OperatorRole.MANAGER)]
    assert found.everyone[0].pin == hash_pin("4711", bytes(16))
    assert found.needed(Action.DIAGNOSIS) == frozenset({OperatorRole.TECHNICIAN})
    assert found.needed(Action.REFUND) is None


@pytest.mark.parametrize(
    "unread",
    [
        "Li",
        None,
        {},
        LI | {"role": "owner"},
        LI | {"pin": None},
        LI | {"pin": PIN | {"n": 1 << 20}},
        LI | {"pin": PIN | {"hash": "AAAA"}},
        LI | {"pin": PIN | {"salt": "!"}},
    ],
)
def test_an_operator_that_cannot_be_read_is_nobody_and_roles_stay_in_force(unread: object) -> None:
    found = operators_in({"operators": [unread, LI]})
    assert found is not None
    assert [one.operator_id for one in found.everyone] == ["m-1"]
    alone = operators_in({"operators": [unread]})
    assert alone is not None
    assert alone.everyone == ()
    assert alone.needed(Action.REFUND) == frozenset({OperatorRole.MANAGER})


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a\u202eb", "ab"), ("李\n经理", "李 经理"), ("Zoe\u0308", "Zoë"), ("\u3164", "m-1"), ("李" * 99, "李" * 40)],
    ids=ascii,
)
def test_a_name_older_than_the_rule_for_names_is_mended(name: str, shown: str) -> None:
    found = operators_in({"operators": [LI | {"name": name}]})
    assert found is not None
    assert [one.name for one in found.everyone] == [shown]


@pytest.mark.parametrize("named", ["all", {"m-1": LI}, 7, True])
def test_operators_that_are_no_list_open_nothing(named: object) -> None:
    found = operators_in({"operators": named})
    assert found is not None
    assert found.everyone == ()


@pytest.mark.parametrize(
    ("said", "needed"),
    [
        (["manager", "owner"], frozenset({OperatorRole.MANAGER})),
        (["owner"], frozenset()),
        ("manager", frozenset({OperatorRole.MANAGER})),
        (None, frozenset({OperatorRole.MANAGER})),
    ],
)
def test_a_role_that_is_not_known_opens_nothing(said: object, needed: frozenset[OperatorRole]) -> None:
    found = operators_in({"operators": [LI], "roles": {"refund": said, "fly": ["manager"]}})
    assert found is not None
    assert found.needed(Action.REFUND) == needed


def test_more_than_a_list_holds_are_passed_over() -> None:
    found = operators_in({"operators": [LI | {"id": f"m-{number}"} for number in range(40)]})
    assert found is not None
    assert len(found.everyone) == 32


def test_a_hash_is_read_back_as_it_was_written() -> None:
    kept = hash_pin("4711", bytes(16))
    assert read_pin(pin_message(kept)) == kept
    with pytest.raises(MalformedError):
        read_pin({"salt": "AAAA"})
