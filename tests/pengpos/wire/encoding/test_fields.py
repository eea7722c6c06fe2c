# SPDX-License-Identifier: Apache-2.0
"""Each reader of a claim: what it takes, and what it refuses. Source: tap protocol §1, *Strict reading*."""

from collections.abc import Callable
from enum import IntEnum
from typing import Any

import pytest

from pengpos.core.errors import MalformedError
from pengpos.core.money import AMOUNT_LIMIT_MINOR
from pengpos.wire.encoding import fields


class Colour(IntEnum):
    """Two numbers that have a name."""

    RED = 1
    BLUE = 3


TAKEN: list[tuple[Callable[[Any], Any], Any]] = [
    (fields.uint, 0),
    (fields.uint, 2**64 - 1),
    (fields.amount, 0),
    (fields.amount, AMOUNT_LIMIT_MINOR),
    (fields.positive_amount, 1),
    (fields.boolean, False),
    (fields.octets, b""),
    (fields.octets_of(2), b"ab"),
    (fields.text(3), "店"),
    (fields.ascii_text(3), "abc"),
    (fields.currency, "CNY"),
    (fields.one_of(Colour), 3),
    (fields.as_map, {}),
]
REFUSED: list[tuple[Callable[[Any], Any], Any]] = [
    (fields.uint, -1),
    (fields.uint, True),
    (fields.uint, 1.0),
    (fields.uint, "1"),
    (fields.uint, None),
    (fields.amount, AMOUNT_LIMIT_MINOR + 1),
    (fields.amount, -1),
    (fields.positive_amount, 0),
    (fields.boolean, 0),
    (fields.boolean, 1),
    (fields.octets, "ab"),
    (fields.octets, bytearray(b"ab")),
    (fields.octets_of(2), b"abc"),
    (fields.octets_of(2), b"a"),
    (fields.text(3), b"abc"),
    (fields.text(2), "店"),
    (fields.ascii_text(3), "é"),
    (fields.ascii_text(3), "abcd"),
    (fields.currency, "cny"),
    (fields.currency, "CN"),
    (fields.currency, "CNYY"),
    (fields.currency, "CN1"),
    (fields.currency, "ＣＮＹ"),
    (fields.one_of(Colour), 2),
    (fields.one_of(Colour), True),
    (fields.as_map, []),
]


@pytest.mark.parametrize(("read", "value"), TAKEN)
def test_what_is_taken_comes_back_as_it_is(read: Callable[[Any], Any], value: Any) -> None:
    assert read(value) == value
    assert fields.required({7: value}, 7, read) == value
    assert fields.optional({7: value}, 7, read) == value


@pytest.mark.parametrize(("read", "value"), REFUSED)
def test_what_is_refused_names_its_claim(read: Callable[[Any], Any], value: Any) -> None:
    with pytest.raises(MalformedError, match=r"^(?!.*claim)"):
        read(value)
    for reader in (fields.required, fields.optional):
        with pytest.raises(MalformedError, match="claim 7: "):
            reader({7: value}, 7, read)


def test_a_claim_that_must_be_there() -> None:
    with pytest.raises(MalformedError, match="claim 7 is missing"):
        fields.required({8: 1}, 7, fields.uint)


def test_a_claim_that_may_be_left_out() -> None:
    assert fields.optional({8: 1}, 7, fields.uint) is None


@pytest.mark.parametrize(
    ("value", "least", "taken"),
    [([], 0, True), ([1, 2], 2, True), ([1, 2, 3], 2, True), ([1], 2, False), ({}, 0, False), ("ab", 2, False)],
)
def test_arrays_may_grow_at_the_end(value: Any, least: int, taken: bool) -> None:
    if taken:
        assert fields.as_array(value, least) == value
    else:
        with pytest.raises(MalformedError, match="not an array"):
            fields.as_array(value, least)
