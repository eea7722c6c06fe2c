# SPDX-License-Identifier: Apache-2.0
"""Lets the n-th file call of a selling journal fail, for every n, and judges what came of it. Runs under `iotrace.c`.

`python -m tests.faults.failing DIRECTORY ERRNO COUNT STEP`: every STEP-th call and the COUNT - 1 after it fail with
ERRNO; prints one JSON object. The medium then works again, and the same journal must go on without being reopened.
"""

import ctypes
import errno
import json
import shutil
import sys
from pathlib import Path

from offline_queue.journal import writer
from offline_queue.journal.journal import Journal
from offline_queue.values import DocumentStored, SaleChanged
from pengpos.core.errors import JournalError, JournalFullError, JournalMediumError
from pengpos.core.sale import Sale, SaleState
from tests.faults.judge import Promise, broken_promise, judge
from tests.faults.seller import FOLD_ROWS, KEY
from workshop.samples.journal import HeldClock, SaleMaker, moved

SALES = 4


class Campaign:
    """One run for each n. `wrong` lists what must not happen."""

    def __init__(self, directory: Path, error: int, count: int) -> None:
        self._shim = ctypes.CDLL(None)
        self._directory = directory
        self._error = error
        self._count = count
        self._at = 0
        self.faults = 0
        self.refused = 0
        self.wrong: list[str] = []

    def run(self, at: int) -> bool:
        """Sell with call number `at` failing. False: there are not so many calls."""
        self._at = at
        directory = self._directory / str(at)
        shutil.copytree(self._directory / "fresh", directory)
        promises: list[Promise] = []
        with Journal.open(directory / "journal.db", key=KEY, clock=HeldClock()) as journal:
            self._shim.iotrace_fail(ctypes.c_long(at), ctypes.c_long(self._count), ctypes.c_long(self._error))
            self._sell(journal, promises)
            calls = self._shim.iotrace_calls()
            self._shim.iotrace_fail(ctypes.c_long(0), ctypes.c_long(0), ctypes.c_long(0))
            before = len(promises)
            self._sell(journal, promises)
            if len(promises) != before + 4 * SALES:
                self.wrong.append(f"call {at}: it does not go on when the medium works again")
            verdict = broken_promise(journal, promises)
        verdict = verdict or judge(directory, KEY, promises)
        if verdict:
            self.wrong.append(f"call {at}: {verdict}")
        self.faults += calls >= at
        shutil.rmtree(directory)
        return bool(calls >= at)

    def _sell(self, journal: Journal, promises: list[Promise]) -> None:
        maker = SaleMaker(len(promises) + 1)
        for n in range(SALES):
            self._sell_once(journal, maker, promises)
            document = DocumentStored(kind="policy", version=n, body=bytes(9_000))
            journal.record([document]).exception(60)

    def _sell_once(self, journal: Journal, maker: SaleMaker, promises: list[Promise]) -> None:
        sale = maker.signed(journal.next_counter())
        if not self._store(journal, sale, promises):
            if journal.sale(sale.sale_id) is not None:
                self.wrong.append("a sale that was refused is shown")
            return
        for state in (SaleState.PRESENTED, SaleState.AUTHORISED, SaleState.ACCEPTED_OFFLINE):
            sale = maker.authorised(sale) if state is SaleState.AUTHORISED else moved(sale, state)
            self._store(journal, sale, promises)

    def _store(self, journal: Journal, sale: Sale, promises: list[Promise]) -> bool:
        trouble = (future := journal.record([SaleChanged(sale=sale, why="")])).exception(60)
        match trouble:
            case None:
                promises.append(Promise(future.result().head, sale.sale_id, len(sale.history)))
            case JournalFullError() | JournalMediumError() if self._is_named_right(trouble):
                self.refused += 1
            case JournalError():
                self.wrong.append(f"{type(trouble).__name__}: {trouble}")
            case _:
                raise trouble
        return trouble is None

    def _is_named_right(self, trouble: JournalError) -> bool:
        """ENOSPC is "full", unless the medium is well again when it is asked: then SQLite's word is all there is."""
        if isinstance(trouble, JournalFullError):
            return self._error == errno.ENOSPC
        return self._error == errno.EIO or self._shim.iotrace_calls() >= self._at + self._count


def main(directory: Path, error: int, count: int, step: int) -> None:
    """All n."""
    writer.FOLD_ROWS_AT_MOST = FOLD_ROWS
    with Journal.open(directory / "fresh" / "journal.db", key=KEY, clock=HeldClock()):
        pass
    campaign = Campaign(directory, error, count)
    at = 1
    while campaign.run(at):
        at += step
    print(json.dumps({"faults": campaign.faults, "refused": campaign.refused, "wrong": campaign.wrong}))  # noqa: T201 -- a program's output


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
