# SPDX-License-Identifier: Apache-2.0
"""Font files: which one has a character, opened by pygame when first needed. Opens no display.

A missing file is reported once on the console, and another font stands in for it; a character that none of our fonts
has is looked for in the system's. Nothing here raises because of type.
"""

import subprocess
import sys
import unicodedata
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import pygame.font
import pygame.freetype

from ui.drawing.scene import Script
from ui.fonts import FOLDER
from ui.theme import Weight

SUBSTITUTE = "〓"
"""The geta: what Chinese printers set where a sort is missing."""


class Face(StrEnum):
    """Our font files."""

    LATIN = "Inter-Regular.otf"
    LATIN_BOLD = "Inter-SemiBold.otf"
    LATIN_DISPLAY = "InterDisplay-SemiBold.otf"
    HANS = "NotoSansSC-Regular.otf"
    HANS_BOLD = "NotoSansSC-Bold.otf"
    HANT = "NotoSansTC-Regular.otf"
    HANT_BOLD = "NotoSansTC-Bold.otf"


_LATIN = {Weight.REGULAR: Face.LATIN, Weight.BOLD: Face.LATIN_BOLD, Weight.DISPLAY: Face.LATIN_DISPLAY}
_HAN = {
    (Script.HANS, False): Face.HANS,
    (Script.HANS, True): Face.HANS_BOLD,
    (Script.HANT, False): Face.HANT,
    (Script.HANT, True): Face.HANT_BOLD,
}
_OTHER = {Script.HANS: Script.HANT, Script.HANT: Script.HANS}


class Faces:
    """The fonts of one folder."""

    def __init__(self, folder: Path = FOLDER) -> None:
        pygame.font.init()
        pygame.freetype.init()
        self._folder = folder
        self._reported: set[str] = set()
        self._fonts = lru_cache(maxsize=96)(self._open)
        self._charts = lru_cache(maxsize=16)(self._open_chart)
        self._has = lru_cache(maxsize=8192)(self._look_up)
        self._outside = lru_cache(maxsize=512)(self._outside_ours)

    def font(self, face: str, px: int) -> pygame.font.Font:
        """A face at a size in pixels: one of ours by name, or a system font by path."""
        return self._fonts(face, px)

    def face_for(self, character: str, weight: Weight, script: Script) -> tuple[str, str]:
        """The face that has the character, and what to draw: the character itself, or a readable stand-in."""
        bold = weight is not Weight.REGULAR
        han = _HAN[script, bold]
        order = [han] if is_wide(character) else [_LATIN[weight], _LATIN[Weight.BOLD], han]
        for face in (*order, _HAN[_OTHER[script], bold]):
            if self._has(face, character):
                return face, character
        return self._outside(character, weight, script)

    def has_glyph(self, character: str, weight: Weight, script: Script) -> bool:
        """True if one of our own files has the character."""
        return self.face_for(character, weight, script) in {(face.value, character) for face in Face}

    def _outside_ours(self, character: str, weight: Weight, script: Script) -> tuple[str, str]:
        """Give what the system has, else the letter without its accents, else the substitute."""
        path = system_font_with(character)
        if path and self._has(path, character):
            return path, character
        plain = unicodedata.normalize("NFKD", character)[:1]
        if plain and plain != character and plain.isprintable():
            return self.face_for(plain, weight, script)
        face = _HAN[script, weight is not Weight.REGULAR]
        return (face, SUBSTITUTE) if self._has(face, SUBSTITUTE) else (_LATIN[weight], "?")

    def _look_up(self, face: str, character: str) -> bool:
        # pygame.font measures the empty box for a character it lacks; pygame.freetype says None.
        chart = self._charts(face)
        if chart is None:
            return character.isascii()  # pygame's own font stands in
        return chart.get_metrics(character)[0] is not None

    def _open_chart(self, face: str) -> pygame.freetype.Font | None:
        try:
            return pygame.freetype.Font(self._folder / face, 20)
        except (OSError, pygame.error) as error:
            if face not in self._reported:
                self._reported.add(face)
                sys.stderr.write(
                    f"pengpos ui: font {self._folder / face} cannot be used ({error}); text is drawn with another. "
                    "Install the package again, or run scripts/build_fonts.py\n"
                )
            return None

    def _open(self, face: str, px: int) -> pygame.font.Font:
        path = self._folder / face  # an absolute path of the system's stays what it is
        try:
            return pygame.font.Font(path, px)
        except (OSError, pygame.error):
            return pygame.font.Font(None, px)


def is_wide(character: str) -> bool:
    """True for what Chinese sets on a full square: Han, its punctuation, full-width forms."""
    return unicodedata.east_asian_width(character) in {"W", "F"}


@lru_cache(maxsize=256)
def system_font_with(character: str) -> str | None:
    """Ask fontconfig for a file with the character; None where there is none, or no fontconfig."""
    query = [f":charset={ord(character):x}:lang=zh-cn", "-f", "%{file}"]
    try:
        answer = subprocess.run(["fc-match", *query], capture_output=True, text=True, timeout=3, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    path = Path(answer.stdout.strip() or "/nonexistent")
    return str(path) if answer.returncode == 0 and path.is_file() else None
