# SPDX-License-Identifier: Apache-2.0
"""Typed access to decoded claims: each reader takes one value and yields it narrowed, or raises MalformedError.

Source: tap protocol §1: the CDDL types, and the sizes and ranges said in its prose.
"""

import re
from collections.abc import Callable
from enum import IntEnum
from typing import TypeVar

from pengpos.core.errors import MalformedError
from pengpos.core.money import AMOUNT_LIMIT_MINOR
from pengpos.wire.encoding.cbor import Value

T = TypeVar("T")
E = TypeVar("E", bound=IntEnum)

_CURRENCY = re.compile(r"[A-Z]{3}")

ID_SIZE = 16
KID_SIZE = 8
MERCHANT_ID_SIZE = 16


def as_map(value: Value) -> dict[int, Value]:
    """A map; its unknown keys are the caller's to ignore."""
    if not isinstance(value, dict):
        raise MalformedError("not a map")
    return value


def as_array(value: Value, least: int) -> list[Value]:
    """An array of `least` members or more: arrays may grow at the end."""
    if not isinstance(value, list) or len(value) < least:
        raise MalformedError(f"not an array of at least {least}")
    return value


def required(claims: dict[int, Value], key: int, read: Callable[[Value], T]) -> T:
    """The claim `key`, which must be there."""
    if key not in claims:
        raise MalformedError(f"claim {key} is missing")
    try:
        return read(claims[key])
    except MalformedError as error:
        raise MalformedError(f"claim {key}: {error.what}") from None


def optional(claims: dict[int, Value], key: int, read: Callable[[Value], T]) -> T | None:
    """The claim `key`, or None if it was left out."""
    return required(claims, key, read) if key in claims else None


def uint(value: Value) -> int:
    """An unsigned integer; a boolean is none."""
    if type(value) is not int or value < 0:
        raise MalformedError("not an unsigned integer")
    return value


def amount(value: Value) -> int:
    """An amount in minor units, at most 10^12."""
    minor = uint(value)
    if minor > AMOUNT_LIMIT_MINOR:
        raise MalformedError(f"an amount above {AMOUNT_LIMIT_MINOR}")
    return minor


def positive_amount(value: Value) -> int:
    """An amount that is left out rather than zero."""
    minor = amount(value)
    if minor == 0:
        raise MalformedError("zero where the key is to be left out")
    return minor


def boolean(value: Value) -> bool:
    """True or false; a number is neither."""
    if not isinstance(value, bool):
        raise MalformedError("not a boolean")
    return value


def octets(value: Value) -> bytes:
    """A byte string of any size that its object allows."""
    if not isinstance(value, bytes):
        raise MalformedError("not a byte string")
    return value


def octets_of(size: int) -> Callable[[Value], bytes]:
    """A reader of byte strings of exactly `size` bytes."""

    def read(value: Value) -> bytes:
        if len(data := octets(value)) != size:
            raise MalformedError(f"not {size} bytes")
        return data

    return read


def text(max_size: int) -> Callable[[Value], str]:
    """A reader of text of at most `max_size` bytes of UTF-8; `cbor.decode` has seen to the rest."""

    def read(value: Value) -> str:
        if not isinstance(value, str):
            raise MalformedError("not text")
        if len(value.encode()) > max_size:
            raise MalformedError(f"text longer than {max_size} bytes")
        return value

    return read


def ascii_text(max_size: int) -> Callable[[Value], str]:
    """A reader of ASCII text of at most `max_size` characters."""
    read_text = text(max_size)

    def read(value: Value) -> str:
        if not (found := read_text(value)).isascii():
            raise MalformedError("text that is not ASCII")
        return found

    return read


def currency(value: Value) -> str:
    """An ISO 4217 code: three letters A-Z."""
    found = text(3)(value)
    if not _CURRENCY.fullmatch(found):
        raise MalformedError("not three letters A-Z")
    return found


def one_of(kind: type[E]) -> Callable[[Value], E]:
    """A reader of one of an enum's numbers."""

    def read(value: Value) -> E:
        try:
            return kind(uint(value))
        except ValueError:
            raise MalformedError(f"no {kind.__name__.lower()} has this number") from None

    return read
