# SPDX-License-Identifier: Apache-2.0
"""Deterministic CBOR, written by cbor2 and read strictly here (tap protocol §1 *Strict reading*, RFC 8949 §4.2.1).

cbor2 lets duplicate keys, floats, long integers and odd tags through and orders map keys by RFC 7049, length first.
So the reader is ours: one pass that builds values only from the one encoding that is allowed, hence nothing has to be
encoded again to compare. It knows no COSE: the tag around a signed object is `pengpos.wire.encoding.cose`'s business.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import TypeAlias

import cbor2

from pengpos.core.errors import MalformedError

MAX_DEPTH = 6
"""Arrays and maps inside each other, counted from 1; an embedded byte string starts anew."""

Simple = cbor2.CBORSimpleValue
Value: TypeAlias = "int | bool | bytes | str | Simple | list[Value] | dict[int, Value]"
"""What strict reading yields. `Simple` is any simple value but true and false, null too: no key of ours allows one."""

_UINT, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG = range(7)
_SMALLEST = {24: 24, 25: 1 << 8, 26: 1 << 16, 27: 1 << 32}  # below these a shorter head exists
_FORBIDDEN = re.compile("[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def decode(data: bytes, *, max_size: int) -> Value:
    """Read exactly one CBOR item of at most `max_size` bytes, with nothing after it.

    Costs memory in proportion to `data`, whatever lengths it declares. Raises MalformedError for everything that tap
    protocol §1 makes invalid without knowing the object: any but the deterministic encoding, floats, tags, map keys
    that are no integers, depth, and text that is not clean (see `check_text`).
    """
    if len(data) > max_size:
        raise MalformedError(f"longer than {max_size} bytes")
    reader = _Reader(data)
    value = reader.item(1)
    if not reader.at_end:
        raise MalformedError("bytes after the end")
    return value


def encode(value: object) -> bytes:
    """Encode deterministically: ints, bools, bytes, clean text, arrays (list, tuple), maps with integer keys.

    Raises MalformedError for what `decode` would refuse.
    """
    return cbor2.dumps(_ordered(value, 1))


def check_text(text: str) -> None:
    """Raise MalformedError unless `text` is as §1 wants it: not empty, NFC, no control or bidi-formatting character."""
    if not text:
        raise MalformedError("empty text")
    if text.isascii() and text.isprintable():
        return
    if _FORBIDDEN.search(text):
        raise MalformedError("text with a control or bidirectional-formatting character")
    if not unicodedata.is_normalized("NFC", text):
        raise MalformedError("text that is not NFC")


class _Reader:
    """A position in the bytes of one item. Recursion is bounded by MAX_DEPTH."""

    __slots__ = ("_data", "_position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def at_end(self) -> bool:
        return self._position == len(self._data)

    def item(self, depth: int) -> Value:
        major, info, argument = self._head()
        if major == _UINT:
            return argument
        if major == _NEGATIVE:
            return -1 - argument
        if major == _BYTES:
            return self._take(argument)
        if major == _TEXT:
            return self._text(argument)
        if major == _TAG:
            raise MalformedError("a tag where none belongs")
        if major not in (_ARRAY, _MAP):
            return _simple(info, argument)
        if depth > MAX_DEPTH:
            raise MalformedError(f"nests deeper than {MAX_DEPTH}")
        items = 2 * argument if major == _MAP else argument
        if items > len(self._data) - self._position:  # each takes a byte at least
            raise MalformedError("cut short")
        return self._map(argument, depth) if major == _MAP else [self.item(depth + 1) for _ in range(argument)]

    def _head(self) -> tuple[int, int, int]:
        """Major type, additional information and argument, which for a simple value or float is not judged here."""
        initial = self._take(1)[0]
        major, info = initial >> 5, initial & 0x1F
        if info < 24:
            return major, info, info
        if info > 27:
            raise MalformedError("an indefinite or reserved length")
        argument = int.from_bytes(self._take(1 << (info - 24)), "big")
        if major <= _TAG and argument < _SMALLEST[info]:
            raise MalformedError("a number or length not in its shortest form")
        return major, info, argument

    def _take(self, count: int) -> bytes:
        start, end = self._position, self._position + count
        if end > len(self._data):
            raise MalformedError("cut short")
        self._position = end
        return self._data[start:end]

    def _text(self, size: int) -> str:
        try:
            text = self._take(size).decode("utf-8")
        except UnicodeDecodeError:
            raise MalformedError("text that is not UTF-8") from None
        check_text(text)
        return text

    def _map(self, pairs: int, depth: int) -> dict[int, Value]:
        content: dict[int, Value] = {}
        last = b""
        for _ in range(pairs):
            start = self._position
            key = self.item(depth + 1)
            if type(key) is not int:
                raise MalformedError("a map key that is not an integer")
            encoded = self._data[start : self._position]
            if encoded <= last:
                raise MalformedError("a map key twice or out of order")
            last = encoded
            content[key] = self.item(depth + 1)
        return content


def _simple(info: int, argument: int) -> bool | Simple:
    if info > 24:
        raise MalformedError("a float")
    if info == 24 and argument < 32:
        raise MalformedError("a simple value not in its shortest form")
    if argument in (20, 21):
        return argument == 21
    return Simple(argument)


def _ordered(value: object, depth: int) -> object:
    """`value` with every map in the bytewise order of its encoded keys, refused where `decode` would refuse it."""
    if isinstance(value, int):
        if not -(1 << 64) <= value < 1 << 64:
            raise MalformedError("an integer beyond 64 bits")
        return value if isinstance(value, bool) else int(value)
    if isinstance(value, bytes | Simple):
        return value
    if isinstance(value, str):
        check_text(value)
        return str(value)
    if depth > MAX_DEPTH:
        raise MalformedError(f"nests deeper than {MAX_DEPTH}")
    if isinstance(value, list | tuple):
        return [_ordered(item, depth + 1) for item in value]
    if isinstance(value, Mapping):
        return {key: _ordered(value[key], depth + 1) for key in sorted(value, key=_key)}
    raise MalformedError(f"{type(value).__name__} has no place in an object")


def _key(key: object) -> bytes:
    if type(key) is not int:
        raise MalformedError("a map key that is not an integer")
    return cbor2.dumps(key)
