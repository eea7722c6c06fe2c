# SPDX-License-Identifier: Apache-2.0
"""The committed fonts: small, licensed, and with what names and money need."""

import pytest
from fontTools.pens.recordingPen import RecordingPen
from fontTools.ttLib import TTFont

from tests.ui.languages import LETTERS
from tests.ui.scenes import typesetter
from ui.drawing.faces import Face
from ui.drawing.scene import Script
from ui.fonts import FOLDER
from ui.theme import Weight

MOST_BYTES = 2_500_000


def outline(face: Face, character: str) -> object:
    font = TTFont(FOLDER / face)
    pen = RecordingPen()
    font.getGlyphSet()[font.getBestCmap()[ord(character)]].draw(pen)
    return pen.value


@pytest.mark.parametrize("face", Face)
def test_a_font_file_is_small(face: Face) -> None:
    assert (FOLDER / face).stat().st_size <= MOST_BYTES


def test_the_licence_stands_beside_the_fonts() -> None:
    text = (FOLDER / "OFL.txt").read_text()
    assert "SIL OPEN FONT LICENSE" in text
    assert "Adobe" in text
    assert "The Inter Project Authors" in text


@pytest.mark.parametrize("character", "骨角今令，。")
def test_each_script_has_its_own_shapes(character: str) -> None:
    assert outline(Face.HANS, character) != outline(Face.HANT, character)


@pytest.mark.parametrize("face", [Face.LATIN, Face.LATIN_BOLD, Face.LATIN_DISPLAY])
def test_digits_are_tabular(face: Face) -> None:
    font = TTFont(FOLDER / face)
    assert len({font["hmtx"][font.getBestCmap()[ord(digit)]][0] for digit in "0123456789"}) == 1


def cells(codec: str, rows: range) -> str:
    """The characters of a national standard's rows."""
    return "".join(
        bytes((row, cell)).decode(codec, "ignore")
        for row in rows
        for cell in [*(range(0x40, 0x7F) if codec == "big5" else ()), *range(0xA1, 0xFF)]
    )


STANDARDS = {
    "GB 2312": cells("gb2312", range(0xB0, 0xF8)),
    "Big5, level 1": cells("big5", range(0xA4, 0xC7)),
    "KS X 1001": cells("euc_kr", range(0xB0, 0xC9)),
}


@pytest.mark.parametrize("weight", Weight)
@pytest.mark.parametrize("script", Script)
@pytest.mark.parametrize("language", [*LETTERS, *STANDARDS])
def test_no_tofu_in_names_of_the_languages_we_claim(language: str, script: Script, weight: Weight) -> None:
    letters = STANDARDS.get(language) or LETTERS[language]
    has = typesetter().faces.has_glyph
    missing = {one for letter in letters for one in {*letter, *letter.upper()} if not has(one, weight, script)}
    assert missing == set()


@pytest.mark.parametrize("weight", Weight)
@pytest.mark.parametrize("text", ["鑫馨淼喆堃珺", "0123456789.,-+−×¥/%·", "Café Zoë Łódź"])
def test_names_and_money_are_covered(text: str, weight: Weight) -> None:
    assert all(typesetter().faces.has_glyph(character, weight, Script.HANS) for character in text if character != " ")
