# SPDX-License-Identifier: Apache-2.0
"""Lines of mixed Chinese and Latin: widths, gaps, breaks."""

import pytest

from tests.ui.scenes import typesetter
from ui.drawing.scene import Script
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


@pytest.mark.parametrize("mark", "，。、！）")
def test_no_line_begins_with_a_closing_mark(mark: str) -> None:
    text = f"一二三四五六七八{mark}九十"
    for room in range(3 * PX, 11 * PX, 7):
        assert not any(line.startswith(mark) for line in wrapped(text, room))


def test_nothing_is_lost_in_breaking() -> None:
    text = "要先收别人，可以把这一笔暂挂。Park it, then go on。"
    for room in range(4 * PX, 20 * PX, 13):
        assert "".join(wrapped(text, room)).replace(" ", "") == text.replace(" ", "")


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
