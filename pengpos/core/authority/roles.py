# SPDX-License-Identifier: Apache-2.0
"""Operators of a terminal, their roles, and which role each guarded action needs. Values; no PIN is checked here.

Source: local API, *Operators*; backend API, *Operators in the policy*.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class OperatorRole(StrEnum):
    """What a person does in the shop."""

    CASHIER = "cashier"
    MANAGER = "manager"
    TECHNICIAN = "technician"


class Action(StrEnum):
    """What may need a role; the word is the policy's and the local API's."""

    REFUND = "refund"
    ACCEPT_OFFLINE = "accept_offline"
    CASH_TAKEN = "cash_taken"
    """To cancel an `unknown` sale: other money was taken."""
    CONFIRMATION_CODE = "confirmation_code"
    DAY_CLOSE = "day_close"
    ALARM_SEEN = "alarm_seen"
    DIAGNOSIS = "diagnosis"


Needed = frozenset[OperatorRole] | None
"""The roles of which one is needed; None: no role is, empty: no role is enough."""

_MANAGER: Final = frozenset({OperatorRole.MANAGER})
DEFAULT_ROLES: Final[Mapping[Action, Needed]] = {
    Action.REFUND: _MANAGER,
    Action.ACCEPT_OFFLINE: _MANAGER,
    Action.CASH_TAKEN: _MANAGER,
    Action.CONFIRMATION_CODE: None,
    Action.DAY_CLOSE: _MANAGER,
    Action.ALARM_SEEN: frozenset({OperatorRole.MANAGER, OperatorRole.TECHNICIAN}),
    Action.DIAGNOSIS: None,
}
"""What an action needs where operators are named and the policy says nothing of the action."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinHash:
    """A PIN as scrypt (RFC 7914) leaves it: `n`, `r`, `p` its costs, `digest` 32 bytes."""

    salt: bytes
    digest: bytes
    n: int
    r: int
    p: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A person who may be asked for. `operator_id` is what history names."""

    operator_id: str
    name: str
    role: OperatorRole
    pin: PinHash


@dataclass(frozen=True, slots=True, kw_only=True)
class Operators:
    """The operators of a terminal. That there is one of these at all puts roles in force, also with nobody in it."""

    everyone: tuple[Operator, ...]
    roles: Mapping[Action, Needed]
    """What the policy says; of the rest, `DEFAULT_ROLES`."""

    def needed(self, action: Action) -> Needed:
        """The roles of which one is needed."""
        return self.roles.get(action, DEFAULT_ROLES[action])

    def find(self, operator_id: str) -> Operator | None:
        """By id."""
        return next((one for one in self.everyone if one.operator_id == operator_id), None)


NOBODY: Final = Operators(everyone=(), roles={})
"""Roles are in force, and no operator can be read: guarded actions are refused."""
