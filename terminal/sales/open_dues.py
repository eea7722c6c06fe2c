# SPDX-License-Identifier: Apache-2.0
"""Asks what has become of open dues, of which no event came: the shopper may have paid while the stream was closed.

An open stream brings each change; a terminal that was off, or whose backend forgot where its events had come to,
asks about those that may still be paid once the stream is open again.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from offline_queue.port import JournalPort
from offline_queue.retries import Trouble, retry_until_read
from offline_queue.values import PAGE_LIMIT, SaleQuery
from pengpos.core.ports import Clock
from pengpos.core.sale import DueState, Sale, SaleState

LOOK_AGAIN_S = 5.0
LOOK_BACK_S = 30 * 86_400
ASKED_MOST = 50
_MAY_STILL_BE_PAID = frozenset({DueState.OPEN, DueState.REFUSED})
_DECLINED = frozenset({SaleState.DECLINED_AT_SYNC})


class OpenDues:
    """Asks when it is woken. Lives on the loop; `ask` starts a question and returns at once."""

    def __init__(
        self,
        journal: JournalPort,
        clock: Clock,
        ask: Callable[[Sale], None],
        trouble: Trouble = lambda _error: None,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._ask = ask
        self._trouble = trouble
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """The stream of events is open again."""
        self._woken.set()

    async def run(self) -> None:
        """Ask about the newest of them each time it is woken; while the journal cannot be read, look again."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            find = partial(asyncio.to_thread, self._open)
            dues = await retry_until_read(find, what="open dues", every_s=LOOK_AGAIN_S, trouble=self._trouble)
            for sale in dues:
                self._ask(sale)

    def _open(self) -> list[Sale]:
        since = self._clock.now() - LOOK_BACK_S
        page = self._journal.search(SaleQuery(from_utc=since, states=_DECLINED, limit=PAGE_LIMIT))
        return [sale for sale in page.sales if _may_still_be_paid(sale)][:ASKED_MOST]


def _may_still_be_paid(sale: Sale) -> bool:
    return sale.due is not None and sale.due.state in _MAY_STILL_BE_PAID
