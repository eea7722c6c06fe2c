# SPDX-License-Identifier: Apache-2.0
"""The amount: the largest thing on any screen. Symbol and fraction stand smaller on the same foot."""

from pengpos.core.currencies.currency import cash_minor
from ui.drawing.scene import Box
from ui.i18n import words
from ui.i18n.format import AmountParts, amount_parts, money
from ui.theme import Style, Token, Weight
from ui.widgets.canvas import Canvas

_SYMBOL_SHARE = 0.52
_FRACTION_SHARE = 0.56
_AFTER_SYMBOL_EM = {True: 0.03, False: 0.08}
"""A tabular 1 brings room of its own."""


def amount(
    canvas: Canvas,
    box: Box,
    minor: int,
    currency: str,
    size: float,
    *,
    colour: Token = Token.INK,
    faint_places: int = 0,
) -> None:
    """Draw an amount at the left of the box, as large as `size` if it fits, its last `faint_places` decimals faint."""
    parts = amount_parts(minor, currency, canvas.language)
    while size > 24 and _width(canvas, parts, size) > box.w:
        size -= 2
    baseline = box.y + box.h / 2 + 0.365 * size
    fraction_size = size * _FRACTION_SHARE
    whole_colour = Token.FAINT if faint_places and minor == 0 else colour
    x = canvas.on_baseline(box.x, baseline, parts.symbol, Style(size * _SYMBOL_SHARE, Weight.DISPLAY, whole_colour))
    x += _AFTER_SYMBOL_EM[parts.whole.startswith("1")] * size
    x = canvas.on_baseline(x, baseline, parts.whole, Style(size, Weight.DISPLAY, whole_colour))
    typed = parts.fraction[: len(parts.fraction) - faint_places] if faint_places else parts.fraction
    if typed == parts.fraction[:1]:  # a lone decimal point goes with the faint digits
        typed = ""
    if typed:
        x = canvas.on_baseline(x, baseline, typed, Style(fraction_size, Weight.DISPLAY, colour))
    if rest := parts.fraction[len(typed) :]:
        canvas.on_baseline(x, baseline, rest, Style(fraction_size, Weight.DISPLAY, Token.FAINT))


def cash_words(canvas: Canvas, minor: int, currency: str) -> str:
    """Say what to collect where cash is taken instead; empty where coins pay the amount itself. No sale is changed."""
    collected = cash_minor(minor, currency)
    if collected == minor:
        return ""
    return canvas.say(words.CASH_IS, amount=money(collected, currency, canvas.language))


def _width(canvas: Canvas, parts: AmountParts, size: float) -> float:
    return (
        canvas.width(parts.symbol, Style(size * _SYMBOL_SHARE, Weight.DISPLAY))
        + _AFTER_SYMBOL_EM[parts.whole.startswith("1")] * size
        + canvas.width(parts.whole, Style(size, Weight.DISPLAY))
        + canvas.width(parts.fraction, Style(size * _FRACTION_SHARE, Weight.DISPLAY))
        + 4
    )
