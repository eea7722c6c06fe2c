# SPDX-License-Identifier: Apache-2.0
"""Font files: which one has a character, opened by pygame when first needed. Opens no display.

A missing file is reported once on the console, and another font stands in for it; a character that none of our fonts
has is looked for in the system's. Nothing here raises because of type.
"""

import contextlib
import sys
import unicodedata
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import pygame.font
import pygame.freetype

from ui.drawing.scene import Script
from ui.drawing.system_fonts import SystemFonts
from ui.fonts import FOLDER
from ui.theme import Weight

SUBSTITUTE = "〓"
"""The geta: what Chinese printers set where a sort is missing."""
_PLAINER_MOST = 4
"""Letters that may stand for one: `(株)` for `㈱`."""


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
    """The fonts of one folder, and the system's behind them."""

    def __init__(self, folder: Path = FOLDER, system: SystemFonts | None = None) -> None:
        pygame.font.init()
        pygame.freetype.init()
        self.system = system or SystemFonts()
        self._folder = folder
        self._reported: set[str] = set()
        self._fonts = lru_cache(maxsize=96)(self._open)
        self._charts = lru_cache(maxsize=16)(self._open_chart)
        self._has = lru_cache(maxsize=8192)(self._look_up)
        self._outside = lru_cache(maxsize=512)(self._outside_ours)

    def font(self, face: str, px: int, tag: str = "", *, rtl: bool = False) -> pygame.font.Font:
        """A face at a size in pixels, one of ours by name or a system font by path; `tag`: it shapes this script."""
        return self._fonts(face, px, tag, rtl)

    def face_for(self, cluster: str, weight: Weight, script: Script) -> tuple[str, str]:
        """The face that has a character with its marks, and what to draw: the same, or a readable stand-in."""
        bold = weight is not Weight.REGULAR
        han = _HAN[script, bold]
        order = [han] if is_wide(cluster[0]) else [_LATIN[weight], _LATIN[Weight.BOLD], han]
        for face in (*order, _HAN[_OTHER[script], bold]):
            if self._has(face, cluster):
                return face, cluster
        return self._outside(cluster, weight, script)

    def has_glyph(self, character: str, weight: Weight, script: Script) -> bool:
        """True if one of our own files has the character."""
        return self.face_for(character, weight, script) in {(face.value, character) for face in Face}

    def has(self, face: str, cluster: str) -> bool:
        """True if a face, ours by name or the system's by path, has each of these characters."""
        return self._has(face, cluster)

    def forget_stand_ins(self) -> None:
        """Look again for what was not found: the system's fonts are known now."""
        self._outside.cache_clear()

    def _outside_ours(self, cluster: str, weight: Weight, script: Script) -> tuple[str, str]:
        """Give what the system has, else a plainer form, else the substitute: one, whatever the marks."""
        if unicodedata.category(cluster[0]) not in {"Cs", "Co"}:
            path = self.system.path_with(cluster)
            if path and self._has(path, cluster):
                return path, cluster
            if plain := _plainer(cluster):
                return self.face_for(plain, weight, script)
        face = _HAN[script, weight is not Weight.REGULAR]
        return (face, SUBSTITUTE) if self._has(face, SUBSTITUTE) else (_LATIN[weight], "?")

    def _look_up(self, face: str, cluster: str) -> bool:
        # pygame.font measures the empty box for a character it lacks; pygame.freetype says None.
        chart = self._charts(face)
        if chart is None:
            return cluster.isascii()  # pygame's own font stands in
        with contextlib.suppress(UnicodeEncodeError):  # half of a surrogate pair
            return all(metrics is not None for metrics in chart.get_metrics(cluster))
        return False

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

    def _open(self, face: str, px: int, tag: str, rtl: bool) -> pygame.font.Font:  # noqa: FBT001 - a cache's key
        path = self._folder / face  # an absolute path of the system's stays what it is
        try:
            font = pygame.font.Font(path, px)
        except (OSError, pygame.error):
            font = pygame.font.Font(None, px)
        with contextlib.suppress(pygame.error):  # an SDL_ttf without HarfBuzz: letters stand unjoined
            if tag:
                font.set_script(tag)
            if rtl:
                font.set_direction(pygame.DIRECTION_RTL)
        return font


def is_wide(character: str) -> bool:
    """True for what Chinese sets on a full square: Han, its punctuation, full-width forms."""
    return unicodedata.east_asian_width(character) in {"W", "F"}


def _plainer(cluster: str) -> str:
    """The letters without accents, or what they are made of; empty where that says something else, as in Hangul."""
    letters = "".join(one for one in unicodedata.normalize("NFKD", cluster) if unicodedata.category(one)[0] != "M")
    is_other = letters == cluster or len(letters) > _PLAINER_MOST or not letters.isprintable()
    return "" if is_other or any("\u1100" <= one <= "\u11ff" for one in letters) else letters
