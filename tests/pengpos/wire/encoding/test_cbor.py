# SPDX-License-Identifier: Apache-2.0
"""Strict CBOR: only what deterministic encoding gives is read (tap protocol §1, strict reading)."""

import struct
import tracemalloc
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pengpos.core.errors import MalformedError
from pengpos.wire.encoding.cbor import MAX_DEPTH, Simple, check_text, decode, encode

CLEAN_TEXT = st.text(
    st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=40
) | st.sampled_from(["晨光咖啡", "Café", "桌 7", "Ωμέγα", "🀄", "a\u200db"])
INTEGERS = st.integers(-(2**64), 2**64 - 1)
LEAVES = INTEGERS | st.booleans() | st.binary(max_size=40) | CLEAN_TEXT
# Five levels around a leaf at most, so that no example is deeper than is allowed.
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(INTEGERS, inner, max_size=4), max_leaves=5
).filter(lambda value: _depth(value) <= MAX_DEPTH)


def _depth(value: object) -> int:
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 0


def nested(depth: int, *, opening: bytes = b"\x81") -> bytes:
    return opening * depth + b"\x00"


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("00", 0),
        ("17", 23),
        ("1818", 24),
        ("1903e8", 1000),
        ("1bffffffffffffffff", 2**64 - 1),
        ("20", -1),
        ("3bffffffffffffffff", -(2**64)),
        ("40", b""),
        ("42ffff", b"\xff\xff"),
        ("6161", "a"),
        ("63e699a8", "晨"),
        ("80", []),
        ("820102", [1, 2]),
        ("a0", {}),
        ("a30a031818012002", {10: 3, 24: 1, -1: 2}),
        ("f4", False),
        ("f5", True),
        ("f6", Simple(22)),
        ("f7", Simple(23)),
        ("e0", Simple(0)),
        ("f820", Simple(32)),
        ("818181818181" + "00", [[[[[[0]]]]]]),
        ("a100a100a100a100a100a100" + "00", {0: {0: {0: {0: {0: {0: 0}}}}}}),
    ],
)
def test_reads_and_writes(data: str, value: Any) -> None:
    found = decode(bytes.fromhex(data), max_size=64)
    assert (type(found), found) == (type(value), value)
    assert encode(value).hex() == data


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("", "cut short"),
        ("18", "cut short"),
        ("1903", "cut short"),
        ("4261", "cut short"),
        ("6261", "cut short"),
        ("8201", "cut short"),
        ("a101", "cut short"),
        ("0000", "bytes after the end"),
        ("1817", "shortest"),
        ("1900ff", "shortest"),
        ("1a0000ffff", "shortest"),
        ("1b00000000ffffffff", "shortest"),
        ("3817", "shortest"),
        ("580161", "shortest"),
        ("780161", "shortest"),
        ("980100", "shortest"),
        ("b8010000", "shortest"),
        ("f801", "shortest"),
        ("f814", "shortest"),
        ("f81f", "shortest"),
        ("1c", "reserved"),
        ("5f4161ff", "indefinite"),
        ("7f6161ff", "indefinite"),
        ("9f00ff", "indefinite"),
        ("bf0000ff", "indefinite"),
        ("ff", "indefinite"),
        ("f93c00", "float"),
        ("fa3f800000", "float"),
        ("fb3ff0000000000000", "float"),
        ("c000", "tag"),
        ("d28440a04040", "tag"),
        ("c249010000000000000000", "tag"),
        ("c349010000000000000000", "tag"),
        ("d81c00", "tag"),
        ("81c100", "tag"),
        ("a1616100", "not an integer"),
        ("a1416100", "not an integer"),
        ("a1f500", "not an integer"),
        ("a1f600", "not an integer"),
        ("a18000", "not an integer"),
        ("a1fb3ff000000000000000", "float"),
        ("a200000001", "twice or out of order"),
        ("a201000000", "twice or out of order"),
        ("a22000181800", "twice or out of order"),
        ("60", "empty text"),
        ("61ff", "UTF-8"),
        ("63eda080", "UTF-8"),
        ("62c080", "UTF-8"),
        ("62610a", "control"),
        ("617f", "control"),
        ("62c285", "control"),
        ("63e280ae", "bidirectional"),
        ("63e281a6", "bidirectional"),
        ("62d89c", "bidirectional"),
        ("63e2808e", "bidirectional"),
        ("6365cc81", "NFC"),
        ("63e284ab", "NFC"),
        (nested(7).hex(), "deeper"),
        ("81818181818180", "deeper"),
        ("818181818181a0", "deeper"),
        ((b"\xa1\x00" * 7 + b"\x00").hex(), "deeper"),
        ("a181" + "81" * 6 + "0000", "deeper"),
    ],
)
def test_refuses(data: str, why: str) -> None:
    with pytest.raises(MalformedError, match=why):
        decode(bytes.fromhex(data), max_size=64)


def test_an_embedded_byte_string_starts_its_depth_anew() -> None:
    inner = nested(MAX_DEPTH)
    outer = decode(encode([[[[[[inner]]]]]]), max_size=64)
    assert outer == [[[[[[inner]]]]]]
    assert decode(inner, max_size=64) == [[[[[[0]]]]]]


@pytest.mark.parametrize("size", [3, 4])
def test_size_is_counted_in_bytes(size: int) -> None:
    data = encode(b"\x00\x00\x00")
    if size < len(data):
        with pytest.raises(MalformedError, match="longer than 3 bytes"):
            decode(data, max_size=size)
    else:
        assert decode(data, max_size=size) == b"\x00\x00\x00"


@pytest.mark.parametrize("length", [2**16, 2**31, 2**32 - 1, 2**63, 2**64 - 1])
@pytest.mark.parametrize("major", [2, 3, 4, 5])
def test_a_declared_length_costs_no_memory(major: int, length: int) -> None:
    head = bytes([major << 5 | 27]) + struct.pack(">Q", length)
    if length < 2**32:
        head = bytes([major << 5 | 26]) + struct.pack(">L", length)
    for hostile in (head, b"\x81" + head, head + bytes(500), b"\xa1\x00" + head + bytes(500)):
        tracemalloc.start()
        try:
            with pytest.raises(MalformedError, match="cut short"):
                decode(hostile, max_size=2_048)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 64 * 1024


@pytest.mark.parametrize("opening", [b"\x81", b"\xa1\x00", b"\xa1", b"\x9f", b"\xd2"])
def test_hostile_nesting_is_refused_without_recursing(opening: bytes) -> None:
    with pytest.raises(MalformedError):
        decode(nested(100_000, opening=opening), max_size=1_000_000)


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        None,
        ...,
        2**64,
        -(2**64) - 1,
        {"a": 1},
        {True: 1},
        {1.0: 1},
        "",
        "e\u0301",
        "\n",
        [[[[[[[]]]]]]],
        {1: {2}},
    ],
    ids=repr,
)
def test_never_writes_what_it_would_not_read(value: object) -> None:
    with pytest.raises(MalformedError):
        encode(value)


def test_map_keys_go_by_their_bytes_not_by_length_first() -> None:
    """RFC 8949 §4.2.1, where cbor2's canonical form is RFC 7049's."""
    assert encode({-1: 0, 1000: 0, 24: 0, 10: 0}).hex() == "a40a001818001903e8002000"


@pytest.mark.parametrize("text", ["a", "晨光咖啡 Dawn Café", "桌 7", "\u200d", "\u00a0"])
def test_clean_text(text: str) -> None:
    check_text(text)
    assert decode(encode(text), max_size=64) == text


@given(VALUES)
def test_round_trip(value: Any) -> None:
    data = encode(value)
    assert decode(data, max_size=len(data)) == value


@given(VALUES)
def test_cbor2_reads_the_same(value: Any) -> None:
    assert cbor2.loads(encode(value)) == value


@given(st.binary(max_size=64))
def test_any_bytes_are_read_as_their_only_encoding_or_refused(data: bytes) -> None:
    try:
        value = decode(data, max_size=64)
    except MalformedError:
        return
    assert encode(value) == data


@given(VALUES, st.data())
def test_one_byte_changed_is_another_value_or_refused(value: Any, data: st.DataObject) -> None:
    encoded = bytearray(encode(value))
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at] ^= data.draw(st.integers(1, 255))
    try:
        found = decode(bytes(encoded), max_size=4_096)
    except MalformedError:
        return
    assert encode(found) == bytes(encoded)
