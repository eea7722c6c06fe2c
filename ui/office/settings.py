# SPDX-License-Identifier: Apache-2.0
"""The screen's own settings: language and appearance; and which terminal and version this is.

Tests: tests/journeys/test_screen_office.py, tests/ui/test_layout.py.
"""

from collections.abc import Sequence
from typing import Final

from pengpos.client import Language, Status
from pengpos.i18n import Message
from ui.actions import Action, SetLanguage, SetTheme
from ui.drawing.scene import Box
from ui.i18n import words
from ui.office.menu import back, title
from ui.theme import BODY_SIZE, GAP, MARGIN, SMALL_SIZE, Style, ThemeName, Token, Weight
from ui.widgets.button import Dress, button
from ui.widgets.canvas import Canvas
from ui.widgets.split import ROW_HEIGHT

_LANGUAGES: Final[dict[Language, Message]] = {
    "zh-Hans": words.LANGUAGE_HANS,
    "zh-Hant": words.LANGUAGE_HANT,
    "en": words.LANGUAGE_EN,
}
_THEMES: Final[dict[ThemeName, Message]] = {"light": words.THEME_LIGHT, "dark": words.THEME_DARK}


def settings_screen(canvas: Canvas, status: Status) -> None:
    """Draw a row of buttons for each; what is chosen is tinted."""
    canvas.fill(Box(0, 0, canvas.w, canvas.h), Token.PAPER)
    local = canvas.local
    y = title(canvas, canvas.say(words.MENU_SETTINGS)) + 12
    languages = [(canvas.say(said), SetLanguage(name), name == local.language) for name, said in _LANGUAGES.items()]
    y = _row(canvas, y, words.SETTINGS_LANGUAGE, languages)
    themes = [(canvas.say(said), SetTheme(name), name == local.theme) for name, said in _THEMES.items()]
    y = _row(canvas, y, words.SETTINGS_THEME, themes)
    if (terminal := status.terminal) is not None:
        said = canvas.say(words.SETTINGS_VERSION, id=terminal.terminal_id, version=terminal.software_version)
        style = Style(SMALL_SIZE, Weight.REGULAR, Token.FAINT)
        canvas.paragraph(Box(MARGIN + 4, y + 4, canvas.w - 2 * MARGIN, 50), said, style, most_lines=2)
    back(canvas)


def _row(canvas: Canvas, y: float, message: Message, choices: Sequence[tuple[str, Action, bool]]) -> float:
    canvas.text(
        Box(MARGIN + 4, y, canvas.w - 2 * MARGIN, 28), canvas.say(message), Style(BODY_SIZE, Weight.REGULAR, Token.SOFT)
    )
    wide = (canvas.w - 2 * MARGIN - 2 * GAP) / 3
    for place, (label, action, is_chosen) in enumerate(choices):
        box = Box(MARGIN + place * (wide + GAP), y + 32, wide, ROW_HEIGHT)
        button(canvas, box, label, action, Dress.CHOSEN if is_chosen else Dress.OUTLINED)
    return y + 32 + ROW_HEIGHT + 20
