# SPDX-License-Identifier: Apache-2.0
"""The two halves: boxes on every panel, buttons at their places, what a call under way holds up."""

import itertools

import pytest

from pengpos.client import Language
from pengpos.i18n import LANGUAGES
from tests.ui.scenes import EVERY_PANEL, Offered, Size, canvas, drawings, offered, scale, texts, wrong_targets
from ui.actions import Action, Do
from ui.drawing.scene import Box, Fill, Role, Shape
from ui.i18n import words
from ui.state.calls import Sync
from ui.theme import MARGIN, Token
from ui.widgets.bar import bar_height
from ui.widgets.button import Dress
from ui.widgets.split import Choice, Mood, choices, mood_panel, next_action, plan_split, says, way_out

MOOD = Mood(Shape.STORED, Token.STORED, Token.STORED_TINT)
NEXT = next_action(words.NEXT, Do.NEXT)
AGAIN = next_action(words.AGAIN, Do.AGAIN)
RECEIPT = Choice(words.RECEIPT, Do.OPEN_RECEIPT, Dress.TINTED)
CODE = Choice(words.ENTER_CODE, Do.OPEN_CODE, Dress.TINTED)


@EVERY_PANEL
def test_the_halves_fill_the_panel_below_the_bar(size: Size) -> None:
    made = canvas(size)
    plan = plan_split(made)
    below = Box(0, bar_height(made), made.w, made.h - bar_height(made))
    for name, box in plan._asdict().items():
        assert below.covers(box), name
    assert not plan.panel.meets(plan.body)
    for one, other in itertools.combinations((plan.body, plan.row, plan.way_out), 2):
        assert not one.meets(other)


@EVERY_PANEL
def test_the_way_out_is_bottom_left_and_the_row_bottom_right(size: Size) -> None:
    made = canvas(size)
    plan = plan_split(made)
    assert plan.way_out.x == MARGIN
    assert plan.row.right == made.w - MARGIN
    assert plan.way_out.bottom == plan.row.bottom == made.h - MARGIN
    assert plan.way_out.right < plan.row.x


@EVERY_PANEL
@pytest.mark.parametrize(
    ("buttons", "primary", "others"),
    [
        ([], None, []),
        ([NEXT], Do.NEXT, []),
        ([RECEIPT, NEXT], Do.NEXT, [Do.OPEN_RECEIPT]),
        ([CODE], None, [Do.OPEN_CODE]),
    ],
    ids=["none", "the next action", "two", "no next action"],
)  # fmt: skip
def test_buttons_share_the_row(size: Size, buttons: list[Choice], primary: Action | None, others: list[Action]) -> None:
    made = canvas(size)
    plan = plan_split(made)
    way_out(made, plan, words.CANCEL, Do.CANCEL)
    choices(made, plan, buttons)
    one = made.finish()
    assert offered(one) == Offered(primary, Do.CANCEL, set(others))
    assert wrong_targets(one.targets, size) == []
    row = made.panel_box(plan.row)
    placed = [target.box for target in one.targets if target.role is not Role.CANCEL]
    assert all(row.covers(box) for box in placed)
    assert [box.x for box in placed] == sorted(box.x for box in placed)
    if placed:
        assert abs(placed[-1].right - row.right) <= 1, "the last is the rightmost"
    filled = [node.box for node in one.nodes if isinstance(node, Fill) and node.colour is Token.BRAND]
    assert filled == [target.box for target in one.targets if target.role is Role.PRIMARY]


@pytest.mark.parametrize(
    ("choice", "calling", "may_be_touched"),
    [
        (NEXT, None, True),
        (NEXT, Sync(), True),
        (AGAIN, None, True),
        (AGAIN, Sync(), False),
        (RECEIPT, Sync(), True),
    ],
    ids=["next", "next during a call", "again", "again during a call", "another during a call"],
)
def test_a_call_under_way_holds_up_the_next_action_but_not_going_on(
    choice: Choice, calling: Sync | None, may_be_touched: bool
) -> None:
    made = canvas(calling=calling)
    choices(made, plan_split(made), [choice])
    one = made.finish()
    assert (one.find(choice.action) is not None) is may_be_touched
    assert choice.label.in_language("zh-Hans") in one.words


@EVERY_PANEL
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("has_way_out", [True, False])
def test_the_tinted_half(size: Size, language: Language, has_way_out: bool) -> None:
    second: Language = "en" if language != "en" else "zh-Hant"
    made = canvas(size, language, second)
    plan = plan_split(made)
    mood_panel(made, plan, MOOD, words.DECLINED_AT_SYNC, "0001-1000", has_way_out=has_way_out)
    one = made.finish()
    panel = made.panel_box(plan.panel)
    assert all(panel.covers(node.box) for node in one.nodes)
    (mark,) = drawings(one)
    assert (mark.shape, mark.colour, mark.arrives) == (Shape.STORED, Token.STORED, True)
    assert abs(mark.box.w - mark.box.h) <= 1
    assert mark.box.w >= (60 if made.is_low else 100) * scale(size)
    assert {node.colour for node in texts(one)} == {Token.STORED}
    said = "".join(one.words).replace(" ", "")
    for spoken in (language, second):
        halves = words.DECLINED_AT_SYNC.in_language(spoken).replace(" ", "").split("，")
        assert [half for half in halves if half not in said] == []
    assert "0001-1000" in one.words
    foot = next(node.box for node in texts(one) if node.text == "0001-1000")
    assert not has_way_out or not foot.meets(made.panel_box(plan.way_out))


def test_without_a_second_language_the_word_is_said_once() -> None:
    made = canvas()
    mood_panel(made, plan_split(made), MOOD, words.APPROVED, "", has_way_out=False)
    assert made.finish().words == (words.APPROVED.in_language("zh-Hans"),)


@EVERY_PANEL
def test_what_it_means_stands_below_what_happened_and_notes_at_the_end(size: Size) -> None:
    made = canvas(size)
    body = plan_split(made).body
    bottom = says(made, body, "付款没有成功", "请顾客换一种付款方式", "", "已等 42 秒")
    lines = texts(made.finish())
    assert [(line.text, line.colour) for line in lines] == [
        ("付款没有成功", Token.INK),
        ("请顾客换一种付款方式", Token.SOFT),
        ("已等 42 秒", Token.FAINT),
    ]
    assert [line.box.y for line in lines] == sorted(line.box.y for line in lines)
    assert bottom <= body.bottom
