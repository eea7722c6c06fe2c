# SPDX-License-Identifier: Apache-2.0
"""Sets lines of mixed Chinese and Latin: runs, widths, line breaks, and the pixels of one line. Opens no display.

Inter stands for Latin and digits, Noto Sans for Han; between the two goes a quarter of an em, as CLREQ asks, whether
the string has a space there or not. Small Inter is drawn enlarged and scaled down, because the renderer rounds each
advance to a whole pixel, which letterspaces small Latin unevenly; Han sits on whole squares and keeps its hinting.

Scripts whose letters join, stack or run from right to left are shaped by HarfBuzz, which SDL_ttf asks for one script
and direction at a time. No text raises: what cannot be drawn has a stand-in, what has no ink is left out.
"""

import sys
import unicodedata
from functools import lru_cache
from typing import NamedTuple

import pygame

from pengpos.names import clusters
from ui.drawing.faces import Face, Faces, is_wide
from ui.drawing.scene import Script
from ui.drawing.writing import drawable, in_sight, script_tag
from ui.theme import Rgb, Weight

_BETWEEN_SCRIPTS_EM = 0.22
_VISUAL_MIDDLE_EM = 0.37
"""Half the height of a capital, and of a Han square's ink, above the baseline: lines are centred on it."""
_ENLARGED = 4
_ENLARGE_BELOW_PX = 40
"""Larger type has so many pixels that a rounded advance is not seen."""
_WIDTH_MOST_PX = 8_192
"""Of a line. No panel is as wide, and a surface much wider cannot be had."""
_NOT_AT_LINE_START = set("，。、：；！？）」』》…·,.:;!?)%”’")
_NOT_AT_LINE_END = set("（「『《(¥$“‘")
_HALF_EMPTY = set("，。、：；！？")
_LATIN_FACES = {Face.LATIN, Face.LATIN_BOLD, Face.LATIN_DISPLAY}


class Run(NamedTuple):
    """Consecutive characters of one face and script; `gap_em` of space stands before it."""

    face: str
    text: str
    gap_em: float
    tag: str = ""
    rtl: bool = False


class Line(NamedTuple):
    """The pixels of a line: blit at (x, middle - `middle`)."""

    surface: pygame.Surface
    middle: int


class Typesetter:
    """Measures and draws lines; every result is cached, each cache is bounded."""

    def __init__(self, faces: Faces | None = None) -> None:
        self.faces = faces or Faces()
        self.width = lru_cache(maxsize=4096)(self._width)
        self.line = lru_cache(maxsize=384)(self._line)
        self.wrap = lru_cache(maxsize=1024)(self._wrap)
        self.count_lines = lru_cache(maxsize=1024)(self._count_lines)
        self._runs = lru_cache(maxsize=4096)(self._split_runs)
        self._has_system = False
        self._reported: set[str] = set()

    def take_found_fonts(self) -> bool:
        """True once, when the system's fonts have become known: what was set before is set anew."""
        if self._has_system or not self.faces.system.are_known:
            return False
        self._has_system = True
        self.faces.forget_stand_ins()
        for cache in (self.width, self.line, self.wrap, self.count_lines, self._runs):
            cache.cache_clear()
        return True

    def _split_runs(self, text: str, weight: Weight, script: Script) -> tuple[Run, ...]:
        runs: list[Run] = []
        before = ""
        pending_space = ""
        for piece in in_sight(drawable(text)):
            if piece.rtl:
                self._append_space(runs, pending_space, weight, script)
                runs += self._turned_runs(piece.text, weight, script)
                before = pending_space = ""
                continue
            for cluster in clusters(piece.text):
                if cluster == " ":
                    pending_space += cluster
                    continue
                face, drawn = self.faces.face_for(cluster, weight, script)
                gap = 0.0
                if before and _meets_other_script(before, cluster[0]):
                    gap, pending_space = _BETWEEN_SCRIPTS_EM, ""
                self._append_space(runs, pending_space, weight, script)
                pending_space = ""
                _append(runs, Run(face, drawn, gap, script_tag(drawn[0])))
                before = cluster[0]
        return tuple(runs)

    def _turned_runs(self, text: str, weight: Weight, script: Script) -> list[Run]:
        """Runs from right to left, the leftmost first; a space takes the face before it: a phrase stays whole."""
        runs: list[Run] = []
        for cluster in clusters(text):
            face, drawn = self.faces.face_for(cluster, weight, script)
            tag = script_tag(drawn[0])
            if runs and not tag and self.faces.has(runs[-1].face, drawn):
                face, tag = runs[-1].face, runs[-1].tag
            _append(runs, Run(face, drawn, 0.0, tag, rtl=True))
        return runs[::-1]

    def _append_space(self, runs: list[Run], space: str, weight: Weight, script: Script) -> None:
        if space:
            _append(runs, Run(self.faces.face_for(" ", weight, script)[0], space, 0.0))

    def _width(self, text: str, px: int, weight: Weight, script: Script) -> float:
        """Width in pixels."""
        return sum(self._run_width(run, px) + run.gap_em * px for run in self._runs(text, weight, script))

    def _run_width(self, run: Run, px: int) -> float:
        enlarged = _enlargement(run.face, px)
        return self._font(run, px * enlarged).size(run.text)[0] / enlarged

    def _font(self, run: Run, px: int) -> pygame.font.Font:
        return self.faces.font(run.face, px, run.tag, rtl=run.rtl)

    def optical_width(self, text: str, px: int, weight: Weight, script: Script) -> float:
        """Width without the empty half of a mainland full-width mark at the end: centring looks right with it."""
        empty = px / 2 if script is Script.HANS and text[-1:] in _HALF_EMPTY else 0
        return self.width(text, px, weight, script) - empty

    def _line(self, text: str, px: int, weight: Weight, script: Script, colour: Rgb) -> Line:
        """Draw one line on a transparent surface."""
        width = min(_WIDTH_MOST_PX, int(self.width(text, px, weight, script)) + 3)
        ascent, height = round(px * 1.2), round(px * 1.7)
        surface = pygame.Surface((width, height), pygame.SRCALPHA)
        surface.fill((*colour, 0))
        x = 0.0
        for run in self._runs(text, weight, script):
            x += run.gap_em * px
            drawn, baseline = self._draw_run(run, px, colour)
            surface.blit(drawn, (round(x), ascent - baseline))
            x += self._run_width(run, px)
        return Line(surface, ascent - round(px * _VISUAL_MIDDLE_EM))

    def _draw_run(self, run: Run, px: int, colour: Rgb) -> tuple[pygame.Surface, int]:
        enlarged = _enlargement(run.face, px)
        font = self._font(run, px * enlarged)
        drawn = self._render(font, run, colour)
        if enlarged == 1:
            return drawn, font.get_ascent()
        # Pad so that both the size and the baseline fall on whole pixels after scaling.
        lift = -font.get_ascent() % enlarged
        wide, high = -(-drawn.get_width() // enlarged), -(-(drawn.get_height() + lift) // enlarged)
        padded = pygame.Surface((wide * enlarged, high * enlarged), pygame.SRCALPHA)
        padded.fill((*colour, 0))
        padded.blit(drawn, (0, lift), special_flags=pygame.BLEND_RGBA_MAX)
        return pygame.transform.smoothscale(padded, (wide, high)), (font.get_ascent() + lift) // enlarged

    def _render(self, font: pygame.font.Font, run: Run, colour: Rgb) -> pygame.Surface:
        try:
            return font.render(run.text, True, colour)  # noqa: FBT003 - pygame takes antialias by position
        except (pygame.error, ValueError) as error:  # no width, or wider than a surface can be
            if run.face not in self._reported:
                self._reported.add(run.face)
                sys.stderr.write(f"pengpos ui: {run.text[:20]!a} cannot be drawn in {run.face}: {error}\n")
            return pygame.Surface((0, font.get_height()), pygame.SRCALPHA)

    def _wrap(self, text: str, px: int, weight: Weight, script: Script, width: float) -> tuple[str, ...]:
        """Break into the fewest lines that fit, as even as can be, rather after punctuation than inside a phrase."""
        pieces = _pieces(text)
        best: list[tuple[float, tuple[str, ...]]] = [(0.0, ())]
        for end in range(1, len(pieces) + 1):
            options = []
            for start in range(end - 1, -1, -1):
                line = "".join(pieces[start:end]).strip()
                used = self.optical_width(line, px, weight, script)
                if used > width and end - start > 1:
                    break
                slack = max(0.0, 1 - used / width)
                rough = 0.0 if end == len(pieces) or _ends_phrase(line) else 0.12
                options.append((best[start][0] + 1000 + slack * slack + rough, (*best[start][1], line)))
            best.append(min(options, key=lambda option: option[0]))
        return best[-1][1]

    def _count_lines(self, text: str, px: int, weight: Weight, script: Script, width: float) -> int:
        """Count the lines that `wrap` breaks into, at a tenth of its price: each line takes what fits."""
        pieces, lines, start = _pieces(text), 1, 0
        for end in range(2, len(pieces) + 1):
            line = "".join(pieces[start:end]).strip()
            if end - start > 1 and self.optical_width(line, px, weight, script) > width:
                lines, start = lines + 1, end - 1
        return lines if pieces else 0


def _enlargement(face: str, px: int) -> int:
    return _ENLARGED if face in _LATIN_FACES and px < _ENLARGE_BELOW_PX else 1


def _append(runs: list[Run], run: Run) -> None:
    if runs and not run.gap_em and runs[-1]._replace(text="", gap_em=0.0) == run._replace(text=""):
        runs[-1] = runs[-1]._replace(text=runs[-1].text + run.text)
    else:
        runs.append(run)


def _meets_other_script(before: str, after: str) -> bool:
    return (_is_han(before) and _is_latin(after)) or (_is_latin(before) and _is_han(after))


def _is_han(character: str) -> bool:
    return is_wide(character) and character.isalpha()


def _is_latin(character: str) -> bool:
    return not is_wide(character) and (character.isalnum() or unicodedata.category(character) == "Sc")


def _ends_phrase(line: str) -> bool:
    return line[-1:] in _HALF_EMPTY or line[-1:] in ",.;:!?"


def _pieces(text: str) -> list[str]:
    """What may not be broken: a Latin word, a Han character with the marks that cling to it."""
    pieces: list[str] = []
    for cluster in clusters(text):
        clings = pieces and (
            cluster in _NOT_AT_LINE_START
            or pieces[-1][-1] in _NOT_AT_LINE_END
            or cluster == " "
            or (not is_wide(cluster[0]) and not is_wide(pieces[-1][-1]) and pieces[-1][-1] != " ")
        )
        if clings:
            pieces[-1] += cluster
        else:
            pieces.append(cluster)
    return pieces
