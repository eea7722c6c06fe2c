# SPDX-License-Identifier: Apache-2.0
"""The denylist of wallet keys: a million of them in eight megabytes, looked up in about a microsecond.

A kid is 8 bytes (tap protocol §1), so a sorted `array` of 64-bit numbers and `bisect` are all the library it takes:
nothing is smaller without being wrong now and then, as a Bloom filter is.
"""

import sys
from array import array
from bisect import bisect_left
from collections.abc import Collection
from typing import Self

KID_SIZE = 8
_A_FEW = 500  # beyond so many, sorting anew beats moving the tail for each


class Denylist:
    """One version of the list. Never changes; `changed` makes the next."""

    __slots__ = ("_kids", "version")

    def __init__(self, kids: "array[int]", version: int) -> None:
        self._kids = kids
        self.version = version

    @classmethod
    def empty(cls) -> Self:
        """Version 0: no key is on it."""
        return cls(array("Q"), 0)

    @classmethod
    def from_bytes(cls, body: bytes, version: int) -> Self:
        """Read what `to_bytes` wrote. Raises ValueError if it is no row of kids."""
        kids = array("Q")
        kids.frombytes(body)
        if sys.byteorder == "little":
            kids.byteswap()
        return cls(kids[:], version)  # a copy has no room to spare

    def to_bytes(self) -> bytes:
        """The kids in order, 8 bytes each, big-endian."""
        kids = self._kids[:]
        if sys.byteorder == "little":
            kids.byteswap()
        return kids.tobytes()

    def __len__(self) -> int:
        return len(self._kids)

    def holds(self, kid: bytes) -> bool:
        """True if this key may not pay."""
        number = int.from_bytes(kid, "big")
        at = bisect_left(self._kids, number)
        return at < len(self._kids) and self._kids[at] == number

    def changed(self, version: int, *, add: Collection[bytes], remove: Collection[bytes]) -> Self:
        """The next version. Raises ValueError for a kid that has not 8 bytes, or a version that does not rise."""
        if version <= self.version:
            raise ValueError(f"version {version} does not follow {self.version}")
        if any(len(kid) != KID_SIZE for kid in (*add, *remove)):
            raise ValueError(f"a kid has {KID_SIZE} bytes")
        added = {int.from_bytes(kid, "big") for kid in add}
        removed = {int.from_bytes(kid, "big") for kid in remove}
        if len(added) + len(removed) > _A_FEW:
            return type(self)(array("Q", sorted((set(self._kids) | added) - removed)), version)
        kids = self._kids[:]
        for number in added:
            at = bisect_left(kids, number)
            if at == len(kids) or kids[at] != number:
                kids.insert(at, number)
        for number in removed:
            at = bisect_left(kids, number)
            if at < len(kids) and kids[at] == number:
                kids.pop(at)
        return type(self)(kids[:], version)
