# SPDX-License-Identifier: Apache-2.0
"""What can still be read of a damaged journal, as the export reads one: unsent sales, their rows, the newest row.

Every row is taken from whichever page still vouches for it; of several versions of one, that whose hash holds. A row
whose predecessor is gone cannot be proved to the backend: a sale whose newest row is such a one is in `unproved`.

Tests: tests/offline_queue/salvage/test_salvage.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from uuid import UUID

from offline_queue.records.chain import GENESIS, ChainedRow, Row
from offline_queue.records.codec import UnreadableSaleError, decode_sale
from offline_queue.records.facts import SaleFacts
from offline_queue.salvage.leaves import rows_on
from offline_queue.salvage.pages import Pages
from offline_queue.values import Head
from pengpos.core.sale import Sale

_VERSIONS_MOST = 4


@dataclass(frozen=True, slots=True)
class Salvaged:
    """Rows by number, each with its hash. `bad_pages`: of the file's, those that nothing vouches for."""

    rows: dict[int, tuple[Row, bytes]]
    bad_pages: int

    @classmethod
    def of(cls, path: Path, key: bytes, log: Path | None = None) -> Self:
        """Read a journal's file and its log, or `log` instead of that. Raises OSError."""
        pages = Pages(path, key, log)
        try:
            rows = _rows_of(pages)
            return cls(rows, pages.bad)
        finally:
            pages.close()

    @property
    def missing(self) -> int:
        """How many rows up to the newest one cannot be read."""
        return max(self.rows, default=0) - len(self.rows)

    def head(self) -> Head:
        """The newest row there is. Raises ValueError if there is none."""
        row, row_hash = self.rows[max(self.rows)]
        return Head(row.epoch, row.seq, row_hash)

    def unsent(self) -> list[Sale]:
        """Sales on which money may hang and which can be proved, oldest first."""
        return [sale for row, sale in self._newest() if SaleFacts.of(sale).unsent and self._previous(row) is not None]

    def unproved(self) -> list[Sale]:
        """Sales on which money may hang, whose newest row follows on one that is gone."""
        return [sale for row, sale in self._newest() if SaleFacts.of(sale).unsent and self._previous(row) is None]

    def rows_of(self, sales: Sequence[Sale]) -> dict[UUID, list[ChainedRow]]:
        """All rows of these sales that can be proved."""
        found: dict[UUID, list[ChainedRow]] = {sale.sale_id: [] for sale in sales}
        subjects = {str(sale_id): sale_id for sale_id in found}
        for _, (row, row_hash) in sorted(self.rows.items()):
            previous = self._previous(row)
            if row.kind == "sale" and row.subject in subjects and previous is not None:
                found[subjects[row.subject]].append(ChainedRow(row, previous, row_hash))
        return found

    def values(self, kind: str) -> dict[str, bytes]:
        """The newest of each key of a kind of value."""
        found: dict[str, bytes] = {}
        for _, (row, _) in sorted(self.rows.items()):
            if row.kind == "value" and row.subject.startswith(f"{kind}/"):
                found[row.subject.partition("/")[2]] = row.body
        return found

    def _newest(self) -> list[tuple[Row, Sale]]:
        newest: dict[str, Row] = {}
        for _, (row, _) in sorted(self.rows.items()):
            if row.kind == "sale":
                newest[row.subject] = row
        found: list[tuple[Row, Sale]] = []
        for row in newest.values():
            try:
                found.append((row, decode_sale(row.body)))
            except UnreadableSaleError:
                continue
        return found

    def _previous(self, row: Row) -> bytes | None:
        if row.seq == 1:
            return GENESIS
        before = self.rows.get(row.seq - 1)
        return before[1] if before is not None else None


def _rows_of(pages: Pages) -> dict[int, tuple[Row, bytes]]:
    candidates: dict[int, set[tuple[Row, bytes]]] = {}
    for page in pages.all():
        for age in range(_VERSIONS_MOST):
            overflow = _Overflow(pages, age)
            for row, row_hash in rows_on(page, overflow):
                candidates.setdefault(row.seq, set()).add((row, row_hash))
            if not overflow.has_older:
                break
    return _chained(candidates)


class _Overflow:
    """Overflow pages in the `age`-th version, 0 the newest, or the oldest there is."""

    def __init__(self, pages: Pages, age: int) -> None:
        self._pages = pages
        self._age = age
        self.has_older = False

    def __call__(self, number: int) -> bytes | None:
        versions = self._pages.versions(number)
        self.has_older = self.has_older or len(versions) > self._age + 1
        return versions[min(self._age, len(versions) - 1)] if versions else None


def _chained(candidates: dict[int, set[tuple[Row, bytes]]]) -> dict[int, tuple[Row, bytes]]:
    """Of each row the version that follows from the one before it; where that is gone, any, for its page vouches."""
    chosen: dict[int, tuple[Row, bytes]] = {}
    for seq in sorted(candidates):
        before = GENESIS if seq == 1 else chosen[seq - 1][1] if seq - 1 in chosen else None
        for row, row_hash in candidates[seq]:
            if before is None or row.hash_after(before) == row_hash:
                chosen[seq] = row, row_hash
                break
    return chosen
