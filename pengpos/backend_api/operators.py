# SPDX-License-Identifier: Apache-2.0
"""The operators that a signed policy names, and what it asks of them. Source: backend API, *Operators in the policy*.

A terminal without them is as one of page 1.1. Once they are named, what cannot be read opens nothing: an operator of
an unknown role is passed over, an action keeps its default.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from pengpos.core.authority.roles import Action, Needed, Operator, OperatorRole, Operators, PinHash
from pengpos.core.errors import MalformedError
from pengpos.keys.pin import DIGEST_SIZE, SALT_SIZE, costs_are_bearable
from pengpos.names import mended
from pengpos.wire.encoding.base64url import b64u, unb64u

log = logging.getLogger(__name__)

OPERATORS_MOST: Final = 32
NAME_MOST: Final = 40


class PinMessage(msgspec.Struct, kw_only=True, frozen=True):
    """A PIN's hash."""

    salt: str
    hash: str
    n: int
    r: int
    p: int


class OperatorMessage(msgspec.Struct, kw_only=True, frozen=True):
    """One operator of a policy."""

    id: str
    name: str
    role: OperatorRole
    pin: PinMessage


def operators_in(policy: Mapping[str, Any]) -> Operators | None:
    """The operators of a policy document; None: it names none, and no action needs a role."""
    named = policy.get("operators")
    if named is None or named == []:
        return None
    if not isinstance(named, list):
        log.error("policy: operators is no list; no role can be had")
        named = []
    read = [operator for entry in named[:OPERATORS_MOST] if (operator := _operator(entry)) is not None]
    return Operators(everyone=tuple(read), roles=_roles(policy.get("roles")))


def pin_message(pin: PinHash) -> dict[str, Any]:
    """A PIN's hash as a policy holds it."""
    return {"salt": b64u(pin.salt), "hash": b64u(pin.digest), "n": pin.n, "r": pin.r, "p": pin.p}


def read_pin(said: object) -> PinHash:
    """A PIN's hash as a policy holds it, read back. Raises MalformedError."""
    try:
        read = msgspec.convert(said, PinMessage)
    except msgspec.ValidationError as error:
        raise MalformedError(f"PIN: {error}") from None
    pin = PinHash(salt=unb64u(read.salt), digest=unb64u(read.hash), n=read.n, r=read.r, p=read.p)
    if len(pin.digest) != DIGEST_SIZE or len(pin.salt) != SALT_SIZE or not costs_are_bearable(pin):
        raise MalformedError("PIN: not a hash that this terminal computes")
    return pin


def _operator(entry: object) -> Operator | None:
    try:
        said = msgspec.convert(entry, OperatorMessage)
        name = mended(said.name, most=NAME_MOST) or said.id  # it may be of a backend older than the rule for names
        return Operator(operator_id=said.id, name=name, role=said.role, pin=read_pin(msgspec.to_builtins(said.pin)))
    except (msgspec.ValidationError, MalformedError) as error:
        log.error("policy: an operator is passed over: %s", error)
        return None


def _roles(said: object) -> dict[Action, Needed]:
    """What the policy asks for; an action or a role that is not known here is passed over, and opens nothing."""
    if not isinstance(said, dict):
        return {}
    known = {action.value: action for action in Action}
    return {known[name]: _needed(roles) for name, roles in said.items() if name in known and isinstance(roles, list)}


def _needed(roles: list[object]) -> Needed:
    return frozenset(role for role in OperatorRole if role.value in roles) if roles else None
