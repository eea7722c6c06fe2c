# SPDX-License-Identifier: Apache-2.0
"""A program that sells into a journal and says what was acknowledged; the fault tests run it and take its power away.

`python -m tests.faults.seller DIRECTORY SALES [SETTING=VALUE …]`: settings other than ours make it a mutant. What is
acknowledged goes to `DIRECTORY/acknowledged`, one JSON object a line: head, sale and state.
"""

import json
import os
import sys
from pathlib import Path

from offline_queue.journal import connection, writer
from offline_queue.journal.journal import Journal
from offline_queue.values import DocumentStored, HeadSigned, Recorded, SaleChanged
from pengpos.core.sale import Sale, SaleState
from workshop.samples.journal import HeldClock, SaleMaker, moved

KEY = bytes(range(32))
FOLD_ROWS = 7  # often, so that cuts fall into foldings too


def mutate(settings: list[str]) -> None:
    """Open with other settings, and without the check that would refuse them."""
    wanted = dict(setting.split("=") for setting in settings)
    if wanted:
        connection.SETTINGS = tuple((name, wanted.get(name, value)) for name, value in connection.SETTINGS)
        connection.REQUIRED = ()


class Acknowledged:
    """The list of what the journal has promised."""

    def __init__(self, directory: Path) -> None:
        self._file = os.open(directory / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def add(self, recorded: Recorded, sale: Sale | None = None) -> None:
        """One line, in one write: the head and, if it was a sale, which one and how far it had come."""
        head = recorded.head
        line: dict[str, object] = {"epoch": head.epoch, "seq": head.seq, "hash": head.hash.hex()}
        if sale is not None:
            line |= {"sale": str(sale.sale_id), "steps": len(sale.history)}
        os.write(self._file, json.dumps(line).encode() + b"\n")


def sell(directory: Path, count: int) -> None:
    """Sell `count` times, every other time several changes at once, opening the journal anew in between."""
    maker, said = SaleMaker(os.getpid()), Acknowledged(directory)
    for part in range(2):
        with Journal.open(directory / "journal.db", key=KEY, clock=HeldClock()) as journal:
            for n in range(count // 2):
                sell_once(journal, maker, said)
                if n % 4 == 0:
                    head = journal.head()
                    document = DocumentStored(kind="policy", version=n + part * count, body=bytes(700) + bytes([n]))
                    said.add(journal.record([document, HeadSigned(head=head, signed=bytes(90))]).result(60))


def sell_once(journal: Journal, maker: SaleMaker, said: Acknowledged) -> None:
    """One sale from signing to its offline acceptance; the last two arrows wait for one sync together."""
    sale = maker.signed(journal.next_counter())
    said.add(journal.record([SaleChanged(sale=sale, why="signed")]).result(60), sale)
    presented = moved(sale, SaleState.PRESENTED)
    authorised = maker.authorised(presented)
    accepted = moved(authorised, SaleState.ACCEPTED_OFFLINE)
    futures = [journal.record([SaleChanged(sale=step, why="")]) for step in (presented, authorised, accepted)]
    for future, step in zip(futures, (presented, authorised, accepted), strict=True):
        said.add(future.result(60), step)


if __name__ == "__main__":
    writer.FOLD_ROWS_AT_MOST = FOLD_ROWS
    mutate(sys.argv[3:])
    sell(Path(sys.argv[1]), int(sys.argv[2]))
