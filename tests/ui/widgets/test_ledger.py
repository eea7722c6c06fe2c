# SPDX-License-Identifier: Apache-2.0
"""Rows of a bill: none is lost without being counted, no value stands over a label."""

import pytest

from pengpos.client import Language
from pengpos.i18n import LANGUAGES
from tests.ui.scenes import EVERY_PANEL, Size, canvas, ink, texts
from ui.drawing.scene import Box, Fill, Scene
from ui.i18n import words
from ui.theme import Token, Weight
from ui.widgets.ledger import ROW_HEIGHT, Row, ledger

BOX = Box(20, 60, 280, 4 * ROW_HEIGHT)
ROWS = [Row(f"商品 {number}", f"{number}.00") for number in range(1, 10)]


def made_with(
    rows: list[Row], size: Size = (800, 480), language: Language = "zh-Hans", **options: float
) -> tuple[Scene, float]:
    made = canvas(size, language)
    bottom = ledger(made, BOX, rows, **options)  # type: ignore[arg-type]  # the tables name real options
    return made.finish(), bottom


@pytest.mark.parametrize(
    ("count", "labels", "left_out"),
    [(0, 0, 0), (1, 1, 0), (4, 4, 0), (5, 3, 2), (9, 3, 6)],
    ids=["none", "one", "as many as fit", "one too many", "many"],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_does_not_fit_is_counted(count: int, labels: int, left_out: int, language: Language) -> None:
    one, _ = made_with(ROWS[:count], language=language)
    said = [line for line in one.words if line.startswith("商品")]
    assert said == [row.label for row in ROWS[:labels]]
    more = words.MORE_LINES.in_language(language, n=left_out)
    assert (more in one.words) is bool(left_out)


def test_a_box_lower_than_a_row_still_holds_one() -> None:
    made = canvas()
    ledger(made, BOX._replace(h=5), ROWS[:1])
    assert made.finish().words == ("商品 1", "1.00")


@EVERY_PANEL
@pytest.mark.parametrize("count", [1, 3, 9])
def test_rows_stay_in_the_box_and_end_where_it_says(size: Size, count: int) -> None:
    one, bottom = made_with(ROWS[:count], size)
    box = canvas(size).panel_box(BOX._replace(h=BOX.h + 1))
    assert all(box.covers(node.box) for node in one.nodes)
    assert bottom <= BOX.bottom
    rules = [node.box for node in one.nodes if isinstance(node, Fill)]
    assert rules[-1].y == canvas(size).panel_box(Box(0, bottom, 1, 1)).y


@EVERY_PANEL
def test_a_long_label_gives_way_to_its_value(size: Size) -> None:
    row = Row("商品的名字长得一行放不下而且还要更长一些" * 2, "¥1,234,567.89")
    one, _ = made_with([row], size)
    label, value = texts(one)
    assert label.cut
    assert not value.cut
    assert not ink(label).meets(ink(value))
    assert value.text == row.value


@pytest.mark.parametrize(("last_rule", "rules"), [(True, 3), (False, 2)])
def test_hairlines_under_the_rows(last_rule: bool, rules: int) -> None:
    one, _ = made_with(ROWS[:3], last_rule=last_rule)
    assert [node.colour for node in one.nodes if isinstance(node, Fill)] == [Token.LINE] * rules


def test_a_row_of_its_own_colour_and_weight() -> None:
    one, _ = made_with([Row("立减", "−2.00", Token.APPROVED, bold=False), Row("付款", "18.80")])
    values = [(node.text, node.colour, node.weight) for node in texts(one)[1::2]]
    assert values == [("−2.00", Token.APPROVED, Weight.REGULAR), ("18.80", Token.INK, Weight.BOLD)]


def test_rows_of_another_height() -> None:
    _, bottom = made_with(ROWS[:2], row_height=48)
    assert bottom == BOX.y + 96
