# SPDX-License-Identifier: Apache-2.0
"""What of a text is drawn, in which order it stands on the line, and in which script a letter is shaped. Pure.

A line of ours runs from left to right. A stretch of Arabic or Hebrew in it runs the other way, its numbers do not:
that much of the Unicode bidirectional algorithm (UAX #9, levels 0 to 2) is what names need. Python knows no script of
a character (UAX #24); its name begins with it.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from pengpos.names import JOINERS, MARKS_MOST, clusters, joins

CHARACTERS_MOST = 1_000
"""Of one text; what is longer is cut. No screen of ours has room for half of that."""
_INKLESS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_TAGS = {
    "ARABIC": "Arab", "HEBREW": "Hebr", "SYRIAC": "Syrc", "THAANA": "Thaa", "NKO": "Nkoo", "MANDAIC": "Mand",
    "DEVANAGARI": "Deva", "BENGALI": "Beng", "GURMUKHI": "Guru", "GUJARATI": "Gujr", "ORIYA": "Orya", "TAMIL": "Taml",
    "TELUGU": "Telu", "KANNADA": "Knda", "MALAYALAM": "Mlym", "SINHALA": "Sinh", "THAI": "Thai", "LAO": "Laoo",
    "TIBETAN": "Tibt", "MYANMAR": "Mymr", "KHMER": "Khmr", "MONGOLIAN": "Mong", "HANGUL": "Hang",
}  # fmt: skip
"""ISO 15924 of the scripts whose letters change their shapes or places beside each other."""

_ANY_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
"""The blocks whose letters run from right to left."""
_BRACKETS = {"(": ")", "[": "]", "{": "}", "（": "）", "［": "］", "｛": "｝"}


class Piece(NamedTuple):
    """Text in one direction."""

    text: str
    rtl: bool = False


class _Runs(Enum):
    """How a character runs."""

    LTR = 1
    RTL = 2
    NUMBER = 3
    ALONG = 4


@lru_cache(maxsize=4096)
def script_tag(character: str) -> str:
    """ISO 15924 of the script in which it is shaped; empty where it is not, or goes with its neighbours."""
    return _TAGS.get(unicodedata.name(character, "").partition(" ")[0], "")


def drawable(text: str) -> str:
    """What of a text is drawn: composed, every control and space a space, nothing for what has no ink."""
    text = text[:CHARACTERS_MOST]
    if text.isascii() and text.isprintable():
        return text
    text = unicodedata.normalize("NFC", text)
    kept = "".join(_ink(text, place) for place in range(len(text)))
    return "".join(cluster[: 1 + MARKS_MOST] for cluster in map(_on_a_letter, clusters(kept)))


def in_sight(text: str) -> list[Piece]:
    """The pieces of a line from left to right, each in the order in which it is read."""
    if not _ANY_RTL.search(text):
        return [Piece(text)]
    parts = list(clusters(text))
    runs = [_runs(part[0]) for part in parts]
    pieces: list[Piece] = []
    place = 0
    while place < len(parts):
        end = _stretch_end(parts, runs, place)
        if end == place:
            following = next((at for at in range(place, len(parts)) if runs[at] is _Runs.RTL), len(parts))
            pieces.append(Piece("".join(parts[place:following])))
            place = following
        else:
            pieces += reversed(list(_turned(parts[place:end], runs[place:end])))
            place = end
    return pieces


def _ink(text: str, place: int) -> str:
    """What stands for a character: itself, a space, or nothing."""
    character = text[place]
    category = unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp"} or (category == "Zs" and character != "\u3000"):
        return " "
    if character in JOINERS and joins(text, place):
        return character
    if character in JOINERS and 0 < place < len(text) - 1:
        before, after = script_tag(text[place - 1]), script_tag(text[place + 1])
        return character if before == after != "" else ""
    is_selector = 0xFE00 <= ord(character) <= 0xFE0F or 0xE0100 <= ord(character) <= 0xE01EF
    return "" if category == "Cf" or is_selector or character in _INKLESS else character


def _on_a_letter(cluster: str) -> str:
    """A mark stands on a letter, or not at all."""
    match unicodedata.category(cluster[0])[0]:
        case "M":
            return ""
        case "Z":
            return cluster[0]
        case _:
            return cluster


@lru_cache(maxsize=4096)
def _runs(character: str) -> _Runs:
    match unicodedata.bidirectional(character):
        case "R" | "AL":
            return _Runs.RTL
        case "EN" | "AN":
            return _Runs.NUMBER
        case "L" | "":
            return _Runs.LTR
        case _:
            return _Runs.ALONG


def _stretch_end(parts: list[str], runs: list[_Runs], start: int) -> int:
    """Behind the last letter or number of what runs from right to left at `start`; `start` itself if nothing does.

    A bracket goes with the one that it closes (UAX #9, N0).
    """
    end = start
    opened: list[str] = []
    if runs[start] is _Runs.RTL:
        for place in range(start, len(runs)):
            if runs[place] is _Runs.LTR:
                break
            if (closing := _BRACKETS.get(parts[place])) is not None:
                opened.append(closing)
            closes = parts[place] in opened
            if closes:
                del opened[opened.index(parts[place]) :]
            if closes or runs[place] is not _Runs.ALONG:
                end = place + 1
    return end


def _turned(parts: list[str], runs: list[_Runs]) -> Iterator[Piece]:
    """A stretch in reading order: numbers apart, with a mark between two digits; all else from right to left."""
    joined = [
        run is _Runs.NUMBER
        or (0 < place < len(runs) - 1 and parts[place] in ".,:/" and runs[place - 1] is runs[place + 1] is _Runs.NUMBER)
        for place, run in enumerate(runs)
    ]
    for is_number, group in itertools.groupby(zip(joined, parts, strict=True), key=lambda pair: pair[0]):
        yield Piece("".join(part for _, part in group), rtl=not is_number)
