# SPDX-License-Identifier: Apache-2.0
"""Cut the screen's fonts: `python scripts/build_fonts.py` writes ui/fonts/ (Debian's fonts-noto-cjk and fonts-inter).

Noto Sans CJK comes as one collection whose faces share code points but not shapes: face 2 is mainland China's, face 3
Taiwan's. Each script gets the characters of its national standard, so that shop and street names are covered: GB 2312
(6,763 ideographs) and Big5 level 1 (5,401), both with their symbols, kana and bopomofo, and what the string table needs
beside them; the simplified face also the 2,350 syllables of KS X 1001, for Korean shops. Latin, Greek and Cyrillic are
Inter's. The languages whose names are covered by that stand in `tests/ui/languages.py`.

Inter's digits are proportional by default; here the code points of the digits lead to its tabular ones, because the
renderer cannot switch OpenType features on.
"""

import gzip
import re
import sys
from pathlib import Path
from typing import Final

from fontTools import subset
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

from pengpos.i18n import LANGUAGES, Message
from ui.i18n import words

NOTO: Final = Path("/usr/share/fonts/opentype/noto")
INTER: Final = Path("/usr/share/fonts/opentype/inter")
LICENCE_SOURCE: Final = Path("/usr/share/doc/fonts-inter/copyright")
OUT: Final = Path(__file__).resolve().parent.parent / "ui" / "fonts"

SIMPLIFIED_FACE, TRADITIONAL_FACE = 2, 3
CJK_PUNCTUATION: Final = {
    *range(0x3000, 0x3018),
    *range(0xFF01, 0xFF5F),
    0x2014,
    0x2018,
    0x2019,
    0x201C,
    0x201D,
    0x2026,
}
BEYOND_GB2312: Final = "喆堃昇玥珺璟祎赟晞犇瀞翀昉頔旸嫄仝囍瑨玙宬彧甪垚淏滢"
"""Characters of people's and shops' names that the standard of 1980 lacks."""
LATIN: Final = {
    *range(0x20, 0x7F), *range(0xA0, 0x180), 0x18F, 0x192, 0x1A0, 0x1A1, 0x1AF, 0x1B0, *range(0x1CD, 0x1DD), 0x1E6,
    0x1E7, 0x1F8, 0x1F9, *range(0x218, 0x21C), 0x259, *range(0x300, 0x30D), 0x31B, *range(0x323, 0x329), 0x331,
    *range(0x37E, 0x3D0), *range(0x400, 0x530), 0x1E3E, 0x1E3F, *range(0x1E80, 0x1E86), *range(0x1E9E, 0x1EFA),
    0x2010, 0x2011, 0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2026, 0x2030, 0x20A0 + 0x0B, 0x20A9,
    0x20AC, 0x20B1, 0x20B9, 0x20BD, 0x2116, 0x2122, 0x2190, 0x2191, 0x2192, 0x2193, 0x2212,
}  # fmt: skip
KANA: Final = {*range(0x3041, 0x3097), *range(0x3099, 0x3100), *range(0x3105, 0x3130)}
DISPLAY: Final = {*range(0x20, 0x7F), *(ord(character) for character in "−×·¥£€₩₱₹₫’")}
FACES: Final = {
    "NotoSansSC-Regular.otf": ("Regular", SIMPLIFIED_FACE),
    "NotoSansSC-Bold.otf": ("Bold", SIMPLIFIED_FACE),
    "NotoSansTC-Regular.otf": ("Regular", TRADITIONAL_FACE),
    "NotoSansTC-Bold.otf": ("Bold", TRADITIONAL_FACE),
}
UNUSED_TABLES: Final = ["BASE", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]  # vertical setting and alternates


def standard(codec: str, rows: range, columns: list[range]) -> set[int]:
    """The code points of a two-byte national standard's rows."""
    found = set()
    for row in rows:
        for column in (c for columns_ in columns for c in columns_):
            try:
                found.add(ord(bytes((row, column)).decode(codec)))
            except UnicodeDecodeError:
                continue  # an empty cell
    return found


def table_characters(script: int) -> set[int]:
    """Everything the string table says in one script (0 simplified, 1 traditional)."""
    messages = [value for value in vars(words).values() if isinstance(value, Message)]
    return {ord(character) for message in messages for character in message.in_language(LANGUAGES[script])}


def cut(font: TTFont, characters: set[int], features: list[str], drop: list[str]) -> TTFont:
    """Keep only these characters and features."""
    options = subset.Options(layout_features=features, notdef_outline=True, name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14])
    options.drop_tables += drop
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    font["head"].modified = font["head"].created  # the same input gives the same file
    font.recalcTimestamp = False
    return font


def make_digits_tabular(font: TTFont) -> None:
    """Let the digits' code points lead to the glyphs that feature `tnum` would choose."""
    gsub = font["GSUB"].table
    lookups = {
        i
        for record in gsub.FeatureList.FeatureRecord
        if record.FeatureTag == "tnum"
        for i in record.Feature.LookupListIndex
    }
    swaps: dict[str, str] = {}
    for index in lookups:
        for table in gsub.LookupList.Lookup[index].SubTable:
            swaps.update(getattr(table, "ExtSubTable", table).mapping)
    for mapping in font["cmap"].tables:
        for digit in range(0x30, 0x3A):
            glyph = mapping.cmap[digit]
            mapping.cmap[digit] = swaps.get(glyph, glyph)  # tables share their maps: the second sees it done


def even_out_digits(font: TTFont) -> None:
    """Give every digit the same advance, its ink in the middle: the Display cut's tabular digits are not tabular.

    A little less than the widest one's, so that a 1 does not stand in a hole at the size of an amount.
    """
    cmap, metrics, glyphs = font.getBestCmap(), font["hmtx"], font.getGlyphSet()
    top = font["CFF "].cff.topDictIndex[0]
    digits = [cmap[code] for code in range(0x30, 0x3A)]
    widths = [metrics[name][0] for name in digits]
    wide = max(widths) if max(widths) - min(widths) < 8 else round(max(widths) * 0.96)
    for name in digits:
        advance, bearing = metrics[name]
        shift = (wide - advance) // 2
        pen = T2CharStringPen(wide - top.Private.nominalWidthX, glyphs)
        glyphs[name].draw(TransformPen(pen, (1, 0, 0, 1, shift, 0)))
        top.CharStrings[name] = pen.getCharString(top.Private, font["CFF "].cff.GlobalSubrs)
        metrics[name] = (wide, bearing + shift)


def licence() -> str:
    """The SIL Open Font License 1.1 with both copyright lines, from Debian's own copy."""
    raw = (
        LICENCE_SOURCE.read_bytes()
        if LICENCE_SOURCE.exists()
        else gzip.decompress(LICENCE_SOURCE.with_suffix(".gz").read_bytes())
    )
    found = re.search(r"^License: OFL-1\.1\n((?: .*\n)+)", raw.decode(), re.MULTILINE)
    if found is None:
        raise SystemExit(f"{LICENCE_SOURCE} holds no OFL-1.1 text")
    body = "\n".join("" if line == " ." else line[1:] for line in found[1].splitlines())
    return (
        "NotoSansSC-*.otf, NotoSansTC-*.otf: Copyright 2014-2021 Adobe (http://www.adobe.com/).\n"
        "Noto is a trademark of Google Inc.\n"
        "Inter*.otf: Copyright 2020 The Inter Project Authors (https://github.com/rsms/inter)\n\n"
        "The fonts in this folder are subsets made by scripts/build_fonts.py. They are licensed under the\n"
        "SIL Open Font License, Version 1.1.\n\nSIL OPEN FONT LICENSE Version 1.1 - 26 February 2007\n\n" + body + "\n"
    )


def main() -> None:
    """Write every file anew."""
    OUT.mkdir(exist_ok=True)
    cells = [range(0xA1, 0xFF)]
    standards = {
        SIMPLIFIED_FACE: standard("gb2312", range(0xA1, 0xF8), cells)
        | set(map(ord, BEYOND_GB2312))
        | standard("euc_kr", range(0xB0, 0xC9), cells),
        TRADITIONAL_FACE: standard("big5", range(0xA1, 0xC7), [range(0x40, 0x7F), *cells]),
    }
    for name, (weight, face) in FACES.items():
        wanted = (
            standards[face] | KANA | CJK_PUNCTUATION | table_characters(face - SIMPLIFIED_FACE) | set(range(0x20, 0x7F))
        )
        font = TTFont(NOTO / f"NotoSansCJK-{weight}.ttc", fontNumber=face, lazy=True)
        cut(font, wanted, [], UNUSED_TABLES).save(OUT / name)
    for name, characters in {"Inter-Regular": LATIN, "Inter-SemiBold": LATIN, "InterDisplay-SemiBold": DISPLAY}.items():
        font = TTFont(INTER / f"{name}.otf")
        make_digits_tabular(font)
        cut(font, characters, ["kern", "mark", "mkmk", "ccmp"], [])
        even_out_digits(font)
        font.save(OUT / f"{name}.otf")
    (OUT / "OFL.txt").write_text(licence())
    for path in sorted(OUT.glob("*.otf")):
        sys.stdout.write(f"{path.name}: {path.stat().st_size // 1024} KiB\n")


if __name__ == "__main__":
    main()
