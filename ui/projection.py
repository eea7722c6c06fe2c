# SPDX-License-Identifier: Apache-2.0
"""The projection: (status, local state) → scene. Pure but for the typesetter's measuring; no display, no clock.

Tests: tests/ui/test_look.py, tests/ui/test_layout.py, tests/journeys/test_screen_sale.py.
"""

from pengpos.client import SaleView, Status
from ui import office
from ui.actions import Do
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
from ui.state.local import OFFICE_PAGES, Daemon, LocalState, Page
from ui.state.office import Office
from ui.state.sales import Stage, blocks_next_sale, shown_sale, stage
from ui.widgets.bar import top_bar
from ui.widgets.canvas import Canvas

TOO_SMALL = "too_small"
MUST_NOT_SELL = "must_not_sell"
_OF_RECORD = {Page.RECORD, Page.RECORD_RECEIPT, Page.REFUND}
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
    opens = name != Page.PIN.value and (sale is None or not blocks_next_sale(sale))
    top_bar(canvas, status, opens=opens, corner=_corner(name))
    return canvas.finish()


def _corner(name: str) -> Do | None:
    """What the button in the corner does: opens the menu between two sales, leads back to selling from behind it."""
    if name.partition(" ")[0] in OFFICE_PAGES:
        return Do.SELL
    return Do.OPEN_MENU if name in {"amount", MUST_NOT_SELL} else None


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
    if not is_live and local.page in OFFICE_PAGES and local.office is not None:
        record = local.office.record
        return f"{local.page.value} {record.id}" if local.page in _OF_RECORD and record else local.page.value
    if status.terminal.standing != "active" and (sale is None or stage(sale) in _NOTHING_CAME_OF_IT):
        return MUST_NOT_SELL
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
        case _ if kind in OFFICE_PAGES and canvas.local.office is not None:
            _draw_office(canvas, kind, status, canvas.local.office)
        case _ if kind == MUST_NOT_SELL:
            must_not_sell_screen(canvas, status)
        case Page.LARGE_AMOUNT.value:
            large_amount_screen(canvas, status)
        case _ if sale is None:
            amount_screen(canvas, status)
        case _:
            _draw_sale(canvas, kind, status, sale)


def _draw_office(canvas: Canvas, kind: str, status: Status, open_office: Office) -> None:
    record, report = open_office.record, open_office.report
    match kind:
        case Page.HISTORY.value:
            office.history_screen(canvas, status)
        case Page.RECORD.value if record is not None:
            office.record_screen(canvas, record)
        case Page.RECORD_RECEIPT.value if record is not None:
            office.receipt_again_screen(canvas, record)
        case Page.REFUND.value:
            office.refund_screen(canvas, open_office)
        case Page.DAY.value:
            office.day_screen(canvas, status)
        case Page.CLOSE.value if report is not None:
            office.close_screen(canvas, status, report)
        case Page.SETTINGS.value:
            office.settings_screen(canvas, status)
        case Page.HELP.value:
            office.help_screen(canvas)
        case _:
            office.menu_screen(canvas)


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
