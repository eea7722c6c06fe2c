# SPDX-License-Identifier: Apache-2.0
"""The committed fonts, and what happens to characters and files that are missing."""

from pathlib import Path

import pytest
from fontTools.pens.recordingPen import RecordingPen
from fontTools.ttLib import TTFont

from tests.ui.scenes import typesetter
from ui.drawing import faces
from ui.drawing.faces import SUBSTITUTE, Face, Faces
from ui.drawing.scene import Script
from ui.drawing.typeset import Typesetter
from ui.fonts import FOLDER
from ui.theme import Rgb, Weight

MOST_BYTES = 2_500_000
BLACK = Rgb(0, 0, 0)


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


@pytest.mark.parametrize("weight", Weight)
@pytest.mark.parametrize("text", ["鑫馨淼喆堃珺", "0123456789.,-+−×¥/%·", "Café Zoë Łódź"])
def test_names_and_money_are_covered(text: str, weight: Weight) -> None:
    assert all(typesetter().faces.has_glyph(character, weight, Script.HANS) for character in text if character != " ")


@pytest.mark.parametrize(
    ("character", "script", "face", "drawn"),
    [
        ("铁", Script.HANT, Face.HANS, "铁"),
        ("鐵", Script.HANS, Face.HANT, "鐵"),
        ("中", Script.HANT, Face.HANT, "中"),
        ("A", Script.HANS, Face.LATIN, "A"),
    ],
    ids=["simplified in a traditional shop", "traditional in a simplified shop", "own script", "Latin"],
)
def test_which_face_has_a_character(character: str, script: Script, face: Face, drawn: str) -> None:
    assert typesetter().faces.face_for(character, Weight.REGULAR, script) == (face, drawn)


def without_system_fonts(_character: str) -> str | None:
    return None


@pytest.mark.parametrize(
    ("character", "drawn"), [("ḍ", "d"), ("☃", SUBSTITUTE), ("\U0001f600", SUBSTITUTE), ("\u202e", SUBSTITUTE)]
)
def test_a_character_nobody_has_is_never_dropped(character: str, drawn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces, "system_font_with", without_system_fonts)
    assert Faces().face_for(character, Weight.REGULAR, Script.HANS)[1] == drawn


def test_the_system_helps_out_if_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    helper = str(FOLDER / Face.HANS)
    monkeypatch.setattr(faces, "system_font_with", lambda _character: helper)
    small = Faces(FOLDER)
    assert small.face_for("☃", Weight.REGULAR, Script.HANS)[1] == SUBSTITUTE  # it offered a font without it
    assert small.face_for("中", Weight.REGULAR, Script.HANS) == (Face.HANS, "中")


def test_fontconfig_that_is_not_there_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert faces.system_font_with("\U0001f9ff") is None


def test_missing_files_are_told_once_and_stood_in_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faces, "system_font_with", without_system_fonts)
    bare = Typesetter(Faces(tmp_path))
    line = bare.line("收款 18.80", 20, Weight.BOLD, Script.HANS, BLACK)
    again = bare.line("收款 19.90", 20, Weight.BOLD, Script.HANS, BLACK)
    said = capsys.readouterr().err
    assert line.surface.get_width() > 20
    assert again.surface.get_bounding_rect().w > 20
    assert said.count(f"{Face.LATIN_BOLD} cannot be used") == 1
    assert "scripts/build_fonts.py" in said
