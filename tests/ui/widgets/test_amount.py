# SPDX-License-Identifier: Apache-2.0
"""An amount as set on a screen: its parts, which decimals stand back, one foot, and inside its box on every panel."""

import itertools

import pytest

from pengpos.core.money import AMOUNT_LIMIT_MINOR
from tests.ui.scenes import EVERY_PANEL, Size, canvas, ink, scale, texts, typesetter
from ui.drawing.scene import Box, Text
from ui.theme import AMOUNT_SIZE, RESULT_AMOUNT_SIZE, Token
from ui.widgets.amount import amount, cash_words

BOX = Box(20, 60, 300, 100)
"""As narrow as the narrowest half that holds an amount."""


def set_amount(minor: int, currency: str = "CNY", places: int = 0, size: Size = (800, 480)) -> list[Text]:
    made = canvas(size)
    amount(made, BOX, minor, currency, AMOUNT_SIZE, faint_places=places)
    return texts(made.finish())


@pytest.mark.parametrize(
    ("minor", "currency", "places", "parts"),
    [
        (0, "CNY", 2, [("¥", Token.FAINT), ("0", Token.FAINT), (".00", Token.FAINT)]),
        (1800, "CNY", 2, [("¥", Token.INK), ("18", Token.INK), (".00", Token.FAINT)]),
        (1880, "CNY", 1, [("¥", Token.INK), ("18", Token.INK), (".8", Token.INK), ("0", Token.FAINT)]),
        (1880, "CNY", 0, [("¥", Token.INK), ("18", Token.INK), (".80", Token.INK)]),
        (0, "CNY", 0, [("¥", Token.INK), ("0", Token.INK), (".00", Token.INK)]),
        (50, "CNY", 1, [("¥", Token.INK), ("0", Token.INK), (".5", Token.INK), ("0", Token.FAINT)]),
        (123456789, "CNY", 0, [("¥", Token.INK), ("1,234,567", Token.INK), (".89", Token.INK)]),
        (185, "JPY", 0, [("JP¥", Token.INK), ("185", Token.INK)]),
        (1234, "KWD", 0, [("KWD\N{NO-BREAK SPACE}", Token.INK), ("1", Token.INK), (".234", Token.INK)]),
    ],
    ids=["nothing typed", "yuan typed", "a decimal typed", "all typed", "nothing, a result", "less than one", "large",
         "no decimals", "three decimals"],
)  # fmt: skip
def test_the_parts_of_an_amount(minor: int, currency: str, places: int, parts: list[tuple[str, Token]]) -> None:
    assert [(node.text, node.colour) for node in set_amount(minor, currency, places)] == parts


@EVERY_PANEL
@pytest.mark.parametrize("currency", ["CNY", "JPY", "KWD"])
@pytest.mark.parametrize("minor", [0, 1880, 12345678, AMOUNT_LIMIT_MINOR])
def test_any_amount_stays_in_its_box_and_whole(size: Size, currency: str, minor: int) -> None:
    nodes = set_amount(minor, currency, size=size)
    box = canvas(size).panel_box(BOX)
    assert not any(node.cut for node in nodes)
    assert nodes[0].box.x >= box.x
    assert ink(nodes[-1]).right <= box.right + 1
    for left, right in itertools.pairwise(nodes):
        assert ink(left).right <= ink(right).right
        width = typesetter().width(left.text, left.size, left.weight, left.script)
        assert left.box.x + width <= right.box.x + 2 * scale(size), (left.text, right.text)


@EVERY_PANEL
def test_every_part_stands_on_one_foot(size: Size) -> None:
    feet = [node.box.y + node.box.h / 2 + 0.37 * node.size for node in set_amount(1880, places=1, size=size)]
    assert max(feet) - min(feet) <= 2 * scale(size)


def test_the_whole_is_largest_and_as_large_as_asked_for_if_it_fits() -> None:
    sign, whole, part = set_amount(1880)
    assert whole.size == AMOUNT_SIZE > max(sign.size, part.size)
    assert set_amount(12345678)[1].size < AMOUNT_SIZE


def test_another_colour() -> None:
    made = canvas()
    amount(made, BOX, 1880, "CNY", RESULT_AMOUNT_SIZE, colour=Token.STORED)
    assert {node.colour for node in texts(made.finish())} == {Token.STORED}


@pytest.mark.parametrize(
    ("minor", "currency", "says"),
    [
        (1883, "CHF", "收现金应收CHF 18.85"),
        (1885, "CHF", ""),
        (1883, "CNY", ""),
        (1234, "HUF", "收现金应收HUF 10.00"),
    ],
)
def test_what_is_collected_in_cash_where_coins_cannot_pay_it(minor: int, currency: str, says: str) -> None:
    assert cash_words(canvas((800, 480)), minor, currency).replace("\N{NO-BREAK SPACE}", " ") == says
