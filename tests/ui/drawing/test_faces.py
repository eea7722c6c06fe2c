# SPDX-License-Identifier: Apache-2.0
"""Which face has a character, and what happens to characters and files that are missing."""

from pathlib import Path

import pytest

from tests.ui.scenes import typesetter
from ui.drawing import faces
from ui.drawing.faces import SUBSTITUTE, Face, Faces, is_wide
from ui.drawing.scene import Script
from ui.drawing.typeset import Typesetter
from ui.fonts import FOLDER
from ui.theme import Rgb, Weight

BLACK = Rgb(0, 0, 0)


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
def test_a_character_that_no_font_has_is_never_dropped(
    character: str, drawn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_missing_files_are_said_once_and_stood_in_for(
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


@pytest.mark.parametrize(
    ("character", "wide"), [("中", True), ("，", True), ("Ａ", True), ("A", False), ("¥", False), ("·", False)]
)
def test_what_is_set_on_a_full_square(character: str, wide: bool) -> None:
    assert is_wide(character) is wide


def test_what_is_kept_is_bounded() -> None:
    kept = Faces()
    for px in range(10, 130):
        kept.font(Face.LATIN, px)
    assert kept._fonts.cache_info().currsize <= 96
    bounds = [cache.cache_info().maxsize for cache in (kept._fonts, kept._charts, kept._has, kept._outside)]
    assert all(bounds), "a cache without bound"
