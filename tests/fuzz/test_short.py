# SPDX-License-Identifier: Apache-2.0
"""The short form of `make fuzz`: each target, some hundred inputs, the same each time."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.campaign import mutated, throw
from tests.fuzz.targets import SIZE_MOST, targets

TARGETS = targets()
KINDS = {"APDU", "ATS", "CBOR", "COSE", "NDEF", "UART"}


@pytest.mark.parametrize("name", TARGETS)
def test_mutations_of_good_inputs_are_read_or_refused(name: str) -> None:
    longest_s = throw(TARGETS[name], 300, seed=20_261_122)
    assert longest_s >= 0


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=60, deadline=None)
@given(raw=st.binary(max_size=SIZE_MOST))
def test_any_bytes_are_read_or_refused(name: str, raw: bytes) -> None:
    TARGETS[name].feed(raw)


@pytest.mark.parametrize("name", TARGETS)
def test_good_inputs_are_good(name: str) -> None:
    for seed in TARGETS[name].seeds:
        TARGETS[name].feed(seed)


def test_every_kind_of_answer_is_thrown_at() -> None:
    assert {name.split(",")[0] for name in TARGETS} >= KINDS


def test_a_fault_would_be_seen() -> None:
    from tests.fuzz.targets import Target

    def falls(raw: bytes) -> None:
        if b"\xff" in raw:
            raise IndexError

    with pytest.raises(IndexError):
        throw(Target(falls, (b"\x00" * 20,)), 1_000, seed=1)


def test_a_seed_gives_the_same_inputs() -> None:
    seeds = (b"abcdefgh", b"xyz")
    first, second = (random.Random(7) for _ in range(2))
    assert [mutated(seeds, first) for _ in range(50)] == [mutated(seeds, second) for _ in range(50)]
