# SPDX-License-Identifier: Apache-2.0
"""Operators in settings: PINs come in, only their hashes are kept, and nothing of either is given back.

Source: backend API, *Operators in the policy*.
"""

import secrets
from collections.abc import Sequence
from typing import Any

from pengpos.backend_api.operators import pin_message, read_pin
from pengpos.keys.pin import SALT_SIZE, hash_pin
from sandbox.backend.errors import InvalidRequestError


def with_hashed_pins(named: Sequence[dict[str, Any]], known: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The operators as they are kept. One without a PIN keeps the one that `known` has of it.

    All new PINs of a list share a salt, the known ones' where there is one: a terminal computes one hash to find out
    whose PIN it was given, and two that are the same show here. Takes a tenth of a second a PIN; raises
    InvalidRequestError.
    """
    kept = {one["id"]: one["pin"] for one in known}
    salts = [read_pin(pin).salt for pin in kept.values()]
    salt = salts[0] if salts else secrets.token_bytes(SALT_SIZE)
    if len({one["id"] for one in named}) < len(named):
        raise InvalidRequestError("operators: each id stands for one person")
    hashed = [{**one, "pin": _pin(one, kept, salt)} for one in named]
    if len({one["pin"]["hash"] for one in hashed}) < len(hashed):
        raise InvalidRequestError("operators: two have the same PIN, and it could not be told whose it is")
    return hashed


def _pin(one: dict[str, Any], kept: dict[str, dict[str, Any]], salt: bytes) -> dict[str, Any]:
    if "pin" in one:
        return pin_message(hash_pin(one["pin"], salt))
    if one["id"] not in kept:
        raise InvalidRequestError(f"operators: {one['id']} is new, and has no pin")
    return kept[one["id"]]


def without_pins(config: dict[str, Any]) -> dict[str, Any]:
    """Settings as they are shown."""
    if "operators" not in config:
        return config
    return {
        **config,
        "operators": [{name: value for name, value in one.items() if name != "pin"} for one in config["operators"]],
    }
