# SPDX-License-Identifier: Apache-2.0
"""PINs of operators: their form, their hash as RFC 7914 has it, and whose one is."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from pengpos.core.authority.roles import Operator, OperatorRole, PinHash
from pengpos.keys.pin import costs_are_bearable, find_by_pin, hash_pin, is_pin

SALT = bytes(range(16))


def operator(name: str, pin: PinHash, role: OperatorRole = OperatorRole.MANAGER) -> Operator:
    return Operator(operator_id=name, name=name, role=role, pin=pin)


@pytest.mark.parametrize("text", ["4711", "000000", "12345678"])
def test_a_pin_is_four_to_eight_digits(text: str) -> None:
    assert is_pin(text)


@pytest.mark.parametrize("text", ["", "123", "123456789", "12 4", "12a4", "-123", "４７１１", "4711\n", "²²²²"])
def test_nothing_else_is_a_pin(text: str) -> None:
    assert not is_pin(text)


def test_the_hash_is_scrypt_of_the_digits() -> None:
    kept = hash_pin("4711", SALT)
    assert kept.digest == hashlib.scrypt(b"4711", salt=SALT, n=16_384, r=8, p=1, maxmem=1 << 26, dklen=32)
    assert (kept.n, kept.r, kept.p, kept.salt) == (16_384, 8, 1, SALT)
    assert costs_are_bearable(kept)


def test_a_pin_says_whose_it_is_whatever_salt_each_has() -> None:
    li, wu = operator("li", hash_pin("4711", SALT)), operator("wu", hash_pin("4712", bytes(16)))
    assert find_by_pin((li, wu), "4711") is li
    assert find_by_pin((li, wu), "4712") is wu
    assert find_by_pin((li, wu), "4713") is None
    assert find_by_pin((), "4711") is None


def test_a_pin_of_two_people_is_nobodys() -> None:
    kept = hash_pin("4711", SALT)
    assert find_by_pin((operator("li", kept), operator("wu", kept)), "4711") is None


@pytest.mark.parametrize(
    "costs", [{"n": 1 << 16}, {"n": 3}, {"n": 1}, {"n": 0}, {"r": 9}, {"r": 0}, {"p": 3}, {"p": 0}]
)
def test_what_would_stop_a_small_machine_is_not_computed(costs: dict[str, Any]) -> None:
    assert not costs_are_bearable(replace(hash_pin("4711", SALT), **costs))
