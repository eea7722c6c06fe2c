# SPDX-License-Identifier: Apache-2.0
"""The projection: (status, local state) → scene. Pure but for the typesetter's measuring; no display, no clock.

Reading order: amount, large_amount, code, lists, notice, pin, present, queue, result, progress, receipt.
"""

from pengpos.client import SaleView, Status
from ui.drawing.scene import Scene
from ui.drawing.typeset import Typesetter
from ui.i18n.languages import second_language
from ui.screens.amount import amount_screen
from ui.screens.code import code_screen
from ui.screens.large_amount import large_amount_screen
from ui.screens.lists import alarms_screen, waiting_screen
from ui.screens.notice import (
    away_screen,
    is_too_small,
    must_not_sell_screen,
    not_enrolled_screen,
    starting_screen,
    too_small_screen,
)
from ui.screens.pin import pin_screen
from ui.screens.present import present_screen
from ui.screens.progress import progress_screen
from ui.screens.queue import queue_screen
from ui.screens.receipt import receipt_screen
from ui.screens.result import result_screen
from ui.state.local import Daemon, LocalState, Page
from ui.state.sales import Stage, blocks_next_sale, shown_sale, stage
from ui.widgets.bar import top_bar
from ui.widgets.canvas import Canvas

__all__ = ["amount", "notice", "project"]


TOO_SMALL = "too_small"
_NOTHING_CAME_OF_IT = {Stage.CANCELLED, Stage.EXPIRED}
_UNDER_WAY = {Stage.CONFIRMING, Stage.PAYING, Stage.CANCELLING, Stage.REVERSING}


def project(status: Status | None, local: LocalState, typesetter: Typesetter) -> Scene:
    """Project the scene of what is known now."""
    sale = shown_sale(status, local) if status else None
    name = screen_name(status, local, sale)
    offered = status.terminal.languages if status and status.terminal else []
    canvas = Canvas(name, local, second_language(local.language, offered), typesetter)
    if name == TOO_SMALL:
        too_small_screen(canvas)
        return canvas.finish()
    _draw(canvas, name.partition(" ")[0], status, sale)
    top_bar(canvas, status, opens=name != Page.PIN.value and (sale is None or not blocks_next_sale(sale)))
    return canvas.finish()


def screen_name(status: Status | None, local: LocalState, sale: SaleView | None) -> str:
    """Name the kind of screen, and the sale and state it is of: a touch belongs to one of these."""
    if is_too_small(local.size):
        return TOO_SMALL
    if local.daemon is Daemon.STARTING:
        return "starting"
    if status is None or local.daemon is Daemon.AWAY:
        return "away"
    if status.terminal is None:
        return "not_enrolled"
    if local.page is Page.PIN and local.asked is not None:
        return Page.PIN.value
    is_live = sale is not None and blocks_next_sale(sale)
    if not is_live and local.page in {Page.QUEUE, Page.WAITING, Page.ALARMS}:
        return local.page.value
    if status.terminal.standing != "active" and (sale is None or stage(sale) in _NOTHING_CAME_OF_IT):
        return "must_not_sell"
    if sale is None:
        return Page.LARGE_AMOUNT.value if local.page is Page.LARGE_AMOUNT else "amount"
    if local.page in {Page.CODE, Page.RECEIPT}:
        return f"{local.page.value} {sale.id}"
    return f"{stage(sale).value} {sale.id}"


def _draw(canvas: Canvas, kind: str, status: Status | None, sale: SaleView | None) -> None:
    match kind:
        case "starting":
            starting_screen(canvas)
        case "not_enrolled":
            not_enrolled_screen(canvas)
        case _ if status is None or kind == "away":
            away_screen(canvas, status)
        case Page.PIN.value:
            pin_screen(canvas, status)
        case Page.QUEUE.value:
            queue_screen(canvas, status)
        case Page.WAITING.value:
            waiting_screen(canvas, status)
        case Page.ALARMS.value:
            alarms_screen(canvas, status)
        case "must_not_sell":
            must_not_sell_screen(canvas, status)
        case Page.LARGE_AMOUNT.value:
            large_amount_screen(canvas, status)
        case _ if sale is None:
            amount_screen(canvas, status)
        case _:
            _draw_sale(canvas, kind, status, sale)


def _draw_sale(canvas: Canvas, kind: str, status: Status, sale: SaleView) -> None:
    match kind:
        case Page.CODE.value:
            code_screen(canvas, sale)
        case Page.RECEIPT.value:
            receipt_screen(canvas, sale)
        case Stage.PRESENT.value:
            present_screen(canvas, status, sale)
        case _ if stage(sale) in _UNDER_WAY:
            progress_screen(canvas, sale)
        case _:
            result_screen(canvas, status, sale)
