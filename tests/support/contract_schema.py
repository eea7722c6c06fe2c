# SPDX-License-Identifier: Apache-2.0
"""Holds a type that a contract page writes against the JSON Schema of what is served: every difference in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from tests.support.contract_page import NULL, Choice, Either, Fields, Listed, Member, Type, Word

KINDS: Mapping[str, frozenset[str]] = {
    "integer": frozenset({"minor", "minor>0", "±minor", "sum", "unix", "s", "ms", "int", "reason"}),
    "string": frozenset({"cur", "time", "date", "b64u", "uuid", "kid", "id", "url", "text"}),
    "boolean": frozenset({"bool"}),
    "object": frozenset({"object"}),
}
"""The page's words for each of JSON Schema's types."""

Schema = Mapping[str, Any]


class Side(Enum):
    """What the mark ``?`` says of a field."""

    REQUEST = auto()
    """It may be left out."""
    TERSE_ANSWER = auto()
    """It is left out where it has nothing to say."""
    FULL_ANSWER = auto()
    """It is never left out; ``or null`` says that it may be null."""
    MIXED_ANSWER = auto()
    """Either mark: a shape that terse and full answers share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The shapes of a page beside the definitions of a schema document."""

    shapes: Mapping[str, Type]
    definitions: Mapping[str, Schema]
    side: Side

    def differences(self, written: Type, schema: Schema, where: str) -> Iterator[str]:
        """What `written` says otherwise than `schema`; nothing where they agree."""
        types, served = self._alternatives(written), self._served(schema)
        if not all(served):
            return  # anything may come
        if len(types) != len(served):
            yield f"{where}: {len(types)} types are written, {len(served)} are served"
            return
        for one, its_schema in zip(types, served, strict=True):
            yield from self._single(one, its_schema, where)

    def _alternatives(self, written: Type) -> list[Type]:
        types = written.types if isinstance(written, Either) else (written,)
        named = [self.shapes.get(one.name, one) if isinstance(one, Word) else one for one in types]
        return [one for one in named if one != NULL]

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self.definitions[schema["$ref"].rpartition("/")[2]]
        return schema

    def _served(self, schema: Schema) -> list[Schema]:
        schema = self._resolved(schema)
        every = [self._resolved(one) for one in schema.get("anyOf", [schema])]
        return [one for one in every if one.get("type") != "null"]

    def _nullable(self, schema: Schema) -> bool:
        return any(one.get("type") == "null" for one in self._resolved(schema).get("anyOf", []))

    def _single(self, written: Type, schema: Schema, where: str) -> Iterator[str]:
        words = schema.get("enum", [schema["const"]] if "const" in schema else None)
        if words is not None:
            said = (
                written.words if isinstance(written, Choice) else (written.name,) if isinstance(written, Word) else ()
            )
            if sorted(said) != sorted(words):
                yield f"{where}: written {list(said)}, served {words}"
        elif "properties" in schema:
            yield from self._fields(written, schema, where)
        elif schema.get("type") == "array":
            yield from self._list(written, schema, where)
        elif not isinstance(written, Word) or written.name not in KINDS[schema["type"]]:
            yield f"{where}: written {written}, served {schema['type']}"
        elif written.name == "text" and written.limit != schema.get("maxLength") and self.side is Side.REQUEST:
            yield f"{where}: written text≤{written.limit}, served with at most {schema.get('maxLength')}"

    def _list(self, written: Type, schema: Schema, where: str) -> Iterator[str]:
        if not isinstance(written, Listed):
            yield f"{where}: a list is served"
            return
        if written.limit != schema.get("maxItems"):
            yield f"{where}: written at most {written.limit}, served {schema.get('maxItems')}"
        yield from self.differences(written.of, schema.get("items", {}), f"{where}[]")

    def _fields(self, written: Type, schema: Schema, where: str) -> Iterator[str]:
        if not isinstance(written, Fields):
            yield f"{where}: an object with fields is served"
            return
        served = schema["properties"]
        for name in sorted(set(served) - set(written.members)):
            yield f"{where}: {name} is not on the page"
        for name in sorted(set(written.members) - set(served)):
            yield f"{where}: {name} is not served"
        for name in sorted(set(served) & set(written.members)):
            yield from self._marks(written.members[name], name, schema, f"{where}.{name}")
            yield from self.differences(written.members[name].type, served[name], f"{where}.{name}")

    def _marks(self, member: Member, name: str, schema: Schema, where: str) -> Iterator[str]:
        nullable = self._nullable(schema["properties"][name])
        may_be_null = isinstance(member.type, Either) and NULL in member.type.types
        match self.side:
            case Side.REQUEST:
                agrees = member.optional is (name not in schema.get("required", []))
            case Side.TERSE_ANSWER:
                agrees = member.optional is nullable and not may_be_null
            case Side.FULL_ANSWER:
                agrees = may_be_null is nullable and not member.optional
            case Side.MIXED_ANSWER:
                agrees = (member.optional or may_be_null) is nullable
        if not agrees:
            yield f"{where}: whether it may be missing or null is written otherwise than it is served"
