# SPDX-License-Identifier: Apache-2.0
"""Judges a journal after a fault: opens it as the daemon does and holds it against what was acknowledged."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from offline_queue.journal.journal import Journal
from offline_queue.values import Head
from pengpos.core.errors import JournalError
from workshop.samples.journal import HeldClock, SaleMaker, store


@dataclass(frozen=True, slots=True)
class Promise:
    """The journal has said: row `head.seq` stands, and if it is a sale's, that sale has so many steps."""

    head: Head
    sale_id: UUID | None = None
    steps: int = 0


def read_promises(lines: Iterable[str]) -> list[Promise]:
    """What a seller has written down; a line cut short was not yet written."""
    promises = []
    for line in lines:
        if line.endswith("\n"):
            said = json.loads(line)
            head = Head(said["epoch"], said["seq"], bytes.fromhex(said["hash"]))
            promises.append(Promise(head, UUID(said["sale"]), said["steps"]) if "sale" in said else Promise(head))
    return promises


def judge(directory: Path, key: bytes, promises: list[Promise]) -> str | None:
    """What is wrong, or None: every promise kept, the chain whole, and the next sale can be taken."""
    try:
        with Journal.open(directory / "journal.db", key=key, clock=HeldClock()) as journal:
            lost = broken_promise(journal, promises)
            if lost:
                return lost
            store(journal, SaleMaker(99).signed(journal.next_counter()))
            journal.verify()
    except JournalError as error:
        return f"{type(error).__name__}: {error}"
    return None


def broken_promise(journal: Journal, promises: list[Promise]) -> str | None:
    """The first promise that is not kept."""
    newest = {promise.sale_id: promise for promise in promises}
    for sale_id, promise in newest.items():
        if sale_id is None:
            continue
        sale = journal.sale(sale_id)
        if sale is None or len(sale.history) < promise.steps:
            return f"lost: sale {sale_id} with {promise.steps} steps, acknowledged in row {promise.head.seq}"
    if promises and not journal.holds(promises[-1].head):
        return f"lost: row {promises[-1].head.seq}"
    return None
