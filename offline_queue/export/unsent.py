# SPDX-License-Identifier: Apache-2.0
"""What waits in a journal, also in a damaged one or on a medium that takes nothing: by SQLite, or else page by page.

Tests: tests/offline_queue/test_cli_damaged.py.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

from offline_queue.journal.reader import JournalReader
from offline_queue.records.chain import ChainedRow
from offline_queue.salvage.salvage import Salvaged
from offline_queue.values import ENROLMENT, Head
from pengpos.core.errors import JournalMediumError, JournalUnusableError
from pengpos.core.sale import Sale

log = logging.getLogger(__name__)


class ExportedSales(Protocol):
    """What an export is made of."""

    def unsent(self) -> list[Sale]:
        """Sales on which money may hang, oldest first."""

    def head(self) -> Head:
        """The newest row."""

    def rows_of(self, sales: Sequence[Sale]) -> dict[UUID, list[ChainedRow]]:
        """All rows of these sales."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """What was read once; `damage`: why it was read past SQLite, None: it was not."""

    sales: list[Sale]
    newest: Head
    rows: dict[UUID, list[ChainedRow]]
    damage: JournalUnusableError | JournalMediumError | None = None
    missing_rows: int = 0
    unproved: tuple[Sale, ...] = ()
    """Sales that are read, but follow on a row that is gone: no export can carry them."""
    enrolment: bytes | None = None
    """The enrolment as the journal has it."""

    def unsent(self) -> list[Sale]:
        """See `ExportedSales`."""
        return self.sales

    def head(self) -> Head:
        """See `ExportedSales`."""
        return self.newest

    def rows_of(self, sales: Sequence[Sale]) -> dict[UUID, list[ChainedRow]]:
        """See `ExportedSales`."""
        return {sale.sale_id: self.rows[sale.sale_id] for sale in sales}


def read_unsent(path: Path, key: bytes, *, proofs: bool = True) -> Unsent:
    """What waits; with its rows if `proofs`, for which the journal is walked from the oldest of them on.

    Raises JournalError: what the file is damaged by, if nothing at all can be read past it.
    """
    try:
        with JournalReader(path, key) as reader:
            sales = reader.unsent()
            rows = reader.rows_of(sales if proofs else [])
            return Unsent(sales=sales, newest=reader.head(), rows=rows, enrolment=reader.value(ENROLMENT, ""))
    except (JournalUnusableError, JournalMediumError) as error:  # SQLite reads nothing on a medium that takes nothing
        log.info("read past SQLite: %s", error)
        damage: JournalUnusableError | JournalMediumError = error
    try:
        salvaged = Salvaged.of(path, key)
    except OSError:
        raise damage from None
    if not salvaged.rows:
        raise damage
    sales = salvaged.unsent()
    return Unsent(
        sales=sales,
        newest=salvaged.head(),
        rows=salvaged.rows_of(sales),
        damage=damage,
        missing_rows=salvaged.missing,
        unproved=tuple(salvaged.unproved()),
        enrolment=salvaged.values(ENROLMENT).get(""),
    )
