# SPDX-License-Identifier: Apache-2.0
"""Rows of table `journal` on a page of SQLite's, told from all else by their shape.

A leaf of a table begins with 0x0D; its cells are payload size and rowid (varints), then the record: sizes of the nine
columns, then their bytes. What does not fit goes on on overflow pages, each of which names the next.
Source: sqlite.org/fileformat2.html.

Tests: tests/offline_queue/salvage/test_salvage.py.
"""

from collections.abc import Callable, Iterator
from itertools import islice

from offline_queue.records.chain import Row
from offline_queue.records.codec import UnreadableSaleError
from offline_queue.records.packing import stored_row
from offline_queue.salvage.pages import USABLE_SIZE

_LEAF = 0x0D
_LOCAL_MOST = USABLE_SIZE - 35
_LOCAL_LEAST = (USABLE_SIZE - 12) * 32 // 255 - 23
_FOLLOWS_MOST = 20_000
"""Overflow pages of one row: 80 MB."""
_INTEGER_SIZES = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 8: 0, 9: 0}
_COLUMNS = 9
_HASH_SIZE = 32

Version = Callable[[int], bytes | None]
"""The content of the page of this number, in the version to be tried; None: there is none."""


def rows_on(page: bytes, version: Version) -> Iterator[tuple[Row, bytes]]:
    """Rows with their hashes; a page of another table, or of an index, has none."""
    start = 100 if page[16:32].strip(b"\0") and page.startswith(bytes(16)) and page[100] == _LEAF else 0
    if page[start] != _LEAF:
        return
    count = int.from_bytes(page[start + 3 : start + 5], "big")
    for number in range(min(count, USABLE_SIZE // 4)):
        at = start + 8 + 2 * number
        try:
            row = _row(page, int.from_bytes(page[at : at + 2], "big"), version)
        except (IndexError, ValueError, UnicodeDecodeError, UnreadableSaleError):
            continue
        if row is not None:
            yield row


def _row(page: bytes, at: int, version: Version) -> tuple[Row, bytes] | None:
    size, at = _varint(page, at)
    seq, at = _varint(page, at)
    record = _payload(page, at, size, version)
    if record is None:
        return None
    header_size, at = _varint(record, 0)
    kinds: list[int] = []
    while at < header_size and len(kinds) <= _COLUMNS:
        kind, at = _varint(record, at)
        kinds.append(kind)
    if len(kinds) != _COLUMNS or kinds[0] != 0:
        return None
    values: list[int | str | bytes] = []
    at = header_size
    for kind in kinds[1:]:
        value, at = _value(record, at, kind)
        values.append(value)
    return _as_row(seq, values)


def _as_row(seq: int, values: list[int | str | bytes]) -> tuple[Row, bytes] | None:
    match values:
        case [
            int(epoch), int(counter), str(kind), str(subject), int(at_utc), bytes(boot), bytes(body), bytes(row_hash)
        ] if len(row_hash) == _HASH_SIZE and seq > 0:  # fmt: skip
            return stored_row(seq, epoch, counter, kind, subject, at_utc, boot, body), row_hash
        case _:
            return None


def _payload(page: bytes, at: int, size: int, version: Version) -> bytes | None:
    if size <= _LOCAL_MOST:
        return page[at : at + size]
    local = _LOCAL_LEAST + (size - _LOCAL_LEAST) % (USABLE_SIZE - 4)
    local = local if local <= _LOCAL_MOST else _LOCAL_LEAST
    record = bytearray(page[at : at + local])
    follows = int.from_bytes(page[at + local : at + local + 4], "big")
    for number in islice(_chain(follows, version), _FOLLOWS_MOST):
        record += number
        if len(record) >= size:
            return bytes(record[:size])
    return None


def _chain(follows: int, version: Version) -> Iterator[bytes]:
    while follows and (content := version(follows)) is not None:
        yield content[4:]
        follows = int.from_bytes(content[:4], "big")


def _value(record: bytes, at: int, kind: int) -> tuple[int | str | bytes, int]:
    """A column by its serial type. Raises ValueError for a NULL or a float, which no row has."""
    if kind in _INTEGER_SIZES and kind != 0:
        size = _INTEGER_SIZES[kind]
        return kind - 8 if size == 0 else int.from_bytes(record[at : at + size], "big", signed=True), at + size
    if kind < 12:
        raise ValueError(kind)
    size = (kind - 12) // 2
    content = record[at : at + size]
    if len(content) < size:
        raise ValueError("cut short")
    return content.decode() if kind % 2 else content, at + size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """SQLite's: seven bits a byte, big-endian, the ninth byte whole. Raises IndexError."""
    value = 0
    for number in range(8):
        byte = data[at + number]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + number + 1
    return value << 8 | data[at + 8], at + 9
