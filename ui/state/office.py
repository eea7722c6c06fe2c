# SPDX-License-Identifier: Apache-2.0
"""What the pages behind the menu know: the sales of a day, one sale, a refund being prepared, a day's report.

None of it is lasting: it is read from the daemon when a page is opened, and again when the daemon says that something
has changed.

Tests: tests/ui/office/test_steps.py, tests/ui/office/test_record.py.
"""

from dataclasses import dataclass
from typing import Final

from pengpos.client import DayReport, RefundView, SaleView
from ui.actions import RefundReason
from ui.state.calls import Reading, ReadSales
from ui.state.entry import Entry

OFFICE_OPEN_S: Final = 120
"""Pages behind the menu that nobody touches for so long give way to the amount."""
PAGES_MOST: Final = 200
"""So many pages can be turned back one by one; further back lies the day's newest."""
_NOT_GIVEN_BACK: Final = frozenset({"failed", "void"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of the sales of a business date, the newest first."""

    date: str
    befores: tuple[int | None, ...] = (None,)
    """How each page up to this one begins (`before` of `GET /v1/sales`); this one is the last."""
    sales: tuple[SaleView, ...] | None = None
    """None: not read yet."""
    following: int | None = None
    """How the next page begins; None: there is none."""

    def call(self, limit: int) -> ReadSales:
        """The call that reads it."""
        return ReadSales(self.date, self.befores[-1], limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A refund that is being prepared. An empty `entry` is all that is left."""

    entry: Entry
    reason: RefundReason | None = None
    key: str = ""
    """Idempotency key, from the first try on; another amount or reason is another refund."""

    @property
    def is_ready(self) -> bool:
        """Whether it can be ordered as it stands."""
        return self.reason is not None and (self.entry.is_empty or self.entry.is_payable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Everything behind the menu; there is none while the amount or a sale is shown."""

    touched_s: float
    listing: Listing | None = None
    record: SaleView | None = None
    draft: Draft | None = None
    report: DayReport | None = None
    report_date: str = ""
    """The business date that was asked to be closed."""
    reading: Reading | None = None
    """What is being read; its answer is for the page that asked."""
    is_stale: bool = False
    """What the page shows may be different by now."""


def refundable(sale: SaleView) -> int:
    """What the daemon may still give back of a sale, for people to see: the daemon decides, and knows more."""
    return max(0, sale.total - sum(counted(refund, sale) for refund in sale.refunds))


def counted(refund: RefundView, sale: SaleView) -> int:
    """What a refund gives back or may; one of all that was paid has no amount of its own until that is known."""
    if refund.state in _NOT_GIVEN_BACK:
        return 0
    return sale.total if refund.amount is None else refund.amount
