# SPDX-License-Identifier: Apache-2.0
"""The reader of contract pages, and the comparison with a schema: what they read, and what they do not let pass."""

import pytest

from tests.support.contract_page import (
    Call,
    Choice,
    Either,
    Fields,
    Listed,
    Member,
    NotationError,
    Type,
    Word,
    calls,
    read_type,
)
from tests.support.contract_schema import Comparison, Side


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("minor>0", Word("minor>0")),
        ("text≤80", Word("text", 80)),
        ("a · b", Choice(("a", "b"))),
        ("[kid]≤3", Listed(Word("kid"), 3)),
        ("uuid or null", Either((Word("uuid"), Word("null")))),
        ("{a: int, b?: [c · d]}", Fields({"a": Member(Word("int"), optional=False),
                                        "b": Member(Listed(Choice(("c", "d"))), optional=True)})),
    ],
)  # fmt: skip
def test_types_are_read(text: str, read: Type) -> None:
    assert read_type(text) == read


@pytest.mark.parametrize("text", ["", "{a: int", "{a}", "{a: int, a: int}", "[int", "int int", "{}"])
def test_what_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(NotationError):
        read_type(text)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("| `GET /v1/x` | | 204 | |", [Call(call="GET /v1/x", built=True, statuses=frozenset({"204"}))]),
        ("| `GET /v1/x/{id}?a&b` (no token) | header `If-None-Match` | `Sale` | `busy` |",
         [Call(call="GET /v1/x/{}", built=True, note="(no token)", query=frozenset({"a", "b"}),
               headers=frozenset({"if-none-match"}), answer=Word("Sale"), codes=frozenset({"busy"}))]),
        ("| ◌ `POST /v1/x` | anything | | |", [Call(call="POST /v1/x", built=False)]),
        ("- `GET /v1/x` in a sentence", []),
        ("| `status` | `Status` |", []),
    ],
)  # fmt: skip
def test_rows_of_calls_are_read(line: str, found: list[Call]) -> None:
    assert calls(line) == found


_SCHEMA = {
    "properties": {"id": {"type": "string", "maxLength": 9}, "n": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                   "way": {"enum": ["a", "b"]}, "more": {"type": "array", "items": {"$ref": "#/$defs/More"}}},
    "required": ["id", "way", "more"],
}  # fmt: skip
_MORE = {"More": {"properties": {"at": {"type": "string"}}, "required": ["at"]}}


@pytest.mark.parametrize(
    ("written", "differences"),
    [
        ("{id: text≤9, n?: int, way: a · b, more: [More]}", 0),
        ("{id: text≤9, way: a · b, more: [More]}", 1),
        ("{id: text≤9, n?: int, way: a · b, more: [More], old: int}", 1),
        ("{id: text≤9, n: int, way: a · b, more: [More]}", 1),
        ("{id: text≤8, n?: int, way: a · b, more: [More]}", 1),
        ("{id: text≤9, n?: text, way: a · c, more: [{at: time, by: text}]}", 3),
        ("{id: int, n?: int, way: a · b, more: More}", 2),
        ("object", 1),
    ],
)
def test_differences_are_seen(written: str, differences: int) -> None:
    comparison = Comparison(shapes={"More": read_type("{at: time}")}, definitions=_MORE, side=Side.REQUEST)
    assert len(list(comparison.differences(read_type(written), _SCHEMA, "x"))) == differences
