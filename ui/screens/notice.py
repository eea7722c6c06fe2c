# SPDX-License-Identifier: Apache-2.0
"""Screens on which nothing can be sold: starting, away, not enrolled, locked, revoked. Calm, and with the way out."""

from pengpos.client import Language, Status
from ui.drawing.scene import Align, Box, Shape
from ui.i18n import words
from ui.i18n.format import DOT, money
from ui.state.sales import blocks_next_sale
from ui.theme import BODY_SIZE, GAP, LEAST_PANEL, PANEL_RADIUS, SMALL_SIZE, TITLE_SIZE, Style, Token, Weight
from ui.widgets.bar import bar_height
from ui.widgets.canvas import Canvas

ENROL_COMMAND = "pengpos enrol --backend URL"


def is_too_small(size: tuple[int, int]) -> bool:
    """Whether a panel has no room for the screens."""
    return min(size) < LEAST_PANEL[0] or max(size) < LEAST_PANEL[1]


def too_small_words(size: tuple[int, int], language: Language) -> str:
    """Say that a panel has no room for the screens, and how large it must be, as it stands."""
    least = LEAST_PANEL if size[1] > size[0] else LEAST_PANEL[::-1]
    sides = {"size": "{}×{}".format(*size), "least": "{}×{}".format(*least)}
    return words.TOO_SMALL.in_language(language, **sides)


def too_small_screen(canvas: Canvas) -> None:
    """Draw nothing but the sentence: nothing can be sold where something may not be seen."""
    canvas.fill(Box(0, 0, canvas.w, canvas.h), Token.CARD)
    style, wide = Style(BODY_SIZE, Weight.BOLD, Token.INK), canvas.w - 2 * GAP
    said = too_small_words(canvas.size, canvas.language)
    lines = min(canvas.count_lines(said, style, wide), int(canvas.h // canvas.line_height(style.size)))
    y = (canvas.h - lines * canvas.line_height(style.size)) / 2
    canvas.paragraph(Box(GAP, y, wide, canvas.h), said, style, Align.CENTRE, most_lines=max(1, lines))


def starting_screen(canvas: Canvas) -> None:
    """Draw the first frame."""
    _notice(canvas, Shape.WORKING, Token.BRAND, canvas.say(words.STARTING), [])


def away_screen(canvas: Canvas, status: Status | None) -> None:
    """Draw that the daemon does not answer; the last snapshot is not shown as if it were true."""
    lines = [canvas.say(words.AWAY_MEANS)]
    sale = status.sale if status else None
    if sale is not None and blocks_next_sale(sale):
        number = canvas.say(words.NUMBER, number=sale.number)
        lines.append(f"{number}{DOT}{money(sale.amount, sale.currency, canvas.language)}")
        lines.append(canvas.say(words.AWAY_SALE))
    elif canvas.local.entry.minor:
        lines.append(canvas.say(words.AWAY_KEPT))
    _notice(canvas, Shape.UNPLUGGED, Token.STORED, canvas.say(words.AWAY), lines)


def must_not_sell_screen(canvas: Canvas, status: Status) -> None:
    """Draw that the operator has locked or revoked the terminal, and what becomes of the money that it took before."""
    queue = status.queue
    amount = money(queue.total, queue.currency, canvas.language)
    owed = (
        canvas.say(words.STILL_TO_SEND, count=queue.count, amount=amount) if queue.count else canvas.say(words.ALL_SENT)
    )
    revoked = status.terminal is not None and status.terminal.standing == "revoked"
    title, means = (words.REVOKED, words.REVOKED_MEANS) if revoked else (words.LOCKED, words.LOCKED_MEANS)
    lines = [canvas.say(means), owed]
    if any(alarm.kind == "terminal_unheard" for alarm in status.alarms):
        title, lines = words.UNHEARD, [canvas.say(words.UNHEARD_MEANS)]  # of what was stored before nothing is known
    _notice(canvas, Shape.LOCKED, Token.SOFT, canvas.say(title), lines)


def not_enrolled_screen(canvas: Canvas) -> None:
    """Draw how a new terminal is enrolled."""
    y = _notice(
        canvas, Shape.ENROL, Token.BRAND, canvas.say(words.NOT_ENROLLED),
        [canvas.say(words.NOT_ENROLLED_WHAT), canvas.say(words.NOT_ENROLLED_DO)],
    )  # fmt: skip
    style = Style(SMALL_SIZE, Weight.BOLD, Token.INK)
    wide = canvas.width(ENROL_COMMAND, style) + 40
    box = Box((canvas.w - wide) / 2, y + 14, wide, 44)
    canvas.fill(box, Token.PAPER, radius=PANEL_RADIUS, border=Token.LINE)
    canvas.text(box, ENROL_COMMAND, style, Align.CENTRE)


def _notice(canvas: Canvas, shape: Shape, colour: Token, title: str, lines: list[str]) -> float:
    """Draw a picture, a headline and some lines in the middle; gives the bottom."""
    canvas.fill(Box(0, 0, canvas.w, canvas.h), Token.CARD)
    top = bar_height(canvas)
    wide = min(canvas.w - 64, 600)
    x = (canvas.w - wide) / 2
    side = 112
    y = top + max(24, (canvas.h - top - 330) / 2 + (60 if not lines else 0))
    canvas.drawing(Box((canvas.w - side) / 2, y, side, side), shape, colour, Token.CARD)
    style = Style(TITLE_SIZE, Weight.BOLD, Token.INK)
    y = canvas.paragraph(Box(x, y + side + 20, wide, 90), title, style, Align.CENTRE, most_lines=2, display=True)
    for line in lines:
        body = Style(BODY_SIZE, Weight.REGULAR, Token.SOFT)
        y = canvas.paragraph(Box(x, y + 6, wide, 60), line, body, Align.CENTRE, most_lines=4 if canvas.portrait else 2)
    return y
