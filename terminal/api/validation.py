# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a request, in words for its author: no type of Python, no exception's text."""

import re
from collections.abc import Iterable, Sequence

import msgspec

_KINDS = {
    "int": "a whole number",
    "float": "a number with a fraction",
    "str": "text",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}
_EXPECTED = re.compile(r"Expected `(?P<wanted>[^`]+)`, got `(?P<got>[^`]+)`(?: - at `(?P<where>[^`]+)`)?")
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>[^`]*)`")
_NO_CHOICE = re.compile(r"Invalid enum value (?P<value>'.*') - at `(?P<where>[^`]+)`", re.DOTALL)
QUOTED_MOST = 40


def what_is_wrong(error: msgspec.ValidationError, kind: type) -> str:
    """The error of reading a body of this kind, in words."""
    said = str(error)
    if found := _EXPECTED.match(said):
        wanted, got = _kinds(found["wanted"]), _kinds(found["got"])
        return f"{_member(found['where'])} must be {wanted}, not {got}"
    if found := _MISSING.match(said):
        return f"{found['name']} is missing"
    if found := _UNKNOWN.match(said):
        return f"{quoted(found['name'])} is no member of this request: it has {', '.join(_members(kind))}"
    if found := _NO_CHOICE.match(said):
        return f"{_member(found['where'])} cannot be {quoted(found['value'][1:-1])}"
    return "a member has a value that it cannot have"


def quoted(text: str) -> str:
    """What the author wrote, cut to a size that may be said back."""
    return f"“{text[:QUOTED_MOST]}…”" if len(text) > QUOTED_MOST else f"“{text}”"


def listed(words: Iterable[str]) -> str:
    """Words in their order, with commas."""
    return ", ".join(words)


def _members(kind: type) -> Sequence[str]:
    return [found.encode_name for found in msgspec.structs.fields(kind)] if issubclass(kind, msgspec.Struct) else ()


def _kinds(said: str) -> str:
    return " or ".join(_KINDS.get(name.strip(), "something else") for name in said.split("|"))


def _member(where: str | None) -> str:
    """`$.ways[0]` is a member of ways."""
    if where is None:
        return "the request"
    name, bracket, _ = where.removeprefix("$.").partition("[")
    return f"a member of {name}" if bracket else name
