# SPDX-License-Identifier: Apache-2.0
"""Which face has a character, and what happens to characters and files that are missing."""

from pathlib import Path

import pygame
import pytest

from tests.ui.scenes import typesetter
from ui.drawing.faces import SUBSTITUTE, Face, Faces, is_wide
from ui.drawing.scene import Script
from ui.drawing.system_fonts import SystemFont, SystemFonts
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


def system_with(*fonts: SystemFont) -> SystemFonts:
    """A system that has answered already."""
    system = SystemFonts(ask=lambda: list(fonts))
    assert system.wait(10.0)
    return system


@pytest.mark.parametrize(
    ("cluster", "drawn"),
    [
        ("ḍ", "d"), ("☃", SUBSTITUTE), ("\U0001f600", SUBSTITUTE), ("\u202e", SUBSTITUTE), ("\ue000", SUBSTITUTE),
        ("\ud800", SUBSTITUTE), ("\U00031350", SUBSTITUTE), ("뷁", SUBSTITUTE), ("ﬁ", "fi"), ("㍿", "株式会社"),
        ("\ufdfa", SUBSTITUTE), ("👍🏽", SUBSTITUTE), ("स्", SUBSTITUTE), ("क़", SUBSTITUTE),
    ],
    ids=ascii,
)  # fmt: skip
def test_a_character_that_no_font_has_is_never_dropped(cluster: str, drawn: str) -> None:
    assert Faces(system=system_with()).face_for(cluster, Weight.REGULAR, Script.HANS)[1] == drawn


def test_the_system_helps_out_if_it_can() -> None:
    liar = SystemFont(str(FOLDER / Face.HANS), (0,), (0x10FFFF,))
    small = Faces(FOLDER, system_with(liar))
    assert small.face_for("☃", Weight.REGULAR, Script.HANS)[1] == SUBSTITUTE  # it offered a font without it
    assert small.face_for("中", Weight.REGULAR, Script.HANS) == (Face.HANS, "中")


def test_what_the_system_has_is_drawn_once_it_is_known(tmp_path: Path) -> None:
    helper = SystemFont(str(FOLDER / Face.HANS), (0,), (0x10FFFF,))
    system = SystemFonts(ask=lambda: [helper])
    late = Typesetter(Faces(tmp_path, system))  # no font of our own
    before = late.line("한빛", 20, Weight.REGULAR, Script.HANS, BLACK)
    assert system.wait(10.0)
    assert late.take_found_fonts()
    assert not late.take_found_fonts()
    after = late.line("한빛", 20, Weight.REGULAR, Script.HANS, BLACK)
    known = typesetter().line("한빛", 20, Weight.REGULAR, Script.HANS, BLACK)
    assert pygame.image.tobytes(after.surface, "RGBA") == pygame.image.tobytes(known.surface, "RGBA")
    assert pygame.image.tobytes(before.surface, "RGBA") != pygame.image.tobytes(after.surface, "RGBA")


def test_missing_files_are_said_once_and_stood_in_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare = Typesetter(Faces(tmp_path, system_with()))
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
