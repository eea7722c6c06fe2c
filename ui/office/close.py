# SPDX-License-Identifier: Apache-2.0
"""The day beside the backend's settlement: whether both say the same, and each sale of which they do not."""

from pengpos.client import DayReport, Difference, Elsewhere, Status
from ui.drawing.scene import Box, Shape
from ui.i18n import words
from ui.i18n.format import DOT, money
from ui.screens.lists import Item, list_page
from ui.state.sales import business_date
from ui.theme import MARGIN, Token
from ui.widgets.bar import bar_height
from ui.widgets.canvas import Canvas
from ui.widgets.day_turner import TURNER, day_turner


def close_screen(canvas: Canvas, status: Status, report: DayReport) -> None:
    """Draw both sides' sums, then each difference by its sale."""
    verdicts = [] if report.final else [canvas.say(words.CLOSE_NOT_FINAL)]
    if report.differences:
        verdicts.append(canvas.say(words.CLOSE_DIFFERS, n=len(report.differences)))
    said = DOT.join(verdicts) or canvas.say(words.CLOSE_AGREES)
    items = [*_sums(canvas, report), *(_difference(canvas, report, one) for one in report.differences)]
    items += [_elsewhere(canvas, report, one) for one in report.elsewhere]
    y, wide = bar_height(canvas) + 10, TURNER[0]
    if canvas.portrait:
        y, wide = y + 48, canvas.w - 2 * MARGIN
    list_page(
        canvas, said, items, empty=words.HISTORY_NONE,
        head=TURNER[1] + 4 if canvas.portrait else 0, beside=0 if canvas.portrait else wide + 12,
    )  # fmt: skip
    turner = Box(canvas.w - MARGIN - wide, y, wide, TURNER[1])
    day_turner(canvas, turner, report.date, business_date(status, canvas.local))


def _sums(canvas: Canvas, report: DayReport) -> list[Item]:
    rows = []
    sides = (
        (words.CLOSE_SALES, report.here_count, report.here_total, report.there_total),
        (words.CLOSE_REFUNDS, report.here_refunded_count, report.here_refunded_total, report.there_refunded_total),
    )
    for message, count, here, there in sides:
        main = canvas.say(message, n=count)
        rows.append(Item(Shape.SUM, Token.BRAND, main, _both(canvas, report, here, there), ""))
    return rows


def _both(canvas: Canvas, report: DayReport, here: int | None, there: int | None) -> str:
    sums = (
        money(abs(minor), report.currency, canvas.language) if minor is not None else canvas.say(words.CLOSE_NOTHING)
        for minor in (here, there)
    )
    return canvas.say(words.CLOSE_SIDES, here=next(sums), there=next(sums))


def _difference(canvas: Canvas, report: DayReport, one: Difference) -> Item:
    number = canvas.say(words.NUMBER, number=one.number) if one.number is not None else canvas.say(words.CLOSE_NOT_HERE)
    main = canvas.say(words.CLOSE_REFUND_OF, number=number) if one.refund_id is not None else number
    return Item(Shape.ALARM, Token.DECLINED, main, _both(canvas, report, one.here, one.there), "")


def _elsewhere(canvas: Canvas, report: DayReport, one: Elsewhere) -> Item:
    number = canvas.say(words.NUMBER, number=one.number)
    main = canvas.say(words.CLOSE_ELSEWHERE, number=number)
    return Item(Shape.RETURNED, Token.SOFT, main, "", money(abs(one.amount), report.currency, canvas.language))
