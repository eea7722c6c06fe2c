# SPDX-License-Identifier: Apache-2.0
"""Logical boxes to panel pixels, and how text is fitted: smaller, then broken, then cut. Never larger than its room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pengpos.client import Language
from tests.ui.scenes import EVERY_PANEL, Size, canvas, ink, scale, texts
from ui.drawing.qr import modules
from ui.drawing.scene import Align, Box, Fill, Qr, Script
from ui.i18n import words
from ui.theme import LEAST_TYPE_PX, Style, Token, Weight
from ui.widgets.canvas import LOGICAL_SIDE, SHRINK_LEAST
from workshop.gallery.screens import SIZES
from workshop.samples.screens import OFFLINE_URL, ONLINE_URL

LONG = "顾客余额不足，请换一种付款方式。Ask for another way to pay, or let them tap again with another phone."
STYLE = Style(20, Weight.REGULAR, Token.INK)


# --- boxes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "logical", "upright"),
    [((800, 480), (800, 480), False), ((480, 320), (720, 480), False), ((1280, 720), (853.3, 480), False),
     ((720, 1280), (480, 853.3), True)],
    ids=str,
)  # fmt: skip
def test_the_shorter_side_counts_as_480(size: Size, logical: tuple[float, float], upright: bool) -> None:
    made = canvas(size)
    assert (round(made.w, 1), round(made.h, 1), made.portrait) == (*logical, upright)
    assert min(made.w, made.h) == LOGICAL_SIDE


@given(
    size=st.sampled_from(SIZES),
    edges=st.lists(st.floats(0, 480), min_size=3, max_size=3, unique=True).map(sorted),
)
def test_boxes_that_touch_here_touch_on_the_panel(size: Size, edges: list[float]) -> None:
    left, middle, right = edges
    made = canvas(size)
    one = made.panel_box(Box(left, left, middle - left, middle - left))
    other = made.panel_box(Box(middle, middle, right - middle, right - middle))
    assert (one.right, one.bottom) == (other.x, other.y)
    assert all(value == int(value) for value in (*one, *other))


@EVERY_PANEL
def test_a_rule_is_a_pixel_at_least(size: Size) -> None:
    made = canvas(size)
    made.rule(10, 100.3, 200)
    (line,) = made.finish().nodes
    assert line.box.h >= 1


# --- languages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "second", "script"),
    [("zh-Hans", None, Script.HANS), ("zh-Hans", "en", Script.HANS), ("en", None, Script.HANS),
     ("en", "zh-Hant", Script.HANT), ("zh-Hant", "en", Script.HANT)],
    ids=str,
)  # fmt: skip
def test_han_takes_the_shapes_of_the_languages_shown(
    language: Language, second: Language | None, script: Script
) -> None:
    made = canvas(language=language, second=second)
    made.text(Box(0, 0, 100, 30), "骨", STYLE)
    assert texts(made.finish())[0].script is script


def test_a_message_is_said_in_both_languages() -> None:
    made = canvas(language="zh-Hant", second="en")
    assert (made.say(words.CANCEL), made.say_second(words.CANCEL)) == ("取消", "Cancel")
    assert canvas(language="en").say_second(words.CANCEL) == ""


# --- text -------------------------------------------------------------------------------------------------------------


@EVERY_PANEL
@pytest.mark.parametrize("room", [60, 200, 460])
@pytest.mark.parametrize("align", Align)
def test_a_line_stays_in_its_box_smaller_first_then_cut(size: Size, room: float, align: Align) -> None:
    made = canvas(size)
    made.text(Box(5, 100, room, 30), LONG, STYLE, align)
    (line,) = texts(made.finish())
    assert ink(line).w <= line.box.w
    assert line.size >= max(LEAST_TYPE_PX, int((STYLE.size * SHRINK_LEAST - 1) * scale(size)))
    assert line.cut
    assert line.text.endswith("…")
    assert LONG.startswith(line.text.removesuffix("…"))


def test_a_line_that_fits_is_left_as_it_is() -> None:
    made = canvas()
    made.text(Box(0, 0, 400, 30), "收款", STYLE)
    (line,) = texts(made.finish())
    assert (line.text, line.size, line.cut) == ("收款", 20, False)


@pytest.mark.parametrize(("room", "px"), [(120, 20), (119, 19), (100, 16), (90, 15)])
def test_a_line_a_little_too_long_is_made_just_so_much_smaller(room: float, px: int) -> None:
    made = canvas()
    made.text(Box(0, 0, room, 30), "收款收款收款", STYLE)
    (line,) = texts(made.finish())
    assert (line.text, line.size, line.cut) == ("收款收款收款", px, False)


def test_no_type_is_smaller_than_can_be_read() -> None:
    made = canvas((240, 240))
    made.text(Box(0, 0, 480, 30), "收款", Style(10))
    assert texts(made.finish())[0].size == LEAST_TYPE_PX


@EVERY_PANEL
@pytest.mark.parametrize("most_lines", [1, 2, 3])
@pytest.mark.parametrize(
    "text", [LONG, "收款", "", words.UNKNOWN_MEANS.in_language("en")], ids=["long", "short", "no", "en"]
)
def test_a_paragraph_has_no_more_lines_than_it_may(size: Size, most_lines: int, text: str) -> None:
    made = canvas(size)
    bottom = made.paragraph(Box(10, 100, 220, 200), text, STYLE, most_lines=most_lines)
    lines = texts(made.finish())
    assert len(lines) <= most_lines
    assert all(ink(line).w <= line.box.w for line in lines)
    assert [line.box.y for line in lines] == sorted({line.box.y for line in lines})
    if lines:
        assert abs(lines[-1].box.bottom - bottom * scale(size)) <= 1
    said = "".join(line.text for line in lines)
    assert [line.cut for line in lines] == [line is lines[-1] and said.endswith("…") for line in lines]
    assert said.endswith("…") or said.replace(" ", "") == text.replace(" ", ""), "what is lost is seen to be"


@pytest.mark.parametrize(
    ("text", "room", "lines"),
    [
        ("请在手机上确认，再碰一次", 460, ["请在手机上确认，再碰一次"]),
        ("请在手机上确认，再碰一次", 280, ["请在手机上确认", "再碰一次"]),
        ("Confirm on your phone, then tap again", 340, ["Confirm on your phone,", "then tap again"]),
        ("One phone at a time", 360, ["One phone at a time"]),
    ],
    ids=["fits", "Chinese drops its comma", "English keeps it", "one line"],
)
def test_a_headline_breaks_where_the_sentence_pauses(text: str, room: float, lines: list[str]) -> None:
    made = canvas()
    made.paragraph(Box(0, 0, room, 120), text, Style(34, Weight.BOLD), display=True)
    assert list(made.finish().words) == lines


def test_what_stands_on_one_foot_is_set_side_by_side() -> None:
    made = canvas()
    right = made.on_baseline(10, 200, "18", Style(80, Weight.DISPLAY))
    end = made.on_baseline(right, 200, ".80", Style(40, Weight.DISPLAY))
    whole, part = texts(made.finish())
    assert whole.box.x == 10
    assert part.box.x == round(right)
    assert end > right
    feet = [node.box.y + node.box.h / 2 + 0.37 * node.size for node in (whole, part)]
    assert abs(feet[0] - feet[1]) <= 1


# --- codes ------------------------------------------------------------------------------------------------------------


@EVERY_PANEL
@pytest.mark.parametrize("data", [ONLINE_URL, OFFLINE_URL], ids=["online", "offline"])
def test_a_code_lies_on_its_card_in_the_middle_of_its_room(size: Size, data: str) -> None:
    made = canvas(size)
    room = Box(40, 60, 300, 260)
    box = made.qr(room, data)
    card, code = made.finish().nodes
    assert isinstance(card, Fill)
    assert isinstance(code, Qr)
    assert card.box == code.box
    assert card.colour is Token.QR_LIGHT
    assert code.box.w == made.qr_unit_px(room, data) * len(modules(data))
    assert made.panel_box(room).covers(code.box)
    assert abs(box.x + box.w / 2 - 190) <= 1 / scale(size)
    assert abs(box.y + box.h / 2 - 190) <= 1 / scale(size)
