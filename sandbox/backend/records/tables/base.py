# SPDX-License-Identifier: Apache-2.0
"""The column types that all tables share, and their base class.

Tests: tests/sandbox/backend/records/test_tables.py
"""

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Enum, Index, Integer, LargeBinary, String, text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

KID = String(11)
"""A key id: base64url of the protocol's 8 bytes."""


class Uint64(TypeDecorator[int]):
    """An unsigned 64-bit integer as decimal text: neither database has a column for it."""

    impl = String(20)
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        """To text; `dialect` makes no difference."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> int | None:
        """From text; `dialect` makes no difference."""
        return None if value is None else int(value)


class Base(DeclarativeBase):
    """Maps `int` to 64 bits, and dictionaries and lists to JSON."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger().with_variant(Integer(), "sqlite"),  # SQLite numbers rows by itself only under INTEGER
        bytes: LargeBinary,
        dict[str, Any]: JSON,
        list[Any]: JSON,
    }


def index_where(name: str, condition: str, *columns: str, unique: bool = False) -> Index:
    """An index of those rows alone for which the condition holds: who asks for them must say the same."""
    where = text(condition)
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


def stored(kind: type[StrEnum], length: int) -> Enum:
    """A column of `length` characters that holds one of `kind`'s values; any other value raises LookupError."""
    return Enum(
        kind,
        native_enum=False,  # plain text: a new member needs no migration
        length=length,
        values_callable=lambda members: [member.value for member in members],
        validate_strings=True,
    )
