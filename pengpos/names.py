# SPDX-License-Identifier: Apache-2.0
"""What people may call things: one rule for names, references and reasons, applied where a text first comes in.

A text is in NFC and has something to see. It holds no control, line or paragraph separator, surrogate, private or
unassigned character, no mark without a letter and no pile of marks; a format character only where a script joins its
letters by it (U+200C, U+200D, in Mongolian U+180E). What is unassigned in the planes of ideographs passes: a newer
Unicode has more of them than ours, and they are people's names.

Who wrote the text is told what is wrong with it (`unfit`). What a device, an operating system or an old record says,
and that nobody can be asked to mend, is repaired (`mended`). Signed objects are read by the wider rule of the tap
protocol (§1), which knows no version of Unicode.

Source: backend API, *Names*; Unicode 14 chapters 2.11, 4.5 and 23, UAX #15, UAX #31 §2.3.
"""

import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

MARKS_MOST = 6
"""Marks on one letter. Tibetan and Hebrew need five, of which NFC composes none."""

JOINERS = frozenset("\u180e\u200c\u200d")
"""Of Mongolian, which parts a last vowel; which parts; which joins."""
_JOINED = (
    (0x0600, 0x07FF), (0x0840, 0x08FF), (0x0900, 0x0DFF), (0x1780, 0x17FF), (0x1800, 0x18AF), (0xFB50, 0xFDFF),
)  # fmt: skip
"""Blocks whose letters joiners part or join: Arabic to Mandaic; of India and Sri Lanka; Khmer; Mongolian."""
_MONGOLIAN = range(0x1820, 0x18AB)
_VIRAMA = 9
"""The combining class of what takes a letter's vowel away."""
_UNSEEN = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and a symbol without ink: the fillers of Hangul, the empty cell of Braille."""
_EMOJI_MODIFIERS = range(0x1F3FB, 0x1F400)
_REGIONAL_INDICATORS = range(0x1F1E6, 0x1F200)


class NameFault(StrEnum):
    """Why a text is no name."""

    BLANK = "blank"
    TOO_LONG = "too_long"
    DECOMPOSED = "decomposed"
    CHARACTER = "character"
    MARKS = "marks"


class Unfit(NamedTuple):
    """What is wrong with a text; `says` goes behind the name of the field, in a sentence for its author."""

    fault: NameFault
    says: str


def unfit(text: str, *, most: int | None = None, bytes_most: int | None = None) -> Unfit | None:
    """What is wrong with a text as a name; None if nothing is. `most`: characters as people count them."""
    for place, character in enumerate(text):
        if not _fits(text, place):
            return Unfit(NameFault.CHARACTER, f"must not have {_named(character)} in it")
    if not any(map(_is_seen, text)):
        return Unfit(NameFault.BLANK, "must have something in it that can be seen")
    if not unicodedata.is_normalized("NFC", text):
        return Unfit(NameFault.DECOMPOSED, "must be in Unicode's composed form, NFC")
    if any(marks > (MARKS_MOST if _bears_marks(letter) else 0) for letter, marks in _stacks(text)):
        return Unfit(NameFault.MARKS, f"must have a letter under each mark, and at most {MARKS_MOST} marks on one")
    if most is not None and length(text) > most:
        return Unfit(NameFault.TOO_LONG, f"must have at most {most} characters")
    if bytes_most is not None and len(text.encode()) > bytes_most:
        return Unfit(NameFault.TOO_LONG, f"must have at most {bytes_most} bytes of UTF-8")
    return None


def mended(text: str, *, most: int, bytes_most: int | None = None) -> str:
    """The text as near as may be to what it was, and fit; empty where nothing of it can be seen."""
    spaced = "".join(" " if unicodedata.category(one) in {"Cc", "Zl", "Zp"} else one for one in text)
    kept = unicodedata.normalize("NFC", "".join(one for one in spaced if one in JOINERS or _fits(one, 0)))
    while (fewer := _without_stray_joiners(kept)) != kept:  # NFC may set another mark beside a joiner
        kept = fewer
    whole = ""
    for count, cluster in enumerate(clusters(kept.strip())):
        if count == most:
            break
        longer = whole + ("" if _is_mark(cluster[0]) else _with_fewer_marks(cluster))
        if bytes_most is not None and len(longer.encode()) > bytes_most:
            break
        whole = longer
    whole = _without_stray_joiners(whole).strip()
    return whole if any(map(_is_seen, whole)) else ""


def length(text: str) -> int:
    """Characters as people count them: a letter with its marks, an emoji with its tone, a flag is one."""
    return sum(1 for _ in clusters(text))


def clusters(text: str) -> Iterator[str]:
    """The text in pieces that may not be parted: near to UAX #29, without its tables."""
    piece = ""
    for character in text:
        if piece and _clings(piece, character):
            piece += character
            continue
        if piece:
            yield piece
        piece = character
    if piece:
        yield piece


def joins(text: str, place: int) -> bool:
    """Whether the joiner at this place stands where its script has it: between letters, or U+200D after a virama."""
    before, after = text[max(0, place - 1) : place], text[place + 1 : place + 2]
    if text[place] == "\u180e":
        return all(one != "" and ord(one) in _MONGOLIAN for one in (before, after))
    if text[place] == "\u200d" and before and unicodedata.combining(before) == _VIRAMA and _joins(before):
        return True
    return before != "" and after != "" and _joins(before) and _joins(after)


def _clings(piece: str, character: str) -> bool:
    if character in JOINERS or _adds_to_what_is_before(character):
        return True
    return _is_flag_half(character) and _is_flag_half(piece)


def _stacks(text: str) -> Iterator[tuple[str, int]]:
    """Of each piece: its first character, and how many marks and tones it has."""
    for piece in clusters(text):
        yield piece[0], int(_is_mark(piece[0])) + sum(map(_adds_to_what_is_before, piece[1:]))


def _fits(text: str, place: int) -> bool:
    character = text[place]
    if character in JOINERS:
        return joins(text, place)
    category = unicodedata.category(character)
    if category == "Cn":
        return 0x20000 <= ord(character) <= 0x3FFFD and ord(character) & 0xFFFE != 0xFFFE
    return category[0] != "C" and category not in {"Zl", "Zp"}


def _without_stray_joiners(text: str) -> str:
    return unicodedata.normalize("NFC", "".join(one for place, one in enumerate(text) if _fits(text, place)))


def _joins(character: str) -> bool:
    """A letter, or a mark on one, of a script with joiners."""
    return unicodedata.category(character)[0] in "LM" and any(low <= ord(character) <= high for low, high in _JOINED)


def _with_fewer_marks(cluster: str) -> str:
    left = MARKS_MOST if _bears_marks(cluster[0]) else 0
    for place, one in enumerate(cluster[1:], start=1):
        left -= _adds_to_what_is_before(one)
        if left < 0:
            return cluster[:place].rstrip("".join(JOINERS))
    return cluster


def _adds_to_what_is_before(character: str) -> bool:
    return _is_mark(character) or ord(character) in _EMOJI_MODIFIERS


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"


def _bears_marks(character: str) -> bool:
    return unicodedata.category(character)[0] not in "MZ"


def _is_flag_half(piece: str) -> bool:
    return len(piece) == 1 and ord(piece) in _REGIONAL_INDICATORS


def _is_seen(character: str) -> bool:
    is_unassigned_ideograph = unicodedata.category(character) == "Cn" and _fits(character, 0)
    return is_unassigned_ideograph or (unicodedata.category(character)[0] in "LNPS" and character not in _UNSEEN)


def _named(character: str) -> str:
    """U+200B (ZERO WIDTH SPACE)."""
    name = unicodedata.name(character, "")
    return f"U+{ord(character):04X}" + (f" ({name})" if name else "")
