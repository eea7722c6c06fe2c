# SPDX-License-Identifier: Apache-2.0
"""The tokens: both palettes are whole, and what stands on what can be read. Source: WCAG 2.2, contrast ratio."""

import pytest

from ui import theme
from ui.theme import Rgb, Theme, ThemeName, Token, contrast

EVERY_THEME = pytest.mark.parametrize("name", ["light", "dark"])
BLACK, WHITE = Rgb(0, 0, 0), Rgb(255, 255, 255)
STATES = {
    Token.BRAND: Token.BRAND_TINT,
    Token.APPROVED: Token.APPROVED_TINT,
    Token.STORED: Token.STORED_TINT,
    Token.DECLINED: Token.DECLINED_TINT,
    Token.UNKNOWN: Token.UNKNOWN_TINT,
}
READ = {
    **{f"{ink} on {ground}": (ink, ground) for ink in (Token.INK, Token.SOFT, Token.FAINT)
       for ground in (Token.PAPER, Token.CARD)},
    **{f"{state} on its tint": (state, tint) for state, tint in STATES.items()},
    **{f"{state} on the card": (state, Token.CARD) for state in STATES},
    "a filled button's label": (Token.ON_FILL, Token.BRAND),
    "a pressed button's label": (Token.INK, Token.PRESSED),
    "a code's modules": (Token.QR_DARK, Token.QR_LIGHT),
}  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        (BLACK, WHITE, 21.0),
        (WHITE, BLACK, 21.0),
        (WHITE, WHITE, 1.0),
        (Rgb(0x76, 0x76, 0x76), WHITE, 4.54),
        (Rgb(0x77, 0x77, 0x77), WHITE, 4.48),
        (Rgb(255, 0, 0), WHITE, 4.0),
        (Rgb(0, 0, 255), WHITE, 8.59),
        (Rgb(10, 10, 10), BLACK, 1.06),
    ],
    ids=["most", "either way round", "least", "the lightest grey that passes", "the next one", "red", "blue", "linear"],
)
def test_contrast_is_that_of_wcag(one: Rgb, other: Rgb, ratio: float) -> None:
    assert round(contrast(one, other), 2) == ratio


@EVERY_THEME
def test_a_palette_has_every_token(name: ThemeName) -> None:
    palette = Theme(name)
    assert palette.name == name
    for token in Token:
        assert all(0 <= part <= 255 for part in palette.rgb(token)), token


@EVERY_THEME
@pytest.mark.parametrize(("ink", "ground"), READ.values(), ids=READ)
def test_what_is_read_stands_out(name: ThemeName, ink: Token, ground: Token) -> None:
    palette = Theme(name)
    assert contrast(palette.rgb(ink), palette.rgb(ground)) >= 4.5


@EVERY_THEME
def test_what_is_knocked_out_of_a_filled_shape_is_seen(name: ThemeName) -> None:
    palette = Theme(name)
    weak = [state for state in STATES if contrast(palette.rgb(Token.ON_FILL), palette.rgb(state)) < 3]
    assert weak == []


@EVERY_THEME
def test_no_two_states_share_a_colour(name: ThemeName) -> None:
    palette = Theme(name)
    assert len({palette.rgb(token) for pair in STATES.items() for token in pair}) == 2 * len(STATES)


def test_a_code_is_dark_on_light_in_either_theme() -> None:
    light, dark = Theme("light"), Theme("dark")
    for token in (Token.QR_DARK, Token.QR_LIGHT):
        assert light.rgb(token) == dark.rgb(token)


def test_the_amount_is_set_largest_and_a_key_is_more_than_a_target() -> None:
    sizes = [value for key, value in vars(theme).items() if key.endswith("_SIZE")]
    assert max(sizes) == theme.AMOUNT_SIZE
    assert theme.KEY_MINIMUM > theme.TARGET_MINIMUM == theme.BAR_HEIGHT
