# SPDX-License-Identifier: Apache-2.0
"""Reads a contract page of `docs/spec`: its calls, shapes and codes, in the notation that backend-api.md explains.

A type is written ``minor``, ``text≤80``, ``a · b``, ``[T]≤8``, ``{name?: T}``, ``T or U``, or the name of a shape.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

NOT_BUILT = "◌"
_CALL = re.compile(r"(◌ )?`(GET|POST|PUT|DELETE) (/[^`?\s]*)(?:\?([^`]*))?`(.*)")
_HEADER = re.compile(r"header `([\w-]+)`")
_SPAN = re.compile(r"`([^`]*)`")
_WORD = re.compile(r"[^\s\[\]{},]+")


class NotationError(Exception):
    """The page says something that is no type of the notation."""


@dataclass(frozen=True, slots=True)
class Word:
    """A type of the page's table, or a shape's name; `limit`: what stands behind ``≤``."""

    name: str
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several words."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A list, of at most `limit`."""

    of: "Type"
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A field of an object; `optional`: written with ``?``."""

    type: "Type"
    optional: bool


@dataclass(frozen=True, slots=True)
class Fields:
    """An object by its fields."""

    members: dict[str, Member]


@dataclass(frozen=True, slots=True)
class Either:
    """One of several types."""

    types: tuple["Type", ...]


Type = Word | Choice | Listed | Fields | Either
NULL = Word("null")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A row of a table of calls. `call` has its variables as ``{}``; `statuses` is empty where none is written."""

    call: str
    built: bool
    note: str = ""
    query: frozenset[str] = frozenset()
    headers: frozenset[str] = frozenset()
    body: Type | None = None
    statuses: frozenset[str] = frozenset()
    answer: Type | None = None
    codes: frozenset[str] = field(default=frozenset())


class _Reader:
    """Reads one type from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def whole(self) -> Type:
        found = self._type()
        if self._at != len(self._text):
            raise NotationError(f"{self._text!r} goes on after {self._text[: self._at]!r}")
        return found

    def _took(self, text: str) -> bool:
        took = self._text.startswith(text, self._at)
        self._at += len(text) if took else 0
        return took

    def _need(self, text: str) -> None:
        if not self._took(text):
            raise NotationError(f"{text!r} is missing in {self._text!r} at {self._text[self._at :][:20]!r}")

    def _word(self) -> str:
        found = _WORD.match(self._text, self._at)
        if found is None:
            raise NotationError(f"a word is missing in {self._text!r} at {self._text[self._at :][:20]!r}")
        self._at = found.end()
        return found[0]

    def _limit(self) -> int | None:
        return int(self._word()) if self._took("≤") else None

    def _type(self) -> Type:
        types = [self._single()]
        while self._took(" or "):
            types.append(self._single())
        return types[0] if len(types) == 1 else Either(tuple(types))

    def _single(self) -> Type:
        if self._took("{"):
            return self._fields()
        if self._took("["):
            of = self._type()
            self._need("]")
            return Listed(of, self._limit())
        words = [self._word()]
        while self._took(" · "):
            words.append(self._word())
        if len(words) > 1:
            return Choice(tuple(words))
        name, _, limit = words[0].partition("≤")
        return Word(name, int(limit) if limit else None)

    def _fields(self) -> Fields:
        members: dict[str, Member] = {}
        while True:
            name = self._word()
            self._need(" ") if name.endswith(":") else None
            if not name.endswith(":") or name.removesuffix(":").removesuffix("?") in members:
                raise NotationError(f"{name!r} in {self._text!r} has no type, or stands there twice")
            members[name.removesuffix(":").removesuffix("?")] = Member(self._type(), name.endswith("?:"))
            if self._took("}"):
                return Fields(members)
            self._need(", ")


def read_type(text: str) -> Type:
    """A type as it is written. Raises NotationError."""
    return _Reader(text).whole()


def cells(line: str) -> list[str]:
    """The cells of a row of a table; empty for any other line."""
    return [cell.strip() for cell in line[1:-1].split("|")] if re.fullmatch(r"\|.*\|", line) else []


def variables_blank(path: str) -> str:
    """A path with each variable as ``{}``."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def calls(page: str) -> list[Call]:
    """Every row of a table of calls, which has four cells, in their order. Raises NotationError."""
    return [found for line in page.splitlines() if (found := _call(cells(line))) is not None]


def _call(row: list[str]) -> Call | None:
    match = _CALL.fullmatch(row[0]) if len(row) == 4 else None
    if match is None:
        return None
    not_built, method, path, query, note = match.groups()
    call = f"{method} {variables_blank(path)}"
    if not_built:
        return Call(call=call, built=False)
    status, _, _ = row[2].partition("`")
    return Call(
        call=call,
        built=True,
        note=note.strip(),
        query=frozenset((query or "").split("&")) - {""},
        headers=frozenset(name.lower() for name in _HEADER.findall(row[1])),
        body=_cell_type(_HEADER.sub("", row[1])),
        statuses=frozenset(re.findall(r"\d{3}", status)),
        answer=_cell_type(row[2]),
        codes=frozenset(_SPAN.findall(row[3])),
    )


def _cell_type(cell: str) -> Type | None:
    span = _SPAN.search(cell)
    return read_type(span[1]) if span is not None else None


def shapes(page: str) -> dict[str, Type]:
    """The shapes by name: rows whose first cell is one name that begins with a capital. Raises NotationError."""
    found: dict[str, Type] = {}
    for line in page.splitlines():
        row = cells(line)
        name = re.fullmatch(r"`([A-Z][A-Za-z]+)`", row[0]) if len(row) == 2 else None
        if name is not None:
            found[name[1]] = _merged(
                [read_type(span) for span in _SPAN.findall(row[1].partition("`:")[0] + "`")], found
            )
    return found


def _merged(parts: list[Type], known: dict[str, Type]) -> Type:
    """One type, or a shape and further fields of it: ``Payment``, and ``{…}``."""
    if len(parts) == 1:
        return parts[0]
    members: dict[str, Member] = {}
    for part in parts:
        whole = known.get(part.name) if isinstance(part, Word) else part
        if not isinstance(whole, Fields):
            raise NotationError(f"{part} has no fields to add to")
        members |= whole.members
    return Fields(members)


def section(page: str, heading: str) -> str:
    """What stands under a heading (``## Codes``) until the next one of its rank or a higher one."""
    rank = len(heading) - len(heading.lstrip("#"))
    after = page.partition(f"\n{heading}\n")[2]
    return re.split(rf"^#{{1,{rank}}} ", after, maxsplit=1, flags=re.MULTILINE)[0]


def rows_of_words(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Rows of a table whose first cell names something in code spans: these names, and the other cells."""
    for line in text.splitlines():
        row = cells(line)
        if row and (names := _SPAN.findall(row[0])):
            yield names, row[1:]
