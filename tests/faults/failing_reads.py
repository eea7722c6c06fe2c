# SPDX-License-Identifier: Apache-2.0
"""Lets the n-th read of a selling journal's file fail, for every n, and notes what came of it. Runs under `iotrace.c`.

`python -m tests.faults.failing_reads DIRECTORY COUNT STEP`: every STEP-th read and the COUNT - 1 after it fail with
EIO; prints one JSON object. The medium is well again then, and the same journal sells and is read without being closed.
"""

import ctypes
import errno
import json
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from offline_queue.journal.journal import Journal
from offline_queue.values import SaleChanged, SaleQuery
from pengpos.core.errors import JournalError, JournalMediumError
from pengpos.core.sale import SaleState
from tests.faults.seller import KEY
from workshop.samples.journal import HeldClock, SaleMaker, moved

SALES = 6


class Campaign:
    """One run for each n. `wrong` lists what must not happen."""

    def __init__(self, directory: Path, count: int) -> None:
        self._shim = ctypes.CDLL(None)
        self._directory = directory
        self._count = count
        self.faults = 0
        self.failed = 0
        self.wrong: list[str] = []

    def run(self, at: int) -> bool:
        """Sell and look with read number `at` failing. False: there are not so many reads."""
        directory = self._directory / str(at)
        shutil.copytree(self._directory / "fresh", directory)
        with Journal.open(directory / "journal.db", key=KEY, clock=HeldClock()) as journal:
            maker = SaleMaker(SALES + 1)
            self._arm(at, self._count)
            self._sell_and_look(journal, maker, well=False)
            reads = self._shim.iotrace_reads()
            self._arm(0, 0)
            self._sell_and_look(journal, maker, well=True)
            self._ask(journal.verify, well=True)
        shutil.rmtree(directory)
        self.faults += reads >= at
        return bool(reads >= at)

    def _arm(self, at: int, count: int) -> None:
        self._shim.iotrace_fail_reads(ctypes.c_long(at), ctypes.c_long(count), ctypes.c_long(errno.EIO))

    def _sell_and_look(self, journal: Journal, maker: SaleMaker, *, well: bool) -> None:
        sale = maker.signed(journal.next_counter())
        changes = (sale, moved(sale, SaleState.PRESENTED))
        for change in changes:
            recorded = journal.record([SaleChanged(sale=change, why="")])
            self._ask(partial(recorded.result, 60), well=well)
        self._ask(lambda: journal.sale(sale.sale_id), well=well)
        self._ask(lambda: journal.queue_totals("CNY"), well=well)
        self._ask(lambda: journal.search(SaleQuery()), well=well)
        self._ask(lambda: journal.values("alarm"), well=well)

    def _ask(self, call: Callable[[], object], *, well: bool) -> None:
        try:
            call()
        except JournalMediumError as error:
            self.failed += 1
            if well:
                self.wrong.append(f"the medium is well, and: {error}")
        except JournalError as error:
            self.wrong.append(f"{type(error).__name__}: {error}")


def main(directory: Path, count: int, step: int) -> None:
    """All n."""
    with Journal.open(directory / "fresh" / "journal.db", key=KEY, clock=HeldClock()) as journal:
        maker = SaleMaker(1)
        for _ in range(SALES):
            journal.record([SaleChanged(sale=maker.signed(journal.next_counter()), why="")]).result(60)
    campaign = Campaign(directory, count)
    at = 1
    while campaign.run(at):
        at += step
    print(json.dumps({"faults": campaign.faults, "failed": campaign.failed, "wrong": campaign.wrong}))  # noqa: T201 -- a program's output


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
