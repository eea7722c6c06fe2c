# SPDX-License-Identifier: Apache-2.0
"""The top bar: whose terminal it is, what waits, reader, link, clock. Each state has a shape and a word."""

from typing import NamedTuple

from pengpos.client import Status
from ui.actions import Action, Do
from ui.drawing.scene import Align, Box, Shape
from ui.i18n import words
from ui.i18n.format import clock
from ui.state.local import Daemon
from ui.state.sales import code_sales, parked_sales, unknown_sales
from ui.theme import BAR_HEIGHT, GAP, MARGIN, RADIUS, SMALL_SIZE, TARGET_MINIMUM, TINY_SIZE, Style, Token, Weight
from ui.widgets.canvas import Canvas

_BETWEEN = 16
_NAME_LEAST = 90


class _State(NamedTuple):
    shape: Shape
    word: str
    colour: Token
    bold: bool


class _Badge(NamedTuple):
    shape: Shape
    word: str
    number: str
    colour: Token
    tint: Token
    action: Action


def bar_height(canvas: Canvas) -> float:
    """Give the bar's height on a canvas."""
    return bar_height_of(is_portrait=canvas.portrait)


def bar_height_of(*, is_portrait: bool) -> float:
    """Give the bar's height, logical; upright panels have two rows of it."""
    return BAR_HEIGHT * 2 if is_portrait else BAR_HEIGHT


def top_bar(canvas: Canvas, status: Status | None, *, opens: bool, corner: Do | None = None) -> None:
    """Draw it over the full width; its badges can be touched if `opens`: not while a shopper is paying.

    `corner`: what the button at its right end does.
    """
    height = bar_height(canvas)
    canvas.fill(Box(0, 0, canvas.w, height), Token.CARD)
    canvas.rule(0, height - 1, canvas.w)
    right = edge = canvas.w - MARGIN
    if corner is not None:
        right = _draw_corner(canvas, corner)
    time = clock(canvas.local.now)
    time_style = Style(SMALL_SIZE, Weight.BOLD, Token.SOFT)
    time_width = canvas.width(time, time_style)
    canvas.text(Box(right - time_width, 0, time_width + 1, BAR_HEIGHT), time, time_style)
    first_right = right - time_width - _BETWEEN
    states_y = BAR_HEIGHT - 4 if canvas.portrait else 0
    states, badges = _states(canvas, status), _badges(canvas, status)
    if canvas.portrait and not _fit_in_one_row(canvas, states, badges):
        first_right = _draw_state(canvas, states.pop(0), first_right, 0)
    x = edge if canvas.portrait else first_right
    for state in states:
        x = _draw_state(canvas, state, x, states_y)
    if canvas.portrait:
        _draw_badges(canvas, badges, Box(MARGIN, states_y, x - MARGIN, BAR_HEIGHT), opens=opens)
    elif badges:
        room = Box(MARGIN + _NAME_LEAST, states_y, x - MARGIN - _NAME_LEAST, BAR_HEIGHT)
        first_right = _draw_badges(canvas, badges, room, opens=opens, from_right=True) - _BETWEEN
    else:
        first_right = x
    _draw_name(canvas, status, first_right)


def _draw_corner(canvas: Canvas, action: Do) -> float:
    """Draw the way to the menu, or back to selling; gives where what stands beside it ends."""
    box = Box(canvas.w - MARGIN / 2 - TARGET_MINIMUM, 0, TARGET_MINIMUM, BAR_HEIGHT)
    if canvas.local.pressed is action:
        canvas.fill(box.inset(2, 4), Token.PRESSED, radius=RADIUS)
    ground = Token.PRESSED if canvas.local.pressed is action else Token.CARD
    shape = Shape.MENU if action is Do.OPEN_MENU else Shape.CROSS
    side = 22
    place = Box(box.x + (box.w - side) / 2, box.y + (box.h - side) / 2, side, side)
    canvas.drawing(place, shape, Token.INK, ground)
    canvas.target(box, action)
    return box.x - GAP / 2


def _fit_in_one_row(canvas: Canvas, states: list[_State], badges: list[_Badge]) -> bool:
    """Whether the second row of an upright panel has room for badges as numbers and both states."""
    taken = sum(_badge_width(canvas, badge, badge.number) + GAP for badge in badges)
    return taken + sum(_state_width(canvas, state) + _BETWEEN for state in states) <= canvas.w - 2 * MARGIN


def _state_width(canvas: Canvas, state: _State) -> float:
    return canvas.width(state.word, _state_style(state)) + 7 + _state_side(state)


def _state_style(state: _State) -> Style:
    weight = Weight.BOLD if state.bold else Weight.REGULAR
    return Style(TINY_SIZE, weight, state.colour if state.bold else Token.SOFT)


def _state_side(state: _State) -> float:
    return 14 if state.shape is Shape.SLASH else 11


def _states(canvas: Canvas, status: Status | None) -> list[_State]:
    """List right to left: link, then reader."""
    if status is None or canvas.local.daemon is not Daemon.CONNECTED:
        return [_State(Shape.SLASH, canvas.say(words.UNLINKED), Token.STORED, bold=True)]
    if status.link.online:
        link = _State(Shape.DOT, canvas.say(words.ONLINE), Token.APPROVED, bold=True)
    else:
        link = _State(Shape.SLASH, canvas.say(words.OFFLINE), Token.STORED, bold=True)
    states = {reader.state for reader in status.readers}
    if "ready" in states:
        reader = _State(Shape.DOT, canvas.say(words.READER_READY), Token.APPROVED, bold=False)
    elif "starting" in states:
        reader = _State(Shape.RING, canvas.say(words.READER_STARTING), Token.SOFT, bold=False)
    elif states:
        reader = _State(Shape.SLASH, canvas.say(words.READER_LOST), Token.DECLINED, bold=True)
    else:
        reader = _State(Shape.SLASH, canvas.say(words.READER_NONE), Token.SOFT, bold=False)
    return [link, reader]


def _draw_state(canvas: Canvas, state: _State, right: float, y: float) -> float:
    """Shape and word, ending at `right`; gives where the next one ends."""
    style, side = _state_style(state), _state_side(state)
    width = canvas.width(state.word, style)
    canvas.text(Box(right - width, y, width + 1, BAR_HEIGHT), state.word, style)
    x = right - width - 7 - side
    canvas.drawing(Box(x, y + (BAR_HEIGHT - side) / 2, side, side), state.shape, state.colour, Token.CARD)
    return x - _BETWEEN


def _badges(canvas: Canvas, status: Status | None) -> list[_Badge]:
    """List what waits and what is wrong; only badges with something in them."""
    if status is None or canvas.local.daemon is not Daemon.CONNECTED:
        return []
    loud = sum(not alarm.calm for alarm in status.alarms)
    news = len(status.alarms) if not loud else 0  # beside alarms, news is seen when their list is opened
    counted = [
        (loud, Shape.ALARM, words.BADGE_ALARM, Token.DECLINED, Token.DECLINED_TINT, Do.OPEN_ALARMS),
        (news, Shape.PHONE, words.BADGE_NEWS, Token.BRAND, Token.BRAND_TINT, Do.OPEN_ALARMS),
        (status.queue.count, Shape.STORED, words.BADGE_QUEUE, Token.STORED, Token.STORED_TINT, Do.OPEN_QUEUE),
        (len(parked_sales(status)), Shape.PARKED, words.BADGE_PARKED, Token.BRAND, Token.BRAND_TINT, Do.OPEN_WAITING),
        (
            len(unknown_sales(status)),
            Shape.UNKNOWN,
            words.BADGE_UNKNOWN,
            Token.UNKNOWN,
            Token.UNKNOWN_TINT,
            Do.OPEN_WAITING,
        ),
        (len(code_sales(status)), Shape.RETURNED, words.BADGE_CODE, Token.SOFT, Token.PAPER, Do.OPEN_WAITING),
    ]
    return [
        _Badge(shape, canvas.say(phrase, n=n), str(n), colour, tint, action)
        for n, shape, phrase, colour, tint, action in counted
        if n
    ]


def _badge_style(badge: _Badge) -> Style:
    return Style(TINY_SIZE, Weight.BOLD, badge.colour)


def _badge_width(canvas: Canvas, badge: _Badge, text: str) -> float:
    return max(TARGET_MINIMUM, canvas.width(text, _badge_style(badge)) + 38)


def _draw_badges(canvas: Canvas, badges: list[_Badge], room: Box, *, opens: bool, from_right: bool = False) -> float:
    """Pills at one end of the room, only shape and number where the words do not fit; gives the left edge."""
    texts = [badge.word for badge in badges]
    if sum(_badge_width(canvas, *pair) + GAP for pair in zip(badges, texts, strict=True)) - GAP > room.w:
        texts = [badge.number for badge in badges]
    widths = [_badge_width(canvas, *pair) for pair in zip(badges, texts, strict=True)]
    left = x = room.right - sum(widths) - GAP * (len(widths) - 1) if from_right else room.x
    for badge, text, width in zip(badges, texts, widths, strict=True):
        place = Box(x, room.y, width, room.h)
        _draw_badge(canvas, badge, text, place)
        if opens:
            canvas.target(place, badge.action)
        x += width + GAP
    return left


def _draw_badge(canvas: Canvas, badge: _Badge, text: str, place: Box) -> None:
    """A pill in the middle of a place as high as the bar."""
    pill = 28
    box = Box(place.x, place.y + (place.h - pill) / 2, place.w, pill)
    ground = Token.PRESSED if canvas.local.pressed == badge.action else badge.tint
    canvas.fill(box, ground, radius=pill / 2)
    canvas.drawing(Box(box.x + 11, box.y + 7, 14, 14), badge.shape, badge.colour, ground)
    canvas.text(Box(box.x + 29, box.y, box.w - 37, pill), text, _badge_style(badge))


def _draw_name(canvas: Canvas, status: Status | None, right: float) -> None:
    if status is None or status.terminal is None:
        return
    room = right - MARGIN
    name_style = Style(18, Weight.BOLD, Token.INK)
    name = status.terminal.merchant_name
    name_width = canvas.width(name, name_style)
    terminal = canvas.say(words.TERMINAL, id=status.terminal.terminal_id)
    terminal_style = Style(TINY_SIZE, Weight.REGULAR, Token.FAINT)
    terminal_width = canvas.width(terminal, terminal_style)
    if room < _NAME_LEAST:
        return
    if name_width + 14 + terminal_width <= room:
        x = MARGIN + name_width + 14
        canvas.text(Box(x, 0, terminal_width + 1, BAR_HEIGHT), terminal, terminal_style)
    canvas.text(Box(MARGIN, 0, min(room, name_width + 1), BAR_HEIGHT), name, name_style, Align.LEFT, shrink=0.85)
