# SPDX-License-Identifier: Apache-2.0
"""Lines of mixed Chinese and Latin: widths, gaps, breaks."""

import unicodedata

import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pengpos.names import clusters
from tests.ui.scenes import typesetter
from ui.drawing.faces import Face, Faces
from ui.drawing.scene import Script
from ui.drawing.system_fonts import SystemFonts
from ui.drawing.typeset import Run, Typesetter
from ui.theme import Rgb, Weight

PX = 20


def width(text: str, script: Script = Script.HANS) -> float:
    return typesetter().width(text, PX, Weight.REGULAR, script)


def wrapped(text: str, room: float, script: Script = Script.HANS) -> tuple[str, ...]:
    return typesetter().wrap(text, PX, Weight.REGULAR, script, room)


def test_han_sits_on_whole_squares() -> None:
    assert width("请将手机") == 4 * PX


def test_the_gap_between_scripts_is_the_same_with_and_without_a_space() -> None:
    assert width("还有 1 分") == width("还有1分")
    assert width("还有1分") > width("还有分") + width("1")


def test_a_literal_space_between_latin_words_stays() -> None:
    assert width("tap again") > width("tapagain") + PX * 0.2


@pytest.mark.parametrize(
    ("text", "room", "lines"),
    [
        ("请将手机靠近这里", 8 * PX, ("请将手机靠近这里",)),
        ("请在手机上确认，再碰一次", 9 * PX, ("请在手机上确认，", "再碰一次")),
        ("顾客不会被扣两次。", 8 * PX + 12, ("顾客不会被扣两次。",)),
        ("Hold your phone here", 5.6 * PX, ("Hold your", "phone here")),
        ("不在行尾（括号）", 5 * PX, ("不在行尾", "（括号）")),
    ],
    ids=["fits", "after punctuation", "hanging mark", "between words", "no opening mark at a line's end"],
)
def test_lines_break_where_a_reader_would(text: str, room: float, lines: tuple[str, ...]) -> None:
    assert wrapped(text, room) == lines


@pytest.mark.parametrize(
    "text", ["", "长", "W" * 50, "离线收的 0001-0990 上传后没有付成；由您承担。", "Cash was taken"]
)
@pytest.mark.parametrize("room", [10, 77, 150, 400])
def test_lines_are_counted_as_they_are_broken(text: str, room: float) -> None:
    style = (13, Weight.BOLD, Script.HANS, room)
    assert typesetter().count_lines(text, *style) == len(typesetter().wrap(text, *style))


@pytest.mark.parametrize("mark", "，。、！）")
def test_no_line_begins_with_a_closing_mark(mark: str) -> None:
    text = f"一二三四五六七八{mark}九十"
    for room in range(3 * PX, 11 * PX, 7):
        assert not any(line.startswith(mark) for line in wrapped(text, room))


def test_nothing_is_lost_in_breaking() -> None:
    text = "要先收别人，可以把这一笔暂挂。Park it, then go on。"
    for room in range(4 * PX, 20 * PX, 13):
        assert "".join(wrapped(text, room)).replace(" ", "") == text.replace(" ", "")


def test_no_line_breaks_inside_a_letter() -> None:
    """A mark on kana, the tone of an emoji and the variant of an ideograph are as wide, to Unicode, as a letter."""
    text = "か\u309aき\u309a\U0001f44d\U0001f3fd葛\U000e0100城"
    lines = wrapped(text, 1.2 * PX)
    assert len(lines) > 1
    assert [letter for line in lines for letter in clusters(line)] == list(clusters(text))


def test_a_word_wider_than_the_room_stands_alone() -> None:
    assert wrapped("insufficient_funds", 3 * PX) == ("insufficient_funds",)


def test_only_the_mainland_hangs_its_marks() -> None:
    face = typesetter()
    assert face.optical_width("好，", PX, Weight.REGULAR, Script.HANS) == 1.5 * PX
    assert face.optical_width("好，", PX, Weight.REGULAR, Script.HANT) == 2 * PX


@pytest.mark.parametrize("text", ["请靠近 Hold 18.80", "Ág"])
def test_the_ink_is_centred_on_the_line(text: str) -> None:
    line = typesetter().line(text, 40, Weight.BOLD, Script.HANS, Rgb(0, 0, 0))
    ink = line.surface.get_bounding_rect()
    assert abs(line.middle - ink.centery) <= 6
    assert ink.w <= typesetter().width(text, 40, Weight.BOLD, Script.HANS) + 2


def test_the_whole_line_is_drawn() -> None:
    line = typesetter().line("收款 ¥18.80 好", 30, Weight.BOLD, Script.HANS, Rgb(0, 0, 0))
    width_px = typesetter().width("收款 ¥18.80 好", 30, Weight.BOLD, Script.HANS)
    assert line.surface.get_bounding_rect().right >= width_px - 4


# --- anything ---------------------------------------------------------------------------------------------------------

BARE = Typesetter(Faces(system=SystemFonts(ask=list)))


def drawn_whole(text: str) -> int:
    """Draw a line; its width. Every run is of a face that has it: no empty box stands anywhere."""
    line = BARE.line(text, PX, Weight.REGULAR, Script.HANS, Rgb(0, 0, 0))
    runs = BARE._split_runs(text, Weight.REGULAR, Script.HANS)
    assert [run for run in runs if not BARE.faces.has(run.face, run.text)] == []
    return line.surface.get_bounding_rect().w


ONE_IN = {"Cn": 997, "Co": 997, "Cs": 97, "Lo": 97, "So": 7, "Ll": 7, "Lu": 7, "Sm": 7, "No": 7}
"""Of characters that are alike for the typesetter, which are thousands, some; of every other kind all."""


def table() -> list[str]:
    return [chr(code) for code in range(0x110000) if code % ONE_IN.get(unicodedata.category(chr(code)), 1) == 0]


def test_every_character_of_unicode_is_drawn_without_an_exception_and_without_tofu(
    capsys: pytest.CaptureFixture[str],
) -> None:
    characters, row = table(), 1 << 8
    assert len(characters) > 7_000
    for first in range(0, len(characters), row):
        drawn_whole("".join(characters[first : first + row]))
    assert "cannot be drawn" not in capsys.readouterr().err


ODD = [
    chr(code)
    for code in range(0x110000)
    if unicodedata.category(chr(code)) in {"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me", "Mc", "Cs"}
    or code in {0x3164, 0x2800}
][::3]


def test_what_has_no_ink_or_stands_on_another_is_drawn_alone_and_between(capsys: pytest.CaptureFixture[str]) -> None:
    for character in ODD:
        drawn_whole(character)
        assert drawn_whole(f"a{character}b") > 0
        assert drawn_whole(f"中{character}{character}") > 0
    assert "cannot be drawn" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["桌\u200b7", "\u200b", "👩\u200d👩\u200d👧", "a\u2028b", "a\x00b", "\ud800", "\u0301"]
)
def test_a_text_that_ended_the_screen_is_drawn(text: str) -> None:
    drawn_whole(text)
    assert drawn_whole(f"A 0001-1000 · {text} 18.80") >= drawn_whole("A 0001-1000 · 18.80")


def test_a_run_that_cannot_be_rendered_is_left_blank_and_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    font = BARE.faces.font(Face.HANS, PX)
    for text in ("\x00", "a\x00"):
        assert BARE._render(font, Run(Face.HANS, text, 0.0), Rgb(0, 0, 0)).get_width() == 0
    assert capsys.readouterr().err.count("cannot be drawn") == 1


def test_a_line_has_a_largest_width() -> None:
    line = BARE.line("中" * 5_000, 100, Weight.REGULAR, Script.HANS, Rgb(0, 0, 0))
    assert line.surface.get_width() < 10_000


@given(st.text(st.characters(), max_size=40))
def test_any_text_is_set(text: str) -> None:
    drawn_whole(text)
    assert BARE.width(text, PX, Weight.REGULAR, Script.HANS) >= 0


def ink(text: str) -> bytes:
    line = BARE.line(text, 40, Weight.REGULAR, Script.HANS, Rgb(0, 0, 0))
    return pygame.image.tobytes(line.surface, "RGBA")


def test_hangul_is_whole_syllables() -> None:
    assert [run.text for run in BARE._split_runs("한빛 분식", Weight.REGULAR, Script.HANS)] == ["한빛", " ", "분식"]
    assert ink("한빛") != ink("ᄒᄇ")


def test_nothing_changes_for_what_nobody_sees() -> None:
    assert ink("桌\u200b七") == ink("桌七")
    assert ink("a\u202eb") == ink("ab")
    assert ink("Cafe\u0301") == ink("Café")
