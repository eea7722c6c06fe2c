# SPDX-License-Identifier: Apache-2.0
"""Statements that are compiled once, for what is asked so often that the mapper's own work would cost the most.

They are written over the tables, as any other, and compiled for a database when it is first asked. What they are given
and give goes through the same column types as the mapper's.

Tests: tests/sandbox/backend/records/test_prepared.py
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, Dialect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

_Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """For one dialect: the text, its parameters in order, and what has to be converted on the way in and out."""

    text: str
    names: tuple[str, ...]
    is_positional: bool
    fixed: dict[str, Any]
    going_in: Mapping[str, _Convert]
    coming_out: tuple[tuple[int, _Convert], ...]


class Prepared:
    """One statement. `gives`: the types of what it returns, where it returns anything.

    Its values are bind parameters, or constants that are the same each time.
    """

    def __init__(self, statement: Callable[[Dialect], ClauseElement], gives: Sequence[TypeEngine[Any]] = ()) -> None:
        self._statement = statement
        self._gives = tuple(gives)
        self._compiled: dict[str, _Compiled] = {}

    def first(self, connection: Connection, **values: Any) -> tuple[Any, ...] | None:
        """Run it; the first row of what it returns, or None if there is none."""
        compiled = self._for(connection.dialect)
        cursor = _execute(connection, compiled.text, _bound(compiled, values))
        row = cursor.fetchone()
        cursor.close()
        if row is None:
            return None
        found = list(row)
        for place, convert in compiled.coming_out:
            found[place] = convert(found[place])
        return tuple(found)

    def run(self, connection: Connection, **values: Any) -> None:
        """Run it; it returns nothing."""
        compiled = self._for(connection.dialect)
        _execute(connection, compiled.text, _bound(compiled, values)).close()

    def _for(self, dialect: Dialect) -> _Compiled:
        known = self._compiled.get(dialect.name)
        return known if known is not None else self._compiled.setdefault(dialect.name, self._compile(dialect))

    def _compile(self, dialect: Dialect) -> _Compiled:
        made = cast("SQLCompiler", self._statement(dialect).compile(dialect=dialect))
        going_in = {
            name: convert
            for bind, name in made.bind_names.items()
            if (convert := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }
        coming_out = tuple(
            (place, convert)
            for place, kind in enumerate(self._gives)
            if (convert := kind.dialect_impl(dialect).result_processor(dialect, None)) is not None
        )
        names = tuple(made.positiontup or ())
        fixed = {name: bind.value for bind, name in made.bind_names.items() if not bind.required}
        return _Compiled(str(made), names, bool(made.positional), fixed, going_in, coming_out)


def _bound(compiled: _Compiled, values: dict[str, Any]) -> Any:
    bound = {**compiled.fixed, **values}
    for name, convert in compiled.going_in.items():
        bound[name] = convert(bound[name])
    return tuple(map(bound.__getitem__, compiled.names)) if compiled.is_positional else bound


def _execute(connection: Connection, text: str, bound: Any) -> DBAPICursor:
    """By the driver alone: what SQLAlchemy prepares for any result is half of such a statement's time.

    Raises the driver's errors as SQLAlchemy does; who listens to what is executed hears of it.
    """
    cursor = connection.connection.cursor()
    for listener in connection.engine.dispatch.before_cursor_execute:
        listener(connection, cursor, text, bound, None, False)  # noqa: FBT003  # SQLAlchemy's own form
    try:
        cursor.execute(text, bound)
    except connection.dialect.loaded_dbapi.Error as error:
        cursor.close()
        raise DBAPIError.instance(
            text, bound, error, connection.dialect.loaded_dbapi.Error, dialect=connection.dialect
        ) from error
    return cursor
