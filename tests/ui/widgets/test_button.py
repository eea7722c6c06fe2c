# SPDX-License-Identifier: Apache-2.0
"""How a button looks by dress, state and finger, and when it can be touched."""

import pytest

from tests.ui.scenes import EVERY_PANEL, Size, canvas, texts, wrong_targets
from ui.actions import Do
from ui.drawing.scene import Box, Fill, Role, Scene
from ui.theme import TARGET_MINIMUM, Theme, ThemeName, Token, contrast
from ui.widgets.button import Dress, button

BOX = Box(40, 60, 160, TARGET_MINIMUM)


def made_with(dress: Dress, *, enabled: bool = True, size: Size = (800, 480), pressed: Do | None = None) -> Scene:
    made = canvas(size, pressed=pressed)
    button(made, BOX, "收款", Do.CHARGE, dress, Role.PRIMARY, enabled=enabled)
    return made.finish()


def colours(one: Scene) -> tuple[Token, Token, Token | None]:
    ((ground, border),) = [(node.colour, node.border) for node in one.nodes if isinstance(node, Fill)]
    return ground, texts(one)[0].colour, border


@pytest.mark.parametrize(
    ("dress", "enabled", "pressed", "seen"),
    [
        (Dress.FILLED, True, None, (Token.BRAND, Token.ON_FILL, None)),
        (Dress.TINTED, True, None, (Token.BRAND_TINT, Token.BRAND, None)),
        (Dress.OUTLINED, True, None, (Token.CARD, Token.INK, Token.LINE)),
        (Dress.FILLED, False, None, (Token.PAPER, Token.FAINT, Token.LINE)),
        (Dress.TINTED, False, None, (Token.PAPER, Token.FAINT, Token.LINE)),
        (Dress.OUTLINED, False, None, (Token.PAPER, Token.FAINT, Token.LINE)),
        (Dress.FILLED, True, Do.CHARGE, (Token.BRAND, Token.ON_FILL, None)),
        (Dress.TINTED, True, Do.CHARGE, (Token.PRESSED, Token.INK, None)),
        (Dress.OUTLINED, True, Do.CHARGE, (Token.PRESSED, Token.INK, Token.LINE)),
        (Dress.OUTLINED, False, Do.CHARGE, (Token.PAPER, Token.FAINT, Token.LINE)),
        (Dress.OUTLINED, True, Do.CANCEL, (Token.CARD, Token.INK, Token.LINE)),
    ],
)
def test_how_it_looks(dress: Dress, enabled: bool, pressed: Do | None, seen: tuple[Token, Token, Token | None]) -> None:
    assert colours(made_with(dress, enabled=enabled, pressed=pressed)) == seen


@pytest.mark.parametrize("dress", Dress)
@pytest.mark.parametrize("pressed", [None, Do.CHARGE])
@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_its_label_can_be_read(dress: Dress, pressed: Do | None, enabled: bool, theme: ThemeName) -> None:
    ground, ink, _ = colours(made_with(dress, enabled=enabled, pressed=pressed))
    palette = Theme(theme)
    assert contrast(palette.rgb(ink), palette.rgb(ground)) >= 4.5


@EVERY_PANEL
@pytest.mark.parametrize("enabled", [True, False])
def test_one_that_is_not_enabled_is_seen_but_cannot_be_touched(size: Size, enabled: bool) -> None:
    one = made_with(Dress.FILLED, enabled=enabled, size=size)
    assert one.words == ("收款",)
    assert [(target.action, target.role) for target in one.targets] == ([(Do.CHARGE, Role.PRIMARY)] if enabled else [])
    assert wrong_targets(one.targets, size) == []


def test_a_label_too_long_for_one_line_stands_whole_in_two_smaller_ones() -> None:
    made = canvas()
    button(made, BOX, "A label that is too long", Do.CHARGE)
    lines = texts(made.finish())
    assert " ".join(line.text for line in lines) == "A label that is too long"
    assert len(lines) == 2
    assert all(BOX.covers(line.box) for line in lines)


def test_a_label_too_long_for_two_lines_is_cut_inside_the_button() -> None:
    made = canvas()
    button(made, BOX, "A label that is much too long for any button of this width", Do.CHARGE)
    lines = texts(made.finish())
    assert [line.cut for line in lines] == [False, True]
    assert all(BOX.covers(line.box) for line in lines)
