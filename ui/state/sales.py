# SPDX-License-Identifier: Apache-2.0
"""Decides which sale the screen shows, and what a state means to it. States: local API, the state table.

A state this version does not know is shown like `unknown`: never as paid, never as failed.
"""

from datetime import timedelta
from enum import StrEnum

from pengpos.client import SaleView, Status
from ui.i18n.format import moment
from ui.state.local import Left, LocalState

STALE_RESULT_S = 120
"""A screen that starts shows the last result only if it is this fresh: yesterday's approval misleads."""


class Stage(StrEnum):
    """States that look alike."""

    PRESENT = "present"
    PAYING = "paying"
    CONFIRMING = "confirming"
    CANCELLING = "cancelling"
    REVERSING = "reversing"
    UNKNOWN = "unknown"
    STORED = "stored"
    APPROVED = "approved"
    REFUNDED = "refunded"
    DECLINED = "declined"
    DECLINED_AT_SYNC = "declined_at_sync"
    CANCELLED = "cancelled"
    REVERSED = "reversed"
    EXPIRED = "expired"


_STAGES = {
    "signed": Stage.PRESENT,
    "presented": Stage.PRESENT,
    "pending": Stage.PAYING,
    "authorised": Stage.CONFIRMING,
    "unknown": Stage.UNKNOWN,
    "accepted_offline": Stage.STORED,
    "forwarding": Stage.STORED,
    "cancelling": Stage.CANCELLING,
    "reversing": Stage.REVERSING,
    "approved": Stage.APPROVED,
    "settled": Stage.APPROVED,
    "partly_refunded": Stage.REFUNDED,
    "refunded": Stage.REFUNDED,
    "declined": Stage.DECLINED,
    "declined_at_sync": Stage.DECLINED_AT_SYNC,
    "cancelled": Stage.CANCELLED,
    "reversed": Stage.REVERSED,
    "expired": Stage.EXPIRED,
}
OPEN_STAGES = frozenset({Stage.UNKNOWN, Stage.CANCELLING, Stage.REVERSING, Stage.PAYING})
"""Stages without a result: if the cashier leaves such a sale, the screen says its result when it comes."""


def stage(sale: SaleView) -> Stage:
    """Give the stage a sale is shown as; claimed by a page, what the phone at the reader is asked for comes first."""
    if sale.state == "pending" and not sale.parked and (sale.prompt or sale.notice or sale.reason):
        return Stage.PRESENT
    return _STAGES.get(sale.state, Stage.UNKNOWN)


def stage_of(state: str) -> Stage:
    """Give the stage of a state by its name alone, as it stands in a history."""
    return _STAGES.get(state, Stage.UNKNOWN)


def business_date(status: Status, local: LocalState) -> str:
    """Give the business date of now, as the daemon counts it."""
    return status.day.date if status.day is not None else local.now.date().isoformat()


def due_state(sale: SaleView) -> str | None:
    """Give what came of asking the shopper for what was declined at sync; None: no shopper was asked."""
    due = sale.reason.due if sale.reason is not None and stage(sale) is Stage.DECLINED_AT_SYNC else None
    return due.state if due is not None else None


def blocks_next_sale(sale: SaleView) -> bool:
    """True while no other sale may start (local API, `409 busy`)."""
    return sale.state in {"signed", "presented", "authorised"} or (sale.state == "pending" and not sale.parked)


def shown_sale(status: Status, local: LocalState) -> SaleView | None:
    """Give the sale on the screen: the live one, else the opened one, else the last one until it is left."""
    sale = status.sale
    if sale is not None and blocks_next_sale(sale):
        return sale
    if local.focus is not None:
        waiting = (*status.unknown, *status.parked, *status.cancelling, *((sale,) if sale else ()))
        return next((one for one in waiting if one.id == local.focus), None)
    if sale is None or (local.left is not None and local.left.sale_id == sale.id) or sale.parked:
        return None
    return sale


def late_result(status: Status, local: LocalState) -> SaleView | None:
    """Give the last sale, if the cashier left it without a result and it has one now."""
    sale, left = status.sale, local.left
    if sale is None or left is None or left.sale_id != sale.id or left.state == sale.state:
        return None
    was_open = _STAGES.get(left.state, Stage.UNKNOWN) in OPEN_STAGES
    return sale if was_open and stage(sale) not in OPEN_STAGES else None


def left_behind(status: Status) -> Left | None:
    """Give the result that counts as left because it is too old to be shown; for a screen's first snapshot."""
    sale = status.sale
    if sale is None or blocks_next_sale(sale) or not sale.history:
        return None
    age = moment(status.at) - moment(sale.history[-1].at)
    return Left(sale.id, sale.state) if age > timedelta(seconds=STALE_RESULT_S) else None


def unknown_sales(status: Status) -> list[SaleView]:
    """List all sales being checked, the current one included."""
    return _with_current(status.unknown, status.sale if status.sale and stage(status.sale) is Stage.UNKNOWN else None)


def parked_sales(status: Status) -> list[SaleView]:
    """List all parked sales, the current one included."""
    return _with_current(status.parked, status.sale if status.sale and status.sale.parked else None)


def code_sales(status: Status) -> list[SaleView]:
    """List the sales given up whose confirmation code is still taken, the current one included."""
    own = status.sale if status.sale and stage(status.sale) is Stage.CANCELLING else None
    given_up = _with_current(status.cancelling, own)
    return [sale for sale in given_up if sale.mode == "offline" and "confirmation-code" in sale.can]


def _with_current(listed: list[SaleView], own: SaleView | None) -> list[SaleView]:
    return [own, *listed] if own is not None and all(sale.id != own.id for sale in listed) else listed


def since(sale: SaleView) -> str:
    """Give when the sale came to its present state."""
    return sale.history[-1].at if sale.history else sale.created_at
